"""The commands that measure what keying costs: time, memory, and how soon a frame shows."""

from __future__ import annotations

import os
import statistics
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.device import PASSES, device_markdown, measure_device
from benchmarks.grainy import SPACES
from benchmarks.memory import measure_memory, plot_memory
from benchmarks.overlap import measure_overlap
from benchmarks.plotting import require_png
from benchmarks.preview import measure_preview, preview_markdown
from benchmarks.shapes import Canvas
from benchmarks.start import TORCH, measure_starts, start_processes
from benchmarks.whole import NETWORKS, measure_whole
from benchmarks.whole_table import whole_document, whole_markdown
from benchmarks.window import measure_window, window_markdown
from mattebox.cli.bench_rows import JsonFile, MarkdownFile, Threads, chosen
from mattebox.cli.demo import example_shot
from mattebox.cli.output import FigureFiles
from mattebox.cli.sizes import parse_size
from mattebox.pipeline.memory import Waiting
from mattebox.settings import EngineName, Proxy

cost = typer.Typer(rich_markup_mode="markdown")


@cost.command()
def memory(
    frames: Annotated[int, typer.Option(min=1, help="Frames to key.")] = 500,
    size: Annotated[str, typer.Option(help="Size of the pictures.")] = "320x180",
    plot: Annotated[Path | None, typer.Option(help="Draw memory over frames (PNG).")] = None,
) -> None:
    """Key a drawn shot and print the process's resident memory after each frame (Linux).

    `python -m benchmarks memory --frames 500 --size 160x90 --plot memory.png`
    """
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


@cost.command()
def start(
    rounds: Annotated[int, typer.Option(min=1, help="Fresh processes of each kind.")] = 7,
) -> None:
    """Time fresh processes, and hold them to one that only imports torch.

    An interpreter, `import torch`, `mattebox --version`, and one frame of the shipped shot on one
    CPU thread: already current, keyed from a prepared job, and keyed after the look at the shot.
    They take turns. Printed are medians; that of the ratios is taken round by round.

    `python -m benchmarks start --rounds 15`
    """
    with tempfile.TemporaryDirectory(prefix="mattebox_bench_") as folder:
        times = measure_starts(start_processes(example_shot(), Path(folder)), rounds)
    (reference,) = (one for one in times if one.name == TORCH)
    table = Table(box=None)
    table.add_column("process")
    for column in ("seconds", "CPU seconds", f"to {TORCH}"):
        table.add_column(column, justify="right")
    for one in times:
        table.add_row(
            one.name,
            f"{statistics.median(one.seconds):.3f}",
            f"{statistics.median(one.cpu_seconds):.3f}",
            f"{one.ratio_to(reference):.2f}",
        )
    Console().print(table)


@cost.command()
def preview(
    size: Annotated[str, typer.Option(help="Size of the plates.")] = "1920x1080",
    proxies: Annotated[
        str, typer.Option(help="Proxies of the jobs, joined by commas; 1 is full frames.")
    ] = "1,2,4",
    changes: Annotated[int, typer.Option(min=1, help="Changes of each kind.")] = 30,
    threads: Threads = 2,
    window: Annotated[
        bool, typer.Option("--window", help="In a real Blender with a window, under Xvfb.")
    ] = False,
    markdown_file: MarkdownFile = None,
) -> None:
    """How soon a changed knob of one frame shows, by `mattebox serve`, on drawn grainy material.

    Beside it, in turns, one `mattebox key` of that frame as a process with the analysis given.

    With `--window`: how soon it shows in a Blender with a window, with *Live*, from the turn of the
    knob to the new picture in the node's memory.

    `python -m benchmarks preview --proxies 2 --changes 10`
    """
    known = [proxy.value for proxy in Proxy]
    wanted = tuple(int(one) for one in known if one in chosen(proxies, known, kind="proxy"))
    canvas = Canvas(*parse_size(size, least=64))
    with tempfile.TemporaryDirectory(prefix="mattebox-preview-") as name:
        if window:
            table = window_markdown(measure_window(Path(name), canvas, wanted, changes))
            typer.echo(table)
            FigureFiles(None, markdown_file).write(dict, lambda: table)
            return
        rows = []
        for row in measure_preview(Path(name), canvas, wanted, changes, threads):
            rows.append(row)
            typer.echo(preview_markdown([row]))
    FigureFiles(None, markdown_file).write(dict, lambda: preview_markdown(rows))


@cost.command()
def whole(
    sizes: Annotated[
        str, typer.Option(help="Sizes of the pictures, joined by commas.")
    ] = "1920x1080,3840x2160",
    spaces: Annotated[
        str, typer.Option(help="What the plates are stored in: linear, acescg, logc4.")
    ] = ",".join(SPACES),
    frames: Annotated[int, typer.Option(min=2, help="Frames of each job.")] = 24,
    rounds: Annotated[int, typer.Option(min=1, help="How often each way is taken.")] = 3,
    engines: Annotated[
        str, typer.Option(help="Engines, joined by commas; networks have random weights.")
    ] = EngineName.SCREEN.value,
    before: Annotated[
        Path | None,
        typer.Option(help="Another checkout of this repository, measured in the same turns."),
    ] = None,
    threads: Threads = 1,
    json_file: JsonFile = None,
    markdown_file: MarkdownFile = None,
) -> None:
    """Time whole jobs from EXR to EXR, stage by stage, beside a plain copy and other keyers.

    Plates are drawn with grain of their own in every frame. The command itself keys each job from a
    prepared one; then the stages run alone, one after the other; OpenImageIO's oiiotool copies the
    keyed frames; and ffmpeg's chromakey and Blender's Keying node key the same plates, where they
    are there. All are processes of their own and take turns.

    `python -m benchmarks whole --sizes 1920x1080 --frames 8 --before ../earlier`
    """
    wanted = [Canvas(*parse_size(size, least=64)) for size in sizes.split(",")]
    measured = []
    for job in measure_whole(
        wanted,
        spaces=[name for name in SPACES if name in chosen(spaces, list(SPACES), kind="space")],
        engines=_engines(engines),
        frames=frames,
        rounds=rounds,
        threads=threads,
        before=before,
    ):
        measured.append(job)
        typer.echo(whole_markdown([job]), err=str(json_file) == "-")
    cores = os.cpu_count() or 1
    FigureFiles(json_file, markdown_file).write(
        lambda: whole_document(measured, threads=threads, cores=cores),
        lambda: whole_markdown(measured),
    )


@cost.command()
def device(
    name: Annotated[str, typer.Option("--device", help="cuda, or cpu to compare.")] = "cuda",
    sizes: Annotated[
        str, typer.Option(help="Sizes of the pictures, joined by commas.")
    ] = "1920x1080,3840x2160",
    engines: Annotated[
        str, typer.Option(help="Engines, joined by commas; networks have random weights.")
    ] = ",".join(NETWORKS),
    layers: Annotated[str, typer.Option(help="What is written, joined by commas.")] = ",".join(
        PASSES
    ),
    frames: Annotated[int, typer.Option(min=2, help="Frames of each job.")] = 48,
    threads: Threads = 1,
    json_file: JsonFile = None,
    markdown_file: MarkdownFile = None,
) -> None:
    """Frames a second from file to file where a GPU keys, and how much of the time it computes.

    `python -m benchmarks device --sizes 3840x2160 --engines screen`
    """
    keyed = []
    for one in measure_device(
        name,
        [Canvas(*parse_size(size, least=64)) for size in sizes.split(",")],
        engines=_engines(engines),
        layers=[one for one in PASSES if one in chosen(layers, list(PASSES), kind="layers")],
        frames=frames,
        threads=threads,
    ):
        keyed.append(one)
        typer.echo(device_markdown([one]).splitlines()[-1], err=str(json_file) == "-")
    FigureFiles(json_file, markdown_file).write(
        lambda: {"kind": "mattebox/bench-device", "version": 1, "jobs": [asdict(k) for k in keyed]},
        lambda: device_markdown(keyed),
    )


def _engines(names: str) -> list[EngineName]:
    """Those named, in the order of ``NETWORKS``."""
    wanted = set(chosen(names, [one.value for one in NETWORKS], kind="engine"))
    return [engine for engine in NETWORKS if engine.value in wanted]


@cost.command()
def overlap(
    frames: Annotated[int, typer.Option(min=2, help="Frames of each job.")] = 24,
) -> None:
    """Simulate jobs on a machine with a core for every stage: wall time to the slowest stage.

    `python -m benchmarks overlap --frames 100`
    """
    table = Table(box=None)
    for column in ("stages", "slowest", "2 frames each way", "1 frame each way"):
        table.add_column(column)
    wide, narrow = (measure_overlap(frames, Waiting(most, most)) for most in (2, 1))
    for two, one in zip(wide, narrow, strict=True):
        table.add_row(two.name, two.slowest, f"{two.ratio:.2f}", f"{one.ratio:.2f}")
    Console().print(table)
