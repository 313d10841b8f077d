"""Which keyed frames a group needs, and which of them hold."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..keyed_frames import FrameStatus, Status, frame_status, newest_fingerprint
from ..patterns import frames_on_disk
from ..request import Request
from .group import attach, shows
from .node_request import request_of
from .source import Source, SourceError


def file_frames(group: Any, scene: Any, which: str) -> tuple[int, ...]:
    """The numbers of the clip's files that a choice of the panel means.

    Args:
        group: ours.
        scene: the one that is shown.
        which: ``CLIP``, ``SCENE`` or ``CURRENT``.

    Raises:
        SourceError: nothing is chosen, or the clip has none of them.
    """
    _, source = request_of(group, scene)
    offset = group.mattebox.frame_offset
    if which == "CLIP" or source.is_still:
        return tuple(range(source.first, source.last + 1))
    scene_frames = (
        [scene.frame_current] if which == "CURRENT"
        else range(scene.frame_start, scene.frame_end + 1)
    )  # fmt: skip
    wanted = tuple(f + offset for f in scene_frames if source.first <= f + offset <= source.last)
    if not wanted:
        raise SourceError(
            f"the clip has the frames {source.first}-{source.last}, and none of them is asked for; "
            f"scene frame F shows file F{offset:+d}"
        )
    return wanted


def frame_statuses(group: Any, scene: Any, scene_frames: Iterable[int]) -> list[FrameStatus]:
    """The status of each keyed frame that a render of these scene frames shows.

    Frames outside the clip show nothing and need nothing. Where something has to be chosen first,
    every frame is missing, and says what.
    """
    offset = group.mattebox.frame_offset
    numbers = [frame + offset for frame in scene_frames]
    try:
        request, source = request_of(group, scene)
    except SourceError as error:
        return [FrameStatus(number, Status.MISSING, str(error)) for number in numbers]
    if source.is_still:
        numbers = [source.first]
    numbers = [number for number in numbers if source.first <= number <= source.last]
    fingerprint = _fingerprint_there(request)
    if fingerprint is None:
        if not group.mattebox.shown_digest:
            return [FrameStatus(number, Status.MISSING, "never keyed") for number in numbers]
        why = "the settings changed since it was keyed"
        return [FrameStatus(number, Status.STALE, why) for number in numbers]
    return [
        frame_status(number, request.frame_path(number), fingerprint, request.inputs(number))
        for number in numbers
    ]


_known_fingerprints: dict[Path, tuple[int, str | None]] = {}
"""Of each folder of frames: when something last came or went there, and whose frames it holds."""


def _fingerprint_there(request: Request) -> str | None:
    """Whose frames lie in the request's folder; None where there are none.

    The folder is that of these very settings; frames of an earlier analysis may lie in it.
    Going through it anew for each frame that is rendered would take longer than the render.
    """
    try:
        changed = request.folder.stat().st_mtime_ns
    except OSError:
        return None
    known = _known_fingerprints.get(request.folder)
    if known is None or known[0] != changed:
        there = map(request.frame_path, frames_on_disk(request.output))
        known = _known_fingerprints[request.folder] = (changed, newest_fingerprint(there))
    return known[1]


def show(group: Any, request: Request, source: Source) -> bool:
    """Show the frames of a request, if there are any: whether there are."""
    there = frames_on_disk(request.output)
    if there:
        settings = group.mattebox
        settings.shown_digest, settings.shown_proxy = request.digest, request.proxy
        settings.clip_first, settings.clip_last = source.first, source.last
        some_frame = request.frame_path(there[0])
        attach(group, source.first, source.last, some_frame, is_still=source.is_still)
    return bool(there)


def show_what_is_there(group: Any, scene: Any) -> None:
    """Show the frames of the settings as they are, where others are shown: a farm has keyed them,
    somebody went back to them, or the shot was moved."""
    try:
        request, source = request_of(group, scene)
    except SourceError:
        return  # frame_statuses says what is missing
    if not _shows(group, request):
        show(group, request, source)


def shows_its_own(group: Any, scene: Any) -> bool:
    """Whether the group shows the frames of its settings as they are."""
    try:
        request, _ = request_of(group, scene)
    except SourceError:
        return False
    return _shows(group, request)


def _shows(group: Any, request: Request) -> bool:
    return group.mattebox.shown_digest == request.digest and shows(group, request.folder)
