"""What a job takes from file to file, beside its slowest stage, a plain copy, and other keyers.

Every way is a process of its own, and they take turns: what else runs on the machine meets all
alike. So ratios say more than seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save_file

from benchmarks.grainy import SPACES, write_clean_plate, write_plates
from benchmarks.shapes import Canvas
from mattebox.bench import blender, chromakey
from mattebox.bench.engines import seeded_network
from mattebox.engines.checkpoints import NetworkName
from mattebox.errors import MatteboxError, UsageError
from mattebox.frames import read_frame
from mattebox.sequences import find_sequence
from mattebox.settings import EngineName

OURS, BEFORE, ALONE = "mattebox key", "mattebox key, before", "slowest stage alone"
COPY, CHROMAKEY, BLENDER = "copy EXR to EXR", "ffmpeg chromakey", "Blender Keying"
LOOP = ("read", "colour", "engine", "matte", "write")
"""Stages of a frame; what else a run does is done once."""

NETWORKS: dict[EngineName, NetworkName | None] = {
    EngineName.SCREEN: None,
    EngineName.RVM: "rvm_mobilenetv3",
    EngineName.BGMV2: "bgmv2_mobilenetv2",
}
"""What is measured. Weights are seeded random numbers; what a network has learned costs nothing."""

SIMILARITY, BLEND = 0.10, 0.06  # as in benchmarks.real: what suits most screens
_TOLD = 600  # characters of what a failed process said that are handed on
_RSS_PER_MIB = 1024.0 if sys.platform != "darwin" else 2.0**20  # KiB, and bytes on macOS


@dataclass(frozen=True)
class Cost:
    """What one process took.

    Attributes:
        seconds: from its start to its end.
        cpu_seconds: computed by all its threads.
        peak: its largest resident memory in MiB.
        said: its standard output.
    """

    seconds: float
    cpu_seconds: float
    peak: float
    said: str = ""


@dataclass
class Measured:
    """One job, measured in several rounds.

    Attributes:
        name: of the job: size and space.
        frames: how many.
        costs: by the name of the way, one entry per round.
        written: bytes of the frames by the name of the way, where it wrote some.
        stages: wall and CPU seconds of each stage alone, one entry per round.
        clocks: what our command's end line said, one entry per round.
        gaps: longest times in ms that stages kept the interpreter's lock.
    """

    name: str
    frames: int
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    stages: list[dict[str, dict[str, float]]] = field(default_factory=list)
    clocks: list[dict[str, Any]] = field(default_factory=list)
    gaps: dict[str, list[float]] = field(default_factory=dict)

    def slowest(self) -> str:
        """The stage that takes longest on its own, by the median of the rounds."""
        names = self.stages[0]["seconds"]
        return max(names, key=lambda name: self.stage_median(name, "seconds"))

    def stage_median(self, name: str, kind: str) -> float:
        """The median of a stage alone; ``kind`` is ``seconds`` or ``cpu_seconds``."""
        return statistics.median(round_[kind][name] for round_ in self.stages)

    def loop_seconds(self) -> list[float]:
        """What our command's frames took from the first read to the last write, per round."""
        waited = [clock["waited_by_stage"] for clock in self.clocks]
        return [sum(float(stages.get(name, 0.0)) for name in LOOP) for stages in waited]

    def overlap(self) -> float:
        """Wall time of all frames to that of the slowest stage alone: the median over rounds."""
        slowest = self.slowest()
        pairs = zip(self.loop_seconds(), self.stages, strict=True)
        return statistics.median(loop / alone["seconds"][slowest] for loop, alone in pairs)

    def write_share(self) -> float:
        """CPU time of writing to that of all stages, each alone: the median over rounds."""
        return statistics.median(
            round_["cpu_seconds"]["write"] / sum(round_["cpu_seconds"].values())
            for round_ in self.stages
        )

    def ratio(self, name: str, other: str, kind: str = "seconds") -> float:
        """How many times as much a way took as another: the median over rounds."""
        pairs = zip(self.costs[name], self.costs[other], strict=True)
        ratios = [float(getattr(a, kind)) / float(getattr(b, kind)) for a, b in pairs]
        return statistics.median(ratios)

    def median(self, name: str, kind: str) -> float:
        """The median over rounds of ``seconds``, ``cpu_seconds`` or ``peak`` of a way."""
        return statistics.median(float(getattr(cost, kind)) for cost in self.costs[name])


def measure_whole(
    sizes: Iterable[Canvas],
    *,
    spaces: Sequence[str] = tuple(SPACES),
    engines: Sequence[EngineName],
    frames: int = 24,
    rounds: int = 1,
    threads: int,
    before: Path | None = None,
) -> Iterable[Measured]:
    """Measure jobs of each size, space and engine; yields each when it is done.

    Args:
        sizes: of the pictures.
        spaces: short names of ``SPACES``.
        engines: of ``NETWORKS``.
        frames: of each job.
        rounds: how often each way is taken, in turns.
        threads: of the arithmetic.
        before: another checkout of this repository, whose command is measured in the same turns.

    Raises:
        UsageError: the system does not say what a process took (Windows).
        MatteboxError: a way failed.
    """
    if sys.platform == "win32":
        raise UsageError(
            "memory and time of processes are asked of getrusage, which Windows does not have",
            next_step="run python -m benchmarks whole on Linux or macOS",
        )
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="mattebox-whole-") as made:
            folder = Path(made)
            plates = write_plates(folder / "plates", size, frames, spaces)
            for space in spaces:
                for engine in engines:
                    work = folder / f"{space}-{engine}"
                    work.mkdir()
                    words = engine_words(engine, work, size, SPACES[space])
                    job = _Job(plates[space], SPACES[space], words, threads, work)
                    name = f"{size.width}x{size.height} {space} {engine}"
                    yield _measured(job, name, frames, rounds, before)
                    shutil.rmtree(work)


def engine_words(
    engine: EngineName, folder: Path, size: Canvas, space: str
) -> tuple[str | Path, ...]:
    """What the command line says of an engine that keys the drawn plates.

    Weights and the clean plate that it wants are written into the folder.
    """
    words: tuple[str | Path, ...] = ("--engine", engine)
    network = NETWORKS[engine]
    if network is None:
        return (*words, "--screen", "green")
    weights = folder / f"{network}.safetensors"
    save_file(seeded_network(network).state_dict(), weights)
    words = (*words, "--weights", weights)
    if engine is not EngineName.BGMV2:
        return words
    clean = folder / "clean.exr"
    write_clean_plate(clean, size, space)
    return (*words, "--clean-plate", clean)


@dataclass(frozen=True)
class _Job:
    """A plate to key, how, and where everything about it goes."""

    plate: Path
    space: str
    engine: tuple[str | Path, ...]
    threads: int
    folder: Path

    def prepared(self, name: str, checkout: Path | None) -> Path:
        """A prepared job of its own for a version of the command, whose output is ``name``."""
        job = self.folder / f"{name}.json"
        asked = (
            *("key", str(self.plate), "-o", str(self.folder / name) + os.sep),
            *(*map(str, self.engine), "--in-space", self.space),
            *("--device", "cpu", "--threads", str(self.threads), "--write-job", str(job)),
        )
        cost_of((*_MATTEBOX, *asked), _environment(checkout))
        return job


_MATTEBOX = (sys.executable, "-m", "mattebox")


def _environment(checkout: Path | None) -> dict[str, str]:
    """Of a process that runs this version of Mattebox, or that of another checkout."""
    if checkout is None:
        return dict(os.environ)
    parts = os.pathsep.join(str(checkout / part) for part in ("core", "ocio"))
    return {**os.environ, "PYTHONPATH": parts}


_LAUNCHER = """
import json, os, resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL).returncode
seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as told:
    json.dump([seconds, used.ru_utime + used.ru_stime, used.ru_maxrss], told)
sys.exit(code if code >= 0 else 128 - code)
"""
"""A small process between: what ours holds in memory would count as its child's peak."""


def cost_of(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a process to its end. Raises MatteboxError with what it said if it fails."""
    with tempfile.TemporaryDirectory(prefix="mattebox-cost-") as folder:
        told = Path(folder) / "cost.json"
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [sys.executable, "-S", "-c", _LAUNCHER, str(told), *arguments],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
        )
        if done.returncode:
            raise MatteboxError(
                f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-_TOLD:]}"
            )
        seconds, cpu_seconds, peak = json.loads(told.read_text(encoding="utf-8"))
    return Cost(seconds, cpu_seconds, peak / _RSS_PER_MIB, done.stdout)


def _measured(job: _Job, name: str, frames: int, rounds: int, before: Path | None) -> Measured:
    measured = Measured(name, frames)
    ours, alone = job.prepared("ours", None), job.prepared("alone", None)
    earlier = None if before is None else job.prepared("before", before)

    def took(way: str, cost: Cost) -> None:
        measured.costs.setdefault(way, []).append(cost)

    for _ in range(rounds):
        key = (*_MATTEBOX, "key", "--force", "--json", "--job")
        took(OURS, cost_of((*key, str(ours))))
        measured.clocks.append(json.loads(measured.costs[OURS][-1].said.splitlines()[-1]))
        if earlier is not None:
            took(BEFORE, cost_of((*key, str(earlier)), _environment(before)))
        stages = cost_of((sys.executable, "-m", "benchmarks.alone", str(alone)))
        took(ALONE, stages)
        found = json.loads(stages.said)
        measured.stages.append({kind: found[kind] for kind in ("seconds", "cpu_seconds")})
        for stage, gaps in found["gaps"].items():
            known = measured.gaps.get(stage, [])
            measured.gaps[stage] = sorted((*known, *gaps), reverse=True)[: len(gaps)]
        took(COPY, _copied(job))
        for way, cost in _others(job):
            took(way, cost)
    for way, folder in ((OURS, "ours"), (BEFORE, "before"), (COPY, "copy"), (CHROMAKEY, "ffmpeg")):
        if way in measured.costs:
            written = (job.folder / folder).glob("*.exr")
            measured.written[way] = sum(path.stat().st_size for path in written)
    return measured


def _copied(job: _Job) -> Cost:
    """OpenImageIO's own tool reads our frames with all their layers and writes them again."""
    target = job.folder / "copy"
    target.mkdir(exist_ok=True)
    files = sorted((job.folder / "ours").glob("*.exr"))
    tool = Path(sys.executable).with_name("oiiotool")
    if not tool.is_file():
        raise UsageError(
            f"{tool} is not there", next_step="install OpenImageIO's wheel, which brings it"
        )
    each = [(str(path), "-o", str(target / path.name), "--pop") for path in files]
    arguments = [argument for one in each for argument in one]
    threads = ("--threads", str(job.threads))
    return cost_of((str(tool), *threads, *arguments))


def _others(job: _Job) -> Iterable[tuple[str, Cost]]:
    """The keyers that this machine has; they are told the screen's colour, and know no spaces."""
    sequence = find_sequence(str(job.plate))
    files = [sequence.path(number) for number in sequence.frames]
    light = np.asarray(read_frame(files[0]).pixels[:32, :32], np.float32)
    ffmpeg = chromakey.find_ffmpeg()
    if ffmpeg is not None:
        target = job.folder / "ffmpeg"
        target.mkdir(exist_ok=True)
        settings = chromakey.ChromaKey(chromakey.key_colour(light), SIMILARITY, BLEND)
        pattern = str(job.plate).replace("####", "%04d")
        taken = ("-vf", f"{settings.filter},format=gbrapf32le", "-c:v", "exr")
        stored = ("-format", "half", "-compression", "zip16", str(target / "keyed.%04d.exr"))
        threads = ("-threads", str(job.threads))
        quiet = (str(ffmpeg), "-v", "error", "-nostdin", "-y", *threads)
        yield CHROMAKEY, cost_of((*quiet, "-i", pattern, *taken, *threads, *stored))
    python = blender.find_bpy_python()
    if python is not None:
        yield BLENDER, _blended(python, job, files, light)


def _blended(python: Path, job: _Job, files: Sequence[Path], light: np.ndarray[Any, Any]) -> Cost:
    target = job.folder / "blender"
    target.mkdir(exist_ok=True)
    asked, answered = target / "orders.json", target / "answer.json"
    frames = [{"source": str(path), "target": str(target / path.name)} for path in files]
    colour = [float(value) for value in light.reshape(-1, light.shape[-1]).mean(axis=0)]
    orders = {"colour": colour, "runs": [{"settings": {}, "frames": frames}]}
    asked.write_text(json.dumps(orders), encoding="utf-8")
    script = target / "blender_keying.py"  # a copy: its folder comes first on Python's path
    shutil.copyfile(Path(blender.__file__).with_name(script.name), script)
    cost = cost_of((str(python), str(script), str(asked), str(answered)))
    if not answered.is_file():  # Blender may end with 0 after an error in a script
        raise MatteboxError(f"{python} ended without an answer: {cost.said[-_TOLD:]}")
    return cost
