"""A run opens shot, device, colour and engine, and makes its background, once for all phases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.pictures import write_shot

from mattebox.events import CollectingReporter
from mattebox.job import Job, PreparedJob
from mattebox.pipeline import setup as opening
from mattebox.pipeline.backgrounds import Background, Backgrounds
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.prepared_reuse import reused_job
from mattebox.pipeline.run import run
from mattebox.pipeline.setup import ShotSetup
from mattebox.shot import Shot


def test_everything_is_opened_once_for_preparing_and_keying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: Counter[str] = Counter()

    def counted(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            opened[name] += 1
            return original(*args, **named)

        return call

    for name in ("choose_device", "open_colour", "make_engine", "own_background"):
        monkeypatch.setattr(opening, name, counted(name, getattr(opening, name)))
    monkeypatch.setattr(Shot, "open", counted("shot", Shot.open))
    plate = write_shot(tmp_path, range(1001, 1003))
    settings = {"engine": "screen", "screen": "auto"}
    job = Job.checked(
        {"plate": str(plate), "output": f"{tmp_path}/out/", "device": "cpu", "settings": settings}
    )
    reporter, setup = CollectingReporter(), ShotSetup(job)
    prepared = prepare(job, reporter, setup=setup)
    assert reused_job(prepared, setup) == prepared
    assert run(prepared, reporter, setup=setup, preview=tmp_path / "s.png").written == (1001, 1002)
    names = ("choose_device", "open_colour", "make_engine", "own_background", "shot")
    assert opened == dict.fromkeys(names, 1)


def test_a_still_clean_plate_is_fitted_once_for_all_frames_and_knobs_that_come_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved: list[object] = []
    fit = Backgrounds._moved

    def counted(self: Backgrounds, *args: Any) -> Background:
        moved.append(args)
        return fit(self, *args)

    plate = write_shot(tmp_path, range(1001, 1004))
    given = {"plate": str(plate), "clean_plate": str(tmp_path / "clean.exr"), "device": "cpu"}
    job = Job.checked(given | {"output": f"{tmp_path}/out/", "settings": {"engine": "screen"}})
    reporter, setup = CollectingReporter(), ShotSetup(job)
    prepared = prepare(job, reporter, setup=setup)
    monkeypatch.setattr(Backgrounds, "_moved", counted)
    run(prepared, reporter, setup=setup)
    settings = job.settings.model_copy(update={"gamma": 1.2})
    turned = job.model_copy(update={"settings": settings, "output": f"{tmp_path}/turned/"})
    again = PreparedJob.of(turned, prepared.prepared, device=prepared.device)
    run(again, reporter, setup=setup.again(turned))
    assert len(moved) == 1
