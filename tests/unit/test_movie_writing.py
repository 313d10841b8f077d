"""Movies for editors: decoded again they are what was given; they are whole or absent."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from tests.support.movies import needs_ffmpeg, reader_of

from mattebox.errors import UsageError, WriteError
from mattebox.ffmpeg import find_programs
from mattebox.frames import MovieOutput, encoder_of, write_movie
from mattebox.pipeline.movie import parse_rate


def output(path: Path, **changes: object) -> MovieOutput:
    programs = find_programs()
    assert programs is not None
    values = {
        "path": path, "rate": Fraction(24000, 1001), "encoding": "rec709", "pixel_aspect": 1.0,
        "programs": programs,
    }  # fmt: skip
    return MovieOutput(**(values | changes))  # type: ignore[arg-type]


def frames(count: int = 3) -> list[np.ndarray]:
    """Smooth colours and alpha that change from frame to frame; HxWx4."""
    across, down = np.meshgrid(np.linspace(0, 1, 64), np.linspace(0, 1, 32))
    return [
        np.stack([across, down, 1 - across * down, across * (n + 1) / count], 2).astype(np.float32)
        for n in range(count)
    ]


@needs_ffmpeg
@pytest.mark.parametrize(("name", "error"), [("a.mov", 0.006), ("a.mkv", 1 / 65535)])
def test_what_was_written_is_decoded_again(name: str, error: float, tmp_path: Path) -> None:
    path = tmp_path / name
    assert write_movie(output(path), frames(), "Mattebox test") == 3
    assert [file.name for file in tmp_path.iterdir()] == [name]
    reader = reader_of(path)
    assert len(reader.movie.places) == 3
    assert reader.movie.rate == Fraction(24000, 1001)
    for place, given in enumerate(frames()):
        read = reader.read(place)
        np.testing.assert_allclose(read.pixels, given, atol=error)
    assert reader.header.attributes["CICP"][:2] == (1, 1)


@needs_ffmpeg
def test_the_form_of_a_movie_is_in_its_tags(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    changed = output(path, encoding="srgb", pixel_aspect=2.0, timecode="01:00:00:05")
    write_movie(changed, frames(), "Mattebox test")
    movie = reader_of(path).movie
    assert (movie.codec, movie.pixel_aspect, movie.timecode) == ("prores", 2.0, "01:00:00:05")
    assert movie.tags["color_transfer"] == "iec61966-2-1"
    assert (movie.tags["color_space"], movie.tags["color_range"]) == ("bt709", "tv")


@needs_ffmpeg
def test_a_webm_has_alpha(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    write_movie(output(path, rate=Fraction(24)), frames(), "Mattebox test")
    wanted = ("-show_entries", "stream=codec_name:stream_tags=alpha_mode", "-of", "json")
    done = subprocess.run(
        ["ffprobe", "-v", "error", *wanted, path], capture_output=True, text=True, check=True
    )
    (stream,) = json.loads(done.stdout)["streams"]
    tags = {name.lower(): value for name, value in stream["tags"].items()}
    assert (stream["codec_name"], tags["alpha_mode"]) == ("vp9", "1")


@needs_ffmpeg
def test_equal_frames_give_equal_movies(tmp_path: Path) -> None:
    for name in ("a.mov", "b.mov"):
        write_movie(output(tmp_path / name), frames(), "Mattebox test")
    assert (tmp_path / "a.mov").read_bytes() == (tmp_path / "b.mov").read_bytes()


@needs_ffmpeg
def test_a_folder_that_is_not_there_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"none/a\.mov could not be written: ffmpeg: .*No such"):
        write_movie(output(tmp_path / "none" / "a.mov"), frames(), "Mattebox test")
    assert not list(tmp_path.iterdir())


@needs_ffmpeg
def test_an_earlier_movie_stays_where_a_frame_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.mov"
    path.write_bytes(b"earlier")

    def failing() -> Iterator[np.ndarray]:
        yield frames()[0]
        raise WriteError("the frame is gone")

    with pytest.raises(WriteError, match="the frame is gone"):
        write_movie(output(path), failing(), "Mattebox test")
    assert path.read_bytes() == b"earlier"
    assert [file.name for file in tmp_path.iterdir()] == ["a.mov"]


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a"])
def test_kinds_without_alpha_are_refused_with_those_that_have_it(name: str) -> None:
    with pytest.raises(UsageError, match="no codec with alpha") as caught:
        encoder_of(Path(name))
    assert ".mov (ProRes 4444" in str(caught.value.expected)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("24", Fraction(24)),
        ("23.976", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_rates_are_read_as_they_are_said(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["fast", "0", "-24", "24/0", "5000"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a number of frames per second"):
        parse_rate(text)
