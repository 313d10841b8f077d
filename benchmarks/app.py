"""The command line of the benchmarks: what judges Mattebox, and what no user of it needs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.cleanness import Cleanness, cleanness, last_line
from benchmarks.cleanness import document as real_document
from benchmarks.cleanness import markdown as real_markdown
from benchmarks.cleanness import rich_table as real_table
from benchmarks.composites import write_composites
from benchmarks.confidence import confidence_bands, plot_bands
from benchmarks.cost import cost
from benchmarks.crops import read_crops
from benchmarks.flowing import flowing
from benchmarks.gallery import showing
from benchmarks.kinds import kind_markdown, kind_means, kind_table
from benchmarks.looks import write_looks
from benchmarks.plotting import require_png
from benchmarks.portrait import read_portrait
from benchmarks.preroll import (
    FRAMES,
    TOLERANCE,
    least_preroll,
    measure_prerolls,
    moving_clip,
    plot_prerolls,
)
from benchmarks.real import compare
from benchmarks.recipes import RECIPES, SETS
from benchmarks.rendered import RENDERED, render_shots
from benchmarks.resolving import TARGET, means, resolve
from benchmarks.synthetic import write_synthetic
from benchmarks.variants import VIDEO, Variant, write_variant
from mattebox.bench.chromakey import find_ffmpeg
from mattebox.bench.quality import Row, document
from mattebox.bench.shots import BenchShot, read_shot
from mattebox.bench.table import markdown
from mattebox.cli.bench_rows import (
    JsonFile,
    MarkdownFile,
    Pictures,
    Threads,
    chosen,
    keyed_rows,
    print_rows,
)
from mattebox.cli.output import FigureFiles, console_beside
from mattebox.devices import use_deterministic_arithmetic
from mattebox.engines.rvm import RvmEngine
from mattebox.errors import UsageError
from mattebox.frames import read_frame, read_matte
from mattebox.sequences import find_sequence, parse_frames

app = typer.Typer(
    name="benchmarks",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Judge Mattebox, from the root of its repository: `python -m benchmarks COMMAND`.",
)
app.add_typer(cost)
app.add_typer(flowing)
app.add_typer(showing)


@app.command()
def variants(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the shots.")],
    shots: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SHOT...]",
            help="What to make variants of: folders with manifest.json, a truth and a clean plate, "
            "or names of drawn shots.",
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            help="Only these variants and drawn shots, joined by commas; known and held_out stand "
            "for the drawn shots of that set, rendered for the rendered ones. [default: all but "
            "those]"
        ),
    ] = None,
    methods: Annotated[
        str,
        typer.Option(
            help="Ways to key them, as of `mattebox bench quality`, joined by commas; the plain "
            "ones that ours are judged by are always there."
        ),
    ] = "screen",
    length: Annotated[int, typer.Option(min=2, help="Frames of each shot.")] = 6,
    threads: Threads = 1,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with 70 if a row is harmed.")
    ] = False,
    json_file: JsonFile = None,
    markdown_file: MarkdownFile = None,
    pictures: Pictures = None,
) -> None:
    """Make shots that nothing was tuned on, and show where solving does harm.

    Variants of the given shots: same, mirrored, right_half, centre, bright, dark, swapped (green
    and blue change places), reversed, fast, no_grain, more_grain, dim_screen, pale_screen;
    h264_20 and h264_5 (through 8-bit 4:2:0 video at 20 and 5 Mbit/s of 1080p, where ffmpeg is on
    the path); graded (a display's JPEG with a contrast curve, clipped highlights and dark
    corners); phone (a small insert in a room); handheld (before a room, by a moving camera, its
    clean plate from a tripod; also for --methods hint).

    Drawn shots with exact truth, **known** while the solver was made: strands_green, strands_blue,
    veil, veil_person, smoke_grey, smoke_orange, smoke_blue_screen, smoke_person, disc_fast,
    dark_spill, olive_on_green, skin_soft, skin_blue, purple_on_blue, white_bounce, glass,
    glass_person, shadow, rim_hdr, uneven, low_key.

    Drawn shots with exact truth, **held_out** (a second table shows their means by kind):
    hair_sparse, hair_dense, hair_ginger_blue, fur, grass_dry, leaves_blue, folds, shirt_striped,
    shirt_checked, folds_blue, sequins, props_warm, props_green, linen_bounce, velvet, limb_fast,
    ball_fast, defocus, net, bars, chain_mail, veil_white, veil_black, plume_grey, plume_indigo,
    plume_grey_blue, steam, bottle, rim_light, behind_bottle, behind_haze, dark_corners.

    Shots that Blender renders, **rendered** (only where they are asked for; a minute or two each,
    once for a folder): rendered_man, rendered_woman, rendered_curls,
    rendered_net, rendered_wheel, rendered_cloth, rendered_plume, rendered_plant, rendered_plush,
    rendered_glassware, rendered_veiled, rendered_woman_blue.

    The engine screen keys each of them with a clean plate and without, beside the plain colour
    difference. Harm is a finding, not a failure: the command ends with 0, or with 70 where keying
    failed. With --strict, for continuous integration, harm ends with 70 too.

    `python -m benchmarks variants shots/hair -o variants/ --only mirrored,veil --pictures worst/`

    **The judge alone**: `python -m benchmarks variants -o drawn/ --only held_out --markdown a.md`
    """
    names = {*Variant, *RECIPES}
    if only is not None:
        sets = {**SETS, "rendered": RENDERED}
        names = chosen(only, [*Variant, *RECIPES, *RENDERED, *sets], kind="shot")
        names |= {name for group in names & set(sets) for name in sets[group]}
    changes = [variant for variant in Variant if variant in names]
    if only is not None and changes and not shots:
        raise UsageError(
            f"{', '.join(changes)}: no shot to make variants of",
            next_step="name a folder with manifest.json, or a drawn shot",
        )
    given = [_shot(name, output, length) for name in shots or []]
    video = [change for change in changes if change in VIDEO]
    absent = []
    if video and find_ffmpeg() is None:
        changes = [change for change in changes if change not in VIDEO]
        absent = [
            Row(f"{shot.name}_{change}", "-", "-", note="ffmpeg not found")
            for shot in given
            for change in video
        ]
    folders = [
        write_variant(shot, change, output, length=length) for shot in given for change in changes
    ]
    folders += [write_synthetic(name, output, length=length) for name in RECIPES if name in names]
    rendered = [name for name in RENDERED if name in names]
    folders += render_shots(rendered, output, length=length) if rendered else []
    rows = list(
        keyed_rows(
            folders,
            frames=None,
            methods=methods,
            weights=[],
            threads=threads,
            pictures=pictures,
            overwrite=False,
        )
    )
    rows += absent
    harmed = print_rows(rows, json_file)
    by_kind = kind_table(rows)
    if by_kind is not None:
        console_beside(json_file).print(by_kind)
    kinds = [mean.document() for mean in kind_means(rows)]
    FigureFiles(json_file, markdown_file).write(
        lambda: {**document(rows, threads=threads), "kinds": kinds},
        lambda: "\n".join(filter(None, (markdown(rows), kind_markdown(rows)))),
    )
    if any(row.failed for row in rows) or (strict and harmed):
        raise typer.Exit(70)


@app.command()
def real(
    folder: Annotated[
        Path, typer.Argument(help="Folder of crops, each a folder with pictures and expect.json.")
    ],
    only: Annotated[
        str | None, typer.Option(help="Only these crops, joined by commas. [default: all]")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for a picture of each frame: a row per keyer of the source, its alpha, "
            "and over grey, red and white.",
        ),
    ] = None,
    threads: Threads = 1,
    json_file: JsonFile = None,
    markdown_file: MarkdownFile = None,
) -> None:
    """Key real pictures, which have no truth, beside ffmpeg's chromakey and Blender's Keying node.

    A crop's folder holds the plate, what else its arguments name, and **expect.json**:
    `{"arguments": "--screen auto", "empty": [[0.02, 0.02, 0.3, 0.3]]}`. The arguments are of
    `mattebox key`; the boxes (x0, y0, x1, y1 as shares of width and height) hold nothing but
    screen. The other keyers stand at one setting and are told the median colour of the boxes.

    Measured are alpha in the boxes and holes where the plain key is solid. The last line names
    every crop in which another keyer is cleaner. That is a finding: the command ends with 0, or
    with 70 where a keyer broke.

    `python -m benchmarks real crops/ -o looks/ --markdown real.md`
    """
    crops = {crop.name: crop for crop in read_crops(folder)}
    names = crops.keys() if only is None else chosen(only, list(crops), kind="crop")
    rows: list[Cleanness] = []
    for name, crop in crops.items():
        if name in names:
            typer.echo(name, err=True)
            compared = compare(crop, threads=threads)
            rows += cleanness(compared)
            if output is not None:
                write_looks(output, compared)
    console = console_beside(json_file)
    console.print(real_table(rows))
    console.print(last_line(rows), highlight=False)
    FigureFiles(json_file, markdown_file).write(
        lambda: real_document(rows), lambda: real_markdown(rows)
    )
    if any(row.failed for row in rows):
        raise typer.Exit(70)


@app.command()
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
    grain can be measured; the last is measured. The shots can be given to `mattebox bench
    quality`.

    `python -m benchmarks composites --portrait person.exr --weights rvm.safetensors -o composites/`
    """
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
    values = {
        "kind": "mattebox/bench-composites",
        "version": 1,
        "ratio": share,
        "target": TARGET,
        "means": [asdict(mean) for mean in found],
        "shots": [asdict(shot) for shot in done],
    }
    FigureFiles(json_file, None).write(lambda: values, str)


@app.command()
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

    `python -m benchmarks preroll shot.####.exr --weights rvm.safetensors --plot preroll.png`
    """
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


@app.command()
def confidence(
    keyed: Annotated[list[str], typer.Argument(metavar="KEYED...", help="Keyed sequences.")],
    truth: Annotated[list[str], typer.Option(help="The truth of each of them, in the same order.")],
    plot: Annotated[Path | None, typer.Option(help="Write the curves as PNG.")] = None,
) -> None:
    """Show alpha's error in bands of confidence: high confidence must mean low error.

    `python -m benchmarks confidence keyed/ --truth fg.####.exr --plot confidence.png`
    """
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


def _shot(name: str, output: Path, length: int) -> BenchShot:
    """The shot in a folder, or a drawn one of that name, which is drawn into ``output``."""
    if name in RECIPES and not Path(name).is_dir():
        return read_shot(write_synthetic(name, output, length=length))
    return read_shot(Path(name))


def _errors(name: str, network: float, solved: float) -> str:
    share = f"{solved / network:5.2f}" if network > 0.0 else "    -"
    return f"{name:<14} {network:6.2f} {solved:6.2f} {share}"


def _pictures(name: str) -> list[NDArray[np.float32]]:
    if name.casefold().endswith(".npz"):
        return [read_portrait(Path(name)).pixels]
    clip = find_sequence(name)
    frames = (read_frame(clip.path(frame)).pixels[..., :3] for frame in clip.frames)
    return [np.asarray(pixels, np.float32) for pixels in frames]
