"""Things without an outline: smoke, steam, veils, shadows."""

from __future__ import annotations

import cv2
import numpy as np

from training.drawing.canvas import Layer, Plane, Sheet, clear, layer_of, plane
from training.drawing.shapes import any_shape, expanse
from training.drawing.surfaces import folds, patterned
from training.drawing.thin import nearest, strip, warped_grid


def _stirred(sheet: Sheet, field: Plane, strength: float) -> Plane:
    """The field carried along by eddies, which neither pile up nor thin it."""
    stream = sheet.fractal(sheet.uniform(2, 6), octaves=3) * np.float32(strength * 12)
    down, across = np.gradient(plane(cv2.GaussianBlur(stream, (0, 0), 2)))
    return plane(
        cv2.remap(
            field,
            sheet.xx + plane(down),
            sheet.yy - plane(across),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
    )


def _cloud(sheet: Sheet) -> Plane:
    """Optical depth of a cloud, 0 and up."""
    n = sheet.size
    field = sheet.fractal(sheet.uniform(1.2, 6), sheet.whole(2, 6), sheet.uniform(0.35, 0.65))
    if sheet.chance(0.6):
        for _ in range(sheet.whole(1, 3)):
            field = _stirred(sheet, field, sheet.uniform(2, 12))
    if sheet.chance(0.12):  # wisps: bright ridges where the field crosses zero
        field = plane(1.2 - sheet.uniform(1.2, 3) * np.abs(field))
    body = np.clip(field * sheet.uniform(0.3, 1.0) + sheet.uniform(-0.3, 1.4), 0, None)
    if sheet.chance(0.7):
        centre, reach = sheet.point(), sheet.rng.uniform(0.25, 1.0, 2) * n
        away = ((sheet.xx - centre[0]) / reach[0]) ** 2 + ((sheet.yy - centre[1]) / reach[1]) ** 2
        body = body * np.exp(-(away ** sheet.uniform(0.7, 2)))
    return plane(body)


def _within(depth: Plane, shadowed: float) -> Plane:
    """Share of the light from outside that is left within a cloud, 1 where it is thin.

    Light that comes in from one side, met by ``shadowed`` of the cloud's depth, averaged over it.
    """
    met = shadowed * np.maximum(depth, 1e-4)
    return plane((1 - np.exp(-met)) / met)


def _scattering(sheet: Sheet, depth: Plane, white: float, share: float) -> Layer:
    """A cloud of this optical depth that scatters `white` of the lamps, `share` of the screen.

    Where it is dense it stands in its own shade: lamps reach in from the front, the screen's light
    from all about and so through more of it.
    """
    alpha = 1 - np.exp(-depth)
    tint = sheet.palette.tint(sheet.uniform(0.05, 0.6) if sheet.chance(0.15) else 0.0)
    tint = tint * plane(sheet.rng.uniform(0.97, 1.03, 3))
    light = sheet.light(0.5, 2.0) * _within(depth, sheet.log_uniform(0.08, 0.8))
    thrown = share * np.clip(1 + 0.12 * sheet.fractal(octaves=2), 0.3, 1.7)
    thrown = thrown * _within(depth, sheet.log_uniform(0.25, 1.3))
    return layer_of(
        plane((alpha * light)[..., None] * white * tint),
        plane(alpha),
        plane((alpha * thrown)[..., None] * tint),
    )


def smoke(sheet: Sheet) -> Layer:
    """White, tinted or dark smoke, thin to opaque.

    Fog of a stage's machines absorbs nothing: what of the screen's light it takes away it scatters,
    much of it on towards the camera.
    """
    depth = _cloud(sheet) * np.float32(sheet.log_uniform(0.3, 5))
    white = sheet.uniform(0.8, 1) if sheet.chance(0.85) else sheet.uniform(0.03, 0.5)
    share = white * float(np.clip(0.56 + sheet.normal(0.08), 0.25, 0.8))
    return _scattering(sheet, plane(depth), white, share)


def steam(sheet: Sheet) -> Layer:
    """White and thin, drawn out upwards."""
    n = sheet.size
    tall = plane(cv2.resize(_cloud(sheet), (n, 2 * n), interpolation=cv2.INTER_LINEAR))
    top = sheet.whole(0, n)
    depth = tall[top : top + n] * np.float32(sheet.log_uniform(0.3, 3))
    white = sheet.uniform(0.9, 1)
    return _scattering(sheet, plane(depth), white, white * sheet.uniform(0.35, 0.75))


def veil(sheet: Sheet) -> Layer:
    """Thin cloth: white without spill, black, coloured, woven, patterned; thicker in its folds."""
    shape = expanse(sheet, (-0.2, 0.7)) if sheet.chance(0.7) else any_shape(sheet)
    low, high = sheet.uniform(0.03, 0.6), sheet.uniform(0.3, 0.95)
    cover: Plane = np.full_like(shape.alpha, low)
    if sheet.chance(0.7):  # a weave wide enough to see
        period = sheet.log_uniform(2.2, 14)
        u, v = warped_grid(sheet, sheet.uniform(0, 3))
        half = sheet.uniform(0.12, 0.4) * period
        threads = np.maximum(strip(nearest(u, period), half), strip(nearest(v, period), half))
        cover = plane(cover + max(high - low, 0) * threads)
    if sheet.chance(0.25):  # embroidery
        motif = sheet.step(sheet.fractal(sheet.uniform(5, 25), octaves=2), sheet.uniform(0.3, 1.4))
        cover = plane(np.maximum(cover, motif * sheet.uniform(0.5, 1)))
    if sheet.chance(0.3):  # a hem
        hem = shape.edge(sheet.uniform(1, 5))
        cover = plane(np.maximum(cover, hem * sheet.uniform(0.3, 0.9)))
    thickness = -np.log(1 - np.clip(cover, 0, 0.985)) * folds(sheet, sheet.uniform(0, 0.8))
    if sheet.chance(0.3):  # doubled over
        twice = sheet.step(sheet.fractal(3, octaves=2), sheet.uniform(-0.5, 1))
        thickness = thickness * (1 + twice)
    alpha = plane((1 - np.exp(-thickness)) * shape.alpha)
    palette = sheet.palette
    kinds = (palette.white, palette.black, palette.grey, palette.any)
    pick = int(sheet.rng.choice(4, p=(0.38, 0.2, 0.12, 0.3)))
    colour = kinds[pick]()
    albedo = patterned(sheet, colour, palette.any()) if sheet.chance(0.25) else colour
    share = sheet.uniform(0, 0.45) if sheet.chance(0.5) else 0.0
    body = alpha[..., None] * albedo
    light = (sheet.light() * folds(sheet, sheet.uniform(0, 0.3)))[..., None]
    return layer_of(plane(body * light), alpha, plane(body * share))


def shadow(sheet: Sheet) -> Layer:
    """A soft shadow on the screen: it covers as black does."""
    strength, field = sheet.uniform(0.05, 0.6), sheet.fractal(octaves=2) * 0.5
    depth = plane(np.clip(field + sheet.uniform(-0.3, 0.5), 0, 1) * strength)
    layer = clear(sheet.size)
    layer[..., 3] = depth
    return layer


def cast_shadow(sheet: Sheet, subject: Layer) -> Layer:
    """The subject's own shadow: its coverage moved, blurred and black."""
    reach = sheet.uniform(0.03, 0.2) * sheet.size
    angle = sheet.uniform(0, 6.28)
    move = np.array([[1, 0, reach * np.cos(angle)], [0, 1, reach * np.sin(angle)]])
    n = sheet.size
    cover = np.ascontiguousarray(subject[..., 3])
    moved = cv2.warpAffine(cover, move, (n, n), borderMode=cv2.BORDER_REPLICATE)
    soft = plane(cv2.GaussianBlur(moved, (0, 0), sheet.uniform(3, 16)))
    layer = clear(n)
    layer[..., 3] = soft * np.float32(sheet.uniform(0.1, 0.7))
    return layer
