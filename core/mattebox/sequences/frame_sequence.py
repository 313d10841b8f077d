"""Picture sequences as they were found on disk."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mattebox.errors import MissingFramesError, UsageError, named, nearest_names
from mattebox.ffmpeg import find_programs
from mattebox.regular_files import is_file, is_folder, is_there
from mattebox.sequences.frame_sets import format_frames
from mattebox.sequences.movie import Movie, open_movie
from mattebox.sequences.names import (
    PICTURE_SUFFIXES,
    STILL_FRAME,
    NamePattern,
    has_padding,
    is_movie,
    no_ffmpeg_error,
    parse_pattern,
    pattern_of_file,
    refuse_movie,
    split_number,
)

LARGEST_HOLE = 100_000
"""A file whose number is farther from all others is no frame of theirs: an hour at 24 frames a
second. Dates and versions in the place of frame numbers are."""

MOVIE_DIGITS = 4
"""Least number of digits behind a movie's name."""


@dataclass(frozen=True)
class FrameSequence:
    """A picture sequence as it was found on disk.

    Attributes:
        pattern: how its files are called.
        files: frame number -> file, in the order of the frames; never empty.
        explicit: True where the user named one file and not a pattern. As a plate it is one frame;
            as a clean plate it serves all frames (``serving``).
        movie: the movie that holds all frames, each of whose files it is then, or None.
        beside: names in the folder that nearly follow the pattern and are not read: of another
            padding, in another Unicode form, or with a number far from all others, such as a date.
    """

    pattern: NamePattern
    files: Mapping[int, Path] = field(repr=False)
    explicit: bool = False
    movie: Movie | None = field(default=None, repr=False)
    beside: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        if self.explicit:
            return str(self.path(self.first))
        return f"{self.pattern} ({format_frames(self.files)})"

    @property
    def frames(self) -> tuple[int, ...]:
        """The frames on disk, sorted."""
        return tuple(self.files)

    @property
    def first(self) -> int:
        return min(self.files)

    @property
    def last(self) -> int:
        return max(self.files)

    @property
    def missing(self) -> tuple[int, ...]:
        """The holes: frames within first and last, or of the pattern's own range, not on disk."""
        wanted = self.pattern.numbers
        return self.absent(range(self.first, self.last + 1) if wanted is None else wanted)

    def path(self, frame: int) -> Path:
        """The file of a frame: as it is called on disk, else as it would be called."""
        found = self.files.get(frame)
        return self.pattern.path(frame) if found is None else found

    def has(self, frame: int) -> bool:
        """Whether a frame is on disk now: its file is there, and a movie holds it."""
        is_held = self.movie is None or frame in self.files
        return is_held and is_there(self.path(frame))

    def place(self, frame: int) -> int:
        """The place of a frame in its file, from 0: always 0 where it has a file of its own."""
        if self.movie is None:
            return 0
        numbers = self.pattern.numbers
        assert numbers is not None
        return frame - numbers[0]

    def name(self, frame: int) -> str:
        """What a frame is called without suffix; a movie's has its number behind its name."""
        stem = self.path(frame).stem
        return stem if self.movie is None else f"{stem}.{frame:0{MOVIE_DIGITS}d}"

    def serving(self, frame: int) -> Path | None:
        """The file that serves a frame: an explicit file serves all of them, a sequence its own."""
        if self.explicit:
            return self.files[self.first]
        return self.files.get(frame)

    def absent(self, wanted: Iterable[int]) -> tuple[int, ...]:
        """Those of the wanted frames that are not on disk, sorted."""
        return tuple(sorted({frame for frame in wanted if frame not in self.files}))


def remark_on_names(sequence: FrameSequence) -> str | None:
    """What people should know of names beside a sequence that are not read; None without any."""
    if not sequence.beside:
        return None
    count = len(sequence.beside)
    files = "one file is" if count == 1 else f"{count} files are"
    return (
        f"{files} not read beside {sequence}: {_some(sequence.beside)} (another padding, another "
        "Unicode form, or a number far from all others)"
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def missing_frames_error(sequence: FrameSequence, frames: Sequence[int]) -> MissingFramesError:
    """The error for frames that were asked for and are not on disk."""
    count = "one frame is" if len(frames) == 1 else f"{len(frames)} frames are"
    return MissingFramesError(
        f"{count} not on disk: {format_frames(frames)} of {sequence.pattern}",
        frames,
        next_step=f"bring the files, or choose among {format_frames(sequence.frames)} "
        f"({named('frames')})",
    )


def find_sequence(text: str, *, timecode: bool = False) -> FrameSequence:
    """The sequence a text names, as it lies on disk.

    A file that exists is taken as that one file, whatever its name, a movie as all its frames. A
    folder must hold exactly one sequence.

    Args:
        text: a pattern, a file or a folder.
        timecode: number a movie's frames by its timecode, not from 1.

    Raises:
        UsageError: a movie without ffmpeg or without the timecode asked for, a pattern that cannot
            be, a folder with several sequences.
        MissingFramesError: nothing is there; near names in the folder are proposed.
        UnreadableError: a movie that cannot be read.
    """
    path = Path(text) if text and "\0" not in text else None
    if path is not None and is_file(path) and is_movie(path):
        return _frames_of_movie(path, timecode=timecode)
    if path is not None and is_file(path):
        refuse_movie(path)
        pattern = pattern_of_file(path)
        number = pattern.number_in(path.name)
        return FrameSequence(
            pattern, {STILL_FRAME if number is None else number: path}, explicit=True
        )
    if path is not None and is_folder(path):
        return _only_sequence_in(path)
    if path is not None and is_movie(path) and not has_padding(path.name):
        raise _nothing_there(pattern_of_file(path), f"there is no file {text}")
    pattern = parse_pattern(text)
    if pattern.digits is None or not has_padding(Path(text).name):
        raise _nothing_there(pattern, f"there is no file {text}")
    names = _names_in(pattern.folder)
    matching = _files_matching(pattern, names)
    if not matching:
        raise _nothing_there(pattern, f"no file matches {text}", _beside(pattern, names, matching))
    files = _near_each_other(matching)
    if pattern.numbers is not None:
        chosen = {frame: matching[frame] for frame in pattern.numbers if frame in matching}
        if not chosen:
            there = format_frames(files)
            raise MissingFramesError(
                f"none of the frames {format_frames(pattern.numbers)} of {pattern} is on disk",
                pattern.numbers,
                next_step=f"choose among {there}",
            )
        files = chosen
    return FrameSequence(pattern, files, beside=_beside(pattern, names, files))


def _frames_of_movie(path: Path, *, timecode: bool) -> FrameSequence:
    programs = find_programs()
    if programs is None:
        raise no_ffmpeg_error(path)
    movie = open_movie(path, programs)
    first = movie.first_number(by_timecode=timecode)
    numbers = tuple(range(first, first + movie.length))
    pattern = NamePattern(path.parent, path.stem, path.suffix, numbers=numbers)
    return FrameSequence(pattern, {first + place: path for place in movie.places}, movie=movie)


def sequences_in(folder: Path) -> tuple[FrameSequence, ...]:
    """The picture sequences in a folder by name, hidden files left out; stills come last.

    Raises:
        MissingFramesError: the folder cannot be listed.
    """
    numbered: dict[tuple[str, str], list[tuple[str, str]]] = {}
    stills: list[FrameSequence] = []
    for name in _names_in(folder):
        if Path(name).suffix.casefold() not in PICTURE_SUFFIXES:
            continue
        split = split_number(name)
        if split is None:
            pattern = NamePattern(folder, Path(name).stem, Path(name).suffix)
            stills.append(FrameSequence(pattern, {STILL_FRAME: folder / name}, explicit=True))
        else:
            before, token, after = split
            numbered.setdefault((before, after), []).append((token.lstrip("-"), name))
    found: list[FrameSequence] = []
    for (before, after), members in sorted(numbered.items()):
        left = members
        while left:
            digits = min(len(token) for token, _ in left)
            pattern = NamePattern(folder, before, after, digits)
            matching = _files_matching(pattern, [name for _, name in left])
            files = _near_each_other(matching)
            far = tuple(path.name for frame, path in matching.items() if frame not in files)
            found.append(FrameSequence(pattern, files, beside=far))
            taken = {path.name for path in matching.values()}
            rest = [member for member in left if member[1] not in taken]
            # Names such as `-005` and `-0005` are the same frame: the second cannot be reached.
            left = [m for m in rest if pattern.number_in(m[1]) is None]
    return (*found, *sorted(stills, key=str))


def _names_in(folder: Path) -> list[str]:
    """The names in a folder, sorted, hidden ones (our own unfinished frames) left out."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names: ten times faster than paths
    except OSError as error:
        raise MissingFramesError(
            f"the folder {folder} cannot be listed: {error.strerror}",
            (),
            next_step="check the path and that the drive is mounted",
        ) from error
    return sorted(name for name in names if not name.startswith("."))


def _files_matching(pattern: NamePattern, names: Iterable[str]) -> dict[int, Path]:
    found: dict[int, Path] = {}
    for name in names:
        frame = pattern.number_in(name)
        if frame is not None and (frame not in found or name == pattern.path(frame).name):
            found[frame] = pattern.folder / name
    return dict(sorted(found.items()))


def _near_each_other(files: dict[int, Path]) -> dict[int, Path]:
    """The frames without those whose numbers lie far from all others, such as dates."""
    runs: list[list[int]] = []
    for frame in files:
        if runs and frame - runs[-1][-1] <= LARGEST_HOLE:
            runs[-1].append(frame)
        else:
            runs.append([frame])
    return {frame: files[frame] for frame in max(runs, key=len)}


def _beside(
    pattern: NamePattern, names: Iterable[str], files: Mapping[int, Path]
) -> tuple[str, ...]:
    """Names that differ from those of a pattern only in padding, Unicode form, or by a number far
    from all others."""
    taken = {path.name for path in files.values()}
    before, after = (unicodedata.normalize("NFC", t) for t in (pattern.before, pattern.after))
    is_alike = re.compile(rf"{re.escape(before)}-?[0-9]+{re.escape(after)}").fullmatch
    wanted = None if pattern.numbers is None else set(pattern.numbers)
    return tuple(
        name
        for name in names
        if name not in taken
        and is_alike(unicodedata.normalize("NFC", name))
        and (wanted is None or pattern.number_in(name) is None)
    )


def _only_sequence_in(folder: Path) -> FrameSequence:
    found = sequences_in(folder)
    numbered = [sequence for sequence in found if not sequence.explicit]
    if len(numbered) == 1 or (not numbered and len(found) == 1):
        return (numbered or list(found))[0]
    if found:
        listed = "\n".join(f"- {sequence}" for sequence in found[:20])
        raise UsageError(
            f"the folder {folder} holds {len(found)} sequences:\n{listed}",
            expected="one sequence",
            next_step=f"name it, such as {found[0].pattern}",
        )
    movies = [name for name in _names_in(folder) if is_movie(Path(name))]
    if movies:
        raise UsageError(
            f"the folder {folder} holds no pictures but movies: {', '.join(movies[:5])}",
            expected="one sequence",
            next_step=f"name the movie: {folder / movies[0]}",
        )
    raise MissingFramesError(
        f"the folder {folder} holds no pictures", (), next_step="check the path"
    )


def _nothing_there(
    pattern: NamePattern, message: str, beside: Sequence[str] = ()
) -> MissingFramesError:
    if not is_folder(pattern.folder):
        return MissingFramesError(
            f"{message}: there is no folder {pattern.folder}",
            pattern.numbers or (),
            next_step="check the path and that the drive is mounted",
        )
    before = (pattern.before, pattern.after)
    if any(not (name.startswith(before[0]) and name.endswith(before[1])) for name in beside):
        return MissingFramesError(
            f"{message}: the folder has {_some(beside)}, the same letters in another Unicode form",
            pattern.numbers or (),
            next_step="rename the files, or copy the name from the folder instead of typing it",
        )
    there = {
        sequence.pattern.name_with_hashes: sequence for sequence in sequences_in(pattern.folder)
    }
    near = nearest_names(pattern.name_with_hashes, there) or list(there)[:3]
    listed = " or ".join(str(there[name]) for name in near)
    return MissingFramesError(
        message,
        pattern.numbers or (),
        next_step=f"did you mean {listed}?" if near else "the folder holds no pictures",
    )
