"""Things far brighter than white: sequins and jewels, rims with a lamp behind, lamps, sparks."""

from __future__ import annotations

import cv2
import numpy as np

from training.drawing.canvas import LIGHT, Layer, Plane, Sheet, clear, layer_of, over, plane
from training.drawing.shapes import any_shape, fill, ring
from training.drawing.surfaces import lit, mottled


def glitter(sheet: Sheet) -> Layer:
    """Sequins, chains and jewels: facets of metal, here and there a highlight up to 30."""
    n, palette = sheet.size, sheet.palette
    shape = any_shape(sheet)
    ground = lit(sheet, shape, mottled(sheet, palette.any()))
    cell = sheet.log_uniform(1.6, 9)
    count = int(min(n * n / cell**2, 2600) * sheet.uniform(0.3, 1.3))
    if sheet.chance(0.35):  # beads along a chain rather than all over
        start, goal = sheet.point(), sheet.point()
        way = sheet.rng.uniform(0, 1, (count, 1))
        sag = np.sin(way * 3.14) * sheet.uniform(-0.4, 0.4) * n
        places = start + (goal - start) * way + sag * np.array([0, 1.0])
        kept = np.ones((n, n), np.float32)
    else:
        places = sheet.rng.uniform(0, n, (count, 2))
        kept = shape.alpha
    shine = _facets(sheet, places, cell)
    metal = palette.metal() if sheet.chance(0.6) else palette.any()
    alpha = shine[..., 2] * kept
    light = (shine[..., 0] * kept)[..., None] * metal + (shine[..., 1] * kept)[..., None]
    share = alpha[..., None] * metal * sheet.uniform(0, 0.5) * sheet.blotches()[..., None]
    return over(layer_of(light * sheet.light(0.4, 1.2)[..., None], alpha, share), ground)


def _facets(sheet: Sheet, places: np.ndarray, cell: float) -> Plane:
    """Dots at places [count, 2]: metal's light, white highlights, coverage, [n, n, 3]."""
    finer = 3
    canvas = np.zeros((sheet.size * finer, sheet.size * finer, 3), np.float32)
    count = len(places)
    shade = np.exp(sheet.rng.normal(-0.6, 0.8, count))
    flash = np.where(sheet.rng.random(count) < 0.05, np.exp(sheet.rng.uniform(0, 3.4, count)), 0)
    radius = np.maximum(cell * finer * sheet.rng.uniform(0.3, 0.6, count), 1).astype(int).tolist()
    spots = (places * finer).astype(int).tolist()
    for spot, size, dull, bright in zip(spots, radius, shade.tolist(), flash.tolist(), strict=True):
        cv2.circle(canvas, spot, size, (dull, bright, 1.0), -1)
    return plane(cv2.resize(canvas, (sheet.size, sheet.size), interpolation=cv2.INTER_AREA))


def rim_lit(sheet: Sheet) -> Layer:
    """A solid with a lamp behind it: its rim far brighter than white."""
    shape = any_shape(sheet)
    palette = sheet.palette
    layer = lit(sheet, shape, mottled(sheet, palette.any()), light=sheet.light(0.05, 0.8))
    angle = sheet.uniform(0, 6.28)
    side = np.clip(shape.facing(angle, 6) + sheet.uniform(0, 0.5), 0, 1)
    strength = sheet.log_uniform(1.5, 25) * np.clip(0.4 + sheet.fractal(octaves=3), 0, 1.6)
    rim = strength * side * shape.edge(sheet.log_uniform(0.8, 5)) * shape.alpha
    lamp = palette.tint(sheet.uniform(0, 0.35))
    layer[..., LIGHT] += rim[..., None] * lamp * sheet.uniform(0.4, 1)
    return layer


def lamps(sheet: Sheet) -> Layer:
    """Lamps in the picture: discs up to 60 and a glow that adds light and covers nothing."""
    layer = clear(sheet.size)
    for _ in range(sheet.whole(1, 5)):
        centre, radius = sheet.point(), sheet.log_uniform(1.2, 22)
        alpha = fill(sheet, [ring(centre, (radius, radius * sheet.uniform(0.4, 1)))])
        hue = sheet.palette.tint(sheet.uniform(0, 0.5))
        core = alpha[..., None] * hue * sheet.log_uniform(2, 60)
        layer = over(layer_of(core, alpha, np.zeros_like(core)), layer)
        distance = np.hypot(sheet.xx - centre[0], sheet.yy - centre[1])
        glow = sheet.log_uniform(0.02, 1.0) / (1 + (distance / (2 * radius)) ** 2) ** 2
        glow = np.maximum(glow - 0.002, 0)
        layer[..., LIGHT] += glow[..., None] * hue
    return layer


def sparks(sheet: Sheet) -> Layer:
    """Short bright tracks flung from one place: they add light and hide next to nothing."""
    finer, count = 3, sheet.whole(8, 160)
    canvas = np.zeros((sheet.size * finer, sheet.size * finer), np.float32)
    source, angle, spread = sheet.point(), sheet.uniform(0, 6.28), sheet.uniform(0.2, 3)
    longest = sheet.log_uniform(3, 40)
    for _ in range(count):
        way = angle + sheet.normal(spread)
        ahead = np.array([np.cos(way), np.sin(way)])
        start = source + ahead * sheet.log_uniform(2, sheet.size)
        ends = np.round([start * finer, (start + ahead * sheet.uniform(1, longest)) * finer])
        first, last = ends.astype(int).tolist()
        cv2.line(canvas, first, last, sheet.log_uniform(1, 60), sheet.whole(1, 4))
    fire = plane(cv2.resize(canvas, (sheet.size, sheet.size), interpolation=cv2.INTER_AREA))
    hue = sheet.palette.ordered((1.0, sheet.uniform(0.5, 0.95), sheet.uniform(0.1, 0.9)))
    alpha = np.clip(fire * sheet.uniform(0, 0.15), 0, 1)
    light = fire[..., None] * hue
    return layer_of(light, alpha, np.zeros_like(light))
