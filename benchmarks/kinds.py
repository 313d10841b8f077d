"""The held-out shots by kind: what a way of keying is good at, and their mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.recipes import HELD_OUT
from mattebox.bench.quality import SHOWN, Row
from mattebox.bench.table import (
    FIGURE_HEADINGS,
    empty_table,
    markdown_table,
    number,
    two_decimals,
)
from mattebox.measure.accuracy import FIGURES, Figures

if TYPE_CHECKING:
    from rich.table import Table

ALL = "all"
"""Stands for a kind in the row of the mean over all held-out shots."""

KIND_HEADINGS = (
    ("kind", ""),
    ("method", ""),
    ("plate", ""),
    ("n", "shots"),
    *FIGURE_HEADINGS,
    ("MAD", "to plain"),
    ("dE95", "to plain"),
    ("harmed", "shots"),
)
"""Heading and second line of each column."""

KIND_LEGEND = "Held-out shots by kind: means over shots; ratios are means of the shots' ratios."


@dataclass(frozen=True)
class KindMean:
    """One way of keying on all shots of a kind.

    Attributes:
        kind: its name, or ``ALL``.
        method, plate: whose rows.
        shots: how many were measured.
        figures: means over the shots; each shot counts once however long it is.
        mad_ratio, colour_ratio: means of the rows' ratios of MAD and dE95 to the plain keyer's, or
            None where none is compared.
        harmed: rows with harm.
    """

    kind: str
    method: str
    plate: str
    shots: int
    figures: Figures
    mad_ratio: float | None
    colour_ratio: float | None
    harmed: int

    def document(self) -> dict[str, Any]:
        """As it is written to JSON."""
        return dataclasses.asdict(self)


def kind_of(shot: str) -> str | None:
    """The kind of a held-out shot by its name; None for any other shot."""
    recipe = HELD_OUT.get(shot)
    return None if recipe is None else recipe.kind


def kind_means(rows: Sequence[Row]) -> list[KindMean]:
    """Means by kind, method and plate, in the rows' order, then those over all kinds.

    Rows of other shots, and rows without figures, are left out.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        kind = kind_of(row.shot)
        if kind is not None and row.figures is not None:
            for name in (kind, ALL):
                groups.setdefault((name, row.method, row.plate), []).append(row)
    means = [_mean(*key, group) for key, group in groups.items()]
    kinds = list(dict.fromkeys(mean.kind for mean in means if mean.kind != ALL))
    return sorted(means, key=lambda mean: [*kinds, ALL].index(mean.kind))


def kind_table(rows: Sequence[Row]) -> Table | None:
    """The held-out shots by kind for a terminal; None where there are none among the rows."""
    from rich.text import Text

    means = kind_means(rows)
    if not means:
        return None
    table = empty_table(KIND_HEADINGS, KIND_LEGEND)
    last = None
    for mean in means:
        if last not in (None, mean.kind):
            table.add_section()
        last = mean.kind
        style = "red" if mean.harmed else ""
        table.add_row(*(Text(cell) for cell in kind_cells(mean)), style=style)
    return table


def kind_cells(mean: KindMean) -> tuple[str, ...]:
    """One mean as text, in the order of ``KIND_HEADINGS``."""
    return (
        mean.kind,
        mean.method,
        mean.plate,
        str(mean.shots),
        *(number(getattr(mean.figures, name)) for name in SHOWN),
        two_decimals(mean.mad_ratio),
        two_decimals(mean.colour_ratio),
        str(mean.harmed),
    )


def kind_markdown(rows: Sequence[Row]) -> str:
    """The same as Markdown; empty where there are none."""
    means = kind_means(rows)
    return markdown_table(KIND_HEADINGS, map(kind_cells, means), KIND_LEGEND) if means else ""


def _mean(kind: str, method: str, plate: str, rows: list[Row]) -> KindMean:
    measured = [row.figures for row in rows if row.figures is not None]
    values: dict[str, Any] = {
        info.name: _average(getattr(figures, info.name) for figures in measured) for info in FIGURES
    }
    return KindMean(
        kind=kind,
        method=method,
        plate=plate,
        shots=len(measured),
        figures=Figures(**values),
        mad_ratio=_average(None if row.ratios is None else row.ratios[0] for row in rows),
        colour_ratio=_average(row.colour_ratio for row in rows),
        harmed=sum(bool(row.harms) for row in rows),
    )


def _average(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
