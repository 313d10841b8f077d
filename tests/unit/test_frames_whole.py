"""Frames are written whole or not at all, and what reads back otherwise is never put in place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.frames import frame_of, names_in, noise

from mattebox import whole_files
from mattebox.errors import WriteError
from mattebox.frames import (
    read_frame,
    remove_abandoned,
    write_frame,
    writing,
)
from mattebox.images import Window
from mattebox.sequences import sequences_in


def test_a_frame_replaces_the_earlier_one_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "s.0001.exr"
    for value in (1, 2):
        write_frame(path, frame_of(np.full((4, 4, 3), value, np.float16)))
    assert (read_frame(path).pixels == 2).all()
    assert names_in(tmp_path) == ["s.0001.exr"]


def test_the_longest_name_a_disk_takes_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 120 + ".exr")
    write_frame(path, frame_of(noise(2, 2, 3)))
    assert read_frame(path).pixels.shape == (2, 2, 3)


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("gone/a.exr", "No such file or directory"),
        ("file/a.exr", "Not a directory"),
        ("folder", ""),
    ],
)
def test_a_place_that_cannot_be_written_is_named_with_the_reason(
    where: str, reason: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    with pytest.raises(WriteError, match="could not be written") as caught:
        write_frame(tmp_path / where, frame_of(noise(2, 2, 3)))
    assert caught.value.exit_code == 74
    assert caught.value.path == tmp_path / where
    assert reason in caught.value.message
    assert names_in(tmp_path) == ["file", "folder"]


@pytest.mark.skipif(
    hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere; others run it"
)
def test_a_folder_without_permission_is_named_with_the_reason(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(WriteError, match="Permission denied"):
            write_frame(tmp_path / "a.exr", frame_of(noise(2, 2, 3)))
    finally:
        tmp_path.chmod(0o755)


FULL_DISK = """
import resource, sys, pathlib, numpy as np
from mattebox.errors import WriteError
from mattebox.frames import write_frame
from mattebox.images import Frame, Window
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
pixels = np.random.default_rng(1).normal(size=(200, 200, 3)).astype(np.float32)
window = Window(0, 0, 200, 200)
try:
    write_frame(pathlib.Path(sys.argv[1]), Frame(pixels, ("R", "G", "B"), window, window))
except WriteError as error:
    print(error.exit_code, error.message)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX; Linux runs it")
def test_a_full_disk_keeps_the_earlier_frame_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "s.0001.exr"
    write_frame(path, frame_of(np.ones((4, 4, 3), np.float16)))
    before = path.read_bytes()
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("74 "), done
    assert "File too large" in done.stdout
    assert path.read_bytes() == before
    assert names_in(tmp_path) == ["s.0001.exr"]


KILLED = """
import os, signal, sys, pathlib, numpy as np
from mattebox import whole_files
from mattebox.frames import write_frame
from mattebox.images import Frame, Window
whole_files.flush = lambda path: os.kill(os.getpid(), signal.SIGKILL)
window = Window(0, 0, 8, 8)
frame = Frame(np.ones((8, 8, 3), np.float32), ("R", "G", "B"), window, window)
write_frame(pathlib.Path(sys.argv[1]), frame)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX; Linux runs it")
def test_a_killed_writer_leaves_no_frame_only_a_hidden_file(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path / "s.0001.exr")]
    done = subprocess.run(command, check=False)
    assert done.returncode == -9
    (left,) = names_in(tmp_path)
    assert left.startswith(".")
    assert left.endswith(".tmp.exr")
    assert sequences_in(tmp_path) == ()


def spoil_pixels(path: Path) -> None:
    pixels = np.zeros((40, 40, 3), np.float16)
    write_frame(path.with_name("other.exr"), frame_of(pixels))
    path.with_name("other.exr").replace(path)


def spoil_windows(path: Path) -> None:
    pixels, window = np.ones((40, 40, 3), np.float16), Window(1, 0, 40, 40)
    write_frame(path.with_name("other.exr"), frame_of(pixels, data_window=window))
    path.with_name("other.exr").replace(path)


def spoil_attributes(path: Path) -> None:
    write_frame(path.with_name("other.exr"), frame_of(np.ones((40, 40, 3), np.float16)))
    path.with_name("other.exr").replace(path)


def spoil_bytes(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("spoil", [spoil_pixels, spoil_windows, spoil_attributes, spoil_bytes])
def test_what_reads_back_otherwise_is_not_put_in_place(
    spoil: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole = writing._write_whole

    def write_and_spoil(temporary: Path, *rest: Any) -> None:
        write_whole(temporary, *rest)
        monkeypatch.setattr(writing, "_write_whole", write_whole)
        spoil(temporary)

    monkeypatch.setattr(writing, "_write_whole", write_and_spoil)
    frame = frame_of(np.ones((40, 40, 3), np.float16), attributes={"mattebox/job": "abc"})
    with pytest.raises(WriteError, match="read back"):
        write_frame(tmp_path / "a.exr", frame)
    assert names_in(tmp_path) == []


TALL = np.random.default_rng(5).normal(size=(700, 24, 5)).astype(np.float16)
"""More rows than are read back at a time, and channels that a file holds in another order."""


@pytest.mark.parametrize("at", [0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("compression", ["none", "rle", "zip", "zips", "piz"])
def test_one_flipped_bit_of_the_pixels_is_caught_wherever_it_lies(
    at: float, compression: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole = writing._write_whole

    def write_and_flip(temporary: Path, *rest: Any) -> None:
        write_whole(temporary, *rest)
        data = bytearray(temporary.read_bytes())
        data[int(at * len(data))] ^= 0x10
        temporary.write_bytes(data)

    monkeypatch.setattr(writing, "_write_whole", write_and_flip)
    frame = frame_of(TALL, ("R", "G", "B", "net.A", "fg.A"))
    with pytest.raises(WriteError, match="read back"):
        write_frame(tmp_path / "a.exr", frame, compression=compression)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_a_file_cut_short_is_caught_wherever_it_ends(
    share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole = writing._write_whole

    def write_and_cut(temporary: Path, *rest: Any) -> None:
        write_whole(temporary, *rest)
        data = temporary.read_bytes()
        temporary.write_bytes(data[: int(share * len(data))])

    monkeypatch.setattr(writing, "_write_whole", write_and_cut)
    with pytest.raises(WriteError, match="read back"):
        write_frame(tmp_path / "a.exr", frame_of(TALL, ("R", "G", "B", "net.A", "fg.A")))
    assert names_in(tmp_path) == []


def test_a_tall_frame_with_channels_in_any_order_is_read_back_right(tmp_path: Path) -> None:
    data, display = Window(-3, -650, 24, 700), Window(0, 0, 30, 60)
    frame = frame_of(
        TALL, ("R", "G", "B", "net.A", "fg.A"), data_window=data, display_window=display
    )
    write_frame(tmp_path / "a.exr", frame)
    stored = read_frame(tmp_path / "a.exr", layers=["net", "fg"])
    assert stored.data_window == data
    assert np.array_equal(stored.pixels.view(np.uint16), TALL.view(np.uint16))


def test_an_interrupt_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(whole_files, "flush", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_frame(tmp_path / "a.exr", frame_of(noise(4, 4, 3)))
    assert names_in(tmp_path) == []


def test_two_writers_of_one_frame_leave_one_whole_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    frames = [frame_of(np.full((64, 64, 3), value, np.float16)) for value in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda frame: write_frame(path, frame), frames))
    pixels = read_frame(path).pixels
    assert (pixels == pixels[0, 0, 0]).all()
    assert names_in(tmp_path) == ["a.exr"]


def test_what_a_killed_writer_left_goes_once_it_is_old(tmp_path: Path) -> None:
    old, fresh, foreign = (
        tmp_path / name
        for name in (".mattebox-1-aa.tmp.exr", ".mattebox-2-bb.tmp.exr", ".other.tmp.exr")
    )
    for path in (old, fresh, foreign):
        path.write_bytes(b"half")
    for path in (old, foreign):
        os.utime(path, (0, 0))
    assert remove_abandoned(tmp_path) == 1
    assert sorted(tmp_path.iterdir()) == [fresh, foreign]
    assert remove_abandoned(tmp_path / "nowhere") == 0
