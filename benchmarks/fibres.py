"""Held-out subjects of thin things: hair, fur, grass and leaves. Colours are linear Rec.709.

A fibre's cover is counted on a grid at least four times finer than the picture, so it is exact to
1/16; a small picture has a finer one, or its hair would be thicker than a large one's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.shapes import LINES, Canvas, Colour, Plane, ellipse, lit, over
from benchmarks.subjects import Subject

CHESTNUT, RAVEN, GINGER = (0.10, 0.045, 0.022), (0.016, 0.014, 0.016), (0.34, 0.15, 0.06)
FUR, STRAW, LEAF = (0.28, 0.22, 0.16), (0.46, 0.38, 0.20), (0.07, 0.16, 0.03)
FACE = (0.38, 0.22, 0.15)

_FINE = 4  # sub-pixels to a side at 180 lines and more


def fibres(canvas: Canvas, paths: Plane, radii: Plane, shades: Plane, colour: Colour) -> Plane:
    """HxWx5: fibres in one colour, the last in front.

    Args:
        canvas: the picture.
        paths: NxPx2 rows and columns, in units; P points to each fibre.
        radii: NxP half widths, in units; nothing is drawn thinner than a sub-pixel.
        shades: NxP, times the colour.
        colour: reflectance.
    """
    fine = max(_FINE, round(_FINE * LINES / canvas.height))
    scale = canvas.scale * fine
    size = (canvas.height * fine, canvas.width * fine)
    shade = np.zeros(size, np.float32)
    points = (paths * scale).reshape(-1, 2)
    reach = np.maximum(radii * scale, 0.5).ravel()
    light = np.maximum(np.broadcast_to(shades, radii.shape), 1e-3).ravel()
    step = int(np.ceil(reach.max()))
    # Outer rings first: where two points of one fibre meet, the nearer one's shade is kept.
    offsets = sorted(
        ((dy, dx) for dy in range(-step, step + 1) for dx in range(-step, step + 1)),
        key=lambda offset: -np.hypot(*offset),
    )
    for dy, dx in offsets:
        near = np.hypot(dy, dx) <= reach
        places = np.floor(points[near]).astype(int) + np.array([dy, dx])
        inside = ((places >= 0) & (places < size)).all(axis=1)
        shade[tuple(places[inside].T)] = light[near][inside]
    parts = shade.reshape(canvas.height, fine, canvas.width, fine)
    cover = (parts > 0.0).mean(axis=(1, 3), dtype=np.float64)
    tone = parts.mean(axis=(1, 3), dtype=np.float64)
    return np.dstack([tone[..., None] * np.asarray(colour), cover, np.zeros_like(cover)])


def hair(
    colour: Colour, *, count: int, curl: float, thickness: float, seed: int, light: float = 1.0
) -> Subject:
    """A turning head whose strands fall and curl, over narrow shoulders.

    Args:
        colour: of the hair.
        count: of strands.
        curl: units that a strand swings to either side.
        thickness: mean half width, in units.
        seed: of the strands.
        light: times the hair's colour: rims lit from behind.
    """
    random = np.random.default_rng(seed)
    turn = random.uniform(-np.pi, np.pi, (count, 1))
    length = random.gamma(6.0, 7.0, (count, 1))
    swing = curl * random.normal(1.0, 0.4, (count, 1))
    phase, rate = random.uniform(0.0, 6.3, (2, count, 1))
    width = thickness * random.uniform(0.5, 1.6, (count, 1))
    shade = random.uniform(0.55, 1.35, (count, 1))
    along = np.linspace(0.0, 1.0, 260)[None, :]

    def draw(canvas: Canvas, time: float) -> Plane:
        y, x = 82.0, canvas.middle + 10.0 - 1.8 * time
        skull = ellipse(canvas, (y, x), (35.0, 28.0), 1.0)
        picture = lit(canvas, skull, FACE, (y, x), 32.0, seed=seed + 1)
        crown = ellipse(canvas, (y - 13.0, x), (26.0, 30.0), 1.0)
        picture = over(lit(canvas, crown, colour, (y - 13.0, x), 30.0, seed=seed + 2), picture)
        chest = ellipse(canvas, (205.0, x), (78.0, 54.0), 1.0)
        picture = over(picture, lit(canvas, chest, (0.22, 0.06, 0.07), (180.0, x), 54.0, seed=3))
        bend = 0.12 * np.sin(1.1 * time + phase)
        away = np.stack([-np.cos(turn + bend), np.sin(turn + bend)], axis=-1)
        aside = np.stack([away[..., 1], -away[..., 0]], axis=-1)
        root = np.array([y - 13.0, x]) + 0.92 * away * np.array([26.0, 30.0])
        wave = swing * along * np.sin(2.0 * np.pi * along * (0.5 + 0.2 * rate) + phase + time)
        fall = np.array([0.9, 0.0]) * (length * along**2)[..., None]
        paths = root + (length * along)[..., None] * away + wave[..., None] * aside + fall
        shine = shade * (1.0 + 0.3 * np.sin(9.0 * along + phase)) * light
        return over(fibres(canvas, paths, width * (1.0 - 0.7 * along), shine, colour), picture)

    return draw


def fur(canvas: Canvas, time: float) -> Plane:
    """A sitting animal: two balls with short hairs that stand off all over their outline."""
    random = np.random.default_rng(311)
    x = canvas.middle - 14.0 + 1.6 * time
    centres = np.array([[128.0, x], [74.0, x + 18.0]])
    radii = np.array([[46.0, 50.0], [27.0, 29.0]])
    picture = np.zeros((canvas.height, canvas.width, 5))
    along = np.linspace(0.0, 1.0, 50)[None, :]
    for centre, radius, count in zip(centres, radii, (1500, 800), strict=True):
        middle = (float(centre[0]), float(centre[1]))
        inside = ellipse(canvas, middle, (radius[0], radius[1]), 1.5)
        body = lit(canvas, inside, FUR, middle, float(radius[0]), seed=312, contrast=0.25)
        picture = over(body, picture)
        turn = random.uniform(-np.pi, np.pi, (count, 1))
        lean = turn + random.normal(0.0, 0.45, (count, 1)) + 0.1 * np.sin(time + 5.0 * turn)
        outwards = np.stack([np.sin(turn), np.cos(turn)], axis=-1)
        way = np.stack([np.sin(lean), np.cos(lean)], axis=-1)
        length = random.uniform(4.0, 13.0, (count, 1))
        root = centre + outwards * radius * random.uniform(0.8, 0.99, (count, 1))[..., None]
        droop = np.array([0.25, 0.0]) * (length * along**2)[..., None]
        paths = root + (length * along)[..., None] * way + droop
        shade = random.uniform(0.6, 1.4, (count, 1)) * (0.8 + 0.4 * along)
        width = random.uniform(0.2, 0.45, (count, 1)) * (1.0 - 0.8 * along)
        picture = over(fibres(canvas, paths, width, shade, FUR), picture)
    return picture


def grass(colour: Colour, *, seed: int) -> Subject:
    """Blades that bend in wind, with leaves broader than a blade between them.

    Args:
        colour: of blades and leaves.
        seed: of the blades.
    """
    random = np.random.default_rng(seed)
    count = 130
    root = random.uniform(-120.0, 120.0, (count, 1))
    length = random.uniform(45.0, 150.0, (count, 1))
    lean, phase = random.normal(0.0, 0.25, (count, 1)), random.uniform(0.0, 6.3, (count, 1))
    widest = np.where(random.random((count, 1)) < 0.2, 4.5, random.uniform(0.4, 1.5, (count, 1)))
    shade = random.uniform(0.5, 1.4, (count, 1))
    along = np.linspace(0.0, 1.0, 450)[None, :]

    def draw(canvas: Canvas, time: float) -> Plane:
        bend = lean + 0.22 * np.sin(0.9 * time + phase + 0.02 * root)
        rows = 184.0 - length * along * (1.0 - 0.25 * bend**2 * along)
        columns = canvas.middle + root + length * bend * along**1.7
        # A leaf is broad in its upper half, a blade tapers.
        form: NDArray[np.float64] = np.where(
            widest > 4.0, np.sin(np.pi * np.clip(2.0 * along - 1.0, 0.0, 1.0)), 1.0 - along
        )
        width = widest * np.maximum(form, 0.08)
        light = shade * (0.6 + 0.5 * along)
        return fibres(canvas, np.stack([rows, columns], axis=-1), width, light, colour)

    return draw
