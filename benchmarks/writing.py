"""Writing shots with truth, as ``mattebox.bench.shots`` reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mattebox.bench.shots import ENCODED_SPACE, MANIFEST, SPACE
from mattebox.errors import WriteError
from mattebox.frames import write_frame
from mattebox.images import Frame, Window

Pixels = NDArray[np.float32]
AnyPasses = Mapping[str, Mapping[int, NDArray[np.float32 | np.uint8]]]
"""Name of a pass -> frame number -> picture."""

JPEG_QUALITY = 90  # of 100: between what cameras (95) and web pages (80) write


def write_shot(folder: Path, passes: AnyPasses, *, key: str) -> Path:
    """Write a shot into a folder named like it; frames of an earlier one there are replaced.

    Frames of a longer one are removed: a sequence on disk is looked at as a whole.

    Args:
        folder: made where it is missing; its name is the shot's.
        passes: per pass, frame number -> HxWx3 or HxWx4 premultiplied, linear Rec.709, float32,
            written as half; or HxWx3 uint8 sRGB codes, written as JPEG with colour at half size.
            One frame makes a still.
        key: name of the pass to key.

    Returns:
        The folder.

    Raises:
        WriteError: a folder cannot be made, or a file not be written.
    """
    listed: dict[str, Any] = {}
    try:
        for name, frames in passes.items():
            (folder / name).mkdir(parents=True, exist_ok=True)
            is_encoded = all(pixels.dtype == np.uint8 for pixels in frames.values())
            suffix, space = ("jpg", ENCODED_SPACE) if is_encoded else ("exr", SPACE)
            files = {frame: folder / name / f"{name}.{frame:04d}.{suffix}" for frame in frames}
            for stale in set((folder / name).glob(f"{name}.????.*")) - set(files.values()):
                stale.unlink()
            for frame, pixels in frames.items():
                if is_encoded:
                    files[frame].write_bytes(_jpeg(pixels))
                else:
                    write_frame(files[frame], _picture(pixels))
            pattern = f"{name}/{name}.####.{suffix}"
            listed[name] = {"pattern": pattern, "frames": list(frames), "colour_space": space}
        manifest = {"shot": folder.name, "colour_space": SPACE, "key": key, "passes": listed}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise WriteError(f"{folder} cannot be written: {error.strerror}", path=folder) from error
    return folder


def as_stored(pixels: NDArray[np.floating[Any]]) -> Pixels:
    """Values as a half file holds them: a composite is exact only of what its truth's file says."""
    return pixels.astype(np.float16).astype(np.float32)


def _jpeg(codes: NDArray[Any]) -> bytes:
    """HxWx3 uint8 as a JPEG file with chroma at half size each way, as nearly all have it."""
    settings = (
        *(cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY),
        *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420),
    )
    _, coded = cv2.imencode(".jpg", cv2.cvtColor(codes, cv2.COLOR_RGB2BGR), settings)
    return coded.tobytes()


def _picture(pixels: NDArray[Any]) -> Frame:
    window = Window(0, 0, pixels.shape[1], pixels.shape[0])
    channels = ("R", "G", "B", "A")[: pixels.shape[2]]
    return Frame(
        pixels,
        channels,
        data_window=window,
        display_window=window,
        attributes={"colorInteropID": SPACE},
    )
