"""Holes, dirt and colour, each by counted pixels."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.measure.colour import ciede2000, lab
from mattebox.measure.visible import colour_error, core, residue

Picture = np.ndarray


def half(height: int = 10, width: int = 20) -> Picture:
    """Empty on the left, solid on the right, HxW."""
    alpha = np.zeros((height, width), np.float32)
    alpha[:, width // 2 :] = 1.0
    return alpha


def test_a_perfect_matte_has_neither_holes_nor_dirt() -> None:
    assert core(half(), half()) == 0.0
    assert residue(half(), half()) == 0.0


def test_holes_are_counted_two_pixels_off_the_outline() -> None:
    """Of ten solid columns eight are inside; the picture's border is no outline."""
    holed = half()
    holed[:, 10:12] = 0.0  # at the outline: MAD's concern
    assert core(holed, half()) == 0.0
    holed[0, 12] = holed[9, 19] = 0.94
    holed[5, 15] = 0.95  # not under it
    assert core(holed, half()) == pytest.approx(100.0 * 2 / 80)
    assert residue(holed, half()) == 0.0


def test_dirt_is_counted_two_pixels_off_the_outline() -> None:
    dirty = half()
    dirty[:, 8:10] = 1.0
    assert residue(dirty, half()) == 0.0
    dirty[:2, 0] = 0.021
    dirty[2, 0] = 0.02  # not over it
    assert residue(dirty, half()) == pytest.approx(100.0 * 2 / 80)
    assert core(dirty, half()) == 0.0


def test_a_few_missed_samples_and_halves_next_to_one_are_still_solid() -> None:
    truth = half()
    truth[4, 14] = 0.996
    truth[6, 14] = np.float32(np.float16(0.9995))
    truth[4, 4] = 0.004
    broken = 1.0 - half()
    assert core(broken, truth) == residue(broken, truth) == 100.0
    truth[4, 14] = 0.99  # this is an edge, and takes the 5x5 pixels around it away
    holed = half()
    holed[2, 12] = 0.0
    assert core(holed, truth) == 0.0
    holed[1, 12] = 0.0
    assert core(holed, truth) == pytest.approx(100.0 / (80 - 25))


def test_where_nothing_is_solid_or_empty_there_is_no_figure() -> None:
    smoke = np.full((10, 20), 0.5, np.float32)
    assert core(smoke, smoke) is None
    assert residue(smoke, smoke) is None
    thin = np.zeros((10, 20), np.float32)
    thin[:, 8:12] = 1.0  # four columns: two from either side is all of them
    assert core(thin, thin) is None
    assert residue(thin, thin) == 0.0


def picture(alpha: Picture, colour: tuple[float, float, float]) -> Picture:
    return np.dstack([alpha[..., None] * np.array(colour), alpha]).astype(np.float32)


def test_the_colour_error_is_of_comps_over_grey() -> None:
    truth = picture(half(), (0.4, 0.3, 0.2))
    found = picture(half(), (0.4, 0.35, 0.2))
    pair = [lab(np.array(rgb)) for rgb in ((0.4, 0.3, 0.2), (0.4, 0.35, 0.2))]
    assert colour_error(found, truth) == pytest.approx(float(ciede2000(*pair)), rel=1e-5)
    assert colour_error(truth, truth) == 0.0


def test_one_pixel_in_twenty_may_be_wrong_and_the_screen_counts_for_nothing() -> None:
    """100 solid pixels: with five wrong the percentile lies at the right ones, with seven not."""
    truth = picture(half(), (0.4, 0.3, 0.2))
    found = truth.copy()
    found[:4, 19, 1] = 0.9
    assert colour_error(found, truth) == 0.0
    found[:7, 19, 1] = 0.9
    error = colour_error(found, truth)
    assert error is not None
    assert error > 20.0


def test_dirt_on_the_screen_has_a_colour_too() -> None:
    truth = picture(half(), (0.18, 0.18, 0.18))
    dirty = truth.copy()
    dirty[:, :2] = (0.0, 0.3, 0.0, 0.3)  # 20 pixels beside the 100
    error = colour_error(dirty, truth)
    assert error is not None
    assert error > 10.0
    dirty[:, :2, 3] = 0.019  # under the least alpha that is looked at
    assert colour_error(dirty, truth) == 0.0


def test_highlights_are_clipped_as_a_display_clips_them() -> None:
    truth = picture(half(), (8.0, 8.0, 8.0))
    found = picture(half(), (2.0, 2.0, 2.0))
    assert colour_error(found, truth) == 0.0


def test_of_two_empty_pictures_there_is_no_colour() -> None:
    nothing = np.zeros((4, 4, 4), np.float32)
    assert colour_error(nothing, nothing) is None


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        core(half(), half(12))
    with pytest.raises(ValueError, match="HxWx4"):
        colour_error(half(), half())
