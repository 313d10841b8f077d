"""Rows, their judgement beside the plain keyer, the table and the pictures."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from tests.support.pictures import write_exr

from mattebox.bench.candidates import Candidate, Keyed, NotAvailableError, spread
from mattebox.bench.pictures import GAP, sheet
from mattebox.bench.quality import Row, WorstFrame, document, judged, measure_candidates
from mattebox.bench.shots import BenchShot, ShotPass
from mattebox.bench.table import HEADINGS, cells, markdown
from mattebox.errors import InputError
from mattebox.measure.accuracy import Figures


def figures(
    mad: float,
    grey: float = 1.0,
    dtssd: float = 1.0,
    core: float | None = 1.0,
    residue: float | None = 1.0,
    de95: float | None = 1.0,
) -> Figures:
    return Figures(
        mad=mad, mse=0.0, sad=0.0, grad=0.0, conn=0.0, dtssd=dtssd, edge_mad=None, edge_mse=None,
        core=core, residue=residue, comp_grey=grey, comp_red=1.0, comp_background=None, de95=de95,
    )  # fmt: skip


def row(method: str, values: Figures | None, frames: tuple[int, ...] = (1, 2)) -> Row:
    return Row("shot", method, "plate", frames=frames, figures=values)


@pytest.mark.parametrize(
    ("ours", "harms"),
    [
        (figures(5.0, 0.5, 0.5), ()),
        (figures(10.39), ()),  # 2 % of 10 and 0.2 are grain
        (figures(10.41), ("mad",)),
        (figures(10.0, grey=1.23), ("comp_grey",)),
        (figures(20.0, dtssd=2.0), ("mad", "dtssd")),
        (figures(10.0, core=1.21, residue=1.23), ("residue",)),
        (figures(10.0, core=1.23, residue=None), ("core",)),
        (figures(10.0, de95=9.0), ()),  # colour has a rule of its own
    ],
)
def test_worse_than_the_plain_keyer_is_harm(ours: Figures, harms: tuple[str, ...]) -> None:
    found = judged(row("screen", ours), row("difference", figures(10.0)))
    assert found.judged_by == ("difference", "plate")
    assert found.harms == harms
    assert found.ratios is not None
    assert found.ratios[0] == pytest.approx(ours.mad / 10.0)


def test_rows_of_other_frames_or_without_figures_are_not_compared() -> None:
    ours = row("screen", figures(20.0))
    assert judged(ours, row("difference", figures(1.0), frames=(1,))) == ours
    assert judged(ours, row("difference", None)) == ours


def test_a_figure_that_is_nothing_in_the_plain_row_has_no_ratio() -> None:
    found = judged(row("screen", figures(1.0)), row("difference", figures(0.0)))
    assert found.ratios == (None, 1.0, 1.0, 1.0, 1.0)
    assert found.harms == ("mad",)


def test_a_shot_without_anything_solid_has_no_holes_to_compare() -> None:
    found = judged(
        row("screen", figures(1.0, core=None)), row("difference", figures(1.0, core=None))
    )
    assert found.ratios == (1.0, 1.0, 1.0, None, 1.0)
    assert found.harms == ()


@pytest.mark.parametrize(
    ("de95", "ratio", "noted"),
    [(8.0, 0.8, ""), (8.5, 0.85, "dE95 x0.85"), (12.0, 1.2, "dE95 x1.20"), (None, None, "")],
)
def test_colour_is_to_be_a_fifth_below_the_plain_colour_difference(
    de95: float | None, ratio: float | None, noted: str
) -> None:
    found = judged(row("screen", figures(1.0, de95=de95)), row("difference", figures(1.0, de95=10)))
    assert found.colour_ratio == ratio
    assert cells(found)[-1] == noted
    assert cells(found)[-2] == ("-" if ratio is None else f"{ratio:.2f}")


def test_a_plate_difference_is_no_judge_of_colour() -> None:
    found = judged(
        row("hint", figures(1.0, de95=20.0)), row("plate-difference", figures(1.0, de95=1.0))
    )
    assert found.judged_by == ("plate-difference", "plate")
    assert found.colour_ratio is None
    assert not found.misses_colour


@pytest.fixture
def shot(tmp_path: Path) -> BenchShot:
    """Two frames of a half-covered 4x8 picture, truth and source the same file."""
    pixels = np.zeros((4, 8, 4), np.float32)
    pixels[:, 4:] = (0.5, 0.25, 0.125, 1.0)
    for frame in (1, 2):
        write_exr(tmp_path / f"fg.{frame:04d}.exr", pixels, "RGBA")
    truth = ShotPass("fg", tmp_path / "fg.####.exr", (1, 2))
    return BenchShot("tiny", tmp_path, "fg", {"fg": truth})


def candidate(shot: BenchShot, method: str, error: float, judge: str | None = None) -> Candidate:
    """The truth with its alpha off by ``error`` on frame 2."""

    def picture(frame: int) -> np.ndarray:
        pixels = shot.truth.read(frame)
        pixels[..., 3] -= error if frame == 2 else 0.0
        return pixels

    return Candidate(
        method, "p", ("fg",), lambda _: Keyed(picture), None if judge is None else (judge, "p")
    )


def test_candidates_are_measured_and_judged_in_turn(shot: BenchShot) -> None:
    seen: list[WorstFrame] = []
    plain, ours = measure_candidates(
        shot,
        [candidate(shot, "plain", 0.01), candidate(shot, "ours", 0.1, judge="plain")],
        on_worst=seen.append,
    )
    assert plain.figures is not None
    assert plain.figures.mad == pytest.approx(5.0)
    assert plain.judged_by is None
    assert ours.frames == (1, 2)
    assert ours.worst_frame == 2
    assert ours.ratios is not None
    assert ours.ratios[0] == pytest.approx(10.0)
    assert "mad" in ours.harms
    assert [worst.row.method for worst in seen] == ["plain", "ours"]
    assert seen[1].result[0, 0, 3] == pytest.approx(-0.1)


def test_what_cannot_run_or_fails_is_a_row_without_numbers(shot: BenchShot) -> None:
    def absent(_: tuple[int, ...]) -> Keyed:
        raise NotAvailableError("ffmpeg not found")

    def broken(_: tuple[int, ...]) -> Keyed:
        raise InputError("the plate is gone")

    made = [Candidate("chromakey", "p", ("fg",), absent), Candidate("screen", "p", ("fg",), broken)]
    first, second = measure_candidates(shot, made)
    assert (first.figures, first.note, first.failed) == (None, "ffmpeg not found", False)
    assert (second.figures, second.note, second.failed) == (
        None, "failed: the plate is gone", True,
    )  # fmt: skip
    (none,) = measure_candidates(shot, made[:1], asked=[9])
    assert none.note == "none of the frames asked for"
    assert cells(first)[3:-1] == ("-",) * (len(HEADINGS) - 4)


def test_the_table_says_harm_and_the_document_is_json(shot: BenchShot) -> None:
    rows = list(
        measure_candidates(
            shot, [candidate(shot, "plain", 0.0), candidate(shot, "ours", 0.1, judge="plain")]
        )
    )
    page = markdown(rows)
    assert page.startswith("| shot | method | plate | n frames | MAD x1e3 | core % | residue % |")
    assert "| dE95 dE00 |" in page
    assert "| to plain MAD grey dtSSD core residue | dE95 to plain | note |" in page
    assert "HARM: MAD, comp grey, dtSSD, core" in page
    assert "Frames 1-2." in page
    values = json.loads(json.dumps(document(rows, threads=1), allow_nan=False))
    assert values["kind"] == "mattebox/bench-quality"
    assert values["rows"][1]["ratios"] == dict.fromkeys(
        ("mad", "comp_grey", "dtssd", "core", "residue")
    )
    assert values["rows"][1]["figures"]["core"] == 50.0  # of two frames one is off by 0.1
    assert values["rows"][1]["figures"]["de95"] > 0.0
    assert values["rows"][0]["figures"]["mad"] == 0.0


def test_a_worst_frame_is_five_tiles_and_errors_are_shown_four_times() -> None:
    source = np.full((3, 6, 3), 0.18, np.float32)
    truth = np.zeros((3, 6, 4), np.float32)
    result = truth.copy()
    result[..., 3] = 0.1
    drawn = sheet(
        WorstFrame(dataclasses.replace(row("a", None), worst_frame=1), source, truth, result)
    )
    assert drawn.shape == (3, 5 * 6 + 4 * GAP, 3)
    places = [tile * (6 + GAP) for tile in range(5)]
    # sRGB of 0.18; alpha 0; alpha 0.1; 0.4; sRGB of 0.9 x 0.18
    assert drawn[0, places, 0].tolist() == [118, 0, 26, 102, 112]


def test_frames_are_spread_with_their_ends() -> None:
    assert spread(range(1, 25), 3) == [1, 13, 24]
    assert spread([7], 3) == [7]
