"""Finite windows on pictures: means and extremes over squares, borders repeated.

Everything here reads a stated number of pixels and no more, so that tiles and chunks agree.
All tensors are [N,C,H,W] float32; results have the same shape unless stated.

Windows are built from shifted pictures, doubled in width step by step: about log2(width) passes in
place of width, and each value is made by the same additions wherever the picture is cut. torch's
own pooling is several times slower on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F


def box_mean(picture: torch.Tensor, radius: int) -> torch.Tensor:
    """Mean over a square of side 2 * radius + 1. Reads ``radius`` pixels."""
    if radius == 0:
        return picture
    side = 2 * radius + 1
    return _over_square(picture, radius, torch.add) * (1.0 / (side * side))


def box_max(picture: torch.Tensor, radius: int) -> torch.Tensor:
    """Largest value in a square of side 2 * radius + 1. Reads ``radius`` pixels."""
    return picture if radius == 0 else _over_square(picture, radius, torch.maximum)


def box_min(picture: torch.Tensor, radius: int) -> torch.Tensor:
    """Smallest value in a square of side 2 * radius + 1. Reads ``radius`` pixels."""
    return picture if radius == 0 else _over_square(picture, radius, torch.minimum)


def eroded(mask: torch.Tensor, radius: int) -> torch.Tensor:
    """Bool mask, True where the whole square around the pixel is True. Reads ``radius`` pixels."""
    return box_min(mask.to(torch.float32), radius) > 0.5


def halved(picture: torch.Tensor) -> torch.Tensor:
    """[N,C,H/2,W/2] means over 2x2 pixels; height and width must be even."""
    count, channels, height, width = picture.shape
    pairs = picture.reshape(count, channels, height // 2, 2, width)
    rows = pairs[:, :, :, 0] + pairs[:, :, :, 1]
    columns = rows.reshape(count, channels, height // 2, width // 2, 2)
    return (columns[..., 0] + columns[..., 1]) * 0.25


_Join = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def _over_square(picture: torch.Tensor, radius: int, join: _Join) -> torch.Tensor:
    padded = F.pad(picture, (radius, radius, radius, radius), mode="replicate")
    side = 2 * radius + 1
    return _over_line(_over_line(padded, -2, side, join), -1, side, join)


def _over_line(picture: torch.Tensor, along: int, size: int, join: _Join) -> torch.Tensor:
    """All windows of ``size`` along a dimension joined; the result is shorter by size - 1."""
    left = picture.shape[along] - size + 1
    total: torch.Tensor | None = None
    doubled, width, offset = picture, 1, 0
    while True:
        if size & width:
            part = doubled.narrow(along, offset, left)
            total = part if total is None else join(total, part)
            offset += width
        if 2 * width > size:
            assert total is not None
            return total
        rest = doubled.shape[along] - width
        doubled = join(doubled.narrow(along, 0, rest), doubled.narrow(along, width, rest))
        width *= 2
