"""What was found out about a shot serves again while the files it came from are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.pictures import plate_pixels, write_exr, write_shot

from mattebox.errors import JobError
from mattebox.events import CollectingReporter
from mattebox.job import Job, PreparedJob
from mattebox.matte.unmixing.weights_file import weights_sha256
from mattebox.pipeline import prepare as preparing
from mattebox.pipeline import prepared_reuse
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.prepared_reuse import reused_job
from mattebox.pipeline.setup import ShotSetup


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_shot(tmp_path_factory.mktemp("shot"), range(1001, 1004))


@pytest.fixture(scope="module")
def asked(shot: Path) -> Job:
    return Job.checked(
        {
            "plate": str(shot),
            "output": str(shot.parent / "keyed"),
            "clean_plate": str(shot.parent / "clean.exr"),
            "device": "cpu",
            "settings": {"engine": "screen"},
        }
    )


@pytest.fixture(scope="module")
def earlier(asked: Job) -> PreparedJob:
    return prepare(asked, CollectingReporter())


def still_holds(earlier: Job, asked: Job) -> bool:
    return reused_job(earlier, ShotSetup(asked)) is not None


def test_it_holds_for_the_same_job_wherever_its_frames_go(asked: Job, earlier: PreparedJob) -> None:
    assert still_holds(earlier, asked)
    elsewhere = asked.model_copy(update={"output": "/elsewhere"})
    held = reused_job(earlier, ShotSetup(elsewhere))
    assert held is not None
    assert (held.output, held.fingerprint) == ("/elsewhere", earlier.fingerprint)


def test_it_does_not_hold_for_another_job(asked: Job, earlier: PreparedJob) -> None:
    sharper = asked.settings.model_copy(update={"gamma": 1.5})
    assert not still_holds(earlier, asked.model_copy(update={"settings": sharper}))
    assert not still_holds(earlier, asked.model_copy(update={"threads": 2}))
    assert not still_holds(asked, asked)


def test_it_does_not_hold_under_another_ocio_config(
    asked: Job, earlier: PreparedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCIO", "ocio://cg-config-v2.2.0_aces-v1.3_ocio-v2.4")
    assert not still_holds(earlier, asked)


def test_it_does_not_hold_for_other_weights_of_the_unmixing_network(
    asked: Job, earlier: PreparedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared_reuse, "weights_sha256", lambda: "0" * 64)
    assert not still_holds(earlier, asked)


def test_a_job_prepared_for_other_weights_is_refused_with_both_digests(
    earlier: PreparedJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prepare(earlier, CollectingReporter()) == earlier
    assert earlier.prepared.unmixing == weights_sha256()
    monkeypatch.setattr(preparing, "weights_sha256", lambda: "0123456789abcdef" * 4)
    with pytest.raises(JobError) as refused:
        prepare(earlier, CollectingReporter())
    assert refused.value.exit_code == 64
    assert "0123456789ab" in str(refused.value)
    assert earlier.prepared.unmixing[:12] in str(refused.value)
    assert "make the job again" in str(refused.value)


def test_it_serves_frames_that_come_later_and_none_that_have_changed(
    shot: Path, asked: Job, earlier: PreparedJob
) -> None:
    later = write_exr(
        shot.parent / "shot.1004.exr", plate_pixels(4), colorInteropID="lin_rec709_scene"
    )
    assert still_holds(earlier, asked)
    later.unlink()
    changed = shot.parent / "shot.1002.exr"
    before = changed.read_bytes()
    write_exr(changed, plate_pixels(9), colorInteropID="lin_rec709_scene")
    assert not still_holds(earlier, asked)
    changed.unlink()
    assert not still_holds(earlier, asked)
    changed.write_bytes(before)
    assert still_holds(earlier, asked)
