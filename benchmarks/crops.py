"""Crops of real pictures: what is keyed, how a user would ask for it, where there is nothing.

A folder holds one folder per crop. In that lie the picture or the numbered pictures to key, those
that the arguments name (a clean plate, a garbage matte), and ``expect.json``:

    {"kind": "gold braid", "arguments": "--screen auto", "empty": [[0.02, 0.02, 0.3, 0.3]]}

``arguments`` are of ``mattebox key``; ``empty`` are boxes x0, y0, x1, y1, as shares of width and
height, where there is nothing but screen. Real pictures belong to others and lie outside of the
repository.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import InputError, UnreadableError
from mattebox.frames import read_frame
from mattebox.measure.cleanness import Box
from mattebox.sequences import FrameSequence, sequences_in, split_channel

EXPECT = "expect.json"


@dataclass(frozen=True)
class Crop:
    """One real picture, or a few of one shot.

    Attributes:
        name: of its folder.
        kind: what is hard about it, in words.
        arguments: of ``mattebox key``, beside plate and output; names are relative to the folder.
        empty: where there is nothing but screen.
        pictures: the plate.
    """

    name: str
    folder: Path
    kind: str
    arguments: tuple[str, ...]
    empty: tuple[Box, ...]
    pictures: FrameSequence

    def codes(self) -> dict[int, NDArray[np.float32]]:
        """Frame number -> HxWx3 as stored, 0..1, taken for sRGB.

        Raises:
            InputError, UnreadableError: as ``mattebox.frames.read_frame``.
        """
        read = {n: read_frame(path, alpha="as stored") for n, path in self.pictures.files.items()}
        return {n: picture.placed(picture.display_window)[..., :3] for n, picture in read.items()}


def read_crops(folder: Path) -> list[Crop]:
    """All crops in a folder, by name.

    Raises:
        InputError: there is none, or one has not exactly one plate.
        UnreadableError: an ``expect.json`` that is not what this module says.
    """
    found = [_crop(path.parent) for path in sorted(folder.glob(f"*/{EXPECT}"))]
    if not found:
        raise InputError(
            f"{folder} holds no crop",
            expected=f"folders with pictures and {EXPECT}",
            path=folder,
        )
    return found


def _crop(folder: Path) -> Crop:
    values = _expected(folder)
    arguments = tuple(shlex.split(values["arguments"]))
    boxes = tuple(_box(folder, entry) for entry in values["empty"])
    plate = _plate(folder, arguments)
    return Crop(folder.name, folder, str(values.get("kind", "")), arguments, boxes, plate)


def _plate(folder: Path, arguments: Sequence[str]) -> FrameSequence:
    """The one sequence that no argument names."""
    named = {split_channel(argument)[0] for argument in arguments}
    left = [one for one in sequences_in(folder) if one.pattern.name_with_hashes not in named]
    if len(left) != 1:
        raise InputError(
            f"{folder} holds {len(left)} sequences that its arguments do not name",
            expected="the plate alone",
            next_step=f"correct the arguments in {EXPECT}, or take the others out",
            path=folder,
        )
    return left[0]


def _expected(folder: Path) -> Mapping[str, Any]:
    path = folder / EXPECT
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", path=path) from error
    except ValueError as error:
        raise UnreadableError(f"{path} is not JSON: {error}", path=path) from error
    if (
        not isinstance(values, dict)
        or not isinstance(values.get("arguments"), str)
        or not isinstance(values.get("empty"), list)
    ):
        raise UnreadableError(
            f"{path} holds no crop",
            expected='{"arguments": "--screen auto", "empty": [[x0, y0, x1, y1]]}',
            path=path,
        )
    return values


def _box(folder: Path, entry: object) -> Box:
    if isinstance(entry, list) and all(isinstance(value, int | float) for value in entry):
        match entry:
            case [left, top, right, bottom] if 0 <= left < right <= 1 and 0 <= top < bottom <= 1:
                return Box(left, top, right, bottom)
    raise UnreadableError(
        f"{folder / EXPECT} has the empty box {entry!r}",
        expected="x0, y0, x1, y1 in 0..1, x0 < x1 and y0 < y1",
        path=folder / EXPECT,
    )
