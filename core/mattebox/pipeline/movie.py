"""Keyed frames as a movie for editors: read back from disk, encoded for display."""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from mattebox.errors import MatteboxError, RunInterruptedError, UsageError
from mattebox.events import NoteEvent, Reporter
from mattebox.ffmpeg import Programs, find_programs, probe
from mattebox.frames import MovieOutput, encoder_of, read_frame, read_header, write_movie
from mattebox.job import PreparedJob
from mattebox.pipeline.display import Pixels, keyed_to_rec709
from mattebox.sequences import Timecode, output_pattern
from mattebox.shot import Shot
from mattebox.whole_files import FileKind, OutputFile

_MARKER = "Mattebox"
"""What the comment of our movies begins with."""

_VIDEO_GAMMA = 2.4  # ITU-R BT.1886


class MovieAlpha(enum.StrEnum):
    """What colour is in a movie where alpha is less than 1."""

    STRAIGHT = "straight"
    PREMULTIPLIED = "premultiplied"


class MovieSpace(enum.StrEnum):
    """What display a movie is encoded for; both have Rec.709's primaries."""

    REC709 = "rec709"
    SRGB = "srgb"


@dataclass(frozen=True)
class MovieWish:
    """A movie as it was asked for.

    Attributes:
        path: the file.
        alpha, space: its form.
        rate: frames per second as they were said, or None.
    """

    path: Path
    alpha: MovieAlpha
    space: MovieSpace
    rate: str | None


def planned_movie(wish: MovieWish, shot: Shot, *, overwrite: bool) -> MovieOutput:
    """What is asked for, checked before a frame is keyed.

    Raises:
        UsageError: no ffmpeg, a kind of file without alpha, no frame rate, a file that is an input
            or that Mattebox did not write.
    """
    encoder_of(wish.path)
    programs = find_programs()
    if programs is None:
        raise UsageError(
            f"--movie-out {wish.path} is written by ffmpeg, which is not on the PATH here",
            next_step="install ffmpeg, or leave --movie-out out",
        )
    output = MovieOutput(
        path=wish.path,
        rate=_rate_of(wish.rate, shot),
        encoding="rec709" if wish.space is MovieSpace.REC709 else "srgb",
        pixel_aspect=shot.first_part.pixel_aspect,
        programs=programs,
    )
    kind = FileKind("a movie of Mattebox", partial(_is_ours, programs))
    OutputFile(wish.path, kind, shot.all_files, overwrite).check()
    return output


def write_keyed_movie(
    output: MovieOutput,
    alpha: MovieAlpha,
    job: PreparedJob,
    shot: Shot,
    frames: Sequence[int],
    reporter: Reporter,
    stop: threading.Event | None = None,
) -> None:
    """Make a movie of frames that are on disk, in their order.

    Raises:
        WriteError: it could not be written; the frames stay what they are.
        RunInterruptedError: it was stopped; there is no movie.
    """
    pattern = output_pattern(job.output, shot.plate, frames)
    paths = [pattern.path(frame) for frame in sorted(frames)]
    words = (
        f"{output.encoder.words}, {alpha} alpha, {output.encoding}, {float(output.rate):.6g} fps"
    )
    reporter.emit(NoteEvent(message=f"writing {output.path}: {words}"))

    def pictures() -> Iterator[Pixels]:
        for path in paths:
            if stop is not None and stop.is_set():
                raise RunInterruptedError(
                    f"stopped before {output.path} was whole; all frames are",
                    next_step="run the same command again; only the movie is made",
                )
            yield display_picture(path, alpha, output)

    stated = read_header(paths[0]).main.attributes.get("smpte:TimeCode")
    if isinstance(stated, tuple) and len(stated) == 2:
        output = replace(output, timecode=str(Timecode.of_packed(stated)))
    write_movie(output, pictures(), f"{_MARKER} {job.fingerprint}")


def display_picture(path: Path, alpha: MovieAlpha, output: MovieOutput) -> Pixels:
    """A keyed frame as HxWx4 float32: RGB encoded for display, 0..1, and alpha 0..1.

    Straight colour is the pass ``fg`` where the frame has it, else RGB divided by alpha.
    Premultiplied is that, encoded, times alpha: what editors mean, who lay codes over codes.
    """
    part = read_header(path).main
    has_straight = "fg" in part.layers
    frame = read_frame(path, layers=("fg",) if has_straight else ())
    window = frame.display_window
    channels = dict(zip(frame.channels, np.moveaxis(frame.placed(window), 2, 0), strict=True))
    matte = channels["A"].clip(0.0, 1.0)
    names = ("fg.R", "fg.G", "fg.B") if has_straight else ("R", "G", "B")
    colour = np.stack([channels[name] for name in names], axis=2)
    if not has_straight:
        colour = np.divide(colour, matte[..., None], where=matte[..., None] > 0, out=colour)
    light = keyed_to_rec709(part, path)(np.ascontiguousarray(colour)).clip(0.0, 1.0)
    codes = _encoded(light, output)
    if alpha is MovieAlpha.PREMULTIPLIED:
        codes *= matte[..., None]
    return np.concatenate([codes, matte[..., None]], axis=2).astype(np.float32)


def _encoded(light: Pixels, output: MovieOutput) -> Pixels:
    """Linear Rec.709, 0..1, as codes of the display."""
    if output.encoding == "rec709":
        return np.power(light, np.float32(1.0 / _VIDEO_GAMMA))
    curve = np.float32(1.055) * np.power(light, np.float32(1.0 / 2.4)) - np.float32(0.055)
    return np.where(light <= 0.0031308, np.float32(12.92) * light, curve)  # IEC 61966-2-1


def parse_rate(text: str) -> Fraction:
    """Frames per second from ``25``, ``24000/1001`` or ``23.976``. Raises UsageError for others."""
    try:
        rate = Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 0 < rate <= 1000:
        raise UsageError(
            f"--fps {text!r} is not a number of frames per second",
            expected="such as 24, 23.976 or 30000/1001",
        )
    # 23.976 and 29.97 mean whole rates slowed down by 1.001.
    slowed = Fraction(round(rate * Fraction(1001, 1000)) * 1000, 1001)
    return slowed if rate.denominator > 1 and abs(rate - slowed) < Fraction(2, 1000) else rate


def _rate_of(said: str | None, shot: Shot) -> Fraction:
    if said is not None:
        return parse_rate(said)
    movie = shot.plate.movie
    if movie is not None and movie.is_rate_constant:
        return movie.rate
    stated = shot.first_part.attributes.get("FramesPerSecond")
    if movie is None and isinstance(stated, tuple) and len(stated) == 2 and stated[1]:
        return Fraction(int(stated[0]), int(stated[1]))
    what = "does not say one" if movie is None else "has no constant one"
    raise UsageError(
        f"--movie-out needs a frame rate, and the plate {shot.plate} {what}",
        next_step="give it: --fps 24",
    )


def _is_ours(programs: Programs, path: Path) -> bool:
    try:
        found, _ = probe(programs, path, "-show_entries", "format_tags=comment")
    except MatteboxError:  # whatever it is, it is no movie of ours
        return False
    tags = {str(k).casefold(): str(v) for k, v in found.get("format", {}).get("tags", {}).items()}
    return tags.get("comment", "").startswith(_MARKER)
