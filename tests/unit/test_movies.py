"""Movies as plates: which frames there are, that each is the same wherever reading begins, and
that codes become the light they mean."""

from __future__ import annotations

import random
import struct
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.movies import (
    LOSSLESS,
    MOVING,
    needs_ffmpeg,
    reader_of,
    run_ffmpeg,
    write_movie,
)

from mattebox.errors import MissingFramesError, UnknownNameError, UnreadableError, UsageError
from mattebox.frames import Clip
from mattebox.frames.movie_colour import stretched
from mattebox.job import Job
from mattebox.sequences import find_sequence
from mattebox.sequences.movie import Timecode
from mattebox.shot import Shot

ENCODINGS = {
    "b_frames.mp4": "-c:v libx264 -bf 3 -g 12 -pix_fmt yuv420p",
    "open_groups.mkv": "-c:v libx264 -x264-params open-gop=1:keyint=12:bframes=5 -pix_fmt yuv420p",
    "refreshed.mp4": "-c:v libx264 -x264-params intra-refresh=1:keyint=12 -pix_fmt yuv420p",
    "ten_bits.mp4": "-c:v libx265 -x265-params log-level=none:keyint=12 -pix_fmt yuv420p10le",
    "alpha.mov": "-c:v prores_ks -profile:v 4444 -pix_fmt yuva444p10le",
    "vp9.webm": "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 12",
    "counted.avi": "-c:v mpeg4 -bf 2 -g 12",
    "counted.mpg": "-c:v mpeg2video -bf 2 -g 12",
    "stream.mts": "-c:v libx264 -bf 3 -g 12 -pix_fmt yuv420p",
    "operational.mxf": "-c:v mpeg2video -bf 2 -g 12",
}


@pytest.mark.slow
@needs_ffmpeg
@pytest.mark.parametrize("name", ENCODINGS)
def test_a_frame_is_the_same_wherever_reading_begins(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    run_ffmpeg(*MOVING, *ENCODINGS[name].split(), path)
    whole = reader_of(path)
    row = [whole.read(place).pixels for place in range(48)]
    assert len({one.tobytes() for one in row}) == 48
    for place in (47, 0, *random.Random(1).sample(range(48), 5)):
        alone = reader_of(path)
        np.testing.assert_array_equal(alone.read(place).pixels, row[place])
        alone.close()
        np.testing.assert_array_equal(whole.read(place).pixels, row[place])  # back and forth
    whole.close()


@needs_ffmpeg
def test_readers_beside_each_other_get_their_own_frames(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    run_ffmpeg(*MOVING, *ENCODINGS["b_frames.mp4"].split(), path)
    reader = reader_of(path)
    row = [reader.read(place).pixels for place in range(48)]
    with ThreadPoolExecutor(2) as pool:
        beside = list(pool.map(lambda place: reader.read(place).pixels, range(48)))
    reader.close()
    for one, other in zip(row, beside, strict=True):
        np.testing.assert_array_equal(one, other)


@needs_ffmpeg
def test_no_ffmpeg_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mp4"
    run_ffmpeg(*MOVING, *ENCODINGS["b_frames.mp4"].split(), path)
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            if "rawvideo" in self.args:  # type: ignore[operator]  # what decodes
                started.append(self)

    monkeypatch.setattr("mattebox.ffmpeg.subprocess.Popen", Recorded)
    closed, forgotten = reader_of(path), reader_of(path)
    for place in (3, 40, 5):  # each a start of its own
        closed.read(place)
    closed.close()
    forgotten.read(7)
    del forgotten
    assert len(started) == 4
    assert all(process.returncode is not None for process in started)


CODES = np.array([[[16, 128, 128], [235, 128, 128], [126, 90, 160], [60, 200, 40]]], np.uint16)
"""1x4 pixels of Y, Cb and Cr in 8 bits: black, white and two colours within the gamut."""


def rgb_of(codes: np.ndarray, red: float, blue: float, span: tuple[float, ...]) -> np.ndarray:
    """ITU-T H.273, equations 8-17 and on: RGB of Y, Cb, Cr codes; span is black, luma, chroma."""
    black, luma_swing, middle, chroma_swing = span
    luma = (codes[..., 0] - black) / luma_swing
    cb, cr = ((codes[..., at] - middle) / chroma_swing for at in (1, 2))
    r, b = luma + 2 * (1 - red) * cr, luma + 2 * (1 - blue) * cb
    return np.stack([r, (luma - red * r - blue * b) / (1 - red - blue), b], axis=-1)


MATRICES = {
    "bt709": (0.2126, 0.0722),
    "smpte170m": (0.299, 0.114),
    "bt2020nc": (0.2627, 0.0593),
}


@needs_ffmpeg
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("span", ["tv", "pc"])
@pytest.mark.parametrize("matrix", MATRICES)
def test_codes_become_rgb_by_matrix_and_range_at_full_depth(
    bits: int, span: str, matrix: str, tmp_path: Path
) -> None:
    unit = 2 ** (bits - 8)
    codes = CODES * unit + (unit // 2)  # a code that 8 bits do not have
    planes = np.moveaxis(np.repeat(codes, 2, axis=0), 2, 0)[None]
    stored = planes.astype("u1" if bits == 8 else "<u2")
    depth = "" if bits == 8 else f"{bits}le"
    path = write_movie(
        tmp_path / "codes.mkv", stored, f"yuv444p{depth}", *LOSSLESS,
        "-colorspace", matrix, "-color_range", span, size=(4, 2),
    )  # fmt: skip
    limits = (16 * unit, 219 * unit, 128 * unit, 224 * unit)
    if span == "pc":
        limits = (0, 2**bits - 1, 128 * unit, 2**bits - 1)
    expected = rgb_of(codes.astype(np.float64), *MATRICES[matrix], limits)
    read = reader_of(path).read(0)
    np.testing.assert_allclose(read.pixels[:1], expected.clip(0.0), rtol=0, atol=3e-7)
    assert read.attributes["CICP"][2:] == ({"bt709": 1, "smpte170m": 6, "bt2020nc": 9}[matrix],
                                           int(span == "pc"))  # fmt: skip


@needs_ffmpeg
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_rgb_comes_code_by_code(bits: int, tmp_path: Path) -> None:
    codes = np.arange(2 * 4 * 3).reshape(1, 3, 2, 4) * (2**bits // 24) + 1
    stored = codes.astype("u1" if bits == 8 else "<u2")
    kind = "gbrp" if bits == 8 else f"gbrp{bits}le"
    path = write_movie(tmp_path / "rgb.mkv", stored, kind, *LOSSLESS, size=(4, 2))
    green, blue, red = codes[0]
    expected = (np.stack([red, green, blue], axis=-1) / (2**bits - 1)).astype(np.float32)
    read = reader_of(path)
    np.testing.assert_allclose(read.read(0).pixels, expected, rtol=1e-7)
    assert read.header.main.bits == bits


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "kind", "dtype", "encoding"),
    [
        ("interleaved.mov", "rgb48le", "<u2", "-c:v png"),
        ("packed.mov", "rgb24", "u1", "-c:v rawvideo"),
        ("reversed.avi", "bgr24", "u1", "-c:v rawvideo"),
    ],
)
def test_interleaved_rgb_is_only_moved(
    name: str, kind: str, dtype: str, encoding: str, tmp_path: Path
) -> None:
    codes = np.random.default_rng(3).integers(0, np.iinfo(dtype).max, (1, 4, 8, 3)).astype(dtype)
    path = write_movie(tmp_path / name, codes, kind, *encoding.split(), "-pix_fmt",
                       {"rgb48le": "rgb48be"}.get(kind, kind))  # fmt: skip
    shown = codes[0, ..., ::-1] if kind == "bgr24" else codes[0]
    expected = shown.astype(np.float32) / np.float32(np.iinfo(dtype).max)
    np.testing.assert_array_equal(reader_of(path).read(0).pixels, expected)


@needs_ffmpeg
def test_packed_yuv_is_only_moved(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    luma, cb, cr = (rng.integers(40, 200, (4, width), np.uint8) for width in (8, 4, 4))
    packed = np.stack([cb, luma[:, ::2], cr, luma[:, 1::2]], axis=-1)[None]
    planar = np.concatenate([luma.ravel(), cb.ravel(), cr.ravel()])
    moved = write_movie(tmp_path / "packed.mov", packed, "uyvy422", "-c:v", "rawvideo", size=(8, 4))
    plain = write_movie(tmp_path / "plain.mkv", planar, "yuv422p", *LOSSLESS, size=(8, 4))
    assert find_sequence(str(moved)).movie.pixel_format.name == "uyvy422"  # type: ignore[union-attr]
    one, other = reader_of(moved).read(0), reader_of(plain).read(0)
    np.testing.assert_array_equal(one.pixels, other.pixels)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("size", "matrix"),
    [
        ((720, 576), 6),
        ((720, 486), 6),
        ((640, 480), 6),
        ((352, 288), 6),
        ((1280, 720), 1),
        ((1920, 1080), 1),
        ((854, 480), 1),
        ((128, 72), 1),
    ],
)
def test_an_untagged_matrix_goes_by_size_and_is_said(
    size: tuple[int, int], matrix: int, tmp_path: Path
) -> None:
    grey = np.full(size[0] * size[1] * 3 // 2, 126, np.uint8)
    path = write_movie(tmp_path / "untagged.mkv", grey, "yuv420p", *LOSSLESS, size=size)
    clip = Clip(find_sequence(str(path)))
    assert clip.header.attributes["CICP"] == (2, 2, matrix, 0)
    named = {1: "BT.709", 6: "BT.601"}[matrix]
    assert any(f"does not say its YUV matrix: {named} is taken" in said for said in clip.remarks)


@needs_ffmpeg
def test_untagged_hd_that_was_scaled_down_keeps_its_green(shared: Path) -> None:
    clip = Clip(find_sequence(str(shared / "bugs/movie_advice_bt601/hd709_untagged.mp4")))
    assert clip.read(1).pixels[30, 30, 1] * 255 == pytest.approx(170, abs=0.5)


@needs_ffmpeg
def test_interlaced_movies_are_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "fields.mkv"
    fields = ("-vf", "setfield=tff", "-c:v", "mpeg2video", "-flags", "+ilme+ildct")
    run_ffmpeg(*MOVING, "-frames:v", 4, *fields, path)
    remarks = Clip(find_sequence(str(path))).remarks
    assert any("is interlaced" in said and "bwdif" in said for said in remarks)


def test_chroma_is_stretched_by_lines_through_where_its_samples_lie() -> None:
    row = np.array([[0.0, 4.0, 8.0]], np.float32)
    first = stretched(row, (1, 6), (False, False))
    np.testing.assert_array_equal(first, [[0, 2, 4, 6, 8, 8]])
    between = stretched(row, (1, 6), (True, False))
    np.testing.assert_array_equal(between, [[0, 1, 3, 5, 7, 8]])
    odd = stretched(row.T.copy(), (5, 1), (False, True))
    np.testing.assert_array_equal(odd[:, 0], [0, 1, 3, 5, 7])


@needs_ffmpeg
@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_movie_is_turned_as_ffmpeg_turns_it_and_said(degrees: int, tmp_path: Path) -> None:
    plain, turned, upright = (tmp_path / name for name in ("plain.mp4", "turned.mp4", "up.mkv"))
    run_ffmpeg(*MOVING, "-frames:v", 3, "-c:v", "libx264", "-pix_fmt", "yuv444p", plain)
    run_ffmpeg("-i", plain, "-c", "copy", "-metadata:s:v:0", f"rotate={degrees}", turned)
    if find_sequence(str(turned)).movie.orientation == 1:  # type: ignore[union-attr]  # ffmpeg 6 and on
        run_ffmpeg("-display_rotation:v:0", degrees, "-i", plain, "-c", "copy", turned)
    run_ffmpeg("-i", turned, *LOSSLESS, upright)
    clip, truth = Clip(find_sequence(str(turned))), reader_of(upright)
    turned_by_us = clip.read(2).pixels
    np.testing.assert_array_equal(turned_by_us, truth.read(1).pixels)
    window = clip.header.display_window
    assert (window.height, window.width) == turned_by_us.shape[:2]
    assert any("is turned upright, as its display matrix says" in said for said in clip.remarks)


DISPLAY: dict[tuple[float, ...], Callable[[np.ndarray], np.ndarray]] = {
    # The matrix a, b, c, d of a movie's track, and what it makes of a picture.
    (-1, 0, 0, 1): lambda p: p[:, ::-1],
    (1, 0, 0, -1): lambda p: p[::-1],
    (0, 1, 1, 0): lambda p: p.swapaxes(0, 1),
    (0, 1, -1, 0): lambda p: np.rot90(p, -1),
    (0, -1, -1, 0): lambda p: np.rot90(p, 2).swapaxes(0, 1),
}


@needs_ffmpeg
@pytest.mark.parametrize("matrix", [*DISPLAY, (0.7, 0.7, -0.7, 0.7)])
def test_a_mirrored_movie_is_mirrored_and_another_angle_refused(
    matrix: tuple[float, ...], tmp_path: Path
) -> None:
    plain, turned = tmp_path / "plain.mp4", tmp_path / "turned.mp4"
    run_ffmpeg(*MOVING, "-frames:v", 1, "-c:v", "libx264", "-pix_fmt", "yuv444p", plain)

    def words(a: float, b: float, c: float, d: float) -> bytes:
        rows = (a * 65536, b * 65536, 0, c * 65536, d * 65536, 0, 0, 0, 1 << 30)
        return struct.pack(">9i", *map(round, rows))

    content = plain.read_bytes()
    track = content.index(b"tkhd")
    head, tail = content[:track], content[track:]
    turned.write_bytes(head + tail.replace(words(1, 0, 0, 1), words(*matrix), 1))
    if matrix not in DISPLAY:
        with pytest.raises(UnreadableError, match=r"asks to be turned by -?45 degrees"):
            find_sequence(str(turned))
        return
    upright = DISPLAY[matrix](reader_of(plain).read(0).pixels)
    np.testing.assert_array_equal(reader_of(turned).read(0).pixels, upright)


@needs_ffmpeg
def test_uneven_frames_are_numbered_as_they_follow_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "uneven.mkv"
    shift = ("-vf", "setpts=if(lt(N\\,4)\\,N\\,2*N)/24/TB", "-fps_mode", "passthrough")
    run_ffmpeg(*MOVING, "-frames:v", 8, *shift, *LOSSLESS, path)
    sequence = find_sequence(str(path))
    assert sequence.frames == tuple(range(1, 9))
    assert any("no constant frame rate" in said for said in Clip(sequence).remarks)
    row = [reader_of(path).read(place).pixels for place in range(8)]
    assert len({one.tobytes() for one in row}) == 8


@needs_ffmpeg
@pytest.mark.parametrize("name", ["cut.mp4", "cut.mkv", "cut.mxf"])
def test_a_movie_that_is_cut_short_says_which_frames_are_missing(name: str, tmp_path: Path) -> None:
    whole, path = tmp_path / f"whole{name[3:]}", tmp_path / name
    kind = "operational.mxf" if name.endswith("mxf") else "b_frames.mp4"
    faststart = ("-movflags", "+faststart") if name.endswith("mp4") else ()
    run_ffmpeg(*MOVING, *ENCODINGS[kind].split(), *faststart, whole)
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    sequence = find_sequence(str(path))
    assert sequence.frames[0] == 1
    assert 8 < len(sequence.frames) < 40
    assert {*sequence.frames} | {*sequence.missing} == {*range(1, 49)}
    truth, clip = reader_of(whole), Clip(sequence)
    for number in sequence.frames:
        np.testing.assert_array_equal(clip.read(number).pixels, truth.read(number - 1).pixels)
    assert any("is cut short" in said for said in clip.remarks)
    with pytest.raises(UnreadableError, match=f"has no frame {sequence.missing[-1]} of 48"):
        clip.read(sequence.missing[-1])


@needs_ffmpeg
def test_damage_is_an_error_and_not_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "damaged.mp4"
    run_ffmpeg(*MOVING, "-c:v", "libx264", "-bf", 2, "-g", 12, "-crf", 10, path)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = np.random.default_rng(1).bytes(400)
    path.write_bytes(content)
    clip = Clip(find_sequence(str(path)))
    clip.read(1)

    def read_all() -> None:
        for number in range(2, 49):
            clip.read(number)

    with pytest.raises(UnreadableError, match=r"frame \d+ of 48.* cannot be decoded") as caught:
        read_all()
    assert "copy the file again" in str(caught.value.next_step)


@needs_ffmpeg
@pytest.mark.parametrize("size", [0, 100])
def test_what_is_no_movie_is_refused(size: int, tmp_path: Path) -> None:
    path = tmp_path / "none.mov"
    path.write_bytes(bytes(size))
    with pytest.raises(UnreadableError, match=r"none\.mov is not a movie that can be read: \w"):
        find_sequence(str(path))


@needs_ffmpeg
def test_sound_alone_is_no_plate(tmp_path: Path) -> None:
    path = tmp_path / "sound.mov"
    run_ffmpeg("-f", "lavfi", "-i", "sine=duration=1", path)
    with pytest.raises(UnreadableError, match="holds no video"):
        find_sequence(str(path))


@needs_ffmpeg
def test_frames_are_numbered_from_one_or_by_timecode(tmp_path: Path) -> None:
    path = tmp_path / "clip.mov"
    run_ffmpeg(*MOVING, "-frames:v", 3, "-timecode", "01:00:00:05", "-c:v", "prores_ks", path)
    assert find_sequence(str(path)).frames == (1, 2, 3)
    sequence = find_sequence(str(path), timecode=True)
    assert sequence.frames == (86405, 86406, 86407)
    assert sequence.name(86406) == "clip.86406"
    last = Clip(sequence).read(86407)
    assert last.attributes["smpte:TimeCode"] == (0x01000007, 0)
    assert last.attributes["FramesPerSecond"] == (24, 1)
    bare = tmp_path / "bare.mkv"
    run_ffmpeg(*MOVING, "-frames:v", 3, *LOSSLESS, bare)
    with pytest.raises(UsageError, match=r"bare.mkv has no timecode"):
        find_sequence(str(bare), timecode=True)


@pytest.mark.parametrize(
    ("text", "rate", "count"),
    [
        ("01:00:00:00", Fraction(25), 90000),
        ("00:00:10:12", Fraction(24000, 1001), 252),
        ("00:00:59;29", Fraction(30000, 1001), 1799),
        ("00:01:00;02", Fraction(30000, 1001), 1800),
        ("00:10:00;00", Fraction(30000, 1001), 17982),
        ("01:00:00;00", Fraction(30000, 1001), 107892),
        ("00:01:00;04", Fraction(60000, 1001), 3600),
    ],
)
def test_timecodes_count_frames_and_back(text: str, rate: Fraction, count: int) -> None:
    timecode = Timecode.parsed(text)
    assert timecode.count(rate) == count
    assert Timecode.of_count(count, rate, drops=timecode.drops) == timecode
    assert Timecode.of_packed(timecode.packed) == timecode
    assert str(timecode) == text


@needs_ffmpeg
def test_a_movie_has_no_layers_and_only_its_own_channels(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    run_ffmpeg(*MOVING, "-frames:v", 2, *LOSSLESS, path)
    clip = Clip(find_sequence(str(path)))
    with pytest.raises(UsageError, match=r"--layers depth is asked for, and .* is a movie"):
        clip.read_passed(1, ["depth"], clip.header.display_window)
    with pytest.raises(UnknownNameError, match="no channel 'Z'"):
        clip.read_matte(1, "Z")
    np.testing.assert_array_equal(
        clip.read_matte(1, "G").pixels[..., 0], clip.read(1).pixels[..., 1]
    )


@needs_ffmpeg
def test_digests_tell_frames_and_files_apart_and_stay(tmp_path: Path) -> None:
    path, copy = tmp_path / "clip.mkv", tmp_path / "elsewhere.mkv"
    run_ffmpeg(*MOVING, "-frames:v", 4, *LOSSLESS, path)
    copy.write_bytes(path.read_bytes())

    def shot(name: Path) -> Shot:
        return Shot.open(
            Job.checked({"plate": str(name), "output": "out", "settings": {"screen": "auto"}})
        )

    digests = [shot(path).digest(frame) for frame in (1, 2, 3, 4)]
    assert len(set(digests)) == 4
    assert [shot(copy).digest(frame) for frame in (1, 2, 3, 4)] == digests
    run_ffmpeg(*MOVING, "-vf", "negate", "-frames:v", 4, *LOSSLESS, path)
    assert shot(path).digest(1) != digests[0]


@needs_ffmpeg
def test_a_folder_of_movies_asks_for_one(tmp_path: Path) -> None:
    (tmp_path / "clip.mov").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"holds no pictures but movies: clip\.mov"):
        find_sequence(str(tmp_path))
    with pytest.raises(MissingFramesError, match="there is no file"):
        find_sequence(str(tmp_path / "other.mov"))


def test_without_ffmpeg_the_advice_says_the_matrix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "clip.mov").write_bytes(b"x")
    with pytest.raises(UsageError, match="ffmpeg, which reads movies, is not on the PATH") as told:
        find_sequence(str(tmp_path / "clip.mov"))
    assert "-vf scale=in_color_matrix=bt709" in str(told.value.next_step)


def test_an_ffmpeg_that_is_too_old_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ffmpeg", "ffprobe"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{name} version 4.4.2-0ubuntu0 Copyright'\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (tmp_path / "clip.mov").write_bytes(b"x")
    with pytest.raises(UsageError, match=r"is ffmpeg 4\.4"):
        find_sequence(str(tmp_path / "clip.mov"))
