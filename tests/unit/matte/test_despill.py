"""Screen-hue despill: what it takes, and what it must never touch."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.despill import ScreenColour, SpillControls, screen_light
from mattebox.settings import SpillRule

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
    torch.testing.assert_close(screen_light(colour, GREEN, SpillControls(amount=0.5)), whole * 0.5)
    assert screen_light(colour, GREEN, SpillControls(amount=0.0)).abs().max() == 0.0


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


def test_limit_rules_cut_the_key_channel_alone() -> None:
    colour = pixel(0.30, 0.60, 0.20)
    limit = colour - screen_light(colour, GREEN, SpillControls(rule=SpillRule.LIMIT))
    assert limit.flatten().tolist() == pytest.approx([0.30, 0.30, 0.20])
    average = colour - screen_light(colour, GREEN, SpillControls(rule=SpillRule.LIMIT_AVERAGE))
    assert average.flatten().tolist() == pytest.approx([0.30, 0.25, 0.20])


def test_the_average_rule_meets_the_mean_of_the_others() -> None:
    colour = pixel(0.30, 0.60, 0.20)
    left = colour - screen_light(colour, GREEN, SpillControls(rule=SpillRule.HUE_AVERAGE))
    red, green, blue = left.flatten().tolist()
    assert green == pytest.approx((red + blue) / 2.0, abs=1e-6)


def test_a_bias_colour_and_its_shades_are_free_of_spill() -> None:
    olive = (0.20, 0.25, 0.10)
    controls = SpillControls(bias=olive)
    for shade in (0.2, 1.0, 5.0):
        colour = pixel(*(shade * value for value in olive))
        assert screen_light(colour, GREEN, controls).abs().max() < 1e-6
    assert screen_light(pixel(*olive), GREEN).abs().max() > 0.01


def test_protected_colours_stay() -> None:
    colour, keep = pixel(0.1, 0.6, 0.2), torch.ones(1, 1, 1, 1)
    assert screen_light(colour, GREEN, protect=keep).abs().max() == 0.0


def test_luminance_can_be_given_back_in_a_colour_of_choice() -> None:
    colour = pixel(0.30, 0.60, 0.20)
    weights = torch.tensor([0.2126, 0.7152, 0.0722]).view(1, 3, 1, 1)
    controls = SpillControls(restore=1.0, replace=(1.0, 0.5, 0.2))
    left = colour - screen_light(colour, GREEN, controls)
    assert float((left * weights).sum()) == pytest.approx(float((colour * weights).sum()), rel=1e-5)


def test_colours_without_light_are_refused_with_their_values() -> None:
    with pytest.raises(ValueError, match=r"every channel, got \(1\.0, 0\.0, 1\.0\)"):
        SpillControls(bias=(1.0, 0.0, 1.0))
    with pytest.raises(ValueError, match="needs light"):
        SpillControls(replace=(0.0, 0.0, 0.0))
