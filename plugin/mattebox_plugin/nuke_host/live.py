"""Live: the current frame is keyed again when a knob of the node rests."""

from __future__ import annotations

import threading

import nuke

from .. import nuke_node as names
from ..keyed_frames import Status
from ..warm import REST_SECONDS
from . import attach, key, rendering, status
from .messages import EXPECTED
from .node_request import request_of

_turning: dict[str, threading.Timer] = {}
"""Nodes whose knobs were turned just now, by name. Main thread only."""


def knob_changed() -> None:
    """What Nuke calls after every change of a Mattebox node."""
    status.knob_changed()
    node, knob = nuke.thisNode(), nuke.thisKnob()
    if knob.name() in status.QUIET_KNOBS or not _is_live(node):
        return
    name = node.fullName()
    before = _turning.pop(name, None)
    if before is not None:
        before.cancel()
    timer = _turning[name] = threading.Timer(
        REST_SECONDS, nuke.executeInMainThread, args=(_key, (node, name))
    )
    timer.daemon = True
    timer.start()


def _is_live(node: nuke.Node) -> bool:
    """Whether the node has the knob, which those of old scripts lack, and it is on."""
    knob = node.knob(names.LIVE)
    return knob is not None and bool(knob.value())


def _key(node: nuke.Node, name: str) -> None:
    """Key the current frame without a word where that cannot be: a knob is being turned."""
    _turning.pop(name, None)
    if not key.is_there(node) or not _is_live(node):
        return
    try:
        wanted, frame = request_of(node), int(nuke.frame())
        if frame not in wanted.span.frames or str(wanted.request.folder) in key.running:
            return
        fingerprint = attach.fingerprint_of(node, wanted)
        if wanted.frame_status(frame, fingerprint).status is Status.CURRENT:
            status.refresh(node)  # the knob was turned back
            return
        for picture in wanted.to_render:
            if not rendering.is_fresh(picture, picture.number(frame)):
                status.say(node, f"live: render {picture.pipe} first, by Key current frame")
                return
        key.key_beside(node, wanted, frame)
    except EXPECTED as error:
        status.say(node, str(error))
