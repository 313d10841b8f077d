"""The inputs of a job on disk: which frames there are, and all pictures that belong to one frame.

Knows files and windows, no colour and no engines.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mattebox.digests import FileDigests
from mattebox.errors import InputError, MatteboxError, MissingFramesError, UsageError, named
from mattebox.frames import (
    Clip,
    Part,
    format_difference,
    has_layer,
    repair_non_finite,
)
from mattebox.images import Frame, PassedChannel, Window
from mattebox.inputs import Input, InputKind, Matte, inputs
from mattebox.job import Job
from mattebox.sequences import FrameSequence, find_sequence, split_channel

Pixels = NDArray[np.float32]

_COLOUR = re.compile(r"\s*([^,]+),([^,]+),([^,]+)\s*")


@dataclass(frozen=True)
class Pictures:
    """Everything read for one frame, on the working window. HxWx3 or HxW float32 arrays, in the
    files' own colour spaces; 0 outside a file's data window.

    Attributes:
        frame: frame number.
        header: the plate frame's header (windows, aspect, attributes); its pixels are the plate's.
        source: HxWx3 the plate to key.
        passed: channels that are passed through, HxW each, as they are stored.
        covered: HxW True where the plate has pixels.
        given: the other inputs by name, as far as there are: HxWx3, mattes HxW 0..1.
        source_alpha: HxW the plate's own alpha, or None where it has none.
        repaired: how many non-finite values were repaired.
    """

    frame: int
    header: Frame
    source: Pixels
    passed: tuple[PassedChannel, ...]
    covered: NDArray[np.bool_]
    given: Mapping[str, Pixels]
    source_alpha: Pixels | None
    repaired: int

    def input(self, name: str) -> Pixels | None:
        """An input by its name; None where the job has none. Raises KeyError for no input."""
        if name not in {one.name for one in inputs()}:
            raise KeyError(name)
        return self.given.get(name)


@dataclass(frozen=True)
class _OpenInput:
    """An input that is there: a sequence, one file for all frames, or a constant colour."""

    what: Input
    sequence: FrameSequence | None
    named: str | None = None
    """The channel of a matte, else the part, layer or view, that is named behind the file."""
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


@dataclass(frozen=True)
class Shot:
    """The opened inputs of a job. Reading frames is safe from several threads.

    Attributes:
        job: whose inputs they are.
        plate: the sequence that is keyed.
        others: what else is given, in the order of the inputs.
    """

    job: Job
    plate: FrameSequence
    others: tuple[_OpenInput, ...]

    @classmethod
    def open(cls, job: Job) -> Shot:
        """Find all inputs. Raises the first fault alone, or InputError listing all of them."""
        faults: list[MatteboxError] = []
        found: list[_OpenInput] = []
        for what in inputs():
            given: str | Matte | None = getattr(job, what.name)
            if given is not None:
                try:
                    found.append(_open(what, given, timecode=job.timecode))
                except MatteboxError as error:
                    faults.append(error)
        if len(faults) > 1:
            raise InputError(
                f"{len(faults)} inputs cannot be used:\n"
                + "\n".join(f"- {str(fault).replace(chr(10), chr(10) + '  ')}" for fault in faults)
            )
        if faults:
            raise faults[0]
        plate = found[0].sequence
        assert plate is not None
        return cls(job, plate, tuple(found[1:]))

    @property
    def first_part(self) -> Part:
        """The header of the plate's first frame: the part that is keyed."""
        return self.clip.layer(self.job.part, self.job.view).part

    @cached_property
    def clip(self) -> Clip:
        """Reads the frames of the plate."""
        return Clip(self.plate)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What people should know of how its inputs are read, one sentence each."""
        return tuple(remark for clip in self._clips for remark in clip.remarks)

    def close(self) -> None:
        """End the programs that read its movies, which begin again where a frame is read, and keep
        the digests of its files for later runs."""
        self._file_digests.keep()
        for clip in self._clips:
            clip.close()

    @property
    def _clips(self) -> tuple[Clip, ...]:
        return (self.clip, *(one.clip for one in self.others if one.sequence is not None))

    @cached_property
    def window(self) -> Window:
        """The window everything is computed on: the first frame's display window, or with
        overscan its union with that frame's data window."""
        first = self.first_part
        if self.job.settings.overscan:
            return first.display_window.union(first.data_window)
        return first.display_window

    def spread_pairs(self, count: int, cuts: Sequence[int] = ()) -> tuple[tuple[int, ...], ...]:
        """At most ``count`` pairs of neighbouring frames spread evenly over the whole input.

        No pair spans one of the ``cuts``, since its frames would differ by more than grain. A
        frame whose other inputs are missing is left out; where there is no pair, single frames.
        Raises MissingFramesError where nothing can be read at all.
        """
        frames = [frame for frame in self.plate.frames if not self.missing(frame)]
        if not frames:
            absent = self.missing(self.plate.first)
            raise MissingFramesError(
                f"no frame has all its inputs; the first absent file is {absent[0]}",
                self.plate.frames,
                next_step="check the patterns of clean plate and mattes: sequences match by number",
            )
        pairs: list[tuple[int, ...]] = [
            (first, second)
            for first, second in pairwise(frames)
            if not any(first < cut <= second for cut in cuts)
        ] or [(frame,) for frame in frames]
        places = np.linspace(0, len(pairs) - 1, count).round().astype(int)
        return tuple(pairs[place] for place in sorted(set(places.tolist())))

    def files(self, frame: int) -> tuple[Path, ...]:
        """All files that go into one frame, in a fixed order."""
        return tuple(sequence.path(number) for sequence, number in self._sources(frame))

    def digest(self, frame: int) -> str:
        """SHA-256 over the files of one frame, and over constant backgrounds. Read once."""
        known = self._digests.get(frame)
        return known if known is not None else self._digests.setdefault(frame, self._hash(frame))

    @cached_property
    def _stills(self) -> dict[Path, Pixels]:
        """Stills that serve all frames, read once."""
        return {}

    @cached_property
    def _reading_still(self) -> threading.Lock:
        return threading.Lock()

    @cached_property
    def _digests(self) -> dict[int, str]:
        return {}

    @cached_property
    def _file_digests(self) -> FileDigests:
        return FileDigests.of_user()

    def _hash(self, frame: int) -> str:
        whole = hashlib.sha256()
        for sequence, number in self._sources(frame):
            path = sequence.path(number)
            if sequence.movie is not None:
                whole.update(sequence.movie.sha256 + f"#{sequence.place(number)}".encode())
                continue
            try:
                whole.update(self._file_digests.of(path))
            except OSError as error:
                raise MissingFramesError(
                    f"cannot read {path}: {error.strerror}", [frame]
                ) from error
        for one in self.others:
            if one.colour is not None:
                whole.update(repr(one.colour).encode())
        return whole.hexdigest()

    def missing(self, frame: int) -> list[Path]:
        """Files of one frame that are not on disk, and movies that do not hold it."""
        return [
            sequence.path(number)
            for sequence, number in self._sources(frame)
            if not sequence.has(number)
        ]

    def _sources(self, frame: int) -> list[tuple[FrameSequence, int]]:
        """The sequences of the files that go into a frame, and the frame's number in each."""
        given = ((one.sequence, one.number(frame)) for one in self.others)
        others = [(sequence, number) for sequence, number in given if sequence is not None]
        return [(self.plate, frame), *others]

    def read(self, frame: int) -> Pictures:
        """Read everything that belongs to one frame.

        Raises MissingFramesError, UnreadableError, NonFiniteError, or InputError where a picture
        has another format than the shot.
        """
        absent = self.missing(frame)
        if absent:
            raise MissingFramesError(
                f"frame {frame}: {', '.join(map(_absence, absent))}",
                [frame],
                next_step=f"render the missing file, or leave the frame out with {named('frames')}",
            )
        repaired = 0

        def placed(header: Frame, path: Path) -> Pixels:
            nonlocal repaired
            self._check_format(header, path, frame)
            mended, count = repair_non_finite(
                header.pixels, mode=self.job.settings.non_finite.value, path=path, frame=frame
            )
            repaired += count
            return replace(header, pixels=mended).placed(self.window)

        def pixels(one: _OpenInput) -> Pixels:
            path, number = one.path(frame), one.number(frame)
            if path is None:
                shape = (self.window.height, self.window.width, 3)
                return np.broadcast_to(np.asarray(one.colour, np.float32), shape).copy()
            part, view = self._place_in(one)
            if one.what.kind is InputKind.MATTE:
                return placed(one.clip.read_matte(number, one.named, part, view), path)[..., 0]

            def colour() -> Pixels:
                read = one.clip.read(number, part=part, view=view, alpha="as stored")
                return placed(read, path)[..., :3]

            if not one.is_still:
                return colour()
            with self._reading_still:
                if path not in self._stills:
                    self._stills[path] = colour()
                return self._stills[path]

        plate_path = self.plate.path(frame)
        header = self.clip.read(
            frame,
            part=self.job.part,
            view=self.job.view,
            alpha="as stored",
        )
        plate = placed(header, plate_path)
        return Pictures(
            frame=frame,
            header=header,
            source=plate[..., :3],
            passed=self.clip.read_passed(
                frame, self.job.layers, self.window, self.job.part, self.job.view
            ),
            covered=header.coverage(self.window),
            given={one.what.name: pixels(one) for one in self.others},
            source_alpha=plate[..., 3] if "A" in header.channels else None,
            repaired=repaired,
        )

    def _place_in(self, one: _OpenInput) -> tuple[str | None, str | None]:
        """The part and view of an input: those named behind its file, else the plate's own where
        its files have parts or views of these names."""
        header, part, view = one.clip.header, self.job.part, self.job.view
        shares_part = one.named is None and part is not None and has_layer(header, part)
        is_matte = one.what.kind is InputKind.MATTE
        return (
            part if shares_part else None if is_matte else one.named,
            view if header.views else None,
        )

    def _check_format(self, picture: Frame, path: Path, frame: int) -> None:
        if path != self.plate.path(frame):
            # Tools that make mattes and clean plates seldom write an aspect, and TIFF and PNG say
            # 1: pixels that lie on each other are enough of them.
            picture = replace(picture, pixel_aspect=self.first_part.pixel_aspect)
        difference = format_difference(self.first_part, picture)
        if difference is not None:
            found, expected = difference
            raise InputError(
                f"frame {frame}: {path} is {found}",
                expected=f"{expected}, like the first plate frame",
                next_step="reformat the picture to the shot's format",
                path=path,
                frame=frame,
            )


def _absence(path: Path) -> str:
    """What is wrong with a file that ``Shot.missing`` names."""
    return f"{path} does not hold it" if path.exists() else f"{path} is not there"


def _open(what: Input, given: str | Matte, *, timecode: bool) -> _OpenInput:
    if isinstance(given, Matte):
        sequence = find_sequence(given.pattern, timecode=timecode)
        return _OpenInput(what, sequence, given.channel)
    colour = _COLOUR.fullmatch(given) if what.kind is InputKind.BACKGROUND else None
    if colour is None:
        pattern, layer = (given, None) if what.name == "plate" else split_channel(given)
        return _OpenInput(what, find_sequence(pattern, timecode=timecode), layer)
    try:
        red, green, blue = (float(part) for part in colour.groups())
    except ValueError:
        raise UsageError(
            f"{named(what.name)} {given!r} is neither a file nor a colour",
            expected="a file, a sequence, or R,G,B in the plate's own space, such as 0,0,0",
            setting=what.name,
        ) from None
    return _OpenInput(what, None, colour=(red, green, blue))
