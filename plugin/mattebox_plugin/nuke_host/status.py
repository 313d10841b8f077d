"""The status line, and the colour of each frame's status."""

from __future__ import annotations

import nuke

from .. import nuke_node as names
from ..keyed_frames import FrameStatus, Status, in_words
from . import attach
from .knobs import set_values, text
from .messages import NodeError
from .node_request import NodeRequest, request_of

QUIET_KNOBS = frozenset(
    {
        names.STATUS,
        names.RESULT_FILE,
        names.RESULT_FIRST,
        names.RESULT_LAST,
        names.RESULT_DIGEST,
        names.RESULT_FINGERPRINT,
        names.RESULT_PROXY,
        names.HAS_RESULT,
        names.FRAME_STATE,
        *(
            names.LIVE,
            names.SHOWN,
            "selected",
            "xpos",
            "ypos",
            "showPanel",
            "hidePanel",
            "label",
            "tile_color",
        ),
    }
)
"""Knobs whose changes are not changes of settings."""

COUNTED = "frames current"
CHANGED = "stale: the settings have changed since these frames were keyed"


def refresh(node: nuke.Node) -> None:
    """Check the disk and show the frames of the settings as they are now, where there are any.

    Raises NodeError where the node cannot say what it asks for.
    """
    wanted = request_of(node)
    fingerprint = attach.fingerprint_of(node, wanted)
    statuses = tuple(wanted.frame_status(frame, fingerprint) for frame in wanted.span.frames)
    if fingerprint is not None:
        attach.attach(node, wanted, fingerprint)
    show(node, wanted, statuses)


def show(node: nuke.Node, wanted: NodeRequest, statuses: tuple[FrameStatus, ...]) -> None:
    """Write the status line and the curve of frame statuses."""
    say(node, sentence(wanted, statuses))
    curve = node[names.FRAME_STATE]
    curve.clearAnimated()
    curve.setAnimated()
    for one in statuses:
        curve.setValueAt(attach.STATUS_NUMBERS[one.status], one.frame)


def sentence(wanted: NodeRequest, statuses: tuple[FrameStatus, ...]) -> str:
    """ "8 of 10 frames current (1001-1010); missing 1004; stale 1007"."""
    current = sum(one.status is Status.CURRENT for one in statuses)
    rest = in_words(statuses)
    counted = f"{current} of {len(statuses)} {COUNTED} ({wanted.span.text})"
    return f"{counted}; {rest}" if rest else counted


def say(node: nuke.Node, line: str) -> None:
    """Set the status line, without what Nuke would evaluate in it."""
    plain = line.replace("[", "(").replace("]", ")").replace("$", "").replace("\n", " ")
    set_values(node, {names.STATUS: plain})


def why_outdated(node: nuke.Node) -> str | None:
    """Why a node shows other frames than it asks for; None where it shows what it asks for.

    Reads knobs alone, never the disk.
    """
    try:
        return None if attach.is_attached(node, request_of(node)) else CHANGED
    except NodeError as error:
        return str(error)


def knob_changed() -> None:
    """What Nuke calls after every change of a Mattebox node: is what is shown still asked for?"""
    node, knob = nuke.thisNode(), nuke.thisKnob()
    if knob.name() in QUIET_KNOBS or not node[names.HAS_RESULT].value():
        return
    why = why_outdated(node)
    if why is not None:
        say(node, why)
    elif COUNTED not in text(node, names.STATUS):
        refresh(node)
