"""The plain colour difference key."""

from __future__ import annotations

import pytest
import torch

from mattebox.colour_difference import (
    colour_difference,
    difference_matte,
    is_keyable_screen,
    key_excess,
    raw_colour_difference,
    screen_key,
)
from mattebox.engines.base import EngineInput
from mattebox.engines.screen import ScreenEngine
from mattebox.screen_key import ScreenKey

GREEN = (0.05, 0.35, 0.08)
BLUE = (0.05, 0.08, 0.35)
RED = (0.40, 0.10, 0.05)
YELLOW = (0.40, 0.36, 0.04)
CYAN = (0.05, 0.36, 0.40)
MAGENTA = (0.38, 0.05, 0.40)
SCREENS = pytest.mark.parametrize(
    "screen",
    [GREEN, BLUE, RED, YELLOW, CYAN, MAGENTA],
    ids=["green", "blue", "red", "yellow", "cyan", "magenta"],
)


def flat(colour: tuple[float, float, float], size: int = 8) -> torch.Tensor:
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, size, size).contiguous()


@SCREENS
@pytest.mark.parametrize("alpha", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_neutral_smoke_is_exact_on_any_screen(
    screen: tuple[float, float, float], alpha: float
) -> None:
    plate = flat(screen)
    source = alpha * flat((0.4, 0.4, 0.4)) + (1.0 - alpha) * plate
    torch.testing.assert_close(
        raw_colour_difference(source, plate), torch.full((1, 1, 8, 8), alpha), atol=1e-6, rtol=0
    )


def test_a_foreground_with_key_excess_reads_alpha_times_its_share() -> None:
    plate, foreground = flat(GREEN), flat((0.1, 0.3, 0.2))
    source = 0.5 * foreground + 0.5 * plate
    expected = 0.5 * (1.0 - 0.1 / 0.27)
    found = raw_colour_difference(source, plate)
    torch.testing.assert_close(found, torch.full_like(found, expected), atol=1e-6, rtol=0)


def test_levels_close_grain_at_both_ends_and_keep_the_middle() -> None:
    plate = flat(GREEN)
    for raw, expected in ((0.03, 0.0), (0.5, 0.5), (0.97, 1.0), (-0.2, 0.0), (1.3, 1.0)):
        source = raw * flat((0.4, 0.4, 0.4)) + (1.0 - raw) * plate
        found = colour_difference(source, plate)
        torch.testing.assert_close(found, torch.full_like(found, expected), atol=1e-6, rtol=0)


def test_negative_and_hdr_values_stay_finite_and_in_range() -> None:
    plate = flat(GREEN)
    for colour in ((-0.5, -0.2, -0.1), (60.0, 50.0, 40.0), (0.0, 60000.0, 0.0)):
        alpha = colour_difference(flat(colour), plate)
        assert bool(((alpha >= 0.0) & (alpha <= 1.0)).all())


def test_a_black_plate_divides_by_nothing() -> None:
    assert bool(torch.isfinite(raw_colour_difference(flat(GREEN), flat((0.0, 0.0, 0.0)))).all())


@pytest.mark.parametrize(
    ("screen", "key"),
    [
        (RED, ScreenKey(0, 1)),
        (GREEN, ScreenKey(1, 1)),
        (BLUE, ScreenKey(2, 1)),
        (CYAN, ScreenKey(0, -1)),
        (MAGENTA, ScreenKey(1, -1)),
        (YELLOW, ScreenKey(2, -1)),
    ],
)
def test_a_screen_is_told_by_the_channel_that_stands_out_most(
    screen: tuple[float, float, float], key: ScreenKey
) -> None:
    assert screen_key(flat(screen)) == key


def test_a_plate_of_no_hue_is_told_by_its_brightest_channel() -> None:
    assert screen_key(flat((0.30, 0.31, 0.25))) == ScreenKey(1, 1)


def test_a_key_puts_its_channel_first_and_keeps_the_order_of_the_others() -> None:
    assert [ScreenKey(channel).order for channel in range(3)] == [(0, 1, 2), (1, 0, 2), (2, 0, 1)]


def test_the_excess_is_over_the_larger_of_the_others() -> None:
    found = key_excess(flat((0.1, 0.5, 0.3)), ScreenKey(1))
    torch.testing.assert_close(found, torch.full_like(found, 0.2))


def test_on_a_secondary_hue_the_excess_is_below_the_smaller_of_the_others() -> None:
    found = key_excess(flat((0.5, 0.1, 0.3)), ScreenKey(1, -1))
    torch.testing.assert_close(found, torch.full_like(found, 0.2))


def test_a_given_key_is_used_in_place_of_the_plates_own() -> None:
    plate, source = flat((0.1, 0.5, 0.3)), flat((0.1, 0.2, 0.3))
    own = raw_colour_difference(source, plate)
    assert torch.equal(own, raw_colour_difference(source, plate, ScreenKey(1)))
    assert not torch.equal(own, raw_colour_difference(source, plate, ScreenKey(0, -1)))


def test_screens_are_told_from_other_plates() -> None:
    for screen in (GREEN, BLUE, RED, YELLOW, CYAN, MAGENTA):
        assert is_keyable_screen(flat(screen))
    assert not is_keyable_screen(flat((0.30, 0.35, 0.28)))
    rigged = flat(GREEN)
    rigged[..., :4] = 0.2
    assert not is_keyable_screen(rigged)


def test_a_plate_that_covers_a_part_of_the_picture_is_a_screen_all_the_same() -> None:
    plate = flat(GREEN, size=20)
    plate[..., 6:, :] = 0.0
    assert is_keyable_screen(plate)
    assert not is_keyable_screen(torch.zeros_like(plate))


@pytest.mark.parametrize("exposure", [0.1, 1.0, 8.0])
def test_a_difference_matte_tells_what_is_not_the_plate_at_any_exposure(exposure: float) -> None:
    room = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(4)) * 0.5 + 0.1
    source = room.clone()
    source[..., 8:24, 8:24] = 0.9
    found = difference_matte(exposure * source, exposure * room)
    assert float(found[..., 8:24, 8:24].min()) > 0.9
    assert float(found[..., :8, :].max()) == 0.0


def test_the_screen_engine_keys_a_screen_by_colour_and_any_other_plate_by_difference() -> None:
    engine = ScreenEngine()
    room = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(4)) * 0.5 + 0.1
    for plate, key in ((flat(GREEN), colour_difference), (room, difference_matte)):
        source = 0.6 * flat((0.3, 0.2, 0.1)) + 0.4 * plate
        for _ in range(2):  # the second time the plate is known
            found, _ = engine.predict(EngineInput(linear=source, background_linear=plate), None)
            assert torch.equal(found.alpha, key(source, plate))
