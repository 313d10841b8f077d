"""The command line: one file per subcommand, heavy imports only inside the command that runs."""

from __future__ import annotations

import importlib
import os
import sys


def main(application: str = "mattebox.cli.app") -> None:
    """Entry point of the ``mattebox`` command.

    Every way out ends with one of the exit codes of docs/bad_input.md.

    Args:
        application: module whose ``app`` is run.
    """
    # Before torch is loaded: on a shared machine, threads that spin while they wait made frames
    # 5 to 20 times slower than threads that sleep.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")

    from mattebox.cli.exits import exit_code_of, tell
    from mattebox.errors import UsageError

    try:
        importlib.import_module(application).app()
    except SystemExit as request:
        # The argument parser says 2 for a wrong call; for us it is a bad argument as any other.
        sys.exit(UsageError.exit_code if request.code == 2 else request.code)
    except BaseException as error:  # noqa: BLE001 - the last place; every way out has its code
        tell(error)
        sys.exit(exit_code_of(error))
