"""What the plain key says of scenes and shots, as a multiple of their true alpha."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("cv2", reason="drawn subjects need OpenCV, which only training installs")

from tests.unit.training.drawn import write_pool_file

from benchmarks.writing import write_shot
from mattebox.bench.shots import Pixels, read_shot
from training.likeness import of_scenes, of_shot
from training.pool import EVERY_KIND

GREEN = np.array([0.1, 0.6, 0.15], np.float32)
HALF = 0.5


def pool_of(folder: Path, colour: tuple[float, float, float], kind: str) -> list[Path]:
    """Sixteen scenes of alpha 1/2 in one colour (in key order), without the screen's light."""
    layers = torch.zeros(16, 7, 176, 176, dtype=torch.float16)
    layers[:, :3] = HALF * torch.tensor(colour).view(3, 1, 1)
    layers[:, 3] = HALF
    write_pool_file(folder, 0, layers, EVERY_KIND.index(kind))
    return [folder]


def test_grey_scenes_are_as_dense_as_the_plain_key_says_and_others_are_not(tmp_path: Path) -> None:
    grey = of_scenes(pool_of(tmp_path / "grey", (0.2, 0.2, 0.2), "solids"), 16)["solids"]
    red = of_scenes(pool_of(tmp_path / "red", (0.02, 0.5, 0.02), "solids"), 16)["solids"]
    assert len(grey) == len(red) == 16
    assert np.median(grey) == pytest.approx(1.0, abs=0.15)
    assert np.median(red) > np.median(grey) + 0.2


def test_a_shot_is_compared_by_its_plate(tmp_path: Path) -> None:
    def shot(colour: Pixels) -> float:
        truth = np.zeros((8, 8, 4), np.float32)
        truth[2:6] = np.append(HALF * colour, HALF)
        plate = np.broadcast_to(GREEN, (8, 8, 3))
        source = truth[..., :3] + (1.0 - truth[..., 3:]) * plate
        passes = {"fg": {1: truth}, "plate": {1: plate}, "keyed": {1: source}}
        return of_shot(read_shot(write_shot(tmp_path / f"{colour[1]:.2f}", passes, key="keyed")))

    assert shot(np.full(3, 0.3, np.float32)) == pytest.approx(1.0, abs=1e-3)
    assert shot(GREEN * 0.5) == pytest.approx(0.5, abs=1e-3)
