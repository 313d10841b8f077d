"""The held-out shots by kind: what a way of keying is good at, and their mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mattebox.bench.recipes import HELD_OUT
from mattebox.measure.accuracy import FIGURES, Figures

if TYPE_CHECKING:
    from mattebox.bench.quality import Row

ALL = "all"
"""Stands for a kind in the row of the mean over all held-out shots."""


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
