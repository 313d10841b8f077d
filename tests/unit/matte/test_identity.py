"""The identity of a frame, on arrays with errors that are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mattebox.matte.identity import WorstValue, half_step, identity_error

Picture = NDArray[np.float32]


def parts(height: int = 3, width: int = 5) -> tuple[Picture, Picture, Picture, Picture]:
    """rgba, spill, plate, source that sum up exactly: 0.25 + 0.125 + 0.5 * 0.5 == 0.625."""
    rgba = np.full((height, width, 4), 0.25, np.float32)
    rgba[..., 3] = 0.5
    spill = np.full((height, width, 3), 0.125, np.float32)
    plate = np.full((height, width, 3), 0.5, np.float32)
    source = np.full((height, width, 3), 0.625, np.float32)
    return rgba, spill, plate, source


def test_parts_that_sum_up_have_no_error() -> None:
    report = identity_error(*parts())
    assert (report.max_steps, report.mean_abs) == (0.0, 0.0)
    assert report.holds


def test_an_error_of_one_step_of_the_largest_term_is_one() -> None:
    """The largest term is the source, 0.625, where halves lie 2^-11 apart."""
    rgba, spill, plate, source = parts()
    source[1, 3, 2] += 2.0**-11
    report = identity_error(rgba, spill, plate, source)
    assert report.max_steps == 1.0
    assert report.worst == WorstValue(x=3, y=1, channel=2)
    assert report.mean_abs == pytest.approx(2.0**-11 / 45)
    assert report.holds


def test_an_error_of_two_steps_does_not_hold() -> None:
    rgba, spill, plate, source = parts()
    spill[2, 0, 1] -= 2.0**-10
    report = identity_error(rgba, spill, plate, source)
    assert report.max_steps == 2.0
    assert report.worst == WorstValue(0, 2, 1)
    assert not report.holds


@pytest.mark.parametrize("term", ["rgba", "spill", "plate", "source"])
def test_the_step_is_that_of_whichever_term_is_largest(term: str) -> None:
    """One term is 8, where halves lie 2^-7 apart, another makes up for it, but for 2^-7."""
    arrays = {
        "rgba": np.zeros((1, 1, 4), np.float32),
        "spill": np.zeros((1, 1, 3), np.float32),
        "plate": np.zeros((1, 1, 3), np.float32),
        "source": np.zeros((1, 1, 3), np.float32),
    }
    arrays[term][..., :3] = 8.0
    other = "spill" if term == "source" else "source"
    arrays[other][..., :3] = 8.0 - 2.0**-7
    assert identity_error(**arrays).max_steps == 1.0


def test_negative_terms_count_by_their_size() -> None:
    rgba, spill, plate, source = parts()
    rgba[..., :3], source[:] = -4.0, -3.625
    assert identity_error(rgba, spill, plate, source).max_steps == 0.0
    source[0, 0, 0] += 2.0**-8
    assert identity_error(rgba, spill, plate, source).max_steps == 1.0


def test_steps_are_the_spacing_of_every_half_float() -> None:
    halves = np.arange(0x7BFF, dtype=np.uint16).view(np.float16)
    found = half_step(torch.from_numpy(halves))
    np.testing.assert_array_equal(found.numpy(), np.spacing(halves).astype(np.float64))
    assert half_step(torch.tensor([65504.0, 1e9])).tolist() == [32.0, 32.0]


def test_in_the_dark_a_step_is_the_smallest_half() -> None:
    rgba, spill, plate, source = (np.zeros_like(part) for part in parts())
    source[0, 0, 0] = 2.0**-24
    assert identity_error(rgba, spill, plate, source).max_steps == 1.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_fails_the_identity(value: float) -> None:
    rgba, spill, plate, source = parts()
    rgba[1, 2, 0] = source[1, 2, 0] = value
    report = identity_error(rgba, spill, plate, source)
    assert report.max_steps == math.inf
    assert report.worst == WorstValue(2, 1, 0)
    assert not report.holds


def test_an_alpha_that_is_not_finite_fails_even_over_a_black_plate() -> None:
    rgba, spill, plate, source = (np.zeros_like(part) for part in parts())
    rgba[0, 1, 3] = math.inf
    assert identity_error(rgba, spill, plate, source).max_steps == math.inf


def test_values_rounded_one_after_the_other_are_within_a_step() -> None:
    """How the passes are made: each from the already rounded earlier ones."""
    rng = np.random.default_rng(7)
    source, plate = (
        (rng.random((90, 160, 3)) * scale).astype(np.float16).astype(np.float32)
        for scale in (3.0, 0.5)
    )
    alpha = rng.random((90, 160, 1)).astype(np.float16).astype(np.float32)
    behind = (1.0 - alpha) * plate
    colour = (0.7 * (source - behind)).astype(np.float16).astype(np.float32)
    spill = (source - behind - colour).astype(np.float16).astype(np.float32)
    report = identity_error(np.concatenate([colour, alpha], axis=2), spill, plate, source)
    assert 0.0 < report.max_steps <= 0.5
    assert report.worst is not None


def test_the_worst_value_is_found_in_every_band_of_rows() -> None:
    for y in (0, 33, 399):
        rgba, spill, plate, source = parts(400, 500)
        source[y, 321, 1] += 0.25
        assert identity_error(rgba, spill, plate, source).worst == WorstValue(321, y, 1)


def test_an_empty_window_has_no_error() -> None:
    report = identity_error(*parts(0, 5))
    assert (report.max_steps, report.worst, report.mean_abs) == (0.0, None, 0.0)


def test_wrong_shapes_are_refused_by_name() -> None:
    rgba, spill, plate, source = parts()
    with pytest.raises(ValueError, match="plate is"):
        identity_error(rgba, spill, plate[:2], source)
    with pytest.raises(ValueError, match="rgba is"):
        identity_error(rgba[..., :3], spill, plate, source)
