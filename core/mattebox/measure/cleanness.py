"""What is wrong with a key for sure: no truth is needed to see it.

Where there is nothing but screen, alpha is 0; boxes say where that is. And a subject has no hole
where the plainest key already calls it solid, well inside its closed outline.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mattebox.errors import UsageError
from mattebox.measure.metrics import FloatArray, Mask
from mattebox.measure.visible import DIRT, HOLE

OUTLINE, SOLID, MARGIN = 0.9, 0.97, 4
"""The interior by the plain key: pixels from 0.97 on that lie 4 pixels or more inside the filled
outline of what is over 0.9."""

_NUMBER = r"\s*(\d*\.?\d+)\s*"
_BOX = re.compile(",".join([_NUMBER] * 4))


@dataclass(frozen=True)
class Box:
    """A rectangle of a picture, as shares of its width and height, 0..1 from the upper left."""

    left: float
    top: float
    right: float
    bottom: float

    @staticmethod
    def parse(text: str) -> Box:
        """A box from ``left,top,right,bottom``. Raises UsageError."""
        found = _BOX.fullmatch(text)
        edges = [float(part) for part in found.groups()] if found else []
        if not edges or not (0 <= edges[0] < edges[2] <= 1 and 0 <= edges[1] < edges[3] <= 1):
            raise UsageError(
                f"{text!r} is no box",
                expected="left,top,right,bottom as shares of width and height, such as 0,0,0.2,1",
            )
        return Box(*edges)

    def of(self, plane: NDArray[Any]) -> NDArray[Any]:
        """The part of HxW or HxWxC in the box; bounds are rounded down to whole pixels."""
        height, width = plane.shape[:2]
        rows = slice(int(self.top * height), int(self.bottom * height))
        return plane[rows, int(self.left * width) : int(self.right * width)]


def interior(plain: FloatArray) -> Mask:
    """HxW: where a subject is surely solid, by a plain key's alpha HxW 0..1.

    What leaves the picture is not eroded at its border.
    """
    filled = ndimage.binary_fill_holes(plain > OUTLINE)
    core = np.asarray(
        ndimage.binary_erosion(filled, iterations=MARGIN, border_value=1), dtype=np.bool_
    )
    return core & (plain >= SOLID)


def holes(alpha: FloatArray, plain: FloatArray) -> float | None:
    """Share, 0..1, of the plain key's interior whose alpha is under 0.95; None without one."""
    inside = interior(plain)
    return float((alpha[inside] < HOLE).mean()) if inside.any() else None


def residue(alpha: FloatArray, empty: Sequence[Box]) -> tuple[float, float] | None:
    """Mean alpha in the boxes, and the share of their pixels over 0.02; None without a pixel."""
    values = np.concatenate([np.empty(0), *(box.of(alpha).ravel() for box in empty)])
    return (float(values.mean()), float((values > DIRT).mean())) if len(values) else None
