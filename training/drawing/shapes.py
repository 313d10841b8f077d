"""Outlines of solid subjects: how far they cover each pixel and how deep a pixel lies inside."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.drawing.canvas import Plane, Sheet, plane

FINER = 4  # outlines are filled on a grid this much finer
Points = NDArray[np.float32]  # [count, 2], x and y in pixels


@dataclass(frozen=True)
class Shape:
    """Coverage 0..1 and depth in pixels from the outline, both [n, n]."""

    alpha: Plane
    depth: Plane

    @classmethod
    def of(cls, alpha: Plane) -> Shape:
        inside = (alpha > 0.5).astype(np.uint8)
        depth = plane(cv2.distanceTransform(inside, cv2.DIST_L2, 3))
        deepest = 2.0 * max(alpha.shape)  # where no outline is in sight OpenCV says infinity
        return cls(alpha, np.clip(depth - 0.5, 0, deepest))

    def edge(self, width: float) -> Plane:
        """1 on the outline, falling off inwards over `width` pixels."""
        return plane(np.exp(-self.depth / np.float32(width)))

    def facing(self, angle: float, width: float) -> Plane:
        """How far a rounded edge faces a direction, -1..1; 0 in the flat interior."""
        round_off = plane(cv2.GaussianBlur(self.edge(width), (0, 0), 1 + width / 4))
        down, across = np.gradient(round_off)
        slope = np.cos(angle) * across + np.sin(angle) * down
        return plane(np.clip(slope * width * 1.6, -1, 1))

    def cut(self, kept: Plane) -> Shape:
        return Shape.of(self.alpha * kept)


def fill(sheet: Sheet, outlines: list[Points]) -> Plane:
    """Coverage of the union of closed outlines."""
    n = sheet.size * FINER
    mask = np.zeros((n, n), np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.round(outline * FINER).astype(np.int32)], 255)
    return _smaller(sheet, mask)


def _smaller(sheet: Sheet, mask: NDArray[np.uint8]) -> Plane:
    small = cv2.resize(mask, (sheet.size, sheet.size), interpolation=cv2.INTER_AREA)
    return plane(small) / np.float32(255)


def ring(
    centre: Points, radii: tuple[float, float], turn: float = 0.0, wobble: Points | None = None
) -> Points:
    """An ellipse's outline as 120 points, its radius scaled by 1 + wobble [120]."""
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    reach = 1.0 if wobble is None else 1 + wobble
    x, y = radii[0] * reach * np.cos(angles), radii[1] * reach * np.sin(angles)
    spun = np.stack([np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y], 1)
    return plane(centre + spun)


def wobble(sheet: Sheet, strength: float, harmonics: int = 7) -> Points:
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    total = np.zeros(120)
    for order in range(2, harmonics):
        total += sheet.normal() / order * np.sin(order * angles + sheet.uniform(0, 6.28))
    return plane(strength * total)


def blob(sheet: Sheet) -> Shape:
    """One to three wobbly ellipses."""
    outlines = []
    for _ in range(sheet.whole(1, 3)):
        wide, tall = (sheet.log_uniform(0.06, 0.6) * sheet.size for _ in range(2))
        bumps = wobble(sheet, sheet.uniform(0, 0.15))
        outlines.append(ring(sheet.point(-0.1, 1.1), (wide, tall), sheet.uniform(0, 3.14), bumps))
    return Shape.of(fill(sheet, outlines))


def expanse(sheet: Sheet, reach: tuple[float, float] = (-0.35, 0.35)) -> Shape:
    """A bumpy half plane: a body's side, a table, ground."""
    bumps = sheet.uniform(2, 16) * sheet.fractal(octaves=sheet.whole(2, 5))
    side = sheet.along(sheet.uniform(0, 6.28)) + sheet.uniform(*reach) * sheet.size + bumps
    return Shape.of(sheet.step(side, 0))


def limbs(sheet: Sheet, thinnest: float = 1.5, thickest: float = 64) -> Shape:
    """Thick bent lines: arms, fingers, poles, cables; widths in pixels."""
    n = sheet.size * FINER
    mask = np.zeros((n, n), np.uint8)
    for _ in range(sheet.whole(1, 4)):
        point, angle = sheet.point(-0.2, 1.2) * FINER, sheet.uniform(0, 6.28)
        width = sheet.log_uniform(thinnest, thickest) * FINER
        for _ in range(sheet.whole(1, 4)):
            ahead = np.array([np.cos(angle), np.sin(angle)])
            goal = plane(point + sheet.uniform(0.15, 0.5) * n * ahead)
            ends = np.round([point, goal]).astype(int).tolist()
            cv2.line(mask, ends[0], ends[1], 255, max(1, int(width)))
            point, angle, width = goal, angle + sheet.normal(0.7), width * sheet.uniform(0.7, 1.05)
    return Shape.of(_smaller(sheet, mask))


def islands(sheet: Sheet) -> Shape:
    field = sheet.fractal(sheet.uniform(1.5, 8), sheet.whole(2, 6), sheet.uniform(0.35, 0.7))
    return Shape.of(sheet.step(field, sheet.uniform(-0.6, 1.2)))


def holed(sheet: Sheet, shape: Shape) -> Shape:
    """The shape with holes from pinpricks to windows."""
    field = sheet.fractal(sheet.log_uniform(4, 60), octaves=sheet.whole(1, 3))
    return shape.cut(1 - sheet.step(field, sheet.uniform(0.3, 1.6)))


def any_shape(sheet: Sheet) -> Shape:
    draw = sheet.uniform(0, 1)
    for limit, make in ((0.28, blob), (0.55, expanse), (0.82, limbs), (1.0, islands)):
        if draw < limit:
            shape = make(sheet)
            break
    return holed(sheet, shape) if sheet.chance(0.06) else shape


def head(sheet: Sheet) -> tuple[Points, float, Points]:
    """A head's centre and radius, and its outline."""
    radius = sheet.uniform(0.14, 0.36) * sheet.size
    centre = plane([sheet.uniform(0.25, 0.75), sheet.uniform(0.35, 0.7)]) * np.float32(sheet.size)
    radii = (radius * sheet.uniform(0.72, 0.95), radius * sheet.uniform(1.0, 1.25))
    return centre, radius, ring(centre, radii, sheet.normal(0.2), wobble(sheet, 0.03))


def shoulders(sheet: Sheet, centre: Points, radius: float) -> list[Points]:
    """Neck and trunk below a head, down to the sheet's lower edge."""
    across, neck = sheet.uniform(1.6, 2.6) * radius, sheet.uniform(0.4, 0.6) * radius
    x, y = float(centre[0]), float(centre[1])
    bottom = sheet.size + 20.0
    throat, slope = y + 1.25 * radius, sheet.uniform(0.3, 0.7) * radius
    trunk = [
        (x - neck, y),
        (x + neck, y),
        (x + neck, throat),
        (x + 0.8 * across, throat + slope),
        (x + across, throat + 2.2 * slope),
        (x + 1.1 * across, bottom),
        (x - 1.1 * across, bottom),
        (x - across, throat + 2.2 * slope),
        (x - 0.8 * across, throat + slope),
        (x - neck, throat),
    ]
    return [plane(trunk)]


def figure(sheet: Sheet, height: float) -> Shape:
    """A person seen whole, `height` pixels tall: head, trunk, two arms, two legs."""
    n = sheet.size * FINER
    mask = np.zeros((n, n), np.uint8)
    unit = height * FINER
    foot = np.array([sheet.uniform(0.15, 0.85) * n, sheet.uniform(0.45, 1.05) * n])

    def limb(start: tuple[float, float], end: tuple[float, float], width: float) -> None:
        ends = np.round([foot + np.array(start) * unit, foot + np.array(end) * unit])
        first, last = ends.astype(int).tolist()
        cv2.line(mask, first, last, 255, max(1, int(width * unit)))

    for side in (-1, 1):
        stride, swing = side * sheet.uniform(0.03, 0.2), side * sheet.uniform(0.1, 0.3)
        limb((0, -0.47), (stride, 0), 0.075)
        limb((side * 0.08, -0.78), (swing, -sheet.uniform(0.4, 0.95)), 0.055)
    limb((0, -0.75), (0, -0.5), 0.17)
    top = np.round(foot - np.array([0, 0.92]) * unit).astype(int).tolist()
    cv2.circle(mask, top, max(1, int(0.065 * unit)), 255, -1)
    return Shape.of(_smaller(sheet, mask))
