"""Everything a report shows, gathered from the files of a keyed shot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mattebox import header_words
from mattebox.errors import InputError, UnknownNameError, UsageError
from mattebox.frames import Part, read_frame, read_header
from mattebox.images import Frame
from mattebox.measure.quality import FrameQuality, ShotQuality
from mattebox.measure.suspects import Suspect, find_suspects
from mattebox.report.pictures import (
    BEFORE_PLATE,
    Colours,
    EncodedView,
    PlateSource,
    channels_of,
    draw_frame,
)
from mattebox.sequences import FrameSequence
from mattebox.views import ViewInfo

_OF_ONE_FRAME = ("identity", "residual", "inputs", "repaired", "clamped")
"""Attributes that differ from frame to frame; they are in the table of frames or no setting."""

_MOST_SUSPECTS = 2 / 3
"""Of the frames with pictures; the rest is spread evenly, so that the page shows the whole shot."""


@dataclass(frozen=True)
class PicturedFrame:
    """A frame that the page shows with all its views."""

    frame: int
    suspect: Suspect | None
    views: tuple[EncodedView, ...]


@dataclass(frozen=True)
class Setting:
    """A row of the table of settings; ``values`` has more than one where frames differ."""

    name: str
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ShotReport:
    """What the page says.

    Attributes:
        title: the name of the keyed frames, without their folder: pages are passed on.
        size: width and height of the shot in pixels.
        pixel_aspect: width of a pixel divided by its height.
        before: what stands on the left of the slider.
        frames: the figures of all frames.
        suspects: the worst first.
        missing: frames that should be there and are not.
        pictured: suspects first, then the others in order.
        settings: what the headers say.
    """

    title: str
    size: tuple[int, int]
    pixel_aspect: float
    before: ViewInfo
    frames: tuple[FrameQuality, ...]
    suspects: tuple[Suspect, ...]
    missing: tuple[int, ...]
    pictured: tuple[PicturedFrame, ...]
    settings: tuple[Setting, ...]


def collect(
    keyed: FrameSequence,
    numbers: Sequence[int],
    colours: Colours,
    *,
    plate: PlateSource | None,
    missing: Sequence[int] = (),
    pictures: int,
    on_frame: Callable[[], None] | None = None,
) -> ShotReport:
    """Measure all frames, one at a time, and draw the views of some of them.

    Args:
        keyed: the keyed frames.
        numbers: which of them, sorted, all on disk.
        colours: for the eye.
        plate: the plate, which must have every frame; None where it was not given.
        missing: frames to be named as missing.
        pictures: how many frames get pictures, at most.
        on_frame: told of each frame measured and each frame drawn.

    Raises:
        UsageError: a file that Mattebox did not write.
        InputError: a plate of another format; files that cannot be read.
    """
    quality = ShotQuality()
    seen: dict[str, Counter[str]] = {}
    first: Frame | None = None
    for number, frame in _frames(keyed, numbers, wanted=("conf",)):
        first = frame if first is None else first
        channels = channels_of(frame)
        quality.add(number, channels["A"], channels.get("conf.A"), frame.attributes)
        _count_settings(frame, seen)
        if on_frame is not None:
            on_frame()
    assert first is not None
    suspects = find_suspects(quality.frames)
    by_number = {suspect.frame: suspect for suspect in suspects}
    chosen = choose_frames(numbers, suspects, pictures)
    before = BEFORE_PLATE
    drawn: list[PicturedFrame] = []
    for number, frame in _frames(keyed, chosen, wanted=("spill", "conf", "plate")):
        views, before = draw_frame(frame, number, colours, plate)
        drawn.append(PicturedFrame(number, by_number.get(number), views))
        if on_frame is not None:
            on_frame()
    window = first.data_window
    return ShotReport(
        title=keyed.path(keyed.first).name if keyed.explicit else keyed.pattern.name_with_hashes,
        size=(window.width, window.height),
        pixel_aspect=first.pixel_aspect,
        before=before,
        frames=quality.frames,
        suspects=suspects,
        missing=tuple(missing),
        pictured=tuple(drawn),
        settings=tuple(
            Setting(name, tuple(values.most_common())) for name, values in sorted(seen.items())
        ),
    )


def keyed_part(path: Path) -> Part:
    """The header of a keyed frame.

    Raises:
        UsageError: Mattebox did not write it, or it lost its channels on the way.
        InputError: it cannot be read.
    """
    part = read_header(path).main
    if header_words.JOB not in part.attributes:
        raise UsageError(
            f"{path} was not written by Mattebox: it has no attribute {header_words.JOB}",
            expected="frames as `mattebox key` wrote them",
            next_step="name the keyed frames; the plate they were keyed from is given with --plate",
            path=path,
        )
    if not {"R", "G", "B", "A"} <= set(part.channels):
        raise UnknownNameError("channel", "A", part.channels, next_step=f"in {path}")
    return part


def choose_frames(
    numbers: Sequence[int], suspects: Sequence[Suspect], most: int
) -> tuple[int, ...]:
    """The frames that get pictures: the worst suspects first, then others spread evenly, in order.

    At least a third is spread over the shot, its first and last frame included, where there are
    more suspects than room.
    """
    if len(numbers) <= most:
        worst = [suspect.frame for suspect in suspects]
    else:
        worst = [suspect.frame for suspect in suspects][: int(most * _MOST_SUSPECTS)]
    others = [number for number in numbers if number not in set(worst)]
    room = min(most - len(worst), len(others))
    places = np.linspace(0, len(others) - 1, max(room, 0)).round().astype(int)
    return (*worst, *(others[place] for place in places))


def _frames(
    keyed: FrameSequence, numbers: Sequence[int], wanted: Sequence[str]
) -> Iterator[tuple[int, Frame]]:
    """Frames in order, the next one being read while one is worked on."""
    with ThreadPoolExecutor(1, "read") as reader:
        ahead: Future[Frame] | None = None
        for place, number in enumerate(numbers):
            frame = _read(keyed, number, wanted) if ahead is None else ahead.result()
            if place + 1 < len(numbers):
                ahead = reader.submit(_read, keyed, numbers[place + 1], wanted)
            yield number, frame


def _read(keyed: FrameSequence, number: int, wanted: Sequence[str]) -> Frame:
    """R, G, B, A of a keyed frame and those of the wanted layers that it has."""
    path = keyed.path(number)
    part = keyed_part(path)
    frame = read_frame(path, layers=[name for name in wanted if name in part.layers])
    if frame.data_window.is_empty or not np.isfinite(frame.pixels).all():
        raise InputError(
            f"{path} has NaN or infinite values, or no pixels",
            expected="a frame as Mattebox wrote it",
            next_step="key it again with --force",
            path=path,
            frame=number,
        )
    return frame


def _count_settings(frame: Frame, seen: dict[str, Counter[str]]) -> None:
    for name, value in frame.attributes.items():
        short = name.removeprefix(header_words.PREFIX)
        if name.startswith(header_words.PREFIX) and short not in _OF_ONE_FRAME:
            seen.setdefault(short, Counter())[_shown(value)] += 1


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
