"""Frames of a movie through ffmpeg: decoded as they are stored, made RGB here.

ffmpeg only decodes and hands over planes of codes. Matrix, range and the stretching of chroma are
done here in float32, so that no code is rounded or clipped on the way and every ffmpeg gives the
same pixels.
"""

from __future__ import annotations

import queue
import re
import subprocess
import threading
import weakref
from bisect import bisect_left, bisect_right
from collections import OrderedDict, deque
from fractions import Fraction
from typing import Any

import numpy as np

from mattebox.errors import UnreadableError
from mattebox.ffmpeg import Programs, file_name, pixel_formats, start, tell
from mattebox.frames.headers import Header, Part
from mattebox.frames.movie_colour import cicp_of, codes_of
from mattebox.frames.turning import Turning
from mattebox.images import Frame, Pixels, Window
from mattebox.sequences import Movie

_KEPT = 2
"""Decoded frames that are kept: readers beside each other ask nearly in order."""

_NEAR = 8
"""Frames that are rather decoded and left than reached by a new start of ffmpeg."""

_AHEAD = 32
"""Frames that a decoder is ahead of what it hands over: 16 threads, 16 frames stored in another
order."""

_HALF = Fraction(1, 2)

_SHOWN = re.compile(r"showinfo.*\] n: *\d+ pts: *(-?\d+|NOPTS) .* s:(\d+x\d+) ")
_BASE = re.compile(r"showinfo.*config in time_base: (\d+)/(\d+),")
_COMPLAINT = re.compile(r"\[(?:error|fatal|panic)\]\s*(.*)|\[warning\].*(corrupt decoded frame)")


class MovieReader:
    """Reads frames of one movie; safe from several threads, quickest in order.

    One ffmpeg decodes on from the frame that was read last. It ends with ``close``, with this
    object, and by itself once nobody reads it any more.
    """

    def __init__(self, movie: Movie, programs: Programs) -> None:
        self.movie = movie
        self._programs = programs
        self._codes = codes_of(movie, pixel_formats(programs.ffprobe))
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, bytearray] = OrderedDict()
        self._decoding: _Decoding | None = None

    @property
    def header(self) -> Header:
        """What the movie says of its frames, upright; the attributes are those of the first."""
        movie, codes = self.movie, self._codes
        attributes, types = self._attributes(0)
        stored = Window(0, 0, movie.width, movie.height)
        turning, aspect = Turning.of(movie.orientation), movie.pixel_aspect
        window = turning.window(stored, stored)
        channels = ("R", "G", "B", "A")[: 4 if codes.has_alpha else 3]
        kind = "float" if codes.is_float else "uint8" if codes.bits <= 8 else "uint16"
        part = Part(
            index=0,
            name="",
            view=None,
            channels=channels,
            channel_types=(kind,) * len(channels),
            bits=0 if codes.is_float else codes.bits,
            data_window=window,
            display_window=window,
            pixel_aspect=1.0 / aspect if turning.is_transposed else aspect,
            compression=movie.codec,
            alpha="straight" if codes.has_alpha else "none",
            is_deep=False,
            is_tiled=False,
            is_alpha_misread=False,
            orientation=movie.orientation,
            stored_window=stored,
            attributes=attributes,
            attribute_types=types,
        )
        return Header(movie.path, "movie", (part,), ())

    def read(self, place: int) -> Frame:
        """The frame at a place of the movie, from 0: R, G, B and A where it has one, float32.

        Codes as display-encoded values: black 0, white 1, brighter than white above 1; what lies
        below black becomes 0, as on any display; floats stay what they are. Alpha is as stored,
        straight, 0..1.

        Raises:
            UnreadableError: the movie is cut short before it, or it is damaged.
            InputError: ffmpeg does not run.
        """
        index = bisect_left(self.movie.places, place)
        if self.movie.places[index : index + 1] != (place,):
            raise UnreadableError(
                f"{self.movie.path} has no frame {place + 1} of {self.movie.length}",
                next_step="copy the file again",
                path=self.movie.path,
            )
        with self._lock:
            raw = self._raw(index)
        part = self.header.main
        attributes, types = self._attributes(place)
        return Frame(
            pixels=self._pixels(raw),
            channels=part.channels,
            data_window=part.data_window,
            display_window=part.display_window,
            pixel_aspect=part.pixel_aspect,
            attributes=attributes,
            attribute_types=types,
        )

    def close(self) -> None:
        """End ffmpeg. Reading afterwards starts it again."""
        with self._lock:
            self._stop()
            self._kept.clear()

    def _stop(self) -> None:
        if self._decoding is not None:
            self._decoding.end()
            self._decoding = None

    def _raw(self, index: int) -> bytearray:
        if index not in self._kept:
            decoding = self._decoding
            begin = self.movie.start_for(index)
            if decoding is None or index < decoding.next or begin > decoding.next + _NEAR:
                decoding = self._start(index, begin)
            try:
                self._reach(decoding, index)
            except BaseException:
                self._stop()
                raise
        return self._kept[index]

    def _reach(self, decoding: _Decoding, index: int) -> None:
        """Decode on up to a frame. Each is known by its time, so none is taken for another."""
        while decoding.next <= index:
            raw, time = decoding.frame(self._name(decoding.next))
            found = self._index_at(time) if self.movie.times else decoding.next
            if decoding.is_sought and (found > index or decoding.complaints):
                # The file's own index led behind the frame, or a codec misses what came before:
                # from its start, a sound movie is decoded without a complaint.
                decoding = self._start(index, 0)
                continue
            if decoding.complaints and not self._is_at_a_cut(decoding.next):
                raise decoding.damaged(f"{self._name(decoding.next)} or one soon after it")
            decoding.next = found + 1
            self._kept[found] = raw
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        if index not in self._kept:
            raise decoding.damaged(self._name(index))

    def _is_at_a_cut(self, index: int) -> bool:
        """Whether what a decoder complains of here is where a file is cut short, which is known."""
        there = len(self.movie.places)
        return self.movie.length > there and index >= there - _AHEAD

    def _index_at(self, time: Fraction) -> int:
        """Which frame is shown at a time, in seconds: the last one that begins at or before it."""
        return bisect_right(self.movie.times, time / self.movie.time_base) - 1

    def _start(self, index: int, begin: int) -> _Decoding:
        self._stop()
        movie = self.movie
        seek: list[str] = []
        chosen: list[str] = []
        if movie.times:
            # Half a unit early: the filter compares in floating point.
            chosen = [
                f"select=gte(t\\,{float((movie.times[index] - _HALF) * movie.time_base):.9f})"
            ]
            if begin:
                # Rounded down, so that the search goes to this key or before it.
                micros = movie.times[begin] * movie.time_base * 1_000_000 // 1
                seek = ["-seek_timestamp", "1", "-noaccurate_seek", "-ss", f"{micros}us"]
        command = [
            str(self._programs.ffmpeg),
            *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info", "-copyts"),
            *("-noautorotate", *seek, "-i", file_name(movie.path), "-map", "0:V:0"),
            *("-vf", ",".join([*chosen, "showinfo=checksum=0", *self._codes.filters])),
            *("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", self._codes.format, "-"),
        ]
        size = f"{movie.width}x{movie.height}"
        first = index if movie.times else 0
        self._decoding = _Decoding(
            command, movie, size, self._codes.bytes_each, first, is_sought=bool(seek)
        )
        return self._decoding

    def _name(self, index: int) -> str:
        return f"{self.movie.path}: frame {self.movie.places[index] + 1} of {self.movie.length}"

    def _attributes(self, place: int) -> tuple[dict[str, Any], dict[str, str]]:
        """Of one frame: colour as ITU-T H.273 numbers it, rate, timecode."""
        movie = self.movie
        rate = movie.rate.limit_denominator(1_000_000)
        values: dict[str, Any] = {
            "CICP": cicp_of(movie),
            "FramesPerSecond": (rate.numerator, rate.denominator),
        }
        types = {"FramesPerSecond": "rational"}
        timecode = movie.timecode_at(place)
        if timecode is not None:
            values["smpte:TimeCode"] = timecode.packed
            types["smpte:TimeCode"] = "timecode"
        return values, types

    def _pixels(self, raw: bytearray) -> Pixels:
        planes = self._codes.planes(raw)
        colour = planes[:3] if len(planes) >= 3 else planes[:1] * 3
        pixels = np.empty((self.movie.height, self.movie.width, 3 + self._codes.has_alpha), "f4")
        self._codes.to_rgb(colour, pixels[..., :3])
        if self._codes.has_alpha:
            pixels[..., 3] = self._codes.alpha(planes[-1])
        if not self._codes.is_float:
            np.maximum(pixels, 0.0, out=pixels)
        return np.ascontiguousarray(Turning.of(self.movie.orientation).pixels(pixels))


class _Decoding:
    """One ffmpeg that decodes on and on.

    Attributes:
        next: the frame that it is expected to hand over next, counted as ``Movie.places`` is.
        is_sought: whether it did not begin at the start of the file.
        complaints: what ffmpeg has said. Decoders hide what they miss by what lies around it in
            place and time, so what they say is all there is to know of it.
    """

    def __init__(
        self,
        command: list[str],
        movie: Movie,
        size: str,
        bytes_each: int,
        first: int,
        *,
        is_sought: bool,
    ) -> None:
        self.next, self.is_sought = first, is_sought
        self._movie, self._size, self._bytes = movie, size, bytes_each
        self._shown: queue.SimpleQueue[tuple[Fraction | None, str] | None] = queue.SimpleQueue()
        self.complaints: deque[str] = deque(maxlen=8)
        self._process = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._listener = threading.Thread(
            target=_listen, args=(self._process, self._shown, self.complaints), daemon=True
        )
        self._listener.start()
        # Also where nobody calls `end`: when this object goes, and when Python ends.
        self._end = weakref.finalize(self, _end_process, self._process, self._listener)

    def frame(self, name: str) -> tuple[bytearray, Fraction]:
        """The next frame's planes as they come, and when it is shown, in seconds.

        Raises UnreadableError where there is none any more; ``name`` is the one expected.
        """
        raw = bytearray(self._bytes)
        assert self._process.stdout is not None
        left = memoryview(raw)
        while left:
            count = self._process.stdout.readinto(left)  # type: ignore[attr-defined]
            if not count:
                raise self.damaged(name)
            left = left[count:]
        shown = self._shown.get()
        if shown is None:
            raise self.damaged(name)
        time, size = shown
        if size != self._size:
            raise UnreadableError(
                f"{name} is {size}",
                expected=f"{self._size}, like the first",
                next_step="split the movie where its size changes",
                path=self._movie.path,
            )
        return raw, time or Fraction(0)

    def damaged(self, name: str) -> UnreadableError:
        """The error for a frame that ffmpeg does not hand over."""
        self._end()
        said = tell("\n".join(self.complaints)) or "it ends before"
        return UnreadableError(
            f"{name} cannot be decoded (ffmpeg: {said})",
            next_step="copy the file again, or leave the frame out with --frames",
            path=self._movie.path,
        )

    def end(self) -> None:
        """End ffmpeg now."""
        self._end()


def _listen(
    process: subprocess.Popen[bytes],
    shown: queue.SimpleQueue[tuple[Fraction | None, str] | None],
    complaints: deque[str],
) -> None:
    """Take what ffmpeg says: when each frame is shown, and complaints."""
    assert process.stderr is not None
    base = Fraction(1)
    for line in process.stderr:
        text = line.decode("utf-8", "replace")
        frame, config, complaint = _SHOWN.search(text), _BASE.search(text), _COMPLAINT.search(text)
        if frame is not None:
            ticks = None if frame[1] == "NOPTS" else int(frame[1]) * base
            shown.put((ticks, frame[2]))
        elif config is not None:
            base = Fraction(int(config[1]), int(config[2]))
        elif complaint is not None:
            complaints.append(complaint[1] or complaint[2])
    shown.put(None)


def _end_process(process: subprocess.Popen[bytes], listener: threading.Thread) -> None:
    process.kill()
    process.wait()
    listener.join()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
