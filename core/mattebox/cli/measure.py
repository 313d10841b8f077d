"""``mattebox measure``: predicted pictures against true ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattebox.cli.output import FigureFiles, Overwrite, console_beside
from mattebox.cli.progress import ReadingProgress
from mattebox.errors import InputError, UnknownNameError, UsageError
from mattebox.whole_files import DRAWING, OutputFile

if TYPE_CHECKING:
    from rich.table import Table

    from mattebox.images import Frame
    from mattebox.measure.accuracy import Figures
    from mattebox.measure.sequences import Measurement
    from mattebox.sequences import FrameSequence

_NUMBER = r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*"
_COLOUR = re.compile(rf"({_NUMBER}),({_NUMBER}),({_NUMBER})")


def measure(
    predicted: Annotated[
        str,
        typer.Argument(
            metavar="PREDICTED", help="Keyed pictures: shot.####.exr, a folder, one file."
        ),
    ],
    truth: Annotated[
        str, typer.Argument(metavar="TRUTH", help="True pictures, in the same linear space.")
    ],
    frames: Annotated[
        str | None,
        typer.Option(help="Frames to measure: 1001-1050, 1,5,9-12. [default: those of TRUTH]"),
    ] = None,
    background: Annotated[
        str | None,
        typer.Option(help="Also comp over this: a file, a sequence, or a linear R,G,B."),
    ] = None,
    convention: Annotated[
        str,
        typer.Option(
            help="float: alpha as it is. rvm-lr-8bit: rounded to 8 bits, Grad of stretched "
            "mattes, as the published 512x288 tables."
        ),
    ] = "float",
    json_file: Annotated[
        Path | None,
        typer.Option("--json", help="Write all figures as JSON; - for stdout."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw all figures per frame (SVG).")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Measure keyed frames against the truth: MAD, MSE, SAD, Grad, Conn, dtSSD, holes, colour.

    Errors of alpha follow the published definitions and scales: 0 is perfect, MAD 10 is one
    percent of full alpha on average. Edge figures look at the band around the true edge only.
    Core is the share of the true inside with holes (alpha under 0.95), residue the share of the
    true outside with dirt (alpha over 0.02), both two pixels off the outline.
    Comp errors are mean absolute differences in linear light over 0.18 grey, a red, and the
    background given; dE95 is the 95th percentile of the visible difference (CIEDE2000) over grey.
    All frames must be there; nothing is resized.

    **A keyed shot against its truth**: `mattebox measure keyed/shot.####.exr truth.####.exr`

    **Numbers for a script**: `mattebox measure keyed/ truth/ --json -`
    """
    from mattebox.measure.metrics import Convention
    from mattebox.measure.sequences import measure_sequences
    from mattebox.sequences import find_sequence

    try:
        chosen = Convention(convention)
    except ValueError:
        known = [member.value for member in Convention]
        raise UnknownNameError("convention", convention, known) from None
    if plot is not None and plot.suffix.lower() != ".svg":
        raise UsageError(f"cannot plot to {plot}", expected="a file name that ends in .svg")
    predictions, truths = find_sequence(predicted), find_sequence(truth)
    numbers = _frames_to_measure(predictions, truths, frames)
    reads = [*predictions.files.values(), *truths.files.values()]
    figures = FigureFiles(json_file, None, lambda: reads, overwrite=overwrite)
    drawing = None if plot is None else OutputFile(plot, DRAWING, reads, overwrite)
    if drawing is not None:
        drawing.check()
    both_single = predictions.explicit and truths.explicit
    with ReadingProgress("measuring", len(numbers)) as progress:
        measurement = measure_sequences(
            [predictions.path(number) for number in numbers],
            [truths.path(truths.first if both_single else number) for number in numbers],
            _read,
            numbers=numbers,
            background=_background(background, numbers),
            convention=chosen,
            on_frame=lambda _: progress.advance(),
        )

    console_beside(json_file).print(_table(measurement))
    names = {"predicted": str(predictions), "truth": str(truths)}
    figures.write(lambda: {**measurement.document(), **names}, str)
    if drawing is not None:
        from mattebox.report import render_errors

        drawing.write(render_errors(measurement, title=str(predictions)).encode())


def _frames_to_measure(
    predicted: FrameSequence, truth: FrameSequence, asked: str | None
) -> tuple[int, ...]:
    """The frame numbers; raises MissingFramesError where one side lacks one of them."""
    from mattebox.sequences import missing_frames_error, parse_frames

    if predicted.explicit and truth.explicit:
        if asked is not None:
            raise UsageError(
                f"--frames {asked} beside two single files",
                next_step="drop --frames, or name sequences such as shot.####.exr",
            )
        return predicted.frames
    if asked is not None:
        wanted = parse_frames(asked)
    else:
        wanted = predicted.frames if predicted.explicit else truth.pattern.numbers or truth.frames
    for sequence in (truth, predicted):
        absent = sequence.absent(wanted)
        if absent:
            raise missing_frames_error(sequence, absent)
    return wanted


def _read(path: Path) -> Frame:
    """A picture; a file of one channel as the matte it is and not as grey R, G, B."""
    from mattebox.frames import read_frame, read_header, read_matte

    channels = read_header(path).main.channels
    return read_matte(path) if len(channels) == 1 else read_frame(path)


def _background(
    text: str | None, numbers: tuple[int, ...]
) -> tuple[float, float, float] | list[Path] | None:
    from mattebox.sequences import find_sequence, missing_frames_error

    if text is None:
        return None
    colour = _COLOUR.fullmatch(text)
    if colour is not None:
        red, green, blue = (float(part) for part in colour.groups())
        return red, green, blue
    try:
        sequence = find_sequence(text)
    except InputError as fault:
        fault.expected = fault.expected or "a file, a sequence, or a colour such as 0.1,0.2,0.3"
        raise
    if sequence.explicit:
        return [sequence.path(sequence.first)]
    absent = sequence.absent(numbers)
    if absent:
        raise missing_frames_error(sequence, absent)
    return [sequence.path(number) for number in numbers]


def _table(measurement: Measurement) -> Table:
    """One row per frame and the mean; figures that nothing was measured for are left out."""
    from rich import box
    from rich.table import Table

    from mattebox.measure.accuracy import FIGURES

    summary = measurement.summary
    shown = [info for info in FIGURES if getattr(summary.mean, info.name) is not None]

    def cells(figures: Figures) -> list[str]:
        return [_number(getattr(figures, info.name)) for info in shown]

    table = Table(
        box=box.SIMPLE,
        padding=(0, 1, 0, 0),
        show_footer=True,
        caption=f"{_frames(summary.frames)}, convention {summary.convention}, "
        f"largest MAD on frame {summary.worst_frame}",
    )
    table.add_column("frame", footer="mean", justify="right")
    for info, mean in zip(shown, cells(summary.mean), strict=True):
        table.add_column(f"{info.label}\n{info.scale}", footer=mean, justify="right")
    for measured in measurement.frames:
        table.add_row(str(measured.frame), *cells(measured.figures))
    return table


def _frames(count: int) -> str:
    return "one frame" if count == 1 else f"{count} frames"


def _number(value: float | None) -> str:
    """Three to four digits that matter, never an exponent for what a shot can give."""
    if value is None:
        return "-"
    return f"{value:.{3 if abs(value) < 10 else 2 if abs(value) < 100 else 1}f}"
