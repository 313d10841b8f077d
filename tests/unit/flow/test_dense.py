"""Dense flow: where a picture went, in spite of grain, the same whatever was asked before."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy import ndimage

from mattebox.errors import ToolError
from mattebox.flow.dense import FlowFinder, flow_codes, flow_identity, opencv_package

HEIGHT, WIDTH = 120, 160


def texture(seed: int = 3, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """HxWx3 codes 0..1; ``shift`` moves it right and down."""
    white = np.random.default_rng(seed).standard_normal((HEIGHT + 40, WIDTH + 40))
    drawn = ndimage.gaussian_filter(white, 3.0)
    drawn = ndimage.shift(drawn, (shift[1], shift[0]), order=3)[20:-20, 20:-20]
    codes = np.clip(0.5 + drawn / (6.0 * drawn.std()), 0.0, 1.0)
    return np.repeat(codes[..., None], 3, axis=2).astype(np.float32)


def grainy(picture: np.ndarray, seed: int) -> np.ndarray:
    grain = np.random.default_rng(seed).normal(0.0, 0.02, picture.shape)
    return np.clip(picture + grain, 0.0, 1.0).astype(np.float32)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.5, -0.25), (3.0, 2.0), (-7.5, 4.0)])
def test_a_shift_is_found_to_a_fraction_of_a_pixel(shift: tuple[float, float]) -> None:
    finder = FlowFinder(WIDTH, HEIGHT)
    there = finder.between(flow_codes(texture(shift=shift)), flow_codes(texture()))
    inside = there[16:-16, 16:-16]
    # From the moved picture one goes back.
    assert np.abs(inside + np.array(shift)).max() < 0.35
    assert np.abs(inside + np.array(shift)).mean() < 0.05


def test_grain_moves_it_by_less_than_a_tenth_of_a_pixel() -> None:
    finder = FlowFinder(WIDTH, HEIGHT)
    first, second = grainy(texture(shift=(2.0, 1.0)), 1), grainy(texture(), 2)
    there = finder.between(flow_codes(first), flow_codes(second))[16:-16, 16:-16]
    assert np.abs(np.median(there, axis=(0, 1)) + np.array((2.0, 1.0))).max() < 0.05
    assert np.abs(there + np.array((2.0, 1.0))).mean() < 0.1


def test_the_same_pictures_give_the_same_flow_whatever_came_before() -> None:
    first, second = flow_codes(texture()), flow_codes(texture(shift=(1.5, 0.0)))
    used = FlowFinder(WIDTH, HEIGHT)
    used.between(flow_codes(texture(9)), second, np.full((HEIGHT, WIDTH, 2), 9.0, np.float32))
    fresh = FlowFinder(WIDTH, HEIGHT).between(first, second)
    assert np.array_equal(used.between(first, second), fresh)
    start = np.full((HEIGHT, WIDTH, 2), 1.0, np.float32)
    used.between(first, second, start)
    assert (start == 1.0).all(), "the flow to begin from is not written on"


def test_a_small_picture_and_one_of_an_odd_size_have_a_flow() -> None:
    for width, height in ((7, 5), (64, 36), (33, 131)):
        codes = flow_codes(np.random.default_rng(0).random((height, width, 3), np.float32))
        found = FlowFinder(width, height).between(codes, codes)
        assert found.shape == (height, width, 2)
        assert np.abs(found).max() < 0.5


def test_sampling_along_no_flow_is_the_picture() -> None:
    picture = texture()
    finder = FlowFinder(WIDTH, HEIGHT)
    still = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    assert np.array_equal(finder.sampled(picture, still), picture)
    assert not finder.disagreement(still, still).any()


def test_flow_that_does_not_come_back_disagrees_by_that_much() -> None:
    there = np.full((HEIGHT, WIDTH, 2), (3.0, 0.0), np.float32)
    back = np.full((HEIGHT, WIDTH, 2), (-3.0, 4.0), np.float32)
    finder = FlowFinder(WIDTH, HEIGHT)
    assert np.allclose(finder.disagreement(there, back), 4.0)


def test_without_opencv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert flow_identity().startswith("opencv ")
    assert (opencv_package() or "").startswith("opencv-python-headless ")
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ToolError) as caught:
        flow_identity()
    assert caught.value.exit_code == 69
    assert caught.value.next_step == "pip install 'mattebox[flow]'"
