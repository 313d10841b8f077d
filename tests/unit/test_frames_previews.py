"""Previews: 8-bit pictures for people, written as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import WriteError
from mattebox.frames import read_frame, write_png


@pytest.mark.parametrize("count", [3, 4])
def test_a_preview_keeps_its_codes(count: int, tmp_path: Path) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (9, 7, count), np.uint8)
    done = write_png(tmp_path / "a.png", pixels)
    stored = read_frame(tmp_path / "a.png", alpha="as stored").pixels
    assert np.array_equal(np.rint(stored * 255).astype(np.uint8), pixels)
    assert done.clamped == 0
    assert [one.name for one in tmp_path.iterdir()] == ["a.png"]


def test_a_preview_of_another_kind_is_refused(tmp_path: Path) -> None:
    for pixels in (np.zeros((2, 2, 3), np.float32), np.zeros((2, 2), np.uint8)):
        with pytest.raises(ValueError, match="a preview is"):
            write_png(tmp_path / "a.png", pixels)  # type: ignore[arg-type]


def test_a_preview_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="No such file or directory"):
        write_png(tmp_path / "gone" / "a.png", np.zeros((2, 2, 3), np.uint8))
