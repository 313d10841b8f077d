"""ResNet-50 and ResNet-101 encoders whose last stage is dilated, so that they end at 1/16.

Source: He et al., "Deep Residual Learning" (2015), with the stride on the 3x3 convolution, and
torchvision's names. No mean/std normalisation: both matting networks feed the raw 0..1 picture.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from mattebox.engines.networks.layers import TapChannels, Taps

Depth = Literal[50, 101]

EXPANSION = 4
"""Output channels of a bottleneck per inner channel."""

BLOCKS_OF_THIRD_STAGE: dict[Depth, int] = {50: 6, 101: 23}


class Bottleneck(nn.Module):
    """1x1 down, 3x3, 1x1 up, plus the shortcut."""

    def __init__(
        self, channels_in: int, width: int, *, stride: int, dilation: int, has_projection: bool
    ) -> None:
        super().__init__()
        channels_out = width * EXPANSION
        self.conv1 = nn.Conv2d(channels_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(
            width, width, 3, stride=stride, padding=dilation, dilation=dilation, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, channels_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels_out)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride=stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )
            if has_projection
            else None
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += shortcut
        out: torch.Tensor = self.relu(y)
        return out


def _stage(
    channels_in: int, width: int, blocks: int, *, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    """A stage; its first block carries the stride and is never dilated."""
    first = Bottleneck(channels_in, width, stride=stride, dilation=1, has_projection=True)
    others = [
        Bottleneck(width * EXPANSION, width, stride=1, dilation=dilation, has_projection=False)
        for _ in range(blocks - 1)
    ]
    return nn.Sequential(first, *others)


class ResNetEncoder(nn.Module):
    """[B,C,H,W] display-encoded 0..1 -> taps of 64, 256, 512 and 2048 channels.

    Args:
        depth: 50 or 101.
        channels_in: 3 for a picture, 6 for a picture and its background.
    """

    channels = TapChannels(64, 256, 512, 2048)

    def __init__(self, depth: Depth, channels_in: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(64, 64, 3)
        self.layer2 = _stage(256, 128, 4, stride=2)
        self.layer3 = _stage(512, 256, BLOCKS_OF_THIRD_STAGE[depth], stride=2)
        # The classifier's stride 2 is replaced by dilation from the second block on.
        self.layer4 = _stage(1024, 512, 3, dilation=2)

    def forward(self, picture: torch.Tensor) -> Taps:
        half = self.relu(self.bn1(self.conv1(picture)))
        quarter = self.layer1(self.maxpool(half))
        eighth = self.layer2(quarter)
        return Taps(half, quarter, eighth, self.layer4(self.layer3(eighth)))
