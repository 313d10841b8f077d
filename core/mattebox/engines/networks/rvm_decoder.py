"""RVM's recurrent decoder: LR-ASPP, ConvGRU stages, and the state they carry over.

Source: Lin et al., "Robust High-Resolution Video Matting with Temporal Guidance" (WACV 2022),
section 3; LR-ASPP: Howard et al. 2019; ConvGRU: Ballas et al. 2015.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.engines.networks.layers import TapChannels, Taps, conv_norm, resize
from mattebox.errors import UsageError

HIDDEN_CHANNELS = 16
"""Of the decoder's last stage, in both variants."""


@dataclass(frozen=True)
class RvmState:
    """What RVM remembers of the frames before: four maps of values in (-1, 1).

    Attributes:
        r1, r2, r3, r4: [B,C,h,w] at 1/2, 1/4, 1/8 and 1/16 of the coarse picture (sizes are
            successive halves, rounded up); C is 16, 20, 40, 64 (mobilenetv3) or 16, 32, 64, 128
            (resnet50). Zeros are the same as no state.
    """

    r1: torch.Tensor
    r2: torch.Tensor
    r3: torch.Tensor
    r4: torch.Tensor

    @property
    def maps(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.r1, self.r2, self.r3, self.r4

    def fits(self, batch: int, height: int, width: int) -> bool:
        """Whether the state belongs to coarse pictures [batch,3,height,width]."""
        for map_ in self.maps:
            height, width = (height + 1) // 2, (width + 1) // 2
            if (map_.shape[0], *map_.shape[-2:]) != (batch, height, width):
                return False
        return True

    def to(self, model: torch.Tensor) -> RvmState:
        """The state with the number type and on the device of a tensor."""
        return RvmState(*(map_.to(model) for map_ in self.maps))

    def __post_init__(self) -> None:
        for field, map_ in zip(fields(self), self.maps, strict=True):
            if map_.ndim != 4:
                raise UsageError(
                    f"RVM state {field.name} has shape {tuple(map_.shape)}",
                    expected="four dimensions [B,C,h,w], as a call for the previous frame returned",
                )


class Lraspp(nn.Module):
    """Channels reduced, and gated by the mean of the whole picture."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.aspp1 = conv_norm(channels_in, channels_out, 1, nn.ReLU(inplace=True))
        self.aspp2 = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels_in, channels_out, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate: torch.Tensor = self.aspp2(x)
        reduced: torch.Tensor = self.aspp1(x)
        return reduced * gate


class ConvGru(nn.Module):
    """A gated recurrent unit whose matrices are 3x3 convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ih = nn.Sequential(nn.Conv2d(2 * channels, 2 * channels, 3, padding=1), nn.Sigmoid())
        self.hh = nn.Sequential(nn.Conv2d(2 * channels, channels, 3, padding=1), nn.Tanh())

    def step(self, x: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """One moment: input and state [B,C,h,w] -> the new state, which is also the output."""
        reset, update = self.ih(torch.cat([x, before], dim=1)).chunk(2, dim=1)
        candidate: torch.Tensor = self.hh(torch.cat([x, reset * before], dim=1))
        after: torch.Tensor = (1.0 - update) * before + update * candidate
        return after

    def forward(
        self, x: torch.Tensor, before: torch.Tensor | None, frames: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """[B*frames,C,h,w], frames of one clip adjacent -> outputs likewise, and the last state."""
        clips = x.view(-1, frames, *x.shape[1:])
        state = torch.zeros_like(clips[:, 0]) if before is None else before
        if frames == 1:
            state = self.step(x, state)
            return state, state
        outputs = []
        for moment in clips.unbind(dim=1):
            state = self.step(moment, state)
            outputs.append(state)
        return torch.stack(outputs, dim=1).flatten(0, 1), state


class Bottom(nn.Module):
    """``decode4``: the recurrent unit alone, on the second half of the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gru = ConvGru(channels // 2)

    def forward(
        self, x: torch.Tensor, before: torch.Tensor | None, frames: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        passed, remembered = x.chunk(2, dim=1)
        remembered, state = self.gru(remembered, before, frames)
        return torch.cat([passed, remembered], dim=1), state


class Stage(nn.Module):
    """``decode3`` .. ``decode1``: enlarge, join with the tap and the picture, remember."""

    def __init__(self, channels_in: int, skip: int, channels_out: int) -> None:
        super().__init__()
        self.conv = conv_norm(channels_in + skip + 3, channels_out, 3, nn.ReLU(inplace=True))
        self.gru = ConvGru(channels_out // 2)

    def forward(
        self,
        below: torch.Tensor,
        tap: torch.Tensor,
        picture: torch.Tensor,
        before: torch.Tensor | None,
        frames: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.conv(torch.cat([_enlarged(below, picture), tap, picture], dim=1))
        passed, remembered = x.chunk(2, dim=1)
        remembered, state = self.gru(remembered, before, frames)
        return torch.cat([passed, remembered], dim=1), state


class Top(nn.Module):
    """``decode0``: two convolutions at the coarse picture's own size, no memory."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            *conv_norm(channels_in + 3, channels_out, 3, nn.ReLU(inplace=True)),
            *conv_norm(channels_out, channels_out, 3, nn.ReLU(inplace=True)),
        )

    def forward(self, below: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
        x: torch.Tensor = self.conv(torch.cat([_enlarged(below, picture), picture], dim=1))
        return x


def _enlarged(below: torch.Tensor, model: torch.Tensor) -> torch.Tensor:
    """Twice the size, then cut at the bottom and right to the model's size."""
    twice = resize(below, 2 * below.shape[-2], 2 * below.shape[-1])
    return twice[..., : model.shape[-2], : model.shape[-1]]


def _halved(picture: torch.Tensor) -> torch.Tensor:
    """2x2 means; windows that hang over the edge average only the real pixels."""
    return F.avg_pool2d(picture, 2, stride=2, ceil_mode=True, count_include_pad=False)


class RecurrentDecoder(nn.Module):
    """From the encoder's taps back to the coarse picture's size.

    Args:
        taps: the encoder's channels, with ``sixteenth`` after LR-ASPP.
        stages: output channels of decode3, decode2, decode1.
    """

    def __init__(self, taps: TapChannels, stages: tuple[int, int, int]) -> None:
        super().__init__()
        third, second, first = stages
        self.decode4 = Bottom(taps.sixteenth)
        self.decode3 = Stage(taps.sixteenth, taps.eighth, third)
        self.decode2 = Stage(third, taps.quarter, second)
        self.decode1 = Stage(second, taps.half, first)
        self.decode0 = Top(first, HIDDEN_CHANNELS)

    def forward(
        self, picture: torch.Tensor, taps: Taps, state: RvmState | None, frames: int
    ) -> tuple[torch.Tensor, RvmState]:
        """Coarse picture [B*frames,3,h,w] (plain 0..1) and its taps -> [B*frames,16,h,w], state."""
        half = _halved(picture)
        quarter = _halved(half)
        eighth = _halved(quarter)
        r1, r2, r3, r4 = (None,) * 4 if state is None else state.maps
        x, r4 = self.decode4(taps.sixteenth, r4, frames)
        x, r3 = self.decode3(x, taps.eighth, eighth, r3, frames)
        x, r2 = self.decode2(x, taps.quarter, quarter, r2, frames)
        x, r1 = self.decode1(x, taps.half, half, r1, frames)
        return self.decode0(x, picture), RvmState(r1, r2, r3, r4)
