"""``mattebox bench``: how good every way of keying is, on shots whose exact matte is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mattebox.cli.bench_engines import engines
from mattebox.cli.bench_rows import (
    JsonFile,
    MarkdownFile,
    Pictures,
    Threads,
    keyed_rows,
    print_rows,
)
from mattebox.cli.output import FigureFiles, Overwrite, files_under

bench = typer.Typer(no_args_is_help=True, help="Measure every engine beside plain keyers.")


bench.command()(engines)


@bench.command()
def quality(
    shots: Annotated[
        list[Path],
        typer.Argument(metavar="SHOT...", help="Folders with manifest.json: passes and truth."),
    ],
    frames: Annotated[
        str | None, typer.Option(help="Frames to measure: 1-24x3. [default: all]")
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(
            help="Only these, joined by commas: difference, difference-average, chromakey, "
            "blender-keying, blender-keying-tuned, plate-difference, two-pass, screen, hint, rvm, "
            "bgmv2, triangulate. [default: all]"
        ),
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="Weights of a network, which then takes part; may be repeated."),
    ] = None,
    threads: Threads = 1,
    json_file: JsonFile = None,
    markdown_file: MarkdownFile = None,
    pictures: Pictures = None,
    overwrite: Overwrite = False,
) -> None:
    """Key shots in every way and print one table of errors beside plain keyers.

    Plain keyers: the colour difference in linear light with each clean plate and with its mean
    colour, despilled in two ways, ffmpeg's chromakey with the best of 9x9 settings, Blender's
    Keying node untouched and with the best clips and despill, the difference from a clean plate,
    and two passes triangulated. Settings of plain keyers are chosen by the truth. Mattebox's own
    rows take part as a user would run them, untuned. They are marked HARM where MAD, grey, dtSSD,
    core (holes) or residue (dirt) are worse than the plain keyer's with the same plate, and noted
    where dE95 is not a fifth below the plain colour difference's.

    Blender takes part where MATTEBOX_BPY_PYTHON names a Python with bpy 4.5, or after
    `make blender-environments`.

    Ends with 70 where one of Mattebox's own ways failed.

    **All ways on a shot, every third frame**: `mattebox bench quality shots/hair --frames 1-24x3`
    """
    from mattebox.bench.quality import document
    from mattebox.bench.table import markdown

    figures = FigureFiles(json_file, markdown_file, files_under(shots), overwrite=overwrite)
    rows = list(
        keyed_rows(
            shots,
            frames=frames,
            methods=methods,
            weights=weights or [],
            threads=threads,
            pictures=pictures,
            overwrite=overwrite,
        )
    )
    print_rows(rows, json_file)
    figures.write(lambda: document(rows, threads=threads), lambda: markdown(rows))
    if any(row.failed for row in rows):
        raise typer.Exit(70)
