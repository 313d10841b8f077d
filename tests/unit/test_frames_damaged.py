"""Files that are damaged, cut short or no pictures are refused with a reason, or known as such."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from tests.support.foreign_files import random_half, spec_of, write_foreign, write_parts

from mattebox.errors import (
    InputError,
    MatteboxError,
    UnreadableError,
    UsageError,
)
from mattebox.frames import (
    is_broken_exr,
    read_frame,
    read_header,
    read_matte,
)


def test_deep_data_is_refused_and_its_header_still_read(tmp_path: Path) -> None:
    path = tmp_path / "deep.exr"
    spec = spec_of((4, 4, 5), "half", ["R", "G", "B", "A", "Z"])
    spec.deep = True
    deep = oiio.DeepData()
    deep.init(16, 5, oiio.TypeHalf, ("R", "G", "B", "A", "Z"))
    output = oiio.ImageOutput.create(str(path))
    assert output is not None
    assert output.open(str(path), spec)
    assert output.write_deep_image(deep)
    assert output.close()
    for read in (read_frame, read_matte):
        with pytest.raises(UnreadableError, match="holds deep data") as caught:
            read(path)
        assert caught.value.exit_code == 66
        assert "--flatten" in str(caught.value.next_step)
    assert read_header(path).is_deep


def test_a_truncated_file_says_how_many_rows_are_left(tmp_path: Path) -> None:
    pixels = random_half(100, 64, 3)
    whole = write_foreign(tmp_path / "a.exr", pixels, "half").read_bytes()
    said = []
    for share in (0.3, 0.6, 0.95, 0.999):
        cut = tmp_path / "cut.exr"
        cut.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(UnreadableError, match="of 100 rows can be read") as caught:
            read_frame(cut)
        said.append(int(caught.value.message.split(" of 100")[0].split()[-1]))
    # zip packs 16 rows, random pixels take the same room everywhere; the last chunk has 4 rows
    assert said == [16, 48, 80, 96]


def test_a_truncated_tiled_file_says_how_many_rows_are_left(tmp_path: Path) -> None:
    spec = spec_of((64, 64, 3), "half")
    spec.tile_width = spec.tile_height = 16
    path = write_parts(tmp_path / "a.exr", [(spec, random_half(64, 64, 3))])
    assert read_frame(path).pixels.shape == (64, 64, 3)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(UnreadableError, match=r"(16|32|48) of 64 rows can be read"):
        read_frame(path)


@pytest.mark.parametrize("size", [1, 4, 8, 100, 300])
def test_a_file_cut_within_its_header_is_no_picture(size: int, tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "a.exr", random_half(20, 20, 3), "half")
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UnreadableError, match="not a picture that can be read"):
        read_frame(path)


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg", "dpx"])
def test_other_truncated_files_are_refused_too(suffix: str, tmp_path: Path) -> None:
    codes = np.random.default_rng(2).integers(0, 255, (100, 80, 3), np.uint8)
    path = write_foreign(tmp_path / f"a.{suffix}", codes, "uint8")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableError, match="rows can be read"):
        read_frame(path)


@pytest.mark.parametrize("read", [read_frame, read_matte, read_header])
@pytest.mark.parametrize(
    ("name", "content", "error", "said"),
    [
        ("empty.exr", b"", UnreadableError, "is empty"),
        ("garbage.exr", bytes(range(256)) * 20, UnreadableError, "not a picture"),
        ("words.png", b"hello", UnreadableError, "not a picture"),
        ("none.exr", None, InputError, "No such file"),
        ("noext", None, InputError, "No such file"),
        ("clip.mov", b"x", UsageError, "is a movie"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_reason(
    read: Callable[[Path], object],
    name: str,
    content: bytes | None,
    error: type[InputError | UsageError],
    said: str,
    tmp_path: Path,
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=said) as caught:
        read(tmp_path / name)
    assert caught.value.next_step


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a folder"):
        read_frame(tmp_path)


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a\udcff.exr"
    try:
        path.write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes only UTF-8 names; others run it")
    with pytest.raises(UsageError, match="not UTF-8"):
        read_frame(path)


def test_errors_leave_nothing_behind_that_is_printed_at_exit(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(b"garbage")
    code = (
        "import sys, pathlib, mattebox.frames as f, mattebox.errors as e\n"
        "try: f.read_frame(pathlib.Path(sys.argv[1]))\n"
        "except e.UnreadableError: pass\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "a.exr")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""


def test_damaged_bytes_anywhere_are_refused_or_read_but_never_a_foreign_error(
    tmp_path: Path,
) -> None:
    random = np.random.default_rng(7)
    whole = write_foreign(
        tmp_path / "a.exr", random_half(40, 30, 3), "half", attributes=[("owner", "us")]
    ).read_bytes()
    damaged = tmp_path / "b.exr"
    for attempt in range(200):
        content = bytearray(whole)
        reach = 500 if attempt % 2 else len(content)
        for place in random.integers(0, reach, 3):
            content[place] = random.integers(0, 256)
        damaged.write_bytes(content)
        with contextlib.suppress(MatteboxError):
            read_frame(damaged)
        with contextlib.suppress(MatteboxError):
            read_header(damaged)


def test_what_is_left_of_an_exr_without_its_header_is_nobodys(tmp_path: Path) -> None:
    whole = write_foreign(tmp_path / "a.exr", np.zeros((8, 8, 3), np.float32), "half")
    content = whole.read_bytes()
    assert not is_broken_exr(whole)
    for length in (0, 2, 4, 9, 100, 200):
        (tmp_path / "b.exr").write_bytes(content[:length])
        assert is_broken_exr(tmp_path / "b.exr"), length
    for other in (b"v", b"vi", b"somebody's notes", b"\x89PNG\r\n"):
        (tmp_path / "b.exr").write_bytes(other)
        assert is_broken_exr(tmp_path / "b.exr") == (other == b"v"), other
    assert not is_broken_exr(tmp_path / "none.exr")
    assert not is_broken_exr(tmp_path)
