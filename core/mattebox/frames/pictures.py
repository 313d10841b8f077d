"""Plain pictures for other programs: PNG and JPEG of codes, and scaling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from mattebox.errors import MatteboxError, WriteError
from mattebox.frames import seam

JPEG_QUALITY = 98
"""Best that is of use: above it files grow and errors stay below half a code."""


def write_picture(path: Path, codes: NDArray[np.uint8 | np.uint16]) -> None:
    """Write a picture that a program will read and nobody keeps: neither flushed nor read back.

    Args:
        path: the file; PNG or JPEG by its suffix.
        codes: HxWx1 or HxWx3, uint8 or (PNG alone) uint16, full range; sRGB where it is colour.

    Raises:
        WriteError: it cannot be written.
    """
    height, width, count = codes.shape
    spec = oiio.ImageSpec(width, height, count, "uint16" if codes.dtype == np.uint16 else "uint8")
    spec.attribute("compression", f"jpeg:{JPEG_QUALITY}" if path.suffix == ".jpg" else "zip:1")
    output = oiio.ImageOutput.create(seam.name_of(path))
    done = output is not None and output.open(seam.name_of(path), spec)
    if output is not None and done:
        done = output.write_image(np.ascontiguousarray(codes)) and output.close()
    if not done:
        said = seam.last_error(oiio if output is None else output)
        raise WriteError(
            f"{path} could not be written: {said}",
            next_step="make room or choose another folder (-o), then run again",
            path=path,
        )


def resized(pixels: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """Scale HxWxC float32 by a triangle filter: an average on the way down, between neighbours on
    the way up, so never beyond the values that are there.

    Returns the same array where the size is the same.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    source = oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32))
    target = oiio.ROI(0, width, 0, height, 0, 1, 0, pixels.shape[2])
    scaled = oiio.ImageBufAlgo.resize(source, filtername="triangle", roi=target, nthreads=1)
    if scaled.has_error:
        raise MatteboxError(f"a picture could not be scaled: {scaled.geterror()}")
    return np.asarray(scaled.get_pixels(oiio.FLOAT), np.float32)
