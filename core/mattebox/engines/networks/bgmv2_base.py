"""BGMv2's base network: coarse alpha, foreground, its own expected error, and hidden features.

Source: Lin et al., "Real-Time High-Resolution Background Matting" (CVPR 2021), section 4; ASPP:
Chen et al., "Rethinking Atrous Convolution" (2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from mattebox.engines.networks.layers import TapChannels, Taps, conv_norm, resize_like

HIDDEN_CHANNELS = 32
"""Features handed to the refiner."""

ASPP_CHANNELS = 256
ASPP_DILATIONS = (3, 6, 9)
"""Half of DeepLabV3's, which runs at 1/8; here the encoder ends at 1/16."""

PICTURE_AND_BACKGROUND = 6
"""Channels of source and background together."""


@dataclass(frozen=True)
class CoarseMatte:
    """The base network's answer, all [B,C,h,w] at the size of its input.

    Attributes:
        alpha: 1 channel, clamped to 0..1.
        residual: 3 channels, foreground minus source, unclamped.
        error: 1 channel, expected absolute error of alpha, clamped to 0..1.
        hidden: 32 channels, at least 0.
    """

    alpha: torch.Tensor
    residual: torch.Tensor
    error: torch.Tensor
    hidden: torch.Tensor


class Aspp(nn.Module):
    """Five looks at the same map: the pixel, three dilated neighbourhoods, the whole picture."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        dilated = (
            conv_norm(channels_in, ASPP_CHANNELS, 3, nn.ReLU(inplace=True), dilation=dilation)
            for dilation in ASPP_DILATIONS
        )
        self.convs = nn.ModuleList(
            [
                conv_norm(channels_in, ASPP_CHANNELS, 1, nn.ReLU(inplace=True)),
                *dilated,
                nn.Sequential(
                    nn.AdaptiveAvgPool2d(1),
                    *conv_norm(channels_in, ASPP_CHANNELS, 1, nn.ReLU(inplace=True)),
                ),
            ]
        )
        self.project = conv_norm(5 * ASPP_CHANNELS, ASPP_CHANNELS, 1, nn.ReLU(inplace=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        looks = [conv(x) for conv in self.convs]
        looks[-1] = looks[-1].expand_as(looks[0])
        y: torch.Tensor = self.project(torch.cat(looks, dim=1))
        return y


class Decoder(nn.Module):
    """From 1/16 back to the input's size over the encoder's taps."""

    def __init__(self, skips: TapChannels) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(ASPP_CHANNELS + skips.eighth, 128, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(128)
        self.conv2 = nn.Conv2d(128 + skips.quarter, 64, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64 + skips.half, 48, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(48)
        self.conv4 = nn.Conv2d(
            48 + PICTURE_AND_BACKGROUND, 1 + 3 + 1 + HIDDEN_CHANNELS, 3, padding=1
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, deep: torch.Tensor, taps: Taps, pictures: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.bn1(self.conv1(_joined(deep, taps.eighth))))
        x = self.relu(self.bn2(self.conv2(_joined(x, taps.quarter))))
        x = self.relu(self.bn3(self.conv3(_joined(x, taps.half))))
        out: torch.Tensor = self.conv4(_joined(x, pictures))
        return out


def _joined(below: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
    return torch.cat([resize_like(below, skip), skip], dim=1)


def split_heads(out: torch.Tensor) -> CoarseMatte:
    """[B,37,h,w] of the decoder -> its four meanings."""
    alpha, residual, error, hidden = torch.split(out, [1, 3, 1, HIDDEN_CHANNELS], dim=1)
    return CoarseMatte(alpha.clamp(0.0, 1.0), residual, error.clamp(0.0, 1.0), hidden.relu())
