"""Colours as people with the common kinds of colour blindness see them, and how far apart they are.

Source: Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color
vision deficiency", IEEE Transactions on Visualization and Computer Graphics 15(6), 2009; its
matrices of severity 1 (no working cone of that kind), applied to linear light.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mattebox.measure.colour import ciede2000, lab

Light = Sequence[float]
"""R, G, B, linear Rec.709, 0..1."""

VISIONS: dict[str, NDArray[np.float64]] = {
    "usual": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}

APART = 20.0
"""CIEDE2000 from which two colours are told apart at a glance, side by side or not; 1 is what an
eye just sees side by side."""


def seen_lab(light: Light, vision: str) -> NDArray[np.float64]:
    """L*a*b* of a colour as somebody sees it, what no screen shows clipped."""
    return lab(np.clip(VISIONS[vision] @ np.asarray(light, np.float64), 0.0, 1.0))


def nearest(
    colours: Mapping[str, Light], others: Mapping[str, Light] | None = None
) -> tuple[float, str]:
    """The least CIEDE2000 between any two colours in any vision, or between any of both groups, and
    whose it is."""
    pairs: Iterable[tuple[str, str]] = itertools.combinations(colours, 2)
    if others is not None:
        pairs = itertools.product(colours, others)
    everything = {**colours, **(others or {})}
    return min(
        (
            float(
                ciede2000(seen_lab(everything[one], vision), seen_lab(everything[other], vision))
            ),
            f"{one} and {other}, {vision}",
        )
        for one, other in pairs
        for vision in VISIONS
    )


def of_code(code: Sequence[int] | str) -> Light:
    """Linear light of an sRGB colour: three codes 0..255, or #rrggbb, #rgb."""
    if isinstance(code, str):
        digits = code.removeprefix("#")
        digits = "".join(2 * one for one in digits) if len(digits) == 3 else digits
        code = [int(digits[at : at + 2], 16) for at in (0, 2, 4)]
    encoded = np.asarray(code, np.float64) / 255.0
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return tuple(map(float, light))
