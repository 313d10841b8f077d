"""Opaque subjects: skin, cloth, shirts that fill the frame, black and white, metal, people."""

from __future__ import annotations

import numpy as np

from training.colours import Colour
from training.drawing.canvas import (
    ALPHA,
    LIGHT,
    Layer,
    Sheet,
    clear,
    over,
    painted,
    plane,
)
from training.drawing.shapes import (
    Shape,
    any_shape,
    blob,
    expanse,
    figure,
    fill,
    holed,
    limbs,
    ring,
    wobble,
)
from training.drawing.surfaces import lit, mottled, patterned, printed, striped


def solid(sheet: Sheet) -> Layer:
    palette = sheet.palette
    albedo = patterned(sheet, palette.any(), palette.any())
    layer = lit(sheet, any_shape(sheet), albedo, fold=sheet.uniform(0, 0.4))
    return glossed(sheet, layer) if sheet.chance(0.15) else layer


def skin(sheet: Sheet) -> Layer:
    """Arms, hands, cheeks: cloudy albedo, soft rounding, a little gloss."""
    albedo = mottled(sheet, sheet.palette.skin(), strength=0.12)
    shape = limbs(sheet, 6, 60) if sheet.chance(0.6) else blob(sheet)
    layer = lit(sheet, shape, albedo)
    return glossed(sheet, layer) if sheet.chance(0.3) else layer


def cloth(sheet: Sheet) -> Layer:
    palette = sheet.palette
    first, second = palette.any(), palette.any()
    draw = sheet.uniform(0, 1)
    if draw < 0.4:
        albedo = striped(sheet, first, second)
    elif draw < 0.6:
        albedo = printed(sheet, first, second)
    else:
        albedo = mottled(sheet, first)
    shape = expanse(sheet, (-0.35, 0.5)) if sheet.chance(0.6) else any_shape(sheet)
    return lit(sheet, shape, albedo, fold=sheet.uniform(0.1, 0.7))


def near_screen(sheet: Sheet) -> Layer:
    """Olive, khaki, gold, teal, denim: solids whose hue leans to the screen's."""
    palette = sheet.palette
    first = palette.near_screen()
    second = palette.near_screen() if sheet.chance(0.6) else palette.any()
    albedo = patterned(sheet, first, second)
    layer = lit(sheet, any_shape(sheet), albedo, fold=sheet.uniform(0, 0.5))
    return glossed(sheet, layer) if sheet.chance(0.2) else layer


def metal(sheet: Sheet) -> Layer:
    """Gold, brass, steel, or foil of a hue near the screen's: it mirrors lamps, room and screen."""
    palette = sheet.palette
    colour = palette.metal() if sheet.chance(0.6) else palette.near_screen()
    mirrored = sheet.uniform(0.3, 1.1) * sheet.fractal(sheet.uniform(2, 9), octaves=3)
    light = sheet.light() * np.clip(np.exp(mirrored), 0.05, 12)
    albedo = mottled(sheet, colour, strength=0.1)
    return lit(sheet, any_shape(sheet), albedo, bounce=sheet.uniform(0, 0.7), light=plane(light))


def bounced(sheet: Sheet) -> Layer:
    """White and grey things that take much of the screen's light on rims and shaded sides."""
    palette = sheet.palette
    colour = palette.white() if sheet.chance(0.6) else palette.grey()
    albedo = mottled(sheet, colour)
    light = sheet.light(0.12, 1.2)
    return lit(
        sheet,
        any_shape(sheet),
        albedo,
        fold=sheet.uniform(0, 0.6),
        bounce=sheet.uniform(0.3, 0.75),
        light=light,
    )


def black(sheet: Sheet) -> Layer:
    palette = sheet.palette
    albedo = patterned(sheet, palette.black(), palette.black())
    layer = lit(sheet, any_shape(sheet), albedo, fold=sheet.uniform(0, 0.7))
    return glossed(sheet, layer) if sheet.chance(0.25) else layer


def with_holes(sheet: Sheet) -> Layer:
    palette = sheet.palette
    shape = holed(sheet, expanse(sheet, (0, 0.6)) if sheet.chance(0.6) else blob(sheet))
    return lit(sheet, shape, patterned(sheet, palette.any(), palette.any()))


def torso(sheet: Sheet) -> Layer:
    """A body that fills most of the frame: a shirt with its pattern, opening, buttons and folds.

    No part of it may let the screen through: today's keyer fails here worst.
    """
    n, palette = sheet.size, sheet.palette
    shape = _trunk(sheet)
    cloths = (palette.any, palette.white, palette.any, palette.cloth, palette.grey)
    first, second = (cloths[sheet.whole(0, len(cloths) - 1)]() for _ in range(2))
    albedo = patterned(sheet, first, second)
    fold = sheet.uniform(0.05, 0.5)
    light = sheet.light(0.2, 1.4)
    layer = lit(sheet, shape, albedo, fold=fold, light=light)
    if sheet.chance(0.5):  # a jacket's or collar's part in another cloth
        side = sheet.along(sheet.uniform(0, 6.28)) - sheet.uniform(-0.2, 0.3) * n
        part = sheet.step(side + sheet.uniform(0, 6) * sheet.fractal(octaves=2), 0) * shape.alpha
        other = patterned(sheet, cloths[sheet.whole(0, 4)](), palette.any())
        seam = Shape(part, np.minimum(Shape.of(part).depth, shape.depth))
        layer = over(lit(sheet, seam, other, fold=fold, bounce=0.0, light=light), layer)
    if sheet.chance(0.4):  # buttons, badges
        layer = over(_buttons(sheet, shape), layer)
    if sheet.chance(0.15):
        layer = glossed(sheet, layer)
    return layer


def _trunk(sheet: Sheet) -> Shape:
    n = sheet.size
    if sheet.chance(0.35):  # a close-up: nothing but cloth
        return Shape(np.ones((n, n), np.float32), np.full((n, n), n, np.float32))
    middle = plane([sheet.uniform(0.4, 0.6), sheet.uniform(0.55, 0.8)]) * np.float32(n)
    radii = (sheet.uniform(0.5, 0.75) * n, sheet.uniform(0.65, 0.95) * n)
    outline = ring(middle, radii, sheet.normal(0.15), wobble(sheet, 0.08))
    return Shape.of(fill(sheet, [outline]))


def _buttons(sheet: Sheet, shape: Shape) -> Layer:
    first, last = sheet.point(0.3, 0.7), sheet.point(0, 1)
    radius = sheet.uniform(1.5, 7)
    count = sheet.whole(2, 6)
    outlines = [
        ring(plane(first + (last - first) * (i / count)), (radius, radius)) for i in range(count)
    ]
    alpha = fill(sheet, outlines) * shape.alpha
    colour = sheet.palette.metal() if sheet.chance(0.5) else sheet.palette.any()
    return painted(alpha, colour, sheet.light(), 0.0)


def glossed(sheet: Sheet, layer: Layer) -> Layer:
    """The layer with broad highlights, as on wet skin, leather, satin."""
    peak = np.exp(-(((sheet.fractal(4) - 2.3) / 0.4) ** 2)) * sheet.log_uniform(0.1, 3)
    shone = layer.copy()
    shone[..., LIGHT] += peak[..., None] * layer[..., ALPHA]
    return shone


def ball(sheet: Sheet) -> Layer:
    """A textured ball, for motion to blur."""
    radius = sheet.log_uniform(0.04, 0.4) * sheet.size
    shape = Shape.of(fill(sheet, [ring(sheet.point(0.1, 0.9), (radius, radius))]))
    palette = sheet.palette
    albedo = patterned(sheet, palette.any(), palette.any())
    return lit(sheet, shape, albedo)


def far_figures(sheet: Sheet) -> Layer:
    """One to four people far away, 15 to 90 pixels tall."""
    layer = clear(sheet.size)
    for _ in range(sheet.whole(1, 4)):
        shape = figure(sheet, sheet.log_uniform(15, 90))
        palette = sheet.palette
        colours: tuple[Colour, Colour] = (palette.any(), palette.skin())
        albedo = mottled(sheet, *colours)
        layer = over(lit(sheet, shape, albedo), layer)
    return layer
