"""``mattebox bench preroll``: how many frames a network with memory needs before a chunk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattebox.cli.bench_rows import Threads

if TYPE_CHECKING:
    from mattebox.bench.preroll import Pixels


def preroll(
    clips: Annotated[
        list[str],
        typer.Argument(
            metavar="CLIP...", help="Sequences in linear Rec.709, or a portrait as NPZ archive."
        ),
    ],
    weights: Annotated[Path, typer.Option(help="Weights of rvm.")],
    prerolls: Annotated[
        str, typer.Option(help="Prerolls to measure, in frames.")
    ] = "4,8,12,16,20,24,32,40",
    refiner: Annotated[str, typer.Option(help="deep, fast or auto.")] = "auto",
    threads: Threads = 1,
    plot: Annotated[Path | None, typer.Option(help="Draw the curves (PNG).")] = None,
) -> None:
    """Measure after how many frames a chunk agrees with the whole clip.

    Each clip is played forward and back for 136 frames under a seeded pan and zoom. Chunks of 24
    frames begin after frame 40, each with the preroll in front of it, and the network's alpha is
    held against that of the uncut clip. A chunk agrees where no frame's mean differs by more than
    1/2048.

    `mattebox bench preroll shot.####.exr --weights rvm.safetensors --plot preroll.png`
    """
    import torch
    from rich.console import Console

    from mattebox.bench.plotting import require_png
    from mattebox.bench.preroll import (
        FRAMES,
        TOLERANCE,
        least_preroll,
        measure_prerolls,
        moving_clip,
        plot_prerolls,
    )
    from mattebox.devices import use_deterministic_arithmetic
    from mattebox.engines.rvm import RvmEngine
    from mattebox.sequences import parse_frames

    if plot is not None:
        require_png(plot)
    use_deterministic_arithmetic(threads)
    wanted = parse_frames(prerolls)
    console = Console(highlight=False)
    curves = []
    for name in clips:
        pictures = _pictures(name)
        engine = RvmEngine(weights, device=torch.device("cpu"), refiner=refiner)
        console.print(f"{Path(name).name}: {len(pictures)} pictures, {FRAMES} frames")
        console.print("preroll  largest mean  99.9 %   maximum  worst frame of its chunk")
        rows = []
        for row in measure_prerolls(engine, list(moving_clip(pictures)), wanted):
            rows.append(row)
            console.print(
                f"{row.preroll:7d}  {row.mean:12.6f}  {row.p999:.4f}  {row.maximum:8.4f}  "
                f"{row.worst_place + 1:5d}"
            )
        least = least_preroll(rows)
        reached = f"from {least} frames on" if least is not None else "with none of these"
        console.print(f"within {TOLERANCE:.6f} in the mean {reached}")
        curves.append((Path(name).name, rows))
    if plot is not None:
        plot_prerolls(curves, plot)


def _pictures(name: str) -> list[Pixels]:
    import numpy as np

    from mattebox.bench.portrait import read_portrait
    from mattebox.frames import read_frame
    from mattebox.sequences import find_sequence

    if name.casefold().endswith(".npz"):
        return [read_portrait(Path(name)).pixels]
    clip = find_sequence(name)
    frames = (read_frame(clip.path(frame)).pixels[..., :3] for frame in clip.frames)
    return [np.asarray(pixels, np.float32) for pixels in frames]
