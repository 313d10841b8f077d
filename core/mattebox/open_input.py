"""One input of a job as it was found: its files, or a colour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mattebox.errors import UsageError, named
from mattebox.frames import Clip
from mattebox.inputs import Input, InputKind, Matte
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
    """

    what: Input
    sequence: FrameSequence | None
    named: str | None = None
    colour: tuple[float, float, float] | None = None

    @property
    def is_still(self) -> bool:
        """Whether one picture serves all frames, and may be kept."""
        is_one = self.sequence is None or self.sequence.explicit
        return self.what.kind is InputKind.BACKGROUND and is_one

    def path(self, frame: int) -> Path | None:
        """The file of a frame; None for a colour."""
        return None if self.sequence is None else self.sequence.path(self.number(frame))

    def number(self, frame: int) -> int:
        """The number, in the input's own sequence, of the picture that serves a frame."""
        sequence = self.sequence
        # One explicit file serves every frame; a sequence is matched by number.
        serves_all = sequence is not None and sequence.explicit
        if sequence is None or not serves_all or self.what.kind is InputKind.SHOT:
            return frame
        return sequence.first

    @cached_property
    def clip(self) -> Clip:
        """Reads its frames; there is none for a colour."""
        assert self.sequence is not None
        return Clip(self.sequence)


def open_input(what: Input, given: str | Matte, *, timecode: bool) -> OpenInput:
    """Find an input by what a job says. Raises MatteboxError where it is not there."""
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
