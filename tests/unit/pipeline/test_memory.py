"""How many frames wait within a limit, and how a limit is written."""

from __future__ import annotations

import pytest

from mattebox.errors import UsageError
from mattebox.pipeline.memory import Waiting, needed_memory, parse_memory, waiting_within

SIZE = (3840, 2160)


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
    assert waiting_within(needed_memory(*SIZE, waiting), *SIZE) == waiting


def test_passed_channels_take_memory_too() -> None:
    limit = needed_memory(*SIZE, Waiting(2, 2))
    assert waiting_within(limit, *SIZE, passed=4) != Waiting(2, 2)


def test_one_byte_less_than_one_frame_is_refused() -> None:
    with pytest.raises(UsageError, match="3840x2160"):
        waiting_within(needed_memory(*SIZE, Waiting(1, 1)) - 1, *SIZE)


def test_no_limit_is_two_frames_each_way() -> None:
    assert waiting_within(None, *SIZE) == Waiting(2, 2)
