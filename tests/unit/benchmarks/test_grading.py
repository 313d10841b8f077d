"""A grade: what it does to black, grey, white and corners, and that alpha stays."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.grading import CONTRAST, CORNERS, graded_codes, graded_truth
from mattebox.bench.light import srgb_decoded, srgb_encoded


def middle(light: tuple[float, float, float]) -> np.ndarray:
    """The codes of a flat picture in its middle, where there is no vignette."""
    return np.asarray(graded_codes(np.full((33, 33, 3), light, np.float32))[16, 16])


def test_black_and_white_stay_and_contrast_parts_dark_from_light() -> None:
    assert np.array_equal(middle((0.0, 0.0, 0.0)), [0, 0, 0])
    assert np.array_equal(middle((1.0, 1.0, 1.0)), [255, 255, 255])
    code = srgb_encoded(np.array(0.18))
    expected = code + CONTRAST * (3 * code**2 - 2 * code**3 - code)
    assert middle((0.18,) * 3) == pytest.approx(expected * 255.0, abs=0.51)
    assert middle((0.02,) * 3)[0] < srgb_encoded(np.array(0.02)) * 255.0
    assert middle((0.6,) * 3)[0] > srgb_encoded(np.array(0.6)) * 255.0


def test_highlights_lose_their_colour_and_are_cut_off() -> None:
    assert np.array_equal(middle((3.0, 0.3, 0.1)), [255, 255, 255])
    red, green, _ = (int(code) for code in middle((1.1, 0.2, 0.1)))
    assert red == 255
    assert green > srgb_encoded(np.array(0.2)) * 255.0 + 40.0


def test_corners_have_a_quarter_of_the_light() -> None:
    codes = graded_codes(np.full((33, 65, 3), 0.4, np.float32))
    assert codes[0, 0] == pytest.approx(middle((0.4 * CORNERS,) * 3), abs=1)
    assert codes[0, 0, 0] < codes[0, 32, 0] < codes[16, 32, 0]


def test_alpha_stays_and_colours_are_those_of_the_whole_thing_graded() -> None:
    truth = np.zeros((33, 33, 4), np.float32)
    truth[16, 16] = (0.09, 0.045, 0.0, 0.5)
    truth[16, 17] = (0.5, 0.5, 0.5, 0.0)  # light without alpha has no straight colour to grade
    found = graded_truth(truth)
    assert found.dtype == np.float32
    assert np.array_equal(found[..., 3], truth[..., 3])
    whole = srgb_decoded(middle((0.18, 0.09, 0.0)) / 255.0)
    assert found[16, 16, :3] == pytest.approx(0.5 * whole, abs=2e-3)
    assert np.array_equal(found[16, 17], np.zeros(4))
