"""The memory bench's figures, on samples with a known slope."""

from __future__ import annotations

import pytest

from mattebox.bench.memory import MemoryUse, parse_size
from mattebox.errors import UsageError


def test_the_slope_is_that_of_the_frames_after_the_first_fifth() -> None:
    settling = (0, 90_000)
    use = MemoryUse(settling + tuple(1000 + 3 * frame for frame in range(8)), peak=90_000)
    assert use.slope == pytest.approx(3.0)


def test_flat_memory_has_no_slope() -> None:
    assert MemoryUse((500,) * 10, peak=500).slope == pytest.approx(0.0, abs=1e-9)


def test_a_size_is_width_by_height() -> None:
    size = parse_size("320x180")
    assert (size.width, size.height) == (320, 180)


@pytest.mark.parametrize("text", ["320", "320x", "0x90", "320 x 180"])
def test_what_is_no_size_is_refused_with_its_value(text: str) -> None:
    with pytest.raises(UsageError, match=text):
        parse_size(text)
