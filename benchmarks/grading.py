"""A shot as a grader leaves it: made for a display, in eight bits, its darks and lights bent.

Light falls to a quarter in the corners, what is brighter than white loses its colour and is cut
off, and a contrast curve lies over the sRGB codes. None of it is told to who keys it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.bench.light import srgb_decoded, srgb_encoded

FloatArray = NDArray[np.floating[Any]]
Pixels = NDArray[np.float32]

CORNERS = 0.25  # of the middle's light: two stops, a strong vignette
PALING = (0.6, 1.6)  # linear light over which a highlight goes from its own colour to white
CONTRAST = 0.7  # of the way from the straight line to 3 c^2 - 2 c^3: a usual look


def graded_codes(light: FloatArray) -> NDArray[np.uint8]:
    """HxWx3 8-bit sRGB codes of HxWx3 linear Rec.709."""
    return np.rint(_graded(light) * 255.0).astype(np.uint8)


def graded_truth(truth: Pixels) -> Pixels:
    """A truth HxWx4, premultiplied linear Rec.709: its colours graded, its alpha as it was.

    The colour of what is half there is that of the whole thing, graded: a grade bends mixtures, so
    no colour fits there exactly.
    """
    alpha = truth[..., 3:]
    straight = truth[..., :3] / np.where(alpha > 0.0, alpha, 1.0)
    return np.concatenate([alpha * srgb_decoded(_graded(straight)), alpha], axis=2).astype("f4")


def _graded(light: FloatArray) -> NDArray[np.float64]:
    """HxWx3 display codes 0..1."""
    height, width = light.shape[:2]
    down, right = np.linspace(-1.0, 1.0, height)[:, None], np.linspace(-1.0, 1.0, width)[None]
    away = (down**2 + right**2) / 2.0  # 1 in the corners
    seen = light / (1.0 + (1.0 / CORNERS - 1.0) * away)[..., None]
    peak = seen.max(axis=2, keepdims=True)
    low, high = PALING
    pale = np.clip((peak - low) / (high - low), 0.0, 1.0)
    codes = srgb_encoded(seen + pale * (peak - seen))
    return codes + CONTRAST * ((3.0 - 2.0 * codes) * codes**2 - codes)
