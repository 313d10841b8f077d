"""Where a shot is cut into tasks: borders that do not move when the frame range does.

Chunk ``k`` of size N covers the frames ``k*N`` to ``k*N + N - 1``, whatever the range. A dispatcher
is given the *span*, the whole chunks that hold the frames, and cuts it into pieces of N; a worker
keys only those frames of its piece that were asked for (``mattebox key --frames F --chunk PIECE``).
So a range that grows, or starts elsewhere, leaves the borders of all other chunks alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mattebox.errors import UsageError
from mattebox.sequences import format_frames

DEFAULT_SIZE = 25
"""A second of film: a process takes a few seconds to start, a frame about as long."""

PREROLLS_PER_CHUNK = 5
"""Of an engine with memory: what is seen twice, to settle, is then at most a fifth of a chunk."""


@dataclass(frozen=True)
class Chunks:
    """How frames are cut into tasks.

    Attributes:
        size: frames per whole chunk.
        origin: a frame at which a chunk begins; 0 but for a shot that is one chunk.
    """

    size: int
    origin: int = 0

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UsageError(
                f"a chunk of {self.size} frames cannot be", expected="one frame at least"
            )

    @classmethod
    def whole(cls, frames: Iterable[int]) -> Chunks:
        """One chunk over everything from the first frame to the last."""
        numbers = sorted(frames)
        return cls(numbers[-1] - numbers[0] + 1, origin=numbers[0])

    def first_of(self, frame: int) -> int:
        """The first frame of the chunk in which a frame lies."""
        return frame - (frame - self.origin) % self.size

    def span(self, frames: Iterable[int]) -> str:
        """The whole chunks that hold the frames, as ``1000-1049,2000-2024``.

        Each run of it is a multiple of ``size`` long, so that cutting it piece by piece from its
        start gives the chunks.
        """
        firsts = sorted({self.first_of(frame) for frame in frames})
        return format_frames(frame for first in firsts for frame in self._range(first))

    def cut(self, frames: Iterable[int]) -> tuple[str, ...]:
        """The frames of each chunk that holds any, in order: ``1001-1024``, ``1025-1049``."""
        numbers = set(frames)
        firsts = sorted({self.first_of(frame) for frame in numbers})
        return tuple(format_frames(numbers.intersection(self._range(first))) for first in firsts)

    def _range(self, first: int) -> range:
        return range(first, first + self.size)


def default_size(preroll: int) -> int:
    """Frames per chunk where none are given.

    Args:
        preroll: frames after which an engine has settled, or those that are read before a
            chunk's first one; 0 for most engines.
    """
    return max(DEFAULT_SIZE, PREROLLS_PER_CHUNK * preroll)
