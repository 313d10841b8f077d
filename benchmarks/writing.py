"""Writing shots with truth, as ``mattebox.bench.shots`` reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.bench.shots import MANIFEST, SPACE
from mattebox.errors import WriteError
from mattebox.frames import write_frame
from mattebox.images import Frame, Window

Pixels = NDArray[np.float32]


def write_shot(folder: Path, passes: Mapping[str, Mapping[int, Pixels]], *, key: str) -> Path:
    """Write a shot into a folder named like it; frames of an earlier one there are replaced.

    Frames of a longer one are removed: a sequence on disk is looked at as a whole.

    Args:
        folder: made where it is missing; its name is the shot's.
        passes: per pass, frame number -> HxWx3 or HxWx4 premultiplied, linear Rec.709; written as
            half. One frame makes a still.
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
            files = {frame: folder / name / f"{name}.{frame:04d}.exr" for frame in frames}
            for stale in set((folder / name).glob(f"{name}.????.exr")) - set(files.values()):
                stale.unlink()
            for frame, pixels in frames.items():
                write_frame(files[frame], _picture(pixels))
            listed[name] = {"pattern": f"{name}/{name}.####.exr", "frames": list(frames)}
        manifest = {"shot": folder.name, "colour_space": SPACE, "key": key, "passes": listed}
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise WriteError(f"{folder} cannot be written: {error.strerror}", path=folder) from error
    return folder


def as_stored(pixels: NDArray[np.floating[Any]]) -> Pixels:
    """Values as a half file holds them: a composite is exact only of what its truth's file says."""
    return pixels.astype(np.float16).astype(np.float32)


def _picture(pixels: Pixels) -> Frame:
    window = Window(0, 0, pixels.shape[1], pixels.shape[0])
    channels = ("R", "G", "B", "A")[: pixels.shape[2]]
    return Frame(
        pixels,
        channels,
        data_window=window,
        display_window=window,
        attributes={"colorInteropID": SPACE},
    )
