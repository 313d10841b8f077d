"""Small parts that several networks share.

Conventions, for all networks here (source: specs of both papers' releases, checked by parity):
bilinear resizes are half-pixel-centred (``align_corners=False``) and never antialiased; batch norm
runs in ``eval`` mode; weight names are the official ones, so that a release's file loads strictly.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

BATCH_NORM_EPSILON = 1e-5
"""torch's default, used everywhere except in the MobileNetV3 encoder."""


@dataclass(frozen=True)
class Taps:
    """What an encoder hands to its decoder: [B,C,ceil(H/n),ceil(W/n)] for n = 2, 4, 8, 16."""

    half: torch.Tensor
    quarter: torch.Tensor
    eighth: torch.Tensor
    sixteenth: torch.Tensor


@dataclass(frozen=True)
class TapChannels:
    """Channel counts of ``Taps``."""

    half: int
    quarter: int
    eighth: int
    sixteenth: int


def conv_norm(
    channels_in: int,
    channels_out: int,
    kernel: int,
    activation: nn.Module | None,
    *,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    epsilon: float = BATCH_NORM_EPSILON,
) -> nn.Sequential:
    """Convolution without bias (``.0``), batch norm (``.1``), activation (``.2``, if any).

    Zero padding keeps the size at stride 1: (kernel - 1) / 2 * dilation.
    """
    parts: list[nn.Module] = [
        nn.Conv2d(
            channels_in,
            channels_out,
            kernel,
            stride=stride,
            padding=(kernel - 1) // 2 * dilation,
            dilation=dilation,
            groups=groups,
            bias=False,
        ),
        nn.BatchNorm2d(channels_out, eps=epsilon),
    ]
    if activation is not None:
        parts.append(activation)
    return nn.Sequential(*parts)


def resize(picture: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """[B,C,h,w] -> [B,C,height,width], bilinear; positions scale by the true size ratio."""
    if picture.shape[-2:] == (height, width):
        return picture
    return F.interpolate(picture, size=(height, width), mode="bilinear", align_corners=False)


def resize_like(picture: torch.Tensor, model: torch.Tensor) -> torch.Tensor:
    """``resize`` to the height and width of another picture."""
    return resize(picture, model.shape[-2], model.shape[-1])
