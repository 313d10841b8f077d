"""Rendered subjects: what of a picture goes into the pool, and a real Blender that renders some."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("cv2", reason="drawn subjects need OpenCV, which only training installs")
pytest.importorskip("pyoidn", reason="Open Image Denoise is installed for work on training alone")

from mattebox.bench.blender import VARIABLE, find_bpy_python
from mattebox.errors import InputError
from training import render
from training.drawing import KINDS
from training.pool import Pool
from training.rendering import RENDERED
from training.screens import Dice

CPU = torch.device("cpu")


def picture(side: int = 32) -> np.ndarray:
    """[side,side,7]: opaque above, a soft edge at the lower right, empty elsewhere."""
    layers = np.zeros((side, side, 7), np.float32)
    layers[: side // 2, :, 3] = 1.0
    layers[3 * side // 4 :, 3 * side // 4 :, 3] = 0.5
    return layers


def test_squares_without_an_edge_are_left_out() -> None:
    found = render.squares(picture(), 16)
    assert found.dtype == np.float16
    assert found.shape == (1, 16, 16, 7)  # of nine, one alone has pixels between the two
    assert found[0, 15, 15, 3] == 0.5
    assert render.squares(np.zeros((32, 32, 7), np.float32), 16).shape == (0, 16, 16, 7)


def test_no_more_squares_of_a_picture_are_taken_than_stated() -> None:
    layers = np.full((64, 64, 7), 0.5, np.float32)
    assert len(render.squares(layers, 16)) == render.MOST_SQUARES


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    damaged = tmp_path / "7.exr"
    damaged.write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"7\.exr"):
        render.read_layers(damaged)


@pytest.mark.slow
@pytest.mark.blender
def test_a_real_blender_renders_scenes_of_the_pool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if find_bpy_python() is None:
        pytest.skip(f"no bpy; runs where {VARIABLE} names one, after `make blender-environments`")
    pictures, pool = tmp_path / "pictures", tmp_path / "pool"
    words = ["--pictures", str(pictures), "--pool", str(pool), "--count", "4"]
    small = ["--side", "96", "--drawn", "48", "--first", "100", "--processes", "2"]
    monkeypatch.setattr(sys, "argv", ["render", *words, *small])
    render.main()
    assert len(list(pool.glob("scenes_48_*.npz"))) == 4
    for path in sorted(pictures.glob("*.exr")):
        _, alpha, glow = np.split(render.read_layers(path), [3, 4], axis=-1)
        assert alpha.min() >= 0.0
        assert alpha.max() > 0.02  # something is seen
        assert (glow <= alpha).all()
    held = Pool(pool, CPU, 48, 64)
    assert held.refresh(8) == 4
    layers, kinds = held.picked(16, Dice(torch.Generator().manual_seed(1), CPU))
    assert layers.shape == (16, 7, 48, 48)
    assert set(kinds.tolist()) <= set(range(len(KINDS), len(KINDS) + len(RENDERED)))
    before = sorted(path.stat().st_mtime_ns for path in pictures.glob("*.exr"))
    render.main()  # goes on where it was: nothing is left to do
    assert sorted(path.stat().st_mtime_ns for path in pictures.glob("*.exr")) == before
