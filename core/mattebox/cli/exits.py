"""From an exception to words on standard error and an exit code."""

from __future__ import annotations

import sys
import traceback

from mattebox import __version__
from mattebox.errors import MatteboxError, RunInterruptedError, WriteError


def exit_code_of(error: BaseException) -> int:
    """Choose the exit code. An exception of any other kind is a fault of Mattebox."""
    if isinstance(error, MatteboxError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return RunInterruptedError.exit_code
    return (WriteError if isinstance(error, BrokenPipeError) else MatteboxError).exit_code


def tell(error: BaseException) -> None:
    """Print what happened on standard error."""
    if isinstance(error, MatteboxError):
        print(f"mattebox: error: {error}", file=sys.stderr)
    elif isinstance(error, KeyboardInterrupt):
        print("mattebox: interrupted; all written frames are whole; run again", file=sys.stderr)
    elif not isinstance(error, BrokenPipeError):
        traceback.print_exception(error)
        print(
            f"mattebox {__version__}: this is a fault of Mattebox, not yours; please report it "
            "with the lines above and the output of `mattebox doctor`",
            file=sys.stderr,
        )
