"""The seam to OpenImageIO: how files are opened, and what its specs mean here.

OpenImageIO returns None or False where it fails and never raises; a deep file read as a flat one
gives uninitialised memory; ``oiio:missingcolor`` aborts the process on a truncated file. So all
access goes through here, ``deep`` is checked first, and that option is never set.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import OpenImageIO as oiio

from mattebox.errors import InputError, UnreadableError, UsageError
from mattebox.images import Window
from mattebox.regular_files import open_regular
from mattebox.sequences import refuse_movie

_PHONE_SUFFIXES = (".heic", ".heif", ".hif", ".avif")
"""OpenImageIO's wheels come without their codecs."""


def open_input(path: Path) -> oiio.ImageInput:
    """An open file, its alpha left as it is stored (PNG and TIFF would else be multiplied).

    Raises:
        UsageError: a movie.
        InputError: not there, a folder, not permitted.
        UnreadableError: empty, or not a picture.
    """
    refuse_movie(path)
    check_readable(path)
    as_stored = oiio.ImageSpec()
    as_stored.attribute("oiio:UnassociatedAlpha", 1)
    opened = oiio.ImageInput.open(name_of(path), as_stored)
    if opened is None:
        raise _unreadable(path, last_error(oiio))
    return opened


def _unreadable(path: Path, said: str) -> UnreadableError:
    """Why a file cannot be opened, with the way on that its kind has."""
    if "ubsampled" in said:
        return UnreadableError(
            f"{path} holds luminance and chroma (Y, RY, BY), which are not read",
            expected="R, G and B",
            next_step="convert it: a Read and a Write in Nuke, or magick in.exr out.exr "
            "(ImageMagick with OpenEXR)",
            path=path,
        )
    if path.suffix.casefold() in _PHONE_SUFFIXES:
        kind = path.suffix[1:].upper()
        return UnreadableError(
            f"{path} is {kind}, which the OpenImageIO here does not read",
            expected="EXR, DPX, PNG, TIFF or another picture format",
            next_step=f"convert it with its colour profile: magick {path.name} {path.stem}.png, "
            "or export it as PNG or TIFF",
            path=path,
        )
    return UnreadableError(
        f"{path} is not a picture that can be read: {said}",
        expected="EXR, DPX, PNG, TIFF or another picture format",
        next_step="copy the file again or render it again",
        path=path,
    )


def check_readable(path: Path) -> None:
    """Say in the system's words why a file cannot be opened, before OpenImageIO guesses.

    Raises:
        InputError: not there, a folder or a pipe, not permitted.
        UnreadableError: empty.
    """
    try:
        with open_regular(path) as stream:
            is_empty = not stream.read(1)
    except OSError as error:
        raise InputError(
            f"{path} cannot be opened: {error.strerror}",
            next_step="check the path and its permissions",
            path=path,
        ) from error
    if is_empty:
        raise UnreadableError(
            f"{path} is empty (0 bytes)",
            next_step="copy the file again or render it again",
            path=path,
        )


def name_of(path: Path) -> str:
    """The path as OpenImageIO takes it: UTF-8.

    Raises:
        UsageError: a name with bytes that are not UTF-8.
    """
    name = str(path)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            f"the name {name!r} is not UTF-8", next_step="rename the file", path=path
        ) from error
    return name


def specs_of(opened: oiio.ImageInput) -> list[oiio.ImageSpec]:
    """The headers of all parts."""
    specs: list[oiio.ImageSpec] = []
    while opened.seek_subimage(len(specs), 0):
        specs.append(opened.spec())
    last_error(opened)  # the end of the parts is no error; left in place it is printed at exit
    return specs


def data_window_of(spec: oiio.ImageSpec) -> Window:
    return Window(spec.x, spec.y, spec.width, spec.height)


def display_window_of(spec: oiio.ImageSpec) -> Window:
    return Window(spec.full_x, spec.full_y, spec.full_width, spec.full_height)


def channel_types_of(spec: oiio.ImageSpec) -> tuple[str, ...]:
    """The stored type of each channel: ``half``, ``float``, ``uint8``, ``uint16``, ``uint``..."""
    return tuple(str(spec.channelformat(index)) for index in range(spec.nchannels))


def last_error(source: _HasErrors) -> str:
    """OpenImageIO's error text in one line, without doubles; it is cleared by reading it.

    The text quotes a damaged header as it is, which need not be UTF-8.
    """
    try:
        message = source.geterror()
    except UnicodeDecodeError as error:
        message = error.object.decode("utf-8", "replace")
    lines: Iterable[str] = dict.fromkeys(line.strip() for line in message.splitlines())
    return "; ".join(line for line in lines if line)


class _HasErrors(Protocol):
    def geterror(self) -> str: ...
