"""``mattebox bench``: how good every way of keying is, on shots whose exact matte is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mattebox.cli.bench_engines import engines
from mattebox.cli.bench_memory import memory
from mattebox.cli.bench_preroll import preroll
from mattebox.cli.bench_rows import (
    JsonFile,
    MarkdownFile,
    Pictures,
    Threads,
    keyed_rows,
    print_rows,
)
from mattebox.cli.bench_start import start
from mattebox.cli.bench_variants import variants
from mattebox.cli.output import write_json, write_text

bench = typer.Typer(no_args_is_help=True, help="Measure every engine beside plain keyers.")


bench.command()(preroll)
bench.command()(memory)
bench.command()(start)
bench.command()(engines)
bench.command()(variants)


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

    rows = list(
        keyed_rows(
            shots,
            frames=frames,
            methods=methods,
            weights=weights or [],
            threads=threads,
            pictures=pictures,
        )
    )
    print_rows(rows, json_file)
    if json_file is not None:
        write_json(json_file, document(rows, threads=threads))
    if markdown_file is not None:
        write_text(markdown_file, markdown(rows))
    if any(row.failed for row in rows):
        raise typer.Exit(70)


@bench.command()
def composites(
    portrait: Annotated[
        Path,
        typer.Option(help="A person with a matte: linear Rec.709 RGBA EXR, or an NPZ archive."),
    ],
    weights: Annotated[Path, typer.Option(help="Weights of rvm: .pth or .safetensors.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the shots and the keyed frames.")
    ],
    threads: Threads = 1,
    json_file: JsonFile = None,
) -> None:
    """Make twelve shots of a portrait and measure how much solving again mends a network's alpha.

    Four kinds of edges (sharp, 6 pixels soft, 30 pixels motion blur, strands) over a green screen,
    a blue one and a wall, with grain, composited in linear light and written as EXR with truth and
    clean plate. Each is four frames of the still subject, so that the network's memory settles and
    grain can be measured; the last is measured. The shots can be given to `bench quality`.

    `mattebox bench composites --portrait person.exr --weights rvm.safetensors -o composites/`
    """
    from dataclasses import asdict

    from rich.console import Console

    from mattebox.bench.composites import write_composites
    from mattebox.bench.portrait import read_portrait
    from mattebox.bench.resolving import TARGET, means, resolve
    from mattebox.bench.shots import read_shot

    person = read_portrait(portrait)
    shots = [read_shot(folder) for folder in write_composites(person, output / "shots")]
    console = Console(stderr=str(json_file) == "-", highlight=False)
    console.print("alpha error, SAD /1e3: the network's own, solved again, their ratio, s/frame")
    done = []
    for shot in resolve(shots, weights, output / "keyed", threads=threads):
        done.append(shot)
        console.print(_errors(shot.shot, shot.network, shot.solved) + f" {shot.seconds:5.2f}")
    found = means(done)
    for mean in found:
        console.print(_errors(f"mean, {mean.name}", mean.network, mean.solved))
    share = found[-1].ratio
    reached = share is not None and share <= TARGET
    console.print(f"target {TARGET:g}: {'reached' if reached else 'missed'}")
    if json_file is not None:
        values = {
            "kind": "mattebox/bench-composites",
            "version": 1,
            "ratio": share,
            "target": TARGET,
            "means": [asdict(mean) for mean in found],
            "shots": [asdict(shot) for shot in done],
        }
        write_json(json_file, values)


def _errors(name: str, network: float, solved: float) -> str:
    share = f"{solved / network:5.2f}" if network > 0.0 else "    -"
    return f"{name:<14} {network:6.2f} {solved:6.2f} {share}"


@bench.command()
def confidence(
    keyed: Annotated[list[str], typer.Argument(metavar="KEYED...", help="Keyed sequences.")],
    truth: Annotated[list[str], typer.Option(help="The truth of each of them, in the same order.")],
    plot: Annotated[Path | None, typer.Option(help="Write the curves as PNG.")] = None,
) -> None:
    """Show alpha's error in bands of confidence: high confidence must mean low error.

    `mattebox bench confidence keyed/ --truth fg.####.exr --plot confidence.png`
    """
    from rich.console import Console
    from rich.table import Table

    from mattebox.bench.confidence import confidence_bands, plot_bands
    from mattebox.bench.plotting import require_png
    from mattebox.errors import UsageError
    from mattebox.frames import read_matte
    from mattebox.sequences import find_sequence

    if plot is not None:
        require_png(plot)
    if len(keyed) != len(truth):
        raise UsageError(
            f"{len(keyed)} keyed sequences and {len(truth)} truths",
            expected="one --truth for each keyed sequence",
        )
    curves = []
    for result_name, truth_name in zip(keyed, truth, strict=True):
        result, true = find_sequence(result_name), find_sequence(truth_name)
        bands = confidence_bands(
            (
                read_matte(result.path(frame), "conf.A").pixels[..., 0].astype("float32"),
                read_matte(result.path(frame), "A").pixels[..., 0].astype("float32"),
                read_matte(true.path(frame), "A").pixels[..., 0].astype("float32"),
            )
            for frame in result.frames
        )
        name = result.pattern.before.rstrip("._-")
        curves.append((name, bands))
        table = Table(title=name, box=None)
        for column in ("confidence", "share of pixels", "mean error", "95 % stay below"):
            table.add_column(column, justify="right")
        for band in bands:
            if band.mean is not None and band.p95 is not None:
                table.add_row(
                    f"{band.low:.2f}-{band.high:.2f}",
                    f"{100 * band.share:.2f} %",
                    f"{band.mean:.4f}",
                    f"{band.p95:.4f}",
                )
        Console().print(table)
    if plot is not None:
        plot_bands(curves, plot)
