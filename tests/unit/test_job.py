"""The job file: all faults at once, a round trip, and a fingerprint over what decides pixels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mattebox.errors import InputError, JobError, WriteError
from mattebox.job import Analysis, Job, Prepared, PreparedColour, PreparedJob, PreparedWeights
from mattebox.matte.statistics import NoiseModel, ShotStatistics
from mattebox.screen_key import ScreenKey
from mattebox.settings import KeySettings
from mattebox.values import SrgbColour


def prepared_job(**changes: object) -> PreparedJob:
    job = Job.checked(
        {"plate": "a.####.exr", "output": "out", "settings": {"engine": "screen", "screen": "auto"}}
    )
    prepared = Prepared(
        colour=PreparedColour(
            config_identity="c",
            in_space="ACEScg",
            reason="given",
            out_space="ACEScg",
            chromaticities=(0.7,) * 8,
            interop_id="lin_ap1_scene",
        ),
        weights=PreparedWeights(path="/a/rvm.pth", sha256="0" * 64, network="rvm_mobilenetv3"),
        unmixing="1" * 64,
        analysis=Analysis(
            frames=(1, 2),
            digest="d",
            exposure=1.0,
            screen=(0.1, 0.4, 0.1),
            plate="estimated",
            statistics=None,
        ),
    )
    return PreparedJob.of(job, prepared, device="cpu").model_copy(update=changes)


def test_all_faults_of_a_job_are_listed_at_once() -> None:
    with pytest.raises(JobError) as caught:
        Job.checked(
            {
                "plate": "a.exr",
                "output": "o",
                "threads": 0,
                "device": "gpu",
                "settings": {"gamma": -1, "engine": "magic"},
            }
        )
    text = str(caught.value)
    for part in ("threads", "'gpu'", "gamma", "'magic'"):
        assert part in text
    assert len(caught.value.faults) == 4
    assert caught.value.exit_code == 64


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("screen", "--clean-plate"),
        ("bgmv2", "--clean-plate"),
        ("hint", "--hint"),
        ("triangulate", "--plate2"),
    ],
)
def test_an_engine_without_its_inputs_says_what_to_give(engine: str, words: str) -> None:
    with pytest.raises(JobError, match=words):
        Job.checked({"plate": "a.exr", "output": "o", "settings": {"engine": engine}})


def test_a_written_job_reads_back_equal(tmp_path: Path) -> None:
    job = prepared_job()
    job.write(tmp_path / "shot.json")
    assert Job.read(tmp_path / "shot.json") == job
    assert [path.name for path in tmp_path.iterdir()] == ["shot.json"]


def test_an_unknown_entry_is_a_fault_and_not_ignored(tmp_path: Path) -> None:
    values = json.loads(prepared_job().model_dump_json()) | {"colour_space": "ACEScg"}
    (tmp_path / "job.json").write_text(json.dumps(values))
    with pytest.raises(JobError, match="colour_space: unknown entry"):
        Job.read(tmp_path / "job.json")


def test_a_job_of_the_first_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    values = json.loads(prepared_job().model_dump_json()) | {"schema_version": 1}
    del values["prepared"]["unmixing"]
    (tmp_path / "job.json").write_text(json.dumps(values))
    with pytest.raises(JobError) as caught:
        Job.read(tmp_path / "job.json")
    assert len(caught.value.faults) == 1
    assert "schema_version: 1 is of an older Mattebox with another solver" in str(caught.value)
    assert "--write-job" in str(caught.value)
    assert caught.value.exit_code == 64


def test_a_job_is_written_in_the_second_schema(tmp_path: Path) -> None:
    prepared_job().write(tmp_path / "shot.json")
    assert json.loads((tmp_path / "shot.json").read_text())["schema_version"] == 2


def test_a_job_that_is_no_json_says_where_it_breaks(tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text('{"plate": ')
    with pytest.raises(JobError, match=r"not JSON.*line 1"):
        Job.read(tmp_path / "job.json")


def test_an_absent_job_file_is_66_and_an_unwritable_one_74(tmp_path: Path) -> None:
    with pytest.raises(InputError) as missing:
        Job.read(tmp_path / "none.json")
    assert missing.value.exit_code == 66
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError) as unwritable:
        prepared_job().write(tmp_path / "file" / "job.json")
    assert unwritable.value.exit_code == 74


def test_places_do_not_change_the_fingerprint_and_settings_do() -> None:
    job = prepared_job()
    moved = prepared_job(plate="/elsewhere/a.####.exr", output="other")
    assert moved.fingerprint == job.fingerprint
    weights = job.prepared.weights.model_copy(update={"path": "/b/rvm.pth"})  # type: ignore[union-attr]
    elsewhere = job.prepared.model_copy(update={"weights": weights})
    assert prepared_job(prepared=elsewhere).fingerprint == job.fingerprint
    licensed = weights.model_copy(update={"licence": "MIT"})
    known = job.prepared.model_copy(update={"weights": licensed})
    assert prepared_job(prepared=known).fingerprint == job.fingerprint
    unmixed = job.prepared.model_copy(update={"unmixing": "2" * 64})
    changed = [
        prepared_job(prepared=unmixed),
        prepared_job(settings=job.settings.model_copy(update={"gamma": 1.1})),
        prepared_job(threads=7),
        prepared_job(device="cuda:0"),
        prepared_job(part="left"),
    ]
    assert len({other.fingerprint for other in changed} | {job.fingerprint}) == 6


def test_what_is_known_of_a_shot_reads_back_equal(tmp_path: Path) -> None:
    job = prepared_job()
    known = ShotStatistics(
        noise=NoiseModel((1e-4, 2e-4, 3e-4), (1e-6, 2e-6, 3e-6)),
        plate_noise=0.5,
        key=ScreenKey(2, -1),
        screen=True,
        sure_inside=False,
        brightness=0.4,
    )
    analysis = job.prepared.analysis.model_copy(update={"statistics": known})
    held = prepared_job(prepared=job.prepared.model_copy(update={"analysis": analysis}))
    held.write(tmp_path / "shot.json")
    assert Job.read(tmp_path / "shot.json") == held
    assert held.fingerprint != job.fingerprint


def test_settings_hold_values_and_the_same_value_in_other_words_is_the_same_job(
    tmp_path: Path,
) -> None:
    said = {
        "screen": "0.10,0.4,.1",
        "exposure": "1.50",
        "ratio": "0.250",
        "preroll": "12",
        "spill_bias": "1.0,0.9,.8",
    }
    job = prepared_job(settings=KeySettings.model_validate(said))
    settings = job.settings
    assert (settings.exposure, settings.ratio, settings.preroll) == (1.5, 0.25, 12)
    assert (settings.screen, settings.spill_bias) == ((0.1, 0.4, 0.1), (1.0, 0.9, 0.8))
    plain = {"screen": "0.1,0.4,0.1", "exposure": "1.5", "ratio": "0.25", "spill_bias": "1,0.9,0.8"}
    other = prepared_job(settings=KeySettings.model_validate(said | plain))
    assert (other, other.fingerprint) == (job, job.fingerprint)
    job.write(tmp_path / "job.json")
    again = Job.read(tmp_path / "job.json")
    assert isinstance(again, PreparedJob)
    assert (again, again.fingerprint) == (job, job.fingerprint)
    assert again.model_dump_json(indent=2) + "\n" == (tmp_path / "job.json").read_text()


def test_a_value_from_python_is_written_in_its_plainest_words() -> None:
    settings = KeySettings(screen=(0.1, 0.4, 1.0), exposure=None, ratio=0.5, preroll=None)
    assert KeySettings(screen=SrgbColour(255, 170, 0)).model_dump()["screen"] == "#ffaa00"
    assert settings == KeySettings.model_validate({"screen": "0.1,0.4,1", "ratio": "0.5"})
    written = settings.model_dump(include={"screen", "exposure", "ratio", "preroll", "spill_bias"})
    assert list(written.values()) == ["0.1,0.4,1", "auto", "0.5", "whole", "1,1,1"]
    later = KeySettings.model_validate({"exposure": "1.50"}).model_copy(update={"exposure": 2.0})
    assert later.model_dump()["exposure"] == "2"


def test_a_prepared_job_reads_back_as_one_and_what_was_asked_as_a_job(tmp_path: Path) -> None:
    job = prepared_job()
    asked = job.asked(output="elsewhere")
    assert (type(asked), asked.output, asked.prepared) == (Job, "elsewhere", None)
    for held in (job, asked):
        held.write(tmp_path / "job.json")
        assert type(Job.read(tmp_path / "job.json")) is type(held)


def test_what_a_job_states_is_what_is_no_default_and_no_path() -> None:
    plain = {"plate": "/a/b.####.exr", "output": "/o", "settings": {"screen": "auto"}}
    assert Job.checked(plain).stated == {"screen": "auto", "given": ["plate"]}
    more = {
        "hint": {"pattern": "/a/h.####.exr", "channel": "R"},
        "offset": {"hint": -1000},
        "threads": 4,
        "settings": {"engine": "hint", "gamma": 1.2, "passes": ["fg"]},
    }
    assert Job.checked(plain | more).stated == {
        "engine": "hint", "gamma": 1.2, "passes": ["fg"], "offset": {"hint": -1000},
        "given": ["plate", "hint"],
    }  # fmt: skip
