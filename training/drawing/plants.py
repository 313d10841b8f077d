"""Grass and leaves: blades and pointed ovals that let light through."""

from __future__ import annotations

import cv2
import numpy as np

from training.drawing.canvas import Layer, Sheet, plane
from training.drawing.strands import FINER, averaged, bundle_look, coloured, grown


def grass(sheet: Sheet) -> Layer:
    """Blades from the lower edge, green or dry, that let light through."""
    count = int(sheet.log_uniform(12, 700))
    n = sheet.size
    roots = np.stack([sheet.rng.uniform(-0.2, 1.2, count) * n, np.full(count, n + 4.0)], 1)
    roots[:, 1] -= np.abs(sheet.rng.normal(0, sheet.uniform(0, 0.5) * n, count))
    angles = -1.57 + sheet.rng.normal(sheet.normal(0.2), sheet.uniform(0.05, 0.4), count)
    paths = grown(sheet, plane(roots), plane(angles), sheet.uniform(0.2, 1.0) * n, 8)
    drawn = averaged(sheet, paths, bundle_look(sheet, count, sheet.log_uniform(0.5, 4)))
    return coloured(sheet, drawn, sheet.palette.plant(), sheet.palette.plant())


def leaves(sheet: Sheet) -> Layer:
    """Pointed leaves, or confetti and petals, around a branch."""
    n = sheet.size * FINER
    canvas = np.zeros((n, n, 4), np.float32)
    count, size = int(sheet.log_uniform(6, 320)), sheet.log_uniform(1.2, 16)
    broad, pointed = sheet.uniform(0.15, 0.8), sheet.uniform(0.6, 2.0)
    middle, spread = sheet.point(), sheet.uniform(0.1, 0.6) * sheet.size
    way = np.linspace(0, np.pi, 9)
    half = np.sin(way) ** pointed * broad
    edge = np.concatenate(
        [np.stack([-np.cos(way), half], 1), np.stack([np.cos(way), -half], 1)[1:-1]]
    )
    for _ in range(count):
        angle, reach = sheet.uniform(0, 6.28), size * sheet.uniform(0.4, 1.6)
        cos, sin = np.cos(angle), np.sin(angle)
        turned = edge @ np.array([[cos, sin], [-sin, cos]]) * reach
        place = turned + middle + sheet.rng.normal(0, spread, 2)
        tone, turn = sheet.uniform(0.4, 1.4), sheet.uniform(0, 1)
        colour = (tone * (1 - turn), tone * turn, sheet.uniform(0, 0.5), 1.0)
        cv2.fillPoly(canvas, [np.round(place * FINER).astype(np.int32)], colour)
    drawn = plane(cv2.resize(canvas, (sheet.size, sheet.size), interpolation=cv2.INTER_AREA))
    palette = sheet.palette
    draw = palette.plant if sheet.chance(0.6) else palette.any
    return coloured(sheet, drawn, draw(), draw())
