"""From an exception to words on standard error and an exit code."""

from __future__ import annotations

import errno
import sys
import traceback

from mattebox import __version__
from mattebox.errors import (
    DeviceError,
    InputError,
    MatteboxError,
    RunInterruptedError,
    WriteError,
)
from mattebox.plain_text import harmless
from mattebox.whole_files import NOT_FLUSHED_STEP, not_flushed

WRITING = frozenset(
    {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EBADF}
)
"""What the system says where something cannot be written, standard output for one."""

_NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc")
"""How torch and others say that there is none, as plain RuntimeErrors."""


def exit_code_of(error: BaseException) -> int:
    """Choose the exit code. An exception of any other kind is a fault of Mattebox."""
    if isinstance(error, MatteboxError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return RunInterruptedError.exit_code
    if is_out_of_memory(error):
        return DeviceError.exit_code
    if isinstance(error, OSError):  # never a fault of ours: files and outputs are the system's
        return (WriteError if error.errno in WRITING else InputError).exit_code
    return MatteboxError.exit_code


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that the machine, or a limit on it, gives no more memory."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    said = str(error).casefold()
    return isinstance(error, RuntimeError) and any(words in said for words in _NO_MEMORY)


def tell_not_flushed() -> None:
    """Print on standard error what no listener was told of files that are not on the disk yet."""
    refused = not_flushed.take()
    if refused is not None:
        print(
            f"mattebox: warning: {harmless(refused)}\n  next step: {NOT_FLUSHED_STEP}",
            file=sys.stderr,
        )


def tell(error: BaseException) -> None:
    """Print what happened on standard error."""
    if isinstance(error, MatteboxError):
        print(f"mattebox: error: {error}", file=sys.stderr)
    elif isinstance(error, KeyboardInterrupt):
        print("mattebox: interrupted; all written frames are whole; run again", file=sys.stderr)
    elif is_out_of_memory(error):
        print(
            "mattebox: error: there is not enough memory\n  next step: raise the limit "
            "(ulimit -v, the scheduler's), or see --max-memory",
            file=sys.stderr,
        )
    elif isinstance(error, BrokenPipeError):
        return
    elif isinstance(error, OSError):
        where = "" if error.filename is None else f"{error.filename}: "
        words = harmless(f"{where}{error.strerror or error}")
        print(f"mattebox: error: {words}", file=sys.stderr)
    else:
        traceback.print_exception(error)
        print(
            f"mattebox {__version__}: this is a fault of Mattebox, not yours; please report it "
            "with the lines above and what `mattebox doctor --report` prints",
            file=sys.stderr,
        )
