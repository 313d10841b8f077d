"""``mattebox bench``: one command, one table, on the shipped shot and on rendered ones."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from tests.end_to_end.conftest import Run
from tests.support.real_weights import write_real_rvm_weights

from mattebox.bench.baselines import colour_difference
from mattebox.bench.blender import IN_REPOSITORY, VARIABLE, find_bpy_python
from mattebox.bench.composites import write_composites
from mattebox.bench.portrait import read_portrait
from mattebox.bench.quality import WATCHED
from mattebox.bench.resolving import TARGET, means, resolve
from mattebox.bench.shots import read_shot
from mattebox.bench.writing import write_shot

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


def test_variants_and_drawn_shots_are_made_and_measured(
    fixture_hair: Path, tmp_path: Path, mattebox: Run
) -> None:
    done = mattebox(
        "bench", "variants", fixture_hair, "-o", tmp_path / "shots", "--only", "swapped,disc_fast",
        "--length", "2", "--json", tmp_path / "table.json", "--pictures", tmp_path / "worst",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "table.json").read_text())["rows"]
    ways = [
        ("difference", "mean"),
        ("difference", "plate_grain"),
        ("screen", "plate_grain"),
        ("screen", "--screen auto"),
    ]
    assert [(row["shot"], row["method"], row["plate"]) for row in rows] == [
        (shot, *way) for shot in ("fixture_hair_swapped", "disc_fast") for way in ways
    ]
    assert all(row["frames"] == [1, 2] for row in rows)
    assert "of 4 rows harmed" in done.stdout
    assert len(list((tmp_path / "worst").glob("disc_fast_*.png"))) == 4
    assert read_shot(tmp_path / "shots/disc_fast").truth.frames == (1, 2)


def test_held_out_shots_are_shown_by_kind(tmp_path: Path, mattebox: Run) -> None:
    done = mattebox(
        "bench", "variants", "-o", tmp_path / "shots", "--only", "net,bars", "--length", "2",
        "--methods", "difference-average", "--json", tmp_path / "table.json",
        "--markdown", tmp_path / "table.md",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    values = json.loads((tmp_path / "table.json").read_text())
    kinds = [(mean["kind"], mean["plate"], mean["shots"]) for mean in values["kinds"]]
    assert kinds == [
        (kind, plate, 2) for kind in ("mesh", "all") for plate in ("mean", "plate_grain")
    ]
    assert all(row["figures"]["residue"] is not None for row in values["rows"])
    assert all(row["figures"]["de95"] > 0.0 for row in values["rows"])
    assert re.search(r"mesh +difference-average +plate_grain +2 ", done.stdout)
    assert "| all | difference-average | mean | 2 |" in (tmp_path / "table.md").read_text()


def test_video_without_ffmpeg_is_a_row_with_a_note(
    fixture_hair: Path, tmp_path: Path, mattebox: Run
) -> None:
    done = mattebox(
        "bench", "variants", fixture_hair, "-o", tmp_path / "shots", "--only", "h264",
        "--json", "-", env={"PATH": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["shot"], row["note"]) == ("fixture_hair_h264", "ffmpeg not found")
    assert row["figures"] is None


def test_harm_is_a_finding_and_an_exit_code_where_it_is_asked_for(
    fixture_hair: Path, tmp_path: Path, mattebox: Run
) -> None:
    """A shot whose truth is the plain key's own answer: nothing can be as near to it."""
    shot = read_shot(fixture_hair)
    plate = shot.passes["plate"].read(1)
    passes = {
        "fg": {n: colour_difference(shot.plate.read(n), plate, 1) for n in (1, 2)},
        "grain": {n: shot.plate.read(n) for n in (1, 2)},
        "plate_grain": {1: plate},
    }
    folder = write_shot(tmp_path / "plain", passes, key="grain")
    call = ("bench", "variants", folder, "-o", tmp_path / "shots", "--only", "same")
    done = mattebox(*call)
    assert done.returncode == 0, done.stderr
    assert "HARM" in done.stdout
    assert re.search("[12] of 2 rows harmed", done.stdout)
    assert mattebox(*call, "--strict").returncode == 70


def test_variants_of_nothing_and_unknown_ones_are_refused(tmp_path: Path, mattebox: Run) -> None:
    done = mattebox("bench", "variants", "-o", tmp_path, "--only", "mirrored,veil")
    assert done.returncode == 64
    assert "mirrored: no shot" in done.stderr
    done = mattebox("bench", "variants", "-o", tmp_path, "--only", "vail")
    assert done.returncode == 64
    assert "veil" in done.stderr
    assert not list(tmp_path.iterdir())


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


@pytest.mark.shared
def test_solving_again_mends_a_networks_alpha_of_motion_blur(shared: Path, tmp_path: Path) -> None:
    portrait = read_portrait(shared / "weights/tfjs_astronaut_480x270_r1.npz")
    weights = write_real_rvm_weights(shared, tmp_path / "rvm.safetensors")
    written = write_composites(portrait, tmp_path / "shots")
    folder = next(folder for folder in written if folder.name == "motion_green")
    done = list(resolve([read_shot(folder)], weights, tmp_path / "keyed", threads=1))
    share = means(done)[-1].ratio
    assert share is not None
    assert share <= TARGET


def test_start_up_is_measured_beside_the_import_of_torch(mattebox: Run) -> None:
    done = mattebox("bench", "start", "--rounds", "1")
    assert done.returncode == 0, done.stderr
    heading, *rows = [line for line in done.stdout.splitlines() if line.strip()]
    assert heading.split() == ["process", "seconds", "CPU", "seconds", "to", "import", "torch"]
    figures = {row[:30].strip(): [float(word) for word in row.split()[-3:]] for row in rows}
    assert list(figures) == [
        "python -c pass",
        "import torch",
        "mattebox --version",
        "mattebox key, frame current",
        "mattebox key, one frame",
        "mattebox key, look and frame",
    ]
    assert figures["import torch"][2] == 1.0
    assert all(seconds > 0.0 for seconds, _, _ in figures.values())
