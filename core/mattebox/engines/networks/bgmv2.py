"""Background Matting V2: alpha from a picture and its clean plate, sharpened where it is unsure.

Source: Lin et al., "Real-Time High-Resolution Background Matting" (CVPR 2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.engines.networks.bgmv2_base import (
    HIDDEN_CHANNELS,
    PICTURE_AND_BACKGROUND,
    Aspp,
    CoarseMatte,
    Decoder,
    split_heads,
)
from mattebox.engines.networks.bgmv2_cells import (
    CELL,
    Cells,
    enlarged_windows,
    most_uncertain,
    padded_rows,
    windows,
    write_cells,
)
from mattebox.engines.networks.layers import Taps, resize
from mattebox.engines.networks.mobilenetv2 import MobileNetV2Encoder
from mattebox.engines.networks.resnet import ResNetEncoder
from mattebox.errors import UsageError, named

Bgmv2Backbone = Literal["mobilenetv2", "resnet50", "resnet101"]
RefineMode = Literal["sampling", "thresholding", "full"]

WINDOW = 8
"""Side of the window read around a cell, at half size and again at full size."""
HALF_MARGIN = 3
"""Half-size pixels a window reaches beyond its cell (2 x 2 there)."""
FULL_MARGIN = 2
"""Full-size pixels a window reaches beyond its cell."""


@dataclass(frozen=True)
class Refinement:
    """Where the refiner works.

    Attributes:
        mode: ``sampling`` takes the cells with the largest expected error, ``thresholding`` all
            above a limit, ``full`` all there are.
        sample_pixels: pixels to refine in sampling mode; 16 make a cell.
        threshold: 0..1, expected error above which a cell is refined in thresholding mode.
        dense_share: share of all cells above which the whole picture is computed and the chosen
            cells are taken from it: windows overlap, so many of them cost more than all pixels
            (break-even measured on a CPU, 1920 x 1080). Changes no number beyond rounding.
    """

    mode: RefineMode = "sampling"
    sample_pixels: int = 80_000
    threshold: float = 0.7
    dense_share: float = 1 / 6


@dataclass(frozen=True)
class Bgmv2Matte:
    """The refined answer.

    Attributes:
        alpha: [B,1,H,W] 0..1.
        foreground: [B,3,H,W] straight, display-encoded, 0..1; meaningful where alpha > 0.
        coarse: the base network's answer at the coarse size.
        coarse_foreground: [B,3,h,w] 0..1.
        refined: [B,1,H/4,W/4] bool, cells that were refined.
    """

    alpha: torch.Tensor
    foreground: torch.Tensor
    coarse: CoarseMatte
    coarse_foreground: torch.Tensor
    refined: torch.Tensor


class Refiner(nn.Module):
    """Four convolutions that see a cell's surroundings, two at half and two at full size."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(HIDDEN_CHANNELS + 4 + PICTURE_AND_BACKGROUND, 24, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(24)
        self.conv2 = nn.Conv2d(24, 16, 3, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.conv3 = nn.Conv2d(16 + PICTURE_AND_BACKGROUND, 12, 3, bias=False)
        self.bn3 = nn.BatchNorm2d(12)
        self.conv4 = nn.Conv2d(12, 4, 3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, half: torch.Tensor, full: torch.Tensor) -> torch.Tensor:
        """[K,42,h+6,w+6] at half size and [K,6,2h+4,2w+4] at full size -> [K,4,2h,2w].

        The zeros around a picture are part of the input, not padding of the convolutions: batch
        norm answers them with numbers that are not zero.
        """
        x = self.relu(self.bn1(self.conv1(half)))
        x = self.relu(self.bn2(self.conv2(x)))
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = self.relu(self.bn3(self.conv3(torch.cat([x, full], dim=1))))
        out: torch.Tensor = self.conv4(x)
        return out


class BackgroundMatting(nn.Module):
    """Base network and refiner under the official names."""

    def __init__(self, backbone: Bgmv2Backbone) -> None:
        super().__init__()
        self.backbone: MobileNetV2Encoder | ResNetEncoder
        if backbone == "mobilenetv2":
            self.backbone = MobileNetV2Encoder(PICTURE_AND_BACKGROUND)
        else:
            self.backbone = ResNetEncoder(
                50 if backbone == "resnet50" else 101, PICTURE_AND_BACKGROUND
            )
        taps = self.backbone.channels
        self.aspp = Aspp(taps.sixteenth)
        self.decoder = Decoder(taps)
        self.refiner = Refiner()

    def base(self, source: torch.Tensor, background: torch.Tensor) -> CoarseMatte:
        """The base network alone, at any size.

        Args:
            source: [B,3,h,w] display-encoded RGB 0..1, in the network's number type.
            background: [B,3,h,w] the clean plate, likewise.
        """
        pictures = torch.cat([source, background], dim=1)
        taps: Taps = self.backbone(pictures)
        return split_heads(self.decoder(self.aspp(taps.sixteenth), taps, pictures))

    def forward(
        self,
        source: torch.Tensor,
        background: torch.Tensor,
        scale: float = 0.25,
        refinement: Refinement | None = None,
    ) -> Bgmv2Matte:
        """Matte a frame against its background.

        Args:
            source: [B,3,H,W] float32 display-encoded RGB, 0..1; H and W divisible by 4.
            background: [B,3,H,W] the clean plate, likewise.
            scale: (0, 0.5], size of the coarse picture.
            refinement: where to refine; None is the release's default.

        Raises:
            UsageError: sizes differ or are not divisible by 4, or the scale is out of range.
        """
        height, width = _checked_size(source, background, scale)
        refinement = refinement or Refinement()
        dtype = self.decoder.conv4.weight.dtype
        coarse_height, coarse_width = math.floor(height * scale), math.floor(width * scale)
        coarse_source, coarse_background = (
            resize(picture, coarse_height, coarse_width) for picture in (source, background)
        )
        coarse = self.base(coarse_source.to(dtype), coarse_background.to(dtype))

        error = resize(coarse.error, height // CELL, width // CELL)
        refined = _chosen(error, refinement)
        values = resize(torch.cat([coarse.alpha, coarse.residual], dim=1), height, width)
        values = values.to(source.dtype).contiguous()
        cells = Cells.of(refined)
        if refinement.mode == "full" or len(cells) > refinement.dense_share * refined.numel():
            everywhere = self._refine_all(coarse, torch.cat([source, background], dim=1).to(dtype))
            values = torch.where(_pixels(refined), everywhere.to(source.dtype), values)
        elif len(cells):
            self._refine_cells(values, coarse, source, background, cells)
        alpha, residual = torch.split(values, [1, 3], dim=1)
        return Bgmv2Matte(
            alpha=alpha.clamp(0.0, 1.0),
            foreground=(residual + source).clamp_(0.0, 1.0),
            coarse=coarse,
            coarse_foreground=(coarse.residual.to(source.dtype) + coarse_source).clamp_(0.0, 1.0),
            refined=refined,
        )

    def _refine_cells(
        self,
        values: torch.Tensor,
        coarse: CoarseMatte,
        source: torch.Tensor,
        background: torch.Tensor,
        cells: Cells,
    ) -> None:
        """Overwrite the chosen cells of ``values`` [B,4,H,W] in place."""
        features = enlarged_windows(
            _features(coarse),
            cells,
            height=source.shape[-2] // 2,
            width=source.shape[-1] // 2,
            margin=HALF_MARGIN,
            size=WINDOW,
            step=CELL // 2,
        )
        # One window of twice the size serves both: its 2 x 2 means are the half-size window,
        # its middle is the full-size one.
        rows = padded_rows((source, background), 2 * HALF_MARGIN, features.dtype)
        around = windows(rows, cells, size=2 * WINDOW, step=CELL)
        half = torch.cat([features.permute(0, 3, 1, 2), F.avg_pool2d(around, 2)], dim=1)
        cut = slice(2 * HALF_MARGIN - FULL_MARGIN, 2 * HALF_MARGIN - FULL_MARGIN + WINDOW)
        write_cells(values, cells, self.refiner(half, around[..., cut, cut]))

    def _refine_all(self, coarse: CoarseMatte, pictures: torch.Tensor) -> torch.Tensor:
        """Every pixel, as one picture: the same numbers as refining every cell."""
        refined: torch.Tensor = self.refiner(
            F.pad(_half_size(coarse, pictures), (HALF_MARGIN,) * 4),
            F.pad(pictures, (FULL_MARGIN,) * 4),
        )
        return refined


def _half_size(coarse: CoarseMatte, pictures: torch.Tensor) -> torch.Tensor:
    """[B,42,H/2,W/2]: hidden features, alpha, residual, source, background."""
    height, width = pictures.shape[-2] // 2, pictures.shape[-1] // 2
    features = resize(_features(coarse), height, width)
    return torch.cat([features, resize(pictures, height, width)], dim=1)


def _features(coarse: CoarseMatte) -> torch.Tensor:
    """[B,36,h,w]: hidden features, alpha, residual."""
    return torch.cat([coarse.hidden, coarse.alpha, coarse.residual], dim=1)


def _pixels(cells: torch.Tensor) -> torch.Tensor:
    """[B,1,h,w] bool per cell -> [B,1,4h,4w] per pixel."""
    return cells.repeat_interleave(CELL, dim=2).repeat_interleave(CELL, dim=3)


def _chosen(error: torch.Tensor, refinement: Refinement) -> torch.Tensor:
    """[B,1,h,w] bool from the expected error per cell."""
    if refinement.mode == "sampling":
        return most_uncertain(error, refinement.sample_pixels // (CELL * CELL))
    if refinement.mode == "thresholding":
        return error > refinement.threshold
    return torch.ones_like(error, dtype=torch.bool)


def _checked_size(source: torch.Tensor, background: torch.Tensor, scale: float) -> tuple[int, int]:
    if source.ndim != 4 or source.shape[1] != 3 or source.shape != background.shape:
        raise UsageError(
            f"BGMv2 was given pictures of shape {tuple(source.shape)} and "
            f"{tuple(background.shape)}",
            expected="source and background, both [B,3,H,W], of one size",
        )
    height, width = source.shape[-2:]
    if height % CELL or width % CELL:
        raise UsageError(
            f"BGMv2 was given a {width}x{height} picture", expected="sides divisible by 4"
        )
    if not 0.0 < scale <= 0.5 or math.floor(height * scale) == 0 or math.floor(width * scale) == 0:
        raise UsageError(
            f"the scale {scale} does not suit a {width}x{height} picture",
            expected="a number in (0, 0.5] that leaves at least one pixel",
            next_step=f"use {named('ratio')} auto",
            setting="ratio",
        )
    return height, width
