"""``mattebox bench memory``: whether a long shot takes more memory than a short one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mattebox.cli.sizes import parse_size


def memory(
    frames: Annotated[int, typer.Option(min=1, help="Frames to key.")] = 500,
    size: Annotated[str, typer.Option(help="Size of the pictures.")] = "320x180",
    plot: Annotated[Path | None, typer.Option(help="Draw memory over frames (PNG).")] = None,
) -> None:
    """Key a drawn shot and print the process's resident memory after each frame (Linux).

    `mattebox bench memory --frames 500 --size 160x90 --plot memory.png`
    """
    from rich.console import Console

    from mattebox.bench.memory import measure_memory, plot_memory
    from mattebox.bench.plotting import require_png
    from mattebox.bench.shapes import Canvas

    if plot is not None:
        require_png(plot)
    use = measure_memory(frames, Canvas(*parse_size(size, least=16)))
    console = Console(highlight=False)
    for name, kib in (
        ("first", use.samples[0]),
        ("median", use.median),
        ("last", use.samples[-1]),
        ("peak", use.peak),
    ):
        console.print(f"{name:7}{kib / 1024.0:9.1f} MiB")
    console.print(f"slope  {use.slope:+9.2f} KiB per frame, over the last 80 % of {frames} frames")
    if plot is not None:
        plot_memory(use.samples, plot)
