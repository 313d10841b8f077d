"""Keying a group: the source written where it has to be, the core run, its frames attached."""

from __future__ import annotations

from typing import Any

from ..keyed_frames import runs
from ..mattebox_command import find
from ..request import Request
from ..run import Phase, Progress, Run
from ..warm import FrameKey
from ..warm import end_all as end_warm
from . import preferences
from .frames import show
from .group import passes_in_use
from .group_run import Core, GroupRun
from .node_request import request_of
from .source import Source, SourceError, write_source


class Keying(GroupRun):
    """Frames of one group that are being keyed.

    Attributes:
        is_look: whether passes are left out that nothing shows.
    """

    def __init__(
        self, group_name: str, request: Request, source: Source, run: Core, *, is_look: bool
    ) -> None:
        super().__init__(group_name, run)
        self._request = request
        self._source = source
        self.is_look = is_look

    def wait(self) -> Progress:
        return self.run.wait()

    def hand_over(self, group: Any, progress: Progress) -> None:
        """Show what was keyed, whole run or not, and remember what it was keyed with."""
        if progress.fingerprint is not None:
            show(group, self._request, self._source)


_under_way: dict[str, Keying] = {}


def is_under_way(group_name: str) -> bool:
    """Whether a group is being keyed."""
    keying = _under_way.get(group_name)
    return keying is not None and not keying.progress.phase.is_over


def progress_of(group_name: str) -> Progress | None:
    """What the last run of a group has said so far; None where there was none."""
    keying = _under_way.get(group_name)
    return None if keying is None else keying.progress


def start(
    group: Any,
    scene: Any,
    frames: tuple[int, ...],
    *,
    force: bool = False,
    is_warm: bool = False,
    is_look: bool = False,
) -> Keying:
    """Begin to key frames of a group.

    Args:
        group: ours.
        scene: the one whose frames these are.
        frames: numbers of the clip's files.
        force: compute frames again that are current.
        is_warm: one frame, by the process that stays warm.
        is_look: leave out the passes that nothing shows.

    Raises:
        SourceError: something has to be chosen first, it is being keyed already, or Blender cannot
            write the source.
        NotFoundError, BrokenError: of the core.
        OSError: the folder of the results cannot be written.
    """
    if is_under_way(group.name):
        raise SourceError(f"{group.name} is being keyed; Esc stops it")
    mattebox = find(preferences.mattebox_python())
    whole, source = request_of(group, scene)
    request = whole.with_passes_of(passes_in_use(group)) if is_look else whole
    if source.is_written:
        write_source(group.mattebox, scene, source, frames)
    run: Core
    if is_warm and len(frames) == 1:
        run = FrameKey.start(mattebox, request, frames[0], force=force)
    else:
        run = Run.start(mattebox, request, frames=runs(frames), force=force)
    keying = Keying(group.name, request, source, run, is_look=request != whole)
    _under_way[group.name] = keying
    return keying


def start_live(group: Any, scene: Any, frames: tuple[int, ...], *, is_look: bool) -> Keying:
    """Begin to key the current frame because a knob rests. Raises as ``start``, and SourceError
    where Blender would have to write the source first."""
    _, source = request_of(group, scene)
    if source.is_written:
        raise SourceError("live keys clips that are files: press Key for movies and renders")
    return start(group, scene, frames, is_warm=True, is_look=is_look)


def forget(keying: Keying) -> None:
    """A newer key of the same frame takes the place of this one."""
    if isinstance(keying.run, FrameKey):
        keying.run.forget()
    if _under_way.get(keying.group_name) is keying:
        del _under_way[keying.group_name]


def key_now(
    group: Any,
    scene: Any,
    frames: tuple[int, ...],
    *,
    force: bool = False,
    is_warm: bool = False,
) -> Progress:
    """Key frames and stay until they are there; for Blender without an interface. Raises as
    ``start``."""
    keying = start(group, scene, frames, force=force, is_warm=is_warm)
    keying.wait()
    return keying.finish()


def end_all() -> None:
    """End every run: the file, or Blender, is being closed. Frames stay whole."""
    for keying in _under_way.values():
        if keying.progress.phase not in (Phase.DONE, Phase.STOPPED, Phase.FAILED):
            keying.kill()
    _under_way.clear()
    end_warm()
