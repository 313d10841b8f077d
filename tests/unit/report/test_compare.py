"""How far two keys are from each other, and in which order frames are shown."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.report.compare import FrameDifference, difference, rank


def test_alpha_is_a_mean_and_colour_what_is_seen() -> None:
    first = np.zeros((10, 10, 4), np.float32)
    first[:5] = (0.2, 0.2, 0.2, 1.0)
    same = difference(7, first, first)
    assert (same.frame, same.alpha, same.colour) == (7, 0.0, 0.0)
    second = first.copy()
    second[:5, :, 3] = 0.9
    off = difference(7, first, second)
    assert off.alpha == pytest.approx(50.0)  # x 1e3: a tenth on half of the pixels
    assert off.colour is not None
    assert off.colour > 0.5
    empty = np.zeros((4, 4, 4), np.float32)
    assert difference(1, empty, empty).colour is None


def test_the_larger_share_of_the_shots_largest_decides_the_order() -> None:
    frames = [
        FrameDifference(1, alpha=1.0, colour=0.1),
        FrameDifference(2, alpha=0.0, colour=8.0),
        FrameDifference(3, alpha=5.0, colour=None),
        FrameDifference(4, alpha=10.0, colour=2.0),
        FrameDifference(5, alpha=0.0, colour=0.0),
    ]
    assert [one.frame for one in rank(frames)] == [2, 4, 3, 1]
    assert rank([frames[4]]) == ()
    assert rank([]) == ()
