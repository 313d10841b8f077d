"""The commands that measure what optical flow is used for."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from benchmarks.propagation import measure_propagation, propagation_markdown
from benchmarks.takes import measure_takes, takes_markdown
from mattebox.bench.shots import BenchShot, read_shot
from mattebox.cli.bench_rows import MarkdownFile, Threads
from mattebox.cli.output import FigureFiles, files_under

Row = TypeVar("Row")

flowing = typer.Typer(rich_markup_mode="markdown")

Shots = Annotated[
    list[Path], typer.Argument(metavar="SHOT...", help="Folders with manifest.json and a truth.")
]


@flowing.command()
def propagation(shots: Shots, threads: Threads = 1, markdown_file: MarkdownFile = None) -> None:
    """Carry the truth of key frames to others by flow, and key with that as hint.

    Errors are mean absolute ones of alpha x1e3, at 1, 5, 10 and 20 frames from one key, and between
    two keys 20 frames apart: of the nearest key held, of the carried matte, what that expects of
    itself, and of ours. Over the pass to key, and over the busy plate with grain.

    `python -m benchmarks propagation shots/hair shots/smoke_glass --markdown propagation.md`
    """
    _measured(
        shots, partial(measure_propagation, threads=threads), propagation_markdown, markdown_file
    )


@flowing.command()
def takes(shots: Shots, threads: Threads = 1, markdown_file: MarkdownFile = None) -> None:
    """Triangulate two takes of which the second is moved: jitter, drift and local warps.

    The first six frames over black, and over white where the truth is moved by seeded amounts of
    0.5, 1 and 2 pixels. Errors are mean absolute ones of alpha x1e3: of the takes as they are, and
    of the second moved onto the first.

    `python -m benchmarks takes shots/hair shots/smoke_glass --markdown takes.md`
    """
    _measured(shots, partial(measure_takes, threads=threads), takes_markdown, markdown_file)


def _measured(
    shots: Sequence[Path],
    measure: Callable[[BenchShot, Path], Iterable[Row]],
    table: Callable[[Sequence[Row]], str],
    markdown_file: Path | None,
) -> None:
    """Measure shots, say each row once it is known, and hand out the table."""
    files = FigureFiles(None, markdown_file, files_under(shots))
    rows: list[Row] = []
    for shot in [read_shot(folder) for folder in shots]:
        with tempfile.TemporaryDirectory(prefix="mattebox_bench_") as folder:
            for row in measure(shot, Path(folder)):
                rows.append(row)
                typer.echo(table([row]).splitlines()[-1], err=True)
    typer.echo(table(rows), nl=False)
    files.write(dict, lambda: table(rows))
