"""Pictures for the eye: what a view shows for which alpha, and what survives being made smaller."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.views import (
    HOLE,
    LEAK,
    VIEWS,
    ViewLayers,
    alpha_view,
    confidence_view,
    difference_view,
    faults,
    frame_views,
    over_grey,
    shrunk,
    status_view,
)


def encode(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A plain encoder: no curve."""
    return (np.clip(linear, 0.0, 1.0) * 255.0).round().astype(np.uint8)


def half_and_half(height: int = 24, width: int = 48) -> NDArray[np.float32]:
    """HxW: 0 on the left, 1 on the right, one column of 0.5 between."""
    alpha = np.zeros((height, width), np.float32)
    alpha[:, width // 2] = 0.5
    alpha[:, width // 2 + 1 :] = 1.0
    return alpha


def layers(alpha: NDArray[np.float32], *, whole: bool = True) -> ViewLayers:
    rgb = np.repeat((0.5 * alpha)[..., None], 3, axis=2)
    return ViewLayers(
        before=rgb,
        rgb=rgb,
        alpha=alpha,
        spill=rgb if whole else None,
        confidence=alpha if whole else None,
    )


def test_alpha_is_shown_without_a_curve() -> None:
    alpha = np.array([[0.0, 0.5, 1.0, 1.5, -1.0]], np.float32)
    assert alpha_view(alpha)[0, :, 0].tolist() == [0, 128, 255, 255, 0]


def test_status_is_black_white_and_a_grey_that_is_neither() -> None:
    picture = status_view(half_and_half())
    assert picture[0, 0].tolist() == [0, 0, 0]
    assert picture[0, -1].tolist() == [255, 255, 255]
    assert picture[0, 24].tolist() == [128, 128, 128]
    faint = half_and_half()
    faint[:, 23] = 0.001
    assert status_view(faint)[0, 23].tolist() == [64, 64, 64]  # the edge's tail, and no leak


def test_tiny_leaks_and_holes_are_coloured() -> None:
    alpha = half_and_half()
    alpha[5, 5], alpha[5, 40] = 0.004, 0.996
    picture = status_view(alpha)
    assert picture[5, 5].tolist() == list(LEAK)
    assert picture[5, 40].tolist() == list(HOLE)
    leaks, holes = faults(alpha)
    assert (leaks.sum(), holes.sum()) == (1, 1)


def test_a_single_leak_survives_being_made_smaller() -> None:
    alpha = half_and_half()
    alpha[5, 5] = 0.004
    picture = status_view(alpha, 4)
    assert picture.shape == (6, 12, 3)
    assert picture[1, 1].tolist() == list(LEAK)
    assert (picture == np.array(LEAK)).all(axis=2).sum() == 1


def test_the_result_stands_over_middle_grey() -> None:
    alpha = np.array([[0.0, 0.5, 1.0]], np.float32)
    rgb = np.zeros((1, 3, 3), np.float32)
    assert over_grey(rgb, alpha)[0, :, 0] == pytest.approx([0.18, 0.09, 0.0])


def test_a_difference_is_orange_where_the_second_has_more_and_blue_where_the_first_has() -> None:
    first = np.full((4, 8), 0.5, np.float32)
    second = first.copy()
    second[0, 0], second[0, 7] = 0.5625, 0.25
    picture = difference_view(first, second, most=8)
    assert picture[0, 0].tolist() == [round(0.25 * part) for part in LEAK]
    assert picture[0, 7].tolist() == [round(0.5 * part) for part in HOLE]
    picture[0, [0, 7]] = 0
    assert not picture.any()


def test_a_speck_of_difference_survives_being_made_smaller() -> None:
    first = np.zeros((5, 9), np.float32)
    second = first.copy()
    second[4, 8] = 1.0
    picture = difference_view(first, second, most=3)
    assert picture.shape == (2, 3, 3)
    assert picture[1, 2].tolist() == list(LEAK)


def test_confidence_is_black_where_sure_and_brighter_the_less_sure() -> None:
    picture = confidence_view(np.linspace(1.0, 0.0, 11, dtype=np.float32)[None])
    assert picture[0, 0].tolist() == [0, 0, 0]
    light = picture[0].astype(float) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) > 0.0).all()


def test_shrinking_averages_squares_and_what_is_left_at_the_border() -> None:
    ramp = np.arange(15, dtype=np.float32).reshape(3, 5)
    assert shrunk(ramp, 1) is ramp
    small = shrunk(ramp, 2)
    assert small.tolist() == [[3.0, 5.0, 6.5], [10.5, 12.5, 14.0]]
    assert shrunk(np.ones((3, 5, 3), np.float32), 2).shape == (2, 3, 3)


def test_every_view_comes_at_the_size_asked_for() -> None:
    pictures = frame_views(layers(half_and_half()), encode, most=20)
    assert list(pictures) == [view.name for view in VIEWS]
    for picture in pictures.values():
        assert picture.shape == (8, 16, 3)
        assert picture.dtype == np.uint8


def test_layers_that_were_not_written_have_no_view() -> None:
    pictures = frame_views(layers(half_and_half(), whole=False), encode, most=960)
    assert set(pictures) == {"before", "rgba", "alpha", "status"}


def test_values_no_display_can_show_are_clipped_and_not_wrapped() -> None:
    bright = layers(half_and_half())
    hdr = ViewLayers(bright.before * 1e4, bright.rgb - 3.0, bright.alpha, None, None)
    pictures = frame_views(hdr, encode, most=960)
    assert pictures["before"][0, -1].tolist() == [255, 255, 255]
    assert pictures["rgba"].max() == 0


def test_an_empty_window_gives_an_empty_picture() -> None:
    nothing = np.zeros((0, 4), np.float32)
    assert status_view(nothing).shape == (0, 4, 3)
    assert alpha_view(nothing).shape == (0, 4, 3)
