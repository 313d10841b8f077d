"""Pictures as bytes, for a page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.errors import WriteError
from mattebox.frames import read_frame
from mattebox.frames.encoded import encoded_picture


def picture() -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:32, :48].astype(np.uint8)
    return np.stack([rows * 4, columns * 4, rows + columns], axis=2)


def test_png_keeps_every_value_and_jpeg_nearly_all(tmp_path: Path) -> None:
    for kind, most in (("png", 0.0), ("jpeg", 6.0)):
        file = tmp_path / f"picture.{kind}"
        file.write_bytes(encoded_picture(picture(), kind))  # type: ignore[arg-type]
        read = read_frame(file).pixels * 255.0
        assert np.abs(read - picture()).mean() <= most


def test_equal_pictures_give_equal_bytes() -> None:
    assert encoded_picture(picture(), "jpeg") == encoded_picture(picture(), "jpeg")
    assert encoded_picture(picture(), "png") == encoded_picture(picture(), "png")


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3)), np.zeros((0, 2, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(
    pixels: NDArray[np.uint8],
) -> None:
    with pytest.raises(ValueError, match="a picture is"):
        encoded_picture(pixels, "png")


def test_a_temporary_folder_that_is_gone_is_a_write_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(WriteError, match="temporary folder"):
        encoded_picture(picture(), "png")
