"""Shapes in closed form for drawn shots: covers, light, texture, strands.

Everything is in units of a picture's 180th line, so that a small picture shows the same as a large
one. A layer is HxWx5: R, G, B, A premultiplied, alpha 0..1, in linear Rec.709, and the share of the
screen that it scatters to the camera, premultiplied too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Plane = NDArray[np.float64]
Colour = tuple[float, float, float]

LINES = 180.0
"""Height of every canvas in its own units."""

_FINE = 4  # strands are drawn on a grid this many times finer and averaged


@dataclass(frozen=True)
class Canvas:
    """A picture's size in pixels, and where its pixels' centres lie in units of the 180th line."""

    height: int
    width: int

    @property
    def scale(self) -> float:
        """Pixels per unit."""
        return self.height / LINES

    @property
    def middle(self) -> float:
        """Column of the middle, in units."""
        return self.width / self.scale / 2.0

    def grid(self) -> tuple[Plane, Plane]:
        """Rows Hx1 and columns 1xW."""
        rows: Plane = (np.arange(self.height, dtype=np.float64) + 0.5) / self.scale
        columns: Plane = (np.arange(self.width, dtype=np.float64) + 0.5) / self.scale
        return rows[:, None], columns[None, :]


def over(front: Plane, behind: Plane) -> Plane:
    """One layer over another."""
    return np.asarray(front + (1.0 - front[..., 3:4]) * behind)


def ellipse(
    canvas: Canvas, centre: tuple[float, float], radii: tuple[float, float], softness: float
) -> Plane:
    """HxW cover 0..1, rising over ``softness`` units across the outline."""
    rows, columns = canvas.grid()
    away = np.hypot((rows - centre[0]) / radii[0], (columns - centre[1]) / radii[1])
    return np.asarray(np.clip((1.0 - away) * min(radii) / softness + 0.5, 0.0, 1.0))


def lit(
    canvas: Canvas,
    cover: Plane,
    colour: Colour,
    centre: tuple[float, float],
    radius: float,
    *,
    seed: int,
    contrast: float = 0.1,
    scatter: float = 0.0,
) -> Plane:
    """HxWx5: a cover in one colour, lit from the upper left, with texture that moves along."""
    rows, columns = canvas.grid()
    down, right = rows - centre[0], columns - centre[1]
    light = 0.85 - (0.35 * down + 0.3 * right) / radius
    light = np.clip(light, 0.25, 1.5) * (1.0 + contrast * texture(right, down, 9.0, seed))
    return joined(cover, np.asarray(colour) * np.maximum(light, 0.05)[..., None], scatter)


def texture(u: Plane, v: Plane, wave: float, seed: int) -> Plane:
    """About unit deviation: ten sinusoids of any direction, wavelengths around ``wave`` units."""
    random = np.random.default_rng(seed)
    total: Plane = np.zeros(np.broadcast_shapes(u.shape, v.shape), np.float64)
    for _ in range(10):
        turn, phase = random.uniform(0.0, 2.0 * np.pi, 2)
        rate = 2.0 * np.pi / (wave * random.uniform(0.6, 1.6))
        total += np.sin(rate * (np.cos(turn) * u + np.sin(turn) * v) + phase)
    return np.asarray(total / 5.0**0.5)


def thread(place: Plane, period: float) -> Plane:
    """0..1: threads 1.6 units wide, one every ``period``."""
    away = np.abs((place + period / 2.0) % period - period / 2.0)
    return np.clip(1.3 - away, 0.0, 1.0)


def draw_strand(
    canvas: Canvas, cover: Plane, tone: Plane, path: Plane, radius: Plane, shade: float
) -> None:
    """Adds a strand's cover, and its cover times its shade, to the planes; path Nx2, radius N."""
    scale = canvas.scale * _FINE
    points, reach = path * scale, np.maximum(radius * scale, 0.5)
    low = np.maximum(np.floor((points.min(axis=0) - reach.max()) / _FINE).astype(int), 0)
    high = np.ceil((points.max(axis=0) + reach.max()) / _FINE).astype(int) + 1
    high = np.minimum(high, cover.shape)
    if np.any(high <= low):
        return
    fine = np.zeros((high - low) * _FINE, np.bool_)
    step = int(np.ceil(reach.max()))
    for dy in range(-step, step + 1):
        for dx in range(-step, step + 1):
            near = points[np.hypot(dy, dx) <= reach]
            places = np.rint(near).astype(int) + np.array([dy, dx]) - low * _FINE
            places = places[((places >= 0) & (places < fine.shape)).all(axis=1)]
            fine[tuple(places.T)] = True
    height, width = high - low
    part = fine.reshape(height, _FINE, width, _FINE).mean(axis=(1, 3), dtype=np.float64)
    here = np.s_[low[0] : high[0], low[1] : high[1]]
    part *= 1.0 - np.clip(cover[here], 0.0, 1.0)  # a strand behind those before it
    cover[here] += part
    tone[here] += part * shade


def joined(alpha: Plane, colour: Plane, scatter: float = 0.0) -> Plane:
    """A layer HxWx5 of alpha HxW and straight colour HxWx3 or (3,); ``scatter`` is per alpha."""
    return np.dstack([alpha[..., None] * colour, alpha, scatter * alpha])


def dimmed(colour: Colour, light: float) -> Colour:
    """A colour in less light, or in more."""
    red, green, blue = colour
    return red * light, green * light, blue * light


def blurred(plane: Plane, units: float, canvas: Canvas) -> Plane:
    """HxW or HxWxC through a Gaussian of so many units, the border repeated."""
    sigma = [units * canvas.scale] * 2 + [0.0] * (plane.ndim - 2)
    return np.asarray(ndimage.gaussian_filter(plane, sigma, mode="nearest"))
