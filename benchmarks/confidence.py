"""Is confidence honest? Alpha's error in bands of ``conf``: high confidence must mean low error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

EDGES = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99, 1.0)
"""Bands get finer where most pixels are; the last one holds its upper end."""


@dataclass(frozen=True)
class Band:
    """Pixels of one band of confidence.

    Attributes:
        low, high: the band, 0..1.
        share: part of all pixels in it, 0..1.
        mean: mean absolute error of alpha; None where no pixel is in the band.
        p95: the error that 95 % of its pixels stay below, or None.
    """

    low: float
    high: float
    share: float
    mean: float | None
    p95: float | None


def confidence_bands(
    frames: Iterable[tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]],
) -> tuple[Band, ...]:
    """Errors by confidence over all frames.

    Args:
        frames: confidence, alpha and true alpha of each frame, HxW float32 0..1.
    """
    errors: list[list[NDArray[np.float32]]] = [[] for _ in EDGES[1:]]
    for confidence, alpha, truth in frames:
        error = np.abs(alpha - truth)
        band = np.clip(np.searchsorted(EDGES, confidence, side="right") - 1, 0, len(errors) - 1)
        for index, held in enumerate(errors):
            held.append(error[band == index])
    joined = [np.concatenate(held) if held else np.zeros(0, np.float32) for held in errors]
    total = sum(part.size for part in joined) or 1
    return tuple(
        Band(
            low,
            high,
            part.size / total,
            float(part.mean()) if part.size else None,
            float(np.percentile(part, 95.0)) if part.size else None,
        )
        for low, high, part in zip(EDGES[:-1], EDGES[1:], joined, strict=True)
    )


def plot_bands(curves: Sequence[tuple[str, tuple[Band, ...]]], path: Path) -> None:
    """One curve per shot: mean and 95th percentile of the error over confidence, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axes = figure.subplots()
    for name, bands in curves:
        seen = [
            ((band.low + band.high) / 2.0, band.mean, band.p95)
            for band in bands
            if band.mean is not None and band.p95 is not None
        ]
        middle = [place for place, _, _ in seen]
        (line,) = axes.plot(
            middle, [mean for _, mean, _ in seen], marker="o", label=f"{name}: mean"
        )
        axes.plot(
            middle,
            [p95 for _, _, p95 in seen],
            linestyle=":",
            color=line.get_color(),
            label=f"{name}: 95 % stay below",
        )
    axes.set_xlabel("confidence (conf.A)")
    axes.set_ylabel("absolute error of alpha")
    axes.set_ylim(bottom=0.0)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110)
