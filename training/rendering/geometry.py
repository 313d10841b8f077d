"""Surfaces and strands of points, as objects of a stage."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from training.rendering.stage import Stage

Points = NDArray[np.float64]
POINTS = 10
"""Of a strand."""


def normed(vectors: Points) -> Points:
    """Vectors [...,3] of length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9))


def curves(stage: Stage, positions: Points, radii: Points, material: Any) -> Any:
    """Strands as an object: positions [N,P,3], radii [N,P]."""
    count, points, _ = positions.shape
    made = bpy.data.hair_curves.new("strands")
    made.add_curves([points] * count)
    made.points.foreach_set("position", positions.astype(np.float32).ravel())
    made.points.foreach_set("radius", radii.astype(np.float32).ravel())
    made.materials.append(material)
    return stage.placed(made)


def grid(points: Points) -> NDArray[np.int64]:
    """Faces [F,4] of a surface of points [U,V,3]."""
    rows, columns = points.shape[:2]
    corner = np.arange((rows - 1) * columns).reshape(rows - 1, columns)[:, :-1].ravel()
    return np.stack([corner, corner + 1, corner + columns + 1, corner + columns], 1)


def surface_of(stage: Stage, points: Points, material: Any) -> Any:
    """A surface [U,V,3] as an object."""
    made = stage.mesh(points.reshape(-1, 3), grid(points))
    made.data.materials.append(material)
    return made


def lumpy(stage: Stage, radii: tuple[float, float, float], lumps: float) -> Points:
    """An ellipsoid [U,V,3] with bumps."""
    u, v = np.meshgrid(np.linspace(0, np.pi, 48), np.linspace(0, 2 * np.pi, 96), indexing="ij")
    at = np.stack([np.sin(u) * np.cos(v), np.sin(u) * np.sin(v), np.cos(u)], -1)
    bump = np.zeros(u.shape)
    for _ in range(5):
        bump += np.sin(at @ stage.rng.normal(size=3) * 3.0 + stage.uniform(0, 6.3)) / 5.0
    return np.asarray(at * (1.0 + lumps * bump[..., None]) * np.asarray(radii))


def lathe(profile: Points, sides: int = 64) -> Points:
    """[P,sides,3] of a profile [P,2] of radii and heights."""
    turn = np.linspace(0, 2 * np.pi, sides)
    round_ = np.stack([np.cos(turn), np.sin(turn)], -1)
    flat = profile[:, None, :1] * round_[None]
    return np.concatenate([flat, np.repeat(profile[:, None, 1:], sides, 1)], -1)


def sheet(stage: Stage, rows: int, columns: int, size: float) -> Points:
    """A wavy surface [rows,columns,3] that faces the camera."""
    u, v = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    deep = np.zeros(u.shape)
    for _ in range(4):
        a, b = stage.rng.normal(size=2) * 3.0
        deep += stage.uniform(0.0, 0.12) * np.sin(a * u + b * v + stage.uniform(0, 6.3))
    return np.stack([v, deep, u * stage.uniform(0.6, 1.2)], -1) * size
