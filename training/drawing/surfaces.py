"""What solid things are covered with: weaves, stripes, prints, folds; light and bounce on them."""

from __future__ import annotations

import numpy as np

from training.colours import Colour
from training.drawing.canvas import (
    ALPHA,
    SCREEN,
    SOLID_SHARE,
    Image,
    Layer,
    Plane,
    Sheet,
    mixed,
    painted,
    plane,
)
from training.drawing.shapes import Shape


def mottled(
    sheet: Sheet, first: Colour, second: Colour | None = None, strength: float = 0.25
) -> Image:
    """Albedo of skin, plaster, wool: cloudy in value and, with a second colour, in hue."""
    cloud = sheet.fractal(sheet.uniform(4, 40), sheet.whole(2, 5), sheet.uniform(0.4, 0.9))
    value = np.clip(1 + sheet.uniform(0, strength) * cloud, 0.1, 2.5)
    if second is None:
        return plane(np.minimum(first * value[..., None], 0.97))
    field = sheet.fractal(sheet.uniform(2, 12)) * sheet.uniform(1, 12)
    share = 1 / (1 + np.exp(-np.clip(field, -30, 30)))
    return plane(np.minimum(mixed(first, second, share) * value[..., None], 0.97))


def _wave(sheet: Sheet, coordinate: Plane, period: float) -> Plane:
    """Bands across a coordinate, 0..1, from soft to hard edged, never sharper than a pixel."""
    width = sheet.uniform(-0.6, 0.6)
    hardness = min(sheet.log_uniform(1, 30), period)
    wave = np.sin(coordinate * np.float32(6.283 / period)) + width
    return plane(np.clip(wave * hardness + 0.5, 0, 1))


def striped(sheet: Sheet, first: Colour, second: Colour) -> Image:
    """Stripes, checks or plaid, bent with the cloth."""
    angle, period = sheet.uniform(0, 3.14), sheet.log_uniform(2.2, 40)
    bend = sheet.uniform(0, 0.5) * period * sheet.fractal(octaves=2)
    share = _wave(sheet, sheet.along(angle) + bend, period)
    if sheet.chance(0.5):
        other = _wave(sheet, sheet.along(angle + 1.57) + bend, period * sheet.uniform(0.7, 1.6))
        checked = np.abs(share - other) if sheet.chance(0.5) else (share + other) / 2
        share = plane(checked)
    weave = 1 + sheet.uniform(0, 0.12) * sheet.fractal(sheet.uniform(20, 70), octaves=2)
    return plane(np.minimum(mixed(first, second, share) * np.clip(weave, 0.3, 2)[..., None], 0.97))


def printed(sheet: Sheet, first: Colour, second: Colour) -> Image:
    """Dots, flowers or blots on a ground."""
    cell = sheet.log_uniform(5, 40)
    bend = sheet.uniform(0, 0.2) * cell * sheet.fractal(octaves=2)
    angle = sheet.uniform(0, 3.14)
    u, v = sheet.along(angle) + bend, sheet.along(angle + 1.57) + bend
    row = np.floor(v / cell)
    x, y = (u + 0.5 * cell * (row % 2)) % cell - cell / 2, v % cell - cell / 2
    radius = np.hypot(x, y)
    petals = sheet.whole(0, 6)
    reach = cell * sheet.uniform(0.15, 0.42) * (1 + 0.3 * np.cos(petals * np.arctan2(y, x)))
    share = plane(np.clip(reach - radius + 0.5, 0, 1))
    if sheet.chance(0.3):
        share = sheet.step(sheet.fractal(sheet.uniform(6, 30), octaves=3), sheet.uniform(-0.3, 1))
    return plane(mixed(first, second, share))


def patterned(sheet: Sheet, first: Colour, second: Colour) -> Image:
    draw = sheet.uniform(0, 1)
    if draw < 0.3:
        return mottled(sheet, first, second if sheet.chance(0.4) else None)
    if draw < 0.55:
        return striped(sheet, first, second)
    if draw < 0.75:
        return printed(sheet, first, second)
    plain = 1 + sheet.uniform(0, 0.08) * sheet.fractal(30, octaves=2)
    return plane(np.minimum(first * plain[..., None], 0.97))


def folds(sheet: Sheet, depth: float) -> Plane:
    """Light on folded cloth, about 1: long ridges that meet and split."""
    period = sheet.log_uniform(24, 170)
    bend = period * sheet.uniform(0.1, 0.45) * sheet.fractal(sheet.uniform(1.2, 3), octaves=3)
    ridge = np.sin((sheet.along(sheet.uniform(0, 3.14)) + bend) * np.float32(6.283 / period))
    fade = np.clip(0.4 + 0.5 * sheet.fractal(sheet.uniform(2, 6), octaves=2), 0, 1)
    return plane(np.clip(1 + depth * fade * ridge, 0.15, 2.2))


def lit(
    sheet: Sheet,
    shape: Shape,
    albedo: Image,
    *,
    fold: float = 0.0,
    bounce: float | None = None,
    light: Plane | None = None,
) -> Layer:
    """A solid under lamps from one side; the screen's bounce falls on its rims and its shaded side.

    `bounce` is the share of the screen's light (0..1) that falls on the rim; None draws one.
    """
    width = sheet.log_uniform(1.5, 30)
    lamp = sheet.uniform(0, 6.28)
    facing = shape.facing(lamp, width)
    shading = np.clip(1 + sheet.uniform(0.1, 0.75) * facing, 0.1, 2)
    if fold > 0:
        shading = shading * folds(sheet, fold)
    field = sheet.light() if light is None else light
    base = sheet.log_uniform(0.01, 0.25) if sheet.chance(0.6) else 0.0
    rim = bounce
    if rim is None:
        rim = sheet.uniform(0, 0.6) if sheet.chance(0.65) else 0.0
    away = np.clip(0.5 - 0.5 * facing, 0, 1)
    irradiance = base + rim * shape.edge(width) * away * 1.6 * sheet.blotches(0.6, 0.3)
    if fold > 0:
        irradiance = irradiance * np.clip(1.6 - 0.6 * shading, 0.5, 1.6)
    irradiance = plane(np.clip(irradiance, 0, 0.8))
    layer = painted(shape.alpha, albedo, plane(field * shading), irradiance)
    if sheet.chance(0.3):  # at a grazing angle any surface mirrors the screen, uncoloured
        sheen = sheet.uniform(0, 0.4) * shape.edge(sheet.uniform(0.7, 3)) * shape.alpha
        layer[..., SCREEN] += sheen[..., None]
        layer[..., SCREEN] = np.minimum(layer[..., SCREEN], SOLID_SHARE * layer[..., ALPHA])
    return layer
