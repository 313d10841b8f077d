"""Holes and residue without a truth: in boxes, and inside the plain key's outline."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.errors import UsageError
from mattebox.measure.cleanness import Box, holes, interior, residue


def test_a_box_is_a_part_of_a_picture_in_shares() -> None:
    plane = np.arange(40).reshape(4, 10)
    assert np.array_equal(Box(0.2, 0.25, 0.5, 1.0).of(plane), plane[1:4, 2:5])
    assert Box(0.0, 0.0, 1.0, 1.0).of(plane[..., None]).shape == (4, 10, 1)


@pytest.mark.parametrize(
    "text", ["", "0,0,1", "0,0,1,1,1", "0.5,0,0.5,1", "0,0,1,1.5", "a,b,c,d", "-1,0,1,1"]
)
def test_what_is_no_box_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="is no box") as caught:
        Box.parse(text)
    assert "such as 0,0,0.2,1" in str(caught.value)


def test_a_box_is_read_from_four_shares() -> None:
    assert Box.parse("0, .25,0.5,1") == Box(0.0, 0.25, 0.5, 1.0)


def test_the_interior_lies_within_the_filled_outline_and_is_solid_in_the_plain_key() -> None:
    plain = np.zeros((40, 40), np.float32)
    plain[5:35, 5:40] = 1.0  # leaves the picture on the right
    plain[20, 20] = 0.5  # a hole of the plain key's own: within, but not solid
    plain[10:12, 20:22] = 0.95
    expected = np.zeros((40, 40), np.bool_)
    expected[9:31, 9:40] = True
    expected[20, 20] = expected[10:12, 20:22] = False
    assert np.array_equal(interior(plain), expected)
    assert not interior(np.zeros((8, 8), np.float32)).any()


def test_holes_are_the_share_of_the_interior_that_is_not_whole() -> None:
    plain = np.zeros((24, 24), np.float32)
    plain[4:20, 4:20] = 1.0  # interior: 8x8 from (8, 8)
    alpha = plain.copy()
    assert holes(alpha, plain) == 0.0
    alpha[8:10, 8:16] = 0.949
    assert holes(alpha, plain) == 0.25
    alpha[8:10, 8:16] = 0.95
    assert holes(alpha, plain) == 0.0
    assert holes(alpha, np.zeros_like(plain)) is None


def test_residue_is_the_mean_of_all_boxes_and_the_share_that_shows() -> None:
    alpha = np.zeros((10, 10), np.float32)
    alpha[:, 0] = 0.5
    boxes = [Box(0.0, 0.0, 0.1, 1.0), Box(0.7, 0.0, 1.0, 1.0)]
    assert residue(alpha, boxes) == (0.125, 0.25)
    assert residue(alpha, []) is None
    assert residue(alpha, [Box(0.0, 0.0, 0.05, 1.0)]) is None  # less than a pixel
