"""How well reading, keying and writing overlap where every stage has a core of its own.

The stages only sleep, so any machine stands for one with many cores; what takes frames through
them is the run's own code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter, sleep

from mattebox.pipeline.clock import StageClock
from mattebox.pipeline.memory import Waiting
from mattebox.pipeline.overlap import overlapped

SLOWEST = 0.04  # seconds of the slowest stage per frame: sleeping is exact to a hundredth of that

PROPORTIONS = (
    ("a CPU keys", (0.05, 1.0, 0.25)),
    ("all alike", (1.0, 1.0, 1.0)),
    ("a GPU keys, files are written", (0.2, 0.1, 2.0)),
    ("a GPU keys, files come slowly", (2.0, 0.3, 0.5)),
)
"""Names, and seconds of reading, keying and writing a frame on one thread, in proportion."""


@dataclass(frozen=True)
class Overlap:
    """How long a simulated job took.

    Attributes:
        name: what it stands for.
        slowest: the stage that takes longest with all its threads.
        ratio: wall time to that of ``slowest`` alone.
    """

    name: str
    slowest: str
    ratio: float


def measure_overlap(frames: int, waiting: Waiting) -> Iterator[Overlap]:
    """Simulate a job of each of ``PROPORTIONS``; yields each when it is done."""
    for name, (reading, keying, writing) in PROPORTIONS:
        each = {
            "read": reading / waiting.read_ahead,
            "key": keying,
            "write": writing / waiting.being_written,
        }
        slowest = max(each, key=lambda stage: each[stage])
        unit = SLOWEST / each[slowest]
        began = perf_counter()
        _simulate(frames, waiting, reading * unit, keying * unit, writing * unit)
        yield Overlap(name, slowest, (perf_counter() - began) / (frames * SLOWEST))


def _simulate(frames: int, waiting: Waiting, *seconds: float) -> None:
    reading, keying, writing = seconds

    def read(frame: int) -> int:
        sleep(reading)
        return frame

    def key(frame: int) -> Iterator[int]:
        sleep(keying)
        yield frame

    def write(frame: int) -> int:
        sleep(writing)
        return frame

    for _ in overlapped(
        range(frames), read=read, key=key, write=write, waiting=waiting, clock=StageClock()
    ):
        pass
