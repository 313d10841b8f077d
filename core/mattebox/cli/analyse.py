"""``mattebox analyse``: analyse a shot once, so that no chunk has to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattebox.cli.output import Overwrite, cell

if TYPE_CHECKING:
    from mattebox.job import PreparedJob
    from mattebox.matte.statistics import NoiseModel


def analyse(
    job: Annotated[
        Path, typer.Option("--job", help="A job file, as `mattebox key --write-job` wrote it.")
    ],
    write_job: Annotated[
        Path | None,
        typer.Option("--write-job", help="Where the prepared job goes. [default: the same file]"),
    ] = None,
    json_lines: Annotated[
        bool, typer.Option("--json", help="Event lines on standard output, for hosts and farms.")
    ] = False,
    openjd_lines: Annotated[
        bool,
        typer.Option("--openjd", help="Progress and failures as Open Job Description reads them."),
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Find out once what a job left open: colour, weights, exposure, screen, plate, grain.

    What is found is written into the job file, so that every chunk of the shot is keyed with the
    same numbers and none analyses the whole shot again. A job that is prepared already stays as
    it is.

    `mattebox key shot.####.exr -o keyed/ --screen auto --write-job shot.json --no-analysis`,
    then `mattebox analyse --job shot.json`
    """
    from rich.console import Console
    from rich.table import Table

    from mattebox.cli.jobs import read_job
    from mattebox.cli.run import Listener, open_session, prepare_job

    listener = Listener.chosen(json_lines=json_lines, openjd_lines=openjd_lines)
    target = write_job if write_job is not None else job
    with open_session(listener) as session:
        prepared = prepare_job(read_job(job), target, session, overwrite=overwrite)
    if json_lines:
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _findings(prepared):
        table.add_row(name, cell(value))
    Console(highlight=False).print(table)


def _findings(job: PreparedJob) -> list[tuple[str, str]]:
    """What was found, for people."""
    from mattebox.sequences import format_frames

    found, colour = job.prepared.analysis, job.prepared.colour
    rows = [
        ("fingerprint", job.fingerprint),
        ("analysed", f"frames {format_frames(found.frames)}"),
        ("plate space", f"{colour.in_space} ({colour.reason})"),
        ("plate", found.plate),
        ("screen", "none" if found.screen is None else _numbers(found.screen)),
    ]
    if found.registration is not None:
        rows.append(("plate moved", f"{found.registration.model}: {found.registration.reason}"))
    if found.gain is not None:
        rows.append(("plate gain", f"{_numbers(found.gain.gain)}: {found.gain.reason}"))
    statistics = found.statistics
    if statistics is not None:
        rows.append(("grain at 0.18", _numbers(_grain_at(0.18, statistics.noise))))
        if found.plate_grain is not None:
            taken_out = _numbers(_grain_at(0.18, found.plate_grain))
            rows.append(("plate's grain at 0.18", f"{taken_out}, taken out of it"))
        rows += [
            ("plate's own error", f"{statistics.plate_noise:.2f} of the grain's variance"),
            ("solved as", "screen" if statistics.screen else "any plate"),
        ]
        rows.append(("unmixing", job.prepared.unmixing))
    if job.prepared.weights is not None:
        rows.append(("weights", f"{job.prepared.weights.network} {job.prepared.weights.sha256}"))
    return rows


def _grain_at(level: float, noise: NoiseModel) -> list[float]:
    """Standard deviations in R, G and B."""
    return [
        float(gain * level + floor) ** 0.5
        for gain, floor in zip(noise.gain, noise.floor, strict=True)
    ]


def _numbers(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:.4f}" for value in values) + ")"
