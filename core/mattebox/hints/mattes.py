"""The mattes that a tool has made, found and read."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import MatteboxError, ToolError
from mattebox.frames import Clip
from mattebox.frames.pictures import resized
from mattebox.hints.recipe import Mattes, filled
from mattebox.sequences import find_sequence, is_movie

Alpha = NDArray[np.float32]

_NUMBER = re.compile(r"(\d+)")


def found_mattes(mattes: Mattes, places: Mapping[str, str]) -> list[Path]:
    """The files that a tool has left, in the order of their numbers; empty where there are none."""
    for pattern in mattes.files:
        # Places may hold brackets, which are no pattern there.
        escaped = {name: glob.escape(value) for name, value in places.items()}
        names = glob.glob(filled(pattern, escaped), recursive=True)  # noqa: PTH207 - absolute
        found = [Path(name) for name in names if Path(name).is_file()]
        if found:
            return sorted(found, key=_natural)
    return []


def _natural(path: Path) -> list[tuple[int, str]]:
    """Numbers in names by their value: 10 comes after 9."""
    parts = _NUMBER.split(path.as_posix())
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def matched_mattes(
    mattes: Mattes, files: Sequence[Path], names: Sequence[str], title: str
) -> dict[int, tuple[Path, int]]:
    """Which matte belongs to which picture.

    Args:
        mattes: how they are matched.
        files: as ``found_mattes`` gives them.
        names: the pictures' names without suffix, in order.
        title: of the tool, for messages.

    Returns:
        The place of a picture in ``names`` -> its matte's file, and the matte's place in there.

    Raises:
        ToolError: there is none; or they are numbered anew and their number is another.
    """
    if not files:
        raise ToolError(
            f"{title} ended without an error and made no matte",
            expected=f"{len(names)} in {', '.join(mattes.files)}",
            next_step="read its log; where it writes elsewhere, correct `files` in its recipe",
        )
    if len(files) == 1 and is_movie(files[0]):
        count = len(find_sequence(str(files[0])).frames)
        _refuse_other_count(count, names, title)
        return {place: (files[0], place) for place in range(count)}
    if mattes.match == "name":
        by_name = {path.stem: path for path in files}
        return {n: (by_name[name], 0) for n, name in enumerate(names) if name in by_name}
    _refuse_other_count(len(files), names, title)
    return {place: (path, 0) for place, path in enumerate(files)}


def _refuse_other_count(count: int, names: Sequence[str], title: str) -> None:
    if count != len(names):
        raise ToolError(
            f"{title} made {count} mattes for {len(names)} frames, and numbers them anew: which "
            "belongs to which cannot be known",
            next_step="read its log; none was used",
        )


def read_made_matte(
    path: Path,
    place: int,
    mattes: Mattes,
    sent: tuple[int, int],
    size: tuple[int, int],
    title: str,
) -> Alpha:
    """A matte as alpha, scaled back.

    Args:
        path: the picture or movie.
        place: in the movie, from 0.
        mattes: its channel, sense and range.
        sent: width and height of the pictures that the tool got.
        size: width and height of the frame.
        title: of the tool, for messages.

    Returns:
        HxW float32, 0..1.

    Raises:
        ToolError: it cannot be read, has another size than was sent, or holds NaN or Inf.
    """
    try:
        sequence = find_sequence(str(path))
        clip = Clip(sequence)
        try:
            frame = clip.read_matte(sequence.first + place, mattes.channel)
        finally:
            clip.close()
    except MatteboxError as error:
        raise ToolError(
            f"the matte {path.name} of {title} cannot be used: {error.message}",
            next_step="run the same command again; where it stays so, read the tool's log",
            path=path,
        ) from error
    found = (frame.data_window.width, frame.data_window.height)
    if found not in (sent, size):
        raise ToolError(
            f"the matte {path.name} of {title} is {found[0]}x{found[1]}",
            expected=f"{sent[0]}x{sent[1]}, as its picture was",
            next_step="correct the size in its recipe (`pictures.size`)",
            path=path,
        )
    if not np.isfinite(frame.pixels).all():
        raise ToolError(f"the matte {path.name} of {title} holds NaN or Inf", path=path)
    alpha = (frame.pixels.astype(np.float32) * 255.0 - mattes.black) / (mattes.white - mattes.black)
    alpha = np.clip(1.0 - alpha if mattes.inverted else alpha, 0.0, 1.0)
    return np.ascontiguousarray(resized(alpha, *size)[..., 0], np.float32)
