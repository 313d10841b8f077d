"""``mattebox report``: a keyed shot as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattebox.cli.output import Overwrite, say
from mattebox.cli.progress import ReadingProgress
from mattebox.errors import MissingFramesError, UsageError, WriteError
from mattebox.whole_files import PAGE, OutputFile

if TYPE_CHECKING:
    from mattebox.frames import Part
    from mattebox.report import Keyed, PlateSource, ShotReport
    from mattebox.sequences import FrameSequence


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
    against: Annotated[
        str | None,
        typer.Option(
            help="A second key of the same plate: the page shows A (KEYED) against B (this), what "
            "their settings differ in, and the frames that differ most first."
        ),
    ] = None,
    empty: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BOX",
            help="left,top,right,bottom as shares of the picture, where there is nothing but "
            "screen in all frames: what alpha leaves there is measured. May be repeated.",
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
    pictures, asks for nothing from the network and prints as a document. Missing frames are named
    on the page, and the command ends with 66.

    **After keying**: `mattebox report keyed/ --plate shot.####.exr -o shot.html`

    **Two settings**: `mattebox report keyed_a/ --against keyed_b/ -o a_b.html`
    """
    from mattebox.measure.cleanness import Box
    from mattebox.report import collect, render_page
    from mattebox.sequences import find_sequence

    _check_output(output)
    boxes = [Box.parse(text) for text in empty or []]
    sequences = [find_sequence(text) for text in (keyed, against) if text is not None]
    files = tuple(path for sequence in sequences for path in sequence.files.values())
    written = OutputFile(output, PAGE, files, overwrite)
    written.check()
    numbers, absent = _frames_on_page(sequences, frames)
    part, keys = _opened(sequences, numbers[0])
    source = None if plate is None else _plate(plate, part, numbers, ocio, in_space)
    with ReadingProgress("reading", len(numbers) + min(pictures, len(numbers))) as progress:
        gathered = collect(
            keys,
            numbers,
            plate=source,
            missing=absent,
            pictures=pictures,
            empty=boxes,
            on_frame=progress.advance,
        )
        page = render_page(gathered).encode("utf-8")
    written.write(page)
    for line in _told(gathered):
        say(line)
    say(f"the page: {output} ({len(page) / 1e6:.1f} MB)")
    _refuse_missing(sequences, absent)


def _frames_on_page(
    sequences: Sequence[FrameSequence], said: str | None
) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """The frames that every key has of those that are said, or of all; and those that each key
    should have and has not.

    Raises MissingFramesError where no frame is left.
    """
    from mattebox.sequences import missing_frames_error, parse_frames

    absent: list[tuple[int, ...]]
    if said is not None:
        numbers = parse_frames(said)
        absent = [sequence.absent(numbers) for sequence in sequences]
    elif all(sequence.explicit for sequence in sequences):
        numbers = sequences[0].frames  # one file against another may have any two numbers
        absent = [() for _ in sequences]
    else:
        numbers = tuple(sorted({n for sequence in sequences for n in sequence.frames}))
        absent = [
            tuple(sorted({*sequence.absent(numbers), *sequence.missing})) for sequence in sequences
        ]
    missing = {number for of_key in absent for number in of_key}
    numbers = tuple(number for number in numbers if number not in missing)
    if not numbers:
        at = 0 if absent[0] else -1
        raise missing_frames_error(sequences[at], absent[at])
    return numbers, absent


def _opened(sequences: Sequence[FrameSequence], number: int) -> tuple[Part, list[Keyed]]:
    """The first key's header, and all keys, each with its colours as a frame of it says them."""
    from mattebox.pipeline.display import encode_srgb, keyed_to_rec709
    from mattebox.report import Colours, Keyed, keyed_part

    keys, parts = [], []
    for letter, sequence in zip("AB" if len(sequences) > 1 else ("",), sequences, strict=True):
        file = sequence.serving(number) or sequence.path(number)
        part = keyed_part(file)
        keys.append(Keyed(sequence, Colours(keyed_to_rec709(part, file), encode_srgb), letter))
        parts.append(part)
    return parts[0], keys


def _refuse_missing(sequences: Sequence[FrameSequence], absent: Sequence[tuple[int, ...]]) -> None:
    """Raise MissingFramesError where frames are missing from the page that was written."""
    from mattebox.sequences import format_frames

    missing = {number for of_key in absent for number in of_key}
    if not missing:
        return
    named = [
        f"{format_frames(of_key)} of {sequence.pattern}"
        for sequence, of_key in zip(sequences, absent, strict=True)
        if of_key
    ]
    raise MissingFramesError(
        f"missing: {'; '.join(named)}; all others are on the page",
        sorted(missing),
        next_step="key the missing frames and run the same command again",
    )


def _told(gathered: ShotReport) -> list[str]:
    """What the page says first, a line for each key and one for what they differ in."""
    lines = []
    for key in gathered.keys:
        count, of_key = len(key.suspects), f"{key.letter}: " if key.letter else ""
        worst = "; none stands out"
        if count:
            verb = "stands" if count == 1 else "stand"
            worst = f"; {count} {verb} out, first {key.suspects[0].frame}: "
            worst += key.suspects[0].reasons[0]
        lines.append(f"{of_key}{len(key.frames)} frames{worst}")
    if len(gathered.keys) > 1:
        ranked = gathered.ranked
        differ = f"{len(ranked)} of {len(gathered.numbers)} frames differ"
        if ranked:
            differ += f", most {ranked[0].frame}: {ranked[0].in_words}"
        lines.append(differ)
    return lines


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
