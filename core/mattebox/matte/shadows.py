"""Which part of the matte is a shadow on the screen.

A shadow is the background, darker by a factor that changes slowly, with a little of other light in
it; a contrast curve makes it more saturated as well, never less. So is a black veil: only the user
knows which, and shadows stay unless asked otherwise. What is not a shadow: anything with a colour
or light of its own, anything nearly black, and anything whose density changes within a few pixels,
such as strands.
"""

from __future__ import annotations

import torch

from mattebox.matte.statistics import NoiseModel
from mattebox.matte.windows import box_mean

# The factor is taken as a mean over this radius: exact on any slope, wrong at strands and edges.
FACTOR_RADIUS = 3
EVIDENCE_RADIUS = 2
SHADOW_REACH = FACTOR_RADIUS + 2 * EVIDENCE_RADIUS
# What fill light of another colour does to a shadow, as a share of the background.
TINT = 0.03
# What a contrast curve takes out of the weaker channels beyond that, as a share of what is left.
DEEPER = 0.35
# Mean chi-square per channel (1 expected) between which a shadow is believed and not.
FITS, FAILS = 2.0, 4.0
# A shadow of a lit screen keeps at least this share of its light; what keeps less is a dark thing.
DARKEST, DARK = 0.15, 0.3
TINY = 1e-6


def shadow_share(
    source: torch.Tensor, background: torch.Tensor, noise: NoiseModel, plate_noise: float
) -> torch.Tensor:
    """How likely each pixel is nothing but the background in shadow.

    Args:
        source, background: [N,3,H,W] or [1,3,H,W] float32, linear Rec.709, unbounded.
        noise: the source's grain.
        plate_noise: variance of the background's error as a share of it.

    Returns:
        [N,1,H,W] 0..1. Reads SHADOW_REACH pixels.
    """
    background = background.expand_as(source)
    variance = noise.variance(source)
    background_variance = plate_noise * noise.variance(background)
    brightest = (background == background.amax(1, keepdim=True)).to(background.dtype)
    light, behind = (
        (picture * brightest).sum(1, keepdim=True).clamp_min(TINY)
        for picture in (source, background)
    )
    factor = box_mean(light / behind, FACTOR_RADIUS)
    shaded = factor * background
    apart = box_mean(source - shaded, EVIDENCE_RADIUS)
    tint = torch.where((apart < 0.0) & (brightest < 0.5), DEEPER * shaded, TINT * background)
    expected = variance + factor * factor * background_variance + tint * tint
    misfit = ((source - shaded) ** 2 / expected).mean(1, keepdim=True)
    misfit = box_mean(misfit, EVIDENCE_RADIUS)
    is_background = ((FAILS - misfit) / (FAILS - FITS)).clamp(0.0, 1.0)
    is_lit = ((factor - DARKEST) / (DARK - DARKEST)).clamp(0.0, 1.0)
    return is_background * is_lit
