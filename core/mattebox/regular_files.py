"""The one way into a file that somebody else named: only what is a file is opened.

A named pipe waits for a writer for ever, a device may have no end, and either may stand where a
frame, a job or a config is expected. What is wrong is an ``OSError``, as the system would say it.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_KINDS = (
    (stat.S_ISDIR, errno.EISDIR, "it is a folder"),
    (stat.S_ISFIFO, errno.EINVAL, "it is a named pipe, not a file"),
    (stat.S_ISSOCK, errno.EINVAL, "it is a socket, not a file"),
    (stat.S_ISCHR, errno.EINVAL, "it is a device, not a file"),
    (stat.S_ISBLK, errno.EINVAL, "it is a device, not a file"),
)

LARGEST_TEXT = 1 << 26
"""Bytes of a job, config or list: 64 MiB. None comes near; what is larger is something else."""


class NotRegularError(OSError):
    """Something lies there that is no file."""


def open_regular(path: Path) -> BufferedReader:
    """An open file, to be read.

    Raises:
        OSError: it is not there or not permitted; a name that no file can have.
        NotRegularError: a folder, named pipe, socket or device.
    """
    refuse_special(path)
    # Without waiting, should it become a pipe between the two looks; files know no waiting.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _refuse(path, os.fstat(handle).st_mode)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def refuse_special(path: Path) -> None:
    """Raise as ``open_regular``, for what others open by name."""
    try:
        mode = path.stat().st_mode
    except ValueError as error:  # a name with a NUL or a lone surrogate
        raise OSError(errno.EINVAL, "no file can have this name", str(path)) from error
    _refuse(path, mode)


def read_regular(path: Path, *, most: int = LARGEST_TEXT) -> bytes:
    """All bytes of a file of at most ``most``. Raises as ``open_regular``, and EFBIG."""
    with open_regular(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB", str(path))
    return data


def _refuse(path: Path, mode: int) -> None:
    for is_kind, number, words in _KINDS:
        if is_kind(mode):
            raise NotRegularError(number, words, str(path))


def is_there(path: Path) -> bool:
    """Whether something lies at a path; False, not an error, for a name that no file can have."""
    return os.path.exists(path)  # noqa: PTH110 - pathlib raises for names that are too long


def is_file(path: Path) -> bool:
    """The same for a regular file."""
    return os.path.isfile(path)  # noqa: PTH113 - as above


def is_folder(path: Path) -> bool:
    """The same for a folder."""
    return os.path.isdir(path)  # noqa: PTH112 - as above
