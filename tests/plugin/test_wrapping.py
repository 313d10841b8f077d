"""Messages in a panel: no line is longer than fits, and no letter is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mattebox_plugin.wrapping import wrapped


def test_words_stay_whole_where_they_fit() -> None:
    text = "Mattebox: done 8 of 8 frames\n/show/sh010/plate.####.exr"
    assert wrapped(text, lambda line: len(line) <= 14) == [
        "Mattebox: done", "8 of 8 frames", "/show/sh010/pl", "ate.####.exr",
    ]  # fmt: skip
    assert wrapped(text, lambda _: True) == text.splitlines()


@given(st.text(st.sampled_from("abc \n"), max_size=80), st.integers(0, 12))
def test_every_line_fits_and_nothing_is_lost(text: str, most: int) -> None:
    lines = wrapped(text, lambda line: len(line) <= most)
    assert all(len(line) <= max(most, 1) for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
