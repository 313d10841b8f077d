"""Proxies: which box of pixels becomes which pixel, and what of it is covered."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mattebox.images import Window
from mattebox.pipeline.reduction import Reduction


def ramp(window: Window) -> torch.Tensor:
    """[1,1,H,W] 16 rows apart and 1 column apart, in the file's own coordinates."""
    y = torch.arange(window.y, window.bottom).view(-1, 1) * 16.0
    return (y + torch.arange(window.x, window.right))[None, None]


def test_a_window_becomes_the_boxes_that_it_touches() -> None:
    assert Window(0, 0, 1920, 1080).reduced(2) == Window(0, 0, 960, 540)
    assert Window(0, 0, 1921, 1079).reduced(4) == Window(0, 0, 481, 270)
    assert Window(-3, 5, 6, 6).reduced(2) == Window(-2, 2, 4, 4)


def test_a_factor_of_one_is_the_picture_itself() -> None:
    window = Window(1, 1, 5, 3)
    reduction, picture = Reduction(window), ramp(window)
    assert reduction.window == window
    assert reduction.mean(picture) is picture
    assert reduction.whole(picture) is picture


def test_a_pixel_is_the_mean_of_its_box() -> None:
    window = Window(0, 0, 8, 4)
    means = Reduction(window, 4).mean(ramp(window))
    assert means.tolist() == [[[[24.0 + 1.5, 24.0 + 5.5]]]]


def test_a_box_that_the_border_cuts_is_the_mean_of_what_lies_inside() -> None:
    window = Window(-1, 0, 4, 3)  # columns -1 | 0 1 | 2, rows 0 1 | 2
    reduction = Reduction(window, 2)
    assert reduction.window == Window(-1, 0, 3, 2)
    means = reduction.mean(ramp(window))[0, 0]
    np.testing.assert_allclose(means, [[8 - 1, 8.5, 8 + 2], [32 - 1, 32.5, 32 + 2]], rtol=1e-6)


def test_only_a_box_that_is_covered_all_over_is_covered() -> None:
    window = Window(0, 0, 5, 2)
    covered = torch.ones(1, 1, 2, 5)
    covered[..., 1, 2] = 0.0
    assert Reduction(window, 2).whole(covered).tolist() == [[[[1.0, 0.0, 1.0]]]]


@pytest.mark.parametrize(
    ("data", "covered"),
    [
        (Window(0, 0, 9, 8), Window(0, 0, 5, 4)),
        (Window(-4, -4, 90, 90), Window(0, 0, 5, 4)),
        (Window(1, 1, 6, 6), Window(1, 1, 2, 2)),
        (Window(3, 3, 1, 1), Window(2, 2, 0, 0)),
        (Window(20, 20, 2, 2), Window(0, 0, 0, 0)),
    ],
)
def test_the_covered_window_holds_whole_boxes(data: Window, covered: Window) -> None:
    assert Reduction(Window(0, 0, 9, 8), 2).covered_window(data) == covered


def test_what_has_no_mean_is_taken_from_one_pixel_of_its_box() -> None:
    window = Window(-1, 0, 4, 3)
    pixels = ramp(window)[0, 0].numpy()
    assert Reduction(window, 2).sampled(pixels).tolist() == [[-1.0, 0.0, 2.0], [31.0, 32.0, 34.0]]
    assert Reduction(window).sampled(pixels) is pixels
