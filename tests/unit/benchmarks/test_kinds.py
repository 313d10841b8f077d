"""Held-out shots by kind: whose rows count, and how they are averaged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.unit.bench.test_quality import figures

from benchmarks.kinds import ALL, kind_cells, kind_markdown, kind_means, kind_of, kind_table
from benchmarks.recipes import HELD_OUT, KNOWN, RECIPES
from mattebox.bench.quality import Row

PLATE, AUTO = "plate_grain", "--screen auto"


def row(shot: str, mad: float, plate: str = PLATE, **more: object) -> Row:
    made = Row(shot, "screen", plate, frames=(1,), figures=figures(mad, core=None))
    return replace(made, **more)  # type: ignore[arg-type]


def test_the_sets_do_not_meet_and_every_held_out_shot_has_a_kind() -> None:
    assert len(KNOWN) == 21
    assert len(HELD_OUT) == 32
    assert not set(KNOWN) & set(HELD_OUT)
    assert len(RECIPES) == 53
    assert all(recipe.kind and recipe.kind != ALL for recipe in HELD_OUT.values())
    assert all(recipe.kind == "" for recipe in KNOWN.values())
    assert kind_of("net") == "mesh"
    assert kind_of("veil") is None


def test_rows_are_averaged_by_kind_and_once_more_over_all() -> None:
    rows = [
        row("net", 10.0, ratios=(0.5, None, None, None, None), colour_ratio=0.4, harms=("mad",)),
        row("net", 90.0, AUTO),
        row("folds", 2.0),
        row("bars", 20.0, ratios=(0.7, None, None, None, None)),
        row("veil", 1000.0),  # known
        row("chain_mail", 0.0, figures=None, note="failed"),
    ]
    means = kind_means(rows)
    assert [(mean.kind, mean.plate, mean.shots) for mean in means] == [
        ("mesh", PLATE, 2), ("mesh", AUTO, 1), ("cloth", PLATE, 1), (ALL, PLATE, 3), (ALL, AUTO, 1),
    ]  # fmt: skip
    mesh, everything = means[0], means[3]
    assert mesh.figures.mad == 15.0
    assert mesh.figures.core is None
    assert mesh.mad_ratio == pytest.approx(0.6)
    assert mesh.colour_ratio == 0.4
    assert mesh.harmed == 1
    assert everything.figures.mad == pytest.approx(32.0 / 3.0)
    assert means[2].mad_ratio is None


def test_the_means_are_json_and_tables() -> None:
    rows = [row("net", 10.0), row("veil", 1.0)]
    kinds = [mean.document() for mean in kind_means(rows)]
    values = json.loads(json.dumps(kinds, allow_nan=False))
    assert [mean["kind"] for mean in values] == ["mesh", ALL]
    assert values[0]["figures"]["mad"] == 10.0
    page = kind_markdown(rows)
    assert "| kind | method | plate | n shots | MAD x1e3 | core % |" in page
    assert "| all | screen | plate_grain | 1 | 10.0 | - |" in page
    table = kind_table(rows)
    assert table is not None
    assert table.row_count == 2
    assert kind_cells(kind_means(rows)[0])[-3:] == ("-", "-", "0")


def test_without_held_out_shots_there_is_no_such_table() -> None:
    assert kind_means([row("veil", 1.0)]) == []
    assert kind_table([row("veil", 1.0)]) is None
    assert kind_markdown([row("veil", 1.0)]) == ""
