"""A shot through a consumer camera's video: 8-bit 4:2:0 H.264, by a real encoder.

Linear Rec.709 is clipped to 0..1, as no such camera holds more, encoded by the sRGB curve, coded as
BT.709 Y'CbCr of limited range at half the chroma each way, and brought back the same way. Matrix
and range are named on both sides: ffmpeg's own guess is BT.601 for small pictures.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.bench.chromakey import RAW_CODES, encoded_frames, find_ffmpeg, run_ffmpeg
from mattebox.bench.light import srgb_decoded
from mattebox.errors import InputError

FloatArray = NDArray[np.floating[Any]]
Pixels = NDArray[np.float32]

FULL_HD = 1920 * 1080
"""Pixels of the pictures whose rate is given: smaller ones get as much less as they have less."""

RATE = 24  # frames per second
LEAST = 64_000  # bits per second: for a handful of tiny frames x264 takes no less

_SCALER = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
_MATRIX = "in_color_matrix=bt709:out_color_matrix=bt709"
_TO_VIDEO = f"scale=in_range=full:out_range=limited:{_MATRIX}:{_SCALER},format=yuv420p"
_TO_CODES = f"scale=in_range=limited:out_range=full:{_MATRIX}:{_SCALER},format=rgb48le"
_LEAVE_OUT = "check that ffmpeg has libx264, or leave h264 out"


def require_ffmpeg() -> Path:
    """The ffmpeg of this machine.

    Raises:
        InputError: there is none.
    """
    found = find_ffmpeg()
    if found is None:
        raise InputError("ffmpeg not found", next_step="install ffmpeg, or leave h264 out")
    return found


def through_h264(ffmpeg: Path, frames: Sequence[FloatArray], *, megabits: float) -> list[Pixels]:
    """Frames as one film, encoded and decoded; linear Rec.709, 0..1.

    Equal frames give equal films on one ffmpeg: x264 runs on one thread.

    Args:
        ffmpeg: with libx264.
        frames: HxWx3 each, linear Rec.709, all of one size, at least one.
        megabits: per second, of 1080p at 24 frames; the mean over the film, met by two passes.

    Raises:
        InputError: ffmpeg failed; what it said is in the message.
        ValueError: no frames, or not all of one size.
    """
    sizes = {frame.shape[:2] for frame in frames}
    if len(sizes) != 1:
        raise ValueError(f"expected frames of one size, got {sorted(sizes)}")
    ((height, width),) = sizes
    even = [_even(frame) for frame in frames]
    rows, columns = even[0].shape[:2]
    bits = max(round(megabits * 1e6 * rows * columns / FULL_HD), LEAST)
    with tempfile.TemporaryDirectory(prefix="mattebox_video_") as folder:
        film, log = str(Path(folder) / "film.mkv"), str(Path(folder) / "passes")
        given = (*RAW_CODES, "-s", f"{columns}x{rows}", "-r", str(RATE), "-i", "pipe:0")
        coded = (
            "-vf", _TO_VIDEO, "-c:v", "libx264", "-b:v", str(bits), "-preset", "medium",
            "-threads", "1", "-color_range", "tv", "-colorspace", "bt709",
            "-color_primaries", "bt709", "-color_trc", "iec61966-2-1", "-passlogfile", log,
        )  # fmt: skip
        codes = encoded_frames(even)
        for last in (("-pass", "1", "-f", "null", "-"), ("-pass", "2", film)):
            run_ffmpeg(ffmpeg, [*given, *coded, *last], codes, _LEAVE_OUT)
        back = ("-i", film, "-vf", _TO_CODES, "-fps_mode", "passthrough", *RAW_CODES, "pipe:1")
        seen = run_ffmpeg(ffmpeg, back, None, _LEAVE_OUT)
    decoded = np.frombuffer(seen, "<u2").reshape(-1, rows, columns, 3)
    if len(decoded) != len(frames):
        raise InputError(f"ffmpeg gave {len(decoded)} of {len(frames)} frames back")
    return [srgb_decoded(frame[:height, :width] / 65535.0).astype(np.float32) for frame in decoded]


def _even(frame: FloatArray) -> FloatArray:
    """Even sizes, as 4:2:0 needs: the last row or column once more."""
    height, width = frame.shape[:2]
    return np.pad(frame[..., :3], ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
