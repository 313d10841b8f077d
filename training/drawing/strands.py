"""Hair and fur: many thin things drawn on a finer grid and averaged down."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.colours import Colour
from training.drawing.canvas import Layer, Plane, Sheet, layer_of, over, plane
from training.drawing.shapes import Shape, any_shape, fill, head, shoulders
from training.drawing.surfaces import lit, mottled, patterned

FINER = 4
Paths = NDArray[np.float32]  # [count, points, 2], x and y in pixels
PARTS = ((0.0, 0.4, 1.0), (0.4, 0.8, 0.75), (0.8, 1.0, 0.5))  # from, to, width: strands taper


@dataclass
class Look:
    """What one bundle of strands looks like; shades multiply two colours, widths are pixels."""

    width: float
    shade: NDArray[np.float32]  # [count]
    screen: NDArray[np.float32]  # [count], share of the screen's light
    tip: float  # how far the tip turns to the second colour
    glint: bool  # brighter where a strand lies across the lamp


def grown(
    sheet: Sheet,
    roots: NDArray[np.float32],
    angles: NDArray[np.float32],
    length: float,
    steps: int = 10,
    gravity: float | None = None,
) -> Paths:
    """Strands [count, steps + 1, 2] from roots [count, 2]: bent, waved, drawn into clumps."""
    count = len(roots)
    cells = 64
    clump = sheet.fractal(sheet.uniform(3, 12), octaves=4)
    clump = plane(cv2.resize(clump, (cells, cells), interpolation=cv2.INTER_AREA))
    pull = sheet.uniform(0.0, 0.5)
    fall = sheet.uniform(-0.4, 0.4) if gravity is None else gravity
    bend = sheet.rng.normal(0, sheet.log_uniform(0.02, 0.4), count)
    stride = length / steps * sheet.rng.uniform(0.4, 1.25, count)
    waviness, wavelength = max(0.0, sheet.uniform(-0.4, 0.5)), sheet.uniform(10, 60)
    phase = sheet.rng.uniform(0, 6.28, count)
    point, angle = roots.astype(np.float64), angles.astype(np.float64)
    points = [point]
    for step in range(steps):
        cell = np.clip(point / sheet.size * cells, 0, cells - 1).astype(int)
        angle = angle + 0.5 * pull * clump[cell[:, 1], cell[:, 0]] + 0.4 * bend
        angle = angle + 0.15 * fall * np.cos(angle)
        angle = angle + waviness * np.sin(6.28 * step * stride / wavelength + phase) * 0.6
        point = point + stride[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)
        points.append(point)
    return plane(np.stack(points, 1))


def curled(sheet: Sheet, paths: Paths) -> Paths:
    """The strands wound into curls: three times the points, each led around a small circle."""
    steps = paths.shape[1] - 1
    spots = np.linspace(0, steps, 3 * steps + 1)
    left = np.minimum(spots.astype(int), steps - 1)
    part = (spots - left)[None, :, None]
    fine = paths[:, left] * (1 - part) + paths[:, left + 1] * part
    radius = sheet.uniform(1.5, 7) * np.minimum(spots / 4, 1)[None, :]
    turns = sheet.uniform(0.5, 1.4) * spots[None, :]
    phase = turns + sheet.rng.normal(0, sheet.uniform(0.2, 3), len(paths))[:, None]
    return plane(fine + radius[..., None] * np.stack([np.cos(phase), np.sin(phase)], 2))


def averaged(sheet: Sheet, paths: Paths, look: Look) -> Plane:
    """Strands drawn far to near: shades of two colours, screen's share, coverage, [n, n, 4]."""
    n = sheet.size * FINER
    canvas = np.zeros((n, n, 4), np.float32)
    count, last = len(paths), int(paths.shape[1]) - 1
    ends = paths[:, -1] - paths[:, 0]
    across = np.abs(np.sin(np.arctan2(ends[:, 1], ends[:, 0]) - 1.1)) ** 6
    shade = plane(look.shade * (1 + 0.9 * across)) if look.glint else look.shade
    widths = look.width * FINER * sheet.rng.uniform(0.6, 1.4, count)
    points = np.round(paths * FINER).astype(np.int32)
    batch = max(1, count // 600)  # strands drawn at once share their shade: six hundred suffice
    for first in range(0, count, batch):
        some = points[first : first + batch]
        tone, share, width = float(shade[first]), float(look.screen[first]), float(widths[first])
        for start, stop, thin in PARTS:
            pieces = some[:, int(start * last) : int(np.ceil(stop * last)) + 1]
            turned = look.tip * (start + stop) / 2
            colour = (tone * (1 - turned), tone * turned, share, 1.0)
            cv2.polylines(
                canvas,
                list(pieces),
                isClosed=False,
                color=colour,
                thickness=max(1, round(width * thin)),
            )
    return plane(cv2.resize(canvas, (sheet.size, sheet.size), interpolation=cv2.INTER_AREA))


def coloured(sheet: Sheet, drawn: Plane, first: Colour, second: Colour) -> Layer:
    """Strands in two colours under the lamps; light that comes through them is less coloured."""
    light = sheet.light() * (sheet.log_uniform(1, 20) if sheet.chance(0.08) else 1.0)
    alpha = drawn[..., 3]
    glow = (drawn[..., :1] * first + drawn[..., 1:2] * second) * light[..., None]
    glow = glow + alpha[..., None] * sheet.uniform(0, 0.03)
    middle = (first + second) / 2
    if sheet.chance(0.5):
        albedo = np.sqrt(np.maximum(middle, 1e-4)) * sheet.uniform(0.4, 1)
    else:
        albedo = middle * sheet.uniform(0.8, 2)
    albedo = albedo + sheet.uniform(0, 0.08)
    share = drawn[..., 2:3] * albedo * sheet.blotches()[..., None]
    return layer_of(plane(glow), alpha, plane(share))


def bundle_look(sheet: Sheet, count: int, width: float) -> Look:
    deep = np.linspace(sheet.uniform(0.25, 0.95), 1, count)
    shade = sheet.rng.uniform(0.55, 1.5, count) * deep
    screen = sheet.uniform(0, 0.5) + sheet.uniform(0, 0.55) * sheet.rng.random(count)
    return Look(width, plane(shade), plane(screen), sheet.uniform(0, 1), sheet.chance(0.6))


def _hair_colours(sheet: Sheet) -> tuple[Colour, Colour]:
    first = sheet.palette.black() if sheet.chance(0.12) else sheet.palette.hair()
    if sheet.chance(0.7):
        return first, np.clip(first * np.float32(sheet.uniform(0.8, 3.0)), 0, 0.9)
    return first, sheet.palette.hair()


def sparse_hair(sheet: Sheet) -> Layer:
    """Four to four hundred single hairs over the screen."""
    count = int(sheet.log_uniform(4, 420))
    width = sheet.log_uniform(0.25, 2.2) * (0.6 if count > 200 else 1)
    main = sheet.uniform(0, 6.28)
    spread = sheet.uniform(0.05, 0.8) if sheet.chance(0.8) else 3.2
    extent = sheet.log_uniform(3, 0.8 * sheet.size)
    flat = np.array([abs(np.sin(main)) + 0.25, abs(np.cos(main)) + 0.25])
    roots = plane(sheet.point(-0.1, 1.1) + extent * sheet.rng.normal(size=(count, 2)) * flat)
    angles = plane(main + sheet.rng.normal(0, spread, count))
    paths = grown(sheet, roots, angles, sheet.uniform(0.3, 1.5) * sheet.size, 12)
    if sheet.chance(0.2):
        paths = curled(sheet, paths)
    drawn = averaged(sheet, paths, bundle_look(sheet, count, width))
    return coloured(sheet, drawn, *_hair_colours(sheet))


def _with_flyaways(sheet: Sheet, angles: NDArray[np.float64]) -> NDArray[np.float32]:
    loose = sheet.rng.random(len(angles)) < sheet.uniform(0, 0.15)
    return plane(angles + loose * sheet.rng.normal(0, 0.8, len(angles)))


def dense_hair(sheet: Sheet) -> Layer:
    """Hundreds to thousands of fine strands in clumps, from an arc (a head) or a line (a mane)."""
    count = int(sheet.log_uniform(600, 5000))
    main = sheet.uniform(0, 6.28)
    if sheet.chance(0.6):
        centre, reach = sheet.point(-0.2, 1.2), sheet.uniform(0.15, 0.8) * sheet.size
        around = main + sheet.rng.uniform(-1, 1, count) * sheet.uniform(0.5, 3.1)
        radius = reach * np.sqrt(sheet.rng.uniform(0.2, 1, count))
        roots = centre + radius[:, None] * np.stack([np.cos(around), np.sin(around)], 1)
        scatter = sheet.rng.normal(0, sheet.uniform(0.05, 0.45), count)
        angles = around * sheet.uniform(0.3, 1) + scatter
    else:
        along = sheet.rng.uniform(-0.7, 0.7, count) * sheet.size
        off = sheet.rng.normal(0, sheet.uniform(0.05, 0.3), count) * sheet.size
        ahead, aside = np.array([np.cos(main), np.sin(main)]), [-np.sin(main), np.cos(main)]
        roots = sheet.point(0.1, 0.9) + along[:, None] * np.array(aside) + off[:, None] * ahead
        angles = main + sheet.rng.normal(0, sheet.uniform(0.05, 0.5), count)
    return _bundle(sheet, plane(roots), angles, sheet.uniform(0.35, 1.2) * sheet.size)


def _bundle(
    sheet: Sheet,
    roots: NDArray[np.float32],
    angles: NDArray[np.float64],
    length: float,
    gravity: float | None = None,
) -> Layer:
    paths = grown(sheet, roots, _with_flyaways(sheet, angles), length, gravity=gravity)
    width = sheet.log_uniform(0.25, 1.1)
    if sheet.chance(0.25):
        paths = curled(sheet, paths[: 1 + len(paths) // 2])
    drawn = averaged(sheet, paths, bundle_look(sheet, len(paths), width))
    return coloured(sheet, drawn, *_hair_colours(sheet))


def head_of_hair(sheet: Sheet) -> Layer:
    """A head on its shoulders, hair rooted on its crown and sides and falling or standing."""
    centre, radius, outline = head(sheet)
    skin = sheet.palette.skin()
    face = lit(sheet, Shape.of(fill(sheet, [outline])), mottled(sheet, skin, strength=0.1))
    coat = patterned(sheet, sheet.palette.any(), sheet.palette.any())
    body = lit(sheet, Shape.of(fill(sheet, shoulders(sheet, centre, radius))), coat, fold=0.3)
    count = int(sheet.log_uniform(700, 5000))
    around = -1.57 + sheet.rng.uniform(-1, 1, count) * sheet.uniform(1.1, 2.2)
    reach = radius * np.sqrt(sheet.rng.uniform(0.55, 1.15, count))
    roots = centre + reach[:, None] * np.stack([0.85 * np.cos(around), 1.1 * np.sin(around)], 1)
    down = np.where(np.cos(around) > 0, 1.0, np.pi - 1.0)
    droop = sheet.uniform(0, 1)
    angles = around + droop * (np.angle(np.exp(1j * (down - around)))) * 0.8
    angles = angles + sheet.rng.normal(0, sheet.uniform(0.05, 0.4), count)
    length = sheet.log_uniform(0.4, 3) * radius
    fall = sheet.uniform(0, 3) if sheet.chance(0.8) else -0.5
    hair = _bundle(sheet, plane(roots), angles, length, fall)
    return over(hair, over(face, body)) if sheet.chance(0.8) else over(face, over(hair, body))


def fur(sheet: Sheet) -> Layer:
    """A furry body: a solid with short strands all over it, combed by a slow field."""
    shape = any_shape(sheet)
    first, second = _hair_colours(sheet)
    body = lit(sheet, shape, mottled(sheet, plane(first * sheet.uniform(0.5, 1))))
    count = int(sheet.log_uniform(1200, 7000))
    inside = np.argwhere(shape.alpha > 0.5)
    if len(inside) == 0:
        return body
    places = inside[sheet.rng.integers(0, len(inside), count)][:, ::-1]
    roots = plane(places + sheet.rng.uniform(0, 1, (count, 2)))
    comb = sheet.uniform(0, 6.28) + sheet.uniform(0.2, 1.2) * sheet.fractal(octaves=2)
    rows, columns = roots[:, 1].astype(int), roots[:, 0].astype(int)
    angles = comb[rows.clip(0, sheet.size - 1), columns.clip(0, sheet.size - 1)]
    angles = angles + sheet.rng.normal(0, sheet.uniform(0.1, 0.5), count)
    paths = grown(sheet, roots, plane(angles), sheet.log_uniform(5, 45), 5)
    drawn = averaged(sheet, paths, bundle_look(sheet, count, sheet.log_uniform(0.3, 1.3)))
    return over(coloured(sheet, drawn, first, second), body)
