"""Alpha of material of unknown colour on a screen: smoke, glass, blur.

The colour difference with an exponent (transmission.py) gives alpha. The exponent comes from the
screen's light that a material scatters, and what scatters little light of the lamps scatters little
of the screen's: so the share found in the shot's soft material holds for all that is as bright,
and falls to 0 for dark glass, soot or a black veil. Grain is averaged where there is nothing but
grain; and where a light source is mirrored, alpha comes from around it.
There the added light is far brighter than anything the screen shows through the glass, and the
slightest tint of it reads as opacity: it belongs into the picture's RGB, not into its alpha.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mattebox.colour_difference import key_excess
from mattebox.matte.statistics import ShotStatistics
from mattebox.matte.windows import box_mean

SMOOTH_RADIUS = 2  # of the grain filter
LIGHT_RADIUS = 4  # over which a material's brightness is taken: thin smoke is mostly grain
# Light and shade on one material differ by about a factor 2 to either side.
SHADE = 0.5
LEAST_OPACITY = 0.02
# Standard deviation of a material's true transmission around the shot's factor, relative.
SCATTER = 0.2
# A light's colour differs between channels by about a tenth (lamps against the camera's white);
# that share of a highlight's brightness may be excess of either sign.
HIGHLIGHT_TINT = 0.1
HIGHLIGHT_RADIUS = 4  # over which alpha comes from around a highlight: they are a few pixels wide
# Standard deviation of alpha that counts as well known beside a highlight, and how far alpha
# under it may differ from around it.
WELL_KNOWN = 0.05
VARIATION = 0.1
SOFT_REACH = LIGHT_RADIUS + SMOOTH_RADIUS + HIGHLIGHT_RADIUS
TINY = 1e-6


@dataclass(frozen=True)
class SoftAlpha:
    """alpha [N,1,H,W], 0..1, and its variance."""

    alpha: torch.Tensor
    variance: torch.Tensor


def soft_alpha(
    source: torch.Tensor,
    plate: torch.Tensor,
    variance: torch.Tensor,
    plate_variance: torch.Tensor,
    present: torch.Tensor,
    statistics: ShotStatistics,
) -> SoftAlpha:
    """Alpha of every pixel if nothing is known of its colour.

    Args:
        source, plate: [N,3,H,W] float32, linear Rec.709, unbounded.
        variance, plate_variance: [N,3,H,W] of their grain.
        present: [N,1,H,W] 0..1, 0 where the source is the plate.
        statistics: of the shot; the plate must be a screen.
    """
    alpha, grain = _colour_difference(source, plate, variance, plate_variance, statistics)
    spread = SCATTER**2 + statistics.soft_error**2
    scatter = spread * (alpha * (1.0 - alpha)) ** 2 + (SCATTER * alpha) ** 2
    alpha = _without_grain(alpha, grain)
    light = (source - (1.0 - alpha) * plate).amax(1, keepdim=True)
    # as bright as the screen itself is no highlight yet
    above = (light - statistics.brightness).clamp_min(0.0)
    tint = (HIGHLIGHT_TINT * above / _excess(plate, statistics)) ** 2
    around, differs = _from_around(alpha, present / (tint + WELL_KNOWN**2))
    trust = tint / (tint + differs)
    return SoftAlpha(alpha + trust * (around - alpha), scatter + grain + trust * differs)


def _colour_difference(
    source: torch.Tensor,
    plate: torch.Tensor,
    variance: torch.Tensor,
    plate_variance: torch.Tensor,
    statistics: ShotStatistics,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Alpha (0..1) by colour difference and the shot's exponent, and its variance by grain."""
    key = statistics.key
    first, second = (channel for channel in range(3) if channel != key)
    excess = _excess(plate, statistics)
    raw = 1.0 - key_excess(source, key) / excess
    noise = variance + plate_variance
    others = torch.maximum(noise[:, first : first + 1], noise[:, second : second + 1])
    grain = (noise[:, key : key + 1] + others) / (excess * excess)
    kept = (1.0 - raw).clamp(0.0, 1.0)
    light = material_light(
        box_mean(source, LIGHT_RADIUS),
        box_mean(plate, LIGHT_RADIUS),
        box_mean(1.0 - kept, LIGHT_RADIUS),
        statistics,
    )
    exponent = _exponent(light, statistics)
    slope = exponent * kept ** (exponent - 1.0)
    return 1.0 - kept**exponent, (slope * slope * grain).clamp_max(1.0)


def material_light(
    source: torch.Tensor, plate: torch.Tensor, opacity: torch.Tensor, statistics: ShotStatistics
) -> torch.Tensor:
    """How bright a material is beside the screen: its straight light outside the key channel.

    Args:
        source, plate: [N,3,H,W] float32, linear Rec.709, smoothed alike.
        opacity: [N,1,H,W] its colour difference, 0..1, smoothed likewise.
        statistics: key channel and brightness of the screen.

    Returns:
        [N,1,H,W] >= 0, in units of the screen's brightness.
    """
    added = source - (1.0 - opacity) * plate
    first, second = (channel for channel in range(3) if channel != statistics.key)
    light = (added[:, first : first + 1] + added[:, second : second + 1]) / 2.0
    return (light / (opacity.clamp_min(LEAST_OPACITY) * statistics.brightness)).clamp_min(0.0)


def _exponent(light: torch.Tensor, statistics: ShotStatistics) -> torch.Tensor | float:
    """1 / (1 - s) with the share s of the screen's light that material of this brightness adds."""
    if statistics.soft_light <= 0.0:
        return statistics.soft_exponent
    share = 1.0 - 1.0 / statistics.soft_exponent
    return 1.0 / (1.0 - share * (light / (SHADE * statistics.soft_light)).clamp_max(1.0))


def _excess(plate: torch.Tensor, statistics: ShotStatistics) -> torch.Tensor:
    return key_excess(plate, statistics.key).clamp_min(TINY)


def _without_grain(alpha: torch.Tensor, grain: torch.Tensor) -> torch.Tensor:
    """Local Wiener filter: the window's mean where alpha scatters by no more than its grain."""
    mean = box_mean(alpha, SMOOTH_RADIUS)
    scatter = (box_mean(alpha * alpha, SMOOTH_RADIUS) - mean * mean).clamp_min(0.0)
    expected = box_mean(grain, SMOOTH_RADIUS)
    keep = ((scatter - expected) / scatter.clamp_min(TINY)).clamp(0.0, 1.0)
    return mean + keep * (alpha - mean)


def _from_around(alpha: torch.Tensor, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weighted mean of alpha over a window, and the variance with which alpha differs from it."""
    total = box_mean(weight, HIGHLIGHT_RADIUS).clamp_min(TINY)
    mean = box_mean(weight * alpha, HIGHLIGHT_RADIUS) / total
    scatter = box_mean(weight * alpha * alpha, HIGHLIGHT_RADIUS) / total - mean * mean
    return mean, scatter.clamp_min(0.0) + VARIATION**2
