"""A movie as a sequence: which frames it holds, when each is shown, where decoding may begin.

The whole file is looked through once for that, without decoding it. Frames are told apart by their
times, so that a frame is the same wherever a chunk begins; files without times (AVI, MPEG program
streams) are counted from their start.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from mattebox.errors import InputError, UnreadableError, UsageError
from mattebox.ffmpeg import PixelFormat, Programs, pixel_formats, probe

_REORDERED = 16
"""Frames that a codec may store out of order at most (ITU-T H.264 and H.265: ``max_dec_frame``)."""

_HEADS = 64  # bytes

_TIMECODE = re.compile(r"(\d+):(\d\d):(\d\d)([:;.])(\d+)")

_ENTRIES = (
    "stream=codec_name,width,height,pix_fmt,sample_aspect_ratio,color_range,color_space,"
    "color_transfer,color_primaries,chroma_location,field_order,r_frame_rate,avg_frame_rate,"
    "time_base,duration_ts,nb_frames,nb_read_frames:stream_tags:stream_side_data"
    ":format=duration:format_tags=timecode:packet=pts,flags,pos,size"
)


@dataclass(frozen=True)
class Timecode:
    """A timecode of SMPTE ST 12-1.

    Attributes:
        hours, minutes, seconds, frames: its numbers.
        drops: whether numbers are left out so that it keeps up with the clock: 2 of 30 each
            minute, 4 of 60, but for every tenth minute.
    """

    hours: int
    minutes: int
    seconds: int
    frames: int
    drops: bool

    @classmethod
    def parsed(cls, text: str) -> Timecode:
        """From ``HH:MM:SS:FF``, or ``HH:MM:SS;FF`` where it drops. Raises UsageError for others."""
        found = _TIMECODE.fullmatch(text)
        if found is None:
            raise UsageError(
                f"the timecode {text!r} is not understood",
                expected="such as 01:00:00:00",
                setting="timecode",
            )
        hours, minutes, seconds, frames = (int(found[i]) for i in (1, 2, 3, 5))
        return cls(hours, minutes, seconds, frames, drops=found[4] != ":")

    @classmethod
    def of_count(cls, count: int, rate: Fraction, *, drops: bool) -> Timecode:
        """The timecode of a number of frames since midnight."""
        each = round(rate)
        if drops:
            dropped = each // 15
            tens, rest = divmod(count, each * 600 - 9 * dropped)
            # The first minute of ten has all its numbers.
            minutes = max(0, (rest - dropped) // (each * 60 - dropped))
            count += dropped * (9 * tens + minutes)
        seconds, frames = divmod(count, each)
        minutes, seconds = divmod(seconds, 60)
        return cls(minutes // 60 % 24, minutes % 60, seconds, frames, drops)

    @classmethod
    def of_packed(cls, words: tuple[int, int]) -> Timecode:
        """From two words as ``packed`` gives them; user bits and the other flags are left out."""

        def number(shift: int, tens: int) -> int:
            return (words[0] >> shift & 15) + 10 * (words[0] >> shift + 4 & tens)

        hours, minutes, seconds, frames = number(24, 3), number(16, 7), number(8, 7), number(0, 3)
        return cls(hours, minutes, seconds, frames, drops=bool(words[0] >> 6 & 1))

    def __str__(self) -> str:
        mark = ";" if self.drops else ":"
        return f"{self.hours:02}:{self.minutes:02}:{self.seconds:02}{mark}{self.frames:02}"

    def count(self, rate: Fraction) -> int:
        """Its frames since midnight."""
        each = round(rate)
        minutes = self.hours * 60 + self.minutes
        count = (minutes * 60 + self.seconds) * each + self.frames
        return count - (each // 15 * (minutes - minutes // 10) if self.drops else 0)

    @property
    def packed(self) -> tuple[int, int]:
        """As EXR and DPX hold it: two binary-coded decimal words, the second without user bits."""
        word = 0
        for shift, number in ((24, self.hours), (16, self.minutes), (8, self.seconds)):
            word |= (number // 10 << 4 | number % 10) << shift
        frames = self.frames // 10 << 4 | self.frames % 10
        return word | (self.drops << 6) | frames & 0x3F, 0


@dataclass(frozen=True)
class Movie:
    """What is known of a movie without decoding it.

    Attributes:
        path: the file.
        codec: ffmpeg's name of it.
        width, height: of the stored picture, before it is turned.
        pixel_format: of the stored picture.
        pixel_aspect: width of a stored pixel divided by its height.
        orientation: how it is stored, 1..8 as EXIF numbers it; 1 is upright.
        tags: what the stream says of its colour, by ffprobe's names; what is not said is left out.
        is_interlaced: two fields of different moments in one frame.
        rate: frames per second.
        is_rate_constant: whether frames follow each other evenly.
        timecode: of the first frame, as it is written, or None.
        places: of each frame that is there, its place in the whole movie from 0, rising.
        length: frames that the whole movie has; more than ``places`` where the file is cut short.
        times: of each frame that is there, in units of ``time_base``; empty where they are counted.
        keys: which entries of ``places`` can be decoded without others before them.
        time_base: seconds.
    """

    path: Path
    codec: str
    width: int
    height: int
    pixel_format: PixelFormat
    pixel_aspect: float
    orientation: int
    tags: Mapping[str, str]
    is_interlaced: bool
    rate: Fraction
    is_rate_constant: bool
    timecode: str | None
    places: tuple[int, ...] = field(repr=False)
    length: int
    times: tuple[int, ...] = field(repr=False)
    keys: tuple[int, ...] = field(repr=False)
    time_base: Fraction

    def first_number(self, *, by_timecode: bool) -> int:
        """The number of the first frame: 1, or its timecode as a count of frames.

        Raises:
            UsageError: there is no timecode.
        """
        if not by_timecode:
            return 1
        if self.timecode is None:
            raise UsageError(
                f"{self.path} has no timecode",
                expected="a movie with a timecode track or tag",
                next_step="leave --timecode out: frames are numbered from 1",
                setting="timecode",
                path=self.path,
            )
        return Timecode.parsed(self.timecode).count(self.rate)

    def timecode_at(self, place: int) -> Timecode | None:
        """The timecode of the frame at a place from 0, or None where the movie has none."""
        if self.timecode is None:
            return None
        first = Timecode.parsed(self.timecode)
        return Timecode.of_count(first.count(self.rate) + place, self.rate, drops=first.drops)

    def start_for(self, index: int) -> int:
        """Where decoding begins for an entry of ``places``: far enough before it to be exact.

        Where some frames need others, that is a group earlier than needed: pictures that are
        refreshed bit by bit are whole only then. 0 where frames are counted.
        """
        if not self.times:
            return 0
        at = bisect_right(self.keys, index) - 1
        if len(self.keys) < len(self.places):
            at -= 1
        return self.keys[at] if at > 0 else 0

    @cached_property
    def sha256(self) -> bytes:
        """Of the whole file, read once. Raises InputError where it cannot be."""
        try:
            with self.path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").digest()
        except OSError as error:
            raise InputError(
                f"{self.path} cannot be opened: {error.strerror}",
                next_step="check the path and its permissions",
                path=self.path,
            ) from error


def open_movie(path: Path, programs: Programs) -> Movie:
    """Look through a movie. The same file is looked through once in a process.

    Raises:
        InputError: it is not there, or not permitted.
        UnreadableError: it is no movie, has no picture, or one in a form that cannot be read.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(
            f"{path} cannot be opened: {error.strerror}",
            next_step="check the path and its permissions",
            path=path,
        ) from error
    return _look_through(path, programs, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=16)
def _look_through(path: Path, programs: Programs, size: int, _changed: int) -> Movie:
    wanted = ("-select_streams", "V:0", "-show_entries", _ENTRIES)
    found, complaint = probe(programs, path, *wanted)
    stream = _stream_of(found, path)
    packets = found.get("packets", [])
    times = [one.get("pts") for one in packets]
    counted = None in times or len(set(times)) < len(times)
    if counted:  # frames cannot be told apart by their times
        found, complaint = probe(programs, path, "-count_frames", *wanted)
        stream = _stream_of(found, path)
    rate = _rate_of(stream, path)
    base = Fraction(stream["time_base"])
    if counted:
        stated = _stated_length(found, stream, rate, 0, complaint) if complaint else None
        timeline = _counted(int(stream["nb_read_frames"]), stated)
    else:
        shown = [one for one in packets if "D" not in one["flags"]]
        step = 1 / (rate * base)
        length = _stated_length(found, stream, rate, len(packets) - len(shown), complaint)
        timeline = _timeline(shown, step, length, size)
    if not timeline.places:
        raise UnreadableError(f"{path} holds no frame", next_step="copy the file again", path=path)
    return Movie(
        path=path,
        codec=str(stream.get("codec_name", "unknown")),
        width=int(stream["width"]),
        height=int(stream["height"]),
        pixel_format=_format_of(stream, programs, path),
        pixel_aspect=_aspect_of(stream),
        orientation=_orientation_of(stream, path),
        tags={
            name: str(stream[name])
            for name in _COLOUR_TAGS
            if stream.get(name) not in (None, "unknown", "unspecified", "reserved")
        },
        is_interlaced=stream.get("field_order") in ("tt", "bb", "tb", "bt"),
        rate=rate,
        is_rate_constant=timeline.is_even,
        timecode=_timecode_of(found, stream),
        places=timeline.places,
        length=timeline.length,
        times=timeline.times,
        keys=timeline.keys,
        time_base=base,
    )


_COLOUR_TAGS = (
    "color_range", "color_space", "color_transfer", "color_primaries", "chroma_location",
)  # fmt: skip


@dataclass(frozen=True)
class _Timeline:
    places: tuple[int, ...]
    length: int
    times: tuple[int, ...]
    keys: tuple[int, ...]
    is_even: bool


def _timeline(
    packets: list[dict[str, Any]], step: Fraction, stated: int | None, size: int
) -> _Timeline:
    """The frames of a stream in the order in which they are shown."""
    is_cut = stated is not None and stated > len(packets)
    if is_cut:
        # The last packet of a cut file may be a part of one.
        packets = [one for one in packets if not _ends_at(one, size)]
    packets = sorted(packets, key=lambda one: int(one["pts"]))
    times = tuple(int(one["pts"]) for one in packets)
    keys = tuple(at for at, one in enumerate(packets) if "K" in one["flags"])
    by_time = tuple(round((time - times[0]) / step) for time in times)
    is_even = all(
        abs(time - times[0] - place * step) <= 1 for time, place in zip(times, by_time, strict=True)
    ) and len(set(by_time)) == len(by_time)
    in_order = tuple(range(len(times)))
    if not is_cut or stated is None:
        return _Timeline(in_order, len(times), times, keys, is_even and by_time == in_order)
    if is_even:
        return _Timeline(by_time, max(stated, by_time[-1] + 1), times, keys, is_even=True)
    # Which of the last frames are missing cannot be told without even times.
    sure = max(0, len(times) - _REORDERED)
    return _Timeline(
        in_order[:sure], stated, times[:sure], tuple(k for k in keys if k < sure), is_even=False
    )


def _counted(there: int, stated: int | None) -> _Timeline:
    """The frames of a stream without times. Of a cut one the last may be other than they seem."""
    if stated is None or stated <= there:
        return _Timeline(tuple(range(there)), there, (), (), is_even=True)
    return _Timeline(tuple(range(max(0, there - _REORDERED))), stated, (), (), is_even=True)


def _ends_at(packet: Mapping[str, Any], size: int) -> bool:
    """Whether a packet ends where the file ends, but for the few bytes of a container's heads."""
    return "pos" in packet and int(packet["pos"]) + int(packet["size"]) + _HEADS >= size


def _stated_length(
    found: Mapping[str, Any],
    stream: Mapping[str, Any],
    rate: Fraction,
    discarded: int,
    complaint: str,
) -> int | None:
    """How many frames the file says it has, or None where it does not say."""
    if "nb_frames" in stream:
        return int(stream["nb_frames"]) - discarded
    for name, value in stream.get("tags", {}).items():
        if name.upper().startswith("NUMBER_OF_FRAMES"):
            return int(value)
    if "duration_ts" in stream:
        return round(int(stream["duration_ts"]) * Fraction(stream["time_base"]) * rate)
    # Sound may last longer than the picture: the duration of all counts for a cut file alone.
    duration = found.get("format", {}).get("duration")
    return round(Fraction(duration) * rate) if complaint and duration else None


def _stream_of(found: Mapping[str, Any], path: Path) -> dict[str, Any]:
    streams = found.get("streams") or [{}]
    stream: dict[str, Any] = streams[0]
    if not stream.get("width") or "pix_fmt" not in stream:
        raise UnreadableError(
            f"{path} holds no video that ffmpeg can decode"
            + (f" (codec {stream['codec_name']})" if "codec_name" in stream else ""),
            expected="a movie with a picture",
            next_step="split it into pictures with the program that made it",
            path=path,
        )
    return stream


def _format_of(stream: Mapping[str, Any], programs: Programs, path: Path) -> PixelFormat:
    name = str(stream["pix_fmt"])
    known = pixel_formats(programs.ffprobe).get(name)
    if known is None or not known.is_readable:
        raise UnreadableError(
            f"{path} stores its pixels as {name}, which is not read",
            expected="RGB, grey or YUV",
            next_step="convert it to EXR with the program that made it",
            path=path,
        )
    return known


def _rate_of(stream: Mapping[str, Any], path: Path) -> Fraction:
    for name in ("r_frame_rate", "avg_frame_rate"):
        text = str(stream.get(name, "0/0"))
        if not text.startswith("0/") and not text.endswith("/0"):
            return Fraction(text)
    raise UnreadableError(
        f"{path} does not say how many frames it has a second",
        next_step="split it into pictures",
        path=path,
    )


def _aspect_of(stream: Mapping[str, Any]) -> float:
    width, _, height = str(stream.get("sample_aspect_ratio", "1:1")).partition(":")
    is_said = width.isdecimal() and height.isdecimal() and int(width) > 0 and int(height) > 0
    return int(width) / int(height) if is_said else 1.0


def _orientation_of(stream: Mapping[str, Any], path: Path) -> int:
    """By the display matrix: a stored pixel is shown at x' = ax + cy, y' = bx + dy."""
    sides = [one for one in stream.get("side_data_list", ()) if "displaymatrix" in one]
    if not sides:
        return 1
    rows = [
        line.partition(":")[2].split() for line in sides[0]["displaymatrix"].split("\n") if line
    ]
    (a, b), (c, d) = ((int(one) for one in row[:2]) for row in rows[:2])
    if a and d and not (b or c):
        return _ORIENTATIONS[False, a < 0, d < 0]
    if b and c and not (a or d):
        return _ORIENTATIONS[True, c < 0, b < 0]
    raise UnreadableError(
        f"{path} asks to be turned by {sides[0].get('rotation', 'an angle')} degrees",
        expected="quarter turns",
        next_step="turn it with the program that made it",
        path=path,
    )


_ORIENTATIONS = {
    # Whether rows are shown as columns, and then left as right and top as bottom.
    (False, False, False): 1,
    (False, True, False): 2,
    (False, True, True): 3,
    (False, False, True): 4,
    (True, False, False): 5,
    (True, True, False): 6,
    (True, True, True): 7,
    (True, False, True): 8,
}


def _timecode_of(found: Mapping[str, Any], stream: Mapping[str, Any]) -> str | None:
    for tags in (stream.get("tags", {}), found.get("format", {}).get("tags", {})):
        text = str(tags.get("timecode", ""))
        if _TIMECODE.fullmatch(text):
            return text
    return None
