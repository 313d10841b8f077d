"""Held-out subjects that are opaque: cloth, things, and what moves fast. Linear Rec.709."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from benchmarks.shapes import Canvas, Colour, Plane, ellipse, joined, lit, over, texture
from benchmarks.subjects import Subject

Cloth = Callable[[Plane, Plane, float], Plane]
"""Colour HxWx3 at places right of and below the wearer's collar, in units, at a time in frames."""

TAN, DEEP = (0.42, 0.25, 0.17), (0.16, 0.085, 0.055)
NAVY, CREAM, BURGUNDY, PINE = (
    (0.02, 0.03, 0.09), (0.66, 0.60, 0.48), (0.16, 0.02, 0.03), (0.03, 0.075, 0.05),
)  # fmt: skip
LINEN, VELVET = (0.72, 0.71, 0.69), (0.006, 0.006, 0.007)
OLIVE, LIME, TEAL = (0.15, 0.18, 0.045), (0.34, 0.42, 0.07), (0.025, 0.20, 0.17)
GOLD, KHAKI = (0.50, 0.36, 0.07), (0.31, 0.29, 0.17)
"""Reflectances of such cloths and things, times a key light of about 1."""


def bust(
    cloth: Cloth, *, skin: Colour = TAN, bounce: float = 0.0, softness: float = 1.0
) -> Subject:
    """Head, neck and a broad torso that is cut by the picture's lower border; 2 units a frame.

    Args:
        cloth: what the torso wears.
        skin: of head and neck.
        bounce: the screen's light all over the cloth, as a share of the screen.
        softness: units over which edges rise.
    """

    def draw(canvas: Canvas, time: float) -> Plane:
        rows, columns = canvas.grid()
        x = canvas.middle + 6.0 - 2.0 * time
        top = 92.0 + 0.8 * np.sin(1.3 * time)
        right, down = columns - x, rows - top
        width = 78.0 * np.sqrt(np.clip(1.0 - np.exp(-np.maximum(down, 0.0) / 22.0), 0.0, None))
        edge = np.where(down > 0.0, width - np.abs(right), -10.0)
        torso = joined(_cover(edge, softness), cloth(right, down, time), bounce)
        neck = ellipse(canvas, (top, x), (26.0, 13.0), softness)
        head = ellipse(canvas, (top - 42.0, x), (32.0, 25.0), softness)
        picture = over(torso, lit(canvas, neck, skin, (top - 14.0, x), 20.0, seed=401))
        return over(lit(canvas, head, skin, (top - 42.0, x), 30.0, seed=402), picture)

    return draw


def folded(colour: Colour) -> Cloth:
    """One colour in hanging folds, light from the left."""

    def cloth(right: Plane, down: Plane, time: float) -> Plane:
        phase = 0.21 * right + 1.1 * texture(right, down, 70.0, seed=411) + 0.1 * time
        light = 0.72 + 0.3 * np.sin(phase) + 0.12 * np.sin(2.7 * phase + 1.0) - 0.002 * right
        return np.asarray(colour) * np.clip(light, 0.08, None)[..., None]

    return cloth


def striped(first: Colour, second: Colour) -> Cloth:
    """Upright stripes seven units wide that follow the folds."""

    def cloth(right: Plane, down: Plane, time: float) -> Plane:
        place = right + 2.5 * texture(right, down, 60.0, seed=421)
        return np.asarray(_mixed(first, second, _bands(place, 14.0)) * _shade(right, down, time))

    return cloth


def checked(first: Colour, second: Colour, third: Colour) -> Cloth:
    """A tartan: bands of the second across the first, and thin lines of the third."""

    def cloth(right: Plane, down: Plane, time: float) -> Plane:
        u = right + 2.0 * texture(right, down, 55.0, seed=431)
        v = down + 2.0 * texture(right, down, 55.0, seed=432)
        broad = (_bands(u, 24.0) + _bands(v, 24.0)) / 2.0
        lines = np.maximum(_bands(u + 6.0, 24.0, 0.08), _bands(v + 6.0, 24.0, 0.08))
        plain = _mixed(first, second, broad)
        lined = plain + lines[..., None] * (np.asarray(third) - plain)
        return np.asarray(lined * _shade(right, down, time))

    return cloth


def sequins(colour: Colour) -> Cloth:
    """Small discs, each tilted its own way: most dark, some flash to ten as the wearer moves."""
    random = np.random.default_rng(441)
    phases, rates = random.uniform(0.0, 6.3, (64, 64)), random.uniform(0.5, 1.6, (64, 64))

    def cloth(right: Plane, down: Plane, time: float) -> Plane:
        across, below = np.broadcast_arrays(right / 3.2, down / 3.2)
        column, row = np.floor(across).astype(int), np.floor(below).astype(int)
        cell = row % 64, column % 64
        off = np.hypot(across - column - 0.5, below - row - 0.5)
        disc = np.clip((0.48 - off) * 5.0, 0.0, 1.0)
        tilt = np.maximum(np.cos(phases[cell] + rates[cell] * time), 0.0)
        light = disc * (0.5 + 0.6 * tilt**2 + 10.0 * tilt**40)
        return np.asarray(np.asarray(colour) * (0.25 + light[..., None]))

    return cloth


def props(*colours: Colour) -> Subject:
    """Balls and a box on a table's edge, one in each colour, glossy: hues next to the screen's."""

    def draw(canvas: Canvas, time: float) -> Plane:
        rows, columns = canvas.grid()
        x = canvas.middle - 1.5 * time
        table = _cover(np.broadcast_to(rows - 150.0, (canvas.height, canvas.width)), 1.0)
        picture = joined(table, folded((0.20, 0.12, 0.08))(columns - x, rows, 0.0))
        for place, colour in enumerate(colours):
            middle = 118.0, x + 66.0 * (place - (len(colours) - 1) / 2.0)
            if place % 2:
                inset = np.minimum(26.0 - np.abs(columns - middle[1]), 34.0 - np.abs(rows - 116.0))
                cover = _cover(inset, 1.0)
            else:
                cover = ellipse(canvas, middle, (34.0, 30.0), 1.0)
            thing = lit(canvas, cover, colour, middle, 34.0, seed=451 + place, contrast=0.15)
            spot = np.hypot((rows - middle[0] + 14.0) / 5.0, (columns - middle[1] + 9.0) / 4.0)
            thing[..., :3] += (cover * 0.8 * np.exp(-(spot**2)))[..., None]
            picture = over(thing, picture)
        return picture

    return draw


def swinging_limb(canvas: Canvas, time: float) -> Plane:
    """A bare arm that strikes out to the side, its hand 34 units a frame, from a still bust."""
    rows, columns = canvas.grid()
    turn = -0.1 + 0.38 * time
    root = np.array([122.0, canvas.middle + 56.0])
    tip = root + 90.0 * np.array([-np.cos(turn), np.sin(turn)])
    way = tip - root
    along = ((rows - root[0]) * way[0] + (columns - root[1]) * way[1]) / float(way @ way)
    along = np.clip(along, 0.0, 1.0)
    away = np.hypot(rows - root[0] - along * way[0], columns - root[1] - along * way[1])
    light = 0.8 - 0.3 * np.sin(4.0 * along) + 0.1 * texture(along * 100.0, away, 14.0, seed=461)
    arm = joined(_cover(11.0 - 5.0 * along - away, 1.0), np.asarray(TAN) * light[..., None])
    return over(arm, bust(folded(BURGUNDY))(canvas, 0.0))


def thrown_ball(canvas: Canvas, time: float) -> Plane:
    """A beach ball, 30 units a frame along an arc, spinning."""
    rows, columns = canvas.grid()
    y, x = 62.0 + 1.6 * (time - 3.5) ** 2, canvas.middle - 105.0 + 30.0 * time
    down, right = rows - y, columns - x
    turn = np.arctan2(down, right) + 0.9 * time
    wedge = 0.5 + 0.5 * np.clip(6.0 * np.sin(3.0 * turn), -1.0, 1.0)
    light = np.clip(0.9 - (0.4 * down + 0.3 * right) / 30.0, 0.25, 1.4)
    colour = _mixed((0.60, 0.05, 0.04), (0.65, 0.62, 0.55), wedge) * light[..., None]
    return joined(ellipse(canvas, (y, x), (30.0, 30.0), 1.0), colour)


def defocused(subject: Subject, radius: float) -> Subject:
    """A subject through a lens out of focus: light and cover spread alike over a disc.

    Args:
        subject: drawn sharp.
        radius: of the circle of confusion, in units.
    """

    def draw(canvas: Canvas, time: float) -> Plane:
        sharp = subject(canvas, time)
        size = max(radius * canvas.scale, 0.5)
        reach = int(np.ceil(size))
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        disc = np.clip(size + 0.5 - np.hypot(y, x), 0.0, 1.0)
        disc /= disc.sum()
        return np.dstack([ndimage.convolve(sharp[..., k], disc, mode="nearest") for k in range(5)])

    return draw


def rim_lit(subject: Subject, light: float) -> Subject:
    """A subject in a third of its light, its outline lit from behind.

    Args:
        subject: drawn lit from the front.
        light: of the rim at full cover, linear.
    """

    def draw(canvas: Canvas, time: float) -> Plane:
        picture = subject(canvas, time)
        alpha = picture[..., 3]
        inner = ndimage.gaussian_filter(alpha, 2.5 * canvas.scale, mode="nearest")
        rim = alpha * np.clip(2.0 * (1.0 - inner), 0.0, 1.0) ** 2
        picture[..., :3] = picture[..., :3] / 3.0 + light * rim[..., None] * [1.0, 0.92, 0.8]
        return picture

    return draw


def _cover(inside: Plane, softness: float) -> Plane:
    """HxW cover 0..1 of a distance to an outline in units, positive inside."""
    return np.asarray(np.clip(inside / softness + 0.5, 0.0, 1.0))


def _bands(place: Plane, period: float, share: float = 0.5) -> Plane:
    """0..1: bands that take a share of each period, with edges about a unit wide."""
    away = np.abs((place / period) % 1.0 - 0.5) * period
    return np.clip(share * period / 2.0 - away + 0.5, 0.0, 1.0)


def _mixed(first: Colour, second: Colour, share: Plane) -> Plane:
    """HxWx3: the second colour by its share, the first for the rest."""
    return np.asarray(
        np.asarray(first) + share[..., None] * (np.asarray(second) - np.asarray(first))
    )


def _shade(right: Plane, down: Plane, time: float) -> Plane:
    """HxWx1: folds as light."""
    return np.asarray(folded((1.0, 1.0, 1.0))(right, down, time)[..., :1])
