"""The pictures, masks and clean plates that somebody else's tool gets of a shot."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.errors import RunInterruptedError, UsageError, WriteError
from mattebox.events import NoteEvent, Reporter
from mattebox.ffmpeg import file_name, find_programs, start, tell
from mattebox.frames.pictures import resized, write_picture
from mattebox.hints.recipe import Mask, filled
from mattebox.hints.tools import Tool
from mattebox.inputs import Matte
from mattebox.job import Job, PreparedColour
from mattebox.pipeline.backgrounds import shot_light
from mattebox.pipeline.colour import open_colour, resolve_colour
from mattebox.shot import Shot
from mattebox_ocio.model_space import ModelSpace, exposure_for
from mattebox_ocio.plate import PlateColour

Pixels = NDArray[np.float32]

SAMPLED_PAIRS = 6
"""Places in the plate that decide the exposure of the pictures, as in an analysis."""

MOVIE_RATE = 24
"""Of a movie that a tool gets: frames are taken back by their order, so it says nothing."""


@dataclass(frozen=True)
class HintWish:
    """Mattes that are asked for.

    Attributes:
        tool: what makes them.
        job: the plate, its colour and its place; ``output`` says where mattes go.
        mask: the mask that the tool wants, or None.
        frames: as on the command line; None means all on disk.
        exposure: stops that the pictures are lifted by; None finds it out.
        longest: the longer side of the pictures at most; None as the recipe says.
        patience: seconds of silence; None as the recipe says.
        force: make mattes again that are current.
        overwrite: replace files of other programs.
        keep: leave the pictures and the tool's own files.
    """

    tool: Tool
    job: Job
    mask: Matte | None = None
    frames: str | None = None
    exposure: float | None = None
    longest: int | None = None
    patience: float | None = None
    force: bool = False
    overwrite: bool = False
    keep: bool = False


class HintPictures:
    """What a tool gets of a shot. Colour, exposure and size are the same for all its frames.

    Attributes:
        shot: the plate, with the clean plate.
        masked: the same plate with the mask as its hint.
    """

    def __init__(
        self, wish: HintWish, shot: Shot, masked: Shot, reporter: Reporter, stop: threading.Event
    ) -> None:
        self.shot, self.masked = shot, masked
        self._wish, self._reporter, self._stop = wish, reporter, stop
        self._recipe = wish.tool.recipe

    @cached_property
    def found(self) -> PreparedColour:
        return resolve_colour(self._wish.job, self.shot, self._reporter)

    @cached_property
    def _colour(self) -> PlateColour:
        return open_colour(self._wish.job, self.found)

    @cached_property
    def model_space(self) -> ModelSpace:
        """One exposure for the whole plate, whatever frames are asked for."""
        if self._wish.exposure is not None:
            return ModelSpace(2.0**self._wish.exposure)
        pairs = self.shot.spread_pairs(SAMPLED_PAIRS)
        samples = [self._light(self.shot.read(pair[0]).source) for pair in pairs]
        return ModelSpace(exposure_for(samples))

    def _light(self, pixels: Pixels, name: str = "plate") -> Pixels:
        """HxWx3 in the own space of an input as HxWx3 linear Rec.709."""
        linear = shot_light(pixels, self._colour, name)
        return np.asarray(linear[0].permute(1, 2, 0).contiguous().numpy(), np.float32)

    @cached_property
    def size(self) -> tuple[int, int]:
        """Width and height of the pictures."""
        size, window = self._recipe.pictures.size, self.shot.window
        longest = self._wish.longest
        if longest is not None and size.exactly is None:
            least = longest if size.longest is None else min(longest, size.longest)
            size = size.model_copy(update={"longest": least})
        return size.of(window.width, window.height)

    def _codes(self, pixels: Pixels, name: str = "plate") -> NDArray[np.uint8 | np.uint16]:
        """HxWx3 in the own space of an input as sRGB codes of the wanted size and depth."""
        codes = self.model_space.encode(torch.from_numpy(self._light(pixels, name))).numpy()
        return _quantised(resized(codes, *self.size), self._recipe.pictures.bits)

    def _names(self, frames: Sequence[int]) -> list[str]:
        wanted = self._recipe.pictures
        first = wanted.start
        numbers = frames if first is None else range(first, first + len(frames))
        return [f"{number:0{wanted.digits}d}" for number in numbers]

    def send(self, frames: Sequence[int], places: dict[str, str]) -> list[str]:
        """Write all that the tool wants, and note where; returns the pictures' names."""
        recipe, names = self._recipe, self._names(frames)
        wanted, mask, background = recipe.pictures, recipe.mask, recipe.background
        folder = _made_folder(wanted.folder, places)
        behind = None if background is None else _made_folder(background.folder, places)
        self._reporter.emit(
            NoteEvent(message=f"writing {len(frames)} pictures of {_by(self.size)}")
        )
        for frame, name in zip(frames, names, strict=True):
            refuse_stop(self._stop)
            pictures = self.shot.read(frame)
            write_picture(folder / f"{name}{wanted.suffix}", self._codes(pictures.source))
            if behind is not None:
                clean = pictures.input("clean_plate")
                assert clean is not None
                write_picture(behind / f"{name}{wanted.suffix}", self._codes(clean, "clean_plate"))
        places |= {"pictures": folder.as_posix(), "count": str(len(frames))}
        if behind is not None:
            places["background"] = behind.as_posix()
        if mask is not None and self._wish.mask is not None:
            places["mask"] = self._send_mask(mask, frames, names, places).as_posix()
        if wanted.movie:
            places["pictures"] = self._movie(folder, places).as_posix()
        return names

    def _send_mask(
        self, mask: Mask, frames: Sequence[int], names: Sequence[str], places: Mapping[str, str]
    ) -> Path:
        folder = _made_folder(mask.folder, places)
        if mask.frames == "first":
            path = folder / f"{places['clip']}.png"
            write_picture(path, self._mask(mask, frames[0]))
            return path
        for frame, name in zip(frames, names, strict=True):
            refuse_stop(self._stop)
            write_picture(folder / f"{name}.png", self._mask(mask, frame))
        return folder

    def _mask(self, mask: Mask, frame: int) -> NDArray[np.uint8 | np.uint16]:
        alpha = self.masked.read(frame).input("hint")
        assert alpha is not None
        scaled = resized(np.clip(alpha, 0.0, 1.0)[..., None], *self.size)
        return _quantised((scaled > 0.5).astype(np.float32) if mask.binary else scaled, 8)

    def _movie(self, folder: Path, places: Mapping[str, str]) -> Path:
        """One movie of the pictures, without a loss: PNG in QuickTime, which every ffmpeg reads."""
        programs = find_programs()
        if programs is None:
            raise UsageError(
                f"{self._recipe.title} wants a movie, and there is no ffmpeg on the PATH",
                next_step="install ffmpeg 5.1 or newer",
            )
        wanted = self._recipe.pictures
        path = folder.parent / f"{places['clip']}.mov"
        pattern = file_name(folder / f"%0{wanted.digits}d{wanted.suffix}")
        first = str(wanted.start or 0)
        command = [str(programs.ffmpeg), "-v", "error", "-y", "-framerate", str(MOVIE_RATE)]
        command += ["-start_number", first, "-i", pattern, "-c:v", "png", "-pix_fmt", "rgb24"]
        with start([*command, file_name(path)], stderr=-1) as process:
            _, said = process.communicate()
        if process.returncode:
            raise WriteError(f"{path} could not be written: {tell(said.decode(errors='replace'))}")
        return path


def refuse_stop(stop: threading.Event) -> None:
    """Raise RunInterruptedError where a stop was asked for."""
    if stop.is_set():
        raise RunInterruptedError(
            "stopped on request", next_step="run the same command again to finish"
        )


def _made_folder(folder: str, places: Mapping[str, str]) -> Path:
    path = Path(filled(folder, places))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error
    return path


def _quantised(codes: Pixels, bits: int) -> NDArray[np.uint8 | np.uint16]:
    """Values 0..1 as whole codes of 8 or 16 bits."""
    most = float(2**bits - 1)
    rounded = np.rint(np.clip(codes, 0.0, 1.0) * np.float32(most))
    return np.asarray(rounded, np.uint8) if bits == 8 else np.asarray(rounded, np.uint16)


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def unwritable(path: Path, error: OSError) -> WriteError:
    return WriteError(
        f"{path} cannot be made or cleared: {error.strerror}",
        next_step="choose another output (-o), or make the folder writable",
        path=path,
    )
