"""Frames onto disk: one EXR at a time, whole or not at all, equal bytes for equal frames."""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from mattebox.errors import MatteboxError, UnknownNameError, WriteError
from mattebox.frames import seam
from mattebox.frames.attributes import set_attributes
from mattebox.frames.exr_header import NO_SEAL, mark_uint, seal
from mattebox.frames.repair import non_finite
from mattebox.header_words import PREFIX, SEAL
from mattebox.images import Frame, PassedChannel, Pixels
from mattebox.whole_files import DRAFT_PREFIX, GENERATOR, OutputFile, draft_of, flush, marked

LARGEST_HALF = 65504.0
"""The largest finite binary16 number (IEEE 754)."""

COMPRESSIONS = ("none", "rle", "zip", "zips", "piz")
"""The lossless ones. OpenImageIO takes a wrong name silently for zip, so names are checked here."""

ABANDONED_SECONDS = 3600.0
"""An unfinished file this old has no writer any more: no frame takes an hour to write. Process
numbers say nothing, since another machine may write into the same folder."""

PICTURE = marked("a picture of Mattebox", b"Software\0" + GENERATOR)
"""A PNG with its maker's name, as ``write_png`` leaves it."""

_PROBE_BYTES = 1 << 16

_ROWS_AT_ONCE = 256
"""Rows read back at a time. All codecs' chunks (1 to 256 rows) divide it, so none is decoded twice;
a whole frame at once took 1.15 times the processor time, and its own size in memory."""

_LARGEST_BITS, _LARGEST_NEGATIVE_BITS = 0x7BFF, 0xFBFF
"""65504 and -65504 as binary16: all bits above them are Inf or NaN (IEEE 754)."""


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        path: the file.
        size: its bytes.
        clamped: how many values lay outside half's range.
    """

    path: Path
    size: int
    clamped: int


def write_frame(
    path: Path,
    frame: Frame,
    *,
    pixel_type: Literal["half", "float"] = "half",
    compression: str = "zip",
) -> Written:
    """Write a frame as single-part EXR: temporary file, read back and compared, then renamed.

    Attributes are written as they stand in the frame (``carried_attributes`` takes a source's),
    except those that would lie. ``DateTime`` is written only where the frame has one: never now, so
    equal frames give equal bytes.

    Args:
        path: the file; what is there is replaced in one step.
        frame: pixels HxWxC float16 or float32, scene-linear, any range; no NaN.
        pixel_type: ``half`` clamps to +-65504 and counts; ``float`` takes finite values only.
            Channels that are passed keep their own type and values.
        compression: one of ``COMPRESSIONS``.

    Raises:
        WriteError: the folder is not there or not writable, the disk is full, the file read back
            differs. Nothing is left behind but the earlier file, if there was one.
        UnknownNameError: no such compression.
        MatteboxError: our own fault: NaN, Inf with ``float``, no pixels, a channel named twice, or
            an attribute that a header cannot hold.
    """
    if compression not in COMPRESSIONS:
        raise UnknownNameError("compression", compression, COMPRESSIONS)
    names = (*frame.channels, *(one.name for one in frame.passed))
    if len(set(names)) != len(names):
        raise MatteboxError(f"{path}: a channel is named twice in {names}")
    if frame.data_window.is_empty or not frame.channels:
        raise MatteboxError(f"{path}: there is nothing to write: {frame.data_window}")
    pixels, clamped = _storable(frame.pixels, pixel_type, path)
    spec = _spec_for(frame, pixel_type, compression)

    uints = [one.name for one in frame.passed if one.values.dtype == np.uint32]

    def finish(temporary: Path) -> None:
        try:
            mark_uint(temporary, uints)
            seal(temporary)
        except (ValueError, IndexError, struct.error) as error:
            raise _NotWholeError(f"the header read back differs: {error}") from error

    def check(temporary: Path) -> None:
        _check_exr(temporary, spec, pixels, frame.passed)

    size = _write_atomically(path, spec, _with_passed(pixels, frame.passed), check, finish)
    return Written(path, size, clamped)


def remove_abandoned(folder: Path) -> int:
    """Delete unfinished files that killed processes left in a folder long ago; says how many.

    Never raises: a file that cannot be deleted stays, and does no harm.
    """
    removed = 0
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{DRAFT_PREFIX}*.tmp.*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    path.unlink()
                    removed += 1
    return removed


def write_png(path: Path, pixels: NDArray[np.uint8], *, overwrite: bool = False) -> Written:
    """Write a preview, atomically: HxWx3 or HxWx4 (straight alpha) uint8, display-referred.

    Raises:
        WriteError: as ``write_frame``.
        UsageError: a picture of somebody else lies there, and it is not to be overwritten.
        ValueError: another shape or type.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(f"a preview is HxWx3 or HxWx4 uint8, not {pixels.dtype} {pixels.shape}")
    height, width, count = pixels.shape
    spec = oiio.ImageSpec(width, height, count, "uint8")
    spec.attribute("oiio:UnassociatedAlpha", 1)
    spec.attribute("Software", GENERATOR.decode())
    OutputFile(path, PICTURE, overwrite=overwrite).check()

    def check(temporary: Path) -> None:
        opened = seam.open_input(temporary)
        stored = opened.read_image(0, 0, 0, count, "uint8")
        _compare(stored, pixels, seam.last_error(opened))

    size = _write_atomically(path, spec, np.ascontiguousarray(pixels), check, suffix=".png")
    return Written(path, size, 0)


def _storable(pixels: Pixels, pixel_type: str, path: Path) -> tuple[Pixels, int]:
    """The pixels in the stored type, clamped, and how many values were."""
    if pixel_type == "half" and pixels.dtype == np.float16 and _is_finite_half(pixels):
        return np.ascontiguousarray(pixels), 0
    clamped = 0
    bad = non_finite(pixels)
    has_bad = bool(bad.any())
    if has_bad and (pixel_type == "float" or np.isnan(pixels).any()):
        raise MatteboxError(
            f"{path}: {int(bad.sum())} values are NaN or Inf",
            next_step="report this: Mattebox must not make such values",
            path=path,
        )
    if pixel_type == "float":
        return np.ascontiguousarray(pixels, np.float32), 0
    if pixels.max() > LARGEST_HALF or pixels.min() < -LARGEST_HALF:
        clamped = int(np.count_nonzero(np.abs(pixels) > LARGEST_HALF))
        pixels = np.clip(pixels, -LARGEST_HALF, LARGEST_HALF)
    return np.ascontiguousarray(pixels, np.float16), clamped


def _with_passed(pixels: Pixels, passed: Sequence[PassedChannel]) -> Pixels:
    """All channels as OpenImageIO takes them at once: float32, from which it makes every half bit
    for bit. What is uint keeps its bits and no value (``mark_uint``)."""
    if not passed:
        return pixels
    planes = [
        one.values.view(np.float32) if one.values.dtype == np.uint32 else one.values
        for one in passed
    ]
    return np.concatenate([pixels, np.stack(planes, axis=2)], axis=2, dtype=np.float32)


def _is_finite_half(pixels: Pixels) -> bool:
    """Whether float16 pixels hold neither Inf nor NaN; whole numbers compare ten times faster."""
    positive, negative = pixels.view(np.int16), pixels.view(np.uint16)
    return bool(positive.max() <= _LARGEST_BITS and negative.max() <= _LARGEST_NEGATIVE_BITS)


def _spec_for(frame: Frame, pixel_type: str, compression: str) -> oiio.ImageSpec:
    data, display = frame.data_window, frame.display_window
    names = (*frame.channels, *(one.name for one in frame.passed))
    spec = oiio.ImageSpec(data.width, data.height, len(names), pixel_type)
    spec.channelnames = names
    if frame.passed:
        kinds = ["half" if one.values.dtype == np.float16 else "float" for one in frame.passed]
        of_colour = [pixel_type] * len(frame.channels)
        spec.channelformats = tuple(oiio.TypeDesc(kind) for kind in (*of_colour, *kinds))
    spec.x, spec.y = data.x, data.y
    spec.full_x, spec.full_y = display.x, display.y
    spec.full_width, spec.full_height = display.width, display.height
    set_attributes(spec, frame.attributes, frame.attribute_types)
    spec.attribute("PixelAspectRatio", float(frame.pixel_aspect))
    spec.attribute("compression", compression)
    spec.attribute(SEAL, NO_SEAL)
    return spec


def _write_atomically(
    path: Path,
    spec: oiio.ImageSpec,
    pixels: NDArray[Any],
    check: Callable[[Path], None],
    finish: Callable[[Path], None] = lambda _: None,
    suffix: str = ".exr",
) -> int:
    def checked(temporary: Path) -> None:
        with _reasons(temporary):
            check(temporary)

    try:
        with draft_of(path, suffix=suffix, check=checked) as temporary, _reasons(temporary):
            _write_whole(temporary, spec, pixels)
            finish(temporary)
        return path.stat().st_size
    except (OSError, _NotWholeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise WriteError(
            f"{path} could not be written: {reason}",
            next_step="make room or choose another folder (-o), then run again",
            path=path,
        ) from error


@contextlib.contextmanager
def _reasons(temporary: Path) -> Iterator[None]:
    """Why the system refuses, asked by writing a few bytes; else what the writer said.

    OpenImageIO says "File output failed" for a full disk.
    """
    try:
        yield
    except (MatteboxError, _NotWholeError) as error:
        with temporary.open("ab") as stream:
            stream.write(bytes(_PROBE_BYTES))
        flush(temporary)
        raise _NotWholeError(str(error)) from error


class _NotWholeError(Exception):
    """What OpenImageIO wrote is not what it was given."""


def _write_whole(temporary: Path, spec: oiio.ImageSpec, pixels: NDArray[Any]) -> None:
    name = seam.name_of(temporary)
    output = oiio.ImageOutput.create(name)
    if output is None:
        raise _NotWholeError(seam.last_error(oiio))
    if not output.open(name, spec):
        raise _NotWholeError(seam.last_error(output))
    done = output.write_image(pixels)
    message = seam.last_error(output)
    closed = output.close()
    if not (done and closed):
        raise _NotWholeError(message or seam.last_error(output))


def _check_exr(
    temporary: Path,
    spec: oiio.ImageSpec,
    pixels: NDArray[Any],
    passed: Sequence[PassedChannel],
) -> None:
    """Read the file back; bits, windows and names must be those that were meant."""
    opened = seam.open_input(temporary)
    found = opened.spec()
    windows = (seam.data_window_of(found), seam.display_window_of(found))
    if windows != (seam.data_window_of(spec), seam.display_window_of(spec)):
        raise _NotWholeError("the windows read back differ")
    for attribute in spec.extra_attribs:
        name = attribute.name
        if not name.startswith(PREFIX) or name == SEAL or not attribute.value:
            continue  # empty text is not stored
        if found.getattribute(name) != attribute.value:
            raise _NotWholeError(f"the attribute {name} read back differs")
    count, kind = pixels.shape[2], "half" if pixels.dtype == np.float16 else "float"
    order = [found.channelnames.index(name) for name in spec.channelnames[:count]]
    for top in range(0, spec.height, _ROWS_AT_ONCE):
        meant = pixels[top : top + _ROWS_AT_ONCE]
        rows = (spec.y + top, spec.y + top + len(meant))
        stored = opened.read_scanlines(0, 0, *rows, 0, 0, found.nchannels, kind)
        if stored is not None and order != list(range(found.nchannels)):
            stored = stored[:, :, order]
        _compare(stored, meant, seam.last_error(opened))
    for one in passed:
        at = found.channelnames.index(one.name)
        stored = opened.read_image(0, 0, at, at + 1, found.channelformat(at))
        _compare(stored, one.values[:, :, None], seam.last_error(opened))


def _compare(stored: NDArray[Any] | None, meant: NDArray[Any], message: str) -> None:
    if stored is None:
        raise _NotWholeError(f"the file cannot be read back: {message}")
    if stored.shape != meant.shape or stored.dtype != meant.dtype:
        raise _NotWholeError(f"{stored.dtype} {stored.shape} was read back, not {meant.shape}")
    bits = f"u{meant.dtype.itemsize}"
    if not np.array_equal(stored.view(bits), meant.view(bits)):
        raise _NotWholeError("the pixels read back differ; the disk or the network is at fault")
