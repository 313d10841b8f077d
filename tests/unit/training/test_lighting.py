"""What the lamps and the screen throw on drawn and rendered subjects."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("cv2", reason="drawn subjects need OpenCV, which only training installs")

from training.lighting import MOST_GLOW, MUTED, SEEN_THROUGH, relit
from training.pool import EVERY_KIND
from training.screens import Dice

SCENES = 256
MATT = next(i for i, name in enumerate(EVERY_KIND) if name not in SEEN_THROUGH)
CLEAR = EVERY_KIND.index(SEEN_THROUGH[0])


def shown(kind: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Red subjects of alpha 1/2, wholly lit by the screen, before and after; [SCENES,7,8,8]."""
    layers = torch.zeros(SCENES, 7, 8, 8)
    layers[:, 0] = 0.4
    layers[:, 3:] = 0.5
    dice = Dice(torch.Generator().manual_seed(3), torch.device("cpu"))
    return layers, relit(dice, layers, torch.full((SCENES,), kind))


def test_what_is_matt_throws_back_no_more_than_half_of_the_screen() -> None:
    layers, matt = shown(MATT)
    assert float((matt[:, 4:] / layers[:, 3:4]).max()) <= MOST_GLOW + 1e-6
    _, clear = shown(CLEAR)
    assert MOST_GLOW < float((clear[:, 4:] / layers[:, 3:4]).max()) <= 1.0 + 1e-6


def test_some_subjects_are_greyer_than_drawn_and_as_bright() -> None:
    layers, lit = shown(MATT)
    assert torch.equal(lit[:, 3], layers[:, 3])
    torch.testing.assert_close(lit[:, :3].mean(1), layers[:, :3].mean(1))
    saturation = (lit[:, 0] - lit[:, 1])[:, 0, 0] / 0.4
    muted = saturation[saturation < 0.999]
    assert 0.3 * SCENES < len(muted) < 0.9 * SCENES
    assert 1.0 - MUTED[1] <= float(muted.min()) <= float(muted.max()) <= 1.0 - MUTED[0]
