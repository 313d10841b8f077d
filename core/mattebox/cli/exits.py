"""From an exception to words on standard error and an exit code."""

from __future__ import annotations

import sys
import traceback

from mattebox import __version__
from mattebox.errors import MatteboxError, RunInterruptedError

OUR_OWN_FAULT = 70


def exit_code_of(error: BaseException) -> int:
    """Print what happened, unless a reporter already did, and say what to end with."""
    if isinstance(error, MatteboxError):
        if not error.was_reported:
            print(f"mattebox: error: {error}", file=sys.stderr)
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        print("mattebox: interrupted; all written frames are whole; run again", file=sys.stderr)
        return RunInterruptedError.exit_code
    if isinstance(error, BrokenPipeError):
        return 74
    traceback.print_exception(error)
    print(
        f"mattebox {__version__}: this is a fault of Mattebox, not yours; please report it with "
        "the lines above and the output of `mattebox doctor`",
        file=sys.stderr,
    )
    return OUR_OWN_FAULT
