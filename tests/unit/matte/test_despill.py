"""Screen-hue despill: what it takes, and what it must never touch."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.despill import ScreenColour, screen_light

GREEN = ScreenColour(0.08, 0.43, 0.11)


def pixel(red: float, green: float, blue: float) -> torch.Tensor:
    return torch.tensor([red, green, blue]).view(1, 3, 1, 1)


def despilled(colour: torch.Tensor, screen: ScreenColour = GREEN) -> list[float]:
    return (colour - screen_light(colour, screen)).flatten().tolist()


@pytest.mark.parametrize("grey", [0.0, 0.18, 1.0, 40.0])
def test_a_grey_lit_by_the_screen_comes_back_grey(grey: float) -> None:
    lit = pixel(grey + 0.3 * 0.08, grey + 0.3 * 0.43, grey + 0.3 * 0.11)
    # The max rule stops at the larger of red and blue, which share the rest of the spill.
    red, green, blue = despilled(lit)
    assert red == pytest.approx(grey, abs=0.012 * 1)
    assert green == pytest.approx(max(red, blue), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(
    "colour",
    [(0.5, 0.4, 0.3), (0.2, 0.2, 0.2), (9.5, 9.5, 9.5), (0.1, 0.05, 0.4), (-0.02, -0.05, 0.1)],
    ids=["skin", "grey", "highlight", "blue cloth", "negative"],
)
def test_colours_without_excess_are_not_touched_at_all(colour: tuple[float, ...]) -> None:
    assert screen_light(pixel(*colour), GREEN).abs().max() == 0.0


def test_after_despill_the_key_channel_equals_the_larger_of_the_others() -> None:
    red, green, blue = despilled(pixel(0.30, 0.60, 0.20))
    assert green == pytest.approx(max(red, blue), abs=1e-6)


def test_what_is_taken_has_the_hue_of_the_screen() -> None:
    light = screen_light(pixel(0.30, 0.60, 0.20), GREEN).flatten()
    assert light[0] / light[1] == pytest.approx(0.08 / 0.43, rel=1e-5)
    assert light[2] / light[1] == pytest.approx(0.11 / 0.43, rel=1e-5)


def test_no_channel_is_pushed_below_zero_and_negative_channels_stay() -> None:
    red, green, blue = despilled(pixel(-0.01, 0.5, 0.001))
    assert red == pytest.approx(-0.01)
    assert blue >= 0.0
    assert green >= 0.0


def test_premultiplied_and_straight_agree() -> None:
    colour, alpha = pixel(0.30, 0.60, 0.20), 0.25
    straight = screen_light(colour, GREEN)
    torch.testing.assert_close(screen_light(colour * alpha, GREEN), straight * alpha)


def test_amount_scales_what_is_taken() -> None:
    colour = pixel(0.30, 0.60, 0.20)
    whole = screen_light(colour, GREEN)
    torch.testing.assert_close(screen_light(colour, GREEN, 0.5), whole * 0.5)
    assert screen_light(colour, GREEN, 0.0).abs().max() == 0.0


def test_a_blue_screen_takes_blue() -> None:
    blue_screen = ScreenColour(0.02, 0.08, 0.40)
    light = screen_light(pixel(0.2, 0.2, 0.5), blue_screen).flatten()
    assert int(light.argmax()) == 2


@pytest.mark.parametrize(
    ("colour", "saturated"),
    [
        ((0.08, 0.43, 0.11), True),
        ((0.2, 0.2, 0.2), False),
        ((0.0, 0.0, 0.0), False),
        ((0.30, 0.31, 0.29), False),
    ],
)
def test_only_a_saturated_colour_is_a_screen(
    colour: tuple[float, float, float], saturated: bool
) -> None:
    assert ScreenColour(*colour).is_saturated is saturated
