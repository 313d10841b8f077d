"""Every way of keying, measured on shots with truth, each beside the plain one it must not harm."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mattebox import __version__
from mattebox.bench.candidates import Candidate, Keyed, NotAvailableError
from mattebox.bench.shots import BenchShot
from mattebox.errors import InputError, MatteboxError
from mattebox.measure.accuracy import FIGURES, Accuracy, Figures

Pixels = NDArray[np.float32]

DOCUMENT_VERSION = 3

SHOWN = (
    "mad", "core", "residue", "mse", "grad", "conn", "dtssd", "comp_grey", "comp_red", "de95",
)  # fmt: skip
"""Figures of the table, in its order."""

WATCHED = ("mad", "comp_grey", "dtssd", "core", "residue")
"""Figures that must not get worse than the plain keyer's."""

TOLERATED_SHARE, TOLERATED_STEP = 0.02, 0.2
"""Worse by more than 2 % plus 0.2 (in the figure's own scale) is harm: below that it is grain."""

COLOUR_GOAL = 0.8
"""dE95 is to be at least a fifth below the plain colour difference's. That keyer puts the screen's
light on nothing but its despill, so a keyer that only equals its colour has unmixed nothing."""

COLOUR_JUDGE = "difference"
"""The plain method whose dE95 the goal is measured by; a plate difference has no colour of its own
to be measured by, it neither unmixes nor despills."""


@dataclass(frozen=True)
class Row:
    """One way of keying one shot, measured.

    Attributes:
        shot, method, plate: whose row it is.
        frames: the frames measured; empty where it could not be.
        figures: their means, or None.
        worst_frame: frame with the largest MAD, or None.
        matte_seconds, whole_seconds: per frame, wall-clock if the note says nothing else; None
            where not timed.
        prepare_seconds: before the first frame, or None.
        judged_by: the plain row beside it, as (method, plate), or None.
        ratios: of the ``WATCHED`` figures to that row's, in their order; None for a figure that is
            0 there, and as a whole where there is no such row.
        harms: the ``WATCHED`` figures that are worse than that row's.
        colour_ratio: of dE95 to that row's where it is a colour difference; None as in ``ratios``.
        note: what else must be known.
        failed: whether an error of ours stands in the note.
    """

    shot: str
    method: str
    plate: str
    frames: tuple[int, ...] = ()
    figures: Figures | None = None
    worst_frame: int | None = None
    matte_seconds: float | None = None
    whole_seconds: float | None = None
    prepare_seconds: float | None = None
    judged_by: tuple[str, str] | None = None
    ratios: tuple[float | None, ...] | None = None
    harms: tuple[str, ...] = ()
    colour_ratio: float | None = None
    note: str = ""
    failed: bool = False

    @property
    def misses_colour(self) -> bool:
        """Whether its colour is compared and not better by as much as it has to be."""
        return self.colour_ratio is not None and self.colour_ratio > COLOUR_GOAL

    def document(self) -> dict[str, Any]:
        """The row as it is written to JSON."""
        values = asdict(self)
        if self.ratios is not None:
            values["ratios"] = dict(zip(WATCHED, self.ratios, strict=True))
        return values


@dataclass(frozen=True)
class WorstFrame:
    """The frame of a row with the largest MAD, for the eye.

    Attributes:
        row: whose.
        source: HxWx3 the pass that was keyed, linear.
        truth, result: HxWx4 premultiplied, linear.
    """

    row: Row
    source: Pixels
    truth: Pixels
    result: Pixels


def measure_candidates(
    shot: BenchShot,
    candidates: Iterable[Candidate],
    *,
    asked: Sequence[int] | None = None,
    on_worst: Callable[[WorstFrame], object] | None = None,
) -> Iterator[Row]:
    """Key and measure each candidate; rows come as they are done, judged by those before them.

    Args:
        shot: the shot.
        candidates: plain ones before those that they judge.
        asked: frames to measure; None means all that a candidate has.
        on_worst: told of each row's worst frame.
    """
    done: dict[tuple[str, str], Row] = {}
    for candidate in candidates:
        row = _measured(shot, candidate, asked, on_worst)
        beside = None if candidate.judged_by is None else done.get(candidate.judged_by)
        if beside is not None:
            row = judged(row, beside)
        done[candidate.name] = row
        yield row


def judged(row: Row, beside: Row) -> Row:
    """A row with its ratios to a plain one of the same frames, and where it does harm."""
    if row.figures is None or beside.figures is None or row.frames != beside.frames:
        return row
    ratios: list[float | None] = []
    harms: list[str] = []
    for name in WATCHED:
        ours, theirs = getattr(row.figures, name), getattr(beside.figures, name)
        ratios.append(_ratio(ours, theirs))
        if ours is None or theirs is None:  # the truth has no such pixels: nothing to harm
            continue
        if ours > theirs * (1.0 + TOLERATED_SHARE) + TOLERATED_STEP:
            harms.append(name)
    has_colour = beside.method == COLOUR_JUDGE
    return replace(
        row,
        judged_by=(beside.method, beside.plate),
        ratios=tuple(ratios),
        harms=tuple(harms),
        colour_ratio=_ratio(row.figures.de95, beside.figures.de95) if has_colour else None,
    )


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or not theirs else ours / theirs


def document(rows: Sequence[Row], *, threads: int) -> dict[str, Any]:
    """All rows as they are written to JSON: plain values, None where nothing applies."""
    return {
        "kind": "mattebox/bench-quality",
        "version": DOCUMENT_VERSION,
        "mattebox": __version__,
        "python": platform.python_version(),
        "threads": threads,
        "scales": {info.name: info.scale for info in FIGURES},
        "rows": [row.document() for row in rows],
    }


def _measured(
    shot: BenchShot,
    candidate: Candidate,
    asked: Sequence[int] | None,
    on_worst: Callable[[WorstFrame], object] | None,
) -> Row:
    row = Row(shot.name, candidate.method, candidate.plate)
    frames = shot.common_frames(candidate.needs, asked)
    if not frames:
        return replace(row, note="none of the frames asked for")
    try:
        keyed = candidate.key(frames)
        row, worst = _figures_of(row, shot, candidate, keyed, frames)
    except NotAvailableError as absent:
        return replace(row, note=str(absent))
    except MatteboxError as error:
        return replace(row, note=f"failed: {error.message}", failed=True)
    if on_worst is not None:  # where its picture cannot be written, the row has not failed
        on_worst(worst)
    return row


def _figures_of(
    row: Row,
    shot: BenchShot,
    candidate: Candidate,
    keyed: Keyed,
    frames: tuple[int, ...],
) -> tuple[Row, WorstFrame]:
    accuracy = Accuracy()
    spent, largest = 0.0, -1.0
    worst: tuple[int, Pixels] | None = None
    for frame in frames:
        began = perf_counter()
        picture = keyed.picture(frame)
        spent += perf_counter() - began
        truth = shot.truth.read(frame)
        if picture.shape != truth.shape:
            raise InputError(
                f"frame {frame} is {picture.shape[1]}x{picture.shape[0]}, its truth "
                f"{truth.shape[1]}x{truth.shape[0]}",
                frame=frame,
            )
        figures = accuracy.add(picture, truth, frame=frame).figures
        if figures.mad > largest:
            largest, worst = figures.mad, (frame, picture)
    assert worst is not None
    summary = accuracy.summary()
    is_plain = keyed.whole_seconds is None
    row = replace(
        row,
        frames=frames,
        figures=summary.mean,
        worst_frame=summary.worst_frame,
        matte_seconds=keyed.matte_seconds,
        whole_seconds=spent / len(frames) if is_plain else keyed.whole_seconds,
        prepare_seconds=keyed.prepare_seconds,
        note=keyed.note,
    )
    source = shot.passes[candidate.needs[0]].read(worst[0])[..., :3]
    return row, WorstFrame(row, source, shot.truth.read(worst[0]), worst[1])
