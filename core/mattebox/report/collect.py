"""Everything a report shows, gathered from the files of a keyed shot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mattebox import header_words
from mattebox.errors import InputError, UnknownNameError, UsageError
from mattebox.frames import Part, read_frame, read_header
from mattebox.images import Frame
from mattebox.measure.cleanness import Box
from mattebox.measure.quality import FrameQuality, ShotQuality
from mattebox.measure.suspects import Suspect, find_suspects
from mattebox.report.compare import FrameDifference, difference, rank
from mattebox.report.pictures import (
    BEFORE_PLATE,
    Colours,
    EncodedView,
    PlateSource,
    channels_of,
    draw_frame,
)
from mattebox.report.stated import Stated, Statements, is_given, settings_of
from mattebox.sequences import FrameSequence
from mattebox.settings import EngineName
from mattebox.views import ViewInfo

_MOST_SUSPECTS = 2 / 3
"""Of the frames with pictures; the rest is spread evenly, so that the page shows the whole shot."""

_DECIDING_MATTES = ("inside", "outside")
"""Inputs that may empty a subject's inside on purpose."""


@dataclass(frozen=True)
class Keyed:
    """A keyed sequence, as the report is asked for it.

    Attributes:
        frames: its files.
        colours: for the eye.
        letter: ``A`` or ``B`` where there are two; empty where it is alone.
    """

    frames: FrameSequence
    colours: Colours
    letter: str = ""

    def path(self, frame: int) -> Path:
        """The file of a frame; one that was named alone serves whatever it is compared with."""
        return self.frames.serving(frame) or self.frames.path(frame)

    @property
    def title(self) -> str:
        """The frames' name without their folder: pages are passed on. Of two keys, whose frames
        mostly have one name, the name of the folder itself too."""
        sequence = self.frames
        name = sequence.pattern.name_with_hashes
        if sequence.explicit:
            name = sequence.path(sequence.first).name
        folder = sequence.path(sequence.first).resolve().parent.name
        return f"{folder}/{name}" if self.letter else name


@dataclass(frozen=True)
class PicturedFrame:
    """A frame that the page shows.

    Attributes:
        frame: its number.
        reasons: why it stands out or how its keys differ, the worst first.
        is_suspect: whether it stands out in a key.
        views: all its views.
    """

    frame: int
    reasons: tuple[str, ...]
    is_suspect: bool
    views: tuple[EncodedView, ...]


@dataclass(frozen=True)
class KeyReport:
    """What the page says of one key.

    Attributes:
        letter: as ``Keyed``.
        title: the name of its frames.
        frames: the figures of all frames.
        suspects: the worst first.
        missing: frames that should be there and are not.
        stated: what the headers say.
    """

    letter: str
    title: str
    frames: tuple[FrameQuality, ...]
    suspects: tuple[Suspect, ...]
    missing: tuple[int, ...]
    stated: Stated


@dataclass(frozen=True)
class ShotReport:
    """What the page says.

    Attributes:
        size: width and height of the shot in pixels.
        pixel_aspect: width of a pixel divided by its height.
        before: what the plate's side shows.
        keys: one key, or A and B.
        differences: of A and B, frame by frame; empty for one key.
        ranked: frames that differ, the most first.
        pictured: frames that differ most and suspects first, then the others in order.
        has_boxes: whether residue was measured.
    """

    size: tuple[int, int]
    pixel_aspect: float
    before: ViewInfo
    keys: tuple[KeyReport, ...]
    differences: tuple[FrameDifference, ...]
    ranked: tuple[FrameDifference, ...]
    pictured: tuple[PicturedFrame, ...]
    has_boxes: bool

    @property
    def numbers(self) -> tuple[int, ...]:
        """The frames that were measured."""
        return tuple(measured.frame for measured in self.keys[0].frames)


class _Gathering:
    """What is found out about one key while its frames are read in order."""

    def __init__(self, keyed: Keyed, empty: Sequence[Box]) -> None:
        self._keyed = keyed
        self._quality = ShotQuality(empty)
        self._statements = Statements()

    def add(self, number: int, frame: Frame) -> None:
        channels, settings = channels_of(frame), settings_of(frame.attributes)
        is_plain = frame.attributes.get(header_words.ENGINE) == EngineName.SCREEN and not any(
            is_given(settings, matte) for matte in _DECIDING_MATTES
        )
        self._quality.add(
            number,
            channels["A"],
            channels.get("conf.A"),
            frame.attributes,
            plain=channels.get("net.A") if is_plain else None,
        )
        self._statements.add(frame.attributes)

    def report(self, missing: Sequence[int]) -> KeyReport:
        frames = self._quality.frames
        return KeyReport(
            letter=self._keyed.letter,
            title=self._keyed.title,
            frames=frames,
            suspects=find_suspects(frames),
            missing=tuple(missing),
            stated=self._statements.result(),
        )


def collect(
    keys: Sequence[Keyed],
    numbers: Sequence[int],
    *,
    plate: PlateSource | None,
    missing: Sequence[Sequence[int]] = ((), ()),
    pictures: int,
    empty: Sequence[Box] = (),
    on_frame: Callable[[], None] | None = None,
) -> ShotReport:
    """Measure all frames, one at a time, and draw the views of some of them.

    Args:
        keys: one key, or two that are compared.
        numbers: which of their frames, sorted, all on disk.
        plate: the plate, which must have every frame; None where it was not given.
        missing: frames to be named as missing, of each key.
        pictures: how many frames get pictures, at most.
        empty: where there is nothing but screen, for the residue.
        on_frame: told of each frame measured and each frame drawn.

    Raises:
        UsageError: a file that Mattebox did not write.
        InputError: a plate or a second key of another format; files that cannot be read.
    """
    gathered = [_Gathering(keyed, empty) for keyed in keys]
    differences: list[FrameDifference] = []
    first: Frame | None = None
    for number, frames in _frames(keys, numbers, wanted=("conf", "net")):
        first = frames[0] if first is None else first
        for one, frame in zip(gathered, frames, strict=True):
            one.add(number, frame)
        if len(frames) > 1:
            first_rgba, second_rgba = map(_rgba, keys, frames)
            differences.append(difference(number, first_rgba, second_rgba))
        if on_frame is not None:
            on_frame()
    assert first is not None
    reports = tuple(one.report(absent) for one, absent in zip(gathered, missing, strict=False))
    ranked = rank(differences)
    reasons = _reasons(reports, ranked)
    chosen = choose_frames(numbers, tuple(reasons), pictures)
    before = BEFORE_PLATE
    drawn: list[PicturedFrame] = []
    for number, frames in _frames(keys, chosen, wanted=("spill", "conf", "plate")):
        colours = [keyed.colours for keyed in keys]
        views, before = draw_frame(frames, number, colours, plate)
        is_suspect = any(number == one.frame for report in reports for one in report.suspects)
        drawn.append(PicturedFrame(number, tuple(reasons.get(number, ())), is_suspect, views))
        if on_frame is not None:
            on_frame()
    window = first.data_window
    return ShotReport(
        size=(window.width, window.height),
        pixel_aspect=first.pixel_aspect,
        before=before,
        keys=reports,
        differences=tuple(differences),
        ranked=ranked,
        pictured=tuple(drawn),
        has_boxes=bool(empty),
    )


def _rgba(keyed: Keyed, frame: Frame) -> NDArray[np.float32]:
    """HxWx4 premultiplied linear Rec.709."""
    channels = channels_of(frame)
    rgb = np.stack([channels[name] for name in "RGB"], axis=2)
    return np.dstack([keyed.colours.keyed(rgb), channels["A"]])


def _reasons(
    reports: Sequence[KeyReport], ranked: Sequence[FrameDifference]
) -> dict[int, list[str]]:
    """Frame -> why it stands out; those that differ most come first, then the suspects."""
    found: dict[int, list[str]] = {one.frame: [f"differs: {one.in_words}"] for one in ranked}
    for report in reports:
        letter = f"{report.letter}: " if report.letter else ""
        for suspect in report.suspects:
            words = [f"{letter}{reason}" for reason in suspect.reasons]
            found.setdefault(suspect.frame, []).extend(words)
    return found


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


def choose_frames(numbers: Sequence[int], worst: Sequence[int], most: int) -> tuple[int, ...]:
    """The frames that get pictures: the worst first, then others spread evenly, in order.

    At least a third is spread over the shot, its first and last frame included, where there are
    more that stand out than room.
    """
    if len(numbers) > most:
        worst = worst[: int(most * _MOST_SUSPECTS)]
    others = [number for number in numbers if number not in set(worst)]
    room = min(most - len(worst), len(others))
    places = np.linspace(0, len(others) - 1, max(room, 0)).round().astype(int)
    return (*worst, *(others[place] for place in places))


def _frames(
    keys: Sequence[Keyed], numbers: Sequence[int], wanted: Sequence[str]
) -> Iterator[tuple[int, tuple[Frame, ...]]]:
    """Frames of all keys in order, the next ones being read while some are worked on."""
    with ThreadPoolExecutor(1, "read") as reader:
        ahead: Future[tuple[Frame, ...]] | None = None
        for place, number in enumerate(numbers):
            frames = _read(keys, number, wanted) if ahead is None else ahead.result()
            if place + 1 < len(numbers):
                ahead = reader.submit(_read, keys, numbers[place + 1], wanted)
            yield number, frames


def _read(keys: Sequence[Keyed], number: int, wanted: Sequence[str]) -> tuple[Frame, ...]:
    """R, G, B, A of a frame of each key and those of the wanted layers that it has."""
    frames = tuple(_read_one(keyed.path(number), number, wanted) for keyed in keys)
    first = frames[0]
    for keyed, frame in zip(keys, frames, strict=True):
        found, meant = frame.data_window, first.data_window
        if (found, frame.display_window) != (meant, first.display_window):
            raise InputError(
                f"{keyed.path(number)} is {found.width}x{found.height} at {found.x},{found.y}",
                expected=f"{meant.width}x{meant.height} at {meant.x},{meant.y}, like "
                f"{keys[0].path(number)}",
                next_step="compare keys of one plate, both full or both of one proxy",
                frame=number,
            )
    return frames


def _read_one(path: Path, number: int, wanted: Sequence[str]) -> Frame:
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
