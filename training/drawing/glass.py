"""Glass and clear plastic: bottles, tumblers, panes, wrap; rims mirror the screen, lamps flash.

Transmission is grey and unrefracted: what the matte can say. Mirrored lamps go into the light, the
mirrored screen into the screen's share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.drawing.canvas import Layer, Plane, Sheet, layer_of, over, painted, plane
from training.drawing.shapes import Shape, fill

# Half widths from top to bottom, as shares of the widest.
PROFILES = {
    "bottle": (0.26, 0.26, 0.3, 0.85, 1.0, 1.0, 1.0, 0.97),
    "tumbler": (1.0, 0.97, 0.94, 0.91, 0.88, 0.85),
    "wine": (0.75, 0.95, 1.0, 0.75, 0.12, 0.08, 0.1, 0.8),
    "jar": (0.7, 0.72, 1.0, 1.0, 1.0, 0.95),
    "vase": (0.6, 0.4, 0.6, 1.0, 0.8, 0.5),
}


@dataclass(frozen=True)
class Vessel:
    """A turned body: u across from -1 to 1, v along in pixels, its ends, and where it is, 0..1."""

    u: Plane
    v: Plane
    top: float
    bottom: float
    inside: Plane


def _vessel(sheet: Sheet) -> Vessel:
    n = sheet.size
    angle = sheet.normal(0.2) + (1.57 if sheet.chance(0.15) else 0.0)
    across = sheet.along(angle) - np.float32(sheet.uniform(-0.25, 0.25) * n)
    down = sheet.along(angle + 1.5708)
    height = sheet.uniform(0.5, 1.7) * n
    top = sheet.uniform(-0.75, 0.35) * n
    bottom = top + height
    if sheet.chance(0.6):
        profile = list(PROFILES.values())[sheet.whole(0, len(PROFILES) - 1)]
        widths = np.array(profile) * sheet.uniform(0.14, 0.5) * n
    else:
        widths = sheet.rng.uniform(0.1, 0.6, 5) * n
    knots = np.linspace(top, bottom, len(widths))
    # A smooth profile: the polygon through the widths, averaged over a short stretch.
    spots = np.linspace(top, bottom, 160)
    padded = np.pad(np.interp(spots, knots, widths), 8, "edge")
    smooth = np.convolve(padded, np.ones(17) / 17, "valid")
    radius = plane(np.interp(down, spots, smooth))
    u = plane(across / np.maximum(radius, 2))
    inside = np.clip((1 - np.abs(u)) * radius + 0.5, 0, 1)
    inside = inside * np.clip(down - top + 0.5, 0, 1) * np.clip(bottom - down + 0.5, 0, 1)
    return Vessel(u, down, top, bottom, plane(inside))


def _flashes(sheet: Sheet, vessel: Vessel) -> Plane:
    """Mirrored lamps and windows, narrow strips along the body: 0.3 to 150 before the glass."""
    total = np.zeros_like(vessel.u)
    for _ in range(sheet.whole(0, 5)):
        place, width = sheet.uniform(-0.95, 0.95), sheet.log_uniform(0.01, 0.14)
        middle, half = sheet.uniform(vessel.top, vessel.bottom), sheet.log_uniform(2, 90)
        strip = np.exp(-(((vessel.u - place) / width) ** 2))
        ends = 1 / (1 + np.exp(-np.clip((half - np.abs(vessel.v - middle)) * 0.8, -30, 30)))
        total = total + sheet.log_uniform(0.3, 150) * strip * ends
    return total


def _mirrored(sheet: Sheet) -> tuple[Plane, Plane]:
    """What the glass mirrors: light of the room, and how much of the screen is in it, 0..1."""
    room = sheet.log_uniform(0.02, 0.8) * np.clip(1 + 0.6 * sheet.fractal(octaves=3), 0.05, 3)
    if sheet.chance(0.45):
        seen = sheet.uniform(0, 1.1) * (0.4 + 0.5 * sheet.fractal(octaves=3))
    else:
        seen = sheet.uniform(0.4, 1.05) * (1 + 0.2 * sheet.fractal(octaves=2))
    return plane(room), plane(np.clip(seen, 0, 1))


def vessel(sheet: Sheet) -> Layer:
    """A bottle, tumbler, wine glass, jar or a free form, sometimes with a drink in it."""
    body = _vessel(sheet)
    u, inside = body.u, body.inside
    ripple = 0.0
    if sheet.chance(0.4):  # cut or pressed glass
        turns = sheet.whole(3, 14) * np.arcsin(np.clip(u, -1, 1))
        ripple = 0.4 * sheet.uniform(0, 0.25) * np.sin(turns + body.v * sheet.uniform(0, 0.1))
    facing = np.clip(np.sqrt(np.clip(1 - u * u, 0, 1)) + ripple, 0.02, 1)
    grazing = (1 - facing) ** sheet.uniform(1.6, 5)
    if sheet.chance(0.5):  # a rim, a thick foot
        wall = sheet.uniform(1, 5)
        ends = np.exp(-np.abs(body.v - body.top) / wall) + np.exp(
            -np.abs(body.bottom - body.v) / (wall * sheet.uniform(1, 5))
        )
        grazing = np.clip(grazing + sheet.uniform(0.1, 0.8) * ends, 0, 1)
    clear_share, edge_share = sheet.uniform(0.75, 0.99), sheet.uniform(0.15, 0.8)
    mirror = sheet.uniform(0.03, 0.08) + sheet.uniform(0.45, 0.9) * grazing
    through = (clear_share + (edge_share - clear_share) * grazing) * (1 - mirror)
    through = through ** (2 if sheet.chance(0.6) else 1)
    alpha = plane((1 - through) * inside)
    room, seen = _mirrored(sheet)
    shine = inside * (mirror * room + _flashes(sheet, body) * (mirror + 0.1))
    lamp = plane(sheet.palette.ordered((1.0, 0.98, 0.95)) * sheet.rng.uniform(0.9, 1.1, 3))
    light = shine[..., None] * lamp + (alpha * sheet.uniform(0, 0.06))[..., None]
    share = np.repeat((inside * mirror * seen)[..., None], 3, axis=2)
    front = layer_of(plane(light), alpha, plane(share), bound=1.0)
    return over(front, _drink(sheet, body)) if sheet.chance(0.2) else front


def _drink(sheet: Sheet, body: Vessel) -> Layer:
    """Milk, juice, cola: fills the vessel from a level down, dense or half clear."""
    level = sheet.uniform(body.top, body.bottom)
    filled = body.inside * np.clip(body.v - level + 0.5, 0, 1) * (np.abs(body.u) < 0.94)
    dense = sheet.uniform(0.3, 1.0)
    round_light = np.sqrt(np.clip(1 - 0.8 * body.u**2, 0.1, 1)) * sheet.light()
    return painted(plane(filled * dense), sheet.palette.any(), plane(round_light), 0.1)


def pane(sheet: Sheet) -> Layer:
    """A flat sheet of glass: an even reflection, bright edges, dust, perhaps a second pane."""
    half = sheet.uniform(0.25, 0.9) * sheet.size
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    angle = sheet.normal(0.3)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    outline = corners @ turn + sheet.point() + sheet.rng.normal(0, 0.1 * sheet.size, (4, 2))
    shape = Shape.of(fill(sheet, [plane(outline)]))
    edge = shape.edge(sheet.uniform(0.8, 4)) * sheet.uniform(0.2, 1)
    mirror = sheet.uniform(0.04, 0.3) + 0.5 * edge
    dust = sheet.uniform(0, 0.12) * np.clip(sheet.fractal(), 0, 3)
    alpha = np.clip(1 - (1 - mirror) * (1 - dust) * sheet.uniform(0.8, 0.99), 0, 1) * shape.alpha
    room, seen = _mirrored(sheet)
    band = sheet.along(sheet.uniform(0, 3.14)) - sheet.uniform(-0.5, 0.5) * sheet.size
    glare = sheet.log_uniform(0.05, 6) * np.exp(-((band / sheet.uniform(3, 60)) ** 2))
    shine = mirror * (room + (glare if sheet.chance(0.5) else 0.0)) + 0.3 * dust * sheet.light()
    light = np.repeat((shine * shape.alpha)[..., None], 3, axis=2)
    share = np.repeat((mirror * seen * shape.alpha)[..., None], 3, axis=2)
    return layer_of(plane(light), plane(alpha), plane(share), bound=1.0)


def glass(sheet: Sheet) -> Layer:
    return vessel(sheet) if sheet.chance(0.78) else pane(sheet)


def plastic(sheet: Sheet) -> Layer:
    """Wrap, bags, clear sheets: nearly nothing but creases, which mirror lamps and screen."""
    # Creases: the folds of |noise|; between them the sheet is smooth.
    crumple = sum(
        np.abs(sheet.fractal(sheet.uniform(2, 10), octaves=2)) / (1 + fold) for fold in range(4)
    )
    down, across = np.gradient(crumple * np.float32(sheet.size / 10))
    tilt = np.clip(np.hypot(down, across) * sheet.uniform(0.1, 0.7), 0, 1)
    angle = sheet.uniform(0, 6.28)
    toward = np.cos(angle) * across + np.sin(angle) * down
    flash = np.exp(-(((toward - sheet.uniform(0.3, 1.5)) / sheet.uniform(0.03, 0.25)) ** 2))
    field = sheet.fractal(sheet.uniform(1.2, 3), octaves=3)
    shape = Shape.of(sheet.step(field, sheet.uniform(-1.5, 0.4)))
    mirror = (0.04 + sheet.uniform(0.1, 0.6) * tilt**2) * shape.alpha
    hem = shape.edge(1.2) * sheet.uniform(0, 0.5) * shape.alpha
    mirror = np.clip(mirror + 0.4 * hem, 0, 0.95)
    alpha = 1 - (1 - mirror) * (1 - sheet.uniform(0.01, 0.2) * shape.alpha) * (1 - hem)
    room, seen = _mirrored(sheet)
    shine = mirror * room + flash * sheet.log_uniform(0.1, 12) * (0.1 + mirror) * shape.alpha
    shine = shine + alpha * sheet.uniform(0, 0.15) * sheet.light()
    light = np.repeat(shine[..., None], 3, axis=2)
    share = np.repeat((mirror * seen)[..., None], 3, axis=2)
    return layer_of(plane(light), plane(alpha), plane(share), bound=1.0)
