"""Film grain for made-up plates: the model the rendered test shots carry."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

GAIN = (1.6e-4, 1.0e-4, 2.4e-4)
FLOOR = (3.0e-6, 2.0e-6, 5.0e-6)
"""Variance of R, G, B at linear light x is GAIN * x + FLOOR, as ``grain_model`` in the manifests of
the rendered test shots says."""

BRIGHTEST = 4.0  # linear light beyond which grain grows no further, from the same model
SIGMA, RADIUS = 0.55, 2  # pixels; neighbouring pixels share grain through this 5x5 Gaussian


def with_grain(
    picture: NDArray[np.floating[Any]], seed: int, *, strength: float = 1.0
) -> NDArray[np.float32]:
    """A picture with signal-dependent grain; equal seeds give equal grain.

    Args:
        picture: HxWx3, linear Rec.709, any finite values.
        seed: of the random numbers.
        strength: of the grain's deviation; 1 is a well exposed plate.
    """
    white = np.random.default_rng(seed).standard_normal(picture.shape)
    noise = ndimage.gaussian_filter(white, (SIGMA, SIGMA, 0.0), radius=(RADIUS, RADIUS, 0))
    taps = np.exp(-0.5 * (np.arange(-RADIUS, RADIUS + 1) / SIGMA) ** 2)
    noise /= np.sum((taps / taps.sum()) ** 2)  # back to unit variance: the filter is separable
    deviation = np.sqrt(np.asarray(GAIN) * np.clip(picture, 0.0, BRIGHTEST) + np.asarray(FLOOR))
    return np.asarray(picture + strength * noise * deviation, np.float32)
