"""Pictures that are no frames of the shot: other layers, other windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from tests.support.pictures import (
    HEIGHT,
    SCREEN,
    WIDTH,
    Pixels,
    plate_pixels,
    write_exr,
    write_picture,
)


def of_layers(path: Path, *names: str) -> None:
    """A picture of these channels."""
    write_exr(path, np.full((HEIGHT, WIDTH, len(names)), 0.4, np.float32), names=names)


def begins_elsewhere(path: Path) -> None:
    """A picture of the shot's size whose windows both lie 8 to the right and 4 down."""
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 3, "half")
    spec.x = spec.full_x = 8
    spec.y = spec.full_y = 4
    write_picture(path, spec, plate_pixels(2))


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
