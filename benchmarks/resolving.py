"""How much better alpha gets by solving a network's alpha again against a clean plate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.composites import CLEAN, MEASURED
from mattebox.bench.methods import run_job
from mattebox.bench.shots import SPACE, BenchShot
from mattebox.frames import read_matte
from mattebox.job import Job
from mattebox.measure import metrics

TARGET = 0.35
"""Solved error over the network's own, at most: a prototype of the solver reached 0.26 on twelve
shots of the same kinds of edges and backgrounds."""


@dataclass(frozen=True)
class Resolved:
    """One shot: errors of alpha against the truth, SAD / 1e3 over the whole frame.

    Attributes:
        shot: its name.
        network: error of the network's own alpha (``net.A``).
        solved: error of the written alpha.
        seconds: per frame, wall-clock, the network included.
    """

    shot: str
    network: float
    solved: float
    seconds: float

    @property
    def background(self) -> str:
        """What stands behind the subject: the last word of the shot's name."""
        return self.shot.rpartition("_")[2]


def resolve(
    shots: Sequence[BenchShot], weights: Path, folder: Path, *, threads: int
) -> Iterator[Resolved]:
    """Key each shot with rvm and its clean plate, and measure the last frame.

    Args:
        shots: as ``write_composites`` makes them.
        weights: of rvm.
        folder: where keyed frames go.
        threads: for arithmetic.
    """
    for shot in shots:
        out = folder / shot.name
        clean = shot.passes[CLEAN]
        job = Job.checked(
            {
                "plate": str(shot.plate.pattern),
                "output": str(out / "keyed.####.exr"),
                "clean_plate": str(clean.path(clean.frames[0])),
                "weights": str(weights),
                "colour": {"in_space": SPACE},
                "device": "cpu",
                "threads": threads,
                "settings": {"engine": "rvm", "passes": ["net"]},
            }
        )
        keyed = run_job(job, shot.plate.frames)
        written = out / f"keyed.{MEASURED:04d}.exr"
        truth = shot.truth.read(MEASURED)[..., 3]
        network, solved = (
            metrics.sad(read_matte(written, channel).pixels[..., 0], truth)
            for channel in ("net.A", "A")
        )
        assert keyed.whole_seconds is not None
        yield Resolved(shot.name, network, solved, keyed.whole_seconds)


@dataclass(frozen=True)
class Mean:
    """Means over several shots.

    Attributes:
        name: which shots.
        network, solved: mean errors, SAD / 1e3.
    """

    name: str
    network: float
    solved: float

    @property
    def ratio(self) -> float | None:
        """Solved over network error; None where the network has none."""
        return self.solved / self.network if self.network > 0.0 else None


def means(resolved: Sequence[Resolved]) -> tuple[Mean, ...]:
    """Of the shots of each background, then of all; a mean hides where solving again harms."""
    backgrounds = dict.fromkeys(shot.background for shot in resolved)
    groups = {name: [shot for shot in resolved if shot.background == name] for name in backgrounds}
    groups["all"] = list(resolved)
    return tuple(
        Mean(
            name,
            sum(shot.network for shot in group) / len(group),
            sum(shot.solved for shot in group) / len(group),
        )
        for name, group in groups.items()
    )
