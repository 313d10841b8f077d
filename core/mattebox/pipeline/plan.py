"""The plan of a run: its frames, where they are written, and which of them are current."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mattebox import header_words
from mattebox.errors import MissingFramesError, UsageError, named
from mattebox.frames import is_broken_exr, read_attributes_if_whole, read_attributes_only
from mattebox.job import Job, PreparedJob
from mattebox.regular_files import is_there
from mattebox.sequences import OutputPattern, format_frames, output_pattern, parse_frames
from mattebox.shot import Shot
from mattebox.whole_files import FileKind, OutputFile

MORE_THAN_ANY_PROXY = 1 << 16


@dataclass(frozen=True)
class Reach:
    """Which other frames a frame's pixels depend on.

    Attributes:
        neighbours: how many frames on either side the solver reads.
        remembers: whether the engine has a memory of the frames before.
    """

    neighbours: int
    remembers: bool


@dataclass(frozen=True)
class Plan:
    """The frames of a run and where they are written. Knows no engine and loads no torch."""

    job: PreparedJob
    shot: Shot
    reach: Reach
    frames: tuple[int, ...]
    absent: tuple[int, ...]
    output: OutputPattern

    @cached_property
    def whole(self) -> tuple[int, ...]:
        """All frames of the shot that can be read."""
        return tuple(f for f in self.shot.plate.frames if not self.shot.missing(f))

    def neighbours(self, frame: int) -> tuple[int, ...]:
        """The frames that the solver reads beside this one: its neighbourhood without itself."""
        scene, reach = self.scene(frame), self.reach.neighbours
        around = range(frame - reach, frame + reach + 1)
        return tuple(
            f for f in around if f != frame and f in self._whole_set and self.scene(f) == scene
        )

    def remembered(self, frame: int) -> tuple[int, ...]:
        """The preroll: the frames before this one that an engine with memory depends on."""
        if not self.reach.remembers:
            return ()
        end = bisect_left(self.whole, frame)
        cut = max((cut for cut in self.job.cuts if cut <= frame), default=None)
        start = 0 if cut is None else bisect_left(self.whole, cut)
        preroll = self.job.settings.preroll
        if preroll is not None:
            start = max(start, end - preroll)
        return self.whole[start:end]

    def before(self, frame: int) -> int | None:
        """The last frame of the shot before this one, of whatever scene; None at its start."""
        return max((f for f in self.whole if f < frame), default=None)

    def scene(self, frame: int) -> int:
        """How many cuts lie at or before a frame."""
        return sum(cut <= frame for cut in self.job.cuts)

    @cached_property
    def _whole_set(self) -> frozenset[int]:
        return frozenset(self.whole)

    def inputs(self, frame: int) -> str:
        """SHA-256 over all files a frame's pixels come from: its own, its neighbours', and for
        engines with memory those that it remembers.

        The same in any chunk. Beyond a preroll in numbers an engine may know of still earlier
        frames: how much of them shows is what that number was chosen for.
        """
        frames = {frame, *self.neighbours(frame), *self.remembered(frame)}
        digests = "".join(f"{f}:{self.shot.digest(f)};" for f in sorted(frames))
        return hashlib.sha256(digests.encode()).hexdigest()

    @classmethod
    def make(cls, job: PreparedJob, shot: Shot, frames: str | None, reach: Reach) -> Plan:
        """The frames asked for, as on the command line; None means all on disk.

        Raises MissingFramesError where none of them is there, UsageError as ``checked_output``.
        """
        on_disk = set(shot.plate.frames)
        wanted = (
            tuple(sorted({*shot.plate.frames, *shot.plate.missing}))
            if frames is None
            else parse_frames(frames)
        )
        usable = tuple(f for f in wanted if f in on_disk and not shot.missing(f))
        absent = tuple(frame for frame in wanted if frame not in set(usable))
        if not usable:
            raise MissingFramesError(
                f"none of the frames {format_frames(wanted)} is there"
                + _first_missing(shot, wanted),
                wanted,
                next_step=f"the plate has {format_frames(shot.plate.frames)}",
            )
        return cls(job, shot, reach, usable, absent, checked_output(job, shot, usable))

    def refuse_foreign_files(self, *, overwrite: bool) -> None:
        """Refuse to replace files of other programs, and full frames by proxies, unless
        ``overwrite``. Raises UsageError."""
        there = [path for path in map(self.output.path, self.frames) if is_there(path)]
        foreign = [
            path for path in there if OutputFile(path, KEYED, overwrite=overwrite).holds_foreign()
        ]
        if overwrite:
            return
        if foreign:
            raise UsageError(
                f"{_and_more(foreign)} was not written by Mattebox and would be replaced",
                expected="an output without foreign files",
                next_step=f"choose another output, or say {named('overwrite')}",
            )
        proxy = self.job.settings.proxy.factor
        larger = [path for path in there if _keyed_proxy(path) < proxy] if proxy > 1 else []
        if larger:
            raise UsageError(
                f"{_and_more(larger)} was keyed with proxy {_keyed_proxy(larger[0])} and would be "
                f"replaced by one with {named('proxy')} {proxy}",
                expected="an output of their own for proxies",
                next_step=f"choose another output, or say {named('overwrite')}",
                setting="proxy",
            )

    def is_current(self, frame: int) -> bool:
        """True where the frame on disk is whole and is exactly what this job would write."""
        attributes = read_attributes_if_whole(self.output.path(frame))
        return attributes is not None and (
            attributes.get(header_words.JOB) == self.job.fingerprint
            and attributes.get(header_words.INPUTS) == self.inputs(frame)
        )


def checked_output(job: Job, shot: Shot, frames: Sequence[int]) -> OutputPattern:
    """Where the frames are written. Raises UsageError where that is one of the inputs."""
    output = output_pattern(job.output, shot.plate, frames)
    output.refuse_inputs(frames, [path for frame in frames for path in shot.files(frame)])
    return output


def proxy_of(attributes: Mapping[str, Any]) -> int:
    """The proxy that a keyed frame was keyed with, by its header; 1 for full frames."""
    return int(attributes.get(header_words.PROXY, 1))


def _keyed_proxy(path: Path) -> int:
    """The same of a file that is ours; more than any proxy where it is cut short."""
    attributes = read_attributes_only(path)
    return MORE_THAN_ANY_PROXY if attributes is None else proxy_of(attributes)


def _and_more(paths: Sequence[Path]) -> str:
    return str(paths[0]) + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")


def _is_keyed(path: Path) -> bool:
    """Whether Mattebox keyed this file, or it is what a full disk left of a frame."""
    attributes = read_attributes_only(path)
    if attributes is None:
        return is_broken_exr(path)
    return header_words.JOB in attributes and header_words.HINT_TOOL not in attributes


KEYED = FileKind("a keyed frame of Mattebox", _is_keyed)


def frames_in_words(frames: Sequence[int]) -> str:
    return f"{'frame' if len(frames) == 1 else f'{len(frames)} frames'} {format_frames(frames)}"


def _first_missing(shot: Shot, wanted: Sequence[int]) -> str:
    for frame in wanted:
        absent = shot.missing(frame)
        if absent:
            return f"; the first absent file is {absent[0]}"
    return ""
