"""How soon a changed knob shows: `mattebox serve` beside one `mattebox key` of the same frame."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import count, cycle
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.grainy import write_plates
from benchmarks.shapes import Canvas
from mattebox.errors import MatteboxError
from mattebox.settings import KeySettings

FRAMES = 6
FRAME = 3
"""The one whose knobs are turned; it has a neighbour on either side."""

FEW = 3
"""Changes that have the shot analysed again: each takes as long as a dozen frames."""

NOTHING_KEPT = "1M"
"""Of frames but the last one, so that every other frame runs the network."""


class Change(StrEnum):
    """What is changed between two looks at a frame."""

    CONTROLS = "a matte or spill knob"
    LOOK = "a matte or spill knob, RGBA alone"
    NETWORK = "the frame: the network runs again"
    NETWORK_LOOK = "the frame, RGBA alone"
    ANALYSIS = "a knob of the analysis"


@dataclass(frozen=True)
class Looked:
    """How soon changes of one kind showed.

    Attributes:
        change: their kind.
        proxy: of the job.
        seconds: from each request to the end of its answer, the frame on disk.
        cpu_seconds: computed meanwhile by all threads of the process.
        alone: seconds of `mattebox key` of that frame as a process, the analysis given, in turns.
    """

    change: Change
    proxy: int
    seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]
    alone: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median change to the median process."""
        return statistics.median(self.seconds) / statistics.median(self.alone)


class _Served:
    """A process that serves one job."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._numbers = count()
        self._answer()  # it is ready

    def ask(self, frame: int, **more: Any) -> tuple[float, float]:
        """Seconds and CPU seconds of a request. Raises MatteboxError where it failed."""
        request = {"request": str(next(self._numbers)), "frame": frame, **more}
        assert self._process.stdin is not None
        began = perf_counter()
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        events = [self._answer()]
        while events[-1]["event"] != "end":
            events.append(self._answer())
        seconds = perf_counter() - began
        if events[-1]["exit_code"]:
            raise MatteboxError(f"mattebox serve did not key frame {frame}: {events[-2]}")
        if events[-1]["skipped"]:
            raise MatteboxError(f"mattebox serve skipped frame {frame}: nothing was measured")
        return seconds, float(events[-1]["cpu_seconds"])

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise MatteboxError(f"mattebox serve ended with {self._process.wait()}")
        said: dict[str, Any] = json.loads(line)
        return said


@contextmanager
def _served(*words: str) -> Iterator[_Served]:
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "mattebox", "serve", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield _Served(process)
        finally:
            process.kill()


def measure_preview(
    folder: Path, size: Canvas, proxies: tuple[int, ...], changes: int, threads: int
) -> Iterator[Looked]:
    """Turn knobs of one frame of a drawn, grainy green-screen shot.

    Args:
        folder: where plates and frames go.
        size: of the plates.
        proxies: of the jobs, 1 for full frames.
        changes: of a controls knob and of the frame; of an analysis knob there are ``FEW``.
        threads: of the job.

    Raises:
        MatteboxError: a frame could not be keyed.
    """
    plate = write_plates(folder, size, FRAMES, ["linear"])["linear"]
    for proxy in proxies:
        job = {
            "plate": str(plate),
            "output": f"{folder / f'proxy{proxy}'}/",
            "device": "cpu",
            "threads": threads,
            "settings": {"engine": "screen", "screen": "auto", "proxy": str(proxy)},
        }
        yield from _measured(job, folder / f"proxy{proxy}.json", proxy, changes)


def _measured(job: Mapping[str, Any], prepared: Path, proxy: int, changes: int) -> Iterator[Looked]:
    with _served() as kept, _served("--max-memory", NOTHING_KEPT) as solving:
        first = {"job": job, "prepared": str(prepared), "force": True}
        kept.ask(FRAME, **first)
        solving.ask(FRAME, **first)
        taken: dict[Change, list[tuple[float, float]]] = {change: [] for change in Change}
        alone = []
        others = cycle(range(2, FRAMES))
        whole, look = list(KeySettings().passes), list[str]()
        for number in range(changes):
            if number % max(1, changes // FEW) == 0:
                alone.append(_key(prepared))
                again = {"screen": f"#20{200 - len(alone):02x}30"}
                taken[Change.ANALYSIS].append(solving.ask(FRAME, settings=again))
                solving.ask(next(others), settings={"screen": "auto"}, force=True)
            turned = {"gamma": 1.0 + (number + 1) / 100.0, "despill": 1.0 - number / 100.0}
            for passes, controls, network in (
                (whole, Change.CONTROLS, Change.NETWORK),
                (look, Change.LOOK, Change.NETWORK_LOOK),
            ):
                asked = {**turned, "passes": passes}
                taken[controls].append(kept.ask(FRAME, settings=asked))
                asked = {"passes": passes}
                taken[network].append(solving.ask(next(others), settings=asked, force=True))
    for change in Change:
        seconds, cpu_seconds = zip(*taken[change], strict=True)
        yield Looked(change, proxy, seconds, cpu_seconds, tuple(alone))


def _key(prepared: Path) -> float:
    """Seconds of a process that keys the frame, its shot analysed already."""
    words = ["key", "--job", str(prepared), "--frames", str(FRAME), "--force"]
    began = perf_counter()
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "mattebox", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MatteboxError(f"mattebox key ended with {done.returncode}: {done.stderr.strip()}")
    return perf_counter() - began


def preview_markdown(rows: list[Looked]) -> str:
    """The rows as a table."""
    head = (
        "| changed | proxy | changes | median s | worst s | median CPU s | `mattebox key`, s | "
        "to it |"
    )
    lines = [head, "|---|---:|---:|---:|---:|---:|---:|---:|"]
    lines += [
        f"| {row.change} | {row.proxy} | {len(row.seconds)} "
        f"| {statistics.median(row.seconds):.2f} | {max(row.seconds):.2f} "
        f"| {statistics.median(row.cpu_seconds):.2f} | {statistics.median(row.alone):.2f} "
        f"| {row.ratio:.2f} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"
