"""Nuke runs this at startup, with a window or without, in the folder that NUKE_PATH names."""

import sys
from pathlib import Path

import nuke


def _find_package() -> bool:
    """Make ``mattebox_plugin`` importable: beside this file, or beside its folder."""
    here = Path(__file__).resolve().parent
    for folder in (here, here.parent):
        if (folder / "mattebox_plugin" / "__init__.py").is_file():
            if str(folder) not in sys.path:
                sys.path.append(str(folder))
            return True
    nuke.tprint(
        f"Mattebox: the folder mattebox_plugin is neither in {here} nor beside it. Copy both "
        "folders of the plug-in; the Mattebox node does not work without."
    )
    return False


if _find_package():
    from mattebox_plugin import nuke_host

    nuke_host.register()
