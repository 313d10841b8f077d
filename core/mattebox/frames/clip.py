"""The frames of a sequence, whether each has a file of its own or a movie holds them all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from mattebox.errors import InputError, UnknownNameError, UsageError, named
from mattebox.ffmpeg import find_programs
from mattebox.frames.headers import Header, read_header
from mattebox.frames.layers import Channel, Layer, choose_channel, choose_layer, same_layer
from mattebox.frames.movie import MovieReader
from mattebox.frames.movie_colour import remarks_on
from mattebox.frames.reading import read_frame, read_matte, read_passed
from mattebox.images import Frame, PassedChannel, Window
from mattebox.sequences import FrameSequence, no_ffmpeg_error


@dataclass(frozen=True)
class Clip:
    """Reads the frames of one sequence; safe from several threads.

    Attributes:
        sequence: whose frames they are.
    """

    sequence: FrameSequence

    @cached_property
    def header(self) -> Header:
        """Of the first frame whose header can be read.

        Raises as ``read_header`` what is wrong with the first, where none can be read.
        """
        if self._reader is not None:
            return self._reader.header
        fault: InputError | None = None
        for number in self.sequence.frames:
            try:
                return read_header(self.sequence.path(number))
            except InputError as error:
                fault = fault or error
        assert fault is not None  # a sequence is never empty
        raise fault

    def layer(self, part: str | None = None, view: str | None = None) -> Layer:
        """The picture that is read of all frames, as the first one has it.

        Raises as ``choose_layer``.
        """
        if (part, view) not in self._layers:
            self._layers[part, view] = choose_layer(self.header, part, view)
        return self._layers[part, view]

    def data_windows(self, part: str | None = None, view: str | None = None) -> Iterator[Window]:
        """Where the pixels of each frame lie; frames that cannot be read are left out, since each
        is told where it is read."""
        if self._reader is not None:
            yield self.layer(part, view).part.data_window
            return
        first = self.layer(part, view)
        for number in self.sequence.frames:
            with contextlib.suppress(InputError):
                header = read_header(self.sequence.path(number))
                yield same_layer(header, first).part.data_window

    @property
    def remarks(self) -> tuple[str, ...]:
        """What people should know of how its frames are read, one sentence each."""
        movie = self.sequence.movie
        if movie is not None:
            return remarks_on(movie)
        orientation = self.header.main.orientation
        if orientation == 1:
            return ()
        path = self.sequence.path(self.sequence.first)
        return (f"{path} is turned upright, as its EXIF orientation {orientation} says",)

    def read(
        self,
        number: int,
        *,
        part: str | None = None,
        view: str | None = None,
        alpha: Literal["premultiply", "as stored"] = "premultiply",
    ) -> Frame:
        """A frame by its number; arguments and errors are those of ``read_frame``.

        Raises also UsageError where a part or view of a movie is asked for.
        """
        path = self.sequence.path(number)
        if self._reader is None:
            return read_frame(path, alpha=alpha, first=self.layer(part, view))
        for setting, wanted in (("part", part), ("view", view)):
            if wanted:
                raise _of_no_movie(setting, wanted, path)
        frame = self._reader.read(self.sequence.place(number))
        if alpha == "premultiply" and "A" in frame.channels:
            frame.pixels[..., :3] *= frame.pixels[..., 3:]
        return frame

    def read_passed(
        self,
        number: int,
        layers: Sequence[str],
        window: Window,
        part: str | None = None,
        view: str | None = None,
    ) -> tuple[PassedChannel, ...]:
        """Layers of a frame bit for bit on a window, as ``read_passed`` gives them.

        Raises also UsageError where those of a movie are asked for.
        """
        if not layers:
            return ()
        path = self.sequence.path(number)
        if self._reader is not None:
            raise _of_no_movie("layers", ",".join(layers), path)
        return read_passed(path, layers, window, main=self.layer(part, view))

    def channel(
        self, wanted: str | None = None, part: str | None = None, view: str | None = None
    ) -> Channel:
        """The channel that is read of all frames as a matte, as the first one has it.

        Raises as ``choose_channel``.
        """
        asked = (wanted, part, view)
        if asked not in self._channels:
            self._channels[asked] = choose_channel(self.header, *asked)
        return self._channels[asked]

    def read_matte(
        self,
        number: int,
        channel: str | None = None,
        part: str | None = None,
        view: str | None = None,
    ) -> Frame:
        """One channel of a frame as a matte, as ``read_matte`` gives it."""
        path = self.sequence.path(number)
        if self._reader is None:
            return read_matte(path, first=self.channel(channel, part, view))
        frame = self._reader.read(self.sequence.place(number))
        wanted = channel or ("A" if "A" in frame.channels else "R")
        if wanted.upper() not in frame.channels:
            raise UnknownNameError("channel", wanted, frame.channels, next_step=f"in {path}")
        at = frame.channels.index(wanted.upper())
        return replace(frame, pixels=frame.pixels[..., at : at + 1], channels=("A",))

    def close(self) -> None:
        """End what reads a movie; it begins again where a frame is read afterwards."""
        if self._reader is not None:
            self._reader.close()

    @cached_property
    def _layers(self) -> dict[tuple[str | None, str | None], Layer]:
        return {}

    @cached_property
    def _channels(self) -> dict[tuple[str | None, str | None, str | None], Channel]:
        return {}

    @cached_property
    def _reader(self) -> MovieReader | None:
        if self.sequence.movie is None:
            return None
        programs = find_programs()
        if programs is None:
            raise no_ffmpeg_error(Path(self.sequence.movie.path))
        return MovieReader(self.sequence.movie, programs)


def _of_no_movie(setting: str, wanted: str, path: Path) -> UsageError:
    return UsageError(
        f"{named(setting)} {wanted} is asked for, and {path} is a movie",
        expected="an EXR sequence, which can have parts, views and layers",
        setting=setting,
        path=path,
    )
