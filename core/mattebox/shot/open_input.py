"""One input of a job as it was found: its files, or a colour."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from mattebox.errors import UsageError, named
from mattebox.frames import Clip, has_layer
from mattebox.inputs import Input, InputKind, Matte
from mattebox.job import Job
from mattebox.sequences import FrameSequence, find_sequence, split_channel
from mattebox.values import LARGEST_LIGHT

_COLOUR = re.compile(r"\s*([^,]+),([^,]+),([^,]+)\s*")


@dataclass(frozen=True)
class OpenInput:
    """An input that is there: a sequence, one file for all frames, or a constant colour.

    Attributes:
        what: which input.
        sequence: its files; None for a colour.
        named: the channel of a matte, else the part, layer or view, that is named behind the file.
        colour: R, G, B in the plate's own space; None for files.
        offset: what is added to a plate's number to find the input's.
        is_held: whether the picture before serves where there is none of a number.
    """

    what: Input
    sequence: FrameSequence | None
    named: str | None = None
    colour: tuple[float, float, float] | None = None
    offset: int = 0
    is_held: bool = False

    @property
    def is_still(self) -> bool:
        """Whether one picture serves all frames, and may be kept."""
        return self.what.kind is InputKind.BACKGROUND and self.is_one

    @property
    def is_one(self) -> bool:
        """Whether it is one colour or one file."""
        return self.sequence is None or self.sequence.explicit

    @property
    def is_matte(self) -> bool:
        """Whether its pictures are mattes, for each frame or at keys."""
        return self.what.kind in (InputKind.MATTE, InputKind.KEYS)

    def path(self, frame: int) -> Path | None:
        """The file of a frame; None for a colour."""
        return None if self.sequence is None else self.sequence.path(self.number(frame))

    def number(self, frame: int) -> int:
        """The number, in the input's own sequence, of the picture that serves a frame."""
        sequence = self.sequence
        if sequence is None:
            return frame
        # One explicit file serves every frame; a sequence is matched by number.
        if sequence.explicit and self.what.kind is not InputKind.SHOT:
            return sequence.first
        wanted = frame + self.offset
        if not self.is_held or wanted in sequence.files:
            return wanted
        at = bisect_right(sequence.frames, wanted)
        return sequence.frames[max(0, at - 1)]

    def serves_another(self, frame: int) -> bool:
        """Whether a frame is served by a picture that is held from another number."""
        return self.is_held and not self.is_one and self.number(frame) != frame + self.offset

    @cached_property
    def clip(self) -> Clip:
        """Reads its frames; there is none for a colour."""
        assert self.sequence is not None
        return Clip(self.sequence)

    def place(self, job: Job) -> tuple[str | None, str | None]:
        """The part and view that are read: those named behind its file, else the plate's own where
        its files have parts or views of these names."""
        header = self.clip.header
        shares_part = self.named is None and job.part is not None and has_layer(header, job.part)
        return (
            job.part if shares_part else None if self.is_matte else self.named,
            job.view if header.views else None,
        )


def open_input(job: Job, what: Input) -> OpenInput | None:
    """Find an input of a job; None where it is not given.

    Raises MatteboxError where it is not there, or an offset is given for what serves all frames.
    """
    given: str | Matte | None = getattr(job, what.name)
    if given is None:
        return None
    found = _found(what, given, timecode=job.timecode)
    offset = job.offset.get(what.name, 0)
    if offset and found.is_one:
        raise UsageError(
            f"{named('offset')} moves {named(what.name)}, which is one picture for all frames",
            next_step=f"give {named(what.name)} no offset, or name a sequence",
            setting="offset",
        )
    return replace(found, offset=offset, is_held=what.name in job.hold)


def _found(what: Input, given: str | Matte, *, timecode: bool) -> OpenInput:
    if isinstance(given, Matte):
        sequence = find_sequence(given.pattern, timecode=timecode)
        return OpenInput(what, sequence, given.channel)
    colour = _COLOUR.fullmatch(given) if what.kind is InputKind.BACKGROUND else None
    if colour is None:
        pattern, layer = (given, None) if what.name == "plate" else split_channel(given)
        return OpenInput(what, find_sequence(pattern, timecode=timecode), layer)
    try:
        red, green, blue = (float(part) for part in colour.groups())
        if not all(abs(part) <= LARGEST_LIGHT for part in (red, green, blue)):
            raise ValueError(given)
    except ValueError:
        raise UsageError(
            f"{named(what.name)} {given!r} is neither a file nor a colour",
            expected="a file, a sequence, or R,G,B in the plate's own space, such as 0,0,0",
            setting=what.name,
        ) from None
    return OpenInput(what, None, colour=(red, green, blue))
