"""Live: the current frame is keyed again when a knob of the group rests."""

from __future__ import annotations

import time
from typing import Any

import bpy

from ..keyed_frames import Status
from ..mattebox_command import BrokenError, NotFoundError
from ..warm import REST_SECONDS
from . import key, properties
from .frames import file_frames, frame_statuses, show_what_is_there
from .source import SourceError

POLL_SECONDS = 0.02

_turned_at: dict[str, float] = {}
"""When a knob of a group was turned last, by the group's name."""

_keyings: dict[str, key.Keying] = {}
"""What is keyed because of it."""


def register() -> None:
    properties.listeners.append(touched)


def unregister() -> None:
    properties.listeners.remove(touched)
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    _turned_at.clear()
    _keyings.clear()


def touched(group: Any) -> None:
    """A knob of a group was turned."""
    if not group.mattebox.live:
        return
    _turned_at[group.name] = time.monotonic()
    if not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=POLL_SECONDS)


def tick() -> float | None:
    """Begin what rests, show what is there; the time to the next look, None where none is needed.

    Without an interface Blender calls no timers: scripts may call this themselves.
    """
    for name, then in list(_turned_at.items()):
        if time.monotonic() - then >= REST_SECONDS:
            del _turned_at[name]
            _begin(name)
    for name, keying in list(_keyings.items()):
        if keying.poll().phase.is_over:
            del _keyings[name]
            keying.finish()
            _redraw()
    return POLL_SECONDS if _turned_at or _keyings else None


def _begin(name: str) -> None:
    """Key the current frame of a group; what stands in the way is said in its panel."""
    group, scene = bpy.data.node_groups.get(name), bpy.context.scene
    if group is None:
        return
    try:
        numbers = file_frames(group, scene, "CURRENT")
        statuses = frame_statuses(group, scene, [scene.frame_current])
        if statuses and all(one.status is Status.CURRENT for one in statuses):
            show_what_is_there(group, scene)  # the knob was turned back
            return
        before = _keyings.pop(name, None)
        if before is not None:
            key.forget(before)
        _keyings[name] = key.start_live(group, scene, numbers)
    except (SourceError, NotFoundError, BrokenError, OSError) as fault:
        group.mattebox.status = str(fault)


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("NODE_EDITOR", "IMAGE_EDITOR"):
                area.tag_redraw()
