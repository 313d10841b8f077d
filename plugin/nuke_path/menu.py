"""Nuke runs this after ``init.py`` where it has a window."""

import importlib.util

if importlib.util.find_spec("mattebox_plugin") is not None:  # else init.py has said what to do
    from mattebox_plugin import nuke_host

    nuke_host.add_menu()
