"""Errors of a matte against the true one, as the video matting literature computes them.

Functions return the *published* figure, scale included:

===========  ======  ====================================================================
figure       scale   what it is, for one frame
===========  ======  ====================================================================
MAD, MSE     x 1e3   mean absolute and mean squared difference of alpha
SAD          / 1e3   summed absolute difference of alpha
Grad         / 1e3   summed squared difference of gradient magnitudes
Conn         / 1e3   summed difference of connectedness
dtSSD        x 1e2   root mean square of the difference of the changes since the last frame
comp error   x 1e3   mean absolute difference over a background, linear light, 0..1
===========  ======  ====================================================================

What eyes see first, holes, dirt and wrong colour, is in ``measure/visible.py``.

SAD, Grad and Conn are sums: they grow with the picture and never compare across sizes.

Sources: Rhemann et al., "A perceptually motivated online benchmark for image matting", CVPR 2009
(Grad, Conn); Erofeev et al., "Perceptually motivated benchmark for video matting", BMVC 2015
(dtSSD); Lin et al., "Robust high-resolution video matting", WACV 2022 (scales and averaging).

Alpha is a float array HxW, nominally 0..1, and is not clipped: an alpha beyond 1 is an error and
counts as one. NaN or infinite values give NaN or infinite figures; callers refuse them before.
"""

from __future__ import annotations

import enum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatArray: TypeAlias = NDArray[np.floating[Any]]
Mask: TypeAlias = NDArray[np.bool_]

GREY = (0.18, 0.18, 0.18)  # scene-linear middle grey
RED = (0.60, 0.02, 0.02)  # scene-linear, the complement of a green screen: shows green edges

_GRAD_SIGMA = 1.4  # pixels; Rhemann et al. 2009
_GRAD_RADIUS = 4  # pixels; the 9x9 kernel, where the derivative falls under 1 % of its height
_CONN_STEPS = 10  # thresholds 0.1, 0.2 .. 1.0; Rhemann et al. 2009
_CONN_DEAD_ZONE = 0.15  # alpha; smaller distances from the connected level do not count
_BAND_SIZE = 10  # pixels; the ellipse of the published pseudo-trimap


class Convention(enum.StrEnum):
    """How alpha is prepared before it is measured. No convention resizes anything.

    Attributes:
        FLOAT: alpha as it is; ours.
        RVM_LR_8BIT: alpha rounded to 8 bits, and both mattes stretched to 0..1 before Grad, as in
            the published low-resolution (512x288) tables. The stretch hides errors of gain.
    """

    FLOAT = "float"
    RVM_LR_8BIT = "rvm-lr-8bit"

    def prepared(self, alpha: FloatArray) -> FloatArray:
        """Alpha HxW as this convention sees it, float64."""
        if self is Convention.RVM_LR_8BIT:
            return rounded_to_8bit(alpha)
        return alpha.astype(np.float64)

    @property
    def stretches_grad(self) -> bool:
        """Whether Grad is taken of mattes stretched to 0..1."""
        return self is Convention.RVM_LR_8BIT


def rounded_to_8bit(alpha: FloatArray) -> NDArray[np.float64]:
    """Alpha clipped to 0..1 and rounded to the nearest of 256 levels, halves up; HxW float64."""
    levels = np.floor(np.clip(alpha.astype(np.float64), 0.0, 1.0) * 255.0 + 0.5)
    return np.asarray(levels / 255.0)


def mad(predicted: FloatArray, truth: FloatArray, region: Mask | None = None) -> float:
    """Mean absolute difference x 1e3, over all pixels or those of a region (HxW bool).

    Raises:
        ValueError: shapes differ, or there is no pixel to average over.
    """
    return 1e3 * float(np.abs(_difference(predicted, truth, region)).mean())


def mse(predicted: FloatArray, truth: FloatArray, region: Mask | None = None) -> float:
    """Mean squared difference x 1e3, over all pixels or those of a region (HxW bool).

    Raises:
        ValueError: shapes differ, or there is no pixel to average over.
    """
    return 1e3 * float(np.square(_difference(predicted, truth, region)).mean())


def sad(predicted: FloatArray, truth: FloatArray) -> float:
    """Summed absolute difference over all pixels, / 1000."""
    return float(np.abs(_difference(predicted, truth)).sum()) / 1e3


def grad(predicted: FloatArray, truth: FloatArray, *, stretch: bool = False) -> float:
    """Summed squared difference of the mattes' gradient magnitudes, / 1000.

    Args:
        predicted: HxW alpha.
        truth: HxW alpha.
        stretch: stretch each matte to 0..1 first, as the low-resolution tables do.
    """
    _require_pixels(predicted, truth)
    first, second = (
        gradient_magnitude(_stretched(alpha) if stretch else alpha) for alpha in (predicted, truth)
    )
    return float(np.square(first - second).sum()) / 1e3


def gradient_magnitude(alpha: FloatArray) -> NDArray[np.float64]:
    """Length of the Gaussian gradient of alpha (HxW), HxW float64.

    Each 9x9 kernel, a Gaussian's first derivative along one axis, has an L2 norm of 1; it is the
    outer product of two unit vectors. The border pixels are repeated outwards.
    """
    offsets = np.arange(-_GRAD_RADIUS, _GRAD_RADIUS + 1, dtype=np.float64)
    smooth = np.exp(-(offsets**2) / (2.0 * _GRAD_SIGMA**2))
    slope = offsets * smooth
    smooth /= np.linalg.norm(smooth)
    slope /= np.linalg.norm(slope)
    exact = alpha.astype(np.float64)
    along_x = _correlated(_correlated(exact, slope, axis=1), smooth, axis=0)
    along_y = _correlated(_correlated(exact, slope, axis=0), smooth, axis=1)
    return np.asarray(np.hypot(along_x, along_y))


def conn(predicted: FloatArray, truth: FloatArray) -> float:
    """Summed difference of connectedness, / 1000.

    Per pixel: the highest of the levels 0, 0.1 .. 1 at which it still belongs to the largest
    4-connected component of the pixels that reach the level in both mattes; each matte's
    distance above that level counts from 0.15 on. Of equally large components the first in
    reading order is taken.
    """
    _require_pixels(predicted, truth)
    first, second = predicted.astype(np.float32), truth.astype(np.float32)
    level = np.ones(first.shape, np.float64)
    undecided = np.ones(first.shape, np.bool_)
    for step in range(1, _CONN_STEPS + 1):
        # Compared in float32, so that 8-bit level 153 reaches 0.6.
        threshold = np.float32(step / _CONN_STEPS)
        outside = ~_largest_component((first >= threshold) & (second >= threshold))
        level[undecided & outside] = (step - 1) / _CONN_STEPS
        undecided &= ~outside
    return float(np.abs(_distance(predicted, level) - _distance(truth, level)).sum()) / 1e3


def dtssd(
    predicted: FloatArray,
    truth: FloatArray,
    previous_predicted: FloatArray | None = None,
    previous_truth: FloatArray | None = None,
) -> float:
    """Root mean square of the difference between the two mattes' changes, x 1e2.

    Without previous mattes, on the first frame, it is 0; that 0 takes part in the mean over
    frames, so the published figure of n frames is (n - 1) / n of the mean over changes.
    """
    difference = _difference(predicted, truth)
    if previous_predicted is None or previous_truth is None:
        return 0.0
    change = difference - _difference(previous_predicted, previous_truth)
    return 1e2 * float(np.sqrt(np.square(change).mean()))


def edge_band(truth: FloatArray) -> Mask:
    """The pseudo-trimap's unknown pixels, HxW bool: neither surely inside nor surely outside.

    Surely inside is where the true alpha is 1 under the whole of a 10x10 ellipse around the
    pixel, surely outside where it is 0; pixels beyond the border agree with everything.
    """
    inside = _eroded(truth >= 1.0)
    outside = _eroded(truth <= 0.0)
    return np.asarray(~(inside | outside))


def flicker(alpha: FloatArray, previous: FloatArray | None) -> float | None:
    """Mean absolute change of alpha since the last frame in both frames' edge bands, x 1e3.

    Needs no truth and so counts motion too: it ranks mattes of the same shot only. None on the
    first frame and where neither frame has an edge.
    """
    if previous is None:
        return None
    band = edge_band(alpha) | edge_band(previous)
    return mad(alpha, previous, band) if band.any() else None


def comp_error(predicted: FloatArray, truth: FloatArray, background: FloatArray) -> float:
    """Mean absolute difference of the two composites, x 1e3, in linear light.

    Args:
        predicted: HxWx4 premultiplied, linear.
        truth: HxWx4 premultiplied, linear.
        background: (3,) or HxWx3, linear.

    Each composite is ``RGB + (1 - A) * background``, clipped to 0..1; the mean is over pixels
    and channels.
    """
    if predicted.shape != truth.shape or predicted.ndim != 3 or predicted.shape[2] != 4:
        raise ValueError(f"expected two HxWx4 pictures, got {predicted.shape} and {truth.shape}")
    if background.shape not in {(3,), (*truth.shape[:2], 3)}:
        raise ValueError(f"a background is (3,) or HxWx3 of the picture, not {background.shape}")
    return mad(over(predicted, background), over(truth, background))


def over(rgba: FloatArray, background: FloatArray) -> NDArray[np.float64]:
    """The composite HxWx3 of premultiplied linear HxWx4 over a background, clipped to 0..1."""
    exact = rgba.astype(np.float64)
    return np.asarray(np.clip(exact[..., :3] + (1.0 - exact[..., 3:]) * background, 0.0, 1.0))


def _require_pixels(predicted: FloatArray, truth: FloatArray) -> None:
    if predicted.shape != truth.shape:
        raise ValueError(f"shapes differ: predicted {predicted.shape}, truth {truth.shape}")
    if predicted.size == 0:
        raise ValueError(f"there is no pixel to measure in a picture of shape {predicted.shape}")


def _difference(
    predicted: FloatArray, truth: FloatArray, region: Mask | None = None
) -> NDArray[np.float64]:
    _require_pixels(predicted, truth)
    difference = predicted.astype(np.float64) - truth
    if region is None:
        return np.asarray(difference)
    if not region.any():
        raise ValueError("the region has no pixels")
    return np.asarray(difference[region])


def _stretched(alpha: FloatArray) -> NDArray[np.float64]:
    exact = alpha.astype(np.float64)
    low, high = float(exact.min()), float(exact.max())
    if high <= low:
        return np.zeros_like(exact)  # what the published scripts' min-max gives for a flat matte
    return np.asarray((exact - low) / (high - low))


def _correlated(picture: FloatArray, weights: FloatArray, axis: int) -> FloatArray:
    return np.asarray(ndimage.correlate1d(picture, weights, axis=axis, mode="nearest"))


def _largest_component(mask: Mask) -> Mask:
    labels = np.empty(mask.shape, np.int32)
    if ndimage.label(mask, output=labels) == 0:  # the default structure joins four neighbours
        return mask
    sizes = np.bincount(labels.ravel())[1:]
    return np.asarray(labels == 1 + int(sizes.argmax()))


def _distance(alpha: FloatArray, level: NDArray[np.float64]) -> NDArray[np.float64]:
    distance = alpha.astype(np.float64) - level
    return np.where(distance >= _CONN_DEAD_ZONE, distance, 0.0)


def _eroded(mask: Mask) -> Mask:
    return np.asarray(
        ndimage.binary_erosion(mask, structure=_band_ellipse(), border_value=1), np.bool_
    )


def _band_ellipse() -> Mask:
    """The 10x10 ellipse as the published scripts' library draws it, 10x10 bool.

    Row i of it is as wide as the circle of radius 5 around (5, 5) at that row, so it is one row
    and one column short of symmetric; its anchor is (5, 5), which is scipy's as well.
    """
    radius = _BAND_SIZE // 2
    rows = np.arange(_BAND_SIZE) - radius
    half_widths = np.rint(np.sqrt(radius**2 - rows**2))
    columns = np.arange(_BAND_SIZE) - radius
    return np.asarray(np.abs(columns)[None, :] <= half_widths[:, None])
