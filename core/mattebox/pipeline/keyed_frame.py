"""A keyed frame as it leaves the device: the layers asked for, and how well they add up.

Whatever is told of a frame is computed where its pixels are and comes down with them, at once, so
that a GPU is waited for once a frame, and by who writes the frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.matte.identity import IdentityReport, identity_numbers
from mattebox.matte.islands import count_islands
from mattebox.matte.layers import HALF_MAX, KeyedLayers
from mattebox.matte.strips import in_strips
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


@dataclass(frozen=True)
class LeavingFrame:
    """A frame on its way from the device.

    Attributes:
        channels: names in the order of ``pixels``.
        pixels: [H,W,C] float16 or float32, in memory once it has ``arrived``.
        numbers: [5] float64: those of the identity, the residual, and what was clamped.
        seen: see ``seen_areas``; None where islands were removed.
        sent: set once everything is in memory; None where it is at once.
    """

    channels: tuple[str, ...]
    pixels: torch.Tensor
    numbers: torch.Tensor
    seen: torch.Tensor | None
    sent: torch.cuda.Event | None

    def arrived(self) -> KeyedFrame:
        """The frame in memory; waits for the device."""
        if self.sent is not None:
            self.sent.synchronize()
        *identity, residual, clamped = self.numbers.tolist()
        height, width, _ = self.pixels.shape
        return KeyedFrame(
            channels=self.channels,
            pixels=self.pixels.numpy(),
            identity=IdentityReport.of(identity, height, width),
            residual=residual,
            clamped=int(clamped),
            islands=0 if self.seen is None else count_islands(self.seen),
        )


def packed(
    settings: KeySettings,
    source: torch.Tensor,
    layers: KeyedLayers,
    first: torch.Tensor,
    confidence: torch.Tensor,
    seen: torch.Tensor | None,
) -> LeavingFrame:
    """The channels of a frame in the order they are written in, sent to memory.

    Args:
        settings: which passes, and the number type.
        source: [1,3,H,W] the frame that the layers have to add up to, out-space linear.
        layers: as ``key_layers`` gives them, in the same light.
        first: [1,1,H,W] the engine's alpha, 0..1.
        confidence: [1,1,H,W] 0..1.
        seen: see ``LeavingFrame``.
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
    half = settings.pixel_type is PixelType.HALF
    interleaved = _interleaved([picture for _, picture in parts], half=half)
    held = source.clamp(-HALF_MAX, HALF_MAX) if half else source
    identity = identity_numbers(layers.rgb, layers.alpha, layers.spill, layers.background, held)
    pixels = _sent(interleaved)
    numbers = _sent(torch.cat([identity, layers.residual[None], layers.clamped[None]]))
    areas = None if seen is None else _sent(seen)
    sent = None
    if source.device.type == "cuda":
        sent = torch.cuda.Event()  # type: ignore[no-untyped-call]
        sent.record(torch.cuda.current_stream(source.device))
    return LeavingFrame(
        channels=tuple(name for names, _ in parts for name in names),
        pixels=pixels,
        numbers=numbers,
        seen=areas,
        sent=sent,
    )


def _interleaved(pictures: list[torch.Tensor], *, half: bool) -> torch.Tensor:
    """Pictures [1,C,H,W] float32 as one [H,W,channels], float16 where ``half``.

    Strip by strip: as wholes they would fill fresh memory three times, which costs the system more
    than copying them.
    """
    height, width = pictures[0].shape[-2:]
    number = torch.float16 if half else torch.float32
    channels = sum(picture.shape[1] for picture in pictures)
    whole = pictures[0].new_empty(height, width, channels, dtype=number)

    def lay(rows: slice) -> None:
        strip = torch.cat([picture[..., rows, :].to(number) for picture in pictures], dim=1)
        whole[rows] = strip[0].permute(1, 2, 0)

    in_strips(lay, pictures[0])
    return whole


def _sent(tensor: torch.Tensor) -> torch.Tensor:
    """On its way to memory: to pinned memory, which torch takes for what does not block."""
    return tensor.to("cpu", non_blocking=True)
