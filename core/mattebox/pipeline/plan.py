"""The plan of a run: its frames, where they are written, and which of them are current."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mattebox import header_words
from mattebox.errors import MissingFramesError, UsageError, named
from mattebox.frames import is_broken_exr, read_attributes_if_whole, read_attributes_only
from mattebox.job import Job, PreparedJob
from mattebox.sequences import OutputPattern, format_frames, output_pattern, parse_frames
from mattebox.shot import Shot


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
        """Refuse to replace files of other programs unless ``overwrite``. Raises UsageError."""
        if overwrite:
            return
        foreign = [
            path
            for path in (self.output.path(frame) for frame in self.frames)
            if path.exists() and _is_foreign(path)
        ]
        if foreign:
            more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
            raise UsageError(
                f"{foreign[0]}{more} was not written by Mattebox and would be replaced",
                expected="an output without foreign files",
                next_step=f"choose another output, or say {named('overwrite')}",
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


def _is_foreign(path: Path) -> bool:
    """Whether another program wrote this file, so that it must not be overwritten.

    A truncated EXR counts as ours: it is what a full disk left of a frame.
    """
    attributes = read_attributes_only(path)
    if attributes is None:
        return not is_broken_exr(path)
    return header_words.JOB not in attributes


def frames_in_words(frames: Sequence[int]) -> str:
    return f"{'frame' if len(frames) == 1 else f'{len(frames)} frames'} {format_frames(frames)}"


def _first_missing(shot: Shot, wanted: Sequence[int]) -> str:
    for frame in wanted:
        absent = shot.missing(frame)
        if absent:
            return f"; the first absent file is {absent[0]}"
    return ""
