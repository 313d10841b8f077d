"""Small pictures as bytes, to be put into a page."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from mattebox.errors import WriteError
from mattebox.frames import seam

_JPEG_QUALITY = 80  # of 100; grain stays visible, and a 960x540 picture takes 50 to 100 kB


def encoded_picture(pixels: NDArray[np.uint8], kind: Literal["jpeg", "png"]) -> bytes:
    """A picture as the bytes of a file; equal pictures give equal bytes.

    Args:
        pixels: HxWx3 uint8, display-referred.
        kind: ``jpeg`` with colour at full resolution, or ``png``, which loses nothing.

    Raises:
        ValueError: another shape or type, or no pixels.
        WriteError: the system's temporary folder cannot be written.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ValueError(f"a picture is HxWx3 uint8, not {pixels.dtype} {pixels.shape}")
    height, width = pixels.shape[:2]
    spec = oiio.ImageSpec(width, height, 3, "uint8")
    settings: dict[str, Any] = {"DateTime": "", "Software": ""}
    if kind == "jpeg":
        settings |= {"compression": f"jpeg:{_JPEG_QUALITY}", "jpeg:subsampling": "4:4:4"}
    else:
        settings["png:compressionLevel"] = 9
    for name, value in settings.items():
        spec.attribute(name, value)
    try:
        # OpenImageIO writes into memory from C++ only.
        with tempfile.TemporaryDirectory(prefix="mattebox-") as folder:
            path = Path(folder) / ("picture.jpg" if kind == "jpeg" else "picture.png")
            output = oiio.ImageOutput.create(str(path))
            if output is None or not output.open(str(path), spec):
                raise OSError(seam.last_error(output or oiio))
            done = output.write_image(np.ascontiguousarray(pixels))
            if not (done and output.close()):
                raise OSError(seam.last_error(output))
            return path.read_bytes()
    except OSError as error:
        raise WriteError(
            f"a picture could not be written to the temporary folder: {error.strerror or error}",
            next_step="make room there, or name another folder in TMPDIR",
        ) from error
