"""Extending known colour into places where it is unknown: pull-push over a pyramid.

After Gortler et al., "The Lumigraph" (SIGGRAPH 1996), section 3.4: average known pixels down,
then fill unknown ones from the next coarser level on the way up. Deterministic, and a pixel
that is fully known comes back unchanged.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


def pull_push(colour: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Fill colour where its weight is below 1.

    Args:
        colour: [N,C,H,W] float32, any light.
        weight: [N,1,H,W] float32 0..1: how well each pixel is known.

    Returns:
        [N,C,H,W]: ``colour`` exactly where the weight is 1, its surroundings where it is 0, a
        blend between; all 0 where nothing is known at all.
    """
    sums, weights = [colour * weight], [weight]
    while max(sums[-1].shape[-2:]) > 1:
        sums.append(_halved(sums[-1]))
        weights.append(_halved(weights[-1]))
    filled = _mean(sums[-1], weights[-1])
    for total, known in zip(reversed(sums[1:-1]), reversed(weights[1:-1]), strict=True):
        filled = _blend(_mean(total, known), known.clamp_max(1.0), filled)
    return (
        _blend(colour, weight, filled) if len(sums) > 1 else torch.where(weight > 0, colour, filled)
    )


def _halved(picture: torch.Tensor) -> torch.Tensor:
    """Sums over 2x2 pixels; the last row or column stands alone where the size is odd."""
    return 4.0 * F.avg_pool2d(
        picture, 2, stride=2, ceil_mode=True, count_include_pad=True, divisor_override=4
    )


def _mean(total: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
    return torch.where(known > 0, total / known.clamp_min(1e-20), torch.zeros_like(total))


def _blend(fine: torch.Tensor, known: torch.Tensor, coarse: torch.Tensor) -> torch.Tensor:
    """The fine level where it is known, the enlarged coarse one elsewhere."""
    enlarged = F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
    enlarged = enlarged[..., : fine.shape[-2], : fine.shape[-1]]
    return torch.where(known >= 1.0, fine, enlarged + known * (fine - enlarged))
