"""MobileNetV3-Large encoder whose last stage is dilated, so that it ends at 1/16.

Source: Howard et al., "Searching for MobileNetV3" (2019), table 1, with torchvision's names. Used
by RVM alone, which normalises its picture with ImageNet's mean and standard deviation.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from mattebox.engines.networks.layers import TapChannels, Taps, conv_norm

EPSILON = 1e-3
"""Of every batch norm in this encoder (the paper's TensorFlow value)."""


@dataclass(frozen=True)
class Normalisation:
    """Mean and standard deviation per R, G, B that the encoder was trained with."""

    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


IMAGENET = Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Statistics of ImageNet in display-encoded 0..1, the field's standard constants."""


@dataclass(frozen=True)
class _Row:
    """One line of the paper's table; ``squeeze`` 0 means no squeeze-excite."""

    kernel: int
    channels_in: int
    expanded: int
    channels_out: int
    squeeze: int
    is_hard: bool
    stride: int = 1
    dilation: int = 1


# The classifier has stride 2 in row 13; here rows 13 to 15 are dilated instead.
ROWS = (
    _Row(3, 16, 16, 16, 0, is_hard=False),
    _Row(3, 16, 64, 24, 0, is_hard=False, stride=2),
    _Row(3, 24, 72, 24, 0, is_hard=False),
    _Row(5, 24, 72, 40, 24, is_hard=False, stride=2),
    _Row(5, 40, 120, 40, 32, is_hard=False),
    _Row(5, 40, 120, 40, 32, is_hard=False),
    _Row(3, 40, 240, 80, 0, is_hard=True, stride=2),
    _Row(3, 80, 200, 80, 0, is_hard=True),
    _Row(3, 80, 184, 80, 0, is_hard=True),
    _Row(3, 80, 184, 80, 0, is_hard=True),
    _Row(3, 80, 480, 112, 120, is_hard=True),
    _Row(3, 112, 672, 112, 168, is_hard=True),
    _Row(5, 112, 672, 160, 168, is_hard=True, dilation=2),
    _Row(5, 160, 960, 160, 240, is_hard=True, dilation=2),
    _Row(5, 160, 960, 160, 240, is_hard=True, dilation=2),
)
LAST_CHANNELS = 960


class SqueezeExcite(nn.Module):
    """Every channel times a gate 0..1 made from the means of all channels."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)
        self.gate = nn.Hardsigmoid(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate: torch.Tensor = self.gate(self.fc2(self.relu(self.fc1(self.avgpool(x)))))
        return x * gate


class InvertedResidual(nn.Module):
    """1x1 expand, depthwise, squeeze-excite, 1x1 project; plus the input where sizes agree."""

    def __init__(self, row: _Row) -> None:
        super().__init__()

        def activation() -> nn.Module:
            return nn.Hardswish(inplace=True) if row.is_hard else nn.ReLU(inplace=True)

        parts: list[nn.Module] = []
        if row.expanded != row.channels_in:
            parts.append(conv_norm(row.channels_in, row.expanded, 1, activation(), epsilon=EPSILON))
        parts.append(
            conv_norm(
                row.expanded,
                row.expanded,
                row.kernel,
                activation(),
                stride=row.stride,
                dilation=row.dilation,
                groups=row.expanded,
                epsilon=EPSILON,
            )
        )
        if row.squeeze:
            parts.append(SqueezeExcite(row.expanded, row.squeeze))
        parts.append(conv_norm(row.expanded, row.channels_out, 1, None, epsilon=EPSILON))
        self.block = nn.Sequential(*parts)
        self.has_shortcut = row.stride == 1 and row.channels_in == row.channels_out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.block(x)
        if self.has_shortcut:
            y += x
        return y


class MobileNetV3Encoder(nn.Module):
    """[B,3,H,W] display-encoded 0..1 -> taps of 16, 24, 40 and 960 channels.

    Args:
        normalisation: constants the picture is normalised with, inside the encoder.
    """

    channels = TapChannels(16, 24, 40, LAST_CHANNELS)

    def __init__(self, normalisation: Normalisation = IMAGENET) -> None:
        super().__init__()
        first = conv_norm(3, 16, 3, nn.Hardswish(inplace=True), stride=2, epsilon=EPSILON)
        last = conv_norm(
            ROWS[-1].channels_out, LAST_CHANNELS, 1, nn.Hardswish(inplace=True), epsilon=EPSILON
        )
        self.features = nn.Sequential(first, *(InvertedResidual(row) for row in ROWS), last)
        # Not persistent: the release's files do not hold them. On the CPU even where the weights
        # are built without memory (torch's meta device), since no file will fill them.
        self.mean: torch.Tensor
        self.deviation: torch.Tensor
        mean, deviation = (
            torch.tensor(values, device="cpu").view(1, 3, 1, 1)
            for values in (normalisation.mean, normalisation.deviation)
        )
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)

    def forward(self, picture: torch.Tensor) -> Taps:
        x = (picture - self.mean) / self.deviation
        half = self.features[:2](x)
        quarter = self.features[2:4](half)
        eighth = self.features[4:7](quarter)
        return Taps(half, quarter, eighth, self.features[7:](eighth))
