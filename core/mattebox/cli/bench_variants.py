"""``mattebox bench variants``: shots that nothing was tuned on, and where solving does harm."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mattebox.cli.bench_rows import (
    JsonFile,
    MarkdownFile,
    Pictures,
    Threads,
    chosen,
    keyed_rows,
    print_rows,
)
from mattebox.cli.output import console_beside, write_json, write_text


def variants(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the shots.")],
    shots: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[SHOT...]",
            help="Folders with manifest.json, a truth and a clean plate, to make variants of.",
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(
            help="Only these variants and drawn shots, joined by commas; known and held_out stand "
            "for the drawn shots of that set. [default: all]"
        ),
    ] = None,
    methods: Annotated[
        str,
        typer.Option(
            help="Ways to key them, as of `bench quality`, joined by commas; the plain ones that "
            "ours are judged by are always there."
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
    and blue change places), reversed, fast, no_grain, more_grain, dim_screen, pale_screen, and
    h264 (through 8-bit 4:2:0 video at crf 18, where ffmpeg is on the path).

    Drawn shots with exact truth, **known** while the solver was made: strands_green, strands_blue,
    veil, veil_person, smoke_grey, smoke_orange, smoke_blue_screen, smoke_person, disc_fast,
    dark_spill, olive_on_green, skin_soft, skin_blue, purple_on_blue, white_bounce, glass,
    glass_person, shadow, rim_hdr, uneven, low_key.

    Drawn shots with exact truth, **held_out** (a second table shows their means by kind):
    hair_sparse, hair_dense, hair_ginger_blue, fur, grass_dry, leaves_blue, folds, shirt_striped,
    shirt_checked, folds_blue, sequins, props_warm, props_green, linen_bounce, velvet, limb_fast,
    ball_fast, defocus, net, bars, chain_mail, veil_white, veil_black, plume_grey, plume_indigo,
    plume_grey_blue, steam, bottle, rim_light, behind_bottle, behind_haze, dark_corners.

    The engine screen keys each of them with a clean plate and without, beside the plain colour
    difference. Harm is a finding, not a failure: the command ends with 0, or with 70 where keying
    failed. With --strict, for continuous integration, harm ends with 70 too.

    `mattebox bench variants shots/hair -o variants/ --only mirrored,fast,veil --pictures worst/`

    **The judge alone**: `mattebox bench variants -o drawn/ --only held_out --markdown held_out.md`
    """
    from mattebox.bench.chromakey import find_ffmpeg
    from mattebox.bench.kinds import kind_markdown, kind_means, kind_table
    from mattebox.bench.quality import Row, document
    from mattebox.bench.recipes import RECIPES, SETS
    from mattebox.bench.shots import read_shot
    from mattebox.bench.synthetic import write_synthetic
    from mattebox.bench.table import markdown
    from mattebox.bench.variants import Variant, write_variant
    from mattebox.errors import UsageError

    known = [*Variant, *RECIPES]
    names = set(known)
    if only is not None:
        names = chosen(only, [*known, *SETS], kind="shot")
        names |= {name for group in names & set(SETS) for name in SETS[group]}
    changes = [variant for variant in Variant if variant in names]
    if only is not None and changes and not shots:
        raise UsageError(
            f"{', '.join(changes)}: no shot to make variants of",
            next_step="name a folder with manifest.json",
        )
    given = [read_shot(folder) for folder in shots or []]
    absent = []
    if Variant.H264 in changes and find_ffmpeg() is None:
        changes.remove(Variant.H264)
        absent = [
            Row(f"{shot.name}_{Variant.H264}", "-", "-", note="ffmpeg not found") for shot in given
        ]
    folders = [
        write_variant(shot, change, output, length=length) for shot in given for change in changes
    ]
    folders += [write_synthetic(name, output, length=length) for name in RECIPES if name in names]
    rows = list(
        keyed_rows(
            folders,
            frames=None,
            methods=methods,
            weights=[],
            threads=threads,
            pictures=pictures,
        )
    )
    rows += absent
    harmed = print_rows(rows, json_file)
    by_kind = kind_table(rows)
    if by_kind is not None:
        console_beside(json_file).print(by_kind)
    if json_file is not None:
        kinds = [mean.document() for mean in kind_means(rows)]
        write_json(json_file, {**document(rows, threads=threads), "kinds": kinds})
    if markdown_file is not None:
        write_text(markdown_file, "\n".join(filter(None, (markdown(rows), kind_markdown(rows)))))
    if any(row.failed for row in rows) or (strict and harmed):
        raise typer.Exit(70)
