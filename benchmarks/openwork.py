"""Held-out subjects that the screen is seen through: meshes, veils, smoke, glass.

Colours are linear Rec.709.
"""

from __future__ import annotations

import numpy as np

from benchmarks.shapes import Canvas, Colour, Plane, ellipse, joined, over, texture
from benchmarks.subjects import Subject

ROPE, IRON, STEEL = (0.30, 0.24, 0.17), (0.05, 0.045, 0.04), (0.26, 0.27, 0.29)
IVORY, CREPE = (0.68, 0.66, 0.62), (0.010, 0.009, 0.010)
ASH, INDIGO, VAPOUR = (0.34, 0.34, 0.35), (0.16, 0.20, 0.52), (0.78, 0.79, 0.80)
ENAMEL = (0.30, 0.05, 0.04)
"""Reflectances of such things, times a key light of about 1."""


def net(canvas: Canvas, time: float) -> Plane:
    """Knotted ropes 1.8 units thick in a diamond mesh of 13 that sags and sways."""
    rows, columns = canvas.grid()
    x = canvas.middle + 3.0 * np.sin(0.7 * time)
    sag = 5.0 * np.sin(0.02 * (columns - x)) + 1.5 * np.sin(0.05 * rows + time)
    u = (columns - x + rows + sag) / np.sqrt(2.0)
    v = (columns - x - rows - sag) / np.sqrt(2.0)
    first, second = _off(u, 13.0), _off(v, 13.0)
    rope = np.maximum(0.9 - np.minimum(first, second), 1.9 - np.hypot(first, second))
    shape = ellipse(canvas, (90.0, canvas.middle), (84.0, 120.0), 1.0)
    light = np.maximum(0.9 + 0.25 * texture(u, v, 6.0, seed=501), 0.1)
    return joined(shape * _cover(rope), np.asarray(ROPE) * light[..., None])


def bars(canvas: Canvas, time: float) -> Plane:
    """An iron gate: round bars five units thick, two rails, a camera that passes by."""
    rows, columns = np.broadcast_arrays(*canvas.grid())
    off = (columns - canvas.middle + 3.0 * time + 11.0) % 22.0 - 11.0
    shine = 0.5 + 0.9 * np.exp(-(((off + 0.9) / 0.8) ** 2))
    upright = _cover(np.minimum(2.5 - np.abs(off), rows - 14.0))
    picture = joined(upright, np.asarray(IRON) * shine[..., None])
    for middle in (38.0, 140.0):
        down = rows - middle
        glint = 0.5 + 0.8 * np.exp(-(((down + 1.5) / 1.0) ** 2))
        rail = joined(_cover(3.5 - np.abs(down)), np.asarray(IRON) * glint[..., None])
        picture = over(rail, picture)
    return picture


def chain_mail(canvas: Canvas, time: float) -> Plane:
    """A hanging coat of rings, two lattices of them linked, the screen in every hole."""
    rows, columns = canvas.grid()
    x = canvas.middle - 4.0 + 2.0 * time
    u = columns - x + 1.5 * np.sin(0.05 * rows + 0.8 * time)
    v = rows + 1.0 * np.sin(0.06 * (columns - x) + time)
    picture = np.zeros((canvas.height, canvas.width, 5))
    coat = ellipse(canvas, (98.0, x), (74.0, 66.0), 1.0)
    for shift in (0.0, 4.5):
        right, down = ((place + shift + 4.5) % 9.0 - 4.5 for place in (u, v))
        ring = _cover(0.85 - np.abs(np.hypot(right, down) - 3.6))
        shine = 0.55 + 0.4 * np.cos(np.arctan2(down, right) + 2.2)
        glint = 3.0 * np.clip(shine - 0.85, 0.0, None)
        light = shine + glint * (1.0 + texture(u, v, 25.0, seed=511))
        colour = np.asarray(STEEL) * np.maximum(light, 0.05)[..., None]
        picture = over(joined(coat * ring, colour, 0.06), picture)
    return picture


def veil(colour: Colour, *, thinnest: float, seed: int) -> Subject:
    """A cloth one can see through, in folds that lie double in places; blown from the left.

    Args:
        colour: of its threads.
        thinnest: alpha of one layer.
        seed: of its folds.
    """

    def draw(canvas: Canvas, time: float) -> Plane:
        rows, columns = canvas.grid()
        x = canvas.middle - 6.0 + 2.2 * time
        u = columns - x + 5.0 * np.sin(0.035 * rows + 0.6 * time)
        v = rows + 3.0 * np.sin(0.05 * columns - 0.5 * time)
        shape = ellipse(canvas, (88.0, x), (78.0, 88.0), 2.0)
        fold = 0.5 + 0.5 * np.tanh(2.0 * np.sin(0.16 * u + 1.2 * texture(u, v, 60.0, seed)))
        weave = 0.05 * np.sin(1.5 * u) * np.sin(1.5 * v)
        layers = 1.0 + fold  # each layer lets the same share through
        alpha = shape * (1.0 - (1.0 - thinnest - weave) ** layers)
        light = 0.8 + 0.3 * fold + 0.05 * texture(u, v, 30.0, seed + 1)
        return joined(alpha, np.asarray(colour) * light[..., None], 0.05)

    return draw


def smoke(colour: Colour, *, density: float, scatter: float, seed: int) -> Subject:
    """A plume that rises from the left and rolls: alpha = 1 - exp(-density).

    Args:
        colour: of its lit particles.
        density: optical, in the thick of it.
        scatter: the screen's light they throw back, as a share of alpha.
        seed: of its swirls.
    """

    def draw(canvas: Canvas, time: float) -> Plane:
        rows, columns = canvas.grid()
        up = np.clip((178.0 - rows) / 150.0, 0.0, None)
        x = canvas.middle - 46.0 + 75.0 * up**1.3 + 1.2 * time
        u, v = columns - x, rows + 3.2 * time
        swirl = 4.0 * texture(u, v, 38.0, seed)
        puffs = np.zeros((canvas.height, canvas.width))
        for octave in (1, 2, 3):
            wave = 60.0 / 2.0**octave
            puffs += 2.0**-octave * texture(u + swirl, v + 0.6 * swirl, wave, seed + octave)
        around = np.exp(-(np.abs((u + swirl) / (16.0 + 40.0 * up)) ** 2.5))
        top = np.clip((1.12 - up) / 0.35, 0.0, 1.0)
        thick = density * around * top * np.clip(0.75 + 0.55 * puffs, 0.05, None)
        light = np.maximum(1.0 + 0.15 * texture(u, v, 50.0, seed + 9), 0.3)
        return joined(1.0 - np.exp(-thick), np.asarray(colour) * light[..., None], scatter)

    return draw


def steam(canvas: Canvas, time: float) -> Plane:
    """Four thin white wisps above an opaque cup: mostly alpha under a third."""
    rows, columns = np.broadcast_arrays(*canvas.grid())
    x = canvas.middle + 8.0
    up = np.clip((140.0 - rows) / 125.0, 0.0, None)
    puffs = np.maximum(1.0 + 0.35 * texture(columns, rows + 5.0 * time, 28.0, seed=521), 0.1)
    thick = np.zeros((canvas.height, canvas.width))
    for place in range(4):
        middle = x + 9.0 * (place - 1.5) * (1.0 + 2.0 * up)
        middle = middle + 13.0 * up * np.sin(5.0 * up - 0.8 * time + 2.1 * place)
        wisp = np.exp(-(((columns - middle) / (2.5 + 14.0 * up)) ** 2))
        thick += 0.42 * wisp * np.clip(1.15 - up, 0.0, 1.0) * (up > 0.0) * puffs
    cloud = joined(1.0 - np.exp(-thick), np.asarray(VAPOUR), 0.3)
    shade = 0.6 + 0.012 * (columns - x)
    cup = _cover(np.minimum(34.0 - np.abs(columns - x), 30.0 - np.abs(rows - 170.0)))
    return over(cloud, joined(cup, np.asarray(ENAMEL) * np.maximum(shade, 0.1)[..., None]))


def bottle(canvas: Canvas, time: float) -> Plane:
    """Clear glass whose thick rims mirror the screen around it, dark lines beside them, and lamps.

    The mirrored light is the screen's by way of the glass: no part of the truth's colour, though
    the rim is opaque there to more than a half.
    """
    rows, columns = canvas.grid()
    x = canvas.middle + 12.0 - 1.8 * time
    waist = np.where(rows > 78.0, 34.0, 12.0 + 22.0 / (1.0 + np.exp(-(rows - 68.0) / 3.0)))
    inside = np.minimum(waist - np.abs(columns - x), np.minimum(rows - 16.0, 168.0 - rows))
    glass = _cover(inside / 1.2)
    rim = glass * np.exp(-((np.maximum(inside, 0.0) / 5.0) ** 2))
    line = glass * np.exp(-(((inside - 7.5) / 1.2) ** 2))
    alpha = np.clip(0.05 * glass + 0.55 * rim + 0.35 * line, 0.0, 1.0)
    lamps = np.zeros_like(alpha)
    for down, right, tall, wide, light in ((84, -22, 26, 1.8, 6.0), (120, 25, 18, 1.4, 2.5)):
        spot = ((rows - down) / tall) ** 2 + ((columns - x - right) / wide) ** 2
        lamps += light * glass * np.exp(-spot)
    rgb = 0.025 * alpha[..., None] + lamps[..., None] * np.array([1.0, 0.97, 0.92])
    return np.dstack([rgb, alpha, 0.42 * rim])


def before(front: Subject, behind: Subject) -> Subject:
    """One subject before another."""
    return lambda canvas, time: over(front(canvas, time), behind(canvas, time))


def _cover(inside: Plane) -> Plane:
    """HxW cover 0..1 of a distance to an outline in units, positive inside."""
    return np.asarray(np.clip(inside + 0.5, 0.0, 1.0))


def _off(place: Plane, period: float) -> Plane:
    """Distance to the nearest multiple of a period."""
    return np.asarray(np.abs((place + period / 2.0) % period - period / 2.0))
