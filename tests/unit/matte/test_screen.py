"""Which area of a shot is its screen."""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.errors import InputError
from mattebox.matte.screen import HUES, find_screen

GREEN = (0.08, 0.4, 0.1)
COLOURS = {
    "green": GREEN,
    "blue": (0.05, 0.1, 0.45),
    "red": (0.5, 0.05, 0.06),
    "cyan": (0.03, 0.4, 0.42),
    "magenta": (0.4, 0.03, 0.38),
    "yellow": (0.45, 0.44, 0.02),
}

Pixels = NDArray[np.float32]


def room(colour: tuple[float, float, float] = (0.3, 0.28, 0.25)) -> Pixels:
    """A textured room of one hue, 200 x 300."""
    texture = np.random.default_rng(2).uniform(0.4, 1.2, (200, 300, 1))
    return np.asarray(texture * np.array(colour), np.float32)


def placed(
    picture: Pixels, colour: tuple[float, float, float], box: tuple[int, int, int, int]
) -> Pixels:
    top, left, bottom, right = box
    grain = np.random.default_rng(3).normal(0.0, 0.004, picture.shape)
    out = picture.copy()
    out[top:bottom, left:right] = (np.array(colour) + grain[top:bottom, left:right]).astype(
        np.float32
    )
    return out


@pytest.mark.parametrize("hue", list(COLOURS))
def test_a_screen_of_any_hue_that_fills_the_picture_is_found_unasked(hue: str) -> None:
    found = find_screen([placed(room(), COLOURS[hue], (0, 0, 200, 250))], None)
    assert found.hue == hue
    assert found.colour == pytest.approx(COLOURS[hue], abs=0.02)
    assert found.rivals == ()


def test_a_small_green_screen_is_found_before_a_large_bluish_wall() -> None:
    wall = placed(room(), (0.25, 0.32, 0.55), (0, 0, 200, 180))
    found = find_screen([placed(wall, GREEN, (20, 200, 160, 290))], None)
    assert found.hue == "green"
    assert found.colour == pytest.approx(GREEN, abs=0.02)


def test_two_screens_are_both_named() -> None:
    both = placed(room(), COLOURS["blue"], (0, 0, 200, 140))
    found = find_screen([placed(both, GREEN, (0, 150, 200, 300))], None)
    assert {found.hue, *found.rivals} == {"green", "blue"}


def test_a_phone_in_a_hand_is_found() -> None:
    found = find_screen([placed(room(), GREEN, (80, 120, 130, 150))], None)
    assert found.hue == "green"
    assert found.area == pytest.approx(0.025, abs=0.01)


def test_a_hue_that_is_asked_for_is_taken_where_another_is_larger() -> None:
    both = placed(room(), COLOURS["blue"], (0, 0, 200, 200))
    found = find_screen([placed(both, GREEN, (0, 220, 200, 300))], "green")
    assert found.hue == "green"


def test_what_is_known_to_be_no_screen_is_not_looked_at() -> None:
    both = placed(room(), COLOURS["blue"], (0, 0, 200, 200))
    picture = placed(both, GREEN, (0, 220, 200, 300))
    excluded = np.zeros(picture.shape[:2], bool)
    excluded[:, :210] = True
    found = find_screen([picture], None, [excluded])
    assert (found.hue, found.rivals) == ("green", ())


@pytest.mark.parametrize(
    "picture",
    [room(), room((0.5, 0.25, 0.18)), np.zeros((50, 60, 3), np.float32), room((0.6, 0.66, 0.8))],
    ids=["grey room", "red brick", "black", "sky"],
)
def test_what_is_no_screen_is_refused_with_the_way_on(picture: Pixels) -> None:
    with pytest.raises(InputError, match="no screen was found") as refused:
        find_screen([picture], None)
    assert "--screen R,G,B" in str(refused.value)


def test_every_hue_has_a_key_of_its_own() -> None:
    assert len({astuple(key) for key in HUES.values()}) == len(HUES) == 6
