"""Files are read at their full depth, by channel name, or refused with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from tests.support.foreign_files import Array, random_half, spec_of, write_foreign, write_parts

from mattebox.errors import (
    UnknownNameError,
    UnreadableError,
    UsageError,
)
from mattebox.frames import (
    format_difference,
    read_attributes_if_whole,
    read_attributes_only,
    read_frame,
    read_header,
    read_matte,
    write_frame,
)
from mattebox.images import Frame, Window

# Values


def test_half_stays_half_bit_for_bit(tmp_path: Path) -> None:
    pixels = random_half(7, 9, 4)
    frame = read_frame(write_foreign(tmp_path / "a.exr", pixels, "half"))
    assert frame.pixels.dtype == np.float16
    assert frame.channels == ("R", "G", "B", "A")
    assert np.array_equal(frame.pixels, pixels)


def test_float_stays_float(tmp_path: Path) -> None:
    pixels = np.full((3, 4, 3), 1e20, np.float32)
    frame = read_frame(write_foreign(tmp_path / "a.exr", pixels, "float"))
    assert frame.pixels.dtype == np.float32
    assert np.array_equal(frame.pixels, pixels)


@pytest.mark.parametrize(
    ("suffix", "bits"), [("png", 8), ("png", 16), ("tif", 8), ("tif", 16), ("dpx", 8), ("dpx", 16)]
)
def test_integers_are_their_code_divided_by_the_largest(
    suffix: str, bits: int, tmp_path: Path
) -> None:
    largest = 2**bits - 1
    codes = np.linspace(0, largest, 256 * 3).astype(np.uint32).reshape(16, 16, 3)
    path = write_foreign(tmp_path / f"a.{suffix}", codes.astype(f"u{bits // 8}"), f"uint{bits}")
    frame = read_frame(path)
    assert frame.pixels.dtype == np.float32
    assert np.array_equal(frame.pixels, (codes / largest).astype(np.float32))
    assert read_header(path).main.bits == bits


@pytest.mark.parametrize(("suffix", "bits"), [("dpx", 10), ("dpx", 12), ("tif", 10), ("tif", 12)])
def test_10_and_12_bits_are_exact_at_their_own_depth(
    suffix: str, bits: int, tmp_path: Path
) -> None:
    codes = np.arange(2**bits, dtype=np.uint32)
    codes = np.resize(codes, (64, 65, 3))
    filled = ((codes << (16 - bits)) | (codes >> (2 * bits - 16))).astype(np.uint16)
    attributes = [("oiio:BitsPerSample", bits)]
    path = write_foreign(tmp_path / f"a.{suffix}", filled, "uint16", attributes=attributes)
    expected = (codes / np.float64(2**bits - 1)).astype(np.float32)
    assert np.array_equal(read_frame(path).pixels, expected)


def test_the_misread_alpha_of_10_bit_dpx_is_never_used(tmp_path: Path) -> None:
    attributes = [("oiio:BitsPerSample", 10)]
    for width, channels in ((9, ("R", "G", "B", "A")), (10, ("R", "G", "B"))):
        pixels = np.full((4, width, 4), 0xFFFF, np.uint16)
        path = write_foreign(tmp_path / f"{width}.dpx", pixels, "uint16", attributes=attributes)
        frame = read_frame(path)
        assert frame.channels == channels
        assert (frame.pixels == 1).all()
    assert (read_matte(tmp_path / "9.dpx").pixels == 1).all()
    for channel in (None, "A"):
        with pytest.raises(UnreadableError, match="is misread"):
            read_matte(tmp_path / "10.dpx", channel)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_straight_alpha_is_multiplied_in_or_left_as_stored(suffix: str, tmp_path: Path) -> None:
    codes = np.array([[[200, 100, 50, 0], [200, 100, 50, 51], [200, 100, 50, 255]]], np.uint8)
    straight = [("oiio:UnassociatedAlpha", 1)]
    path = write_foreign(tmp_path / f"a.{suffix}", codes, "uint8", attributes=straight)
    stored = (codes / 255).astype(np.float32)
    assert read_header(path).main.alpha == "straight"
    assert np.array_equal(read_frame(path, alpha="as stored").pixels, stored)
    frame = read_frame(path)
    assert np.array_equal(frame.pixels[:, :, :3], stored[:, :, :3] * stored[:, :, 3:])
    assert np.array_equal(frame.pixels[:, :, 3], stored[:, :, 3])


def test_exr_colour_under_alpha_0_is_kept(tmp_path: Path) -> None:
    pixels = np.array([[[5, -1, 2, 0]]], np.float16)
    frame = read_frame(write_foreign(tmp_path / "a.exr", pixels, "half"))
    assert np.array_equal(frame.pixels, pixels)


# Channels


@pytest.mark.parametrize("names", ["RGBA", "rgba", ("red", "green", "blue", "alpha"), "BGRA"])
def test_colour_is_found_by_name(names: Sequence[str], tmp_path: Path) -> None:
    value = {"r": 1, "g": 2, "b": 3, "a": 4}
    pixels = np.array([[[value[name[0].lower()] for name in names]]], np.float16)
    frame = read_frame(write_foreign(tmp_path / "a.exr", pixels, "half", channels=names))
    assert frame.channels == ("R", "G", "B", "A")
    assert frame.pixels.tolist() == [[[1, 2, 3, 4]]]


def test_layers_come_after_colour_under_their_own_names(tmp_path: Path) -> None:
    names = ["R", "G", "B", "A", "depth.Z", "fg.R", "fg.G", "fg.B", "id.X"]
    pixels = np.arange(9, dtype=np.float16)[None, None]
    path = write_foreign(tmp_path / "a.exr", pixels, "half", channels=names)
    frame = read_frame(path, layers=["fg", "depth.Z"])
    assert frame.channels == ("R", "G", "B", "A", "fg.R", "fg.G", "fg.B", "depth.Z")
    assert frame.pixels.tolist() == [[[0, 1, 2, 3, 5, 6, 7, 4]]]
    assert read_frame(path).channels == ("R", "G", "B", "A")
    assert read_header(path).main.layers == ("depth", "fg", "id")


def test_half_colour_with_a_float_layer_is_read_as_float(tmp_path: Path) -> None:
    spec = spec_of((1, 1, 4), "float", ["R", "G", "B", "Z"])
    spec.channelformats = (oiio.TypeHalf,) * 3 + (oiio.TypeFloat,)
    pixels = np.array([[[0.5, 1, 2, 1e6]]], np.float32)
    path = write_parts(tmp_path / "a.exr", [(spec, pixels)])
    assert read_frame(path).pixels.dtype == np.float16
    both = read_frame(path, layers=["Z"])
    assert both.pixels.dtype == np.float32
    assert both.pixels.tolist() == [[[0.5, 1, 2, 1e6]]]


def test_a_grey_file_is_grey_colour(tmp_path: Path) -> None:
    codes = np.array([[[0], [128]]], np.uint8)
    frame = read_frame(write_foreign(tmp_path / "a.png", codes, "uint8"))
    assert frame.channels == ("R", "G", "B")
    assert np.array_equal(frame.pixels, np.repeat(codes / np.float32(255), 3, axis=2))


def test_a_file_without_colour_names_what_it_has(tmp_path: Path) -> None:
    pixels = np.zeros((1, 1, 2), np.float16)
    path = write_foreign(tmp_path / "a.exr", pixels, "half", channels=["u", "v"])
    with pytest.raises(UnknownNameError, match="no channel 'R'") as caught:
        read_frame(path)
    assert caught.value.known == ("u", "v")


def test_a_mistyped_layer_gets_the_nearest_name(tmp_path: Path) -> None:
    pixels = np.zeros((1, 1, 4), np.float16)
    path = write_foreign(tmp_path / "a.exr", pixels, "half", channels=["R", "G", "B", "depth.Z"])
    with pytest.raises(UnknownNameError, match="no layer 'detph'") as caught:
        read_frame(path, layers=["detph"])
    assert "'depth'" in str(caught.value)


@pytest.mark.parametrize(
    ("names", "channel", "value"),
    [
        ("RGBA", None, 4),
        ("RGB", None, 1),
        ("RGBA", "g", 2),
        ("Z", None, 1),
        ("Y", None, 1),
        (["R", "G", "B", "matte.A"], "matte.A", 4),
    ],
)
def test_a_matte_is_alpha_or_the_channel_named(
    names: Sequence[str], channel: str | None, value: int, tmp_path: Path
) -> None:
    pixels = np.arange(1, len(names) + 1, dtype=np.float16)[None, None]
    path = write_foreign(tmp_path / "a.exr", pixels, "half", channels=names)
    matte = read_matte(path, channel)
    assert matte.channels == ("A",)
    assert matte.pixels.dtype == np.float32
    assert matte.pixels.tolist() == [[[value]]]


def test_a_grey_png_is_a_matte_at_its_full_depth(tmp_path: Path) -> None:
    codes = np.array([[[0], [1], [65535]]], np.uint16)
    matte = read_matte(write_foreign(tmp_path / "a.png", codes, "uint16"))
    assert np.array_equal(
        matte.pixels[0, :, 0], np.array([0, 1, 65535], np.float32) / np.float32(65535)
    )


def test_a_matte_channel_that_is_not_there(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "a.exr", random_half(2, 2, 3), "half")
    with pytest.raises(UnknownNameError, match=r"no channel 'matte\.A'"):
        read_matte(path, "matte.A")


# Windows


@pytest.mark.parametrize(
    ("data", "display"),
    [
        ((-4, -3), Window(0, 0, 8, 6)),  # overscan
        ((2, 1), Window(0, 0, 40, 30)),  # crop
        ((50, 60), Window(0, 0, 8, 6)),  # beside it
        ((5, 7), Window(5, 7, 16, 12)),  # a display window that does not start at 0
        ((-4, -3), Window(-10, -20, 100, 100)),
    ],
)
def test_windows_are_read_as_they_are(
    data: tuple[int, int], display: Window, tmp_path: Path
) -> None:
    pixels = random_half(12, 16, 3)
    path = write_foreign(
        tmp_path / "a.exr",
        pixels,
        "half",
        data=data,
        display=display,
        attributes=[("PixelAspectRatio", 2.0)],
    )
    frame, header = read_frame(path), read_header(path)
    assert frame.data_window == header.data_window == Window(*data, 16, 12)
    assert frame.display_window == header.display_window == display
    assert frame.pixel_aspect == header.pixel_aspect == 2.0
    assert np.array_equal(frame.placed(frame.data_window), pixels.astype(np.float32))


def test_a_change_of_format_within_a_shot_is_put_in_words(tmp_path: Path) -> None:
    def header(name: str, display: Window, aspect: float, at: tuple[int, int] = (0, 0)) -> Any:
        path = write_foreign(
            tmp_path / name,
            random_half(2, 2, 3),
            "half",
            display=display,
            data=at,
            attributes=[("PixelAspectRatio", aspect)],
        )
        return read_header(path).main

    first = header("a.exr", Window(0, 0, 8, 6), 1.0)
    assert format_difference(first, header("b.exr", Window(0, 0, 8, 6), 1.0, (3, 1))) is None
    wide = format_difference(first, header("c.exr", Window(0, 0, 9, 6), 1.0))
    assert wide == ("9x6+0+0", "8x6+0+0")
    squeezed = format_difference(first, header("d.exr", Window(0, 0, 8, 6), 2.0))
    assert squeezed == ("of pixel aspect 2", "1")


# Parts and views


@pytest.fixture
def many_parts(tmp_path: Path) -> Path:
    display = Window(0, 0, 8, 6)

    def part(
        name: str, channels: Sequence[str], value: float, at: tuple[int, int], size: tuple[int, int]
    ) -> tuple[oiio.ImageSpec, Array]:
        pixels = np.full((*size, len(channels)), value, np.float16)
        attributes = [("oiio:subimagename", name)]
        return spec_of(pixels.shape, "half", channels, attributes, at, display), pixels

    return write_parts(
        tmp_path / "parts.exr",
        [
            part("depth", ["Z"], 1, (2, 1), (2, 3)),
            part("beauty", ["R", "G", "B", "A"], 2, (0, 0), (6, 8)),
            part("diffuse", ["R", "G", "B"], 3, (0, 0), (6, 8)),
        ],
    )


def test_the_part_with_a_pictures_name_is_the_picture(many_parts: Path) -> None:
    frame = read_frame(many_parts)
    assert frame.channels == ("R", "G", "B", "A")
    assert (frame.pixels == 2).all()
    assert read_header(many_parts).main.name == "beauty"


def test_a_part_is_read_by_its_name(many_parts: Path) -> None:
    assert (read_frame(many_parts, part="diffuse").pixels == 3).all()
    with pytest.raises(UnknownNameError, match="no part or layer 'difuse'") as caught:
        read_frame(many_parts, part="difuse")
    assert caught.value.known == ("depth", "beauty", "diffuse")
    assert "'diffuse'" in str(caught.value.next_step)


def test_layers_of_other_parts_are_placed_on_the_picture(many_parts: Path) -> None:
    frame = read_frame(many_parts, layers=["depth", "diffuse"])
    assert frame.channels[4:] == ("depth.Z", "diffuse.R", "diffuse.G", "diffuse.B")
    depth = frame.pixels[:, :, 4]
    assert depth.sum() == 6
    assert (depth[1:3, 2:5] == 1).all()
    assert (frame.pixels[:, :, 5:] == 3).all()


def test_a_matte_is_found_in_another_part(many_parts: Path) -> None:
    matte = read_matte(many_parts, "depth.Z")
    assert matte.data_window == Window(2, 1, 3, 2)


def test_a_header_lists_all_parts(many_parts: Path) -> None:
    header = read_header(many_parts)
    assert header.format_name == "openexr"
    assert [part.name for part in header.parts] == ["depth", "beauty", "diffuse"]
    assert header.parts[0].channel_types == ("half",)
    assert header.parts[0].compression == "zip"
    assert header.views == ()


@pytest.mark.parametrize("stored", ["parts", "channels"])
def test_a_stereo_file_needs_a_view(stored: str, tmp_path: Path) -> None:
    path = tmp_path / "stereo.exr"
    if stored == "parts":
        write_parts(
            path,
            [
                (
                    spec_of((2, 2, 3), "half", "RGB", [("oiio:subimagename", v), ("view", v)]),
                    np.full((2, 2, 3), value, np.float16),
                )
                for value, v in ((1, "left"), (2, "right"))
            ],
        )
    else:
        names = ["R", "G", "B", "right.R", "right.G", "right.B"]
        views = ("multiView", oiio.TypeDesc("string[2]"), ("left", "right"))
        pixels = np.broadcast_to(np.array([1, 1, 1, 2, 2, 2], np.float16), (2, 2, 6)).copy()
        write_foreign(path, pixels, "half", channels=names, attributes=[views])
    assert read_header(path).views == ("left", "right")
    with pytest.raises(UsageError, match="several views: left, right") as caught:
        read_frame(path)
    assert caught.value.exit_code == 64
    assert "--view left" in str(caught.value.next_step)
    for view, value in (("left", 1), ("right", 2)):
        assert (read_frame(path, view=view).pixels == value).all()
    with pytest.raises(UnknownNameError, match="no view 'rihgt'"):
        read_frame(path, view="rihgt")


def test_a_view_asked_of_a_flat_file_is_unknown(tmp_path: Path) -> None:
    path = write_foreign(tmp_path / "a.exr", random_half(2, 2, 3), "half")
    with pytest.raises(UnknownNameError, match="no view 'left'"):
        read_frame(path, view="left")


# Attributes


def test_attributes_keep_their_types(tmp_path: Path) -> None:
    attributes = [
        ("smpte:TimeCode", oiio.TypeTimeCode, (0x01020304, 7)),
        ("FramesPerSecond", oiio.TypeRational, (24000, 1001)),
        ("nuke/input/filename", "/shots/a.exr"),
        ("com.arri.camera.CameraModel", "ALEXA"),
    ]
    path = write_foreign(tmp_path / "a.exr", random_half(2, 2, 3), "half", attributes=attributes)
    frame = read_frame(path)
    assert frame.attributes["smpte:TimeCode"] == (0x01020304, 7)
    assert frame.attribute_types["smpte:TimeCode"] == "timecode"
    assert frame.attribute_types["FramesPerSecond"] == "rational"
    assert frame.attributes["nuke/input/filename"] == "/shots/a.exr"
    assert "nuke/input/filename" not in frame.attribute_types
    assert "PixelAspectRatio" not in frame.attributes
    assert read_header(path).attributes == frame.attributes


def test_attributes_alone_are_read_or_none(tmp_path: Path) -> None:
    path = write_foreign(
        tmp_path / "a.exr", random_half(2, 2, 3), "half", attributes=[("mattebox/job", "abc")]
    )
    assert (read_attributes_only(path) or {})["mattebox/job"] == "abc"
    assert read_attributes_only(tmp_path / "none.exr") is None
    (tmp_path / "empty.exr").write_bytes(b"")
    assert read_attributes_only(tmp_path / "empty.exr") is None


def test_attributes_of_a_file_that_was_cut_short_are_no_proof(tmp_path: Path) -> None:
    pixels, window = random_half(64, 64, 3), Window(0, 0, 64, 64)
    path = tmp_path / "a.exr"
    write_frame(path, Frame(pixels, ("R", "G", "B"), window, window, 1.0, {"mattebox/job": "abc"}))
    assert (read_attributes_if_whole(path) or {})["mattebox/job"] == "abc"
    whole = path.read_bytes()
    for kept in (len(whole) - 1, len(whole) * 3 // 4, len(whole) // 4):
        path.write_bytes(whole[:kept])
        assert read_attributes_if_whole(path) is None
    assert read_attributes_if_whole(tmp_path / "none.exr") is None


def test_a_layer_can_be_the_picture(tmp_path: Path) -> None:
    names = [f"ViewLayer.Combined.{c}" for c in "RGBA"] + ["ViewLayer.Depth.Z"]
    pixels = np.array([[[1, 2, 3, 0.5, 9]]], np.float16)
    path = write_foreign(tmp_path / "blender.exr", pixels, "half", channels=names)
    for part in (None, "ViewLayer.Combined", "ViewLayer", "Combined", "combined"):
        frame = read_frame(path, part=part, layers=["ViewLayer.Depth"])
        assert frame.channels == ("R", "G", "B", "A", "ViewLayer.Depth.Z")
        assert frame.pixels.tolist() == [[[1, 2, 3, 0.5, 9]]]
        assert read_matte(path, part=part).pixels.tolist() == [[[0.5]]]
    with pytest.raises(UnknownNameError, match="no part or layer 'Combind'"):
        read_frame(path, part="Combind")


def test_luminance_and_chroma_are_not_taken_for_grey(tmp_path: Path) -> None:
    pixels = np.zeros((1, 1, 3), np.float16)
    path = write_foreign(tmp_path / "a.exr", pixels, "half", channels=["Y", "RY", "BY"])
    with pytest.raises(UnknownNameError, match="no channel 'R'"):
        read_frame(path)


def test_layers_of_a_view_kept_as_channels_are_those_of_that_view(tmp_path: Path) -> None:
    names = ["R", "G", "B", "right.R", "right.G", "right.B", "depth.Z", "depth.right.Z"]
    views = ("multiView", oiio.TypeDesc("string[2]"), ("left", "right"))
    pixels = np.arange(8, dtype=np.float16).reshape(1, 1, 8)
    path = write_foreign(tmp_path / "a.exr", pixels, "half", channels=names, attributes=[views])
    for view, held in (("left", [0, 1, 2, 6]), ("right", [3, 4, 5, 7])):
        frame = read_frame(path, view=view, layers=["depth"])
        assert frame.channels == ("R", "G", "B", "depth.Z")
        assert frame.pixels.tolist() == [[held]]


def test_text_older_than_utf8_is_read_and_written_again(tmp_path: Path) -> None:
    path = write_foreign(
        tmp_path / "a.exr",
        random_half(2, 2, 3),
        "half",
        attributes=[
            ("studio", "Bxro"),
            ("sites", oiio.TypeDesc("string[2]"), ("Kxln", "Bonn")),
        ],
    )
    latin = path.read_bytes().replace(b"Bxro", b"B\xfcro")
    path.write_bytes(latin)
    frame = read_frame(path)
    assert frame.attributes["studio"] == "Büro"
    write_frame(tmp_path / "b.exr", frame)
    assert read_frame(tmp_path / "b.exr").attributes["studio"] == "Büro"
    path.write_bytes(latin.replace(b"Kxln", b"K\xf6ln"))
    assert read_frame(path).attributes["sites"] == ("Köln", "Bonn")
