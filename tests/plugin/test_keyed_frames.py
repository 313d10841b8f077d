"""A keyed frame by its header alone, held to what OpenImageIO and the core read."""

from __future__ import annotations

import os
import struct
import tempfile
from pathlib import Path
from typing import Literal

import numpy as np
import OpenImageIO as oiio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pictures import Pixels, write_exr, write_picture

from mattebox.frames import read_attributes_if_whole, write_frame, write_png
from mattebox.header_words import JOB as CORES_FINGERPRINT
from mattebox.images import Frame, Window
from mattebox.sequences import format_frames
from mattebox_plugin.keyed_frames import (
    FINGERPRINT,
    FrameStatus,
    Status,
    frame_status,
    in_words,
    read_header,
    runs,
)

JOB = "0123456789abcdef0123456789abcdef"
WIDTH, HEIGHT = 40, 70  # more than two blocks of 32 rows, and the last one is not full

EXR_COMPRESSIONS = (
    "none", "rle", "zips", "zip", "piz", "pxr24", "b44", "b44a", "dwaa", "dwab"
)  # fmt: skip


def noise(height: int = HEIGHT) -> Pixels:
    return np.random.default_rng(5).uniform(0.0, 2.0, (height, WIDTH, 4)).astype(np.float32)


def write_keyed(
    path: Path,
    *,
    compression: str = "zip",
    pixel_type: Literal["half", "float"] = "half",
    window: Window | None = None,
) -> Path:
    """A frame as the core writes it."""
    window = window or Window(0, 0, WIDTH, HEIGHT)
    frame = Frame(
        noise(window.height),
        ("R", "G", "B", "A"),
        data_window=window,
        display_window=window,
        attributes={FINGERPRINT: JOB, "mattebox/engine": "screen"},
    )
    write_frame(path, frame, compression=compression, pixel_type=pixel_type)
    return path


@pytest.fixture
def keyed(tmp_path: Path) -> Path:
    return write_keyed(tmp_path / "shot.1001.exr")


def status(path: Path, fingerprint: str | None = JOB, inputs: tuple[Path, ...] = ()) -> Status:
    return frame_status(1001, path, fingerprint, inputs).status


def cut(whole: Path, size: int) -> Path:
    """A copy of a file's first bytes."""
    target = whole.with_name("cut.exr")
    target.write_bytes(whole.read_bytes()[:size])
    return target


def test_the_attribute_is_the_cores() -> None:
    assert FINGERPRINT == CORES_FINGERPRINT


@pytest.mark.parametrize("pixel_type", ["half", "float"])
@pytest.mark.parametrize("compression", ["none", "rle", "zip", "zips", "piz"])
def test_frames_of_the_core_are_current(
    compression: str, pixel_type: Literal["half", "float"], tmp_path: Path
) -> None:
    path = write_keyed(tmp_path / "a.exr", compression=compression, pixel_type=pixel_type)
    assert frame_status(7, path, JOB) == FrameStatus(7, Status.CURRENT)
    assert read_header(path).attributes[FINGERPRINT] == JOB.encode()


@pytest.mark.parametrize("pixel_type", ["half", "float"])
@pytest.mark.parametrize("compression", EXR_COMPRESSIONS)
def test_every_compression_is_whole_with_its_last_byte_and_not_without(
    compression: str, pixel_type: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.exr"
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 4, pixel_type)
    spec.channelnames = ("R", "G", "B", "A")
    spec.attribute("compression", compression)
    spec.attribute(FINGERPRINT, JOB)
    write_picture(path, spec, noise())
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None
    assert str(opened.spec().getattribute("compression")).startswith(compression)
    assert status(path) is Status.CURRENT
    assert status(cut(path, path.stat().st_size - 1)) is Status.CUT_SHORT


@pytest.mark.parametrize("height", [1, 15, 16, 17, 32])
def test_any_number_of_rows_is_whole(height: int, tmp_path: Path) -> None:
    path = write_keyed(tmp_path / "a.exr", window=Window(-8, -3, WIDTH, height))
    assert status(path) is Status.CURRENT
    assert status(cut(path, path.stat().st_size - 1)) is Status.CUT_SHORT


@pytest.mark.parametrize("share", [0.0005, 0.02, 0.06, 0.3, 0.5, 0.9, 0.999])
def test_a_frame_is_cut_short_wherever_it_ends(share: float, keyed: Path) -> None:
    short = cut(keyed, int(keyed.stat().st_size * share))
    found = frame_status(3, short, JOB)
    assert (found.frame, found.status) == (3, Status.CUT_SHORT)
    assert str(short) in found.detail


@pytest.mark.parametrize("compression", ["none", "zip", "piz"])
def test_cuts_are_seen_as_the_core_sees_them(compression: str, tmp_path: Path) -> None:
    whole = write_keyed(tmp_path / "a.exr", compression=compression)
    size = whole.stat().st_size
    random = np.random.default_rng(11)
    sizes = [*random.integers(0, size, 60).tolist(), *range(size - 12, size + 1)]
    for length in sizes:
        short = cut(whole, length)
        try:
            ours = read_header(short).is_whole
        except ValueError:
            ours = False
        assert ours == (read_attributes_if_whole(short) is not None), length


def test_a_hole_where_a_block_should_be_named_is_a_cut(keyed: Path) -> None:
    data = bytearray(keyed.read_bytes())
    blocks = -(-HEIGHT // 16)
    # The first block begins where its table ends.
    table = next(
        place
        for place in range(len(data))
        if data[place : place + 8] == struct.pack("<Q", place + 8 * blocks)
    )
    data[table + 8 : table + 16] = bytes(8)  # a writer that died leaves zeros there
    keyed.write_bytes(data)
    assert status(keyed) is Status.CUT_SHORT


def test_a_frame_that_is_not_there_is_missing(tmp_path: Path) -> None:
    found = frame_status(9, tmp_path / "none.exr", JOB)
    assert found == FrameStatus(9, Status.MISSING, f"{tmp_path / 'none.exr'} is not there")


def test_an_exr_of_somebody_else_is_stale(tmp_path: Path) -> None:
    path = write_exr(tmp_path / "a.exr", noise()[..., :3])
    found = frame_status(1, path, JOB)
    assert found.status is Status.STALE
    assert "not written by Mattebox" in found.detail


@pytest.mark.parametrize("fingerprint", [None, "f" * 32, JOB[:-1], JOB.upper()])
def test_another_fingerprint_or_none_is_stale(fingerprint: str | None, keyed: Path) -> None:
    found = frame_status(1, keyed, fingerprint)
    assert found.status is Status.STALE
    assert "other settings" in found.detail


def test_a_picture_of_another_kind_and_an_empty_file_cannot_be_read(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))
    png = (tmp_path / "a.png").rename(tmp_path / "a.exr")
    (tmp_path / "empty.exr").write_bytes(b"")
    for path in (png, tmp_path / "empty.exr"):
        found = frame_status(1, path, JOB)
        assert found.status is Status.CUT_SHORT
        assert "not an OpenEXR file" in found.detail
    assert status(tmp_path) is Status.CUT_SHORT  # a folder of that name


def test_tiles_parts_and_depth_are_not_ours_and_say_so(tmp_path: Path) -> None:
    tiled, deep, parts = (tmp_path / f"{name}.exr" for name in ("tiled", "deep", "parts"))
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 4, "half")
    spec.tile_width = spec.tile_height = 16
    output = oiio.ImageOutput.create(str(tiled))
    assert output is not None
    assert output.open(str(tiled), spec)
    assert output.write_image(noise())
    output.close()
    flat = oiio.ImageBuf(noise())
    assert oiio.ImageBufAlgo.deepen(flat).write(str(deep))
    two = [oiio.ImageSpec(WIDTH, HEIGHT, 4, "half") for _ in range(2)]
    for number, one in enumerate(two):
        one.attribute("oiio:subimagename", f"part{number}")
    output = oiio.ImageOutput.create(str(parts))
    assert output is not None
    assert output.open(str(parts), tuple(two))
    assert output.write_image(noise())
    assert output.open(str(parts), two[1], "AppendSubimage")
    assert output.write_image(noise())
    output.close()
    for path, said in ((tiled, "tiled"), (deep, "deep|multi-part"), (parts, "multi-part")):
        with pytest.raises(ValueError, match=said):
            read_header(path)
        assert status(path) is Status.CUT_SHORT


def test_a_damaged_header_is_an_answer_and_takes_no_memory(keyed: Path) -> None:
    data = bytearray(keyed.read_bytes())
    window = data.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    data[window : window + 16] = struct.pack("<4i", 0, -(2**31), 9, 2**31 - 1)
    keyed.write_bytes(data)
    assert status(keyed) is Status.CUT_SHORT
    data[window : window + 16] = struct.pack("<4i", 0, 9, 9, 0)
    keyed.write_bytes(data)
    assert "without rows" in frame_status(1, keyed, JOB).detail
    place = data.index(b"compression\0compression\0") + len(b"compression\0compression\0") + 4
    data[place] = 77
    keyed.write_bytes(data)
    assert "no usable header" in frame_status(1, keyed, JOB).detail


@given(st.binary(max_size=120))
def test_no_bytes_behind_the_magic_number_are_too_odd(tail: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.exr"
        path.write_bytes(b"\x76\x2f\x31\x01\x02\0\0\0" + tail)
        assert status(path) is Status.CUT_SHORT


def test_a_newer_input_makes_a_frame_stale_and_an_absent_one_does_not(
    keyed: Path, tmp_path: Path
) -> None:
    plate, absent = tmp_path / "plate.exr", tmp_path / "absent.exr"
    plate.write_bytes(b"")
    written = keyed.stat().st_mtime_ns
    os.utime(plate, ns=(written, written))
    assert status(keyed, inputs=(absent, plate)) is Status.CURRENT
    os.utime(plate, ns=(written, written + 10**9))
    found = frame_status(1, keyed, JOB, (absent, plate))
    assert found.status is Status.STALE
    assert found.detail == f"{plate} is newer than its key"


def test_what_is_wrong_is_told_by_kind_in_runs_of_frames() -> None:
    statuses = [
        FrameStatus(1001, Status.CURRENT),
        FrameStatus(1003, Status.MISSING),
        FrameStatus(1020, Status.STALE),
        *(FrameStatus(frame, Status.MISSING) for frame in (1009, 1007, 1008)),
        FrameStatus(1030, Status.CUT_SHORT),
    ]
    assert in_words(statuses) == "missing 1003,1007-1009; stale 1020; cut short 1030"
    assert in_words([FrameStatus(1, Status.CURRENT)]) == in_words([]) == ""


@given(st.sets(st.integers(-30, 30)))
def test_runs_are_the_cores_words(frames: set[int]) -> None:
    assert runs(frames) == format_frames(frames)
