"""Screen-hue despill: what it takes, and what it must never touch."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.despill import ScreenColour, SpillControls, screen_light
from mattebox.settings import SpillRule

GREEN = ScreenColour(0.08, 0.43, 0.11)
BLUE = ScreenColour(0.02, 0.08, 0.40)
YELLOW = ScreenColour(0.40, 0.37, 0.03)

NOTHING, LARGER, MEAN, SMALLER = range(4)
"""Places of the spill rules among the shares that the network gives."""
LEARNED = SpillControls(rule=SpillRule.LEARNED)


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
    light = screen_light(pixel(0.2, 0.2, 0.5), BLUE).flatten()
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


def wholly(rule: int, picture: torch.Tensor) -> torch.Tensor:
    """Shares of one rule alone for a picture."""
    shares = torch.zeros(len(picture), 4, *picture.shape[-2:])
    shares[:, rule] = 1.0
    return shares


def colours() -> torch.Tensor:
    """[1,3,40,40] of every hue, without a channel so dark that taking light would clip it."""
    return 0.4 + 0.6 * torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(2))


def learned(colour: torch.Tensor, rule: int, screen: ScreenColour = GREEN) -> torch.Tensor:
    return screen_light(colour, screen, LEARNED, shares=wholly(rule, colour))


def by_rule(colour: torch.Tensor, rule: SpillRule, screen: ScreenColour = GREEN) -> torch.Tensor:
    return screen_light(colour, screen, SpillControls(rule=rule))


@pytest.mark.parametrize("screen", [GREEN, BLUE], ids=["green", "blue"])
def test_a_learned_share_of_the_larger_is_the_hue_rule(screen: ScreenColour) -> None:
    expected = by_rule(colours(), SpillRule.HUE, screen)
    assert float(expected.max()) > 0.1
    torch.testing.assert_close(learned(colours(), LARGER, screen), expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("screen", [GREEN, BLUE], ids=["green", "blue"])
def test_a_learned_share_of_the_mean_is_the_average_rule(screen: ScreenColour) -> None:
    expected = by_rule(colours(), SpillRule.HUE_AVERAGE, screen)
    assert float(expected.max()) > 0.1
    torch.testing.assert_close(learned(colours(), MEAN, screen), expected, atol=1e-6, rtol=0)


def test_a_learned_share_of_the_smaller_levels_the_key_channel_with_it() -> None:
    left = colours() - learned(colours(), SMALLER)
    spilled = colours()[:, 1:2] > colours().amin(1, keepdim=True) + 0.05
    level = (left[:, 1:2] - left[:, ::2].amin(1, keepdim=True)).abs()
    assert float(level[spilled].max()) < 1e-6
    assert int(spilled.sum()) > 500


def test_where_the_network_finds_nothing_nothing_is_taken_and_yellow_stays_yellow() -> None:
    assert learned(colours(), NOTHING).abs().max() == 0.0
    yellow = pixel(0.62, 0.70, 0.08)
    assert learned(yellow, NOTHING).abs().max() == 0.0
    assert learned(yellow, SMALLER).abs().max() > 0.3


def test_learned_shares_lie_between_their_rules() -> None:
    shares = 0.25 * sum(wholly(rule, colours()) for rule in range(4))
    assert isinstance(shares, torch.Tensor)
    mixed = screen_light(colours(), GREEN, LEARNED, shares=shares)
    expected = 0.25 * sum(learned(colours(), rule) for rule in range(4))
    assert isinstance(expected, torch.Tensor)
    torch.testing.assert_close(mixed, expected, atol=1e-5, rtol=0)


def test_without_a_networks_word_the_learned_rule_is_the_hue_rule() -> None:
    assert torch.equal(screen_light(colours(), GREEN, LEARNED), by_rule(colours(), SpillRule.HUE))
    assert torch.equal(screen_light(colours(), GREEN), by_rule(colours(), SpillRule.HUE))


def test_other_rules_do_not_listen_to_the_network() -> None:
    controls = SpillControls(rule=SpillRule.HUE)
    found = screen_light(colours(), GREEN, controls, shares=wholly(NOTHING, colours()))
    assert torch.equal(found, by_rule(colours(), SpillRule.HUE))


@pytest.mark.parametrize("rule", range(4))
@pytest.mark.parametrize("screen", [GREEN, BLUE, YELLOW], ids=["green", "blue", "yellow"])
def test_no_learned_share_pushes_a_channel_below_zero(rule: int, screen: ScreenColour) -> None:
    dark = colours() - 0.45  # some channels lie below 0 as they come
    taken = learned(dark, rule, screen)
    left = dark - taken
    assert bool((left >= dark.clamp_max(0.0)).all())
    assert bool((taken >= 0.0).all())


@pytest.mark.parametrize("grey", [0.18, 1.0, 12.0])
@pytest.mark.parametrize("screen", [GREEN, BLUE, YELLOW], ids=["green", "blue", "yellow"])
def test_a_grey_lit_by_any_screen_comes_back_grey_under_the_mean(
    grey: float, screen: ScreenColour
) -> None:
    largest = max(screen.rgb)
    lit = pixel(*(grey + 0.2 * value / largest for value in screen.rgb))
    left = (lit - learned(lit, MEAN, screen)).flatten().tolist()
    assert left == pytest.approx([grey] * 3, rel=1e-4)


@pytest.mark.parametrize("rule", range(4))
def test_a_neutral_has_no_spill_by_any_learned_share(rule: int) -> None:
    assert learned(pixel(0.5, 0.5, 0.5), rule).abs().max() == 0.0
