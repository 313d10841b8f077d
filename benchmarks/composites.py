"""Shots made of a portrait: four kinds of edges over three seeded backgrounds, in linear light.

Each is a bench shot (``mattebox.bench.shots``) on disk: truth, a clean plate with its own grain,
and the pass to key with other grain on every frame.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.portrait import Edge, Portrait, filled_foreground, with_edge
from benchmarks.writing import as_stored, write_shot
from mattebox.bench.grain import with_grain

Pixels = NDArray[np.float32]

KEYED, CLEAN, TRUTH = "grain", "plate_grain", "fg"

FRAMES = (1, 2, 3, 4)
"""The still subject four times under changing grain. One frame is not enough: a recurrent network
starts from an empty memory, and grain is measured between neighbours. The last one is measured."""

MEASURED = FRAMES[-1]

_SEED = 52_000


class Background(enum.StrEnum):
    """What stands behind the subject."""

    GREEN = "green"
    BLUE = "blue"
    WALL = "wall"


_COLOURS = {
    # Means of the rendered test screens (manifest ``screen_mean_rgb``), mirrored for blue; a warm
    # interior wall of about 0.27.
    Background.GREEN: (0.08, 0.43, 0.11),
    Background.BLUE: (0.07, 0.11, 0.43),
    Background.WALL: (0.33, 0.27, 0.21),
}


def background(kind: Background, height: int, width: int) -> Pixels:
    """HxWx3 linear Rec.709: an unevenly lit cloth, or a wall with stains and panels."""
    random = np.random.default_rng(_SEED + 1 + list(Background).index(kind))

    def noise(*sigma: float) -> NDArray[np.float64]:
        smooth = ndimage.gaussian_filter(random.standard_normal((height, width)), sigma)
        return np.asarray((smooth - smooth.mean()) / smooth.std())

    colour = np.asarray(_COLOURS[kind])
    if kind is not Background.WALL:
        light = 1.0 + 0.12 * noise(height / 4, width / 4) + 0.03 * noise(24.0, 5.0)
        return np.asarray(np.maximum(light, 0.3)[..., None] * colour, np.float32)
    light = 1.0 + 0.25 * noise(60.0, 60.0) + 0.10 * noise(8.0, 8.0) + 0.05 * noise(1.2, 1.2)
    light[:, :: max(width // 9, 2)] *= 0.45
    light[:: max(height // 4, 2)] *= 0.55
    tint = 1.0 + 0.08 * np.stack([noise(30.0, 30.0) for _ in range(3)], axis=2)
    return np.asarray(np.maximum(light, 0.1)[..., None] * tint * colour, np.float32)


def write_composites(portrait: Portrait, folder: Path) -> Iterator[Path]:
    """Write the twelve shots, each into a folder of its own; yields the folders.

    Raises:
        WriteError: a folder cannot be made, or a frame not be written.
    """
    foreground = filled_foreground(portrait)
    height, width = portrait.matte.shape
    for number, (edge, kind) in enumerate((e, b) for e in Edge for b in Background):
        # As files hold it: the composite below is of what the truth's file says.
        truth = as_stored(with_edge(portrait, foreground, edge))
        plate = as_stored(background(kind, height, width))
        composite = truth[..., :3] + (1.0 - truth[..., 3:]) * plate
        seed = _SEED + 100 * (number + 1)
        passes = {
            TRUTH: dict.fromkeys(FRAMES, truth),
            KEYED: {frame: with_grain(composite, seed + frame) for frame in FRAMES},
            CLEAN: {FRAMES[0]: with_grain(plate, seed)},
        }
        yield write_shot(folder / f"{edge}_{kind}", passes, key=KEYED)
