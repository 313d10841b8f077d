"""Errors of alpha against closed forms and numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.measure import metrics
from mattebox.measure.metrics import Convention

Alpha = NDArray[np.float32]
AlphaError = Callable[[NDArray[np.float64], NDArray[np.float64]], float]


def ramp(height: int = 40, width: int = 101) -> Alpha:
    return np.tile(np.linspace(0.0, 1.0, width, dtype=np.float32), (height, 1))


def step(column: int, height: int = 30, width: int = 60) -> Alpha:
    """1 from the column on, 0 before it."""
    alpha = np.zeros((height, width), np.float32)
    alpha[:, column:] = 1.0
    return alpha


def test_a_perfect_matte_has_no_error_in_any_figure() -> None:
    alpha = ramp()
    assert metrics.mad(alpha, alpha) == 0.0
    assert metrics.mse(alpha, alpha) == 0.0
    assert metrics.sad(alpha, alpha) == 0.0
    assert metrics.grad(alpha, alpha) == 0.0
    assert metrics.conn(alpha, alpha) == 0.0
    assert metrics.dtssd(alpha, alpha, alpha, alpha) == 0.0


def test_a_gain_of_098_costs_a_mad_of_20_times_the_mean_alpha() -> None:
    alpha = ramp().astype(np.float64)
    assert metrics.mad(alpha * 0.98, alpha) == pytest.approx(20.0 * alpha.mean(), rel=1e-12)
    assert metrics.mse(alpha * 0.98, alpha) == pytest.approx(0.4 * np.square(alpha).mean())


def test_an_edge_shifted_by_one_pixel_costs_one_column() -> None:
    shifted, true = step(20), step(21)
    assert metrics.mad(shifted, true) == pytest.approx(1e3 / 60)
    assert metrics.mse(shifted, true) == pytest.approx(1e3 / 60)
    assert metrics.sad(shifted, true) == pytest.approx(30 / 1e3)


def test_mad_and_mse_look_at_a_region_only_where_one_is_given() -> None:
    predicted, true = np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    predicted[0, 0], predicted[3, 3] = 0.5, 1.0
    region = np.zeros((4, 4), np.bool_)
    region[0, :2] = True
    assert metrics.mad(predicted, true, region) == pytest.approx(250.0)
    assert metrics.mse(predicted, true, region) == pytest.approx(125.0)


def test_the_gradient_of_a_step_is_the_normalised_gaussian() -> None:
    """Of a vertical edge only the x kernel answers: outer(g, d) / (|g||d|), d summed from the
    edge on, g summed whole."""
    offsets = range(-4, 5)
    gauss = [math.exp(-(i * i) / (2 * 1.4 * 1.4)) for i in offsets]
    slope = [i * g for i, g in zip(offsets, gauss, strict=True)]
    norm = math.sqrt(sum(g * g for g in gauss) * sum(d * d for d in slope))
    magnitude = metrics.gradient_magnitude(step(20))
    for column in range(60):
        reached = sum(d for i, d in zip(offsets, slope, strict=True) if column + i >= 20)
        expected = sum(gauss) * reached / norm
        np.testing.assert_allclose(magnitude[:, column], expected, rtol=1e-12, atol=1e-12)


def test_the_largest_gradient_of_a_step_is_2_6620() -> None:
    """By hand: g = 1, .77484, .36045, .10067, .01688 on both sides, its sum 3.50567, its norm
    1.57526; the slopes i * g of one side sum up to 1.86526, the norm of all is 1.55938."""
    expected = 3.50567 * 1.86526 / (1.57526 * 1.55938)
    assert expected == pytest.approx(2.6620, abs=1e-4)
    assert metrics.gradient_magnitude(step(20)).max() == pytest.approx(expected, rel=1e-5)


def test_grad_sums_squares_over_the_picture() -> None:
    true = step(20)
    magnitude = metrics.gradient_magnitude(true)
    flat = np.zeros_like(true)
    assert metrics.grad(flat, true) == pytest.approx(np.square(magnitude).sum() / 1e3)
    assert metrics.grad(true * 0.5, true) == pytest.approx(0.25 * metrics.grad(flat, true))


def test_grad_grows_with_the_picture() -> None:
    tall, small = step(20, height=60), step(20, height=30)
    flat = np.zeros_like
    assert metrics.grad(flat(tall), tall) == pytest.approx(2.0 * metrics.grad(flat(small), small))


def test_the_border_is_repeated_so_a_flat_matte_has_no_gradient() -> None:
    assert metrics.gradient_magnitude(np.full((5, 7), 0.7)).max() == pytest.approx(0.0, abs=1e-12)


def test_stretching_hides_a_gain_from_grad() -> None:
    alpha = ramp()
    assert metrics.grad(alpha * 0.98, alpha) > 0.0
    assert metrics.grad(alpha * 0.98, alpha, stretch=True) == pytest.approx(0.0, abs=1e-9)
    flat = np.full_like(alpha, 0.3)
    assert metrics.grad(flat, flat * 0.5, stretch=True) == 0.0


def test_conn_counts_a_detached_part_in_full() -> None:
    """Truth: a bar of three pixels. Predicted: the same and a lone pixel of 0.8 elsewhere. The
    lone pixel is in the joint mask of no level, so its level is 0 and its distance 0.8."""
    true = np.zeros((5, 9), np.float32)
    true[2, 1:4] = 1.0
    predicted = true.copy()
    predicted[2, 7] = 0.8
    assert metrics.conn(predicted, true) == pytest.approx(0.8 / 1e3)


def test_conn_of_a_weak_link_by_hand() -> None:
    """One row: 1 1 .5 1 against 1 1 1 1. Up to 0.5 all hold together; from 0.6 on the left two
    are the largest part, so the right two have level 0.5. Distances above their level:
    predicted 0 0 0 .5, true 0 0 .5 .5; difference .5."""
    predicted = np.array([[1.0, 1.0, 0.5, 1.0]], np.float32)
    true = np.ones((1, 4), np.float32)
    assert metrics.conn(predicted, true) == pytest.approx(0.5 / 1e3)


def test_conn_joins_by_edges_and_not_by_corners() -> None:
    """Two blocks that touch at a corner only are two parts; the smaller is detached in both
    mattes alike, and the predicted one is 0.4 weaker there: 1.0 - 0.6 on one pixel."""
    true = np.zeros((4, 4), np.float32)
    true[:2, :2] = 1.0
    true[2, 2] = 1.0
    predicted = true.copy()
    predicted[2, 2] = 0.6
    assert metrics.conn(predicted, true) == pytest.approx(0.4 / 1e3)


@pytest.mark.parametrize(("alpha", "cost"), [(0.14, 0.0), (0.16, 0.16)])
def test_conn_forgives_distances_under_015(alpha: float, cost: float) -> None:
    true = np.zeros((3, 9), np.float32)
    true[1, :3] = 1.0
    predicted = true.copy()
    predicted[1, 7] = alpha
    assert metrics.conn(predicted, true) == pytest.approx(cost / 1e3)


def test_8_bit_levels_reach_the_thresholds_they_equal() -> None:
    """153 / 255 is 0.6: at that level the whole bar holds together, so its level is 0.6 and no
    pixel has a distance from it, but the one of 0.8 against 1 above the dead zone."""
    true = np.array([[153, 153, 153]]) / 255.0
    predicted = np.array([[153, 153, 204]]) / 255.0
    assert metrics.conn(predicted, true) == pytest.approx(0.2 / 1e3)


def test_dtssd_of_flicker_is_twice_its_amplitude() -> None:
    """Truth stands still at 0.5, the prediction jumps between 0.45 and 0.55."""
    true = np.full((6, 8), 0.5)
    low, high = true - 0.05, true + 0.05
    assert metrics.dtssd(low, true) == 0.0
    assert metrics.dtssd(high, true, low, true) == pytest.approx(10.0)


def test_dtssd_forgives_a_constant_error() -> None:
    first, second = ramp(), ramp()[:, ::-1]
    assert metrics.dtssd(second * 0.5, second * 0.5, first, first) == 0.0
    assert metrics.dtssd(second + 0.1, second, first + 0.1, first) == pytest.approx(0.0, abs=1e-5)


def test_the_edge_band_reaches_five_pixels_into_both_sides_of_an_edge() -> None:
    """The ellipse reaches from -5 to +4 around its pixel: columns 16 (sees 20) to 24 (sees 19)."""
    columns = np.flatnonzero(metrics.edge_band(step(20))[15])
    assert columns.tolist() == list(range(16, 25))


def test_the_edge_band_of_a_pixel_is_the_ellipse_mirrored() -> None:
    true = np.zeros((21, 21), np.float32)
    true[10, 10] = 0.5
    rows = metrics.edge_band(true).sum(axis=1)
    assert rows.tolist() == [0] * 6 + [7, 9, 10, 10, 10, 10, 10, 9, 7, 1] + [0] * 5


def test_the_edge_band_is_empty_where_there_is_no_edge() -> None:
    assert not metrics.edge_band(np.zeros((9, 9), np.float32)).any()
    assert not metrics.edge_band(np.ones((9, 9), np.float32)).any()
    assert metrics.edge_band(np.full((9, 9), 0.5, np.float32)).all()


def test_flicker_is_the_mean_change_within_the_bands() -> None:
    still, moved = step(20), step(20)
    moved[:, 20] = 0.5
    band = metrics.edge_band(still) | metrics.edge_band(moved)
    expected = 1e3 * 0.5 * 30 / band.sum()
    assert metrics.flicker(moved, still) == pytest.approx(expected)
    assert metrics.flicker(moved, None) is None
    assert metrics.flicker(np.zeros((5, 5)), np.zeros((5, 5))) is None


def test_a_comp_error_is_what_a_viewer_would_see() -> None:
    """Half of grey is let through where all of it should be: 0.09 on each channel."""
    true = np.zeros((4, 6, 4), np.float32)
    predicted = true.copy()
    predicted[..., 3] = 0.5
    grey = np.asarray(metrics.GREY)
    assert metrics.comp_error(predicted, true, grey) == pytest.approx(90.0)
    red = np.asarray(metrics.RED)
    assert metrics.comp_error(predicted, true, red) == pytest.approx(1e3 * 0.5 * 0.64 / 3)


def test_a_comp_is_clipped_to_what_a_display_shows() -> None:
    bright = np.full((2, 2, 4), 9.0, np.float32)
    bright[..., 3] = 1.0
    negative = -bright
    negative[..., 3] = 1.0
    grey = np.asarray(metrics.GREY)
    assert metrics.comp_error(bright, bright * 0.5 + [0, 0, 0, 0.5], grey) == 0.0
    assert metrics.comp_error(negative, negative * [0.5, 0.5, 0.5, 1.0], grey) == 0.0


def test_a_comp_over_a_picture_takes_each_pixel_of_it() -> None:
    true = np.zeros((1, 2, 4), np.float32)
    predicted = true.copy()
    predicted[..., 3] = 1.0
    picture = np.array([[[0.3, 0.6, 0.9], [0.0, 0.0, 0.0]]], np.float32)
    assert metrics.comp_error(predicted, true, picture) == pytest.approx(300.0, rel=1e-6)


def test_8_bit_rounding_is_to_the_nearest_level_within_0_and_1() -> None:
    alpha = np.array([[-0.1, 0.0, 0.5, 0.4999 / 255, 0.5001 / 255, 254.6 / 255, 1.0, 1.7]])
    levels = metrics.rounded_to_8bit(alpha) * 255.0
    np.testing.assert_allclose(levels, [[0, 0, 128, 0, 1, 255, 255, 255]])


def test_the_conventions_are_named_and_differ_in_rounding_and_stretch() -> None:
    alpha = np.array([[0.5, 1.2]], np.float32)
    assert Convention("float").prepared(alpha).tolist() == alpha.tolist()
    np.testing.assert_allclose(Convention("rvm-lr-8bit").prepared(alpha), [[128 / 255, 1.0]])
    assert [c.stretches_grad for c in Convention] == [False, True]


def soft_discs(*, shifted: bool) -> NDArray[np.float64]:
    """A large and a small soft disc with a thin spot; the second version is off in all of it."""
    y, x = np.mgrid[:72, :96].astype(np.float64)
    thin = np.hypot(x - 50, y - 30) < 6
    if shifted:
        large = np.clip((24 - np.hypot(x - 46, y - 35)) / 9, 0, 1) * np.where(thin, 0.65, 1)
        return np.asarray(large + 0.9 * np.clip((5 - np.hypot(x - 84, y - 12)) / 2, 0, 1))
    large = np.clip((26 - np.hypot(x - 44, y - 36)) / 6, 0, 1) * np.where(thin, 0.45, 1)
    return np.asarray(large + 0.7 * np.clip((6 - np.hypot(x - 85, y - 12)) / 4, 0, 1))


def test_figures_agree_with_the_published_definitions_run_in_opencv() -> None:
    """Made with OpenCV 5.0.0: ``filter2D(alpha, -1, kernel, borderType=BORDER_REPLICATE)`` with
    the 9x9 kernel outer(g, x g) / norm; ``connectedComponentsWithStats(mask, connectivity=4)``;
    ``erode(mask, getStructuringElement(MORPH_ELLIPSE, (10, 10)))``."""
    predicted, true = soft_discs(shifted=True), soft_discs(shifted=False)
    assert metrics.grad(predicted, true) == pytest.approx(1.0375855434568437, rel=1e-12)
    assert metrics.conn(predicted, true) == pytest.approx(0.5346899560781376, rel=1e-12)
    assert metrics.edge_band(true).sum() == 2902
    stretched = metrics.grad(predicted * 0.8, true, stretch=True)  # both reach from 0 to 1
    assert stretched == pytest.approx(1.0375855434568435, rel=1e-12)


def test_alpha_beyond_one_is_an_error_and_not_clipped_away() -> None:
    assert metrics.mad(np.full((3, 3), 1.5), np.ones((3, 3))) == pytest.approx(500.0)
    assert metrics.mad(np.full((3, 3), -0.5), np.zeros((3, 3))) == pytest.approx(500.0)


def test_nan_gives_nan_and_not_a_number_that_looks_right() -> None:
    broken = np.ones((12, 12))
    broken[4, 4] = np.nan
    assert math.isnan(metrics.mad(broken, np.ones((12, 12))))
    assert math.isnan(metrics.grad(broken, np.ones((12, 12))))


@pytest.mark.parametrize(
    "figure", [metrics.mad, metrics.mse, metrics.sad, metrics.grad, metrics.conn, metrics.dtssd]
)
def test_unequal_and_empty_pictures_are_refused(figure: AlphaError) -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        figure(np.zeros((3, 4)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="no pixel"):
        figure(np.zeros((0, 4)), np.zeros((0, 4)))


def test_half_floats_are_measured_exactly() -> None:
    alpha = ramp().astype(np.float16)
    exact = alpha.astype(np.float64)
    assert metrics.mad(alpha * np.float16(0.5), alpha) == pytest.approx(500.0 * exact.mean())


def test_an_empty_region_and_a_wrong_background_are_refused() -> None:
    with pytest.raises(ValueError, match="region has no pixels"):
        metrics.mad(np.ones((2, 2)), np.ones((2, 2)), np.zeros((2, 2), np.bool_))
    picture = np.zeros((2, 2, 4))
    with pytest.raises(ValueError, match="background"):
        metrics.comp_error(picture, picture, np.zeros((3, 2, 3)))
    with pytest.raises(ValueError, match="HxWx4"):
        metrics.comp_error(picture[..., :3], picture[..., :3], np.zeros(3))
