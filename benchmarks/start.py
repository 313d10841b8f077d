"""How long a process takes from its start to its end, beside one that only imports torch."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from mattebox.errors import MatteboxError

PLATE = "green_spill_grain/fixture_hair_green_spill_grain.####.exr"
CLEAN_PLATE = "plate/fixture_hair_plate.0001.exr"
FRAME = "1"

MATTEBOX = ("-m", "mattebox")
BARE, TORCH = "python -c pass", "import torch"


@dataclass(frozen=True)
class Process:
    """A process to be started.

    Attributes:
        name: what people read.
        arguments: of this interpreter.
    """

    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class StartTime:
    """What processes of one kind took, one entry per round.

    Attributes:
        name: of the ``Process``.
        seconds: from the call to the exit.
        cpu_seconds: computed meanwhile by all threads; 0 where the system does not tell.
    """

    name: str
    seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]

    def ratio_to(self, other: StartTime) -> float:
        """How many times as long as ``other``: the median over rounds, both of the same one."""
        pairs = zip(self.seconds, other.seconds, strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)


def start_processes(shot: Path, folder: Path) -> tuple[Process, ...]:
    """The processes to measure.

    One frame of the shot is keyed on the way: files and byte code then come from memory.

    Args:
        shot: the shipped one.
        folder: where the job and the keyed frames go.

    Raises:
        MatteboxError: the shot cannot be keyed.
    """
    job, alone = folder / "shot.json", ("--frames", FRAME)
    plate = (
        *("key", str(shot / PLATE), "--output", str(folder / "keyed") + os.sep),
        *("--clean-plate", str(shot / CLEAN_PLATE), "--in-space", "lin_rec709_scene"),
        *("--device", "cpu", "--threads", "1"),
    )
    _run((*MATTEBOX, *plate, "--write-job", str(job)))
    prepared = (*MATTEBOX, "key", "--job", str(job), *alone)
    _run(prepared)
    return (
        Process(BARE, ("-c", "pass")),
        Process(TORCH, ("-c", "import torch")),
        Process("mattebox --version", (*MATTEBOX, "--version")),
        Process("mattebox key, frame current", prepared),
        Process("mattebox key, one frame", (*prepared, "--force")),
        Process("mattebox key, look and frame", (*MATTEBOX, *plate, *alone, "--force")),
    )


def measure_starts(processes: Sequence[Process], rounds: int) -> tuple[StartTime, ...]:
    """Start every process once per round, in turns, so that what else runs meets all alike.

    Raises:
        MatteboxError: a process failed.
    """
    taken = [[_run(process.arguments) for process in processes] for _ in range(rounds)]
    return tuple(_start_times(processes, taken))


def _start_times(
    processes: Sequence[Process], taken: Sequence[Sequence[tuple[float, float]]]
) -> Iterator[StartTime]:
    for process, rounds in zip(processes, zip(*taken, strict=True), strict=True):
        seconds, cpu_seconds = zip(*rounds, strict=True)
        yield StartTime(process.name, seconds, cpu_seconds)


def _run(arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds and CPU seconds of a process. Raises MatteboxError with its words if it fails."""
    before, began = os.times(), perf_counter()
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds, after = perf_counter() - began, os.times()
    if done.returncode:
        raise MatteboxError(
            f"python {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}"
        )
    user = after.children_user - before.children_user
    return seconds, user + after.children_system - before.children_system
