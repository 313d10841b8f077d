"""BGMv2 in a form that exporters record: cells chosen, read and written back by index.

The weights and every layer are the network's own; only what lies between them is said again. The
parity check of each export holds the two together.
"""

from __future__ import annotations

import math
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.engines.networks.bgmv2 import (
    FULL_MARGIN,
    HALF_MARGIN,
    WINDOW,
    BackgroundMatting,
    Refinement,
)
from mattebox.engines.networks.bgmv2_base import CoarseMatte
from mattebox.engines.networks.bgmv2_cells import CELL
from mattebox.export.graph_parts import with_type

Side = int | torch.Tensor
"""Of a picture: a number, or a tensor of one number in a graph that takes any size."""
Sides = tuple[Side, Side]
Answer = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


class Bgmv2Graph(nn.Module):
    """A frame and its background.

    Args:
        network: in ``eval`` mode; its number type is that of the pictures, too.
        scale: baked size of the coarse picture, (0, 0.5].
        refinement: baked; ``dense_share`` does not count here.
        size: height and width of the only pictures to take; None takes any.
    """

    pixel: torch.Tensor

    def __init__(
        self,
        network: BackgroundMatting,
        scale: float,
        refinement: Refinement,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.scale = scale
        self.refinement = refinement
        self.size = size
        # A buffer goes where the weights go; a constant would stay on the CPU.
        self.register_buffer("pixel", torch.arange(WINDOW), persistent=False)

    def forward(self, src: torch.Tensor, bgr: torch.Tensor) -> Answer:
        """[B,3,H,W] twice, display-encoded 0..1, H and W divisible by 4.

        Returns:
            ``pha`` [B,1,H,W], ``fgr`` [B,3,H,W], ``pha_sm``, ``fgr_sm``, ``err_sm`` at the coarse
            size, ``ref_sm`` [B,1,H/4,W/4] of 0 and 1.
        """
        dtype = src.dtype
        source, background = with_type(src, torch.float32), with_type(bgr, torch.float32)
        # A tracer answers with tensors here, and records what becomes of them.
        size: Sides = self.size or (source.shape[2], source.shape[3])
        coarse_size = _scaled(size[0], self.scale), _scaled(size[1], self.scale)
        small, small_background = (
            _resized(picture, coarse_size) for picture in (source, background)
        )
        number_type = self.network.decoder.conv4.weight.dtype
        answer = self.network.base(
            with_type(small, number_type), with_type(small_background, number_type)
        )
        coarse = CoarseMatte(
            *(
                with_type(part, torch.float32)
                for part in (answer.alpha, answer.residual, answer.error, answer.hidden)
            )
        )
        chosen = _chosen(_resized(coarse.error, _divided(size, CELL)), self.refinement)
        values = _resized(torch.cat([coarse.alpha, coarse.residual], dim=1), size)
        pictures = torch.cat([source, background], dim=1)
        if self.refinement.mode == "full":
            values = self._refined_whole(coarse, pictures, size)
        else:
            values = self._refined_cells(values, chosen, coarse, pictures, size)
        alpha, residual = torch.split(values, [1, 3], dim=1)
        results = (
            alpha.clamp(0.0, 1.0),
            (residual + source).clamp(0.0, 1.0),
            coarse.alpha,
            (coarse.residual + small).clamp(0.0, 1.0),
            coarse.error,
            chosen,
        )
        return cast("Answer", tuple(with_type(result, dtype) for result in results))

    def _refined_whole(
        self, coarse: CoarseMatte, pictures: torch.Tensor, size: Sides
    ) -> torch.Tensor:
        half = _half_size(coarse, pictures, size)
        refined: torch.Tensor = self.network.refiner(
            F.pad(half, (HALF_MARGIN,) * 4), F.pad(pictures, (FULL_MARGIN,) * 4)
        )
        return refined

    def _refined_cells(
        self,
        values: torch.Tensor,
        chosen: torch.Tensor,
        coarse: CoarseMatte,
        pictures: torch.Tensor,
        size: Sides,
    ) -> torch.Tensor:
        """``values`` [B,4,H,W] with the chosen cells [B,1,H/4,W/4] replaced."""
        cells = chosen.flatten().nonzero()[:, 0]
        half_size = _half_size(coarse, pictures, size)
        half = self._windows(half_size, cells, size, HALF_MARGIN, CELL // 2)
        full = self._windows(pictures, cells, size, FULL_MARGIN, CELL)
        patches: torch.Tensor = self.network.refiner(half, full)
        batch, channels, height, width = values.shape
        grid = values.view(batch, channels, height // CELL, CELL, width // CELL, CELL)
        # One row of numbers per cell, in the order in which cells are counted.
        rows = grid.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels * CELL * CELL)
        rows = torch.index_put(rows, (cells,), patches.flatten(1))
        grid = rows.view(batch, height // CELL, width // CELL, channels, CELL, CELL)
        return grid.permute(0, 3, 1, 4, 2, 5).reshape(batch, channels, height, width)

    def _windows(
        self, picture: torch.Tensor, cells: torch.Tensor, size: Sides, margin: int, step: int
    ) -> torch.Tensor:
        """[K,C,8,8]: one window per cell, zeros outside of the picture.

        Args:
            picture: [B,C,h,w].
            cells: [K] int64, counted through the batch, line by line.
            size: H and W.
            margin: pixels of a window before its cell.
            step: side of a cell in this picture.
        """
        rows = F.pad(picture, (margin,) * 4).permute(0, 2, 3, 1)
        height, width, channels = rows.shape[1], rows.shape[2], rows.shape[3]
        down, across = size[0] // CELL, size[1] // CELL
        item = cells // (down * across)
        row, column = (cells // across) % down, cells % across
        y = (item * height + row * step)[:, None] + self.pixel
        x = (column * step)[:, None] + self.pixel
        places = y[:, :, None] * width + x[:, None, :]
        return rows.reshape(-1, channels)[places].permute(0, 3, 1, 2)


class Bgmv2FrameGraph(nn.Module):
    """[1,6,H,W] of any size, frame and background -> [1,4,H,W], foreground RGB and alpha."""

    def __init__(self, network: BackgroundMatting, scale: float, refinement: Refinement) -> None:
        super().__init__()
        self.graph = Bgmv2Graph(network, scale, refinement)

    def forward(self, src_bgr: torch.Tensor) -> torch.Tensor:
        height, width = src_bgr.shape[-2], src_bgr.shape[-1]
        whole = F.pad(src_bgr, (0, -width % CELL, 0, -height % CELL), mode="replicate")
        source, background = torch.split(whole, [3, 3], dim=1)
        alpha, foreground, *_ = self.graph(source, background)
        return torch.cat([foreground, alpha], dim=1)[..., :height, :width]


def _scaled(side: Side, scale: float) -> Side:
    """Rounded down, the product in double precision."""
    if isinstance(side, int):
        return math.floor(side * scale)
    return (side.double() * scale).floor().long()


def _at_most(side: Side, limit: int) -> Side:
    return min(side, limit) if isinstance(side, int) else side.clamp(max=limit)


def _divided(size: Sides, divisor: int) -> Sides:
    return size[0] // divisor, size[1] // divisor


def _resized(picture: torch.Tensor, size: Sides) -> torch.Tensor:
    # A tracer records tensors as sizes.
    known = cast("tuple[int, int]", size)
    return F.interpolate(picture, size=known, mode="bilinear", align_corners=False)


def _half_size(coarse: CoarseMatte, pictures: torch.Tensor, size: Sides) -> torch.Tensor:
    """[B,42,H/2,W/2]: hidden features, alpha, residual, source, background."""
    features = torch.cat([coarse.hidden, coarse.alpha, coarse.residual], dim=1)
    half = _divided(size, 2)
    return torch.cat([_resized(features, half), _resized(pictures, half)], dim=1)


def _chosen(error: torch.Tensor, refinement: Refinement) -> torch.Tensor:
    """[B,1,h,w] 0 or 1 from the expected error per cell; ties as ``most_uncertain``."""
    if refinement.mode == "full":
        return torch.ones_like(error)
    if refinement.mode == "thresholding":
        return (error > refinement.threshold).to(error.dtype)
    flat = error.flatten(1)
    count = _at_most(flat.shape[1], refinement.sample_pixels // (CELL * CELL))
    least = flat.topk(cast("int", count), dim=1, sorted=True).values[:, -1:]
    above, tied = flat > least, flat == least
    places_left = count - above.long().sum(dim=1, keepdim=True)
    chosen = above | (tied & (tied.long().cumsum(dim=1) <= places_left))
    return (chosen & (flat > 0)).to(error.dtype).view(error.shape)
