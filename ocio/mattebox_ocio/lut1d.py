"""1D tables, forward and inverse, over 0..1 and over all half floats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox_ocio.op import Op

LARGEST_HALF = 65504.0
SIGN_BIT = 0x8000
LARGEST_HALF_BITS = 0x7BFF


@dataclass(frozen=True, eq=False)
class Lut1D(Op):
    """Linear interpolation in a table over 0..1; codes outside are held at its ends.

    Attributes:
        values: [3, L] per channel.
    """

    values: torch.Tensor

    @classmethod
    def of_table(cls, table: NDArray[np.float64]) -> Self:
        """From [L, 3]."""
        return cls(torch.from_numpy(table.T.copy()))

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        last = self.values.shape[1] - 1
        # A NaN has no place in a table: it is looked up as 0 and put back below.
        place = x.nan_to_num(0.0).clamp(0.0, 1.0) * last
        lower = place.floor().clamp(max=max(last - 1, 0))
        index = lower.long()
        y = _lerp(self.values, index, (index + 1).clamp(max=last), place - lower)
        return torch.where(x.isnan(), x, y)


@dataclass(frozen=True, eq=False)
class HalfLut1D(Op):
    """A table with one entry per half float; numbers between two halves are interpolated.

    Attributes:
        values: [3, 65536] per channel, by the bits of the half.
    """

    values: torch.Tensor

    @classmethod
    def of_table(cls, table: NDArray[np.float64]) -> Self:
        """From [65536, 3]."""
        return cls(torch.from_numpy(table.T.copy()))

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        held = x.nan_to_num(0.0).clamp(-LARGEST_HALF, LARGEST_HALF)
        near = held.half()
        bits = near.contiguous().view(torch.int16).int() & 0xFFFF
        # The neighbour on the other side of x: one more in magnitude is one more in bits.
        grows = held.abs() > near.to(x.dtype).abs()
        other_bits = torch.where(grows, bits + 1, bits - 1)
        is_exact = held == near.to(x.dtype)
        other_bits = torch.where(is_exact, bits, other_bits)
        other = other_bits.to(torch.int16).view(torch.float16).to(x.dtype)
        gap = torch.where(is_exact, torch.ones_like(held), other - near.to(x.dtype))
        weight = (held - near.to(x.dtype)) / gap
        y = _lerp(self.values, bits.long(), other_bits.long(), weight)
        return torch.where(x.isnan(), x, y)


@dataclass(frozen=True, eq=False)
class InverseLut1D(Op):
    """The way back through a monotone table; values outside it give its ends.

    Attributes:
        inputs: [L] what the table was indexed with, rising.
        outputs: [3, L] what it gave, rising; falling tables are held negated.
        signs: -1 per channel where the table falls, else 1.
        starts, ends: per channel, where its flat ends stop.
    """

    inputs: torch.Tensor
    outputs: torch.Tensor
    signs: tuple[float, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of_table(cls, table: NDArray[np.float64]) -> Self:
        """From [L, 3] over 0..1."""
        return cls._of(np.linspace(0.0, 1.0, len(table)), table)

    @classmethod
    def of_half_table(cls, table: NDArray[np.float64]) -> Self:
        """From [65536, 3] over all halves."""
        positive = np.arange(LARGEST_HALF_BITS + 1, dtype=np.uint16)
        bits = np.concatenate([(positive[:0:-1] | SIGN_BIT).astype(np.uint16), positive])
        return cls._of(bits.view(np.float16).astype(np.float64), table[bits])

    @classmethod
    def _of(cls, inputs: NDArray[np.float64], table: NDArray[np.float64]) -> Self:
        signs = np.where(table[-1] < table[0], -1.0, 1.0)
        rising = np.maximum.accumulate(table * signs, axis=0)
        starts, ends = [], []
        for channel in rising.T:
            start = int(np.searchsorted(channel, channel[0], side="right")) - 1
            end = int(np.searchsorted(channel, channel[-1], side="left"))
            starts.append(min(start, len(channel) - 2))
            ends.append(max(end, min(start, len(channel) - 2) + 1))
        return cls(
            torch.from_numpy(inputs.copy()),
            torch.from_numpy(rising.T.copy()),
            tuple(float(s) for s in signs),
            tuple(starts),
            tuple(ends),
        )

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        channels = []
        for c, (sign, start, end) in enumerate(
            zip(self.signs, self.starts, self.ends, strict=True)
        ):
            table = self.outputs[c]
            y = (x[:, c].nan_to_num(0.0) * sign).clamp(table[start], table[end]).contiguous()
            upper = torch.searchsorted(table.contiguous(), y).clamp(start + 1, end)
            below, above = table[upper - 1], table[upper]
            gap = above - below
            weight = torch.where(gap > 0.0, (y - below) / gap, torch.zeros_like(y))
            low, high = self.inputs[upper - 1], self.inputs[upper]
            channels.append(low + (high - low) * weight)
        return torch.where(x.isnan(), x, torch.stack(channels, dim=1))


def _lerp(
    table: torch.Tensor, first: torch.Tensor, second: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """[3, L] table at [N,3,H,W] indices, mixed."""
    mixed = []
    for channel in range(3):
        a, b = table[channel][first[:, channel]], table[channel][second[:, channel]]
        mixed.append(a + (b - a) * weight[:, channel])
    return torch.stack(mixed, dim=1)
