"""The compositor's controls on a finished alpha, in a fixed order, each neutral by default.

Source of the order and names: keyers of the field (clip black/white, gamma, erode, blur, inside
and outside mattes). Every control reaches a finite number of pixels, so tiles and chunks agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

BLUR_REACH_IN_SIGMAS = 3.0
"""The Gaussian is cut here; what is left out weighs 0.3 %."""


@dataclass(frozen=True)
class MatteControls:
    """Controls with neutral defaults.

    Attributes:
        clip_black: alpha at or below becomes 0; 0..1.
        clip_white: alpha at or above becomes 1; 0..1, above ``clip_black``.
        gamma: alpha becomes alpha ** (1 / gamma) between the clips; above 0.
        erode: pixels; positive shrinks, negative grows; fractions blend the two nearest radii.
        blur: Gaussian sigma in pixels.
    """

    clip_black: float = 0.0
    clip_white: float = 1.0
    gamma: float = 1.0
    erode: float = 0.0
    blur: float = 0.0

    def __post_init__(self) -> None:
        if not self.clip_black < self.clip_white:
            raise ValueError(
                f"clip_black {self.clip_black:g} must lie below clip_white {self.clip_white:g}"
            )


def control_alpha(
    alpha: torch.Tensor,
    controls: MatteControls,
    inside: torch.Tensor | None = None,
    outside: torch.Tensor | None = None,
) -> torch.Tensor:
    """Apply clips, gamma, erode and blur, then the inside (holdout) and outside (garbage) mattes.

    Args:
        alpha: [N,1,H,W] float32, 0..1.
        controls: what to do; neutral controls return ``alpha`` itself.
        inside: [N,1,H,W] 0..1 or None: alpha is at least this.
        outside: [N,1,H,W] 0..1 or None: alpha is at most 1 minus this; wins over ``inside``.

    Returns:
        [N,1,H,W] float32, 0..1.
    """
    if controls.clip_black > 0.0 or controls.clip_white < 1.0:
        span = controls.clip_white - controls.clip_black
        alpha = ((alpha - controls.clip_black) / span).clamp(0.0, 1.0)
    if controls.gamma != 1.0:
        alpha = alpha.pow(1.0 / controls.gamma)
    if controls.erode != 0.0:
        alpha = _eroded(alpha, controls.erode)
    if controls.blur > 0.0:
        alpha = gaussian_blur(alpha, controls.blur).clamp(0.0, 1.0)
    if inside is not None:
        alpha = torch.maximum(alpha, inside)
    if outside is not None:
        alpha = torch.minimum(alpha, 1.0 - outside)
    return alpha


def gaussian_blur(picture: torch.Tensor, sigma: float) -> torch.Tensor:
    """[N,C,H,W] blurred by a Gaussian of ``sigma`` pixels, edges held, cut at 3 sigma."""
    reach = max(1, math.ceil(BLUR_REACH_IN_SIGMAS * sigma))
    at = torch.arange(-reach, reach + 1, dtype=picture.dtype, device=picture.device)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = kernel / kernel.sum()
    channels = picture.shape[1]
    across = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    down = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    picture = F.conv2d(
        F.pad(picture, (reach, reach, 0, 0), mode="replicate"), across, groups=channels
    )
    return F.conv2d(F.pad(picture, (0, 0, reach, reach), mode="replicate"), down, groups=channels)


def _eroded(alpha: torch.Tensor, amount: float) -> torch.Tensor:
    """A minimum (erode) or maximum (grow) filter of radius ``abs(amount)``, square window."""
    flipped = 1.0 - alpha if amount > 0 else alpha
    radius = math.floor(abs(amount))
    part = abs(amount) - radius
    grown = _grown(flipped, radius)
    if part > 0.0:
        grown = grown + part * (_grown(flipped, radius + 1) - grown)
    return 1.0 - grown if amount > 0 else grown


def _grown(alpha: torch.Tensor, radius: int) -> torch.Tensor:
    if radius == 0:
        return alpha
    wide = F.max_pool2d(alpha, (1, 2 * radius + 1), stride=1, padding=(0, radius))
    return F.max_pool2d(wide, (2 * radius + 1, 1), stride=1, padding=(radius, 0))
