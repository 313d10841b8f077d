"""A movie with alpha for editors, by ffmpeg: whole or not at all."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mattebox.errors import MatteboxError, UsageError, WriteError
from mattebox.ffmpeg import Programs, file_name, start, tell
from mattebox.whole_files import draft_of

Encoding = Literal["rec709", "srgb"]


@dataclass(frozen=True)
class Encoder:
    """How a movie of a kind of file is encoded.

    Attributes:
        words: for people.
        bits: of the codes that are handed to ffmpeg.
        is_rgb: whether they are RGB of full range; else YUV of BT.709 in limited range.
        arguments: for ffmpeg.
    """

    words: str
    bits: int
    is_rgb: bool
    arguments: tuple[str, ...]


ENCODERS = {
    ".mov": Encoder(
        "ProRes 4444, 10 bits, alpha 16",
        10,
        is_rgb=False,
        arguments=(
            *("-c:v", "prores_ks", "-profile:v", "4444", "-vendor", "apl0"),
            *("-alpha_bits", "16", "-pix_fmt", "yuva444p10le"),
        ),
    ),
    ".mkv": Encoder(
        "FFV1, RGB and alpha of 16 bits, without a loss",
        16,
        is_rgb=True,
        arguments=("-c:v", "ffv1", "-level", "3", "-pix_fmt", "gbrap16le"),
    ),
    ".webm": Encoder(
        "VP9, 8 bits",
        10,
        is_rgb=False,
        arguments=("-c:v", "libvpx-vp9", "-crf", "18", "-b:v", "0", "-pix_fmt", "yuva420p"),
    ),
}
"""By suffix: those that have alpha."""

_RED, _BLUE = 0.2126, 0.0722  # ITU-R BT.709


@dataclass(frozen=True)
class MovieOutput:
    """A movie to be written.

    Attributes:
        path: the file; its suffix says the encoder.
        rate: frames per second.
        encoding: what the codes are, which is tagged: BT.709 or sRGB.
        pixel_aspect: width of a pixel divided by its height.
        programs: the ffmpeg that writes it.
        timecode: of the first frame, ``HH:MM:SS:FF``, or None.
    """

    path: Path
    rate: Fraction
    encoding: Encoding
    pixel_aspect: float
    programs: Programs
    timecode: str | None = None

    @property
    def encoder(self) -> Encoder:
        return encoder_of(self.path)


def encoder_of(path: Path) -> Encoder:
    """How a movie is encoded, by its suffix. Raises UsageError for one without alpha."""
    found = ENCODERS.get(path.suffix.casefold())
    if found is None:
        listed = ", ".join(f"{suffix} ({one.words})" for suffix, one in ENCODERS.items())
        raise UsageError(
            f"the movie {path} cannot be written: {path.suffix or 'a name without suffix'} has no "
            "codec with alpha here",
            expected=listed,
            next_step=f"write to {path.with_suffix('.mov')}",
            path=path,
        )
    return found


def write_movie(output: MovieOutput, frames: Iterable[NDArray[np.float32]], marker: str) -> int:
    """Write a movie under a hidden name beside its own, and rename it.

    Equal frames give equal bytes with the same ffmpeg.

    Args:
        output: where and how.
        frames: HxWx4 float32 each, of one size: RGB encoded for display, 0..1, and alpha 0..1.
        marker: kept in the file as its comment.

    Returns:
        How many frames it has.

    Raises:
        WriteError: ffmpeg fails, or the disk; what was there before stays.
        InputError: ffmpeg does not run.
    """
    try:
        with draft_of(output.path) as draft:
            return _encode(output, frames, draft, marker)
    except OSError as error:
        raise _write_error(output.path, error.strerror or str(error)) from error


def planes_of(pixels: NDArray[np.float32], encoder: Encoder) -> NDArray[np.uint16]:
    """HxWx4 display-encoded RGBA, 0..1, as planes of codes: Y Cb Cr A, or G B R A; 4xHxW."""
    red, green, blue, alpha = np.moveaxis(pixels.clip(0.0, 1.0).astype(np.float64), 2, 0)
    white = 2**encoder.bits - 1
    if encoder.is_rgb:
        codes = np.stack([green, blue, red, alpha]) * white
        return np.asarray(np.rint(codes).astype("<u2"))
    unit = 2 ** (encoder.bits - 8)
    luma = _RED * red + (1.0 - _RED - _BLUE) * green + _BLUE * blue
    chroma = ((blue - luma) / (2 * (1 - _BLUE)), (red - luma) / (2 * (1 - _RED)))
    codes = np.stack(
        [
            (16 + 219 * luma) * unit,
            *((128 + 224 * one) * unit for one in chroma),
            alpha * white,
        ]
    )
    return np.asarray(np.rint(codes).astype("<u2"))


def _encode(
    output: MovieOutput, frames: Iterable[NDArray[np.float32]], draft: Path, marker: str
) -> int:
    count, process = 0, None
    with tempfile.TemporaryFile() as complaints:
        try:
            for pixels in frames:
                if process is None:
                    command = _command(output, pixels.shape, draft, marker)
                    process = start(command, stdin=subprocess.PIPE, stderr=complaints)
                assert process.stdin is not None
                process.stdin.write(planes_of(pixels, output.encoder).tobytes())
                count += 1
            if process is None:
                raise MatteboxError("there is no frame to make a movie of")
            assert process.stdin is not None
            process.stdin.close()
            failed = process.wait() != 0
        except BrokenPipeError:
            assert process is not None
            process.wait()
            failed = True
        finally:
            if process is not None:
                process.kill()
                process.wait()
                assert process.stdin is not None
                with contextlib.suppress(OSError):  # the pipe of an ffmpeg that gave up
                    process.stdin.close()
        complaints.seek(0)
        said = tell(complaints.read().decode("utf-8", "replace"))
    if failed:
        raise _write_error(output.path, f"ffmpeg: {said or 'it ended without saying why'}")
    return count


def _command(output: MovieOutput, shape: tuple[int, ...], draft: Path, marker: str) -> list[str]:
    encoder = output.encoder
    height, width = shape[:2]
    aspect = Fraction(output.pixel_aspect).limit_denominator(1000)
    transfer = "bt709" if output.encoding == "rec709" else "iec61966-2-1"
    span = "pc" if encoder.is_rgb else "tv"
    # Both ways to say it: muxers look at the encoder's words, ProRes at the frames'.
    matrix, of_frames = ("rgb", "gbr") if encoder.is_rgb else ("bt709", "bt709")
    tags = f"range={span}:color_primaries=bt709:color_trc={transfer}:colorspace={of_frames}"
    timecode = () if output.timecode is None else ("-timecode", output.timecode)
    stored = "gbrap16le" if encoder.is_rgb else f"yuva444p{encoder.bits}le"
    return [
        str(output.programs.ffmpeg),
        *("-v", "error", "-f", "rawvideo", "-pix_fmt", stored, "-s", f"{width}x{height}"),
        *("-r", str(output.rate), "-i", "-"),
        *("-vf", f"setparams={tags},setsar={aspect.numerator}/{aspect.denominator}"),
        *encoder.arguments,
        *("-color_primaries", "bt709", "-color_trc", transfer, "-colorspace", matrix),
        *("-color_range", span, "-metadata", f"comment={marker}", *timecode),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", file_name(draft)),
    ]


def _write_error(path: Path, reason: str) -> WriteError:
    return WriteError(
        f"the movie {path} could not be written: {reason}",
        expected="the keyed frames are all on disk",
        next_step="make room or choose another place (--movie-out), and run the same command "
        "again: only the movie is made",
        path=path,
    )
