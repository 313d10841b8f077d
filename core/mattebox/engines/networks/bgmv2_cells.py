"""Cells of 4 x 4 pixels: which to refine, reading a window around each, writing each back.

Nothing here loops over cells. Windows are read from pictures in [B,H,W,C] order, where a row of
a window is one run of memory: one copy of (window width x C) numbers at a time.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch

CELL = 4
"""Side of a cell in full-size pixels; part of the trained design (paper, section 4.2)."""


@dataclass(frozen=True)
class Cells:
    """K chosen cells: int64 [K] each, picture of the batch, cell row, cell column."""

    item: torch.Tensor
    row: torch.Tensor
    column: torch.Tensor

    @classmethod
    def of(cls, chosen: torch.Tensor) -> Cells:
        """From a map [B,1,h,w] bool, in reading order."""
        item, row, column = chosen[:, 0].nonzero(as_tuple=True)
        return cls(item, row, column)

    def __len__(self) -> int:
        return self.item.shape[0]


def most_uncertain(error: torch.Tensor, count: int) -> torch.Tensor:
    """The ``count`` cells of each picture with the largest error, none with error 0.

    Ties at the last place go to the cells that come first in reading order, so that equal input
    gives equal output on every device (a bare top-k leaves it open).

    Args:
        error: [B,1,h,w], 0..1.
        count: capped at the number of cells.

    Returns:
        [B,1,h,w] bool.
    """
    flat = error.flatten(1)
    count = min(count, flat.shape[1])
    if count == flat.shape[1]:
        return error > 0
    least = flat.topk(count, dim=1, sorted=True).values[:, -1:]
    above = flat > least
    tied = flat == least
    places_left = count - above.sum(dim=1, keepdim=True)
    chosen = above | (tied & (tied.cumsum(dim=1) <= places_left))
    return (chosen & (flat > 0)).view(error.shape)


def padded_rows(
    pictures: tuple[torch.Tensor, ...], margin: int, dtype: torch.dtype
) -> torch.Tensor:
    """Several [B,c,H,W] -> contiguous [B,H+2m,W+2m,sum of c] with zeros in the margin."""
    batch, _, height, width = pictures[0].shape
    channels = sum(picture.shape[1] for picture in pictures)
    rows = pictures[0].new_zeros(
        (batch, height + 2 * margin, width + 2 * margin, channels), dtype=dtype
    )
    inside = rows[:, margin : margin + height, margin : margin + width]
    inside = inside.permute(0, 3, 1, 2)
    for target, picture in zip(
        torch.split(inside, [picture.shape[1] for picture in pictures], dim=1),
        pictures,
        strict=True,
    ):
        target.copy_(picture)
    return rows


def windows(rows: torch.Tensor, cells: Cells, size: int, step: int) -> torch.Tensor:
    """Read one square window per cell.

    Args:
        rows: contiguous [B,H,W,C], already padded: cell (i, j)'s window starts at row i * step,
            column j * step.
        cells: which.
        size: side of the window.
        step: side of a cell in this picture.

    Returns:
        [K,C,size,size], channels last in memory.
    """
    batch, height, width, channels = rows.shape
    starts = rows.as_strided(
        (
            batch,
            (height - size) // step + 1,
            (width - size) // step + 1,
            size,
            size * channels,
        ),
        (
            height * width * channels,
            step * width * channels,
            step * channels,
            width * channels,
            1,
        ),
    )
    read = starts[cells.item, cells.row, cells.column]
    return read.view(len(cells), size, size, channels).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Enlargement:
    """How windows of an enlarged picture are made from the small one, along one axis.

    Attributes:
        starts: [n] int64, per cell the first pixel of the small picture that counts.
        weights: [n,size,taps] float32, per cell and window pixel the bilinear weights of the
            pixels from there on; all 0 for window pixels outside the enlarged picture.
    """

    starts: torch.Tensor
    weights: torch.Tensor


@functools.lru_cache(maxsize=16)
def enlargement(
    small: int, large: int, margin: int, size: int, step: int, device: torch.device
) -> Enlargement:
    """For windows of ``size`` pixels, one per ``step`` pixels, beginning ``margin`` before each.

    The positions are those of a half-pixel-centred bilinear resize from ``small`` to ``large``.
    """
    first = torch.arange(large // step) * step - margin
    pixels = first[:, None] + torch.arange(size)
    is_inside = (pixels >= 0) & (pixels < large)
    position = (pixels.clamp(0, large - 1).double() + 0.5) * (small / large) - 0.5
    position = position.clamp_min(0.0)
    low = position.floor().long()
    high = (low + 1).clamp_max(small - 1)
    taps = min(small, math.ceil((size - 1) * small / large) + 2)
    starts = low[:, 0].clamp_max(small - taps)
    weights = torch.zeros((*pixels.shape, taps), dtype=torch.float64)
    share = torch.where(is_inside, position - low, 0.0)
    rest = is_inside.double() - share
    weights.scatter_add_(2, (low - starts[:, None])[..., None], rest[..., None])
    weights.scatter_add_(2, (high - starts[:, None])[..., None], share[..., None])
    return Enlargement(starts.to(device), weights.float().to(device))


def enlarged_windows(
    picture: torch.Tensor,
    cells: Cells,
    *,
    height: int,
    width: int,
    margin: int,
    size: int,
    step: int,
) -> torch.Tensor:
    """Windows of a picture enlarged to height x width, without enlarging all of it.

    The same as resizing bilinearly, padding with ``margin`` zeros and ``windows``, for the few
    cells that matter.

    Args:
        picture: [B,C,h,w].
        cells: which.
        height: of the enlarged picture; divisible by ``step``, as is ``width``.
        width: likewise.
        margin: pixels of a window before its cell.
        size: side of the window.
        step: side of a cell in the enlarged picture.

    Returns:
        [K,size,size,C], contiguous.
    """
    down = enlargement(picture.shape[-2], height, margin, size, step, picture.device)
    across = enlargement(picture.shape[-1], width, margin, size, step, picture.device)
    tall, wide = down.weights.shape[-1], across.weights.shape[-1]
    rows = picture.permute(0, 2, 3, 1).contiguous()
    batch, small_height, small_width, channels = rows.shape
    line = small_width * channels
    starts = rows.as_strided(
        (batch, small_height - tall + 1, small_width - wide + 1, tall, wide * channels),
        (small_height * line, line, channels, line, 1),
    )
    read = starts[cells.item, down.starts[cells.row], across.starts[cells.column]]
    vertical = down.weights.to(picture.dtype)[cells.row]
    horizontal = across.weights.to(picture.dtype)[cells.column]
    stretched = torch.bmm(vertical, read).view(len(cells), size, wide, channels)
    return torch.matmul(horizontal[:, None], stretched)


def write_cells(picture: torch.Tensor, cells: Cells, patches: torch.Tensor) -> None:
    """Overwrite, in place, the chosen 4 x 4 cells of [B,C,H,W] with [K,C,4,4]."""
    batch, channels, height, width = picture.shape
    grid = picture.view(batch, channels, height // CELL, CELL, width // CELL, CELL)
    grid = grid.permute(0, 2, 4, 1, 3, 5)
    grid[cells.item, cells.row, cells.column] = patches.to(picture.dtype)
