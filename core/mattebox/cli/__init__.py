"""The command line: one file per subcommand, heavy imports only inside the command that runs."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from typing import NoReturn


def main(application: str = "mattebox.cli.app") -> None:
    """Entry point of the ``mattebox`` command.

    Every way out ends with one of the exit codes of docs/bad_input.md.

    Args:
        application: module whose ``app`` is run.
    """
    # Before torch is loaded: on a shared machine, threads that spin while they wait made frames
    # 5 to 20 times slower than threads that sleep.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")

    from mattebox.cli.exits import exit_code_of, tell, tell_not_flushed
    from mattebox.errors import UsageError

    _have_outputs()
    try:
        try:
            importlib.import_module(application).app()
        finally:
            tell_not_flushed()
            sys.stdout.flush()  # here, or a full disk would end the interpreter with 120
    except SystemExit as request:
        # The argument parser says 2 for a wrong call; for us it is a bad argument as any other.
        _leave(UsageError.exit_code if request.code == 2 else request.code)
    except BaseException as error:  # noqa: BLE001 - the last place; every way out has its code
        with contextlib.suppress(OSError):  # nobody hears what standard error does not take
            tell(error)
        _leave(exit_code_of(error))


def _have_outputs() -> None:
    """Standard output and error that take every character, also where they are closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            stream = io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8")
            setattr(sys, name, stream)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _leave(code: str | int | None) -> NoReturn:
    """End with a code. What standard output cannot take any more must not end it with another."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)
