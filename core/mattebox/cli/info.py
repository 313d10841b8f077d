"""``mattebox info``: what a file is, and which colour space it would be read in, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mattebox.cli.output import cell


def info(
    file: Annotated[str, typer.Argument(help="A picture, or a sequence (its first frame).")],
    ocio: Annotated[
        str | None, typer.Option(help="OCIO config: a file or ocio://name; default: $OCIO.")
    ] = None,
    in_space: Annotated[
        str | None, typer.Option(help="Colour space to read it in; default: found out.")
    ] = None,
) -> None:
    """Show windows, channels and attributes of a file, its colour space and why.

    `mattebox info shot.####.exr`
    """
    from rich.console import Console
    from rich.table import Table

    from mattebox.frames import Clip
    from mattebox.pipeline.colour import find_colour
    from mattebox.sequences import find_sequence, format_frames, remark_on_names

    sequence = find_sequence(file)
    path = Path(sequence.path(sequence.first))
    clip = Clip(sequence)
    header = clip.header
    part = header.main
    colour = find_colour(part, path, config=ocio, in_space=in_space, out_space=None)
    kinds = dict.fromkeys(part.channel_types)
    rows = [
        ("file", str(path)),
        ("frames", format_frames(sequence.frames)),
        ("missing", format_frames(sequence.missing) or "none"),
        ("format", f"{header.format_name}, {' and '.join(kinds)}, {part.compression}"),
        ("display window", str(part.display_window)),
        ("data window", str(part.data_window)),
        ("pixel aspect", f"{part.pixel_aspect:g}"),
        ("channels", ", ".join(part.channels)),
        ("parts", ", ".join(other.name or str(other.index) for other in header.parts)),
        ("views", ", ".join(header.views) or "none"),
        ("OCIO config", f"{colour.config_name} ({colour.config_source})"),
        ("plate space", f"{colour.prepared.in_space} ({colour.prepared.reason})"),
        ("result's space", colour.prepared.out_space or "unnamed: the plate's, linearised"),
    ]
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, cell(value))
    for name, value in part.attributes.items():
        table.add_row(cell(f"  {name}"), cell(str(value)))
    console = Console()
    console.print(table)
    for remark in clip.remarks:
        console.print(cell(f"note: {remark}"))
    beside = remark_on_names(sequence)
    for warning in (*([] if beside is None else [beside]), *colour.warnings):
        console.print(cell(f"warning: {warning}"), style="yellow")
