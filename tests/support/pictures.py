"""Small real files for tests: a green-screen shot with exact truth, written by OpenImageIO."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

Pixels = NDArray[np.float32]

WIDTH, HEIGHT = 64, 36
SCREEN = np.array([0.08, 0.43, 0.11], np.float32)
SUBJECT = np.array([0.35, 0.22, 0.16], np.float32)


def write_exr(
    path: Path,
    pixels: Pixels,
    names: Sequence[str] = "RGB",
    pixel_type: str = "half",
    **attributes: object,
) -> Path:
    """Write HxWxC pixels; attributes as OpenImageIO names them."""
    height, width, count = pixels.shape
    spec = oiio.ImageSpec(width, height, count, pixel_type)
    spec.channelnames = tuple(names)
    spec.attribute("compression", "zip")
    for name, value in attributes.items():
        spec.attribute(name, value)
    return write_picture(path, spec, pixels)


def write_picture(path: Path, spec: oiio.ImageSpec, pixels: Pixels) -> Path:
    """Write HxWxC pixels under a given header."""
    output = oiio.ImageOutput.create(str(path))
    assert output is not None
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(np.ascontiguousarray(pixels, np.float32))
    output.close()
    return path


def read_exr(path: Path) -> dict[str, Pixels]:
    """Every channel of a file, HxW float32, by name."""
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None, oiio.geterror()
    pixels = opened.read_image("float")
    assert pixels is not None, opened.geterror()
    return {name: pixels[..., i] for i, name in enumerate(opened.spec().channelnames)}


def rgb_of(channels: dict[str, Pixels], layer: str = "") -> Pixels:
    """HxWx3 of a layer of ``read_exr``; the layer's name ends with a dot."""
    return np.stack([channels[f"{layer}{name}"] for name in "RGB"], axis=2)


def spec_of(path: Path) -> oiio.ImageSpec:
    """Header of a picture: size, windows."""
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None, oiio.geterror()
    return opened.spec()


def header(path: Path) -> dict[str, object]:
    """Every attribute of a file's header."""
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None, oiio.geterror()
    return {attribute.name: attribute.value for attribute in opened.spec().extra_attribs}


def disc_alpha(frame: int) -> Pixels:
    """HxW: a soft disc that moves one pixel a frame."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    distance = np.hypot(x - 28 - frame, y - 18)
    alpha: Pixels = np.clip((13.0 - distance) / 4.0, 0.0, 1.0).astype(np.float32)
    return alpha


def plate_pixels(frame: int) -> Pixels:
    """HxWx3 linear Rec.709: the disc over a flat green screen, with seeded grain."""
    alpha = disc_alpha(frame)[..., None]
    clean = alpha * SUBJECT + (1.0 - alpha) * SCREEN
    grain = np.random.default_rng(frame + 100).normal(0.0, 0.003, clean.shape)
    return (clean + grain).astype(np.float32)


def write_shot(
    folder: Path, frames: range = range(1001, 1005), name: str = "shot", scale: int = 1
) -> Path:
    """Write a shot and its clean plate, ``scale`` times as large; returns the shot's pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        write_exr(
            folder / f"{name}.{frame:04d}.exr",
            plate_pixels(frame - 1000).repeat(scale, 0).repeat(scale, 1),
            colorInteropID="lin_rec709_scene",
        )
    clean = np.broadcast_to(SCREEN, (scale * HEIGHT, scale * WIDTH, 3)).astype(np.float32)
    write_exr(folder / "clean.exr", clean, colorInteropID="lin_rec709_scene")
    return folder / f"{name}.####.exr"
