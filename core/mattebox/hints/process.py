"""A tool's process: its log kept, its silence noticed, ended with all its children on a stop."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mattebox.errors import RunInterruptedError, ToolError

LOOK_SECONDS = 0.2
"""How often the process is looked at. A stop has ten seconds in all (``cli/stop.py``)."""

GRACE_SECONDS = 4.0
"""What a process has to end by itself once it is asked to."""

LOG_TAIL = 1 << 16
"""Bytes at the end of a log in which the reason of a failure is looked for."""

_NO_MEMORY = re.compile(
    r"out of memory|OutOfMemory|MemoryError|Cannot allocate memory|bad_alloc|"
    r"not enough memory|Failed to allocate memory",
    re.IGNORECASE,
)
_DROPPED = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
"""They are of our own Python and would lead a tool's into our packages."""

_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # Windows alone has it


@dataclass(frozen=True)
class ToolRun:
    """One call of a tool.

    Attributes:
        title: of the tool, for messages.
        command: program and arguments.
        folder: where it runs.
        environment: variables over those of this process.
        log: the file that gets all it says.
        patience: seconds without a line or a matte before it is ended.
    """

    title: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    log: Path
    patience: float


def clean_environment(own: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without its Python's variables, with a tool's own."""
    kept = {name: value for name, value in os.environ.items() if name not in _DROPPED}
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(own)


def run_tool(
    run: ToolRun,
    stop: threading.Event,
    made: Callable[[], int],
    on_made: Callable[[int], None] = lambda _count: None,
) -> None:
    """Run a tool to its end.

    Args:
        run: what.
        stop: set where somebody asks for a stop.
        made: how many mattes there are by now.
        on_made: told whenever that number has grown.

    Raises:
        ToolError: it does not start, fails, runs out of memory, or falls silent.
        RunInterruptedError: it was stopped.
    """
    with run.log.open("wb") as log:
        log.write(f"{' '.join(run.command)}\n".encode())
        log.flush()
        process = _started(run, log.fileno())
        try:
            _watch(run, process, stop, made, on_made)
        finally:
            end_group(process)
    if process.returncode:
        raise _failure(run, process.returncode)


def _started(run: ToolRun, log: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - the user's own tool, no shell
            run.command,
            stdin=subprocess.DEVNULL,  # a tool that asks a question fails at once
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=run.folder,
            env=clean_environment(run.environment),
            start_new_session=os.name != "nt",
            creationflags=_NEW_GROUP,
        )
    except OSError as error:
        raise ToolError(
            f"{run.title} does not start: {run.command[0]}: {error.strerror}",
            next_step="check its environment with `mattebox hint list`",
        ) from error


def _watch(
    run: ToolRun,
    process: subprocess.Popen[bytes],
    stop: threading.Event,
    made: Callable[[], int],
    on_made: Callable[[int], None],
) -> None:
    signs, last, count = (-1, -1), time.monotonic(), 0
    while process.poll() is None:
        if stop.wait(LOOK_SECONDS):
            end_group(process)
            raise RunInterruptedError(
                f"{run.title} was stopped", next_step="run the same command again"
            )
        now = (run.log.stat().st_size, made())
        if now != signs:
            signs, last = now, time.monotonic()
        if now[1] > count:
            count = now[1]
            on_made(count)
        if time.monotonic() - last > run.patience:
            end_group(process)
            raise ToolError(
                f"{run.title} said nothing and made no matte for {run.patience:g} s; it was ended",
                next_step=f"read {run.log}; where it only is slow, give --patience more seconds",
                path=run.log,
            )


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process with all its children: asked first, then by force. Waits until it is gone."""
    if process.poll() is None:
        _signal_group(process, by_force=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    _signal_group(process, by_force=True)  # children outlive a parent that has ended
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], *, by_force: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left
        if sys.platform == "win32":
            process.kill() if by_force else process.terminate()
        else:
            os.killpg(process.pid, signal.SIGKILL if by_force else signal.SIGTERM)


def _failure(run: ToolRun, status: int) -> ToolError:
    with run.log.open("rb") as log:
        log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_TAIL))
        said = log.read().decode("utf-8", "replace")
    lines = [line.strip() for line in said.splitlines() if line.strip()][1:]
    last = f": {lines[-1][:300]}" if lines else ""
    if _NO_MEMORY.search(said) or status == -getattr(signal, "SIGKILL", 9):
        return ToolError(
            f"{run.title} ran out of memory ({_status(status)}){last}",
            next_step=f"send it smaller pictures (--longest), fewer --frames, or close what else "
            f"uses the device; its log is {run.log}",
            path=run.log,
        )
    return ToolError(
        f"{run.title} failed ({_status(status)}){last}",
        next_step=f"read its log {run.log}",
        path=run.log,
    )


def _status(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"ended by {signal.Signals(-status).name}"
    return f"exit status {status}"
