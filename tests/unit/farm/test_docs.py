"""Every command of docs/farm.md is one that the command line takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from mattebox.cli.app import app

PAGE = Path(__file__).parents[3] / "docs/farm.md"
LINES = [
    line
    for block in re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("mattebox ")
]


def test_the_page_shows_every_dispatcher() -> None:
    shown = {line.split()[2] for line in LINES if line.startswith("mattebox farm ")}
    assert shown == {"openjd", "opencue", "flamenco"}


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_page_is_understood(line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = shlex.split(line)[1:]
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context(command.name, words)
