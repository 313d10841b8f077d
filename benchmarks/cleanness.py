"""What is wrong with a keyed real picture for sure: no truth is needed to see it.

Where there is nothing but screen, alpha is 0; the crop's boxes say where. And a subject has no hole
where the plainest key already calls it solid, well inside its closed outline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.crops import Crop
from benchmarks.real import MATTEBOX, Compared, Keyed
from mattebox.bench.quality import TOLERATED_SHARE, TOLERATED_STEP
from mattebox.bench.table import empty_table, markdown_table, number
from mattebox.measure.cleanness import interior
from mattebox.measure.visible import DIRT, HOLE

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = (
    ("shot", ""),
    ("method", ""),
    ("n", "frames"),
    ("empty", "mean %"),
    ("empty", "> 0.02 %"),
    ("interior", "< 0.95 %"),
    ("note", ""),
)
"""Heading and second line of each column."""

LEGEND = (
    "Real pictures, no truth; 0 is perfect. empty: alpha where there is nothing but screen, and "
    "the share of it that shows; interior: holes where the plain key is solid."
)


@dataclass(frozen=True)
class Cleanness:
    """What is wrong in one keyed crop, over all its frames; in %, 0 is perfect.

    Attributes:
        crop, keyer: whose.
        frames: how many were keyed.
        empty_mean: mean alpha in the empty boxes; None where the crop has none.
        empty_share: pixels over 0.02 there.
        interior_share: pixels under 0.95 in the interior; None where there is none.
        note: what else must be known.
        failed: whether the keyer broke.
    """

    crop: str
    keyer: str
    frames: int
    empty_mean: float | None
    empty_share: float | None
    interior_share: float | None
    note: str = ""
    failed: bool = False


def cleanness(compared: Compared) -> list[Cleanness]:
    """One entry per keyer, in their order; the interior is that of our plain key for all.

    A garbage matte or a holdout decides what is solid, so a crop keyed with one has no interior.
    """
    inside: dict[int, NDArray[np.bool_]] = {}
    if not {"--inside", "--outside"} & set(compared.crop.arguments):
        inside = {n: interior(plain) for one in compared.keyed for n, plain in one.plain.items()}
    return [_cleanness(compared.crop, keyed, inside) for keyed in compared.keyed]


def cleaner_elsewhere(rows: Sequence[Cleanness]) -> dict[str, list[str]]:
    """Crop -> what another keyer leaves cleaner than ours, such as "chromakey in empty".

    Cleaner is what the bench calls a step: less by more than 2 % plus 0.2. What is worse there by
    as much is said too: a keyer that takes the subject away leaves nothing in the boxes.
    """
    ours = {row.crop: row for row in rows if row.keyer == MATTEBOX}
    found: dict[str, list[str]] = {}
    for row in rows:
        beside = ours[row.crop]
        cleaner = [where for where in _WHERE if _is_cleaner(row, beside, where)]
        worse = [where for where in _WHERE if _is_cleaner(beside, row, where)]
        if cleaner:
            cost = f", worse in {' and '.join(worse)}" if worse else ""
            found.setdefault(row.crop, []).append(f"{row.keyer} in {' and '.join(cleaner)}{cost}")
    return found


_WHERE = {"empty": ("empty_mean", "empty_share"), "interior": ("interior_share",)}


def last_line(rows: Sequence[Cleanness]) -> str:
    """The crops in which another keyer is cleaner, in one sentence."""
    found = cleaner_elsewhere(rows)
    if not found:
        return "no other keyer is cleaner in any crop"
    listed = ", ".join(f"{crop} ({'; '.join(where)})" for crop, where in found.items())
    return f"another keyer is cleaner in {len(found)} of the crops: {listed}"


def document(rows: Sequence[Cleanness]) -> dict[str, Any]:
    """All rows as they are written to JSON."""
    return {
        "kind": "mattebox/bench-real",
        "version": 1,
        "rows": [asdict(row) for row in rows],
        "cleaner_elsewhere": cleaner_elsewhere(rows),
    }


def rich_table(rows: Sequence[Cleanness]) -> Table:
    """The table for a terminal; rows in which another keyer is cleaner than ours are red."""
    from rich.text import Text

    table = empty_table(HEADINGS, LEGEND)
    worse = cleaner_elsewhere(rows)
    last = None
    for row in rows:
        if last not in (None, row.crop):
            table.add_section()
        last = row.crop
        is_red = row.failed or (row.keyer == MATTEBOX and row.crop in worse)
        table.add_row(*(Text(cell) for cell in _cells(row)), style="red" if is_red else "")
    return table


def markdown(rows: Sequence[Cleanness]) -> str:
    """The table as Markdown, with its last line."""
    return f"{markdown_table(HEADINGS, map(_cells, rows), LEGEND)}\n{last_line(rows)}\n"


def _cleanness(crop: Crop, keyed: Keyed, inside: Mapping[int, NDArray[np.bool_]]) -> Cleanness:
    alphas = {frame: picture[..., 3] for frame, picture in keyed.pictures.items()}
    empty = [box.of(alpha).ravel() for alpha in alphas.values() for box in crop.empty]
    solid = [alpha[inside[frame]] for frame, alpha in alphas.items() if frame in inside]
    return Cleanness(
        crop.name,
        keyed.keyer,
        len(alphas),
        empty_mean=_percent(empty),
        empty_share=_percent([values > DIRT for values in empty]),
        interior_share=_percent([values < HOLE for values in solid]),
        note=keyed.note,
        failed=keyed.failed,
    )


def _percent(parts: Sequence[NDArray[Any]]) -> float | None:
    """The mean of all values, in %; None where there is none."""
    values = np.concatenate([np.empty(0), *parts])
    return 100.0 * float(values.mean()) if len(values) else None


def _is_cleaner(row: Cleanness, other: Cleanness, where: str) -> bool:
    pairs = ((getattr(row, name), getattr(other, name)) for name in _WHERE[where])
    return any(
        theirs > ours * (1.0 + TOLERATED_SHARE) + TOLERATED_STEP
        for ours, theirs in pairs
        if ours is not None and theirs is not None
    )


def _cells(row: Cleanness) -> tuple[str, ...]:
    """One row as text, in the order of ``HEADINGS``."""
    return (
        row.crop,
        row.keyer,
        str(row.frames) if row.frames else "-",
        number(row.empty_mean),
        number(row.empty_share),
        number(row.interior_share),
        row.note,
    )
