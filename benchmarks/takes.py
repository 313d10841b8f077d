"""How wrong two takes are that do not register, moved onto each other and left as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.writing import as_stored, write_shot
from mattebox.bench.methods import read_keyed, run_job
from mattebox.bench.shots import TRUTH, BenchShot
from mattebox.job import Job
from mattebox.measure.metrics import mad

Pixels = NDArray[np.float32]

KINDS = ("jitter", "drift", "warp")
"""A shift of its own for each frame; one that grows with the frames; one of each place."""

AMOUNTS = (0.0, 0.5, 1.0, 2.0)
"""Pixels: the shift of a jitter, the largest of a drift, the root of the mean square of a warp."""

FRAMES = 6
WARP_SIGMA = 40.0
"""Pixels: how wide the parts are that a warp moves alike."""

SEED = 23


@dataclass(frozen=True)
class TakesError:
    """Mean absolute error of alpha x1e3 over all frames: as they are, and moved."""

    shot: str
    kind: str
    amount: float
    alone: float
    moved: float


def measure_takes(shot: BenchShot, folder: Path, *, threads: int) -> Iterator[TakesError]:
    """The first frames of a shot over black, and its moved truth over white, triangulated."""
    frames = shot.truth.frames[:FRAMES]
    truths = {frame: shot.truth.read(frame) for frame in frames}
    for kind in KINDS:
        for amount in AMOUNTS if kind == KINDS[0] else AMOUNTS[1:]:
            place = folder / f"{shot.name}_{kind}_{amount:g}"
            write_shot(place, _passes(truths, kind, amount), key="black")
            found = {fit: _error(place, truths, fit, threads) for fit in ("off", "auto")}
            yield TakesError(shot.name, kind, amount, found["off"], found["auto"])


def _passes(truths: dict[int, Pixels], kind: str, amount: float) -> dict[str, dict[int, Pixels]]:
    random = np.random.default_rng(SEED)
    black, white = {}, {}
    for place, (frame, truth) in enumerate(truths.items()):
        black[frame] = truth[..., :3]
        moved = _moved(truth, kind, amount, place / (len(truths) - 1), random)
        white[frame] = as_stored(moved[..., :3] + (1.0 - moved[..., 3:]))
    return {TRUTH: truths, "black": black, "white": white}


def _moved(
    truth: Pixels, kind: str, amount: float, time: float, random: np.random.Generator
) -> Pixels:
    """A premultiplied picture where the other take has it, sampled by splines of order 5."""
    if amount == 0.0:
        return truth
    height, width = truth.shape[:2]
    across: float | NDArray[np.float64]
    down: float | NDArray[np.float64]
    if kind == "warp":
        fields = [
            ndimage.gaussian_filter(random.standard_normal((height, width)), WARP_SIGMA)
            for _ in range(2)
        ]
        size = float(np.sqrt(sum((field * field).mean() for field in fields)))
        across, down = (amount * field / size for field in fields)
    else:
        angle = random.uniform(0.0, 2.0 * np.pi) if kind == "jitter" else 0.6
        length = amount if kind == "jitter" else amount * time
        across, down = length * np.cos(angle), length * np.sin(angle)
    y, x = np.mgrid[:height, :width].astype(float)
    channels = [
        ndimage.map_coordinates(
            truth[..., channel].astype(float), [y - down, x - across], order=5, mode="nearest"
        )
        for channel in range(4)
    ]
    moved = np.maximum(np.stack(channels, axis=-1), 0.0)
    moved[..., 3] = moved[..., 3].clip(0.0, 1.0)
    return np.asarray(moved, np.float32)


def _error(folder: Path, truths: dict[int, Pixels], fit: str, threads: int) -> float:
    job = Job.checked(
        {
            "plate": str(folder / "black/black.####.exr"),
            "output": str(folder / fit / "keyed.####.exr"),
            "clean_plate": "0,0,0",
            "plate2": str(folder / "white/white.####.exr"),
            "background2": "1,1,1",
            "device": "cpu",
            "threads": threads,
            "settings": {"engine": "triangulate", "register_plate": fit},
        }
    )
    run_job(job, list(truths))
    errors = [
        mad(read_keyed(folder / fit / f"keyed.{frame:04d}.exr")[..., 3], truth[..., 3])
        for frame, truth in truths.items()
    ]
    return float(np.mean(errors))


def takes_markdown(rows: Sequence[TakesError]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| shot | second take | pixels | as they are | moved | share |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        share = f"{row.moved / row.alone:.2f}" if row.amount > 0.0 else "-"
        lines.append(
            f"| {row.shot} | {row.kind} | {row.amount:g} | {row.alone:.2f} | {row.moved:.2f} | "
            f"{share} |"
        )
    return "\n".join(lines) + "\n"
