"""Pictures as phones, browsers and scanners leave them: turned, with profiles, in odd formats."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from tests.support.foreign_files import luminance_chroma_exr, matrix_profile
from tests.support.pictures import write_picture

from mattebox.errors import UnreadableError
from mattebox.frames import Clip, read_frame, read_header, read_matte
from mattebox.frames.turning import Turning
from mattebox.images import Window
from mattebox.pipeline.colour import FoundColour, find_colour
from mattebox.sequences import find_sequence

RAMP = (np.arange(4 * 6 * 3).reshape(4, 6, 3) / 255).astype(np.float32)
"""4 rows, 6 columns, every value another."""

STORED = {
    # How a camera stores an upright picture so that a viewer has to undo it (EXIF 2.3, 4.6.4 A).
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}


def write(path: Path, pixels: np.ndarray, kind: str = "uint8", **attributes: object) -> Path:
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
    for name, value in attributes.items():
        spec.attribute(name, value)
    return write_picture(path, spec, np.ascontiguousarray(pixels))


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
@pytest.mark.parametrize("orientation", STORED)
def test_all_eight_orientations_are_turned_upright(
    orientation: int, suffix: str, tmp_path: Path
) -> None:
    smooth = np.repeat(np.repeat(RAMP, 8, axis=0), 8, axis=1) * 3
    path = write(
        tmp_path / f"a.{suffix}", STORED[orientation](smooth), Orientation=orientation,
        **({"compression": "jpeg:100", "jpeg:subsampling": "4:4:4"} if suffix == "jpg" else {}),
    )  # fmt: skip
    frame = read_frame(path)
    np.testing.assert_allclose(frame.pixels, smooth, atol=0.02 if suffix == "jpg" else 1e-7)
    assert frame.display_window == frame.data_window == Window(0, 0, 48, 32)
    np.testing.assert_array_equal(read_matte(path, "G").pixels[..., 0], frame.pixels[..., 1])
    remarks = Clip(find_sequence(str(path))).remarks
    assert remarks == (
        () if orientation == 1
        else (f"{path} is turned upright, as its EXIF orientation {orientation} says",)
    )  # fmt: skip


def test_pixel_aspect_and_windows_turn_with_the_picture(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", RAMP, Orientation=6, PixelAspectRatio=2.0)
    assert read_header(path).main.pixel_aspect == 0.5
    display = Window(10, 20, 60, 40)
    part = Window(15, 22, 20, 8)  # 5 from the left, 2 from the top
    clockwise = Turning.of(6)
    assert clockwise.window(display, display) == Window(10, 20, 40, 60)
    assert clockwise.window(part, display) == Window(10 + 30, 20 + 5, 8, 20)
    assert Turning.of(3).window(part, display) == Window(10 + 35, 20 + 30, 20, 8)


@pytest.mark.parametrize("orientation", [0, 9])
def test_an_orientation_that_is_none_is_upright(orientation: int) -> None:
    assert Turning.of(orientation) == Turning.of(1)


def test_an_exr_is_upright_whatever_its_attributes_carry(tmp_path: Path) -> None:
    path = write(tmp_path / "a.exr", RAMP, "float", Orientation=6)
    np.testing.assert_array_equal(read_frame(path).pixels, RAMP)


def test_a_good_webp_is_read_and_a_cut_one_is_not(tmp_path: Path) -> None:
    smooth = np.repeat(np.repeat(RAMP, 8, axis=0), 8, axis=1) * 3
    path = write(tmp_path / "a.webp", smooth, compression="webp:100")
    assert np.abs(read_frame(path).pixels - smooth).mean() < 0.01
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableError, match=r"rows can be read|not a picture"):
        read_frame(path)


PROFILES: dict[str, tuple[tuple[float, ...], str | int, str]] = {
    "Display P3": ((0.680, 0.320, 0.265, 0.690, 0.150, 0.060), "srgb", "sRGB Encoded P3-D65"),
    "Adobe RGB (1998)": ((0.64, 0.33, 0.21, 0.71, 0.15, 0.06), 563, "Gamma 2.2 Encoded AdobeRGB"),
    "sRGB built-in": ((0.64, 0.33, 0.30, 0.60, 0.15, 0.06), "table", "sRGB Encoded Rec.709 (sRGB)"),
    "Linear Rec.2020": ((0.708, 0.292, 0.170, 0.797, 0.131, 0.046), 256, "Linear Rec.2020"),
    "Gamma 2.4": ((0.64, 0.33, 0.30, 0.60, 0.15, 0.06), 614, "Gamma 2.4 Encoded Rec.709"),
}


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
@pytest.mark.parametrize("name", PROFILES)
def test_the_icc_profile_of_a_picture_names_its_space(
    name: str, suffix: str, tmp_path: Path
) -> None:
    primaries, curve, space = PROFILES[name]
    path = tmp_path / f"a.{suffix}"
    write_with_profile(path, matrix_profile(name, primaries, curve))
    found = colour_of(path)
    assert found.prepared.in_space == space
    assert found.prepared.reason == f"the file has the ICC profile {name!r}"
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (matrix_profile("Wide", (0.9, 0.1, 0.1, 0.9, 0.1, 0.1), "srgb"), "the ICC profile 'Wide'"),
        (matrix_profile("Steep", PROFILES["Display P3"][0], 1000), "the ICC profile 'Steep'"),
        (matrix_profile("Cut", PROFILES["Display P3"][0], "srgb")[:180], "a damaged ICC profile"),
    ],
    ids=["primaries", "curve", "cut"],
)
def test_a_profile_of_no_known_space_is_named_and_not_used(
    profile: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.tif"
    write_with_profile(path, profile)
    found = colour_of(path)
    assert found.prepared.in_space == "sRGB Encoded Rec.709 (sRGB)"
    assert said in found.warnings[0]
    assert "it is not used" in found.warnings[0]


def write_with_profile(path: Path, profile: bytes) -> None:
    spec = oiio.ImageSpec(6, 4, 3, "uint8")
    spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(profile)}]"),
                   np.frombuffer(profile, np.uint8))  # fmt: skip
    write_picture(path, spec, RAMP)


def colour_of(path: Path) -> FoundColour:
    part = read_header(path).main
    return find_colour(part, path, config=None, in_space=None, out_space=None)


def test_luminance_and_chroma_are_refused_with_the_conversion(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    path.write_bytes(luminance_chroma_exr(8, 4))
    with pytest.raises(UnreadableError, match=r"luminance and chroma \(Y, RY, BY\)") as caught:
        read_frame(path)
    assert "magick in.exr out.exr" in str(caught.value.next_step)


@pytest.mark.parametrize("name", ["a.heic", "a.AVIF"])
def test_what_phones_write_is_named_with_the_way_to_convert_it(name: str, tmp_path: Path) -> None:
    if "heif" in oiio.get_string_attribute("format_list"):
        pytest.skip("this OpenImageIO reads HEIF; it runs where the wheel's does not")
    path = tmp_path / name
    path.write_bytes(struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"heic", 0, b"mif1", b"heic"))
    with pytest.raises(UnreadableError, match=r"is (HEIC|AVIF), which the OpenImageIO") as caught:
        read_frame(path)
    assert f"magick {name} a.png" in str(caught.value.next_step)
