"""A keyed frame as it leaves the device: the layers asked for, and how well they add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.matte.layers import HALF_MAX, KeyedLayers
from mattebox.measure.identity import IdentityReport, identity_error
from mattebox.settings import KeySettings, Pass, PixelType


@dataclass(frozen=True)
class KeyedFrame:
    """A frame ready to be written.

    Attributes:
        channels: names in the order of ``pixels``.
        pixels: HxWxC float16 or float32, on the working window.
        identity: how well the layers add up to the source.
        residual: mean absolute residual of the background, out-space linear.
        clamped: source values that were outside the number type.
        islands: small areas of the matte that stand apart from the subject and were kept.
    """

    channels: tuple[str, ...]
    pixels: NDArray[np.float16] | NDArray[np.float32]
    identity: IdentityReport
    residual: float
    clamped: int
    islands: int


def packed(
    settings: KeySettings,
    source: torch.Tensor,
    layers: KeyedLayers,
    first: torch.Tensor,
    confidence: torch.Tensor,
    islands: int,
) -> KeyedFrame:
    """The channels of a frame in the order they are written in.

    Args:
        settings: which passes, and the number type.
        source: [1,3,H,W] the frame that the layers have to add up to, out-space linear.
        layers: as ``key_layers`` gives them, in the same light.
        first: [1,1,H,W] the engine's alpha, 0..1.
        confidence: [1,1,H,W] 0..1.
        islands: see ``KeyedFrame``.
    """
    wanted = settings.passes
    parts: list[tuple[tuple[str, ...], torch.Tensor]] = [
        (("R", "G", "B"), layers.rgb),
        (("A",), layers.alpha),
    ]
    if Pass.FG in wanted:
        parts.append((("fg.R", "fg.G", "fg.B"), layers.foreground))
    if Pass.SPILL in wanted:
        parts.append((("spill.R", "spill.G", "spill.B"), layers.spill))
    if Pass.NET in wanted:
        parts.append((("net.A",), first))
    if Pass.CONF in wanted:
        parts.append((("conf.A",), confidence))
    if Pass.PLATE in wanted:
        parts.append((("plate.R", "plate.G", "plate.B"), layers.background))
    stacked = torch.cat([picture for _, picture in parts], dim=1)[0].permute(1, 2, 0)
    if settings.pixel_type is PixelType.HALF:
        stacked = stacked.half()
    return KeyedFrame(
        channels=tuple(name for names, _ in parts for name in names),
        pixels=stacked.contiguous().cpu().numpy(),
        identity=_identity(source, layers),
        residual=layers.residual,
        clamped=layers.clamped,
        islands=islands,
    )


def _identity(source: torch.Tensor, layers: KeyedLayers) -> IdentityReport:
    held = source.clamp(-HALF_MAX, HALF_MAX) if layers.clamped else source
    rgba = torch.cat([layers.rgb, layers.alpha], 1)
    pictures = (rgba, layers.spill, layers.background, held)
    return identity_error(*(picture[0].permute(1, 2, 0).cpu().numpy() for picture in pictures))
