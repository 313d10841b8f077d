"""Finite windows on pictures: means and extremes over squares, borders repeated.

Everything here reads a stated number of pixels and no more, so that tiles and chunks agree.
All tensors are [N,C,H,W] float32; results have the same shape.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F


def box_mean(picture: torch.Tensor, radius: int) -> torch.Tensor:
    """Mean over a square of side 2 * radius + 1. Reads ``radius`` pixels."""
    if radius == 0:
        return picture
    padded = F.pad(picture, (radius, radius, radius, radius), mode="replicate")
    # two one-dimensional passes cost 2 (2r+1) reads a pixel instead of (2r+1)^2
    rows = F.avg_pool2d(padded, (1, 2 * radius + 1), 1)
    return F.avg_pool2d(rows, (2 * radius + 1, 1), 1)


def box_max(picture: torch.Tensor, radius: int) -> torch.Tensor:
    """Largest value in a square of side 2 * radius + 1. Reads ``radius`` pixels."""
    if radius == 0:
        return picture
    size = 2 * radius + 1
    rows = F.max_pool2d(picture, (1, size), 1, (0, radius))
    return F.max_pool2d(rows, (size, 1), 1, (radius, 0))


def box_min(picture: torch.Tensor, radius: int) -> torch.Tensor:
    """Smallest value in a square of side 2 * radius + 1. Reads ``radius`` pixels."""
    return -box_max(-picture, radius)


def eroded(mask: torch.Tensor, radius: int) -> torch.Tensor:
    """Bool mask, True where the whole square around the pixel is True. Reads ``radius`` pixels."""
    return box_min(mask.to(torch.float32), radius) > 0.5
