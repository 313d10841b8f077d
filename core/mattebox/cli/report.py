"""``mattebox report``: a keyed shot as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattebox.cli.output import Overwrite, say
from mattebox.cli.progress import ReadingProgress
from mattebox.errors import UsageError, WriteError
from mattebox.whole_files import PAGE, OutputFile

if TYPE_CHECKING:
    from mattebox.frames import Part
    from mattebox.report import PlateSource


def report(
    keyed: Annotated[
        str,
        typer.Argument(metavar="KEYED", help="Keyed frames: keyed/shot.####.exr, or their folder."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="The page; an earlier page is replaced.")
    ] = Path("mattebox_report.html"),
    plate: Annotated[
        str | None,
        typer.Option(
            help="The plate they were keyed from, for the before side. [default: added up from "
            "the layers, where the plate was written as one]"
        ),
    ] = None,
    frames: Annotated[
        str | None, typer.Option(help="Frames: 1001-1050, 1,5,9-12. [default: all on disk]")
    ] = None,
    pictures: Annotated[
        int,
        typer.Option(
            min=0, max=200, help="Frames with pictures, 0.1 to 0.6 MB each; plots show all."
        ),
    ] = 24,
    ocio: Annotated[
        str | None, typer.Option(help="OCIO config of the plate: a file or ocio://name.")
    ] = None,
    in_space: Annotated[
        str | None,
        typer.Option(help="Colour space of the plate. [default: as the keyed frames say]"),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write one HTML page of a keyed shot: pictures, plots, and the frames that stand out.

    The page has a contact sheet with the views result, alpha, status, spill and confidence, a
    before/after slider, every figure frame by frame, and how the shot was keyed. It holds all its
    pictures and asks for nothing from the network. Missing frames are named on the page, and the
    command ends with 66.

    **After keying**: `mattebox report keyed/ --plate shot.####.exr -o shot.html`
    """
    from mattebox.errors import MissingFramesError
    from mattebox.pipeline.display import encode_srgb, keyed_to_rec709
    from mattebox.report import Colours, collect, keyed_part, render_page
    from mattebox.sequences import (
        find_sequence,
        format_frames,
        missing_frames_error,
        parse_frames,
    )

    _check_output(output)
    sequence = find_sequence(keyed)
    written = OutputFile(output, PAGE, tuple(sequence.files.values()), overwrite)
    written.check()
    numbers = sequence.frames if frames is None else parse_frames(frames)
    absent = sequence.absent(numbers) if frames is not None else sequence.missing
    numbers = tuple(number for number in numbers if number not in set(absent))
    if not numbers:
        raise missing_frames_error(sequence, absent)
    first = sequence.path(numbers[0])
    part = keyed_part(first)
    source = None if plate is None else _plate(plate, part, numbers, ocio, in_space)
    with ReadingProgress("reading", len(numbers) + min(pictures, len(numbers))) as progress:
        gathered = collect(
            sequence,
            numbers,
            Colours(keyed_to_rec709(part, first), encode_srgb),
            plate=source,
            missing=absent,
            pictures=pictures,
            on_frame=progress.advance,
        )
        page = render_page(gathered).encode("utf-8")
    written.write(page)
    count = len(gathered.suspects)
    worst = "; none stands out"
    if count:
        verb = "stands" if count == 1 else "stand"
        worst = f"; {count} {verb} out, first {gathered.suspects[0].frame}: "
        worst += gathered.suspects[0].reasons[0]
    say(f"{len(numbers)} frames{worst}")
    say(f"the page: {output} ({len(page) / 1e6:.1f} MB)")
    if absent:
        raise MissingFramesError(
            f"missing: {format_frames(absent)} of {sequence.pattern}; all others are on the page",
            absent,
            next_step="key the missing frames and run the same command again",
        )


def _plate(
    text: str,
    keyed: Part,
    numbers: tuple[int, ...],
    config: str | None,
    in_space: str | None,
) -> PlateSource:
    from mattebox.frames import Clip
    from mattebox.pipeline.display import plate_to_rec709
    from mattebox.report import PlateSource
    from mattebox.sequences import find_sequence, missing_frames_error

    sequence = find_sequence(text)
    if not sequence.explicit:
        absent = sequence.absent(numbers)
        if absent:
            raise missing_frames_error(sequence, absent)
    elif len(numbers) > 1:
        raise UsageError(
            f"the plate {text} is one file, and there are {len(numbers)} keyed frames",
            expected="the sequence that was keyed, such as shot.####.exr",
        )
    path = sequence.path(sequence.first)
    clip = Clip(sequence)
    return PlateSource(
        clip,
        plate_to_rec709(clip.layer().part, path, keyed, config=config, in_space=in_space),
    )


def _check_output(output: Path) -> None:
    """Refuse early what would be refused after minutes of reading."""
    if output.suffix.casefold() not in (".html", ".htm"):
        raise UsageError(f"cannot write the page to {output}", expected="a name that ends in .html")
    if not output.absolute().parent.is_dir():
        raise WriteError(
            f"there is no folder {output.absolute().parent}",
            next_step="make it, or choose another place with -o",
            path=output,
        )
