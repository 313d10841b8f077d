"""Grain taken out of backgrounds: a clean plate's own, and what is left in the mean of few frames.

A plate's grain counts like a source's: what they differ by where nothing stands in front of it has
both. But a plate stands still and is smooth for the most part, so that its grain, unlike a
subject's, can be told from its detail.
"""

from __future__ import annotations

import torch

from mattebox.matte.noise import estimate_noise
from mattebox.matte.statistics import NoiseModel
from mattebox.matte.windows import box_mean

GRAIN_MARGIN = 1.3
"""Detail is kept for what it has above this many times the power of grain: a window's power of
pure grain scatters by a tenth or two."""

PLATE_RADIUS = 3
"""In pixels, whatever the picture's size: grain is fine, folds are not. 2 and 6 gave the same on
rendered and drawn shots within 1 %."""

LEAST_GRAIN = 0.05
"""Of the source's variance: a plate with less (a still from a renderer, a mean of many frames)
stays as it is."""


def plate_grain(plate: torch.Tensor, source: NoiseModel, error: float) -> NoiseModel | None:
    """The grain of a clean plate, which is at most that of the shot; None where it has none.

    Three things bound it, each too large at times: its fine detail (texture adds to it), how much
    more source and plate differ than the source's grain says (a plate out of place adds to it), and
    the source's own grain (the same camera shot both).

    Args:
        plate: [N,3,H,W] float32, linear Rec.709, as it was shot.
        source: the shot's grain.
        error: variance of the plate's own error as a share of the source's grain, as in
            ``ShotStatistics.plate_noise``.
    """
    level = plate.mean(dim=(0, 2, 3), keepdim=True)
    detail = estimate_noise([plate]).variance(level) / source.variance(level)
    red, green, blue = (min(share, error, 1.0) for share in detail.flatten().tolist())
    if max(red, green, blue) < LEAST_GRAIN:
        return None
    return source.scaled((red, green, blue))


def degrained_plate(
    plate: torch.Tensor, grain: NoiseModel, covered: torch.Tensor | None = None
) -> torch.Tensor:
    """[N,3,H,W] a clean plate without its grain.

    Args:
        plate: [N,3,H,W] float32, linear Rec.709.
        grain: ``plate_grain``.
        covered: [N,1,H,W] 1 where the plate has pixels; None where it has everywhere.
    """
    variance = grain.variance(box_mean(plate, PLATE_RADIUS))
    channels = zip(torch.split(plate, 1, 1), torch.split(variance, 1, 1), strict=True)
    # One by one: each of the pictures that a filter makes has 33 MB a channel at 4K.
    return torch.cat([degrained(one, covered, own, PLATE_RADIUS) for one, own in channels], 1)


def degrained(
    mean: torch.Tensor, count: torch.Tensor | None, grain: torch.Tensor, radius: int
) -> torch.Tensor:
    """A mean of frames, smoothed where its detail is no more than their grain (Wiener).

    Args:
        mean: [N,C,H,W] of as many frames as ``count`` [N,1,H,W] says, in any linear light.
        count: 0 where there is nothing: there the result is what is around. None: 1 everywhere.
        grain: [N,C,H,W] or [1,C,1,1] variance of a single frame.
        radius: of what is around, in pixels; reads four times as many.
    """
    if count is None:
        smooth = _blurred(mean, radius)
        detail = mean - smooth
        power, expected = box_mean(detail * detail, 2 * radius), grain
    else:
        smooth = _blurred(mean * count, radius) / _blurred(count, radius).clamp_min(1e-6)
        detail = torch.where(count > 0, mean - smooth, torch.zeros_like(mean))
        seen = (count > 0).to(mean.dtype)
        share = box_mean(seen, 2 * radius).clamp_min(1e-3)
        power = box_mean(detail * detail, 2 * radius) / share
        expected = grain * box_mean(seen / count.clamp_min(1.0), 2 * radius) / share
    kept = 1.0 - GRAIN_MARGIN * expected / power.clamp_min(1e-12)
    return smooth + kept.clamp(0.0, 1.0) * detail


def _blurred(picture: torch.Tensor, radius: int) -> torch.Tensor:
    """A mean in which what is near counts more."""
    return box_mean(box_mean(picture, radius), radius)
