"""A plain Group in place of the node: it reads finished frames and needs no plug-in."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import nuke

from .. import nuke_node as names
from ..keyed_frames import Status, in_words
from ..nuke_script import KnobType, NodeText, expression, pushed, remembered
from . import attach, status
from .knobs import forward, text
from .messages import NodeError
from .node_request import NodeRequest, request_of


def bake(node: nuke.Node) -> None:
    """Put a plain Group in the node's place and delete the node; Undo brings it back.

    Raises NodeError where a frame is missing or stale: what is baked is never checked again.
    """
    wanted = request_of(node)
    if wanted.request.proxy > 1:
        raise NodeError(
            f"proxy {wanted.request.proxy} is a preview and cannot be baked",
            "choose proxy 1 (Output tab) and Key range",
        )
    if not attach.is_attached(node, wanted):
        raise NodeError("the frames of these settings are not shown", "Key range, or Update")
    fingerprint = text(node, names.RESULT_FINGERPRINT)
    statuses = tuple(wanted.frame_status(frame, fingerprint) for frame in wanted.span.frames)
    if any(one.status is not Status.CURRENT for one in statuses):
        status.show(node, wanted, statuses)
        raise NodeError(f"frames cannot be baked: {in_words(statuses)}", "Key range")
    group = _paste(group_text(wanted, fingerprint), node)
    _take_place(node, group)


def group_text(wanted: NodeRequest, fingerprint: str) -> str:
    """The Group as a script: plate in, keyed frames or plate out."""
    group = NodeText("Group").knob("inputs", 0).knob("tile_color", "0x3a7f5fff")
    group.knob("label", "Mattebox, baked")
    group.user_knob(KnobType.TAB, "tab_baked", "Baked")
    group.user_knob(KnobType.CHOICE, names.SHOWN, "output", choices=names.SHOWN_CHOICES[:2])
    group.user_knob(
        KnobType.TEXT,
        "baked_note",
        "",
        text=f"Frames {wanted.span.text} of {wanted.request.name}, job {fingerprint}.",
    )
    plate = NodeText("Input", indent=1).knob("inputs", 0).knob("name", names.PLATE)
    read = NodeText("Read", indent=1).knob("inputs", 0).knob("file_type", "exr")
    read.knob("file", forward(wanted.request.output))
    for first, last in (("first", "last"), ("origfirst", "origlast")):
        read.knob(first, wanted.span.first).knob(last, wanted.span.last)
    read.knob("origset", "true").knob("raw", "true")
    read.knob("before", "black").knob("after", "black").knob("on_error", "error")
    read.knob("name", names.RESULT)
    show = (
        NodeText("Switch", indent=1)
        .knob("inputs", 2)
        .raw("which", expression(f"parent.{names.SHOWN}"))
    )
    return (
        "version 14.0 v1\n"
        + str(group)
        + str(plate)
        + remembered("Nplate")
        + str(read)
        + remembered("Nresult")
        + pushed("Nresult", "Nplate")
        + str(show.knob("name", names.SHOW))
        + str(NodeText("Output", indent=1).knob("name", "Output1"))
        + "end_group\n"
    )


def _paste(script: str, node: nuke.Node) -> nuke.Node:
    """The nodes of a script, beside another node. Raises NodeError where Nuke takes none."""
    handle, name = tempfile.mkstemp(suffix=".nk", prefix="mattebox-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(script)
        with node.parent() or nuke.root():
            for other in nuke.allNodes():
                other.setSelected(False)
            group = nuke.nodePaste(Path(name).as_posix())
    finally:
        Path(name).unlink()
    if group is None:
        raise NodeError("Nuke did not paste the group", "report this, with your Nuke's version")
    return group


def _take_place(node: nuke.Node, group: nuke.Node) -> None:
    """Wire the group as the node is wired, and delete the node."""
    group.setInput(0, node.input(0))
    group.setXYpos(node.xpos(), node.ypos())
    for other in node.dependent(nuke.INPUTS | nuke.HIDDEN_INPUTS):
        for index in range(other.inputs()):
            if other.input(index) is node or _same(other.input(index), node):
                other.setInput(index, group)
    group.setName(f"{node.name()}_baked")
    nuke.delete(node)


def _same(one: nuke.Node | None, other: nuke.Node) -> bool:
    """Nuke may hand out another object for the same node."""
    return one is not None and one.fullName() == other.fullName()
