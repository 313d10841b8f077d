"""Where frames are written, and that it is never onto an input."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import UsageError, named
from mattebox.regular_files import is_folder
from mattebox.sequences.frame_sequence import FrameSequence
from mattebox.sequences.names import (
    MOVIE_SUFFIXES,
    PICTURE_SUFFIXES,
    RAW_SUFFIXES,
    NamePattern,
    has_padding,
    parse_pattern,
)
from mattebox.whole_files import refuse_inputs


@dataclass(frozen=True)
class OutputPattern:
    """Where the frames of a job are written.

    Attributes:
        pattern: the name pattern, or None where every frame keeps the name of its plate.
        folder: the folder of the frames.
        plate: the plate whose names are kept where ``pattern`` is None.
    """

    folder: Path
    plate: FrameSequence
    pattern: NamePattern | None = None

    def __str__(self) -> str:
        return str(self.folder if self.pattern is None else self.pattern)

    def path(self, frame: int) -> Path:
        """The file a frame is written to."""
        if self.pattern is not None:
            return self.pattern.path(frame)
        return self.folder / f"{self.plate.name(frame)}.exr"

    def refuse_inputs(self, frames: Iterable[int], inputs: Iterable[Path]) -> None:
        """Refuse to write onto a file that is read, also through a link to it or to its folder.

        Raises:
            UsageError: a frame's output is one of the inputs.
        """
        refuse_inputs(map(self.path, frames), inputs)


def output_pattern(text: str, plate: FrameSequence, frames: Iterable[int]) -> OutputPattern:
    """Where ``-o TEXT`` writes: a pattern, or a folder in which each frame keeps its plate's name.

    A text that ends in a slash, is a folder, or has neither padding nor a picture's suffix is a
    folder (``out``, ``out.v001``).

    Raises:
        UsageError: not EXR, a range in the pattern, or one name for several frames.
    """
    path = Path(text)
    name = path.name
    is_pattern = has_padding(name)
    is_file = path.suffix.casefold() in PICTURE_SUFFIXES | MOVIE_SUFFIXES | RAW_SUFFIXES
    if text.endswith(("/", os.sep)) or is_folder(path) or not (is_file or is_pattern):
        return OutputPattern(path, plate)
    if path.suffix.casefold() != ".exr":
        raise UsageError(
            f"the output {text} is not EXR",
            expected="a name such as out/shot.####.exr, or a folder",
            next_step=f"write to {path.with_suffix('.exr')}",
        )
    pattern = parse_pattern(text)
    if pattern.numbers is not None and is_pattern:
        raise UsageError(
            f"the output {text} holds a frame range",
            next_step=f"write to {pattern} and choose the frames with {named('frames')}",
        )
    if not is_pattern:
        if len(set(frames)) > 1:
            raise UsageError(
                f"the output {text} is one file, and there are {len(set(frames))} frames",
                expected="a pattern such as "
                f"{path.with_name(path.stem.rstrip('.0123456789') + '.####.exr')}, or a folder",
            )
        pattern = NamePattern(path.parent, path.stem, path.suffix)
    return OutputPattern(path.parent, plate, pattern)
