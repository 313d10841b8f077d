"""Cells of 4 x 4 pixels: which to refine, reading a window around each, writing each back.

Nothing here loops over cells. Windows are read from pictures in [B,H,W,C] order, where a row of
a window is one run of memory: one copy of (window width x C) numbers at a time.
"""

from __future__ import annotations

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


def padded_rows(picture: torch.Tensor, margin: int) -> torch.Tensor:
    """[B,C,H,W] -> contiguous [B,H+2m,W+2m,C] with zeros in the margin."""
    batch, channels, height, width = picture.shape
    rows = picture.new_zeros((batch, height + 2 * margin, width + 2 * margin, channels))
    rows[:, margin : margin + height, margin : margin + width] = picture.permute(0, 2, 3, 1)
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


def write_cells(picture: torch.Tensor, cells: Cells, patches: torch.Tensor) -> None:
    """Overwrite, in place, the chosen 4 x 4 cells of [B,C,H,W] with [K,C,4,4]."""
    batch, channels, height, width = picture.shape
    grid = picture.view(batch, channels, height // CELL, CELL, width // CELL, CELL)
    grid = grid.permute(0, 2, 4, 1, 3, 5)
    grid[cells.item, cells.row, cells.column] = patches.to(picture.dtype)
