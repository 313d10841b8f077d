"""Live: the current frame is keyed again when a knob of the group rests.

First a look, with the passes alone that something shows, since writing the others takes longer
than all the rest; and once the knobs rest for longer, the whole frame in its place.
"""

from __future__ import annotations

import time
from typing import Any

import bpy

from ..keyed_frames import Status
from ..mattebox_command import BrokenError, NotFoundError
from ..run import Phase
from ..warm import REST_SECONDS
from . import key, properties
from .frames import file_frames, frame_statuses, show_what_is_there
from .source import SourceError

POLL_SECONDS = 0.02

WHOLE_SECONDS = 1.0
"""After a look, so long without a turn, the whole frame is keyed. A knob that is turned meanwhile
waits until that frame is written."""

_turned_at: dict[str, float] = {}
"""When a knob of a group was turned last, by the group's name."""

_keyings: dict[str, key.Keying] = {}
"""What is keyed because of it."""

_looked_at: dict[str, float] = {}
"""When a look of a group was shown whose whole frame is to follow."""


def register() -> None:
    properties.listeners.append(touched)


def unregister() -> None:
    properties.listeners.remove(touched)
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    _turned_at.clear()
    _keyings.clear()
    _looked_at.clear()


def touched(group: Any) -> None:
    """A knob of a group was turned."""
    if not group.mattebox.live:
        return
    _turned_at[group.name] = time.monotonic()
    _looked_at.pop(group.name, None)
    if not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=POLL_SECONDS)


def tick() -> float | None:
    """Begin what rests, show what is there; the time to the next look, None where none is needed.

    Without an interface Blender calls no timers: scripts may call this themselves.
    """
    for name in _over(_turned_at, REST_SECONDS):
        _begin(name, is_look=True)
    for name in _over(_looked_at, WHOLE_SECONDS):
        if not key.is_under_way(name):  # else the artist has pressed Key
            _begin(name, is_look=False)
    for name, keying in list(_keyings.items()):
        if keying.poll().phase.is_over:
            del _keyings[name]
            keying.finish()
            _redraw()
            if keying.is_look and keying.progress.phase is Phase.DONE:
                _looked_at[name] = time.monotonic()
    return POLL_SECONDS if _turned_at or _keyings or _looked_at else None


def _over(since: dict[str, float], seconds: float) -> list[str]:
    """Take out the groups whose time is over."""
    names = [name for name, then in since.items() if time.monotonic() - then >= seconds]
    for name in names:
        del since[name]
    return names


def _begin(name: str, *, is_look: bool) -> None:
    """Key the current frame of a group; what stands in the way is said in its panel."""
    group, scene = bpy.data.node_groups.get(name), bpy.context.scene
    if group is None or not group.mattebox.live:
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
        _keyings[name] = key.start_live(group, scene, numbers, is_look=is_look)
    except (SourceError, NotFoundError, BrokenError, OSError) as fault:
        group.mattebox.status = str(fault)


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("NODE_EDITOR", "IMAGE_EDITOR"):
                area.tag_redraw()
