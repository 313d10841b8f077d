"""RVM's refiners: coarse foreground and alpha carried to full size along the picture's own edges.

Source: He and Sun, "Fast Guided Filter" (2015); Wu et al., "Fast End-to-End Trainable Guided
Filter" (CVPR 2018). Both explain each of the four coarse channels (residual R, G, B and alpha) by
one channel of a guide (R, G, B and their plain mean) as A * guide + b, and enlarge A and b.

Covariance and variance are differences of nearly equal numbers: always run this in float32 with
the float32 picture (a float16 fast guided filter puts single alpha pixels wrong by 1).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.engines.networks.layers import conv_norm, resize_like

FAST_EPSILON = 1e-5
"""Added to the variance by the fast guided filter (the release's value)."""


def with_grey(picture: torch.Tensor) -> torch.Tensor:
    """[B,3,H,W] -> [B,4,H,W]: R, G, B and their plain mean."""
    return torch.cat([picture, picture.mean(dim=1, keepdim=True)], dim=1)


def _apply(slope: torch.Tensor, offset: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
    """Enlarged slope * guide + offset, [B,4,H,W].

    At full size memory is what costs: in place, and without a four-channel copy of the picture.
    """
    out, slope = resize_like(offset, fine), resize_like(slope, fine)
    out[:, :3].addcmul_(slope[:, :3], fine)
    out[:, 3:].addcmul_(slope[:, 3:], fine.mean(dim=1, keepdim=True))
    return out


class DeepGuidedFilter(nn.Module):
    """The learned refiner: a small network gives the slope from covariance and variance."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        # An ordinary weight, not a fixed 1/9; its zero padding is part of the trained behaviour.
        self.box_filter = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)
        self.conv = nn.Sequential(
            *conv_norm(2 * 4 + hidden, hidden, 1, nn.ReLU(inplace=True)),
            *conv_norm(hidden, hidden, 1, nn.ReLU(inplace=True)),
            nn.Conv2d(hidden, 4, 1),
        )

    def forward(
        self,
        fine: torch.Tensor,
        coarse: torch.Tensor,
        values: torch.Tensor,
        hidden: torch.Tensor,
    ) -> torch.Tensor:
        """Refine.

        Args:
            fine: [B,3,H,W] float32 full-size picture, display-encoded.
            coarse: [B,3,h,w] float32 the same, reduced.
            values: [B,4,h,w] float32 coarse foreground residual and alpha, unclamped.
            hidden: [B,16,h,w] float32 the decoder's last features.

        Returns:
            [B,4,H,W] float32 residual and alpha, unclamped.
        """
        return _apply(*self.lines(coarse, values, hidden), fine)

    def lines(
        self, coarse: torch.Tensor, values: torch.Tensor, hidden: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Slope and offset [B,4,h,w] that explain the values by the guide; as ``forward``."""
        guide = with_grey(coarse)
        mean_guide, mean_values, covariance, variance = _moments(self.box_filter, guide, values)
        slope = self.conv(torch.cat([covariance, variance, hidden], dim=1))
        return slope, mean_values - slope * mean_guide


class FastGuidedFilter(nn.Module):
    """The refiner without weights: slope = covariance / (variance + epsilon)."""

    def forward(
        self,
        fine: torch.Tensor,
        coarse: torch.Tensor,
        values: torch.Tensor,
        hidden: torch.Tensor,
    ) -> torch.Tensor:
        """See ``DeepGuidedFilter.forward``; ``hidden`` is not used."""
        return _apply(*self.lines(coarse, values, hidden), fine)

    def lines(
        self,
        coarse: torch.Tensor,
        values: torch.Tensor,
        hidden: torch.Tensor,  # noqa: ARG002 - same call as the deep one
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """See ``DeepGuidedFilter.lines``; ``hidden`` is not used."""
        guide = with_grey(coarse)
        mean_guide, mean_values, covariance, variance = _moments(_box, guide, values)
        slope = covariance / (variance + FAST_EPSILON)
        return slope, mean_values - slope * mean_guide


class _Box(nn.Module):
    """Mean of 3x3 pixels, zeros outside counted."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(x, 3, stride=1, padding=1)


_box = _Box()


def _moments(
    box: nn.Module, guide: torch.Tensor, values: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Means of guide and values, their covariance, the guide's variance; each [B,4,h,w]."""
    four = torch.cat([guide, values, guide * values, guide * guide])
    mean_guide, mean_values, mean_product, mean_square = box(four).chunk(4)
    covariance = mean_product - mean_guide * mean_values
    return mean_guide, mean_values, covariance, mean_square - mean_guide * mean_guide
