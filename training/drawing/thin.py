"""Nets, chain mail, bars, rackets and lace: regular thin things with the screen between them."""

from __future__ import annotations

import numpy as np

from training.drawing.canvas import Layer, Plane, Sheet, layer_of, over, plane
from training.drawing.shapes import Shape, blob, expanse, fill, ring
from training.drawing.surfaces import lit, patterned

Grid = tuple[Plane, Plane]


def warped_grid(sheet: Sheet, strength: float) -> Grid:
    """Turned coordinates u, v in pixels, bent as a hanging net is."""
    angle = sheet.uniform(0, 3.14)
    bend = strength * sheet.fractal(octaves=2)
    other = strength * sheet.fractal(octaves=2)
    return sheet.along(angle) + bend, sheet.along(angle + 1.57) + other


def nearest(coordinate: Plane, period: float) -> Plane:
    """Signed distance to the nearest line of a family one period apart."""
    return plane((coordinate + period / 2) % period - period / 2)


def strip(distance: Plane, half_width: float) -> Plane:
    """Coverage of a strip about distance 0, edges one pixel wide; thinner than that, fainter."""
    whole = np.clip(half_width - np.abs(distance) + 0.5, 0, 1)
    return plane(whole * min(1.0, 2 * half_width))


def rounded(distance: Plane, half_width: float) -> Plane:
    """Light on a round bar: bright in the middle, dark to its sides."""
    return plane(np.sqrt(np.clip(1 - (distance / (half_width + 0.5)) ** 2, 0.1, 1)))


def _threads(sheet: Sheet, cover: Plane, shade: Plane) -> Layer:
    """Metal, string or yarn over the given coverage."""
    palette = sheet.palette
    draws = (palette.any, palette.metal, palette.black, palette.white)
    first, second = draws[sheet.whole(0, 3)](), palette.any()
    spots = patterned(sheet, first, first if sheet.chance(0.7) else second)
    light = spots * (shade * sheet.light())[..., None]
    if sheet.chance(0.2):
        flash = np.clip(sheet.fractal(sheet.uniform(10, 60), octaves=2) - 1.6, 0, 1)
        light = light + (flash * shade**4 * sheet.log_uniform(1, 30))[..., None]
    bounce = sheet.uniform(0, 0.6) if sheet.chance(0.6) else 0.0
    share = spots * (bounce * np.clip(1.3 - shade, 0, 1))[..., None]
    body = cover[..., None]
    return layer_of(plane(light * body), cover, plane(share * body))


def net(sheet: Sheet, bent: float = 0.7) -> Layer:
    """Square, slanted or three-way netting, from tulle to goal nets."""
    period = sheet.log_uniform(3, 36)
    u, v = warped_grid(sheet, period * sheet.uniform(0, bent))
    half = max(0.2, period * sheet.uniform(0.03, 0.16))
    families = [u, v * sheet.uniform(0.6, 1.4)]
    if sheet.chance(0.25):
        families = [u, 0.5 * u + 0.866 * v, 0.5 * u - 0.866 * v]
    cover, shade = np.zeros_like(u), np.zeros_like(u)
    for lines in families:
        gap = nearest(lines, period)
        strand = strip(gap, half)
        shade = shade * (1 - strand) + strand * rounded(gap, half)
        cover = np.maximum(cover, strand)
    return _threads(sheet, cover, shade)


def chain_mail(sheet: Sheet) -> Layer:
    """Interlocked rings: two lattices of circles, one over the other."""
    period = sheet.log_uniform(5, 26)
    u, v = warped_grid(sheet, period * sheet.uniform(0, 0.5))
    radius, half = period * sheet.uniform(0.5, 0.62), max(0.4, period * sheet.uniform(0.05, 0.11))
    cover, shade = np.zeros_like(u), np.zeros_like(u)
    for shift in (0.0, period / 2):
        for side in (0.0, period):  # rings reach into the next cell
            x, y = nearest(u + shift + side, 2 * period), nearest(v + shift, period)
            gap = plane(np.hypot(x, y) - radius)
            wire = strip(gap, half)
            shade = shade * (1 - wire) + wire * rounded(gap, half)
            cover = np.maximum(cover, wire)
    return _threads(sheet, cover, shade)


def bars(sheet: Sheet) -> Layer:
    """A fence, a cage or a blind: bars one way, perhaps rails the other."""
    period = sheet.log_uniform(6, 70)
    u, v = warped_grid(sheet, sheet.uniform(0, 3) if sheet.chance(0.4) else 0.0)
    half = period * sheet.uniform(0.05, 0.3)
    gap = nearest(u, period)
    cover, shade = strip(gap, half), rounded(gap, half)
    if sheet.chance(0.5):
        gap = nearest(v, period * sheet.uniform(1.5, 5))
        rail = strip(gap, half * sheet.uniform(0.6, 1.2))
        shade = shade * (1 - rail) + rail * rounded(gap, half)
        cover = np.maximum(cover, rail)
    return _threads(sheet, cover, shade)


def racket(sheet: Sheet) -> Layer:
    """Strings within a frame."""
    strung = net(sheet, 0.1)
    centre = sheet.point(0.2, 0.8)
    radii = (sheet.uniform(0.2, 0.6) * sheet.size, sheet.uniform(0.25, 0.7) * sheet.size)
    turn, rim = sheet.uniform(0, 3.14), sheet.uniform(2, 10)
    inner = fill(sheet, [ring(centre, radii, turn)])
    outer = fill(sheet, [ring(centre, (radii[0] + rim, radii[1] + rim), turn)])
    first, second = sheet.palette.any(), sheet.palette.any()
    rim_shape = Shape.of(outer * (1 - inner))
    frame = lit(sheet, rim_shape, patterned(sheet, first, second))
    return over(frame, strung * inner[..., None])


def lace(sheet: Sheet) -> Layer:
    """Flowers and dots of thread on a fine net, within an outline."""
    cell = sheet.log_uniform(10, 44)
    u, v = warped_grid(sheet, cell * sheet.uniform(0, 0.5))
    row = np.floor(v / cell)
    x = nearest(u + 0.5 * cell * (row % 2), cell)
    y = plane(v % cell - cell / 2)
    radius, around = np.hypot(x, y), np.arctan2(y, x)
    petals = sheet.whole(3, 8)
    petal = 1 + sheet.uniform(0.1, 0.5) * np.cos(petals * around)
    reach = cell * sheet.uniform(0.25, 0.45) * petal
    flower = np.clip(reach - radius + 0.5, 0, 1)
    eye = np.clip(radius - reach * sheet.uniform(0.2, 0.75) + 0.5, 0, 1)
    mesh = max(2.5, cell / sheet.uniform(4, 9))
    half = max(0.25, mesh * sheet.uniform(0.08, 0.2))
    ground = np.maximum(strip(nearest(u + v, mesh), half), strip(nearest(u - v, mesh), half))
    thread = np.maximum(ground * sheet.uniform(0.3, 1), flower * np.maximum(eye, 0.4 * ground))
    shape = expanse(sheet, (-0.2, 0.6)) if sheet.chance(0.6) else blob(sheet)
    cover = plane(np.clip(thread, 0, 1) * shape.alpha)
    return _threads(sheet, cover, sheet.blotches(0.85, 0.15))
