"""``mattebox check``: are all frames of a job there, whole, and made by it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from mattebox.errors import UsageError

MOST_SHOWN = 20
"""Faulty frames listed in full; the rest is counted."""


def check(
    job: Annotated[Path, typer.Option("--job", help="The job file they were keyed from.")],
    output: Annotated[
        str | None,
        typer.Argument(help="The keyed frames: pattern or folder. [default: the job's own]"),
    ] = None,
    frames: Annotated[
        str | None, typer.Option(help="Frames to check: 1001-1050. [default: all of the input]")
    ] = None,
    json_lines: Annotated[
        bool, typer.Option("--json", help="One JSON object per frame on standard output.")
    ] = False,
    openjd_lines: Annotated[
        bool, typer.Option("--openjd", help="Faults also as Open Job Description reads them.")
    ] = False,
) -> None:
    """Check that every frame of a job is on disk, whole, current, and adds up to its source.

    Ends with 0 where all is well, 66 where a frame is missing or truncated, 65 where one is stale
    (made by another job, or from files that have changed) or its layers do not add up. A
    truncated frame is read to its end: that takes about as long as loading it.

    `mattebox check keyed/ --job shot.json`
    """
    from rich.console import Console

    from mattebox.cli.jobs import read_job
    from mattebox.cli.progress import ReadingProgress
    from mattebox.farm.openjd_lines import failure
    from mattebox.job import PreparedJob
    from mattebox.pipeline import check as pipeline
    from mattebox.sequences import format_frames

    asked = read_job(job)
    if not isinstance(asked, PreparedJob):
        raise UsageError(
            f"the job {job} is not prepared, so nothing says what its frames should be",
            next_step=f"mattebox analyse --job {job} --write-job {job}",
        )
    if output is not None:
        asked = asked.model_copy(update={"output": output})
    console = Console(highlight=False, soft_wrap=True)
    found = []
    with ReadingProgress("checking", None) as progress:
        for one in pipeline.check(asked, frames=frames):
            found.append(one)
            progress.advance()
            if json_lines:
                typer.echo(json.dumps(asdict(one) | {"path": str(one.path)}))
    faulty = [one for one in found if one.fault is not None]
    if not json_lines:
        for one in faulty[:MOST_SHOWN]:
            console.print(f"frame {one.frame}: {one.fault}: {one.detail} ({one.path})")
        if len(faulty) > MOST_SHOWN:
            console.print(f"and {len(faulty) - MOST_SHOWN} more")
        for fault in dict.fromkeys(one.fault for one in faulty):
            numbers = [one.frame for one in faulty if one.fault is fault]
            told = f"{fault}: {format_frames(numbers)}"
            console.print(failure(told) if openjd_lines else told, markup=False)
        console.print(f"{len(found) - len(faulty)} of {len(found)} frames are whole and current")
    raise typer.Exit(pipeline.exit_code(found))
