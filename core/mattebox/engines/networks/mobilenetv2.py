"""MobileNetV2 encoder (width 1) whose last stages are dilated, so that it ends at 1/16.

Source: Sandler et al., "MobileNetV2" (2018), table 2, with torchvision's names. Used by BGMv2,
which feeds the raw 0..1 picture and background.
"""

from __future__ import annotations

import torch
from torch import nn

from mattebox.engines.networks.layers import TapChannels, Taps, conv_norm

# (expansion, channels out, stride, dilation) of features.1 .. features.17. The classifier has
# stride 2 in the 14th; here the stages after it are dilated instead, the 14th itself is not.
ROWS: tuple[tuple[int, int, int, int], ...] = (
    (1, 16, 1, 1),
    (6, 24, 2, 1),
    (6, 24, 1, 1),
    (6, 32, 2, 1),
    (6, 32, 1, 1),
    (6, 32, 1, 1),
    (6, 64, 2, 1),
    (6, 64, 1, 1),
    (6, 64, 1, 1),
    (6, 64, 1, 1),
    (6, 96, 1, 1),
    (6, 96, 1, 1),
    (6, 96, 1, 1),
    (6, 160, 1, 1),
    (6, 160, 1, 2),
    (6, 160, 1, 2),
    (6, 320, 1, 2),
)
FIRST_CHANNELS = 32


class InvertedResidual(nn.Module):
    """1x1 expand, 3x3 depthwise, 1x1 project; plus the input where sizes agree."""

    def __init__(
        self, channels_in: int, channels_out: int, *, expansion: int, stride: int, dilation: int
    ) -> None:
        super().__init__()
        expanded = channels_in * expansion
        parts: list[nn.Module] = []
        if expansion != 1:
            parts.append(conv_norm(channels_in, expanded, 1, nn.ReLU6(inplace=True)))
        parts += [
            conv_norm(
                expanded,
                expanded,
                3,
                nn.ReLU6(inplace=True),
                stride=stride,
                dilation=dilation,
                groups=expanded,
            ),
            nn.Conv2d(expanded, channels_out, 1, bias=False),
            nn.BatchNorm2d(channels_out),
        ]
        self.conv = nn.Sequential(*parts)
        self.has_shortcut = stride == 1 and channels_in == channels_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.conv(x)
        if self.has_shortcut:
            y += x
        return y


class MobileNetV2Encoder(nn.Module):
    """[B,C,H,W] display-encoded 0..1 -> taps of 16, 24, 32 and 320 channels."""

    channels = TapChannels(16, 24, 32, 320)

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        blocks: list[nn.Module] = [
            conv_norm(channels_in, FIRST_CHANNELS, 3, nn.ReLU6(inplace=True), stride=2)
        ]
        before = FIRST_CHANNELS
        for expansion, channels_out, stride, dilation in ROWS:
            blocks.append(
                InvertedResidual(
                    before, channels_out, expansion=expansion, stride=stride, dilation=dilation
                )
            )
            before = channels_out
        self.features = nn.Sequential(*blocks)

    def forward(self, picture: torch.Tensor) -> Taps:
        half = self.features[:2](picture)
        quarter = self.features[2:4](half)
        eighth = self.features[4:7](quarter)
        return Taps(half, quarter, eighth, self.features[7:](eighth))
