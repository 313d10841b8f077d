"""Windows and frames in memory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.images import Frame, Window

windows = st.builds(
    Window, st.integers(-9, 9), st.integers(-9, 9), st.integers(0, 9), st.integers(0, 9)
)


def points(window: Window) -> set[tuple[int, int]]:
    return {(x, y) for x in range(window.x, window.right) for y in range(window.y, window.bottom)}


@given(windows, windows)
def test_the_intersection_holds_exactly_the_shared_points(a: Window, b: Window) -> None:
    assert points(a.intersection(b)) == points(a) & points(b)


@given(windows, windows)
def test_the_union_holds_both_and_is_the_smallest_that_does(a: Window, b: Window) -> None:
    union, both = a.union(b), points(a) | points(b)
    assert points(union) >= both
    if both:
        xs, ys = {x for x, _ in both}, {y for _, y in both}
        assert (union.x, union.right) == (min(xs), max(xs) + 1)
        assert (union.y, union.bottom) == (min(ys), max(ys) + 1)
    else:
        assert union.is_empty


@given(windows, windows, windows)
def test_intersections_do_not_depend_on_the_order(a: Window, b: Window, c: Window) -> None:
    left = a.intersection(b).intersection(c)
    assert points(left) == points(c.intersection(a).intersection(b))


@given(windows, windows)
def test_a_placed_frame_has_its_own_pixels_where_it_has_any_and_0_elsewhere(
    data: Window, target: Window
) -> None:
    rows, columns = np.mgrid[data.y : data.bottom, data.x : data.right]
    pixels = (1000 + 20 * rows + columns)[:, :, None].astype(np.float32)
    frame = Frame(pixels, ("A",), data, data)
    placed, covered = frame.placed(target), frame.coverage(target)
    assert placed.shape == (target.height, target.width, 1)
    assert covered.shape == (target.height, target.width)
    for x, y in points(target):
        here = (y - target.y, x - target.x)
        assert covered[here] == ((x, y) in points(data))
        assert placed[here][0] == (1000 + 20 * y + x if covered[here] else 0)


def test_a_window_prints_as_size_and_origin() -> None:
    assert str(Window(-10, 5, 1920, 1080)) == "1920x1080-10+5"


def test_a_window_of_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be -1x2"):
        Window(0, 0, -1, 2)


def test_pixels_that_do_not_fit_their_window_are_refused() -> None:
    with pytest.raises(ValueError, match="windows and channels say"):
        Frame(
            np.zeros((2, 3, 3), np.float32), ("R", "G", "B"), Window(0, 0, 2, 3), Window(0, 0, 2, 3)
        )


def test_placed_pixels_of_a_half_frame_are_float32_and_a_copy() -> None:
    pixels = np.ones((2, 2, 1), np.float16)
    frame = Frame(pixels, ("A",), Window(0, 0, 2, 2), Window(0, 0, 2, 2))
    placed = frame.placed(frame.data_window)
    assert placed.dtype == np.float32
    placed[:] = 5
    assert (pixels == 1).all()
