"""Keying a group: the source written where it has to be, the core run, its frames attached."""

from __future__ import annotations

from typing import Any

import bpy

from ..keyed_frames import runs
from ..mattebox_command import find
from ..request import Request
from ..run import Phase, Progress, Run
from . import preferences
from .frames import show
from .group import is_mattebox
from .node_request import request_of
from .source import Source, SourceError, write_source


class Keying:
    """One run of the core for one group. The group is known by its name: files may be closed, and
    groups deleted, while it runs."""

    def __init__(self, group_name: str, request: Request, source: Source, run: Run) -> None:
        self.group_name = group_name
        self._request = request
        self._source = source
        self._run = run

    @property
    def progress(self) -> Progress:
        return self._run.progress

    def poll(self) -> Progress:
        return self._run.poll()

    def stop(self) -> None:
        self._run.stop()

    def kill(self) -> None:
        self._run.kill()

    def wait(self) -> Progress:
        return self._run.wait()

    def finish(self) -> Progress:
        """Show what was keyed, whole run or not, and remember what it was keyed with."""
        progress = self._run.progress
        group = bpy.data.node_groups.get(self.group_name)
        if group is None or not is_mattebox(group):
            return progress
        group.mattebox.status = progress.error or progress.line
        if progress.fingerprint is not None:
            show(group, self._request, self._source)
        return progress


_under_way: dict[str, Keying] = {}


def is_under_way(group_name: str) -> bool:
    """Whether a group is being keyed."""
    keying = _under_way.get(group_name)
    return keying is not None and not keying.progress.phase.is_over


def progress_of(group_name: str) -> Progress | None:
    """What the last run of a group has said so far; None where there was none."""
    keying = _under_way.get(group_name)
    return None if keying is None else keying.progress


def start(group: Any, scene: Any, frames: tuple[int, ...], *, force: bool = False) -> Keying:
    """Begin to key frames of a group.

    Args:
        group: ours.
        scene: the one whose frames these are.
        frames: numbers of the clip's files.
        force: compute frames again that are current.

    Raises:
        SourceError: something has to be chosen first, it is being keyed already, or Blender cannot
            write the source.
        NotFoundError, BrokenError: of the core.
        OSError: the folder of the results cannot be written.
    """
    if is_under_way(group.name):
        raise SourceError(f"{group.name} is being keyed; Esc stops it")
    mattebox = find(preferences.mattebox_python())
    request, source = request_of(group, scene)
    if source.is_written:
        write_source(group.mattebox, scene, source, frames)
    keying = Keying(
        group.name,
        request,
        source,
        Run.start(mattebox, request, frames=runs(frames), force=force),
    )
    _under_way[group.name] = keying
    return keying


def key_now(group: Any, scene: Any, frames: tuple[int, ...], *, force: bool = False) -> Progress:
    """Key frames and stay until they are there; for Blender without an interface. Raises as
    ``start``."""
    keying = start(group, scene, frames, force=force)
    keying.wait()
    return keying.finish()


def end_all() -> None:
    """End every run: the file, or Blender, is being closed. Frames stay whole."""
    for keying in _under_way.values():
        if keying.progress.phase not in (Phase.DONE, Phase.STOPPED, Phase.FAILED):
            keying.kill()
    _under_way.clear()
