"""Resident memory of `mattebox key` over a long shot: whether it stays flat."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.shapes import Canvas
from benchmarks.synthetic import CLEAN, KEYED, write_synthetic
from mattebox.errors import MatteboxError, UsageError

RECIPE = "dark_spill"
SETTLING = 0.2  # share of the frames before the slope is taken: pools and caches fill once
STATUS = Path("/proc/self/status")
_RUN = "import sys; from mattebox.cli import main; sys.argv[0] = 'mattebox'; sys.exit(main())"


@dataclass(frozen=True)
class MemoryUse:
    """Resident memory in KiB.

    Attributes:
        samples: after each finished frame.
        peak: the largest at any time, the look at the shot included (VmHWM).
    """

    samples: tuple[int, ...]
    peak: int

    @property
    def slope(self) -> float:
        """KiB per frame, least squares over the frames after ``SETTLING``."""
        settled = self.samples[int(len(self.samples) * SETTLING) :]
        if len(settled) < 2:
            return 0.0
        return float(np.polyfit(np.arange(len(settled)), settled, 1)[0])

    @property
    def median(self) -> float:
        """Median of the samples."""
        return statistics.median(self.samples)


def measure_memory(frames: int, size: Canvas) -> MemoryUse:
    """Key a drawn shot in a process of its own and look at its memory after each frame.

    Raises:
        UsageError: the system has no /proc.
        MatteboxError: the run failed.
    """
    if not STATUS.exists():
        raise UsageError(
            "resident memory is read from /proc, which only Linux has",
            next_step="run python -m benchmarks memory on Linux",
        )
    with tempfile.TemporaryDirectory(prefix="mattebox-memory-") as name:
        shot = write_synthetic(RECIPE, Path(name), length=min(frames, 24), size=size)
        _repeat(shot / KEYED, min(frames, 24), frames)
        return _keyed(shot, Path(name) / "keyed")


def _repeat(folder: Path, drawn: int, frames: int) -> None:
    for frame in range(drawn + 1, frames + 1):
        source = folder / f"{KEYED}.{(frame - 1) % drawn + 1:04d}.exr"
        target = folder / f"{KEYED}.{frame:04d}.exr"
        try:
            os.link(source, target)
        except OSError:
            shutil.copyfile(source, target)


def _keyed(shot: Path, output: Path) -> MemoryUse:
    plate, clean = shot / KEYED / f"{KEYED}.####.exr", shot / CLEAN / f"{CLEAN}.0001.exr"
    arguments = ["key", plate, "-o", output, "--clean-plate", clean, "--json"]
    samples, peak = [], 0
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _RUN, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
            peak = max(peak, _field(status, "VmHWM"))
            if json.loads(line)["event"] == "progress":
                samples.append(_field(status, "VmRSS"))
    if process.returncode or not samples:
        raise MatteboxError(f"mattebox key ended with {process.returncode}; nothing to measure")
    return MemoryUse(tuple(samples), max(peak, *samples))


def _field(status: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return 0 if found is None else int(found[1])  # a process that just ended has none


def plot_memory(samples: Sequence[int], path: Path) -> None:
    """Resident memory over the frames as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.plot(range(1, len(samples) + 1), [kib / 1024.0 for kib in samples])
    axes.set_xlabel("finished frames")
    axes.set_ylabel("resident memory, MiB")
    axes.set_ylim(0.0, 1.2 * max(samples) / 1024.0)
    axes.grid(visible=True, alpha=0.3)
    figure.savefig(path, dpi=100)
