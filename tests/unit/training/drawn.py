"""A few small drawn subjects, and files of a pool that hold them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch

SIDE = 64


@cache
def drawn_layers(count: int = 16, side: int = SIDE) -> torch.Tensor:
    """[count,7,side,side] float16, one of each kind in turn."""
    from training.drawing import KINDS, draw_scene

    scenes = [draw_scene(seed, side, KINDS[seed % len(KINDS)]) for seed in range(count)]
    layers = torch.from_numpy(np.stack([scene.layers for scene in scenes]))
    return layers.permute(0, 3, 1, 2).contiguous()


def drawn_kinds(count: int = 16) -> torch.Tensor:
    """[count] of ``drawn_layers``."""
    from training.drawing import KINDS

    return torch.arange(count) % len(KINDS)


def write_pool_file(folder: Path, number: int, layers: torch.Tensor, kind: int = 0) -> Path:
    """A file as the drawing processes write it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"scenes_{layers.shape[-1]}_{number:06d}.npz"
    pixels = layers.permute(0, 2, 3, 1).contiguous().numpy()
    np.savez(path, layers=pixels, kinds=np.full(len(layers), kind, np.uint8))
    return path
