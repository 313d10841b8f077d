"""Before a render: are the keyed frames there, whole, and those of the settings?

An exception in a handler does not stop Blender, so without an interface the process is ended. With
one, ``mattebox.render`` asks first, and what is rendered past it is told of afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..keyed_frames import FrameStatus, Status, in_words
from ..run import Phase
from . import key, source
from .frames import frame_statuses, show_what_is_there, shows_its_own
from .group import used_in
from .operators import FAULTS

MISSING_EXIT = 66
STALE_EXIT = 65

_keyed_for: set[str] = set()
"""Groups that were keyed since this render began: the second gap keys all that is left, since
handlers are not told whether one frame is rendered or many."""

_told: dict[str, list[FrameStatus]] = {}
"""Gaps that were rendered all the same, by group."""


def gaps(scene: Any, scene_frames: Any) -> dict[Any, list[FrameStatus]]:
    """Our groups whose frames cannot be used, with what is wrong: by group."""
    for group in used_in(scene):
        show_what_is_there(group, scene)
    return _gaps_as_shown(scene, scene_frames)


def _gaps_as_shown(scene: Any, scene_frames: Any) -> dict[Any, list[FrameStatus]]:
    """The same, and nothing of the file is touched: with an interface, handlers are called while
    it renders in a thread of its own."""
    found = {}
    for group in used_in(scene):
        statuses = frame_statuses(group, scene, scene_frames)
        if is_proxy(group):
            statuses = [FrameStatus(one.frame, Status.STALE, _PROXY) for one in statuses]
        bad = [one for one in statuses if one.status is not Status.CURRENT]
        if bad:
            found[group] = bad
    return found


_PROXY = "it is keyed as a preview: choose proxy 1"


def is_proxy(group: Any) -> bool:
    """Whether a group's settings ask for smaller frames than its clip's, which no render shows."""
    return bool(group.mattebox.proxy != "1")


def message(found: dict[Any, list[FrameStatus]]) -> str:
    """What is wrong, for people, and what to do."""
    lines = [f"{group.name}: {in_words(bad)} ({bad[0].detail})" for group, bad in found.items()]
    return "\n".join([*lines, "Press Key in the compositor's Mattebox panel, or key on the farm."])


@persistent
def on_render_init(scene: Any, *_: Any) -> None:
    """A render begins: what can be shown is shown, since an animation copies its nodes now."""
    _keyed_for.clear()
    _told.clear()
    if bpy.app.background and not source.is_writing():
        for group in used_in(scene):
            show_what_is_there(group, scene)
            if group.mattebox.when_rendering == "KEY" and not shows_its_own(group, scene):
                _key_something(group, scene)


@persistent
def on_render_pre(scene: Any, *_: Any) -> None:
    """A frame is about to be rendered."""
    if source.is_writing():
        return
    if not bpy.app.background:
        for group, bad in _gaps_as_shown(scene, [scene.frame_current]).items():
            _told.setdefault(group.name, []).extend(bad)
        return
    found = gaps(scene, [scene.frame_current])
    for group in list(found):
        if group.mattebox.when_rendering == "KEY" and not is_proxy(group):
            _key_or_end(group, scene)
            del found[group]
    if found:
        is_stale = all(one.status is Status.STALE for bad in found.values() for one in bad)
        end(message(found), STALE_EXIT if is_stale else MISSING_EXIT)


@persistent
def on_render_complete(scene: Any, *_: Any) -> None:
    """With an interface: tell of frames that were rendered without their key."""
    if _told:
        lines = [f"{name}: {in_words(bad)}" for name, bad in _told.items()]
        _told.clear()
        bpy.app.timers.register(lambda: _popup(["Rendered without their key:", *lines]))


@persistent
def on_load_pre(*_: Any) -> None:
    """Another file is opened: its groups are not those that are being keyed."""
    key.end_all()


@persistent
def on_load_post(*_: Any) -> None:
    """A file is open: what a farm has keyed meanwhile is shown."""
    for scene in bpy.data.scenes:
        for group in used_in(scene):
            show_what_is_there(group, scene)


def _key_something(group: Any, scene: Any) -> None:
    """Key one frame, so that there is something to show: the current one, else the range's first
    that the clip has."""
    for frame in (scene.frame_current, *_range_of(scene)):
        if frame_statuses(group, scene, [frame]):
            _key_gaps_or_end(group, scene, _range_of(scene) if _is_written(group) else [frame])
            return


def _key_or_end(group: Any, scene: Any) -> None:
    """Key what this frame needs; from the second gap on, what the rest of the range needs."""
    frames: Iterable[int] = [scene.frame_current]
    if _is_written(group):
        frames = {*_range_of(scene), scene.frame_current}
    elif group.name in _keyed_for:
        frames = range(scene.frame_current, max(scene.frame_end, scene.frame_current) + 1)
    _keyed_for.add(group.name)
    _key_gaps_or_end(group, scene, sorted(frames))


def _range_of(scene: Any) -> range:
    return range(scene.frame_start, scene.frame_end + 1)


def _is_written(group: Any) -> bool:
    """Whether Blender writes the source: all at once then, for the core analyses the whole."""
    settings = group.mattebox
    is_movie = settings.image is not None and settings.image.source == "MOVIE"
    return bool(is_movie or settings.source == "RENDER")


def _key_gaps_or_end(group: Any, scene: Any, frames: Iterable[int]) -> None:
    bad = (one for one in frame_statuses(group, scene, frames) if one.status is not Status.CURRENT)
    numbers = tuple(one.frame for one in bad)
    print(f"Mattebox: keying {len(numbers)} frames for {group.name}", flush=True)
    try:
        progress = key.key_now(group, scene, numbers)
    except FAULTS as fault:
        end(str(fault), MISSING_EXIT)
    else:
        if progress.phase is not Phase.DONE:
            end(progress.error or progress.line, abs(progress.exit_code or MISSING_EXIT))


def end(why: str, code: int) -> None:
    """End Blender without a render. Its own way out would write the frame and say 0."""
    print(f"Mattebox: {why}", file=sys.stderr, flush=True)
    print("openjd_fail: Mattebox: " + why.replace("\n", "; "), flush=True)
    os._exit(code)


def _popup(lines: list[str]) -> None:
    bpy.context.window_manager.popup_menu(
        lambda menu, _: [menu.layout.label(text=line) for line in lines],
        title="Mattebox",
        icon="ERROR",
    )


class MATTEBOX_OT_render(bpy.types.Operator):
    """Render, once every keyed frame that is needed is there and current"""

    bl_idname = "mattebox.render"
    bl_label = "Render with Mattebox"

    __annotations__ = {
        "animation": bpy.props.BoolProperty(name="Animation", options={"SKIP_SAVE"}),
        "keyed": bpy.props.StringProperty(
            description="Groups that were keyed for this render", options={"HIDDEN", "SKIP_SAVE"}
        ),
    }

    def execute(self, context: Any) -> set[str]:
        """Without an interface: what has to be keyed is keyed in between."""
        scene = context.scene
        for group, bad in self._gaps(scene, wanting="KEY").items():
            try:
                progress = key.key_now(group, scene, tuple(one.frame for one in bad))
            except FAULTS as fault:
                return self._refuse(str(fault))
            if progress.phase is not Phase.DONE:
                return self._refuse(progress.error or progress.line)
        return self._render(scene, "EXEC_DEFAULT")

    def invoke(self, context: Any, event: Any) -> set[str]:
        """With one: the key runs beside Blender, and calls this again when it is done."""
        if bpy.app.background:
            return self.execute(context)
        for group in self._gaps(context.scene, wanting="KEY"):
            if group.name not in self.keyed.split("\n"):
                bpy.ops.mattebox.key(
                    "INVOKE_DEFAULT",
                    group=group.name,
                    frames="SCENE" if self.animation else "CURRENT",
                    then="ANIMATION" if self.animation else "IMAGE",
                    keyed="\n".join(filter(None, (self.keyed, group.name))),
                )
                return {"FINISHED"}
        return self._render(context.scene, "INVOKE_DEFAULT")

    def _gaps(self, scene: Any, *, wanting: str) -> dict[Any, list[FrameStatus]]:
        """Gaps of the groups with that wish."""
        frames = (
            range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
            if self.animation
            else [scene.frame_current]
        )
        return {
            group: bad
            for group, bad in gaps(scene, frames).items()
            if wanting in (group.mattebox.when_rendering, "ANY")
        }

    def _render(self, scene: Any, how: str) -> set[str]:
        found = self._gaps(scene, wanting="ANY")
        if found:
            return self._refuse(f"not rendered. {message(found)}")
        # A still in the interface is shown and not written, as Render Image does.
        answer: set[str] = bpy.ops.render.render(how, animation=self.animation)
        return answer

    def _refuse(self, why: str) -> set[str]:
        self.report({"ERROR"}, f"Mattebox: {why}")
        return {"CANCELLED"}


HANDLERS = (
    ("render_init", on_render_init),
    ("render_pre", on_render_pre),
    ("render_complete", on_render_complete),
    ("load_pre", on_load_pre),
    ("load_post", on_load_post),
)


def register() -> None:
    bpy.utils.register_class(MATTEBOX_OT_render)
    for name, handler in HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    key.end_all()
    for name, handler in HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    bpy.utils.unregister_class(MATTEBOX_OT_render)
