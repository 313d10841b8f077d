"""How many frames a second go from file to file where a GPU keys, and how much of it that takes.

The files are read and written by the cores beside it: what is waited for says which of the two a
shot is held up by.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.grainy import LINEAR, write_plates
from benchmarks.shapes import Canvas
from benchmarks.whole import LOOP, Cost, cost_of, engine_words
from mattebox.devices import choose_device
from mattebox.errors import DeviceError
from mattebox.job import Job
from mattebox.settings import EngineName, Pass

ALL_LAYERS, RGBA_ALONE = "all", "rgba"
PASSES: dict[str, dict[str, tuple[Pass, ...]]] = {ALL_LAYERS: {}, RGBA_ALONE: {"passes": ()}}

DRAWN = 8  # frames of a plate that differ
_EVERY = 0.05  # seconds between two looks at the GPU
_MATTEBOX = (sys.executable, "-m", "mattebox")


@dataclass(frozen=True)
class Looks:
    """What a GPU was seen to do while a process ran; it is assumed to do nothing else.

    Attributes:
        busy: seconds in which it computed.
        memory: MiB of it at most, beyond what was taken before.
    """

    busy: float
    memory: float


@dataclass(frozen=True)
class Keyed:
    """A job from file to file.

    Attributes:
        size, engine, layers: what was keyed, with which engine, into what.
        frames: how many.
        cost: of the process.
        clock: seconds computed, and waited for, by stage, as the command tells them.
        looks: at the GPU; None where a CPU keyed.
    """

    size: Canvas
    engine: str
    layers: str
    frames: int
    cost: Cost
    clock: dict[str, dict[str, float]]
    looks: Looks | None

    @property
    def loop(self) -> float:
        """Seconds from the first read to the last write."""
        return sum(self.clock["waited"].get(stage, 0.0) for stage in LOOP)


def measure_device(
    device: str,
    sizes: Iterable[Canvas],
    *,
    engines: Sequence[EngineName],
    layers: Sequence[str],
    frames: int,
    threads: int,
) -> Iterator[Keyed]:
    """Key drawn grainy plates of each size with each engine; yields each job when it is done.

    Raises:
        DeviceError: there is no such device, or nvidia-smi, which looks at it, cannot be started.
        MatteboxError: a job failed.
    """
    chosen = choose_device(device)
    # Without a number nvidia-smi would tell of every card.
    card = None if chosen.kind == "cpu" else int(chosen.name.removeprefix("cuda:"))
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="mattebox-device-") as made:
            folder = Path(made)
            plate = _plates(folder / "plates", size, frames)
            for engine in engines:
                job = folder / f"{engine}.json"
                words = map(str, engine_words(engine, folder, size, LINEAR))
                asked = ("key", str(plate), "-o", f"{folder / engine}{os.sep}")
                how = (*words, "--in-space", LINEAR)
                where = ("--device", device, "--threads", str(threads), "--write-job", str(job))
                cost_of((*_MATTEBOX, *asked, *how, *where))
                prepared = Job.read(job)
                for kind in layers:
                    settings = prepared.settings.model_copy(update=PASSES[kind])
                    prepared.model_copy(update={"settings": settings}).write(job, overwrite=True)
                    yield _keyed(job, size, engine, kind, frames, card)


def _plates(folder: Path, size: Canvas, frames: int) -> Path:
    """Grainy frames, of which every ``DRAWN``-th is the same: drawing them takes far longer."""
    pattern = write_plates(folder, size, min(frames, DRAWN), ["linear"])["linear"]
    for number in range(DRAWN + 1, frames + 1):
        drawn = (number - 1) % DRAWN + 1
        one, other = (
            pattern.with_name(pattern.name.replace("####", f"{n:04d}")) for n in (drawn, number)
        )
        shutil.copyfile(one, other)
    return pattern


def _keyed(
    job: Path, size: Canvas, engine: str, layers: str, frames: int, card: int | None
) -> Keyed:
    key = (*_MATTEBOX, "key", "--force", "--overwrite", "--json", "--job", str(job))
    looks: Looks | None = None
    if card is None:
        cost = cost_of(key)
    else:
        with _looking(card) as seen:
            cost = cost_of(key)
        looks = looks_of(seen)
    said: dict[str, Any] = json.loads(cost.said.splitlines()[-1])
    clock = {"computed": said["seconds_by_stage"], "waited": said["waited_by_stage"]}
    return Keyed(size, engine, layers, frames, cost, clock, looks)


@contextmanager
def _looking(card: int) -> Iterator[list[tuple[float, str]]]:
    """What nvidia-smi says of a card until the block ends, each line with its time.

    Raises DeviceError where it cannot be started.
    """
    asked = ("--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits")
    often = (f"--id={card}", f"--loop-ms={int(1000 * _EVERY)}")
    try:
        process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            ["nvidia-smi", *asked, *often],  # noqa: S607 - where the driver put it
            stdout=subprocess.PIPE,
            text=True,
        )
    except OSError as error:
        raise DeviceError(
            f"nvidia-smi cannot be started: {error.strerror}",
            next_step="run this where NVIDIA's driver is, or say --device cpu",
        ) from error
    assert process.stdout is not None
    lines = process.stdout
    seen: list[tuple[float, str]] = []
    reading = threading.Thread(
        target=lambda: seen.extend((time.perf_counter(), line) for line in lines), daemon=True
    )
    reading.start()
    try:
        yield seen
    finally:
        process.terminate()
        process.wait()
        reading.join()
        lines.close()


def looks_of(seen: Sequence[tuple[float, str]]) -> Looks:
    """What lines of nvidia-smi add up to. Raises DeviceError where they say no numbers."""
    try:
        values = [(when, *(float(word) for word in line.split(","))) for when, line in seen]
        busy = sum((two[0] - one[0]) * two[1] / 100.0 for one, two in pairwise(values))
        return Looks(busy, max(memory for _, _, memory in values) - values[0][2])
    except ValueError as error:  # [N/A] of a card that is parted, or nothing at all
        said = seen[0][1].strip() if seen else "nothing"
        raise DeviceError(
            f"nvidia-smi does not say how busy the GPU is: {said}",
            expected="two numbers, of a whole card",
            next_step="try nvidia-smi --query-gpu=utilization.gpu,memory.used --format=csv",
        ) from error


_COLUMNS = (
    *("picture", "engine", "layers", "frames/s", "CPU s/frame", "MiB", "GPU MiB", "GPU at work"),
    *("waited for: read, key, write", "computed: read, key, write"),
)
_TEXTS = 3  # columns


def device_markdown(keyed: Sequence[Keyed]) -> str:
    """A table of the jobs."""
    rules = ["---"] * _TEXTS + ["---:"] * (len(_COLUMNS) - _TEXTS)
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|{'|'.join(rules)}|"]
    for one in keyed:
        looks = one.looks
        gpu = "- | -" if looks is None else f"{looks.memory:.0f} | {looks.busy / one.loop:.0%}"
        waited, computed = (
            " / ".join(f"{_stage(one.clock[kind], stage) / one.frames:.3f}" for stage in _STAGES)
            for kind in ("waited", "computed")
        )
        lines.append(
            f"| {one.size.width}x{one.size.height} | {one.engine} | {one.layers} "
            f"| {one.frames / one.loop:.2f} | {one.cost.cpu_seconds / one.frames:.2f} "
            f"| {one.cost.peak:.0f} | {gpu} | {waited} | {computed} |"
        )
    return "\n".join(lines) + "\n"


_STAGES = ("read", "key", "write")


def _stage(clock: dict[str, float], stage: str) -> float:
    parts = ("colour", "engine", "matte") if stage == "key" else (stage,)
    return sum(clock.get(part, 0.0) for part in parts)
