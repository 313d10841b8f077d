"""ffmpeg's ``chromakey`` filter with the best of a grid of settings: the free keyer people use.

The filter sees display-encoded 16-bit 4:4:4 YUV, keys by distance of chroma from one colour, and
has two knobs. The best pair is chosen *by the truth*, which no user could do: it is an upper bound.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox.bench.light import srgb_encoded
from mattebox.errors import InputError

FloatArray = NDArray[np.floating[Any]]

SIMILARITIES = (0.01, 0.02, 0.03, 0.05, 0.07, 0.10, 0.14, 0.20, 0.28)
BLENDS = (0.0, 0.02, 0.04, 0.07, 0.10, 0.14, 0.20, 0.28, 0.40)
"""9 x 9 settings. Chroma distances of the filter stay under 0.5 for a saturated screen."""

RAW_CODES = ("-f", "rawvideo", "-pix_fmt", "rgb48le")
"""How ffmpeg is told what ``encoded_frames`` gives."""

_SECONDS_ALLOWED = 300
_TOLD = 300  # characters of what ffmpeg says that are handed on


@dataclass(frozen=True)
class ChromaKey:
    """The filter's settings.

    Attributes:
        colour: key colour, 8-bit sRGB.
        similarity: chroma distance up to which alpha is 0.
        blend: further distance over which alpha rises to 1.
    """

    colour: tuple[int, int, int]
    similarity: float
    blend: float

    @property
    def filter(self) -> str:
        """The filter chain as ffmpeg takes it."""
        red, green, blue = self.colour
        return (
            "format=yuva444p16le,chromakey="
            f"0x{red:02x}{green:02x}{blue:02x}:{self.similarity:g}:{self.blend:g}"
        )


def find_ffmpeg() -> Path | None:
    """The ffmpeg of this machine, or None."""
    found = shutil.which("ffmpeg")
    return None if found is None else Path(found)


def key_colour(plate: FloatArray) -> tuple[int, int, int]:
    """The mean of a plate HxWx3, linear Rec.709, as 8-bit sRGB."""
    mean = plate[..., :3].reshape(-1, 3).mean(axis=0, dtype=np.float64)
    red, green, blue = (int(code) for code in np.rint(srgb_encoded(mean) * 255.0))
    return red, green, blue


def encoded_frames(sources: Sequence[FloatArray]) -> bytes:
    """Frames HxWx3, linear Rec.709, as raw 16-bit sRGB: what ffmpeg reads as rgb48le."""
    return b"".join(
        np.rint(srgb_encoded(source[..., :3]) * 65535.0).astype("<u2").tobytes()
        for source in sources
    )


def run_ffmpeg(
    ffmpeg: Path, arguments: Sequence[str], given: bytes | None, next_step: str
) -> bytes:
    """What ffmpeg writes to its standard output.

    Args:
        ffmpeg: the program.
        arguments: beside those that make it quiet, and filter on one thread.
        given: its standard input.
        next_step: what to do where it fails.

    Raises:
        InputError: ffmpeg failed; what it said is in the message.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments, no shell
            [str(ffmpeg), "-v", "error", "-nostdin", "-filter_threads", "1", *arguments],
            input=given,
            capture_output=True,
            timeout=_SECONDS_ALLOWED,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise InputError(
            f"ffmpeg failed: {error.stderr.decode(errors='replace').strip()[-_TOLD:]}",
            next_step=next_step,
        ) from error
    except subprocess.TimeoutExpired as error:
        raise InputError(
            f"ffmpeg did not end within {_SECONDS_ALLOWED} s", next_step=next_step
        ) from error
    return done.stdout


def keyed_alpha(
    ffmpeg: Path, frames: bytes, size: tuple[int, int], settings: ChromaKey
) -> NDArray[np.float32]:
    """NxHxW alpha 0..1 of the frames of ``encoded_frames``; size is (height, width).

    Raises:
        InputError: ffmpeg failed; what it said is in the message.
    """
    height, width = size
    given = ("-threads", "1", *RAW_CODES, "-s", f"{width}x{height}", "-i", "pipe:0")
    taken = ("-vf", settings.filter, "-f", "rawvideo", "-pix_fmt", "yuva444p16le", "pipe:1")
    leave_out = "check ffmpeg, or leave its row out with --methods"
    planes = np.frombuffer(run_ffmpeg(ffmpeg, [*given, *taken], frames, leave_out), "<u2")
    planes = planes.reshape(-1, 4, height, width)
    return planes[:, 3].astype(np.float32) / np.float32(65535.0)


def best_settings(
    ffmpeg: Path,
    sources: Sequence[FloatArray],
    truths: Sequence[FloatArray],
    colour: tuple[int, int, int],
) -> ChromaKey:
    """The pair of the grid with the least mean absolute error of alpha.

    Args:
        ffmpeg: the program.
        sources: HxWx3 each, linear Rec.709.
        truths: true alpha HxW each, as many.
        colour: key colour, 8-bit sRGB.
    """
    frames, size = encoded_frames(sources), (truths[0].shape[0], truths[0].shape[1])
    truth = np.stack(truths)

    def error(settings: ChromaKey) -> float:
        return float(np.abs(keyed_alpha(ffmpeg, frames, size, settings) - truth).mean())

    grid = [ChromaKey(colour, s, b) for s in SIMILARITIES for b in BLENDS]
    return min(grid, key=error)
