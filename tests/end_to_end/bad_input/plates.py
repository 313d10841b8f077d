"""A plate that is not there, not whole, not a picture, or whose frames differ."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from tests.end_to_end.bad_input.case import Cases, key
from tests.end_to_end.bad_input.pictures import begins_elsewhere, of_layers, screen, windowed
from tests.support.foreign_files import luminance_chroma_exr
from tests.support.pictures import HEIGHT, WIDTH, plate_pixels, write_exr, write_shot

CASES = Cases()
case = CASES.add

CASES.add_options(
    {
        "frames asked for that are not on disk": ("--frames", "1003-1006"),
        "none of the frames on disk": ("--frames", "1-10"),
        "frames written wrongly": ("--frames", "1001..1004"),
        "a part that does not exist": ("--part", "beauty"),
    }
)


def frame_file(folder: Path, frame: int = 1002) -> Path:
    return folder / "in" / f"shot.{frame}.exr"


@case("no plate named")
def _(folder: Path) -> list[object]:
    return ["key"]


@case("no file matches the plate's pattern")
def _(folder: Path) -> list[object]:
    write_shot(folder / "in")
    return ["key", folder / "in/shoot.####.exr", "-o", folder / "out", "--screen", "auto"]


@case("a hole in the plate")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    frame_file(folder).unlink()
    return arguments


@case("frames beside a job that is only written")
def _(folder: Path) -> list[object]:
    return key(folder, "--write-job", folder / "job.json", "--frames", "1001-1002")


@case("a step that other programs read otherwise")
def _(folder: Path) -> list[object]:
    return key(folder, "--frames", "1001-1004:3")


@case("names beside the pattern")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    for number in ("01005", "20260101"):
        write_exr(folder / f"in/shot.{number}.exr", plate_pixels(5))
    return arguments


@case("a truncated EXR")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    whole = frame_file(folder).read_bytes()
    frame_file(folder).write_bytes(whole[: len(whole) * 2 // 3])
    return arguments


@case("an empty file")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    frame_file(folder).write_bytes(b"")
    return arguments


@case("a named pipe in the place of a frame")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    (folder / "in/shot.1002.exr").unlink()
    os.mkfifo(folder / "in/shot.1002.exr")
    return arguments


@case("a file that is not a picture")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    frame_file(folder).write_text("<html>404</html>")
    return arguments


@case("a luminance-chroma EXR")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    frame_file(folder).write_bytes(luminance_chroma_exr(WIDTH, HEIGHT))
    return arguments


@case("a picture as a phone stores it")
def _(folder: Path) -> list[object]:
    (folder / "shot.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    return ["key", folder / "shot.heic", "-o", folder / "out", "--screen", "auto"]


@case("camera raw as plate")
def _(folder: Path) -> list[object]:
    (folder / "A001.r3d").write_bytes(b"\0" * 100)
    return ["key", folder / "A001.r3d", "-o", folder / "out", "--screen", "auto"]


@case("a deep EXR")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    spec = oiio.ImageSpec(4, 4, 5, "float")
    spec.channelnames = ("R", "G", "B", "A", "Z")
    spec.deep = True
    deep = oiio.DeepData()
    deep.init(16, 5, ["float"] * 5, list(spec.channelnames))
    output = oiio.ImageOutput.create("deep.exr")
    assert output is not None
    assert output.open(str(frame_file(folder)), spec), output.geterror()
    assert output.write_deep_image(deep)
    output.close()
    return arguments


@case("several pictures in a file, and no name says which is the plate")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    of_layers(
        frame_file(folder, 1001),
        *(f"{layer}.{c}" for layer in ("diffuse", "normal") for c in "RGB"),
    )
    return arguments


@case("a plate of depth alone")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    of_layers(frame_file(folder, 1001), "depth.Z")
    return arguments


@case("a frame of another size")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    write_exr(frame_file(folder), np.zeros((20, 30, 3), np.float32))
    return arguments


@case("a frame whose format begins elsewhere")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    begins_elsewhere(frame_file(folder))
    return arguments


@case("a frame of another pixel aspect")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    write_exr(frame_file(folder), plate_pixels(2), PixelAspectRatio=2.0)
    return arguments


@case("a frame whose pixels lie outside the format")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    windowed(frame_file(folder), screen(8, 8), (400, 300))
    return arguments


@case("bad frames of several kinds")
def _(folder: Path) -> list[object]:
    arguments = key(folder, "--frames", "1001-1004")
    whole = frame_file(folder, 1001).read_bytes()
    frame_file(folder, 1001).write_bytes(whole[: len(whole) * 2 // 3])
    write_exr(frame_file(folder, 1003), np.zeros((20, 30, 3), np.float32))
    frame_file(folder, 1004).unlink()
    return arguments


@case("a few NaN pixels")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    pixels = plate_pixels(2)
    pixels[5, 7] = np.nan
    write_exr(frame_file(folder), pixels)
    return arguments


@case("a few NaN pixels, forbidden")
def _(folder: Path) -> list[object]:
    arguments = key(folder, "--non-finite", "error")
    pixels = plate_pixels(2)
    pixels[5, 7] = np.inf
    write_exr(frame_file(folder), pixels, pixel_type="float")
    return arguments


@case("many NaN pixels")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    pixels = plate_pixels(2)
    pixels[:10] = np.nan
    write_exr(frame_file(folder), pixels)
    return arguments


@case("values beyond half")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    pixels = plate_pixels(2)
    pixels[18, 30] = 1e6
    write_exr(frame_file(folder), pixels, pixel_type="float", colorInteropID="lin_rec709_scene")
    return arguments


@case("info on nothing")
def _(folder: Path) -> list[object]:
    return ["info", folder / "none.exr"]
