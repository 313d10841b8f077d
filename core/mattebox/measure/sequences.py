"""Two sequences on disk, compared frame by frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from mattebox.errors import InputError, MissingFramesError, NonFiniteError
from mattebox.images import Frame
from mattebox.measure.accuracy import FIGURES, Accuracy, AccuracySummary, FrameAccuracy
from mattebox.measure.metrics import Convention, FloatArray

Reader: TypeAlias = Callable[[Path], Frame]

DOCUMENT_VERSION = 1


@dataclass(frozen=True)
class Measurement:
    """The errors of a sequence, per frame and whole."""

    frames: tuple[FrameAccuracy, ...]
    summary: AccuracySummary

    def document(self) -> dict[str, Any]:
        """The measurement as it is written to JSON: plain values, None where nothing applies."""
        return {
            "kind": "mattebox/measure",
            "version": DOCUMENT_VERSION,
            "convention": self.summary.convention.value,
            "scales": {info.name: info.scale for info in FIGURES},
            "mean": dataclasses.asdict(self.summary.mean),
            "worst_frame": self.summary.worst_frame,
            "frames": [
                {"frame": measured.frame, **dataclasses.asdict(measured.figures)}
                for measured in self.frames
            ],
        }


def measure_sequences(
    predicted: Sequence[Path],
    truth: Sequence[Path],
    reader: Reader,
    *,
    numbers: Sequence[int] | None = None,
    background: tuple[float, float, float] | Sequence[Path] | None = None,
    convention: Convention = Convention.FLOAT,
    on_frame: Callable[[FrameAccuracy], None] | None = None,
) -> Measurement:
    """Measures predicted frames against true ones.

    Args:
        predicted: one file per frame, in order: premultiplied linear RGBA, or a matte: A alone,
            one channel, or a grey picture.
        truth: the true pictures, as many and in the same order.
        reader: reads one file.
        numbers: the frames' numbers; by default they are counted from 1.
        background: what to comp over beside grey and red, in the pictures' space: a linear
            colour, one file for all frames, or a file for each.
        convention: how alpha is prepared.
        on_frame: told of each frame when it is done.

    Pictures are compared on their display windows, which must be of one size. dtSSD is of
    neighbours in the given order.

    Raises:
        MissingFramesError: files that are not on disk, all of them listed.
        InputError: sizes differ, or a file has no alpha (or a background no colour).
        NonFiniteError: NaN or infinite values.
    """
    counted = list(range(1, len(truth) + 1)) if numbers is None else list(numbers)
    if not truth or len(predicted) != len(truth) or len(counted) != len(truth):
        raise InputError(
            f"{len(predicted)} predicted and {len(truth)} true frames with {len(counted)} numbers",
            expected="one predicted and one true picture for each of at least one frame",
        )
    _require_on_disk("predicted", predicted, counted)
    _require_on_disk("true", truth, counted)
    behind = _Background(background, len(truth), reader)

    accuracy = Accuracy(convention)
    measured: list[FrameAccuracy] = []
    for index, number in enumerate(counted):
        true_picture = _picture(reader(truth[index]), truth[index], number)
        picture = _picture(reader(predicted[index]), predicted[index], number)
        size = true_picture.shape[:2]
        _require_size(picture, size, predicted[index], f"the true picture {truth[index]}", number)
        figures = accuracy.add(
            picture, true_picture, frame=number, background=behind.of(index, size, number)
        )
        measured.append(figures)
        if on_frame is not None:
            on_frame(figures)
    return Measurement(tuple(measured), accuracy.summary())


class _Background:
    """What to comp over: nothing, a colour, one picture or one per frame."""

    def __init__(
        self,
        given: tuple[float, float, float] | Sequence[Path] | None,
        frames: int,
        reader: Reader,
    ) -> None:
        self._reader = reader
        self._colour: FloatArray | None = None
        self._paths: tuple[Path, ...] = ()
        self._held: tuple[Path, FloatArray] | None = None
        paths = tuple(part for part in given or () if isinstance(part, Path))
        if paths:
            if len(paths) not in {1, frames}:
                raise InputError(
                    f"{len(paths)} background pictures for {frames} frames",
                    expected="one picture for all frames or one for each",
                )
            _require_on_disk("background", paths, range(1, len(paths) + 1))
            self._paths = paths if len(paths) == frames else paths * frames
        elif given is not None:
            self._colour = np.asarray(given, np.float64)

    def of(self, index: int, size: tuple[int, ...], number: int) -> FloatArray | None:
        """(3,), HxWx3 of the size, or None."""
        if not self._paths:
            return self._colour
        path = self._paths[index]
        if self._held is None or self._held[0] != path:
            self._held = (path, _colour(self._reader(path), path, number))
        _require_size(self._held[1], size, path, "the pictures measured", number)
        return self._held[1]


def _picture(frame: Frame, path: Path, number: int) -> FloatArray:
    """HxWx4 on the display window, or HxW where the file holds a matte alone."""
    if {"R", "G", "B", "A"} <= set(frame.channels):
        return _channels(frame, ("R", "G", "B", "A"), path, number)
    if "A" in frame.channels:
        return _channels(frame, ("A",), path, number)[..., 0]
    if len(frame.channels) == 1:
        return _channels(frame, frame.channels, path, number)[..., 0]
    if frame.channels == ("R", "G", "B"):
        colour = _channels(frame, frame.channels, path, number)
        if (colour == colour[..., :1]).all():  # a grey picture, as published mattes are kept
            return colour[..., 0]
    raise InputError(
        f"{path} has no alpha, its channels are {', '.join(frame.channels)}",
        expected="R, G, B, A, or a matte: A alone, one channel, or a grey picture",
        path=path,
        frame=number,
    )


def _colour(frame: Frame, path: Path, number: int) -> FloatArray:
    if not {"R", "G", "B"} <= set(frame.channels):
        raise InputError(
            f"the background {path} has the channels {', '.join(frame.channels)}",
            expected="R, G, B",
            path=path,
            frame=number,
        )
    return _channels(frame, ("R", "G", "B"), path, number)


def _channels(frame: Frame, names: Sequence[str], path: Path, number: int) -> FloatArray:
    """HxWxC float32 on the display window, finite."""
    indices = [frame.channels.index(name) for name in names]
    pixels = frame.placed(frame.display_window)[..., indices]
    if pixels.size == 0:
        raise InputError(f"{path} has no pixels", path=path, frame=number)
    broken = int(np.count_nonzero(~np.isfinite(pixels).all(axis=2)))
    if broken:
        raise NonFiniteError(
            f"{path} has {broken} pixels with NaN or infinite values",
            expected="finite values; errors against anything else mean nothing",
            path=path,
            frame=number,
        )
    return pixels


def _require_size(
    picture: FloatArray, size: tuple[int, ...], path: Path, of: str, number: int
) -> None:
    if picture.shape[:2] != size:
        raise InputError(
            f"{path} is {picture.shape[1]}x{picture.shape[0]}",
            expected=f"{size[1]}x{size[0]}, the size of {of}",
            next_step="measure pictures of one size; nothing is resized here",
            path=path,
            frame=number,
        )


def _require_on_disk(kind: str, paths: Sequence[Path], numbers: Sequence[int]) -> None:
    missing = [(n, p) for n, p in zip(numbers, paths, strict=True) if not p.is_file()]
    if missing:
        shown = ", ".join(str(path) for _, path in missing[:3])
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise MissingFramesError(
            f"{len(missing)} {kind} frames are not on disk: {shown}{more}",
            [number for number, _ in missing],
        )
