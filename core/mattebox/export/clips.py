"""Seeded pictures to compare networks on: a figure that walks before a wall, display-encoded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F

GRAIN = 0.02
"""Standard deviation of each frame's own noise."""


@dataclass(frozen=True)
class ClipFrame:
    """[1,3,H,W] float32 each, display-encoded 0..1: the frame, and its clean plate."""

    source: torch.Tensor
    background: torch.Tensor


def seeded_frame(height: int, width: int, index: int) -> ClipFrame:
    """One frame of the clip; equal arguments give equal numbers on every machine."""
    background = _smooth(height, width, seed=1, cells=6) * 0.5 + 0.2
    y = (torch.arange(height) + 0.5)[:, None] / height
    x = (torch.arange(width) + 0.5)[None] / width
    middle = 0.5 + 0.25 * math.sin(index / 6)
    # Head and shoulders, soft at the edge.
    head = _inside(((x - middle) / 0.11) ** 2 + ((y - 0.32) / 0.16) ** 2)
    body = _inside(((x - middle) / 0.24) ** 2 + ((y - 0.95) / 0.42) ** 2)
    cover = torch.maximum(head, body)
    skin = torch.tensor([0.82, 0.62, 0.52]).view(1, 3, 1, 1)
    cloth = _smooth(height, width, seed=2, cells=9) * 0.4 + 0.1
    figure = skin * head + cloth * (1 - head)
    generator = torch.Generator().manual_seed(1000 + index)
    grain = GRAIN * torch.randn((1, 3, height, width), generator=generator)
    source = figure * cover + background * (1 - cover) + grain
    return ClipFrame(source.clamp(0.0, 1.0), background)


def _smooth(height: int, width: int, *, seed: int, cells: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, 3, cells, cells), generator=generator)
    return F.interpolate(coarse, size=(height, width), mode="bilinear", align_corners=False)


def _inside(distance: torch.Tensor) -> torch.Tensor:
    """1 where the squared distance is below 1, soft over a tenth."""
    return ((1.05 - distance) / 0.1).clamp(0.0, 1.0)
