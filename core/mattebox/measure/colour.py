"""Colour differences as eyes see them: linear Rec.709 to CIE L*a*b*, and CIEDE2000.

Sources: ITU-R BT.709-6 (primaries and white D65, and with them the matrix of IEC 61966-2-1); CIE
15:2004 (L*a*b*); Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula: implementation
notes, supplementary test data, and mathematical observations", Color Research and Application
30(1), 2005. Written from the formula; weights kL = kC = kH = 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
Plane = NDArray[np.float64]

_TO_XYZ = np.array(
    [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
)
_WHITE = _TO_XYZ.sum(axis=1)
"""D65 as the matrix itself has it, so that equal R, G, B are neutral to the last digit."""

_LINEAR_BELOW = (6.0 / 29.0) ** 3  # of white; CIE 15:2004
_CHROMA_KNEE = 25.0**7  # where CIEDE2000 stops stretching the a* axis


def lab(linear: FloatArray) -> Plane:
    """CIE L*a*b* under D65, (..., 3), of linear Rec.709 light (..., 3), 0..1 with 1 as white."""
    shares = linear.astype(np.float64) @ _TO_XYZ.T / _WHITE
    root = np.where(
        shares > _LINEAR_BELOW,
        np.cbrt(shares),
        shares / (3.0 * (6.0 / 29.0) ** 2) + 4.0 / 29.0,
    )
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return np.stack([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)], axis=-1)


def ciede2000(first: FloatArray, second: FloatArray) -> Plane:
    """The difference of two arrays of L*a*b* (..., 3), (...); about 1 is what an eye just sees.

    Raises:
        ValueError: the shapes differ, or the last axis is not L*, a*, b*.
    """
    if first.shape != second.shape or first.shape[-1:] != (3,):
        raise ValueError(f"expected two (..., 3) of L*a*b*, got {first.shape} and {second.shape}")
    (light1, chroma1, hue1), (light2, chroma2, hue2) = _stretched(first, second)
    both = chroma1 * chroma2 > 0.0  # a grey has no hue
    turn = np.where(both, (hue2 - hue1 + 180.0) % 360.0 - 180.0, 0.0)
    # Exactly opposite hues: the formula leaves 180 at +180, the remainder gives -180.
    turn = np.where(turn == -180.0, np.where(hue2 > hue1, 180.0, -180.0), turn)
    d_hue = 2.0 * np.sqrt(chroma1 * chroma2) * np.sin(np.radians(turn / 2.0))
    d_light, d_chroma = light2 - light1, chroma2 - chroma1

    mean_light, mean_chroma = (light1 + light2) / 2.0, (chroma1 + chroma2) / 2.0
    total = hue1 + hue2
    across = np.abs(hue1 - hue2) > 180.0  # the mean lies on the shorter way around
    mean_hue = np.where(across, total + np.where(total < 360.0, 360.0, -360.0), total) / 2.0
    mean_hue = np.where(both, mean_hue, total)  # a grey's hue counts 0: the other's stands

    weight = (
        1.0
        - 0.17 * np.cos(np.radians(mean_hue - 30.0))
        + 0.24 * np.cos(np.radians(2.0 * mean_hue))
        + 0.32 * np.cos(np.radians(3.0 * mean_hue + 6.0))
        - 0.20 * np.cos(np.radians(4.0 * mean_hue - 63.0))
    )
    off = (mean_light - 50.0) ** 2
    of_light = d_light / (1.0 + 0.015 * off / np.sqrt(20.0 + off))
    of_chroma = d_chroma / (1.0 + 0.045 * mean_chroma)
    of_hue = d_hue / (1.0 + 0.015 * mean_chroma * weight)
    seventh = mean_chroma**7
    blue = 30.0 * np.exp(-(((mean_hue - 275.0) / 25.0) ** 2))
    rotation = -2.0 * np.sqrt(seventh / (seventh + _CHROMA_KNEE)) * np.sin(np.radians(2.0 * blue))
    squared = of_light**2 + of_chroma**2 + of_hue**2 + rotation * of_chroma * of_hue
    # Rounding may leave a negative nothing where two colours are equal.
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def _stretched(
    first: FloatArray, second: FloatArray
) -> tuple[tuple[Plane, Plane, Plane], tuple[Plane, Plane, Plane]]:
    """L*, C' and h' in degrees 0..360 of both, with a* stretched by the pair's mean chroma."""
    exact = first.astype(np.float64), second.astype(np.float64)
    seventh = (sum(np.hypot(part[..., 1], part[..., 2]) for part in exact) / 2.0) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(seventh / (seventh + _CHROMA_KNEE))

    def polar(part: Plane) -> tuple[Plane, Plane, Plane]:
        a, b = part[..., 1] * stretch, part[..., 2]
        hue = np.degrees(np.arctan2(b, a)) % 360.0
        return part[..., 0], np.hypot(a, b), np.asarray(hue)

    return polar(exact[0]), polar(exact[1])
