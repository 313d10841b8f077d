"""Heads with thousands of strands, and fur."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.rendering import materials
from training.rendering.geometry import POINTS, Points, curves, lumpy, normed, surface_of
from training.rendering.stage import Made, Stage, set_off

MOST_CLUMPS = 300  # distances of every strand to each of them are in memory at once


def strands(
    stage: Stage, roots: Points, normals: Points, length: float, radius: float, material: Any
) -> Any:
    """Hair [N] that grows along its normals, falls, clumps, curls and flies away."""
    count, rng = len(roots), stage.rng
    along = np.linspace(0.0, 1.0, POINTS)[None, :, None]
    lengths = length * rng.uniform(0.6, 1.1, (count, 1, 1))
    comb = rng.normal(size=3) * stage.uniform(0.0, 0.7)
    way = normed(normals + comb + rng.normal(size=(count, 3)) * stage.log_uniform(0.03, 0.5))
    fall = stage.uniform(0.0, 1.6) * np.array([0.0, 0.0, -1.0])
    heading = normed(way[:, None] * (1.0 - 0.6 * along) + fall * along)
    placed = roots[:, None] + np.cumsum(heading * lengths / POINTS, 1) - heading[:, :1] * 0.02
    placed = _clumped(stage, roots, placed, along)
    placed = placed + length * along * _curls(stage, heading, along)
    loose = rng.random((count, 1, 1)) < stage.log_uniform(0.01, 0.3)
    stray = np.cumsum(rng.normal(size=(count, POINTS, 3)), 1) * stage.log_uniform(0.02, 0.1)
    thin = radius * rng.uniform(0.6, 1.3, (count, 1)) * (1.0 - 0.7 * along[..., 0] ** 2)
    return curves(stage, placed + loose * length * stray, thin, material)


def _clumped(stage: Stage, roots: Points, placed: Points, along: Points) -> Points:
    """Strands [N,P,3] drawn to a few among them, more so towards their tips."""
    count = len(roots)
    few = max(1, min(MOST_CLUMPS, int(count * stage.log_uniform(0.005, 0.2))))
    guides = stage.rng.integers(0, count, few)
    middles = roots[guides]
    apart = (roots**2).sum(1)[:, None] + (middles**2).sum(1)[None] - 2.0 * roots @ middles.T
    nearest = guides[np.argmin(apart, 1)]
    strength = stage.uniform(0.0, 0.9) * stage.rng.uniform(0.2, 1.0, (count, 1, 1))
    pulled = placed[nearest] + (roots - roots[nearest])[:, None] * 0.15
    return np.asarray(placed + strength * along**1.5 * (pulled - placed))


def _curls(stage: Stage, heading: Points, along: Points) -> Points:
    """Ways [N,P,3] off the strands' own, in turns around it, in units of their length."""
    phase = stage.rng.uniform(0, 6.3, (len(heading), 1, 1)) * stage.uniform(0.1, 1.0)
    side = normed(np.cross(heading, stage.rng.normal(size=3)))
    angle = 2 * np.pi * stage.uniform(0.5, 5.0) * along + phase
    turned = np.cos(angle) * side + np.sin(angle) * np.cross(heading, side)
    return np.asarray(stage.log_uniform(0.003, 0.09) * turned)


def _scalp(stage: Stage, count: int, lowest: float) -> Points:
    """Directions [count,3] of a head on which hair grows."""
    at = normed(stage.rng.normal(size=(4 * count + 64, 3)))
    face = (at[:, 1] < -0.35) & (at[:, 2] < 0.45)
    return at[(at[:, 2] > lowest) & ~face][:count]


def head(stage: Stage) -> Made:
    """A head with thousands of strands, its shoulders below it."""
    size = stage.uniform(0.38, 0.6)
    radii = (size * 0.8, size * 0.95, size)
    skin = materials.solid(stage, stage.palette.skin(), rough=stage.uniform(0.3, 0.7))
    made = [surface_of(stage, lumpy(stage, radii, 0.03), skin)]
    many = int(stage.log_uniform(300, 14000))
    at = _scalp(stage, many, stage.uniform(-0.7, 0.3))
    colour = materials.hair(stage, stage.palette.hair())
    length = size * stage.log_uniform(0.25, 3.2)
    radius = stage.pixels(stage.log_uniform(0.1, 0.7))
    made.append(strands(stage, at * radii, at, length, radius, colour))
    if stage.chance(0.7):
        wide = (size * stage.uniform(1.6, 2.4), size * 0.9, size * stage.uniform(0.7, 1.1))
        below = np.array([0.0, 0.1, -size * stage.uniform(1.7, 2.1)])
        chest = lumpy(stage, wide, 0.05) + below
        made.append(surface_of(stage, chest, materials.solid(stage, stage.palette.cloth())))
    return set_off(stage, made, 0.5)


def fur(stage: Stage) -> Made:
    """A furry body."""
    size = stage.uniform(0.3, 0.7)
    radii = (size * stage.uniform(0.7, 1.5), size, size * stage.uniform(0.6, 1.2))
    body = lumpy(stage, radii, stage.uniform(0.0, 0.3))
    colour = stage.palette.hair() if stage.chance(0.6) else stage.palette.any()
    coat = materials.hair(stage, colour)
    made = [surface_of(stage, body, materials.solid(stage, colour * 0.7, rough=0.9))]
    flat = body.reshape(-1, 3)
    chosen = flat[stage.rng.integers(0, len(flat), int(stage.log_uniform(5000, 30000)))]
    chosen = chosen + stage.rng.normal(size=chosen.shape) * size * 0.02
    length = size * stage.log_uniform(0.08, 0.7)
    radius = stage.pixels(stage.log_uniform(0.15, 0.8))
    made.append(strands(stage, chosen, normed(chosen), length, radius, coat))
    return set_off(stage, made, 0.4)
