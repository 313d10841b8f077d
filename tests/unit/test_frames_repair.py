"""NaN and Inf are filled from their neighbours, counted, and refused where they are many."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.errors import NonFiniteError
from mattebox.frames import repair_non_finite


def flat(value: float = 1.0, kind: type[Any] = np.float32) -> NDArray[Any]:
    return np.full((100, 120, 3), value, kind)


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_value_becomes_the_mean_of_its_neighbours(kind: type[Any], bad: float) -> None:
    pixels = flat(2, kind)
    pixels[49:52, 59:62, 1] = np.arange(9).reshape(3, 3)
    pixels[50, 60, 1] = bad
    given = pixels.copy()
    repaired, count = repair_non_finite(pixels)
    assert count == 1
    assert repaired.dtype == kind
    assert repaired[50, 60].tolist() == [2, 4, 2]  # 0..8 without the 4 in the middle
    repaired[50, 60, 1] = bad
    assert np.array_equal(repaired, given, equal_nan=True)
    assert np.array_equal(pixels, given, equal_nan=True)  # the input is left alone


def test_finite_pixels_are_handed_back_as_they_are() -> None:
    pixels = flat()
    repaired, count = repair_non_finite(pixels)
    assert repaired is pixels
    assert count == 0


def test_a_patch_is_filled_from_the_outside_in_and_channels_do_not_mix() -> None:
    pixels = flat()
    pixels[:, :, 1] = 5
    pixels[10:13, 10:13] = np.nan
    repaired, count = repair_non_finite(pixels)
    assert count == 9
    assert (repaired[:, :, 0] == 1).all()
    assert (repaired[:, :, 1] == 5).all()


def test_corners_and_largest_values_are_repaired() -> None:
    pixels = flat(65504, np.float16)
    pixels[0, 0, 0] = np.inf
    pixels[-1, -1, 2] = np.nan
    repaired, count = repair_non_finite(pixels)
    assert count == 2
    assert (repaired == 65504).all()
    huge = flat(3e38)
    huge[4, 4, 0] = np.nan
    assert repair_non_finite(huge)[0][4, 4, 0] == np.float32(3e38)


def test_the_result_does_not_depend_on_orientation() -> None:
    rng = np.random.default_rng(5)
    pixels = rng.normal(size=(100, 120, 1)).astype(np.float32)
    pixels[20:22, 30:34] = np.nan
    repaired = repair_non_finite(pixels)[0]
    flipped = repair_non_finite(pixels[::-1, ::-1])[0][::-1, ::-1]
    assert np.allclose(repaired, flipped, rtol=1e-6)
    assert np.array_equal(repaired, repair_non_finite(pixels)[0])


def test_one_in_a_thousand_is_the_most() -> None:
    pixels = flat()
    pixels[0, :12, 0] = np.nan  # 12 of 12000
    assert repair_non_finite(pixels)[1] == 12
    pixels[1, 0, 2] = np.inf
    with pytest.raises(NonFiniteError, match="13 of 12000 pixels") as caught:
        repair_non_finite(pixels, frame=1001)
    assert caught.value.exit_code == 66
    assert caught.value.frame == 1001
    assert caught.value.expected == "at most 0.1%"


def test_a_pixel_bad_in_all_channels_counts_once() -> None:
    pixels = flat()
    pixels[3, 3] = np.nan
    assert repair_non_finite(pixels)[1] == 1


def test_mode_error_refuses_a_single_one() -> None:
    pixels = flat()
    pixels[7, 5, 1] = np.nan
    with pytest.raises(NonFiniteError, match="the first at x 5, y 7") as caught:
        repair_non_finite(pixels, "error")
    assert "--non-finite repair" in str(caught.value.next_step)
    assert repair_non_finite(flat(), "error")[1] == 0


def test_an_empty_window_has_nothing_to_repair() -> None:
    pixels = np.zeros((0, 5, 3), np.float32)
    assert repair_non_finite(pixels)[1] == 0
