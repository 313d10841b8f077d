"""Mattebox in Nuke: what the node's buttons, ``init.py`` and ``menu.py`` call.

This package is the only place that imports nuke. Every button holds one line that calls one of
these functions with its node; what goes wrong is told to the artist here, and raised where there
is no window to tell it in.
"""

from __future__ import annotations

import nuke

from .. import nuke_node as names
from . import bake as _bake
from . import farm, guard, hint, key, live, messages, status
from . import troubleshoot as _troubleshoot

ICON = "Mattebox.png"


def register() -> None:
    """What every Nuke needs, with a window or without: layer names, and the guard of renders."""
    for layer, channels in names.LAYERS.items():
        nuke.Layer(layer, [f"{layer}.{channel}" for channel in channels])
    nuke.addBeforeRender(guard.before_render, nodeClass="Write")
    nuke.addBeforeFrameRender(guard.before_frame, nodeClass="Write")


def add_menu() -> None:
    """What Nuke needs where it has a window: the node's menu, and a status that keeps up."""
    create = f"nuke.createNode({names.NODE_CLASS!r})"
    nuke.menu("Nodes").addMenu("Keyer").addCommand(names.NODE_CLASS, create, icon=ICON)
    nuke.addKnobChanged(live.knob_changed, nodeClass=names.NODE_CLASS)


def key_frame(node: nuke.Node) -> None:
    """Key the frame that the Viewer is at."""
    messages.run_action(key.key_frame, node)


def key_range(node: nuke.Node) -> None:
    """Key all frames of the node; current ones are skipped."""
    messages.run_action(key.key_range, node)


def key_missing(node: nuke.Node) -> None:
    """Key the frames that are not on disk, or not whole."""
    messages.run_action(key.key_missing, node)


def make_hint(node: nuke.Node) -> None:
    """Have somebody else's matting tool make the hint."""
    messages.run_action(hint.make_hint, node)


def refresh(node: nuke.Node) -> None:
    """Check the disk again and show the frames of the settings as they are now."""
    messages.run_action(status.refresh, node)


def bake(node: nuke.Node) -> None:
    """Replace the node with a plain group that reads its frames."""
    messages.run_action(_bake.bake, node)


def export_job(node: nuke.Node) -> None:
    """Write the job bundle for the farm."""
    messages.run_action(farm.export_job, node)


def troubleshoot(node: nuke.Node) -> None:
    """List what is wrong, each with its cure."""
    messages.run_action(_troubleshoot.show, node)
