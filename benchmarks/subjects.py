"""Drawn subjects with exact alpha, at any time between frames. Colours are linear Rec.709."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.shapes import (
    Canvas,
    Colour,
    Plane,
    dimmed,
    draw_strand,
    ellipse,
    joined,
    lit,
    over,
    texture,
    thread,
)

SKIN, HAIR, BLOND = (0.45, 0.27, 0.18), (0.060, 0.035, 0.020), (0.50, 0.36, 0.17)
PURPLE, BROWN = (0.10, 0.06, 0.12), (0.11, 0.08, 0.06)
DARK, WHITE = (0.012, 0.012, 0.014), (0.62, 0.60, 0.58)
OLIVE, TEAL = (0.20, 0.24, 0.05), (0.03, 0.22, 0.18)
GREY, ORANGE = (0.40, 0.40, 0.40), (0.75, 0.30, 0.12)
"""Reflectances times a key light of about 1: what such things read on a plate."""

Subject = Callable[[Canvas, float], Plane]
"""Draws a layer HxWx5 at a time in frames, without the screen's light."""


def person(
    *,
    skin: Colour = SKIN,
    cloth: Colour = PURPLE,
    hair: Colour = HAIR,
    light: float = 1.0,
    softness: float = 1.0,
    bounce: float = 0.0,
) -> Subject:
    """A head with a cap of hair over shoulders, walking 2.5 units a frame.

    Args:
        skin, cloth, hair: colours.
        light: times all of them.
        softness: units over which edges rise.
        bounce: the screen's light all over the cloth, as a share of the screen.
    """

    def draw(canvas: Canvas, time: float) -> Plane:
        x = canvas.middle - 8.0 + 2.5 * time
        y = 66.0 + 1.5 * np.sin(0.8 * time)
        body = ellipse(canvas, (190.0, x), (92.0, 62.0), softness)
        head = ellipse(canvas, (y, x), (31.0, 24.0), softness)
        cap = ellipse(canvas, (y - 19.0, x - 2.0), (20.0, 24.0), softness)
        picture = lit(canvas, body, dimmed(cloth, light), (150.0, x), 62.0, seed=1, scatter=bounce)
        picture = over(lit(canvas, head, dimmed(skin, light), (y, x), 28.0, seed=2), picture)
        return over(lit(canvas, cap, dimmed(hair, light), (y, x), 28.0, seed=3), picture)

    return draw


def strands(colour: Colour, *, count: int = 170, light: float = 1.0) -> Subject:
    """A head with swaying strands, most about a pixel wide at 180 lines.

    Args:
        colour: of the hair.
        count: of strands.
        light: times the colour of the strands alone, as of a lamp behind them.
    """
    random = np.random.default_rng(71)
    angle = random.uniform(-np.pi, 0.0, count)
    length = random.uniform(18.0, 62.0, count)
    bend, phase = random.normal(0.0, 0.5, count), random.uniform(0.0, 6.3, count)
    radius = random.uniform(0.25, 0.8, count)
    shade = random.uniform(0.6, 1.3, count)
    along = np.linspace(0.0, 1.0, 160)

    def draw(canvas: Canvas, time: float) -> Plane:
        centre = np.array([104.0, canvas.middle - 6.0 + 2.0 * time])
        head = ellipse(canvas, (centre[0], centre[1]), (40.0, 34.0), 1.0)
        picture = lit(canvas, head, colour, (centre[0], centre[1]), 36.0, seed=4)
        body = ellipse(canvas, (200.0, centre[1]), (70.0, 60.0), 1.0)
        picture = over(picture, lit(canvas, body, PURPLE, (170.0, centre[1]), 60.0, seed=5))
        cover = np.zeros((canvas.height, canvas.width))
        tone = np.zeros_like(cover)
        for k in range(count):
            sway = 0.18 * np.sin(0.9 * time + phase[k])
            away = np.array([np.sin(angle[k] + sway), np.cos(angle[k] + sway)])
            aside = np.array([-away[1], away[0]])
            root = centre + 0.9 * np.array([40.0, 34.0]) * [np.sin(angle[k]), np.cos(angle[k])]
            path = root + length[k] * (
                along[:, None] * away + (bend[k] + sway) * along[:, None] ** 2 * aside
            )
            draw_strand(canvas, cover, tone, path, radius[k] * (1.0 - 0.6 * along), shade[k])
        cover = np.clip(cover, 0.0, 1.0)
        tone = tone / np.maximum(cover, 1e-9) * (cover > 0.0)
        rgb = (cover * np.clip(tone, 0.0, 1.3))[..., None] * np.asarray(dimmed(colour, light))
        return over(np.dstack([rgb, cover, np.zeros_like(cover)]), picture)

    return draw


def veil(canvas: Canvas, time: float) -> Plane:
    """A white net, alpha 0.3 between its threads and 0.6 on them, blowing."""
    rows, columns = canvas.grid()
    x = canvas.middle + 2.0 * time
    u = columns - x + 3.0 * np.sin(0.06 * rows + 0.5 * time)
    v = rows - 90.0 + 2.0 * np.sin(0.05 * columns - 0.4 * time)
    shape = ellipse(canvas, (92.0, x), (70.0, 95.0), 3.0)
    threads = np.maximum(thread(u, 7.0), thread(v, 7.0))
    alpha = shape * (0.3 + 0.3 * threads)
    fold = 1.0 + 0.15 * texture(u, v, 40.0, seed=6)
    return joined(alpha, np.asarray(WHITE) * fold[..., None])


def veiled_person(canvas: Canvas, time: float) -> Plane:
    """Skin and dark cloth behind the net."""
    return over(veil(canvas, time), person()(canvas, time))


def smoke(colour: Colour, *, scatter: float, densest: float = 1.6) -> Subject:
    """A rising cloud: alpha = 1 - exp(-density).

    Args:
        colour: of its lit particles.
        scatter: the screen's light they throw back, as a share of alpha.
        densest: optical density about which its middle varies.
    """

    def draw(canvas: Canvas, time: float) -> Plane:
        rows, columns = canvas.grid()
        y, x = 96.0 - 1.5 * time, canvas.middle + 1.0 * time
        away = ((rows - y) / 42.0) ** 2 + ((columns - x) / 62.0) ** 2
        puffs = texture(columns - x + 1.2 * time, rows - y + 2.0 * time, 46.0, seed=7)
        puffs = puffs + 0.5 * texture(columns - x - time, rows - y + time, 17.0, seed=8)
        density = densest * np.exp(-(away**1.5)) * np.clip(0.8 + 0.4 * puffs, 0.1, None)
        light = 1.0 + 0.12 * texture(columns - x, rows - y, 60.0, seed=9)
        return joined(1.0 - np.exp(-density), np.asarray(colour) * light[..., None], scatter)

    return draw


def smoky_person(canvas: Canvas, time: float) -> Plane:
    """Thin grey smoke drifting before a person and beside them."""
    return over(smoke(GREY, scatter=0.35, densest=0.9)(canvas, time), person()(canvas, time))


def fast_disc(canvas: Canvas, time: float) -> Plane:
    """An opaque disc with a pattern, 26 units a frame."""
    x = canvas.middle - 70.0 + 26.0 * time
    cover = ellipse(canvas, (90.0, x), (34.0, 34.0), 1.0)
    return lit(canvas, cover, WHITE, (90.0, x), 34.0, seed=10, contrast=0.3)


def dark_ball(canvas: Canvas, time: float) -> Plane:
    """An opaque object of 1 % reflectance."""
    x = canvas.middle - 10.0 + 2.5 * time
    cover = ellipse(canvas, (95.0, x), (52.0, 58.0), 1.2)
    return lit(canvas, cover, DARK, (95.0, x), 52.0, seed=11)


def props(canvas: Canvas, time: float) -> Plane:
    """An opaque olive bag and a teal ball beside a person: hues next to green."""
    x = canvas.middle + 2.0 * time
    bag = ellipse(canvas, (118.0, x - 62.0), (36.0, 30.0), 1.2)
    ball = ellipse(canvas, (112.0, x + 62.0), (28.0, 28.0), 1.2)
    picture = over(
        lit(canvas, bag, OLIVE, (118.0, x - 62.0), 33.0, seed=12), person()(canvas, time)
    )
    return over(lit(canvas, ball, TEAL, (112.0, x + 62.0), 28.0, seed=13), picture)


def glass(canvas: Canvas, time: float) -> Plane:
    """A clear bowl: little alpha, dark rims, reflections that are light without any alpha."""
    rows, columns = canvas.grid()
    y, x = 92.0, canvas.middle - 6.0 + 2.0 * time
    outer = ellipse(canvas, (y, x), (58.0, 50.0), 1.2)
    inner = ellipse(canvas, (y, x), (53.0, 45.0), 6.0)
    alpha = 0.05 * outer + 0.45 * np.clip(outer - inner, 0.0, 1.0)
    added = 0.03 * outer * np.clip((y - rows) / 58.0, 0.0, 1.0)
    for dy, dx, height, width, value in ((-22, -20, 10, 2.0, 5.0), (14, 24, 14, 1.5, 2.0)):
        spot = ((rows - y - dy) / height) ** 2 + ((columns - x - dx) / width) ** 2
        added = added + value * np.exp(-spot)
    rgb = 0.04 * alpha[..., None] + added[..., None] * np.array([1.0, 0.98, 0.95])
    return np.dstack([rgb, alpha, np.zeros_like(alpha)])


def person_behind_glass(canvas: Canvas, time: float) -> Plane:
    """The bowl before a person: it shows the screen beside them, and dark cloth."""
    return over(glass(canvas, time), person()(canvas, time))


def with_shadow(canvas: Canvas, time: float) -> Plane:
    """A person and their soft shadow on the screen, black with its density as alpha (kept)."""
    rows, columns = canvas.grid()
    x = canvas.middle + 40.0 + 2.5 * time
    away = ((rows - 110.0) / 62.0) ** 2 + ((columns - x) / 44.0) ** 2
    density = 0.5 * np.clip(1.6 - away, 0.0, 1.0) ** 2
    return over(person()(canvas, time), joined(density, np.zeros(3)))


def backlit(canvas: Canvas, time: float) -> Plane:
    """A dark head with strands, all edges lit from behind to 4..20."""
    picture = strands(HAIR, light=60.0)(canvas, time)
    y, x = 104.0, canvas.middle - 6.0 + 2.0 * time
    rim = ellipse(canvas, (y, x), (40.0, 34.0), 1.0)
    rim = rim * (1.0 - ellipse(canvas, (y + 2.0, x + 1.5), (39.0, 33.0), 2.0))
    picture[..., :3] += 20.0 * rim[..., None] * np.array([1.0, 0.9, 0.7])
    return picture
