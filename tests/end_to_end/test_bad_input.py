"""Bad input, as docs/bad_input.md tells it: every row is run, and every case here has a row."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import OpenImageIO as oiio
import pytest
import torch
from tests.end_to_end.conftest import Run
from tests.support.foreign_files import luminance_chroma_exr
from tests.support.hints import stand_in, write_any
from tests.support.movies import MOVING, needs_ffmpeg, run_ffmpeg
from tests.support.pictures import (
    HEIGHT,
    SCREEN,
    WIDTH,
    Pixels,
    plate_pixels,
    write_exr,
    write_picture,
    write_shot,
)

from mattebox.hints import remember_values
from mattebox.hints.recipe import settings_folder

PAGE = Path(__file__).parents[2] / "docs" / "bad_input.md"

NO_FFMPEG = "a movie on a machine without ffmpeg"
NO_OPENCV = "keys without OpenCV"
OF_MOVIES = (
    "a movie that is none",
    "a movie that is cut short",
    "a movie without the timecode that is asked for",
)

Case = Callable[[Path], list[object]]
CASES: dict[str, Case] = {}


def case(name: str) -> Callable[[Case], Case]:
    """Register a builder: it makes files in a folder and returns the command's arguments."""

    def register(build: Case) -> Case:
        CASES[name] = build
        return build

    return register


def key(folder: Path, *more: object) -> list[object]:
    """A call that would work: the shot, its clean plate, an output."""
    shot = write_shot(folder / "in")
    return ["key", shot, "-o", folder / "out", "--clean-plate", folder / "in/clean.exr", *more]


def damage(folder: Path, frame: int = 1002) -> Path:
    return folder / "in" / f"shot.{frame}.exr"


def grey_shot(folder: Path) -> Path:
    """One frame of nothing but grey; its pattern."""
    (folder / "in").mkdir()
    write_exr(folder / "in/shot.1001.exr", np.full((HEIGHT, WIDTH, 3), 0.3, np.float32))
    return folder / "in/shot.####.exr"


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
    damage(folder).unlink()
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
    whole = damage(folder).read_bytes()
    damage(folder).write_bytes(whole[: len(whole) * 2 // 3])
    return arguments


@case("an empty file")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    damage(folder).write_bytes(b"")
    return arguments


@case("a file that is not a picture")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    damage(folder).write_text("<html>404</html>")
    return arguments


@case("a luminance-chroma EXR")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    damage(folder).write_bytes(luminance_chroma_exr(WIDTH, HEIGHT))
    return arguments


@case("a picture as a phone stores it")
def _(folder: Path) -> list[object]:
    (folder / "shot.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    return ["key", folder / "shot.heic", "-o", folder / "out", "--screen", "auto"]


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
    assert output.open(str(damage(folder)), spec), output.geterror()
    assert output.write_deep_image(deep)
    output.close()
    return arguments


def of_layers(path: Path, *names: str) -> None:
    """A picture of these channels."""
    write_exr(path, np.full((HEIGHT, WIDTH, len(names)), 0.4, np.float32), names=names)


@case("several pictures in a file, and no name says which is the plate")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    of_layers(
        damage(folder, 1001), *(f"{layer}.{c}" for layer in ("diffuse", "normal") for c in "RGB")
    )
    return arguments


@case("a clean plate of several pictures")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    of_layers(folder / "in/clean.exr", *(f"{layer}.{c}" for layer in ("one", "two") for c in "RGB"))
    return arguments


@case("a plate of depth alone")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    of_layers(damage(folder, 1001), "depth.Z")
    return arguments


@case("a frame of another size")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    write_exr(damage(folder), np.zeros((20, 30, 3), np.float32))
    return arguments


def begins_elsewhere(path: Path) -> None:
    """A picture of the shot's size whose windows both lie 8 to the right and 4 down."""
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 3, "half")
    spec.x = spec.full_x = 8
    spec.y = spec.full_y = 4
    write_picture(path, spec, plate_pixels(2))


@case("a frame whose format begins elsewhere")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    begins_elsewhere(damage(folder))
    return arguments


@case("a frame of another pixel aspect")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    write_exr(damage(folder), plate_pixels(2), PixelAspectRatio=2.0)
    return arguments


@case("a clean plate of another size")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    write_exr(folder / "in/clean.exr", np.zeros((20, 30, 3), np.float32))
    return arguments


@case("a clean plate whose format begins elsewhere")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    begins_elsewhere(folder / "in/clean.exr")
    return arguments


def windowed(path: Path, pixels: Pixels, at: tuple[int, int], aspect: float = 1.0) -> None:
    """A picture of the shot's format, its pixels at a place of their own."""
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 3, "half")
    spec.x, spec.y = at
    spec.full_x = spec.full_y = 0
    spec.full_width, spec.full_height = WIDTH, HEIGHT
    spec.attribute("PixelAspectRatio", aspect)
    spec.attribute("colorInteropID", "lin_rec709_scene")
    write_picture(path, spec, pixels)


def screen(height: int = HEIGHT, width: int = WIDTH) -> Pixels:
    return np.broadcast_to(SCREEN, (height, width, 3)).astype(np.float32)


@case("a clean plate whose data window leaves a part out")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    windowed(folder / "in/clean.exr", screen(24, 42), (8, 6))
    return arguments


@case("a clean plate with nothing inside the format")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    windowed(folder / "in/clean.exr", screen(), (100, 0))
    return arguments


@case("a clean plate of another pixel aspect")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    windowed(folder / "in/clean.exr", screen(), (0, 0), aspect=2.0)
    return arguments


@case("a frame whose pixels lie outside the format")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    windowed(damage(folder), screen(8, 8), (400, 300))
    return arguments


@case("bad frames of several kinds")
def _(folder: Path) -> list[object]:
    arguments = key(folder, "--frames", "1001-1004")
    whole = damage(folder, 1001).read_bytes()
    damage(folder, 1001).write_bytes(whole[: len(whole) * 2 // 3])
    write_exr(damage(folder, 1003), np.zeros((20, 30, 3), np.float32))
    damage(folder, 1004).unlink()
    return arguments


def hint_of(folder: Path, value: float) -> list[object]:
    """A key with a hint that is 0 left and ``value`` right; one of 1 is 1 everywhere."""
    matte = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    matte[:, WIDTH // 2 if value != 1.0 else 0 :] = value
    write_exr(folder / "matte.exr", matte, names="A", pixel_type="float")
    shot = write_shot(folder / "in", range(1001, 1002))
    return ["key", shot, "-o", folder / "out", "--hint", folder / "matte.exr"]


@case("a hint that is opaque everywhere")
def _(folder: Path) -> list[object]:
    return hint_of(folder, 1.0)


@case("a hint that is a map of labels")
def _(folder: Path) -> list[object]:
    return hint_of(folder, 1.0 / 255.0)


@case("a hint of 0 to 255")
def _(folder: Path) -> list[object]:
    return hint_of(folder, 255.0)


@case("a clean plate sequence with a hole")
def _(folder: Path) -> list[object]:
    shot = write_shot(folder / "in")
    for frame in (1001, 1002, 1004):
        write_exr(folder / f"in/plate.{frame}.exr", plate_pixels(-30))
    plate = folder / "in/plate.####.exr"
    return ["key", shot, "-o", folder / "out", "--clean-plate", plate]


@case("a few NaN pixels")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    pixels = plate_pixels(2)
    pixels[5, 7] = np.nan
    write_exr(damage(folder), pixels)
    return arguments


@case("a few NaN pixels, forbidden")
def _(folder: Path) -> list[object]:
    arguments = key(folder, "--non-finite", "error")
    pixels = plate_pixels(2)
    pixels[5, 7] = np.inf
    write_exr(damage(folder), pixels, pixel_type="float")
    return arguments


@case("many NaN pixels")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    pixels = plate_pixels(2)
    pixels[:10] = np.nan
    write_exr(damage(folder), pixels)
    return arguments


@case("values beyond half")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    pixels = plate_pixels(2)
    pixels[18, 30] = 1e6
    write_exr(damage(folder), pixels, pixel_type="float", colorInteropID="lin_rec709_scene")
    return arguments


@case("an OCIO config that is not there")
def _(folder: Path) -> list[object]:
    return key(folder, "--ocio", folder / "none.ocio")


@case("a file that is not an OCIO config")
def _(folder: Path) -> list[object]:
    (folder / "bad.ocio").write_text("this is no config")
    return key(folder, "--ocio", folder / "bad.ocio")


@case("a clean plate of another place")
def _(folder: Path) -> list[object]:
    bricks = np.random.default_rng(5).uniform(0.5, 1.0, (HEIGHT, WIDTH, 1)).astype(np.float32)
    shot = write_shot(folder / "in")
    write_exr(folder / "in/clean.exr", np.repeat(bricks, 3, axis=2))
    return ["key", shot, "-o", folder / "out", "--clean-plate", folder / "in/clean.exr"]


@case("no screen in the shot")
def _(folder: Path) -> list[object]:
    return ["key", grey_shot(folder), "-o", folder / "out", "--screen", "auto"]


@case("a network without weights")
def _(folder: Path) -> list[object]:
    return ["key", write_shot(folder / "in"), "-o", folder / "out", "--engine", "rvm"]


@case("a shot without a screen and no engine named")
def _(folder: Path) -> list[object]:
    return ["key", grey_shot(folder), "-o", folder / "out"]


@case("weights that are not there")
def _(folder: Path) -> list[object]:
    return key(folder, "--engine", "rvm", "--weights", folder / "rvm.pth")


@case("weights that are a web page")
def _(folder: Path) -> list[object]:
    (folder / "rvm.pth").write_text("<!DOCTYPE html><title>Not Found</title>")
    return key(folder, "--engine", "rvm", "--weights", folder / "rvm.pth")


@case("fetching weights of an unknown name")
def _(folder: Path) -> list[object]:
    return ["weights", "fetch", "rvm_resnet5"]


@case("a licence that was not accepted")
def _(folder: Path) -> list[object]:
    return ["weights", "fetch", "rvm_mobilenetv3"]


def by_hand(file: Path) -> list[object]:
    return ["weights", "fetch", "rvm_mobilenetv3", "--accept-licence", "--from", file]


@case("installing a web page")
def _(folder: Path) -> list[object]:
    (folder / "page.html").write_text("<!DOCTYPE html><title>Not Found</title>")
    return by_hand(folder / "page.html")


@case("installing half a file")
def _(folder: Path) -> list[object]:
    (folder / "rvm.pth").write_bytes(b"PK" + bytes(998))
    return by_hand(folder / "rvm.pth")


@case("installing another file")
def _(folder: Path) -> list[object]:
    with (folder / "rvm.pth").open("wb") as stream:
        stream.truncate(15_217_721)
    return by_hand(folder / "rvm.pth")


@case("installing a file that is not there")
def _(folder: Path) -> list[object]:
    return by_hand(folder / "rvm.pth")


def small_onnx() -> bytes:
    value = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, "h", "w"])
        for name in ("image", "alpha")
    ]
    node = onnx.helper.make_node("Relu", ["image"], ["alpha"])
    graph = onnx.helper.make_graph([node], "g", value[:1], value[1:])
    data: bytes = onnx.helper.make_model(graph).SerializeToString()
    return data


@case("a network's config with several faults")
def _(folder: Path) -> list[object]:
    (folder / "net.onnx").write_bytes(small_onnx())
    (folder / "net.toml").write_text('[picture]\nchannels = "BRG"\n[alpha]\nsigmoid = true\n')
    own = ("--weights", folder / "net.onnx", "--model-config", folder / "net.toml")
    return key(folder, "--engine", "onnx-matte", *own)


@case("an ONNX file cut short")
def _(folder: Path) -> list[object]:
    (folder / "rvm.onnx").write_bytes(small_onnx()[:60])
    return key(folder, "--engine", "rvm", "--weights", folder / "rvm.onnx")


@case("the output is the input")
def _(folder: Path) -> list[object]:
    write_shot(folder / "in")
    return ["key", folder / "in/shot.####.exr", "-o", folder / "in", "--screen", "auto"]


@case("a file in the output that Mattebox did not write")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    (folder / "out").mkdir()
    write_exr(folder / "out/shot.1003.exr", plate_pixels(1))
    return arguments


@case("a clean plate that would be written onto itself")
def _(folder: Path) -> list[object]:
    shot, clean = write_shot(folder / "in"), folder / "in/clean.exr"
    return ["plate", shot, "--clean-plate", clean, "-o", clean, "--overwrite"]


@case("a preview onto somebody's picture")
def _(folder: Path) -> list[object]:
    (folder / "look.png").write_bytes(b"somebody's")
    return [*key(folder), "--preview", folder / "look.png"]


@case("a named pipe in the place of a job file")
def _(folder: Path) -> list[object]:
    os.mkfifo(folder / "job.json")
    return [*key(folder), "--write-job", folder / "job.json"]


@case("a farm bundle into the shot's own folder")
def _(folder: Path) -> list[object]:
    values = {"plate": str(write_shot(folder / "in")), "output": str(folder / "out/")}
    (folder / "job.json").write_text(json.dumps(values | {"clean_plate": f"{folder}/in/clean.exr"}))
    job = folder / "job.json"
    return ["farm", "openjd", "--job", job, "--device", "cpu", "-o", folder / "in"]


@case("a file in the place of the output folder")
def _(folder: Path) -> list[object]:
    (folder / "out").write_text("")
    return [*key(folder)[:3], folder / "out/keyed/", "--screen", "auto"]


@case("an output that is not EXR")
def _(folder: Path) -> list[object]:
    return ["key", write_shot(folder / "in"), "-o", folder / "out.mov", "--screen", "auto"]


@case(NO_FFMPEG)
def _(folder: Path) -> list[object]:
    (folder / "shot.mov").write_bytes(b"\0" * 100)
    return ["key", folder / "shot.mov", "-o", folder / "out", "--screen", "auto"]


@case("camera raw as plate")
def _(folder: Path) -> list[object]:
    (folder / "A001.r3d").write_bytes(b"\0" * 100)
    return ["key", folder / "A001.r3d", "-o", folder / "out", "--screen", "auto"]


@case("a movie that is none")
def _(folder: Path) -> list[object]:
    (folder / "shot.mov").write_bytes(b"\0" * 100)
    return ["key", folder / "shot.mov", "-o", folder / "out", "--screen", "auto"]


@case("a movie that is cut short")
def _(folder: Path) -> list[object]:
    run_ffmpeg(*MOVING, "-c:v", "libx264", "-movflags", "+faststart", folder / "shot.mp4")
    whole = (folder / "shot.mp4").read_bytes()
    (folder / "shot.mp4").write_bytes(whole[: len(whole) // 3])
    return ["key", folder / "shot.mp4", "-o", folder / "out", "--screen", "0,0.3,0"]


@case("a movie without the timecode that is asked for")
def _(folder: Path) -> list[object]:
    run_ffmpeg(*MOVING, "-frames:v", 2, "-c:v", "ffv1", folder / "shot.mkv")
    return ["key", folder / "shot.mkv", "-o", folder / "out", "--screen", "auto", "--timecode"]


@case("a hint channel that does not exist")
def _(folder: Path) -> list[object]:
    return key(folder, "--hint", f"{folder / 'in/clean.exr'}:matte")


@case("two backgrounds that are not given")
def _(folder: Path) -> list[object]:
    return [*key(folder)[:4], "--engine", "triangulate"]


@case("two reports of the doctor at once")
def _(folder: Path) -> list[object]:
    return ["doctor", "--json", "--report"]


@case("a job file with several faults")
def _(folder: Path) -> list[object]:
    values = {"plate": "a.exr", "threads": 0, "settings": {"gamma": -1}, "colour_space": "x"}
    (folder / "job.json").write_text(json.dumps(values))
    return ["key", "--job", folder / "job.json"]


@case("a job file nested beyond all measure")
def _(folder: Path) -> list[object]:
    (folder / "job.json").write_text('{"plate": ' * 20_000 + "1" + "}" * 20_000)
    return ["key", "--job", folder / "job.json"]


@case("a job file with a name that no file can have")
def _(folder: Path) -> list[object]:
    (folder / "job.json").write_text('{"plate": "a\\u0000.exr", "output": "out/"}')
    return ["key", "--job", folder / "job.json"]


@case("a colour that is not finite")
def _(folder: Path) -> list[object]:
    return [*key(folder)[:4], "--clean-plate", "nan,0,0"]


@case("a named pipe in the place of a frame")
def _(folder: Path) -> list[object]:
    arguments = key(folder)
    (folder / "in/shot.1002.exr").unlink()
    os.mkfifo(folder / "in/shot.1002.exr")
    return arguments


@case("weights of two kilobytes that stand for four gigabytes")
def _(folder: Path) -> list[object]:
    torch.save({"a": torch.zeros(1).expand(1 << 30)}, folder / "bomb.pth")
    return [*key(folder)[:4], "--engine", "rvm", "--weights", folder / "bomb.pth"]


@case("a job file beside other options")
def _(folder: Path) -> list[object]:
    (folder / "job.json").write_text(json.dumps({"plate": "a.exr", "output": "o"}))
    return ["key", "--job", folder / "job.json", "--gamma", "1.2"]


@case("a job file that is not there")
def _(folder: Path) -> list[object]:
    return ["key", "--job", folder / "job.json"]


@case("info on nothing")
def _(folder: Path) -> list[object]:
    return ["info", folder / "none.exr"]


OPTIONS = {
    "an option mistyped": ("--clean-plat", "x.exr"),
    "an engine that does not exist": ("--engine", "keylight"),
    "frames asked for that are not on disk": ("--frames", "1003-1006"),
    "none of the frames on disk": ("--frames", "1-10"),
    "frames written wrongly": ("--frames", "1001..1004"),
    "a colour space mistyped": ("--in-space", "ACEScgg"),
    "a result space that is not linear": ("--out-space", "ACEScct"),
    "a screen colour written wrongly": ("--screen", "grean"),
    "weights of an unknown name": ("--engine", "rvm", "--weights", "rvm_mobilenet"),
    "weights that were not fetched": ("--engine", "rvm", "--weights", "rvm_resnet50"),
    "a network of your own without its file and config": ("--engine", "onnx-matte"),
    "a device that is not there": ("--device", "cuda:9"),
    "a device that does not exist": ("--device", "gpu"),
    "crossed clips": ("--clip-black", "0.8", "--clip-white", "0.2"),
    "a knob out of range": ("--gamma", "0"),
    "a pass that does not exist": ("--passes", "fg,depth"),
    "a part that does not exist": ("--part", "beauty"),
}
"""Cases that are a call that would work, and these options."""


def hint_make(tool: str, folder: Path, *more: object) -> list[object]:
    shot = write_shot(folder / "in")
    return ["hint", "make", tool, shot, "-o", folder / "mattes", *more]


def any_tool(options: tuple[str, ...], folder: Path) -> list[object]:
    """A call of a stand-in that is set up."""
    write_any(settings_folder())
    return hint_make("any", folder, *options)


OF_A_TOOL = {
    "a tool whose licence was not accepted": (),
    "a tool that fails": ("--accept-licence", "--set", "fault=fails"),
    "a tool that runs out of memory": ("--accept-licence", "--set", "fault=memory"),
    "a tool that leaves out a frame": ("--accept-licence", "--set", "fault=fewer"),
    "a tool's matte that is cut short": ("--accept-licence", "--set", "fault=half"),
    "a tool that falls silent": ("--accept-licence", "--set", "fault=hangs", "--patience", "2"),
}
CASES |= {name: partial(any_tool, options) for name, options in OF_A_TOOL.items()}
CASES |= {
    "a tool of an unknown name": partial(hint_make, "matanyone3"),
    "a tool that is not set up": partial(hint_make, "rvm"),
}


@case("a tool whose environment lacks its package")
def _(folder: Path) -> list[object]:
    places = {"program": sys.executable, "python": sys.executable}
    remember_values("rembg", places)
    return hint_make("rembg", folder, "--accept-licence")


@case("a tool without the mask that it wants")
def _(folder: Path) -> list[object]:
    remember_values("matanyone2", stand_in("matanyone2", folder / "clone"))
    return hint_make("matanyone2", folder, "--accept-licence")


@case("a tool's hint beside a hint")
def _(folder: Path) -> list[object]:
    return key(folder, "--hint", folder / "in/clean.exr", "--hint-tool", "rvm")


def with_keys(folder: Path, *more: object, numbers: tuple[int, ...] = (1001, 1004)) -> list[object]:
    """A call that would work, with a hint drawn at some frames."""
    (folder / "keys").mkdir()
    half = np.zeros((HEIGHT, WIDTH, 1), np.float32)
    half[:, : WIDTH // 2] = 1.0
    for number in numbers:
        write_exr(folder / f"keys/roto.{number}.exr", half, "A")
    return key(folder, "--hint-keys", folder / "keys/roto.####.exr", *more)


@case("keys where the plate has no frame")
def _(folder: Path) -> list[object]:
    return with_keys(folder, numbers=(1001, 1100))


@case("keys that do not exist")
def _(folder: Path) -> list[object]:
    return with_keys(folder, numbers=())


@case("a scene without a key")
def _(folder: Path) -> list[object]:
    return with_keys(folder, "--cuts", "1003", numbers=(1001,))


@case("one key alone")
def _(folder: Path) -> list[object]:
    return with_keys(folder, numbers=(1002,))


@case("keys of another size")
def _(folder: Path) -> list[object]:
    arguments = with_keys(folder, numbers=(1001,))
    write_exr(folder / "keys/roto.1001.exr", np.zeros((20, 30, 1), np.float32), "A")
    return arguments


@case("keys of 0 to 255")
def _(folder: Path) -> list[object]:
    arguments = with_keys(folder, numbers=(1001,))
    write_exr(folder / "keys/roto.1001.exr", np.full((HEIGHT, WIDTH, 1), 255.0, np.float32), "A")
    return arguments


@case("keys beside a hint")
def _(folder: Path) -> list[object]:
    return with_keys(folder, "--hint", folder / "in/clean.exr")


@case("keys beside a tool's hint")
def _(folder: Path) -> list[object]:
    return with_keys(folder, "--hint-tool", "rvm")


@case(NO_OPENCV)
def _(folder: Path) -> list[object]:
    (folder / "bare").mkdir()
    (folder / "bare/cv2.py").write_text("raise ImportError(\"No module named 'cv2'\")\n")
    return with_keys(folder)


@case("a mask for no tool")
def _(folder: Path) -> list[object]:
    return key(folder, "--hint-mask", folder / "in/clean.exr")


def with_options(options: tuple[str, ...], folder: Path) -> list[object]:
    return key(folder, *options)


CASES |= {name: partial(with_options, options) for name, options in OPTIONS.items()}


def rows() -> dict[str, tuple[list[str], int]]:
    """Case -> the words a user sees (in backticks), exit code; from the page."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 3 and cells[2].isdigit():
            found[cells[0]] = (re.findall(r"`([^`]+)`", cells[1]), int(cells[2]))
    return found


ROWS = rows()


def test_the_page_and_the_cases_are_the_same() -> None:
    assert sorted(ROWS) == sorted([*CASES, "the disk is full"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_ffmpeg if name in OF_MOVIES else ()) for name in CASES]
)
def test_bad_input(name: str, tmp_path: Path, mattebox: Run) -> None:
    words, code = ROWS[name]
    arguments = CASES[name](tmp_path)
    bare = {NO_FFMPEG: ("PATH", ""), NO_OPENCV: ("PYTHONPATH", "bare")}.get(name)
    env = os.environ | ({} if bare is None else {bare[0]: str(tmp_path / bare[1])})
    done = mattebox(*arguments, env=env)
    said = plain(done)
    assert done.returncode == code, said
    assert words, "the row says nothing"
    for part in words:
        assert part in said
    assert "Traceback" not in said
    assert not list(tmp_path.rglob("*.tmp*"))


@pytest.mark.slow
def test_the_disk_is_full(tmp_path: Path, mattebox: Run) -> None:
    words, code = ROWS["the disk is full"]
    arguments = key(tmp_path)

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))

    done = mattebox(*arguments, preexec_fn=small_files)
    assert done.returncode == code, plain(done)
    for part in words:
        assert part in plain(done)
    assert not list((tmp_path / "out").glob("*"))


def plain(done: subprocess.CompletedProcess[str]) -> str:
    """What was said, without line breaks and the boxes that the argument parser draws."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stdout + done.stderr).split())
