"""Pictures around a Blender: read with the core's own reader, composited in numpy, damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from tests.support.pictures import Pixels, read_exr, write_picture

from mattebox.frames import read_frame

LAYERS = ("fg", "spill", "conf")


def rgba(path: Path) -> Pixels:
    """HxWx4 float32 of a picture, as the core reads it."""
    frame = read_frame(path)
    assert frame.channels[:4] == ("R", "G", "B", "A")
    return frame.pixels[..., :4].astype(np.float32)


def rgb(path: Path) -> Pixels:
    """HxWx3 float32 of a picture."""
    return read_frame(path).pixels[..., :3].astype(np.float32)


def over(foreground: Pixels, background: Pixels) -> Pixels:
    """HxWx3: premultiplied RGBA over RGB, in single precision as hosts compute."""
    return foreground[..., :3] + (np.float32(1.0) - foreground[..., 3:]) * background


def edit(path: Path, change: Callable[[dict[str, Pixels]], None]) -> None:
    """Write a frame anew with other pixels under the same header, so that it counts as current."""
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None, oiio.geterror()
    spec = opened.spec()
    opened.close()
    channels = read_exr(path)
    change(channels)
    write_picture(path, spec, np.stack([channels[name] for name in spec.channelnames], axis=2))
