"""``mattebox bench start``: how long the command takes to start."""

from __future__ import annotations

from typing import Annotated

import typer


def start(
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each kind.")] = 7,
) -> None:
    """Time fresh processes, and hold them to one that only imports torch.

    An interpreter, `import torch`, `mattebox --version`, and one frame of the shipped shot on one
    CPU thread: already current, keyed from a prepared job, and keyed after the look at the shot.
    They take turns. Printed are medians; that of the ratios is taken round by round.

    `mattebox bench start --rounds 15`
    """
    import statistics
    import tempfile
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from mattebox.bench.start import TORCH, measure_starts, start_processes
    from mattebox.cli.demo import example_shot

    with tempfile.TemporaryDirectory(prefix="mattebox_bench_") as folder:
        times = measure_starts(start_processes(example_shot(), Path(folder)), rounds)
    (torch,) = (one for one in times if one.name == TORCH)
    table = Table(box=None)
    table.add_column("process")
    for column in ("seconds", "CPU seconds", f"to {TORCH}"):
        table.add_column(column, justify="right")
    for one in times:
        table.add_row(
            one.name,
            f"{statistics.median(one.seconds):.3f}",
            f"{statistics.median(one.cpu_seconds):.3f}",
            f"{one.ratio_to(torch):.2f}",
        )
    Console().print(table)
