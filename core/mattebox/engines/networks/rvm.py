"""Robust Video Matting: a person's alpha from the picture alone, with a memory.

Source: Lin et al., "Robust High-Resolution Video Matting with Temporal Guidance" (WACV 2022).
Clean-room: written from the paper and from an architecture description with reference outputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.engines.networks.guided_filter import DeepGuidedFilter, FastGuidedFilter
from mattebox.engines.networks.layers import TapChannels
from mattebox.engines.networks.mobilenetv3 import IMAGENET, MobileNetV3Encoder, Normalisation
from mattebox.engines.networks.resnet import ResNetEncoder
from mattebox.engines.networks.rvm_decoder import (
    HIDDEN_CHANNELS,
    Lraspp,
    RecurrentDecoder,
    RvmState,
)
from mattebox.errors import UsageError, named

RvmBackbone = Literal["mobilenetv3", "resnet50"]
RvmRefiner = Literal["deep", "fast"]


@dataclass(frozen=True)
class RvmMatte:
    """RVM's answer.

    Attributes:
        foreground: [B,3,H,W] (or [B,T,3,H,W]) straight colour, display-encoded, 0..1;
            meaningful only where alpha > 0.
        alpha: [B,1,H,W] (or [B,T,1,H,W]) 0..1.
        state: for the next frame.
    """

    foreground: torch.Tensor
    alpha: torch.Tensor
    state: RvmState


class Projection(nn.Module):
    """1x1 convolution with bias, under the official name."""

    def __init__(self, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(HIDDEN_CHANNELS, channels_out, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.conv(x)
        return y


def coarse_size(height: int, width: int, ratio: float) -> tuple[int, int]:
    """Height and width of the coarse picture: rounded down, the product in double precision."""
    return math.floor(height * ratio), math.floor(width * ratio)


class RobustVideoMatting(nn.Module):
    """The network.

    Args:
        backbone: the encoder.
        refiner: ``deep`` (learned, in the release's files) or ``fast`` (no weights).
        normalisation: constants of the mobilenetv3 encoder; resnet50 has none.
    """

    def __init__(
        self,
        backbone: RvmBackbone,
        refiner: RvmRefiner = "deep",
        *,
        normalisation: Normalisation = IMAGENET,
    ) -> None:
        super().__init__()
        self.backbone: MobileNetV3Encoder | ResNetEncoder
        if backbone == "mobilenetv3":
            self.backbone = MobileNetV3Encoder(normalisation)
            reduced, stages = 128, (80, 40, 32)
        else:
            self.backbone = ResNetEncoder(50, channels_in=3)
            reduced, stages = 256, (128, 64, 32)
        taps = self.backbone.channels
        self.aspp = Lraspp(taps.sixteenth, reduced)
        self.decoder = RecurrentDecoder(
            TapChannels(taps.half, taps.quarter, taps.eighth, reduced), stages
        )
        self.project_mat = Projection(4)
        self.project_seg = Projection(1)  # never run: part of the official weights
        self.refiner: DeepGuidedFilter | FastGuidedFilter
        self.refiner = (
            DeepGuidedFilter(HIDDEN_CHANNELS) if refiner == "deep" else FastGuidedFilter()
        )

    def set_precision(self, dtype: torch.dtype) -> None:
        """Number type of everything but the refiner, which stays in float32."""
        self.to(dtype)
        self.refiner.float()

    def forward(
        self, source: torch.Tensor, state: RvmState | None = None, ratio: float = 1.0
    ) -> RvmMatte:
        """Matte one frame, or a chunk of frames of each clip.

        Args:
            source: [B,3,H,W], or [B,T,3,H,W] with T frames in order; float32, display-encoded
                RGB, 0..1 (not clamped here).
            state: from the call for the frames before; None at the start and after a cut.
            ratio: (0, 1], size of the coarse picture; 1 means no refiner.

        Raises:
            UsageError: the state belongs to another picture size, or the ratio leaves nothing.
        """
        if source.ndim not in (4, 5) or source.shape[-3] != 3:
            raise UsageError(
                f"RVM was given a picture of shape {tuple(source.shape)}",
                expected="[B,3,H,W] or [B,T,3,H,W]",
            )
        if not 0.0 < ratio <= 1.0:
            raise UsageError(f"the ratio {ratio} is out of range", expected="a number in (0, 1]")
        frames = source.shape[1] if source.ndim == 5 else 1
        folded = source.flatten(0, 1) if source.ndim == 5 else source
        coarse = _reduced(folded, ratio)
        network_input = coarse.to(self.project_mat.conv.weight.dtype)
        if state is not None:
            if not state.fits(source.shape[0], coarse.shape[-2], coarse.shape[-1]):
                raise UsageError(
                    f"the RVM state with r1 {tuple(state.r1.shape)} does not belong to "
                    f"{source.shape[0]} clip(s) with a coarse picture of "
                    f"{coarse.shape[-1]}x{coarse.shape[-2]}",
                    next_step="start without a state where size or ratio change",
                )
            state = state.to(network_input)
        taps = self.backbone(network_input)
        taps = type(taps)(taps.half, taps.quarter, taps.eighth, self.aspp(taps.sixteenth))
        hidden, after = self.decoder(network_input, taps, state, frames)
        values = self.project_mat(hidden).to(source.dtype)
        if ratio != 1:
            values = self.refiner(folded, coarse, values, hidden.to(source.dtype))
        residual, alpha = torch.split(values, [3, 1], dim=1)
        return RvmMatte(
            foreground=_unfolded((residual + folded).clamp_(0.0, 1.0), source),
            alpha=_unfolded(alpha.clamp(0.0, 1.0), source),
            state=after,
        )


def _reduced(picture: torch.Tensor, ratio: float) -> torch.Tensor:
    """The coarse picture: samples at positions of the *given* ratio, not of the ratio of sizes."""
    if ratio == 1:
        return picture
    height, width = coarse_size(picture.shape[-2], picture.shape[-1], ratio)
    if height == 0 or width == 0:
        raise UsageError(
            f"the ratio {ratio} leaves nothing of a {picture.shape[-1]}x{picture.shape[-2]} frame",
            next_step=f"use a larger {named('ratio')}, or auto",
        )
    return F.interpolate(
        picture,
        scale_factor=ratio,
        mode="bilinear",
        align_corners=False,
        recompute_scale_factor=False,
    )


def _unfolded(picture: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
    """Batch of frames back to [B,T,...] where the source was a chunk."""
    return picture.view(*source.shape[:2], *picture.shape[1:]) if source.ndim == 5 else picture
