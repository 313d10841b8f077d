"""Picture sizes as commands read them."""

from __future__ import annotations

import pytest

from mattebox.cli.sizes import parse_size
from mattebox.errors import UsageError


def test_a_size_is_typed_width_first_and_comes_back_height_first() -> None:
    assert parse_size("1920x1080") == (1080, 1920)
    assert parse_size(" 320X180 ", least=16) == (180, 320)


@pytest.mark.parametrize("text", ["", "1920", "1920x", "1920*1080", "0x10", "-3x4", "1.5x2"])
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="is not a picture size") as caught:
        parse_size(text)
    assert caught.value.next_step == "give it as 1920x1080"


def test_a_size_may_be_too_small() -> None:
    with pytest.raises(UsageError, match="15x180") as caught:
        parse_size("15x180", least=16)
    assert caught.value.expected == "width x height, at least 16 each"
