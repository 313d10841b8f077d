"""What a written frame holds: values, layers, windows and attributes, the same bytes every time."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from numpy.typing import NDArray
from tests.support.foreign_files import write_foreign
from tests.support.frames import frame_of, names_in, noise

from mattebox.errors import MatteboxError, UnknownNameError
from mattebox.frames import (
    carried_attributes,
    read_attributes_only,
    read_frame,
    read_header,
    write_frame,
    write_png,
)
from mattebox.frames.exr_header import mark_uint
from mattebox.images import Frame, PassedChannel, Window

# Values


def test_half_pixels_come_back_bit_for_bit(tmp_path: Path) -> None:
    every_finite_half = np.arange(2**16, dtype=np.uint16).view(np.float16)
    every_finite_half = every_finite_half[np.isfinite(every_finite_half)]
    pixels = np.resize(every_finite_half, (128, 166, 3))
    done = write_frame(tmp_path / "a.exr", frame_of(pixels))
    stored = read_frame(tmp_path / "a.exr").pixels
    assert np.array_equal(stored.view(np.uint16), pixels.view(np.uint16))
    assert done.clamped == 0
    assert done.size == (tmp_path / "a.exr").stat().st_size


def test_float32_is_rounded_once_to_half(tmp_path: Path) -> None:
    pixels = noise(8, 9, 3)
    write_frame(tmp_path / "a.exr", frame_of(pixels))
    assert np.array_equal(read_frame(tmp_path / "a.exr").pixels, pixels.astype(np.float16))


def test_float_is_kept_on_request_and_not_clamped(tmp_path: Path) -> None:
    pixels = noise(8, 9, 3) * 1e6
    done = write_frame(tmp_path / "a.exr", frame_of(pixels), pixel_type="float")
    assert np.array_equal(read_frame(tmp_path / "a.exr").pixels, pixels)
    assert done.clamped == 0


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_values_beyond_half_are_clamped_and_counted(kind: type[Any], tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 3), kind)
    pixels[0, 0] = [np.inf, -np.inf, 65504]
    if kind is np.float32:
        pixels[1, 1] = [70000, -1e30, 65505]
    given = pixels.copy()
    done = write_frame(tmp_path / "a.exr", frame_of(pixels))
    stored = read_frame(tmp_path / "a.exr").pixels
    assert stored[0, 0].tolist() == [65504, -65504, 65504]
    assert done.clamped == (5 if kind is np.float32 else 2)
    assert np.array_equal(pixels, given)  # the caller's array is left alone


@pytest.mark.parametrize(("bad", "kind"), [(np.nan, "half"), (np.nan, "float"), (np.inf, "float")])
def test_nan_is_never_written(bad: float, kind: Any, tmp_path: Path) -> None:
    pixels = noise(4, 4, 3)
    pixels[1, 2, 0] = bad
    with pytest.raises(MatteboxError, match="1 values are NaN or Inf") as caught:
        write_frame(tmp_path / "a.exr", frame_of(pixels), pixel_type=kind)
    assert caught.value.exit_code == 70
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("compression", ["none", "rle", "zip", "zips", "piz"])
def test_lossless_compressions_keep_the_bits(compression: str, tmp_path: Path) -> None:
    pixels = noise(40, 30, 3).astype(np.float16)
    write_frame(tmp_path / "a.exr", frame_of(pixels), compression=compression)
    assert read_header(tmp_path / "a.exr").main.compression == compression
    assert np.array_equal(read_frame(tmp_path / "a.exr").pixels, pixels)


@pytest.mark.parametrize("compression", ["zipp", "dwaa", ""])
def test_other_compressions_are_refused(compression: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no compression"):
        write_frame(tmp_path / "a.exr", frame_of(noise(2, 2, 3)), compression=compression)


# Channels and windows


def test_layers_are_read_back_by_name(tmp_path: Path) -> None:
    names = ("R", "G", "B", "A", "fg.R", "fg.G", "fg.B", "net.A")
    pixels = noise(5, 6, 8).astype(np.float16)
    write_frame(tmp_path / "a.exr", frame_of(pixels, names))
    frame = read_frame(tmp_path / "a.exr", layers=["net", "fg"])
    assert frame.channels == ("R", "G", "B", "A", "net.A", "fg.R", "fg.G", "fg.B")
    assert np.array_equal(frame.pixels[:, :, 4], pixels[:, :, 7])
    assert np.array_equal(frame.pixels[:, :, 5:], pixels[:, :, 4:7])
    assert len(read_header(tmp_path / "a.exr").parts) == 1


@pytest.mark.parametrize(
    ("data", "display"),
    [
        (Window(-4, -3, 16, 12), Window(0, 0, 8, 6)),
        (Window(2, 1, 16, 12), Window(0, 0, 40, 30)),
        (Window(50, 60, 16, 12), Window(0, 0, 8, 6)),
        (Window(5, 7, 16, 12), Window(5, 7, 16, 12)),
    ],
)
def test_windows_and_pixel_aspect_are_written(
    data: Window, display: Window, tmp_path: Path
) -> None:
    pixels = noise(12, 16, 3).astype(np.float16)
    frame = frame_of(pixels, data_window=data, display_window=display, pixel_aspect=2.0)
    write_frame(tmp_path / "a.exr", frame)
    stored = read_frame(tmp_path / "a.exr")
    assert (stored.data_window, stored.display_window) == (data, display)
    assert stored.pixel_aspect == 2.0
    assert np.array_equal(stored.pixels, pixels)


def test_nothing_to_write_is_our_own_fault(tmp_path: Path) -> None:
    with pytest.raises(MatteboxError, match="nothing to write"):
        write_frame(tmp_path / "a.exr", frame_of(np.zeros((0, 4, 3), np.float16)))
    with pytest.raises(MatteboxError, match="named twice"):
        write_frame(tmp_path / "a.exr", frame_of(noise(2, 2, 3), ("R", "G", "R")))


# Attributes


def source_with(path: Path, *attributes: tuple[Any, ...]) -> Frame:
    spec = oiio.ImageSpec(3, 2, 3, "half")
    for attribute in attributes:
        spec.attribute(*attribute)
    output = oiio.ImageOutput.create(str(path))
    assert output is not None
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(np.zeros((2, 3, 3), np.float16))
    assert output.close()
    return read_frame(path)


def test_a_camera_header_passes_through_with_its_types(tmp_path: Path) -> None:
    kept: list[tuple[Any, ...]] = [
        ("smpte:TimeCode", oiio.TypeTimeCode, (0x01020304, 7)),
        ("smpte:KeyCode", oiio.TypeKeyCode, (1, 2, 3, 4, 5, 6, 7)),
        ("FramesPerSecond", oiio.TypeRational, (24000, 1001)),
        ("worldToCamera", oiio.TypeMatrix44, tuple(float(n) for n in range(16))),
        ("warp", oiio.TypeMatrix33, tuple(float(n) for n in range(9))),
        ("names", oiio.TypeDesc("string[3]"), ("a", "b b", "ä")),
        ("one", oiio.TypeDesc("string[1]"), ("a",)),
        ("crop", oiio.TypeBox2i, (1, 2, 3, 4)),
        ("cropf", oiio.TypeBox2, (1.0, 2.0, 3.0, 4.0)),
        ("point2", oiio.TypeVector2i, (1, 2)),
        ("point3", oiio.TypeVector3i, (1, 2, 3)),
        ("vector2", oiio.TypeVector2, (1.0, 2.0)),
        ("vector", oiio.TypeVector, (1.0, 2.0, 3.0)),
        ("nuke/version", "15.1v2"),
        ("com.arri.camera.ExposureIndex", 800),
        ("interim.clip.cameraFps", 23.5),
        ("a name much longer than the thirty-one letters of old", "x"),
        ("DateTime", "2020:01:02 03:04:05"),
    ]
    source = source_with(tmp_path / "a.exr", *kept)
    values, types = carried_attributes(source)
    assert {name for name, *_ in kept} <= set(values)
    write_frame(tmp_path / "b.exr", replace(source, attributes=values, attribute_types=types))
    again = read_frame(tmp_path / "b.exr")
    for name, *_ in kept:
        assert again.attributes[name] == source.attributes[name], name
        assert again.attribute_types.get(name) == source.attribute_types.get(name), name


def test_what_would_lie_is_not_carried_and_not_written(tmp_path: Path) -> None:
    lies = {
        "acesImageContainerFlag": 1,
        "colorInteropID": "lin_ap1_scene",
        "chromaticities": tuple([0.1] * 8),
        "oiio:ColorSpace": "lin_ap1_scene",
        "openexr:chunkCount": 5,
        "name": "beauty",
        "view": "left",
        "Software": "other",
        "mattebox/job": "old",
        "nuke/node_hash": "abc",
        "oiio:SHA-1": "abc",
        "compression": "dwaa",
    }
    source = frame_of(noise(2, 3, 3), attributes=lies | {"owner": "us"})
    assert carried_attributes(source)[0] == {"owner": "us"}
    write_frame(tmp_path / "a.exr", source)  # even where the caller passes them on
    written = read_frame(tmp_path / "a.exr").attributes
    for name in ("acesImageContainerFlag", "name", "view", "oiio:SHA-1", "DateTime"):
        assert name not in written, name
    assert written["compression"] == "zip"
    assert written["colorInteropID"] == "lin_ap1_scene"  # this one the caller may say
    write_frame(tmp_path / "b.exr", frame_of(noise(2, 3, 3)))
    assert not {"colorInteropID", "oiio:ColorSpace"} & set(
        read_header(tmp_path / "b.exr").attributes
    )


def test_an_aces_container_can_be_a_source(tmp_path: Path) -> None:
    pixels = np.zeros((2, 3, 3), np.float16)
    source = frame_of(pixels, attributes={"acesImageContainerFlag": 1})
    write_frame(tmp_path / "a.exr", source)
    assert read_frame(tmp_path / "a.exr").pixels.shape == (2, 3, 3)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        ("ä text", "ä text"),
        (7, 7),
        (np.int64(7), 7),
        (0.25, 0.25),
        (np.float32(0.25), 0.25),
        ((1.0, 2.5), (1.0, 2.5)),
        ([1, 2], (1, 2)),
        ((1, 2, 3), (1, 2, 3)),
        (("a", "b"), ("a", "b")),
        (np.array([1.0, 2.0, 3.0, 4.0]), (1.0, 2.0, 3.0, 4.0)),
    ],
)
def test_plain_values_need_no_type(value: Any, stored: Any, tmp_path: Path) -> None:
    frame = frame_of(noise(2, 2, 3), attributes={"mattebox/x": value})
    write_frame(tmp_path / "a.exr", frame)
    assert (read_attributes_only(tmp_path / "a.exr") or {})["mattebox/x"] == stored


@pytest.mark.parametrize("value", [None, {}, object(), (), 2**40, ("a", 1), (1, 2, 3, 4)])
def test_a_value_no_header_can_hold_is_our_own_fault(value: Any, tmp_path: Path) -> None:
    frame = frame_of(noise(2, 2, 3), attributes={"mattebox/x": value})
    with pytest.raises(MatteboxError, match="the attribute mattebox/x") as caught:
        write_frame(tmp_path / "a.exr", frame)
    assert caught.value.exit_code == 70
    assert names_in(tmp_path) == []


# Equal bytes


def test_equal_frames_give_equal_bytes_seconds_apart(tmp_path: Path) -> None:
    attributes = {"b": 1, "a": "x", "smpte:TimeCode": (1, 2)}
    frame = frame_of(
        noise(64, 64, 3), attributes=attributes, attribute_types={"smpte:TimeCode": "timecode"}
    )
    turned = replace(frame, attributes=dict(reversed(attributes.items())))
    write_frame(tmp_path / "a.exr", frame)
    write_png(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))
    time.sleep(1.1)  # capDate counts seconds
    write_frame(tmp_path / "b.exr", turned)
    write_png(tmp_path / "b.png", np.zeros((4, 4, 3), np.uint8))
    assert (tmp_path / "a.exr").read_bytes() == (tmp_path / "b.exr").read_bytes()
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_bytes_do_not_depend_on_the_number_of_threads(tmp_path: Path) -> None:
    frame = frame_of(noise(200, 100, 3))
    before = oiio.get_int_attribute("threads"), oiio.get_int_attribute("exr_threads")
    seen = set()
    try:
        for count in (1, 2, 4):
            oiio.attribute("threads", count)
            oiio.attribute("exr_threads", count)
            write_frame(tmp_path / "a.exr", frame)
            seen.add((tmp_path / "a.exr").read_bytes())
    finally:
        oiio.attribute("threads", before[0])
        oiio.attribute("exr_threads", before[1])
    assert len(seen) == 1


# Channels that are passed on


def bits(values: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(values).view(f"u{values.dtype.itemsize}")


@pytest.mark.parametrize("pixel_type", ["half", "float"])
def test_passed_channels_keep_every_bit_and_their_type(pixel_type: str, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    shape = (40, 33)
    passed = (
        PassedChannel("depth.Z", random.integers(0, 2**32, shape, np.uint32).view(np.float32)),
        PassedChannel("id.X", random.integers(0, 2**32, shape, np.uint32)),
        PassedChannel("Crypto00.R", np.full(shape, 3.38e38, np.float32)),
        PassedChannel("mask.A", random.integers(0, 2**16, shape, np.uint16).view(np.float16)),
    )
    colour = random.uniform(0, 1, (*shape, 4)).astype(np.float16)
    window = Window(3, -2, shape[1], shape[0])
    frame = Frame(colour, ("R", "G", "B", "A"), window, window, passed=passed)
    path = tmp_path / "a.exr"
    write_frame(path, frame, pixel_type=pixel_type)  # type: ignore[arg-type]
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None
    names = opened.spec().channelnames
    for one in passed:
        at = names.index(one.name)
        kind = str(opened.spec().channelformat(at))
        read = opened.read_image(0, 0, at, at + 1, kind)
        assert (
            kind == {"float32": "float", "uint32": "uint", "float16": "half"}[str(one.values.dtype)]
        )
        assert read is not None
        assert np.array_equal(bits(read[:, :, 0]), bits(one.values)), one.name
    assert str(opened.spec().channelformat(names.index("R"))) == pixel_type
    assert np.array_equal(read_frame(path).pixels, colour)


def test_a_channel_that_is_no_float_is_not_called_uint(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    write_foreign(path, np.zeros((2, 2, 3), np.float16), "half")
    with pytest.raises(ValueError, match=r"no float channels \['R', 'Z'\]"):
        mark_uint(path, ["R", "Z"])
