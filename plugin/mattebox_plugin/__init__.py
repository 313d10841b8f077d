"""Mattebox in Nuke and Blender: a thin layer over the command ``mattebox``.

Standard library only, relative imports only, Python 3.9 syntax: both hosts load this package with
their own Python, and neither ever loads torch. ``blender_host`` is the only part that imports bpy,
``nuke_host`` the only one that imports nuke; the rest knows no host.
"""

from __future__ import annotations

__version__ = "0.2.0.dev0"


def register() -> None:
    """Blender calls this when the add-on is switched on."""
    from .blender_host import register as switch_on

    switch_on()


def unregister() -> None:
    """Blender calls this when the add-on is switched off."""
    from .blender_host import unregister as switch_off

    switch_off()
