"""``mattebox plate``: the clean plate that a key would use, as a picture of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from mattebox.cli.output import Overwrite, say
from mattebox.errors import UsageError


def plate(
    shot: Annotated[str, typer.Argument(metavar="PLATE", help="The shot, as for `mattebox key`.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The EXR to write: out-space linear.")
    ],
    clean_plate: Annotated[
        str | None, typer.Option(help="A clean plate to fit; without one the screen is estimated.")
    ] = None,
    screen: Annotated[
        str | None, typer.Option(help="Screen colour: auto, green or blue. [default: auto]")
    ] = None,
    in_space: Annotated[str | None, typer.Option(help="Colour space of the shot.")] = None,
    out_space: Annotated[str | None, typer.Option(help="Linear space of the result.")] = None,
    ocio: Annotated[str | None, typer.Option(help="OCIO config: a file or ocio://name.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the background that a key would use: a clean plate moved into place and brought to the
    shot's exposure, or the screen estimated from the shot. Says what was found.

    `mattebox plate shot.####.exr -o clean.exr`

    `mattebox plate shot.####.exr -o fitted.exr --clean-plate plate.exr`
    """
    from mattebox.events import TerminalReporter
    from mattebox.job import Job
    from mattebox.pipeline.backgrounds import background_file, write_background
    from mattebox.pipeline.prepare import prepare
    from mattebox.pipeline.setup import ShotSetup

    if output.suffix.casefold() != ".exr":
        raise UsageError(f"cannot write the plate to {output}", expected="a name ending in .exr")
    settings = {"engine": "screen", "screen": screen or (None if clean_plate else "auto")}
    colour = {"in_space": in_space, "out_space": out_space, "config": ocio}
    job = Job.checked(
        {
            "plate": shot,
            "output": f"{output.with_suffix('')}.key/",
            "threads": min(os.cpu_count() or 1, 8),
            "colour": colour,
            "settings": settings,
        }
        | ({} if clean_plate is None else {"clean_plate": clean_plate})
    )
    setup = ShotSetup(job)
    background_file(output, setup.shot, overwrite=overwrite).check()
    kind = write_background(prepare(job, TerminalReporter(), setup=setup), output, setup)
    say(f"{output}: {kind}")
