"""Plain keyers to be judged beside: what any compositor builds from a few nodes.

Deliberately not the product's own code: a change there must not move the ruler. All pictures are
float arrays HxWxC in linear Rec.709, unbounded; alpha is HxW in 0..1; results are HxWx4
premultiplied float32.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
Pixels = NDArray[np.float32]

LEVELS = (0.03, 0.97)
"""Black and white level of the plain colour difference, the same on every shot: the usual least
clean-up that closes grain holes."""

SATURATED = 0.35
"""A plate is a screen where its key channel's excess is at least this share of it. Painted and
fabric screens reach 0.6 to 0.8 in linear Rec.709, foliage and sky 0.1 to 0.3."""

DIFFERENCES = tuple(float(t) for t in np.geomspace(0.01, 1.0, 20))
"""Distances from the plate, linear light, that count as full alpha in a plate difference: 20 steps
tried, the best by the truth is taken."""


def key_channel(plate: FloatArray) -> int | None:
    """Index of the screen's channel in a plate HxWx3, or None where it is no screen."""
    mean = plate[..., :3].reshape(-1, 3).mean(axis=0, dtype=np.float64)
    key = int(mean.argmax())
    others = float(np.delete(mean, key).max())
    return key if mean[key] - others >= SATURATED * mean[key] > 0.0 else None


def excess(picture: FloatArray, key: int) -> NDArray[np.float64]:
    """HxW: the key channel less the larger of the two others."""
    exact = picture[..., :3].astype(np.float64)
    return np.asarray(exact[..., key] - np.delete(exact, key, axis=2).max(axis=2))


class Despill(enum.Enum):
    """What the key channel of the unmixed colour is held down to."""

    LARGER = enum.auto()
    """The larger of the two others: keeps yellow and cyan, lets warm screen light stay."""
    AVERAGE = enum.auto()
    """The mean of the two others: takes more of the screen's light, and of olive and teal."""


def colour_difference(
    source: FloatArray, plate: FloatArray, key: int, despill: Despill = Despill.LARGER
) -> Pixels:
    """Alpha = 1 - x(I) / x(B), x the key channel's excess; levels; plate subtracted, despilled.

    Args:
        source: HxWx3.
        plate: HxWx3, or (3,) where one colour stands for the whole screen.
        key: index of the key channel.
        despill: the rule for the colour; alpha does not depend on it.
    """
    full = np.broadcast_to(plate[..., :3], (*source.shape[:2], 3))
    raw = 1.0 - excess(source, key) / np.maximum(excess(full, key), 1e-6)
    low, high = LEVELS
    alpha = np.clip((raw - low) / (high - low), 0.0, 1.0)
    return despilled(source, full, alpha, key, despill)


def despilled(
    source: FloatArray, plate: FloatArray, alpha: FloatArray, key: int, despill: Despill
) -> Pixels:
    """max(I - (1 - a) B, 0), its key channel held down by the rule; 0 where a is 0."""
    rgb = np.maximum(source[..., :3] - (1.0 - alpha[..., None]) * plate[..., :3], 0.0)
    others = np.delete(rgb, key, axis=2)
    limit = others.max(axis=2) if despill is Despill.LARGER else others.mean(axis=2)
    rgb[..., key] = np.minimum(rgb[..., key], limit)
    return _joined(rgb, alpha)


def plate_difference(source: FloatArray, plate: FloatArray, full: float) -> Pixels:
    """Alpha = max over channels of |I - B| / full; colour max(I - (1 - a) B, 0), 0 where a is 0.

    Args:
        source, plate: HxWx3.
        full: linear light at which alpha reaches 1, above 0.
    """
    alpha = np.clip(np.abs(source[..., :3] - plate[..., :3]).max(axis=2) / full, 0.0, 1.0)
    return _joined(
        np.maximum(source[..., :3] - (1.0 - alpha[..., None]) * plate[..., :3], 0), alpha
    )


def best_plate_difference(
    sources: Sequence[FloatArray], truths: Sequence[FloatArray], plate: FloatArray
) -> float:
    """That of ``DIFFERENCES`` with the least mean absolute error of alpha against the truth.

    Args:
        sources: HxWx3 each.
        truths: true alpha HxW each, as many.
        plate: HxWx3.
    """

    def error(full: float) -> float:
        pairs = zip(sources, truths, strict=True)
        return sum(
            float(np.abs(plate_difference(source, plate, full)[..., 3] - truth).mean())
            for source, truth in pairs
        )

    return min(DIFFERENCES, key=error)


def triangulated(
    first: FloatArray, second: FloatArray, first_plate: FloatArray, second_plate: FloatArray
) -> Pixels:
    """Two passes over two backgrounds: 1 - a is the least-squares share of their difference.

    Smith and Blinn, "Blue screen matting" (SIGGRAPH 1996), theorem 4. All HxWx3 or (3,). The colour
    is what the first pass leaves: give the darker one first, it has less grain.
    """
    between = (second_plate - first_plate).astype(np.float64)
    seen = (second[..., :3] - first[..., :3]).astype(np.float64)
    share = (seen * between).sum(axis=-1) / np.maximum((between * between).sum(axis=-1), 1e-12)
    alpha = np.clip(1.0 - share, 0.0, 1.0)
    rgb = first[..., :3] - (1.0 - alpha[..., None]) * first_plate
    return np.concatenate([rgb, alpha[..., None]], axis=2).astype(np.float32)


def _joined(rgb: FloatArray, alpha: FloatArray) -> Pixels:
    rgb = np.where(alpha[..., None] > 0.0, rgb, 0.0)
    return np.concatenate([rgb, alpha[..., None]], axis=2).astype(np.float32)
