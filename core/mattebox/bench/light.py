"""The sRGB curve for pictures that leave the bench for programs and eyes; IEC 61966-2-1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]


def srgb_encoded(linear: FloatArray) -> NDArray[np.float64]:
    """Display codes 0..1 of linear Rec.709, clipped to 0..1; any shape."""
    x = np.clip(linear.astype(np.float64), 0.0, 1.0)
    return np.asarray(np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1.0 / 2.4) - 0.055))


def srgb_decoded(codes: FloatArray) -> NDArray[np.float64]:
    """Linear Rec.709 of display codes 0..1; any shape."""
    x = codes.astype(np.float64)
    return np.asarray(np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4))
