"""Keying chunks of a shot in processes of their own, as farm nodes do."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

AT_ONCE = 2

# torch is loaded once, by the process that the workers are forked from: a worker is a process with
# memory, threads and files of its own, and starts in a moment.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["mattebox.cli.key", "mattebox.pipeline", "mattebox.engines.rvm"])


def run_command(arguments: Sequence[str], log: Path) -> None:
    """Run ``mattebox`` here with its output in a file; ends the process."""
    with log.open("w") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    from mattebox.cli import main

    sys.argv = ["mattebox", *arguments]
    main()


def run_commands(commands: Sequence[Sequence[str]], folder: Path, at_once: int = AT_ONCE) -> None:
    """Run ``mattebox`` once per list of arguments, each in a process of its own.

    Raises AssertionError with what it printed where one does not end with 0.
    """
    folder.mkdir(exist_ok=True)
    logs = [folder / f"{index}.log" for index in range(len(commands))]
    waiting = list(zip(commands, logs, strict=True))
    running: list[tuple[BaseProcess, Path]] = []
    while waiting or running:
        while waiting and len(running) < at_once:
            arguments, log = waiting.pop(0)
            worker: BaseProcess = CONTEXT.Process(target=run_command, args=(list(arguments), log))
            worker.start()
            running.append((worker, log))
        worker, log = running.pop(0)
        worker.join(300)
        assert worker.exitcode == 0, f"{worker.exitcode}: {log.read_text()}"
