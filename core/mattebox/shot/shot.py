"""A shot: the inputs of a job as they were found, and what of them belongs to one frame."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np

from mattebox.errors import InputError, MatteboxError, MissingFramesError
from mattebox.frames import Clip, Part, laid_window
from mattebox.images import Window
from mattebox.inputs import InputKind, inputs
from mattebox.job import Job
from mattebox.sequences import FrameSequence, KeyFrames
from mattebox.shot.format import ShotFormat
from mattebox.shot.frame_files import FrameFiles
from mattebox.shot.open_input import OpenInput, open_input
from mattebox.shot.pictures import Pictures, Pixels
from mattebox.shot.reading import PictureReader


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
    others: tuple[OpenInput, ...]

    @classmethod
    def open(cls, job: Job) -> Shot:
        """Find all inputs. Raises the first fault alone, or InputError listing all of them."""
        faults: list[MatteboxError] = []
        found: list[OpenInput] = []
        for what in inputs():
            try:
                opened = open_input(job, what)
            except MatteboxError as error:
                faults.append(error)
            else:
                found += [] if opened is None else [opened]
        if len(faults) > 1:
            raise InputError(
                f"{len(faults)} inputs cannot be used:\n"
                + "\n".join(f"- {str(fault).replace(chr(10), chr(10) + '  ')}" for fault in faults)
            )
        if faults:
            raise faults[0]
        plate = found[0].sequence
        assert plate is not None
        shot = cls(job, plate, tuple(found[1:]))
        if shot.key_frames is not None:
            shot.key_frames.refuse_unusable("hint_keys")
        return shot

    @property
    def first_part(self) -> Part:
        """The header of the plate's first frame: the part that is keyed."""
        return self._format.first_part

    def first_parts(self) -> dict[str, tuple[Part, Path]]:
        """The header of the first picture of every input beside the plate that has colour, and its
        file, by the input's name; colours that are given as numbers have none."""
        return {
            one.what.name: (
                one.clip.layer(*one.place(self.job)).part,
                one.sequence.path(one.sequence.first),
            )
            for one in self.others
            if one.sequence is not None and not one.is_matte
        }

    @cached_property
    def key_frames(self) -> KeyFrames | None:
        """Where a hint is given by hand; None where it is not, or for every frame."""
        keys = self._keys
        if keys is None or keys.sequence is None:
            return None
        return KeyFrames(keys.sequence.frames, self.plate.frames, tuple(sorted(self.job.cuts)))

    @property
    def _keys(self) -> OpenInput | None:
        return next((one for one in self.others if one.what.kind is InputKind.KEYS), None)

    @property
    def _each(self) -> tuple[OpenInput, ...]:
        """The others that have a picture for each frame."""
        return tuple(one for one in self.others if one.what.kind is not InputKind.KEYS)

    @cached_property
    def clip(self) -> Clip:
        """Reads the frames of the plate."""
        return Clip(self.plate)

    def close(self) -> None:
        """End the programs that read its movies, which begin again where a frame is read, and keep
        the digests of its files for later runs."""
        self._files.keep()
        for clip in self.clips:
            clip.close()

    @property
    def clips(self) -> tuple[Clip, ...]:
        """What reads the plate, and the others that are no colours."""
        return (self.clip, *(one.clip for one in self.others if one.sequence is not None))

    @property
    def window(self) -> Window:
        """The window everything is computed on, as ``ShotFormat.window`` says."""
        return self._format.window

    @cached_property
    def _format(self) -> ShotFormat:
        return ShotFormat(self.job, self.clip)

    def share_left_out(self, name: str) -> float:
        """The share, 0..1, of the shot's window on which a background that is given has no pixels,
        by the header of its first picture; 0 for a colour. Raises as ``read``."""
        one = next(one for one in self.others if one.what.name == name)
        if one.sequence is None:
            return 0.0
        owner = one.clip.layer(*one.place(self.job)).part
        laid = laid_window(owner, self.first_part).intersection(self.window)
        return 1.0 - laid.width * laid.height / (self.window.width * self.window.height)

    def spread_pairs(
        self, count: int, cuts: Sequence[int] = (), *, without: Collection[int] = ()
    ) -> tuple[tuple[int, ...], ...]:
        """At most ``count`` pairs of neighbouring frames spread evenly over the whole input.

        No pair spans one of the ``cuts``, since its frames would differ by more than grain. A
        frame whose other inputs are missing, or that is in ``without``, is left out; where there is
        no pair, single frames.
        Raises MissingFramesError where nothing can be read at all.
        """
        frames = [f for f in self.plate.frames if f not in without and not self.missing(f)]
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
        return self._files.of(frame)

    def all_files(self) -> set[Path]:
        """All files that go into any frame."""
        return {path for frame in self.plate.frames for path in self.files(frame)}

    def missing(self, frame: int) -> list[Path]:
        """Files of one frame that are not on disk, and movies that do not hold it."""
        return self._files.missing(frame)

    def digest(self, frame: int) -> str:
        """SHA-256 over the files of one frame, and over constant backgrounds. Read once."""
        return self._files.digest(frame)

    @cached_property
    def _files(self) -> FrameFiles:
        return FrameFiles(self.plate, self._each, self._keys, self.key_frames)

    def read(self, frame: int) -> Pictures:
        """Read everything that belongs to one frame.

        The digest of the frame becomes that of the bytes that were read: where its files change
        meanwhile they are read again, as they then are.

        Raises MissingFramesError, UnreadableError, NonFiniteError, or InputError where a picture
        has another format than the shot, or changes all the time. Where the fault is this frame's
        alone its number stands in the error; one of a picture that serves all frames has none.
        """
        return self._reader.read(frame)

    def read_plate(self, frame: int) -> Pixels:
        """HxWx3 of the plate alone, as ``Pictures.source``. Raises as ``read``."""
        return self._reader.read_plate(frame)

    def read_key(self, key: int) -> Pixels:
        """HxW the hint of a key frame, as its file has it. Raises as ``read``."""
        return self._reader.read_key(key)

    @cached_property
    def _reader(self) -> PictureReader:
        return PictureReader(self.job, self.clip, self._format, self._files)
