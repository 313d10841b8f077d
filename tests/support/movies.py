"""Small real movies for tests, written by ffmpeg."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.ffmpeg import find_programs
from mattebox.frames.movie import MovieReader
from mattebox.sequences import find_sequence

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None,
    reason="ffmpeg is not installed; it runs where it is (apt-get install ffmpeg)",
)

MOVING = ("-f", "lavfi", "-i", "testsrc2=size=96x64:rate=24:duration=2")
"""48 frames in which every frame differs from its neighbours."""

LOSSLESS = ("-c:v", "ffv1")


def run_ffmpeg(*arguments: object, given: bytes = b"") -> None:
    """Run ffmpeg; files are replaced."""
    command = ["ffmpeg", "-nostdin" if not given else "-y", "-v", "error", "-y"]
    done = subprocess.run(
        [*command, *map(str, arguments)], input=given, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def write_movie(
    path: Path,
    frames: NDArray[np.generic],
    pixel_format: str,
    *encoding: object,
    rate: int = 24,
    size: tuple[int, int] | None = None,
) -> Path:
    """Encode raw frames: [N, H, W, ...] codes, or any shape where ``size`` says width, height."""
    width, height = size or (frames.shape[2], frames.shape[1])
    raw = ("-f", "rawvideo", "-pix_fmt", pixel_format, "-s", f"{width}x{height}", "-r", rate)
    run_ffmpeg(*raw, "-i", "-", *encoding, path, given=np.ascontiguousarray(frames).tobytes())
    return path


def reader_of(path: Path) -> MovieReader:
    """A reader of a movie, of its own."""
    programs, movie = find_programs(), find_sequence(str(path)).movie
    assert programs is not None
    assert movie is not None
    return MovieReader(movie, programs)
