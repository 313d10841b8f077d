"""A shot of which nothing is said: its screen is keyed, or a network with its weights is taken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.pictures import HEIGHT, WIDTH, write_exr, write_shot

from mattebox.errors import UsageError
from mattebox.events import CollectingReporter
from mattebox.job import Job
from mattebox.pipeline.engine_choice import with_engine
from mattebox.settings import EngineName
from mattebox.values import ScreenName

AUTO = {"engine": "screen", "screen": "auto"}
"""As the command line begins where nothing is said."""


def test_a_screen_in_the_picture_is_keyed(tmp_path: Path) -> None:
    plate = write_shot(tmp_path / "in", range(1001, 1003))
    job = Job.checked(
        {"plate": str(plate), "output": str(tmp_path / "keyed"), "device": "cpu", "settings": AUTO}
    )
    chosen = with_engine(job, CollectingReporter())
    assert chosen.settings.engine is EngineName.SCREEN
    assert chosen.settings.screen is ScreenName.AUTO


def test_without_screen_and_weights_both_ways_on_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MATTEBOX_WEIGHTS", str(tmp_path / "none"))
    grey = np.full((HEIGHT, WIDTH, 3), 0.3, np.float32)
    plate = write_exr(tmp_path / "shot.1001.exr", grey)
    job = Job.checked(
        {"plate": str(plate), "output": str(tmp_path / "keyed"), "device": "cpu", "settings": AUTO}
    )
    with pytest.raises(UsageError, match="no screen was found in the shot") as fault:
        with_engine(job, CollectingReporter())
    assert "weights fetch rvm_mobilenetv3" in str(fault.value)
