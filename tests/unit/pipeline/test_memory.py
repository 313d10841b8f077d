"""What fits into a limit, how many frames wait within it, and how a limit is written."""

from __future__ import annotations

import pytest

from mattebox.errors import UsageError
from mattebox.pipeline.memory import (
    Waiting,
    needed_memory,
    needed_to_look,
    parse_memory,
    refuse_too_little,
    waiting_within,
)
from mattebox.settings import EngineName

SHOT = (EngineName.SCREEN, 1920, 1080)
KEYING = needed_memory(*SHOT, Waiting(1, 1))
LOOKING = needed_to_look(*SHOT, 12)


@pytest.mark.parametrize(
    ("text", "size"),
    [("512M", 2**29), ("8G", 2**33), ("8GiB", 2**33), ("1.5g", 3 * 2**29), (" 2 GB ", 2**31)],
)
def test_sizes_are_powers_of_1024(text: str, size: int) -> None:
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["8", "G", "-1G", "0M", "8X", "much"])
def test_what_is_no_amount_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(UsageError, match=text):
        parse_memory(text)


@pytest.mark.parametrize("waiting", [Waiting(2, 2), Waiting(2, 1), Waiting(1, 1)])
def test_just_enough_memory_for_a_choice_gives_that_choice(waiting: Waiting) -> None:
    assert waiting_within(needed_memory(*SHOT, waiting), *SHOT) == waiting


def test_passed_channels_take_memory_too() -> None:
    limit = needed_memory(*SHOT, Waiting(2, 2))
    assert waiting_within(limit, *SHOT, passed=4) != Waiting(2, 2)
    # four bytes each, in each of twelve frames
    assert needed_to_look(*SHOT, 12, passed=4) - LOOKING == 1920 * 1080 * 12 * 4 * 4


def test_one_byte_less_than_one_frame_is_refused() -> None:
    with pytest.raises(UsageError, match="1920x1080"):
        waiting_within(KEYING - 1, *SHOT)


def test_no_limit_is_two_frames_each_way() -> None:
    assert waiting_within(None, *SHOT) == Waiting(2, 2)


def test_a_limit_has_to_hold_both_phases() -> None:
    assert KEYING < LOOKING
    refuse_too_little(LOOKING, *SHOT, looked_at=12)
    with pytest.raises(UsageError, match="the look at the shot, which holds 12 frames") as look:
        refuse_too_little(LOOKING - 1, *SHOT, looked_at=12)
    assert look.value.expected is not None
    assert f"{-(-LOOKING // 2**20)} MiB; keying alone takes {-(-KEYING // 2**20)}" in (
        look.value.expected
    )
    refuse_too_little(LOOKING - 1, *SHOT, looked_at=2)  # a shot of two frames
    with pytest.raises(UsageError, match="too little for frames of 1920x1080") as key:
        refuse_too_little(KEYING - 1, *SHOT, looked_at=12)
    assert key.value.expected == f"at least {-(-LOOKING // 2**20)} MiB"


@pytest.mark.parametrize("engine", EngineName)
def test_every_engine_has_its_figures_and_none_takes_less_than_screen(engine: EngineName) -> None:
    for size in ((64, 36), (3840, 2160)):
        assert needed_memory(engine, *size, Waiting(1, 1)) >= needed_memory(
            EngineName.SCREEN, *size, Waiting(1, 1)
        )
        assert needed_to_look(engine, *size, 12) >= needed_to_look(EngineName.SCREEN, *size, 12)


MEASURED = [
    # engine, size, frames, MiB to look at them, MiB to key with one frame each way
    (EngineName.SCREEN, (480, 270), 12, 531, 418),
    (EngineName.SCREEN, (960, 540), 12, 1149, 813),
    (EngineName.SCREEN, (1280, 720), 12, 1348, 1247),
    (EngineName.SCREEN, (1920, 1080), 12, 2236, 2278),
    (EngineName.RVM, (480, 270), 4, 578, 572),
    (EngineName.RVM, (960, 540), 4, 1044, 820),
    (EngineName.RVM, (1280, 720), 4, 998, 1148),
    (EngineName.BGMV2, (480, 270), 4, 887, 784),
    (EngineName.BGMV2, (960, 540), 12, 1369, 954),
    (EngineName.BGMV2, (1280, 720), 4, 1289, 1265),
]


@pytest.mark.parametrize(("engine", "size", "frames", "look", "key"), MEASURED)
def test_the_estimate_is_no_less_than_what_was_measured_and_not_half_as_much_again(
    engine: EngineName, size: tuple[int, int], frames: int, look: int, key: int
) -> None:
    assert look <= needed_to_look(engine, *size, frames) / 2**20 <= 1.5 * look
    assert key <= needed_memory(engine, *size, Waiting(1, 1)) / 2**20 <= 1.5 * key
