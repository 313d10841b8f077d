"""How many frames an engine with memory must see until a chunk agrees with the whole clip.

Real clips are short, so a clip is played forward and back under a slow pan and zoom that never
repeats: the subject moves, leaves nothing still, and the clip has no end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from mattebox.bench.light import srgb_encoded
from mattebox.engines.base import Engine, EngineInput

Pixels = NDArray[np.float32]

FRAMES = 136
FIRST_CHUNK = 40
"""Chunks begin after this frame: before it a preroll would reach the clip's own start."""
CHUNK = 24
PREROLLS = (4, 6, 8, 10, 12, 16, 20, 24, 32, 40)
TOLERANCE = 1.0 / 2048.0
"""Largest mean difference of alpha of a frame: one step of a half float just below 1."""

ZOOM = 0.15  # share of the picture by which it comes nearer and goes
PAN = 0.08  # share of the half width by which it wanders
_SEED = 77


@dataclass(frozen=True)
class Agreement:
    """How well chunks with a preroll agree with the whole clip; differences of alpha 0..1.

    Attributes:
        preroll: frames seen before a chunk.
        mean: the largest mean over a frame.
        p999: the largest 99.9th percentile of a frame.
        maximum: of all pixels of all frames.
        worst_place: how far into its chunk the frame with the largest mean is, 0 = its first.
    """

    preroll: int
    mean: float
    p999: float
    maximum: float
    worst_place: int


def moving_clip(pictures: Sequence[Pixels], count: int = FRAMES) -> Iterator[torch.Tensor]:
    """Frames [1,3,H,W], display-encoded 0..1, of pictures HxWx3 in linear Rec.709.

    Seeded: the same pictures always give the same clip.
    """
    phases = np.random.default_rng(_SEED).uniform(0.0, 2.0 * math.pi, 3)
    period = max(2 * len(pictures) - 2, 1)
    for frame in range(count):
        place = frame % period
        picture = pictures[place if place < len(pictures) else period - place]
        encoded = torch.from_numpy(srgb_encoded(picture).astype(np.float32))
        # three slow waves of periods that share no multiple within the clip
        waves = [
            math.sin(2.0 * math.pi * frame / p + phases[i]) for i, p in enumerate((47, 61, 83))
        ]
        scale = 1.0 - ZOOM * (0.5 + 0.5 * waves[0])
        matrix = torch.tensor([[[scale, 0.0, PAN * waves[1]], [0.0, scale, PAN * waves[2]]]])
        planes = encoded.permute(2, 0, 1)[None]
        grid = F.affine_grid(matrix, list(planes.shape), align_corners=False)
        yield F.grid_sample(planes, grid, padding_mode="reflection", align_corners=False)


def measure_prerolls(
    engine: Engine[Any],
    clip: Sequence[torch.Tensor],
    prerolls: Sequence[int] = PREROLLS,
    *,
    first: int = FIRST_CHUNK,
    chunk: int = CHUNK,
) -> Iterator[Agreement]:
    """One row per preroll, as they are done.

    Args:
        engine: with memory; its state starts empty.
        clip: frames [1,3,H,W], display-encoded.
        prerolls: frames to see before a chunk; at most ``first``.
        first: the first chunk's first frame.
        chunk: frames in a chunk.
    """
    whole = list(_alphas(engine, clip))
    starts = range(first, len(clip), chunk)
    for preroll in prerolls:
        worst = Agreement(preroll, -1.0, 0.0, 0.0, 0)
        for start in starts:
            end = min(start + chunk, len(clip))
            kept = list(_alphas(engine, clip[start - preroll : end]))[preroll:]
            for place, alpha in enumerate(kept):
                difference = (alpha - whole[start + place]).abs().flatten()
                mean = float(difference.mean())
                p999 = float(difference.quantile(0.999))
                worst = Agreement(
                    preroll,
                    max(mean, worst.mean),
                    max(p999, worst.p999),
                    max(float(difference.max()), worst.maximum),
                    place if mean > worst.mean else worst.worst_place,
                )
        yield worst


def least_preroll(rows: Sequence[Agreement]) -> int | None:
    """The smallest preroll from which on all rows stay within the tolerance; None where none is."""
    enough = None
    for row in sorted(rows, key=lambda row: row.preroll, reverse=True):
        if row.mean > TOLERANCE:
            break
        enough = row.preroll
    return enough


def plot_prerolls(curves: Sequence[tuple[str, Sequence[Agreement]]], path: Path) -> None:
    """Mean and 99.9th percentile over the preroll, one curve per clip (PNG)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for index, (name, rows) in enumerate(curves):
        frames = [row.preroll for row in rows]
        colour = f"C{index}"
        axes.semilogy(frames, [row.mean for row in rows], "o-", color=colour, label=f"{name}, mean")
        axes.semilogy(
            frames, [row.p999 for row in rows], "^:", color=colour, label=f"{name}, 99.9 %"
        )
    axes.axhline(TOLERANCE, color="black", linewidth=0.8, label="1/2048")
    axes.set_xlabel("preroll, frames")
    axes.set_ylabel("alpha, chunk against whole clip (worst frame)")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=110)


def _alphas(engine: Engine[Any], clip: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
    state = None
    for frame in clip:
        prediction, state = engine.predict(EngineInput(linear=frame, encoded=frame), state)
        yield prediction.alpha
