"""A shot on a farm: bundles written by the command, run by Open Job Description's own runtime."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.end_to_end.conftest import COMMAND, Run
from tests.support.farm_tools import openjd_command
from tests.support.jobs import prepared_job_of
from tests.support.pictures import header, write_shot

from mattebox.job import Job

pytestmark = pytest.mark.slow


def write_job(shot: Path, folder: Path, device: str) -> Path:
    """A job that is not prepared yet, with relative paths."""
    job = Job.checked(
        {
            "plate": os.path.relpath(shot, folder),
            "output": "keyed/shot.####.exr",
            "clean_plate": os.path.relpath(shot.parent / "clean.exr", folder),
            "device": device,
            "colour": {"in_space": "lin_rec709_scene"},
            "settings": {"engine": "screen"},
        }
    )
    job.write(folder / "shot.json")
    return folder / "shot.json"


def run_bundle(bundle: Path, *more: str) -> tuple[int, list[str]]:
    """Run a bundle on this machine: the exit code and the log without its time stamps."""
    done = subprocess.run(
        [
            *(str(openjd_command()), "run", str(bundle / "template.yaml")),
            *("-p", f"file://{bundle / 'openjd_values.json'}", *more),
        ],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    lines = [line.partition("\t")[2] for line in (done.stdout + done.stderr).splitlines()]
    return done.returncode, lines


def keyed(lines: list[str]) -> list[str]:
    """What the key tasks of a run said at their end."""
    return [line.removeprefix("openjd_status: ") for line in lines if "frames are there" in line]


def analyses(lines: list[str]) -> list[str]:
    """What a run said about analysing the shot."""
    return [line for line in lines if line.startswith("openjd_status: ") and "analys" in line]


def already_analysed(folder: Path) -> str:
    """What the first step says where the analysis beside the frames still holds."""
    (prepared,) = folder.glob("*.job.json")
    return f"openjd_status: {prepared} is used; the shot was analysed already"


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """When each file of a folder was written, and what it holds."""
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def test_a_shot_is_keyed_with_a_frame_that_comes_late_and_then_nothing_is_left_to_do(
    fixture_hair: Path, tmp_path: Path, mattebox: Run
) -> None:
    plate = tmp_path / "plate"
    shutil.copytree(fixture_hair / "green_spill_grain", plate)
    shutil.copy(fixture_hair / "plate/fixture_hair_plate.0001.exr", plate / "clean.exr")
    job = write_job(plate / "fixture_hair_green_spill_grain.####.exr", tmp_path, "cpu")
    late = plate / "fixture_hair_green_spill_grain.0007.exr"
    kept = late.rename(tmp_path / "late.exr")
    bundle = tmp_path / "bundle"
    done = mattebox(
        "farm", "openjd", "--job", job, "-o", bundle, "--frames", "4-8", "--chunk", 5,
        "--command", COMMAND, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "5 frames in 2 tasks (4 ... 5-8) on cpu" in done.stdout
    assert "not on disk yet: 7" in done.stderr

    code, lines = run_bundle(bundle)
    assert code == 1
    assert "openjd_fail: missing in the input: frame 7; all others are written" in "\n".join(lines)
    assert any(line.startswith("Process pid") and "code: 66 " in line for line in lines)
    assert sorted(path.name for path in (tmp_path / "keyed").glob("*.exr")) == [
        f"shot.000{frame}.exr" for frame in (4, 5, 6, 8)
    ]

    kept.rename(late)
    code, lines = run_bundle(bundle)
    assert code == 0
    assert analyses(lines) == [already_analysed(tmp_path / "keyed")]
    # Frames 6 and 8 look at their neighbour 7, so they are made anew with it.
    assert [line.rsplit(", ", 1)[0] for line in keyed(lines)] == [
        "1 of 1 frames are there, 1 of them were already current",
        "4 of 4 frames are there, 1 of them were already current",
    ]
    assert "5 of 5 frames are whole and current" in lines

    before = snapshot(tmp_path / "keyed")
    assert len(before) == 5 + 1  # frames, and the prepared job
    code, lines = run_bundle(bundle)
    assert code == 0
    assert analyses(lines) == [already_analysed(tmp_path / "keyed")]
    assert [line.rsplit(", ", 1)[0] for line in keyed(lines)] == [
        "1 of 1 frames are there, 1 of them were already current",
        "4 of 4 frames are there, 4 of them were already current",
    ]
    assert "5 of 5 frames are whole and current" in lines
    assert snapshot(tmp_path / "keyed") == before


def test_paths_of_a_job_follow_the_session_to_a_worker_with_other_shares(
    tmp_path: Path, mattebox: Run
) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    shot = write_shot(there / "plate")
    job = write_job(shot, there, "cpu")
    bundle = tmp_path / "bundle"
    done = mattebox(
        "farm", "openjd", "--job", job, "-o", bundle, "--chunk", "whole", "--command", COMMAND,
        cwd=there,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    there.rename(here)
    rule = {
        "source_path_format": "POSIX",
        "source_path": str(there),
        "destination_path": str(here),
    }
    rules = {"version": "pathmapping-1.0", "path_mapping_rules": [rule]}
    code, lines = run_bundle(bundle, "--path-mapping-rules", json.dumps(rules))
    assert code == 0, "\n".join(lines)
    assert not there.exists()
    assert len(list((here / "keyed").glob("shot.*.exr"))) == 4
    (prepared,) = (here / "keyed").glob("*.job.json")
    assert Job.read(prepared).plate == str(there / "plate/shot.####.exr")


def test_a_worker_without_the_jobs_device_says_so_before_the_first_task(
    tmp_path: Path, mattebox: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    shot = write_shot(tmp_path / "in")
    job = write_job(shot, tmp_path, "cuda")
    done = mattebox("farm", "worker", "--job", job, cwd=tmp_path)
    assert done.returncode == 69
    assert done.stdout.startswith("openjd_fail: the device cuda was asked for")
    write_job(shot, tmp_path, "cpu")
    done = mattebox("farm", "worker", "--job", job, cwd=tmp_path)
    assert (done.returncode, done.stdout.rsplit(" ", 1)[1]) == (0, "cpu\n")


def test_a_farm_needs_to_know_the_device(tmp_path: Path, mattebox: Run) -> None:
    job = write_job(write_shot(tmp_path / "in"), tmp_path, "auto")
    refused = mattebox("farm", "openjd", "--job", job, "-o", tmp_path / "farm", cwd=tmp_path)
    assert refused.returncode == 64
    assert "the job's device is auto" in refused.stderr
    assert not (tmp_path / "farm").exists()
    for dispatcher, more in (
        ("opencue", ("--show", "demo", "--shot", "sh010")),
        ("flamenco", ()),
    ):
        folder = tmp_path / dispatcher
        done = mattebox(
            *("farm", dispatcher, "--job", job, "-o", folder, "--device", "cuda", *more),
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
        assert "4 frames in one task (1001-1004) on cuda" in done.stdout
        assert Job.read(folder / "job.json").device == "cuda"


def test_a_bundle_names_every_input_and_fixes_the_ocio_config(
    tmp_path: Path, mattebox: Run
) -> None:
    configs = Path(__file__).parents[1] / "unit/ocio/configs"
    config = shutil.copy(configs / "nuke_shaped.ocio", tmp_path)
    (tmp_path / "luts").mkdir()
    job = write_job(write_shot(tmp_path / "in"), tmp_path, "cpu")
    farm = ("farm", "openjd", "--job", job, "-o", tmp_path / "bundle", "--frames", "1001-1002")
    assert mattebox(*farm, cwd=tmp_path).returncode == 0
    built_in = Job.read(tmp_path / "bundle/job.json").colour.config
    assert built_in is not None
    assert built_in.startswith("ocio://studio-config")

    done = mattebox(*farm, cwd=tmp_path, env=os.environ | {"OCIO": "nuke_shaped.ocio"})
    assert done.returncode == 0, done.stderr
    bundled = Job.read(tmp_path / "bundle/job.json")
    assert bundled.colour.config == str(config)
    assert bundled.plate == str(tmp_path / "in/shot.####.exr")
    assets = yaml.safe_load((tmp_path / "bundle/asset_references.yaml").read_text())
    inputs = assets["assetReferences"]["inputs"]
    # All of the plate: a chunk looks at neighbours, and the analysis at the whole shot.
    assert inputs["filenames"] == sorted(
        [
            str(config),
            str(tmp_path / "in/clean.exr"),
            *(str(tmp_path / f"in/shot.{frame}.exr") for frame in range(1001, 1005)),
        ]
    )
    assert inputs["directories"] == [str(tmp_path / "luts")]


def test_a_chunk_keys_its_own_frames_and_an_empty_one_is_done(
    tmp_path: Path, mattebox: Run
) -> None:
    job = write_job(write_shot(tmp_path / "in"), tmp_path, "cpu")
    assert mattebox("analyse", "--job", job, cwd=tmp_path).returncode == 0
    key = ("key", "--job", job, "--frames", "1001-1004", "--openjd", "--output", "other/")
    done = mattebox(*key, "--chunk", "1002-1100", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "other").iterdir()) == [
        "shot.1002.exr",
        "shot.1003.exr",
        "shot.1004.exr",
    ]
    said = header(tmp_path / "other/shot.1002.exr")["mattebox/job"]
    assert said == prepared_job_of(job).fingerprint
    assert [line for line in done.stdout.splitlines() if "progress" in line] == [
        "openjd_progress: 33.3",
        "openjd_progress: 66.7",
        "openjd_progress: 100.0",
    ]
    empty = mattebox(*key, "--chunk", "1005-1009", cwd=tmp_path)
    assert empty.returncode == 0
    assert "openjd_status: no frame of 1001-1004 is in 1005-1009" in empty.stdout
    alone = mattebox("key", "--job", job, "--chunk", "1001-1002", cwd=tmp_path)
    assert alone.returncode == 64
    assert "--chunk 1001-1002 chooses among --frames, which are not given" in alone.stderr
