"""The sheet that one scene is drawn on: grid, chance, noise, light; and how layers are stacked.

A plane is float32 [n, n] in pixels of the sheet. A layer is float32 [n, n, 7]: 0..2 premultiplied
light of the lamps, 3 alpha, 4..6 premultiplied share of the screen's light thrown to the camera.
Both triples are in key order: the screen's key channel first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.colours import Colour, Palette

Plane = NDArray[np.float32]
Image = NDArray[np.float32]
Layer = NDArray[np.float32]

LIGHT = slice(0, 3)
ALPHA = slice(3, 4)
SCREEN = slice(4, 7)
SOLID_SHARE = 0.8  # no solid throws more than this share of the screen's light to the camera


def plane(values: Any) -> Plane:
    """The values as float32: OpenCV's and NumPy's results, typed."""
    return np.asarray(values, np.float32)


class Sheet:
    """One scene's grid `xx`, `yy` [n, n] in pixels, its generator of chance and its palette."""

    def __init__(self, rng: np.random.Generator, size: int, palette: Palette) -> None:
        self.rng = rng
        self.size = size
        self.palette = palette
        self.yy, self.xx = (plane(axis) for axis in np.mgrid[0:size, 0:size])

    def uniform(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def log_uniform(self, low: float, high: float) -> float:
        return float(np.exp(self.rng.uniform(np.log(low), np.log(high))))

    def normal(self, deviation: float = 1.0) -> float:
        return float(self.rng.normal(0.0, deviation))

    def chance(self, probability: float) -> bool:
        return float(self.rng.random()) < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def point(self, low: float = 0.0, high: float = 1.0) -> NDArray[np.float32]:
        """A point (x, y) in pixels, each drawn from low..high of the sheet's side."""
        return plane(self.rng.uniform(low, high, 2) * self.size)

    def fractal(self, coarse: float | None = None, octaves: int = 5, gain: float = 0.5) -> Plane:
        """Noise of zero mean and unit deviation; `coarse` of its largest blobs span the sheet."""
        n = self.size
        cells = coarse or self.uniform(1.5, 6)
        total = np.zeros((n, n), np.float32)
        amplitude = 1.0
        for _ in range(octaves):
            if cells > n / 1.5:
                break
            knots = int(np.ceil(cells)) + 1
            grid = self.rng.standard_normal((knots, knots), np.float32)
            side = max(n, int(np.ceil(knots * n / cells)))
            wide = plane(cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC))
            top, left = (int(self.rng.integers(0, side - n + 1)) for _ in range(2))
            total += amplitude * wide[top : top + n, left : left + n]
            amplitude *= gain
            cells *= 2
        return plane((total - total.mean()) / (total.std() + np.float32(1e-6)))

    def along(self, angle: float) -> Plane:
        """The coordinate [n, n] in pixels along a direction, zero at the sheet's middle."""
        half = self.size / 2
        return np.float32(np.cos(angle)) * (self.xx - half) + np.float32(np.sin(angle)) * (
            self.yy - half
        )

    def light(self, lowest: float = 0.25, highest: float = 1.5) -> Plane:
        """Light of the lamps [n, n] on a flat subject: a slope, soft blotches, an exposure."""
        slope = self.uniform(0, 1.4) / self.size * self.along(self.uniform(0, 6.28))
        field = 1 + slope + self.uniform(0, 0.35) * self.fractal(octaves=3)
        return plane(np.clip(field, 0.12, 2.5) * self.log_uniform(lowest, highest))

    def blotches(self, middle: float = 1.0, depth: float = 0.4) -> Plane:
        """A smooth positive map [n, n] about `middle`."""
        field = middle + depth * self.fractal(octaves=2)
        return plane(np.clip(field, 0.1 * middle, 2 * middle))

    def step(self, field: Plane, threshold: float) -> Plane:
        """Where a smooth field exceeds a threshold, 0..1, with edges one pixel wide."""
        slope_x, slope_y = np.gradient(field)
        slope = np.maximum(np.hypot(slope_x, slope_y), 1e-4)
        return plane(np.clip((field - threshold) / slope + 0.5, 0, 1))


def layer_of(light: Image, alpha: Plane, screen: Image, bound: float = SOLID_SHARE) -> Layer:
    """Packs premultiplied light [n, n, 3], alpha [n, n] and the screen's share [n, n, 3].

    The share is held under bound * alpha.
    """
    layer = np.empty((*alpha.shape, 7), np.float32)
    covered = np.clip(alpha, 0, 1)[..., None]
    layer[..., LIGHT] = np.maximum(light, 0)
    layer[..., ALPHA] = covered
    layer[..., SCREEN] = np.clip(screen, 0, bound * covered)
    return layer


def painted(alpha: Plane, albedo: Image, light: Plane, irradiance: Plane | float) -> Layer:
    """A matt surface, albedo [n, n, 3] or [3], lit by the lamps and, as a share, by the screen."""
    body = albedo * alpha[..., None]
    share = irradiance[..., None] if isinstance(irradiance, np.ndarray) else irradiance
    return layer_of(body * light[..., None], alpha, body * share)


def over(front: Layer, behind: Layer) -> Layer:
    return front + (1 - front[..., ALPHA]) * behind


def clear(size: int) -> Layer:
    return np.zeros((size, size, 7), np.float32)


def in_parts(layer: Layer, change: Callable[[Image], Any]) -> Layer:
    """Applies an OpenCV call that takes at most four channels."""
    first = change(np.ascontiguousarray(layer[..., :4]))
    second = change(np.ascontiguousarray(layer[..., 4:]))
    return np.concatenate([plane(first), plane(second)], axis=2)


def mixed(first: Colour, second: Colour, share: Plane) -> Image:
    """Two colours [3] mixed by a map 0..1, [n, n, 3]."""
    return first + (second - first) * share[..., None]
