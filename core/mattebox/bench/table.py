"""The rows of a bench as a table for people: on the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from mattebox.bench.quality import (
    COLOUR_GOAL,
    SHOWN,
    TOLERATED_SHARE,
    TOLERATED_STEP,
    WATCHED,
    Row,
)
from mattebox.measure.accuracy import FIGURES
from mattebox.sequences import format_frames

if TYPE_CHECKING:
    from rich.table import Table

_LABELS = {info.name: info.label for info in FIGURES}
_SCALES = {info.name: info.scale for info in FIGURES}

FIGURE_HEADINGS = tuple((_LABELS[name].removeprefix("comp "), _SCALES[name]) for name in SHOWN)

HEADINGS = (
    ("shot", ""),
    ("method", ""),
    ("plate", ""),
    ("n", "frames"),
    *FIGURE_HEADINGS,
    ("solve", "s/frame"),
    ("whole", "s/frame"),
    ("to plain", " ".join(_LABELS[name].removeprefix("comp ") for name in WATCHED)),
    ("dE95", "to plain"),
    ("note", ""),
)
"""Heading and second line of each column."""

_TEXTS = {"shot", "method", "plate", "note", "kind"}  # columns set flush left


def legend(rows: Sequence[Row]) -> str:
    """What the columns mean, in two sentences, and what was measured."""
    frames = sorted({row.frames for row in rows if row.frames}, key=len, reverse=True)
    measured = f"Frames {format_frames(frames[0])}. " if frames else ""
    return (
        f"{measured}Means over the frames; 0 is perfect; dtSSD is between neighbours of the "
        "frames listed. 'to plain' is the ratio to the plain keyer with the same plate; "
        f"HARM: worse than it by more than {100 * TOLERATED_SHARE:g} % + {TOLERATED_STEP:g}. "
        f"A dE95 over {COLOUR_GOAL:g} of the plain colour difference's is noted."
    )


def cells(row: Row) -> tuple[str, ...]:
    """One row as text, in the order of ``HEADINGS``."""
    figures = [None if row.figures is None else getattr(row.figures, name) for name in SHOWN]
    harms = ", ".join(_LABELS[name] for name in row.harms)
    colour = f"dE95 x{row.colour_ratio:.2f}" if row.misses_colour else ""
    notes = [f"HARM: {harms}" if harms else "", colour, row.note]
    return (
        row.shot,
        row.method,
        row.plate,
        str(len(row.frames)) if row.frames else "-",
        *(number(value) for value in figures),
        two_decimals(row.matte_seconds),
        two_decimals(row.whole_seconds),
        "-" if row.ratios is None else " ".join(two_decimals(ratio) for ratio in row.ratios),
        two_decimals(row.colour_ratio),
        "; ".join(note for note in notes if note),
    )


def rich_table(rows: Sequence[Row]) -> Table:
    """The table for a terminal."""
    from rich.text import Text

    table = empty_table(HEADINGS, legend(rows))
    last = None
    for row in rows:
        if last not in (None, row.shot):
            table.add_section()
        last = row.shot
        style = "red" if row.harms or row.failed else ""
        table.add_row(*(Text(cell) for cell in cells(row)), style=style)
    return table


def markdown(rows: Sequence[Row]) -> str:
    """The table as Markdown with its legend."""
    return markdown_table(HEADINGS, map(cells, rows), legend(rows))


def markdown_table(
    headings: Sequence[tuple[str, str]], body: Iterable[tuple[str, ...]], caption: str
) -> str:
    """Any table of such headings as Markdown."""
    named = [" ".join(part for part in heading if part) for heading in headings]
    rules = ["---" if unit == "" else "---:" for _, unit in headings]
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in body]
    lines = ("| " + " | ".join(line) + " |" for line in [named, rules, *escaped])
    return "\n".join(lines) + f"\n\n{caption}\n"


def empty_table(headings: Sequence[tuple[str, str]], caption: str) -> Table:
    """Any table of such headings for a terminal."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0), caption=caption, caption_justify="left")
    for heading, unit in headings:
        table.add_column(
            f"{heading}\n{unit}".rstrip(),
            justify="left" if heading in _TEXTS else "right",
            no_wrap=heading != "note",
        )
    return table


def number(value: float | None) -> str:
    """Two or three digits that matter."""
    if value is None:
        return "-"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def two_decimals(value: float | None) -> str:
    """Seconds and ratios."""
    return "-" if value is None else f"{value:.2f}"
