"""The files that go into a frame: which they are, their digest, and that they hold still."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from mattebox.digests import FileDigests, Stamp, stamp_of
from mattebox.errors import InputError
from mattebox.sequences import FrameSequence, KeyFrames
from mattebox.shot.open_input import OpenInput

Read = TypeVar("Read")

READINGS = 3
"""How often a frame is read whose files change meanwhile."""

UNREADABLE = b"a file that cannot be opened"
"""What stands for its bytes in a digest."""


class StillError(Exception):
    """A picture that serves all frames cannot be used."""

    def __init__(self, error: InputError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True)
class FrameFiles:
    """The files of every frame of a shot.

    Attributes:
        plate: the sequence that is keyed.
        each: the inputs beside it that have a picture for each frame.
        keys: the input that has one at some frames alone, which is carried to the others, or None.
        key_frames: where it has one.
    """

    plate: FrameSequence
    each: tuple[OpenInput, ...]
    keys: OpenInput | None
    key_frames: KeyFrames | None

    def of(self, frame: int) -> tuple[Path, ...]:
        """All files that go into one frame, in a fixed order."""
        sources = (*self._sources(frame), *self._carried_sources(frame))
        return tuple(sequence.path(number) for sequence, number in sources)

    def missing(self, frame: int) -> list[Path]:
        """Files of one frame that are not on disk, and movies that do not hold it."""
        return [
            sequence.path(number)
            for sequence, number in self._sources(frame)
            if not sequence.has(number)
        ]

    def digest(self, frame: int) -> str:
        """SHA-256 over the files of one frame, and over constant backgrounds. Read once."""
        known = self._digests.get(frame)
        return known if known is not None else self._digests.setdefault(frame, self._hash(frame))

    def steady(self, frame: int, read: Callable[[int], Read]) -> Read:
        """What ``read`` gives of a frame whose files stay as they are meanwhile; its digest becomes
        that of the bytes that were read.

        Raises InputError where they change all the time, StillError where one that serves all
        frames has changed, and what ``read`` raises.
        """
        for _ in range(READINGS):
            before = self._stamps(frame)
            found = read(frame)
            digest = self._hash(frame)
            if self._stamps(frame) == before:
                self._digests[frame] = digest
                return found
        raise InputError(
            f"frame {frame}: {self.plate.path(frame)} or a file beside it changes while it is read",
            next_step="wait until it is written, and run the same command again",
            path=self.plate.path(frame),
        )

    def keep(self) -> None:
        """Keep the digests of its files for later runs."""
        self._file_digests.keep()

    def _sources(self, frame: int) -> list[tuple[FrameSequence, int]]:
        """The sequences of the files that go into a frame, and the frame's number in each."""
        given = ((one.sequence, one.number(frame)) for one in self.each)
        others = [(sequence, number) for sequence, number in given if sequence is not None]
        return [(self.plate, frame), *others]

    def _carried_sources(self, frame: int) -> list[tuple[FrameSequence, int]]:
        """What a hint that is carried to a frame is made from beside: keys, and the plate's frames
        from them to it."""
        keys, where = self.keys, self.key_frames
        if keys is None or keys.sequence is None or where is None:
            return []
        around = sorted({key for key in where.around(frame) if key is not None})
        own = [(keys.sequence, key) for key in around]
        if around == [frame]:
            return own
        return own + [(self.plate, number) for number in where.span(frame)]

    def _hash(self, frame: int) -> str:
        whole = hashlib.sha256()
        for sequence, number in self._sources(frame):
            whole.update(self._digest_of(sequence, number))
        for one in self.each:
            if one.colour is not None:
                whole.update(repr(one.colour).encode())
        for sequence, number in self._carried_sources(frame):
            whole.update(f"{number}:".encode() + self._digest_of(sequence, number))
        return whole.hexdigest()

    def _digest_of(self, sequence: FrameSequence, number: int) -> bytes:
        if sequence.movie is not None:
            return sequence.movie.sha256 + f"#{sequence.place(number)}".encode()
        try:
            return self._file_digests.of(sequence.path(number))
        except OSError:
            # Neighbours are keyed without it; what is wrong is told where it is read itself.
            return UNREADABLE

    def _stamps(self, frame: int) -> tuple[Stamp | None, ...]:
        """What changes with the bytes of a frame's files; None for those that are not there.

        Raises StillError where a picture that serves all frames is another than was read.
        """
        found = {path: _stamp_or_none(path) for path in self.of(frame)}
        for path, stamp in found.items():
            if path in self._serve_all and self._lasting.setdefault(path, stamp) != stamp:
                raise StillError(
                    InputError(
                        f"{path} has changed since the run began",
                        next_step="run the same command again",
                        path=path,
                    )
                )
        return tuple(found.values())

    @cached_property
    def _serve_all(self) -> frozenset[Path]:
        """Files that are opened once for all frames: stills, and movies."""
        others = (*self.each, *(() if self.keys is None else (self.keys,)))
        stills = {one.path(self.plate.first) for one in others if one.is_still}
        sequences = (self.plate, *(one.sequence for one in others if one.sequence))
        movies = {sequence.path(sequence.first) for sequence in sequences if sequence.movie}
        return frozenset(path for path in stills | movies if path is not None)

    @cached_property
    def _lasting(self) -> dict[Path, Stamp | None]:
        """What each of those was when it was first looked at."""
        return {}

    @cached_property
    def _digests(self) -> dict[int, str]:
        return {}

    @cached_property
    def _file_digests(self) -> FileDigests:
        return FileDigests.of_user()


def _stamp_or_none(path: Path) -> Stamp | None:
    try:
        return stamp_of(path)
    except OSError:
        return None
