"""How commands hand out what they measured: tables for people, files for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mattebox.plain_text import harmless
from mattebox.whole_files import FIGURES, GENERATOR, TABLE, OutputFile, ReadFiles

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that were not written by Mattebox.")
]

_WIDTH_WHEN_PIPED = 200  # columns; a file has no width to keep to


def say(text: str, *, err: bool = False) -> None:
    """Print words, whatever names stand in them."""
    typer.echo(harmless(text), err=err)


def cell(text: str) -> Text:
    """A cell of a table that shows its text as it is: no markup, no control characters."""
    from rich.text import Text

    return Text(harmless(text))


def console_beside(json_file: Path | None) -> Console:
    """Where tables go: standard output, or standard error where JSON has that (``-``)."""
    from rich.console import Console

    to_stderr = str(json_file) == "-"
    console = Console(stderr=to_stderr)
    return console if console.is_terminal else Console(stderr=to_stderr, width=_WIDTH_WHEN_PIPED)


class FigureFiles:
    """Where a command writes what it measured: as JSON, as Markdown, both or neither.

    Whether it may is asked at once: nobody should learn it after minutes of measuring.
    """

    def __init__(
        self,
        json_file: Path | None,
        markdown_file: Path | None,
        inputs: ReadFiles = (),
        *,
        overwrite: bool = False,
    ) -> None:
        """Raises as ``OutputFile.check``."""
        self._to_stdout = str(json_file) == "-"
        self._json, self._table = (
            None if path is None else OutputFile(path, kind, inputs, overwrite)
            for path, kind in (
                (None if self._to_stdout else json_file, FIGURES),
                (markdown_file, TABLE),
            )
        )
        for output in (self._json, self._table):
            if output is not None:
                output.check()

    def write(self, values: Callable[[], dict[str, Any]], table: Callable[[], str]) -> None:
        """Write what was asked for; ``-`` is standard output. Raises as ``OutputFile.write``."""
        if self._to_stdout or self._json is not None:
            text = json.dumps(values(), indent=1, allow_nan=False)
            if self._json is None:
                typer.echo(text)
            else:
                self._json.write(f"{text}\n".encode())
        if self._table is not None:
            marked = f"{table().rstrip()}\n\n<!-- generator: {GENERATOR.decode()} -->\n"
            self._table.write(marked.encode())


def files_under(folders: Iterable[Path]) -> ReadFiles:
    """All files of the folders, as inputs."""
    return lambda: (path for folder in folders for path in folder.rglob("*") if path.is_file())
