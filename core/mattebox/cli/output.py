"""How commands hand out what they measured: tables for people, files for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mattebox.errors import WriteError

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_WHEN_PIPED = 200  # columns; a file has no width to keep to


def console_beside(json_file: Path | None) -> Console:
    """Where tables go: standard output, or standard error where JSON has that (``-``)."""
    from rich.console import Console

    to_stderr = str(json_file) == "-"
    console = Console(stderr=to_stderr)
    return console if console.is_terminal else Console(stderr=to_stderr, width=_WIDTH_WHEN_PIPED)


def write_json(target: Path, values: dict[str, Any]) -> None:
    """Values as JSON into a file, or to standard output for ``-``."""
    text = json.dumps(values, indent=1, allow_nan=False)
    if str(target) == "-":
        typer.echo(text)
    else:
        write_text(target, text + "\n")


def write_text(path: Path, text: str) -> None:
    """A text file. Raises WriteError where it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise WriteError(f"{path} could not be written: {fault.strerror}", path=path) from fault
