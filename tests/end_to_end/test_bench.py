"""``mattebox bench``: one command, one table, on the shipped shot and on rendered ones."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.end_to_end.conftest import Run

from mattebox.bench.blender import IN_REPOSITORY, VARIABLE, find_bpy_python
from mattebox.bench.quality import WATCHED

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]


def test_one_command_prints_all_ways_on_the_shipped_shot(
    fixture_hair: Path, tmp_path: Path, mattebox: Run
) -> None:
    done = mattebox(
        "bench", "quality", fixture_hair, "--frames", "1-2", "--methods", "screen",
        "--json", tmp_path / "table.json", "--markdown", tmp_path / "table.md",
        "--pictures", tmp_path / "worst",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "table.json").read_text())["rows"]
    # The plain rows that the own ones are judged by are always there.
    assert [(row["method"], row["plate"]) for row in rows] == [
        ("difference", "mean"),
        ("difference", "plate"),
        ("screen", "plate"),
        ("screen", "--screen auto"),
    ]
    assert all(row["frames"] == [1, 2] for row in rows)
    assert rows[2]["judged_by"] == ["difference", "plate"]
    assert rows[2]["ratios"]["mad"] < 0.8
    ours, plain = rows[2]["figures"], rows[1]["figures"]
    worse = [name for name in WATCHED if ours[name] > 1.02 * plain[name] + 0.2]
    assert rows[2]["harms"] == worse
    assert not {"mad", "comp_grey", "residue"} & set(worse)
    assert rows[2]["matte_seconds"] > 0.0
    assert all(0.0 <= row["figures"]["core"] <= 1.0 for row in rows)
    assert rows[2]["figures"]["residue"] < rows[1]["figures"]["residue"]
    assert rows[2]["colour_ratio"] == pytest.approx(
        rows[2]["figures"]["de95"] / rows[1]["figures"]["de95"]
    )
    assert "screen" in done.stdout
    assert (tmp_path / "table.md").read_text().count("\n| ") == 5
    assert len(list((tmp_path / "worst").glob("fixture_hair_*.000?.png"))) == 4


def test_a_missing_ffmpeg_is_said_and_no_number_is_made_up(
    fixture_hair: Path, tmp_path: Path, mattebox: Run
) -> None:
    done = mattebox(
        "bench", "quality", fixture_hair, "--frames", "1", "--methods", "chromakey",
        "--json", "-", env={"PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert row["note"] == "ffmpeg not found"
    assert row["figures"] is None


def test_a_missing_blender_is_said_and_no_number_is_made_up(
    fixture_hair: Path, tmp_path: Path, mattebox: Run
) -> None:
    if (REPOSITORY / IN_REPOSITORY).is_file():
        pytest.skip(f"this checkout has {IN_REPOSITORY}; it runs where there is none")
    done = mattebox(
        "bench", "quality", fixture_hair, "--frames", "1", "--json", "-",
        "--methods", "blender-keying,blender-keying-tuned", env={VARIABLE: ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [row["method"] for row in rows] == ["blender-keying", "blender-keying-tuned"]
    assert all(row["note"].startswith("no bpy: ") and not row["failed"] for row in rows)
    assert all(row["figures"] is None for row in rows)


@pytest.mark.blender
def test_blenders_node_is_beaten_and_the_truth_helps_it(fixture_hair: Path, mattebox: Run) -> None:
    if find_bpy_python() is None:
        pytest.skip(f"no bpy; it runs where {VARIABLE} names one, or after the make target")
    done = mattebox(
        "bench", "quality", fixture_hair, "--frames", "1", "--json", "-",
        "--methods", "blender-keying,blender-keying-tuned,screen",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = {(row["method"], row["plate"]): row for row in json.loads(done.stdout)["rows"]}
    plain, tuned = rows["blender-keying", "mean"], rows["blender-keying-tuned", "mean"]
    ours = rows["screen", "plate"]
    assert ours["figures"]["mad"] < tuned["figures"]["mad"] < plain["figures"]["mad"]
    assert 0.0 < tuned["whole_seconds"] < 10.0
    assert "by truth" in tuned["note"]


def test_wrong_names_are_refused_before_anything_is_keyed(
    fixture_hair: Path, tmp_path: Path, mattebox: Run
) -> None:
    done = mattebox("bench", "quality", fixture_hair, "--methods", "chroma")
    assert done.returncode == 64
    assert "chromakey" in done.stderr
    done = mattebox("bench", "quality", fixture_hair, tmp_path)
    assert done.returncode == 66
    assert "manifest.json" in done.stderr


def test_a_way_that_fails_is_a_row_and_an_exit_code(
    fixture_hair: Path, tmp_path: Path, mattebox: Run
) -> None:
    shot = tmp_path / "shot"
    shutil.copytree(fixture_hair, shot)
    broken = shot / "green_spill_grain/fixture_hair_green_spill_grain.0001.exr"
    broken.write_bytes(b"")
    done = mattebox("bench", "quality", shot, "--frames", "1", "--methods", "screen", "--json", "-")
    assert done.returncode == 70
    assert all(row["failed"] for row in json.loads(done.stdout)["rows"])


@pytest.mark.shared
def test_two_passes_of_a_render_are_the_best_there_is(shared: Path, mattebox: Run) -> None:
    done = mattebox(
        "bench", "quality", shared / "shots/hair", "--frames", "1,9", "--json", "-",
        "--methods", "plate-difference,triangulate,two-pass",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = {(r["method"], r["plate"]): r for r in json.loads(done.stdout)["rows"]}
    assert rows["triangulate", "black, white"]["figures"]["mad"] < 0.1
    assert 1.0 < rows["two-pass", "black, white"]["figures"]["mad"] < 6.0
    assert rows["plate-difference", "busy_plate"]["frames"] == [1]
    assert rows["plate-difference", "busy_plate"]["figures"]["mad"] > 50.0
