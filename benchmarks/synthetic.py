"""Shots drawn by a seeded recipe, with exact truth: what a solver tuned on others may spoil.

Each frame is I = fg + (1 - a) plate + spill, then grain, all in linear Rec.709. ``fg`` is the mean
over an open shutter of 180 degrees, light and cover alike.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.composites import background
from benchmarks.recipes import RECIPES, Recipe
from benchmarks.shapes import LINES, Canvas, Plane, blurred
from benchmarks.writing import as_stored, write_shot
from mattebox.bench.grain import with_grain
from mattebox.bench.shots import TRUTH

Pixels = NDArray[np.float32]

KEYED, CLEAN = "grain", "plate_grain"

SIZE = Canvas(180, 320)
SHUTTER = 0.5  # of a frame: 180 degrees, the film standard
EDGE_REACH = 6.0  # units: how far a screen's light wraps around a subject
SCATTER_REACH = 10.0  # units: over which smoke mixes the screen's light


def write_synthetic(name: str, folder: Path, *, length: int, size: Canvas = SIZE) -> Path:
    """Write one of ``RECIPES`` into a folder of its own in ``folder``; returns that.

    Args:
        name: of the recipe.
        folder: where shots lie side by side.
        length: frames.
        size: of the pictures.

    Raises:
        WriteError: a file cannot be written.
    """
    recipe = RECIPES[name]
    seed = zlib.crc32(name.encode())  # a recipe added beside it changes no shot
    plate = _screen(recipe, size)
    passes: dict[str, dict[int, Pixels]] = {TRUTH: {}, KEYED: {}}
    for frame in range(1, length + 1):
        subject = as_stored(_exposed(recipe, size, frame))
        truth = subject[..., :4]
        spill = _spill(recipe, subject, plate, size)
        light = truth[..., :3] + (1.0 - truth[..., 3:]) * plate + spill
        passes[TRUTH][frame] = truth
        passes[KEYED][frame] = with_grain(light, seed + frame)
    passes[CLEAN] = {1: with_grain(plate, seed)}
    return write_shot(folder / name, passes, key=KEYED)


def _screen(recipe: Recipe, size: Canvas) -> Pixels:
    plate = background(recipe.screen, size.height, size.width)
    middle = (recipe.unevenness + 1.0) / 2.0
    fall = np.linspace(recipe.unevenness, 1.0, size.width) / middle
    rows, columns = size.grid()
    away = ((rows / LINES - 0.5) ** 2 + (columns / size.middle / 2.0 - 0.5) ** 2) * 2.0
    vignette = 1.0 / (1.0 + (1.0 / recipe.corners - 1.0) * away)  # 1 in the middle
    return as_stored(plate * (fall * vignette)[..., None])


def _exposed(recipe: Recipe, size: Canvas, frame: int) -> Plane:
    """HxWx5: the subject while the shutter is open."""
    times: Iterable[float] = frame + SHUTTER * np.arange(recipe.samples) / recipe.samples
    return np.asarray(np.mean([recipe.subject(size, float(time)) for time in times], axis=0))


def _spill(
    recipe: Recipe, subject: NDArray[np.floating[Any]], plate: Pixels, size: Canvas
) -> Plane:
    """HxWx3: the screen's light that comes by way of the subject HxWx5."""
    alpha, scatter = subject[..., 3].astype(np.float64), subject[..., 4:].astype(np.float64)
    outline = alpha * (1.0 - blurred(alpha, EDGE_REACH, size))
    light = recipe.edge_spill * outline[..., None] * plate.mean(axis=(0, 1), dtype=np.float64)
    return np.asarray(light + scatter * blurred(plate.astype(np.float64), SCATTER_REACH, size))
