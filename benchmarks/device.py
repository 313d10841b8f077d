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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from benchmarks.grainy import LINEAR, write_clean_plate, write_plates
from benchmarks.shapes import Canvas
from benchmarks.whole import LOOP, Cost, cost_of
from mattebox.bench.engines import seeded_network
from mattebox.devices import choose_device
from mattebox.engines.checkpoints import NetworkName
from mattebox.errors import DeviceError
from mattebox.job import Job
from mattebox.settings import EngineName, Pass

NETWORKS: dict[EngineName, NetworkName | None] = {
    EngineName.SCREEN: None,
    EngineName.RVM: "rvm_mobilenetv3",
    EngineName.BGMV2: "bgmv2_mobilenetv2",
}
"""What is measured. Weights are seeded random numbers; what a network has learned costs nothing."""

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
    choose_device(device)
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="mattebox-device-") as made:
            folder = Path(made)
            plate = _plates(folder / "plates", size, frames)
            clean = folder / "clean.exr"
            write_clean_plate(clean, size)
            for engine in engines:
                job = folder / f"{engine}.json"
                given = ("--screen", "green") if engine is EngineName.SCREEN else ()
                if engine is EngineName.BGMV2:
                    given = ("--clean-plate", str(clean))
                network = NETWORKS[engine]
                if network is not None:
                    weights = folder / f"{network}.safetensors"
                    save_file(seeded_network(network).state_dict(), weights)
                    given = (*given, "--weights", str(weights))
                asked = ("key", str(plate), "-o", f"{folder / engine}{os.sep}")
                how = ("--engine", engine, "--in-space", LINEAR, *given)
                where = ("--device", device, "--threads", str(threads), "--write-job", str(job))
                cost_of((*_MATTEBOX, *asked, *how, *where))
                prepared = Job.read(job)
                for kind in layers:
                    settings = prepared.settings.model_copy(update=PASSES[kind])
                    prepared.model_copy(update={"settings": settings}).write(job, overwrite=True)
                    yield _keyed(job, size, engine, kind, frames, watched=device != "cpu")


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
    job: Path, size: Canvas, engine: str, layers: str, frames: int, *, watched: bool
) -> Keyed:
    watch = _Watch()
    key = (*_MATTEBOX, "key", "--force", "--overwrite", "--json", "--job", str(job))
    if watched:
        with watch.looking():
            cost = cost_of(key)
    else:
        cost = cost_of(key)
    said: dict[str, Any] = json.loads(cost.said.splitlines()[-1])
    clock = {"computed": said["seconds_by_stage"], "waited": said["waited_by_stage"]}
    looks = watch.looks() if watched else None
    return Keyed(size, engine, layers, frames, cost, clock, looks)


@dataclass
class _Watch:
    """Looks at the first GPU, by nvidia-smi, while something else runs."""

    _seen: list[tuple[float, float, float]] = field(default_factory=list)

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look until the block ends. Raises DeviceError where nvidia-smi cannot be started."""
        asked = ("--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", "-i=0")
        often = f"-lms={int(1000 * _EVERY)}"
        try:
            process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
                ["nvidia-smi", *asked, often],  # noqa: S607 - where the driver put it
                stdout=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise DeviceError(
                f"nvidia-smi cannot be started: {error.strerror}",
                next_step="run this where NVIDIA's driver is, or say --device cpu",
            ) from error
        reading = threading.Thread(target=self._read, args=(process,), daemon=True)
        reading.start()
        try:
            yield
        finally:
            process.terminate()
            process.wait()
            reading.join()

    def looks(self) -> Looks:
        """What was seen. Raises DeviceError where that was nothing."""
        if not self._seen:
            raise DeviceError("nvidia-smi said nothing", next_step="try it by hand: nvidia-smi")
        steps = zip(self._seen, self._seen[1:], strict=False)
        busy = sum((two[0] - one[0]) * two[1] / 100.0 for one, two in steps)
        return Looks(busy, max(one[2] for one in self._seen) - self._seen[0][2])

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            used, memory = (float(one) for one in line.split(","))
            self._seen.append((time.perf_counter(), used, memory))


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
