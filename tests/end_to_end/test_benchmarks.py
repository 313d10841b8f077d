"""``python -m benchmarks``: drawn shots and variants are made and measured, start-up is timed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import REPOSITORY
from tests.end_to_end.conftest import Run
from tests.support.real_weights import write_real_rvm_weights

from benchmarks.composites import write_composites
from benchmarks.portrait import read_portrait
from benchmarks.resolving import TARGET, means, resolve
from benchmarks.writing import write_shot
from mattebox.bench.baselines import colour_difference
from mattebox.bench.light import srgb_encoded
from mattebox.bench.shots import read_shot
from mattebox.frames import write_png

pytestmark = pytest.mark.slow


@pytest.fixture
def benchmarks() -> Run:
    """Call a benchmark as a developer would; returns code, standard output and error."""

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "benchmarks", *map(str, arguments)],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


def test_variants_and_drawn_shots_are_made_and_measured(
    fixture_hair: Path, tmp_path: Path, benchmarks: Run
) -> None:
    done = benchmarks(
        "variants", fixture_hair, "-o", tmp_path / "shots", "--only", "swapped,disc_fast",
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


def test_held_out_shots_are_shown_by_kind(tmp_path: Path, benchmarks: Run) -> None:
    done = benchmarks(
        "variants", "-o", tmp_path / "shots", "--only", "net,bars", "--length", "2",
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
    fixture_hair: Path, tmp_path: Path, benchmarks: Run
) -> None:
    done = benchmarks(
        "variants", fixture_hair, "-o", tmp_path / "shots", "--only", "h264_20",
        "--json", "-", PATH=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["shot"], row["note"]) == ("fixture_hair_h264_20", "ffmpeg not found")
    assert row["figures"] is None


def test_variants_of_a_drawn_shot_are_keyed_as_their_user_would(
    tmp_path: Path, benchmarks: Run
) -> None:
    done = benchmarks(
        "variants", "disc_fast", "-o", tmp_path / "shots", "--only", "graded,phone,handheld",
        "--methods", "screen,hint", "--length", "2", "--json", tmp_path / "table.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "table.json").read_text())["rows"]
    ways = [(row["shot"], row["method"], row["plate"]) for row in rows if row["judged_by"]]
    assert ways == [
        ("disc_fast_graded", "screen", "plate_grain"),
        ("disc_fast_graded", "screen", "--screen auto"),
        ("disc_fast_phone", "screen", "--screen auto"),
        ("disc_fast_handheld", "screen", "busy_plate"),
        ("disc_fast_handheld", "hint", "busy_plate"),
    ]


def test_real_pictures_are_keyed_and_looked_at(
    fixture_hair: Path, tmp_path: Path, benchmarks: Run
) -> None:
    crop = tmp_path / "crops/hair"
    crop.mkdir(parents=True)
    light = read_shot(fixture_hair).plate.read(1)[..., :3]
    write_png(crop / "plate.png", np.rint(srgb_encoded(light) * 255.0).astype(np.uint8))
    expect = {"arguments": "--screen auto", "empty": [[0.0, 0.0, 0.1, 0.3]]}
    (crop / "expect.json").write_text(json.dumps(expect))
    done = benchmarks(
        "real", tmp_path / "crops", "-o", tmp_path / "looks", "--json", tmp_path / "real.json",
        "--markdown", tmp_path / "real.md",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads((tmp_path / "real.json").read_text())["rows"]
    assert [row["keyer"] for row in rows] == ["mattebox", "chromakey", "blender-keying"]
    assert rows[0]["empty_share"] < 1.0
    assert "cleaner in" in done.stdout.splitlines()[-1]
    assert "| hair | mattebox | 1 |" in (tmp_path / "real.md").read_text()
    assert (tmp_path / "looks/hair.0001.png").is_file()
    assert benchmarks("real", tmp_path / "crops", "--only", "hare").returncode == 64


def test_harm_is_a_finding_and_an_exit_code_where_it_is_asked_for(
    fixture_hair: Path, tmp_path: Path, benchmarks: Run
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
    call = ("variants", folder, "-o", tmp_path / "shots", "--only", "same")
    done = benchmarks(*call)
    assert done.returncode == 0, done.stderr
    assert "HARM" in done.stdout
    assert re.search("[12] of 2 rows harmed", done.stdout)
    assert benchmarks(*call, "--strict").returncode == 70


def test_variants_of_nothing_and_unknown_ones_are_refused(tmp_path: Path, benchmarks: Run) -> None:
    done = benchmarks("variants", "-o", tmp_path, "--only", "mirrored,veil")
    assert done.returncode == 64
    assert "mirrored: no shot" in done.stderr
    done = benchmarks("variants", "-o", tmp_path, "--only", "vail")
    assert done.returncode == 64
    assert "veil" in done.stderr
    assert not list(tmp_path.iterdir())


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


def test_a_changed_knob_is_measured_beside_a_process_of_its_own(
    benchmarks: Run, tmp_path: Path
) -> None:
    table = tmp_path / "preview.md"
    words = ("--size", "160x90", "--proxies", "2", "--changes", "2", "--markdown", table)
    done = benchmarks("preview", *words)
    assert done.returncode == 0, done.stderr
    lines = table.read_text("utf-8").splitlines()
    _, _, *rows = (line for line in lines if line.startswith("|"))
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in cells] == [
        "a matte or spill knob",
        "a matte or spill knob, RGBA alone",
        "the frame: the network runs again",
        "the frame, RGBA alone",
        "a knob of the analysis",
    ]
    assert {row[1] for row in cells} == {"2"}
    assert all(float(number) > 0.0 for row in cells for number in row[2:5])


def test_start_up_is_measured_beside_the_import_of_torch(benchmarks: Run) -> None:
    done = benchmarks("start", "--rounds", "1")
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


@pytest.mark.skipif(sys.platform == "win32", reason="getrusage is POSIX; Linux runs it")
def test_a_whole_job_is_measured_beside_its_stages_and_a_copy(
    tmp_path: Path, benchmarks: Run
) -> None:
    found = tmp_path / "whole.json"
    done = benchmarks(
        "whole", "--sizes", "96x64", "--spaces", "logc4", "--frames", 2, "--rounds", 2,
        "--before", REPOSITORY, "--json", found,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Wall time of the frames to the slowest stage alone" in done.stdout
    (job,) = json.loads(found.read_text())["jobs"]
    assert {"mattebox key", "mattebox key, before", "copy EXR to EXR"} <= job["costs"].keys()
    assert all(len(costs) == 2 for costs in job["costs"].values())
    assert [set(stages["seconds"]) for stages in job["stages"]] == [{"read", "key", "write"}] * 2
    # a copy holds what we wrote, and the version before is the same one here
    assert job["written"]["mattebox key"] == job["written"]["mattebox key, before"] > 0
    assert 0.0 < job["write_share"] < 1.0
    assert all(cost["peak"] > 10.0 for cost in job["costs"]["mattebox key"])


@pytest.mark.skipif(sys.platform == "win32", reason="getrusage is POSIX; Linux runs it")
def test_jobs_of_every_engine_are_measured_on_a_device(tmp_path: Path, benchmarks: Run) -> None:
    found = tmp_path / "device.json"
    done = benchmarks(
        "device", "--device", "cpu", "--sizes", "96x64", "--engines", "screen,bgmv2",
        "--frames", 2, "--layers", "rgba", "--json", found,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    jobs = json.loads(found.read_text())["jobs"]
    assert [(job["engine"], job["layers"]) for job in jobs] == [
        ("screen", "rgba"),
        ("bgmv2", "rgba"),
    ]
    assert all(job["looks"] is None for job in jobs)  # nvidia-smi is not asked about a CPU
    assert all(job["clock"]["waited"]["engine"] > 0.0 for job in jobs)


def test_where_no_driver_is_the_gpu_is_not_said_to_be_idle(benchmarks: Run) -> None:
    if shutil.which("nvidia-smi") is not None:
        pytest.skip("an NVIDIA driver is here: its GPU is measured")
    done = benchmarks("device", "--sizes", "96x64", "--engines", "screen", "--frames", 2)
    assert done.returncode == 69, done.stderr
    assert "--device cpu" in done.stderr


def test_whole_jobs_with_a_clean_plate_are_measured_in_any_space(
    benchmarks: Run, tmp_path: Path
) -> None:
    told = tmp_path / "whole.json"
    asked = ("--sizes", "96x64", "--spaces", "logc4", "--frames", 2, "--rounds", 1)
    done = benchmarks("whole", *asked, "--engines", "bgmv2", "--json", told)
    assert done.returncode == 0, done.stderr
    names = [job["name"] for job in json.loads(told.read_text(encoding="utf-8"))["jobs"]]
    assert names == ["96x64 logc4 bgmv2"]


def test_an_unknown_engine_is_refused_before_anything_is_measured(benchmarks: Run) -> None:
    done = benchmarks("whole", "--engines", "keylight")
    assert done.returncode == 64
    assert "keylight" in done.stderr
