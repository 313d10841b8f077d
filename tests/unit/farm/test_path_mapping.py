"""Paths of a job on a worker whose shares lie elsewhere, and back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattebox.errors import InputError, UsageError
from mattebox.farm.job_paths import rooted
from mattebox.farm.path_mapping import VARIABLE, PathMapping
from mattebox.job import Analysis, Job, Prepared, PreparedColour, PreparedJob, PreparedWeights


def rules(path: Path, *entries: tuple[str, str, str]) -> Path:
    """A file of rules as a session writes it."""
    names = ("source_path_format", "source_path", "destination_path")
    listed = [dict(zip(names, entry, strict=True)) for entry in entries]
    path.write_text(
        json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": listed}), encoding="utf-8"
    )
    return path


def job_with_paths() -> PreparedJob:
    job = Job.checked(
        {
            "plate": "/shows/demo/plate.####.exr",
            "output": "/shows/demo/keyed",
            "clean_plate": "0.1,0.4,0.1",
            "hint": {"pattern": "/shows/demo/roto.####.exr", "channel": "A"},
            "weights": "rvm_mobilenetv3",
            "colour": {"config": "/tools/aces.ocio"},
            "settings": {"engine": "screen"},
        }
    )
    prepared = Prepared(
        colour=PreparedColour(
            config_identity="c",
            in_space="ACEScg",
            reason="given",
            out_space=None,
            chromaticities=(0.5,) * 8,
            interop_id=None,
        ),
        weights=PreparedWeights(path="/shows/weights/rvm.pth", sha256="0" * 64, network="rvm"),
        unmixing="1" * 64,
        analysis=Analysis(
            frames=(1,), digest="d", exposure=1.0, screen=None, plate="given", statistics=None
        ),
    )
    return PreparedJob.of(job, prepared, device=job.device)


def test_every_path_follows_the_rules_and_names_and_colours_stay(tmp_path: Path) -> None:
    mapping = PathMapping.read(rules(tmp_path / "rules.json", ("POSIX", "/shows", "/mnt/s")))
    job = mapping.here(job_with_paths())
    assert job.plate == "/mnt/s/demo/plate.####.exr"
    assert job.output == "/mnt/s/demo/keyed"
    assert job.hint is not None
    assert job.hint.pattern == "/mnt/s/demo/roto.####.exr"
    assert job.prepared.weights is not None
    assert job.prepared.weights.path == "/mnt/s/weights/rvm.pth"
    assert (job.clean_plate, job.weights) == ("0.1,0.4,0.1", "rvm_mobilenetv3")
    assert job.colour.config == "/tools/aces.ocio"


def test_a_job_that_was_mapped_goes_back_to_what_it_was_and_keeps_its_fingerprint(
    tmp_path: Path,
) -> None:
    mapping = PathMapping.read(
        rules(
            tmp_path / "rules.json",
            ("POSIX", "/shows", "/mnt/s"),
            ("POSIX", "/tools", "/mnt/s/tools"),
        )
    )
    job = job_with_paths()
    assert mapping.there(mapping.here(job)) == job
    assert mapping.here(job).fingerprint == job.fingerprint


def test_the_most_particular_rule_wins_and_half_a_folder_name_does_not_match(
    tmp_path: Path,
) -> None:
    mapping = PathMapping.read(
        rules(
            tmp_path / "rules.json",
            ("POSIX", "/shows", "/mnt/s"),
            ("POSIX", "/shows/demo", "/fast/demo"),
            ("POSIX", "/tool", "/mnt/t"),
        )
    )
    job = mapping.here(job_with_paths())
    assert job.plate == "/fast/demo/plate.####.exr"
    assert job.colour.config == "/tools/aces.ocio"


def test_a_windows_drive_is_found_whatever_its_case_and_slashes(tmp_path: Path) -> None:
    mapping = PathMapping.read(rules(tmp_path / "rules.json", ("WINDOWS", "P:\\Shows", "/mnt/s")))
    job = job_with_paths().model_copy(update={"plate": "p:/shows/demo/plate.####.exr"})
    here = mapping.here(job)
    assert here.plate == "/mnt/s/demo/plate.####.exr"
    assert mapping.there(here).plate == "P:\\Shows\\demo\\plate.####.exr"


def test_a_session_without_rules_leaves_paths_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_with_paths()
    assert PathMapping.of_session().here(job) == job
    (tmp_path / "none.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.json"))
    assert PathMapping.of_session().here(job) == job


@pytest.mark.parametrize("text", ["", "[]", '{"path_mapping_rules": [{"source_path": "/a"}]}'])
def test_a_file_that_holds_no_rules_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"broken\.json holds no path mapping"):
        PathMapping.read(path)


def test_rules_that_are_gone_are_a_missing_input(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the path mapping"):
        PathMapping.read(tmp_path / "gone.json")


def test_a_job_without_relative_paths_keeps_names_and_colours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    job = job_with_paths().asked(plate="../in/plate.####.exr", output="keyed/")
    placed = rooted(
        job.model_copy(update={"colour": job.colour.model_copy(update={"config": "x"})})
    )
    assert placed.plate == str(tmp_path.parent / "in/plate.####.exr")
    assert placed.output == f"{tmp_path}/keyed/"
    assert (placed.clean_plate, placed.weights) == ("0.1,0.4,0.1", "rvm_mobilenetv3")
    assert placed.colour.config == "x"
