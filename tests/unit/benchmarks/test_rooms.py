"""The room of a held camera and the one around a phone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from benchmarks.rooms import SHIFT, handheld, phone_surroundings, seen_room

HEIGHT, WIDTH = 36, 64


def spotted(row: float, column: float) -> np.ndarray:
    """A room of 80x140 with a soft spot so many pixels of the camera off its middle."""
    rows, columns = np.mgrid[0:80, 0:140]
    away = (rows - 39.5 - 2.0 * row) ** 2 + (columns - 69.5 - 2.0 * column) ** 2
    return np.repeat(np.exp(-away / 18.0)[..., None], 3, axis=2).astype(np.float32)


def place(picture: np.ndarray) -> np.ndarray:
    """Row and column of the spot, from the middle of the picture."""
    found = ndimage.center_of_mass(picture[..., 0].astype(np.float64))
    return np.array(found) - (np.array(picture.shape[:2]) - 1.0) / 2.0


def test_the_camera_starts_in_the_middle_and_moves_by_no_more_than_said() -> None:
    room = spotted(0.0, 0.0)
    path = np.array([place(seen_room(room, n, HEIGHT, WIDTH)) for n in range(24)])
    assert path[0] == pytest.approx([0.0, 0.0], abs=1e-3)
    assert np.abs(path).max(axis=0) == pytest.approx(np.array(SHIFT) * WIDTH, rel=0.05)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert 0.0 < steps.max() < 0.015 * WIDTH  # smooth: no frame jumps


def test_the_camera_turns_too() -> None:
    middle, side = (spotted(0.0, column) for column in (0.0, 20.0))
    apart = [
        place(seen_room(side, n, HEIGHT, WIDTH)) - place(seen_room(middle, n, HEIGHT, WIDTH))
        for n in range(8)
    ]
    turned = [np.degrees(np.arctan2(row, column)) for row, column in apart]
    assert turned[0] == pytest.approx(0.0, abs=1e-3)
    assert max(np.abs(turned)) == pytest.approx(0.3, abs=0.02)
    assert np.ptp([np.hypot(*one) for one in apart]) > 0.02  # and zooms


def test_equal_seeds_give_equal_rooms_and_frames_have_grain_of_their_own() -> None:
    empty = {n: np.zeros((HEIGHT, WIDTH, 4), np.float32) for n in (1, 2)}
    first, again = handheld(empty, seed=5), handheld(empty, seed=5)
    assert np.array_equal(first["busy"][2], again["busy"][2])
    assert sorted(first) == ["busy", "busy_plate", "fg"]
    assert not np.array_equal(first["busy"][1], first["busy"][2])


def test_a_phone_lies_in_a_hand_before_a_wall() -> None:
    around = phone_surroundings(90, 160)
    assert around.shape == (90, 160, 3)
    assert around.min() > 0.0
    assert around[45, 80].max() < 0.03  # the dark device, where the insert goes
    hand = around[70, 80]
    assert hand[0] > 1.3 * hand[1] > 1.3 * hand[2]
    assert around[5, 5].max() > 0.1
