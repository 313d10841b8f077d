"""What is kept of a shot between keys of single frames, and what decides whether it holds."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mattebox.job import Job
from mattebox.pipeline.warm import analysed, held_bytes
from mattebox.settings import FINISHING, KeySettings, PixelType, SpillRule

JOB = Job.checked(
    {"plate": "a.####.exr", "output": "o/", "settings": {"engine": "screen", "screen": "green"}}
)


def with_settings(**changes: object) -> Job:
    return JOB.model_copy(update={"settings": JOB.settings.model_copy(update=changes)})


@pytest.mark.parametrize(
    "changed",
    [
        {"gamma": 2.0},
        {"spill_rule": SpillRule.HUE},
        {"passes": ()},
        {"pixel_type": PixelType.FLOAT},
        {"preroll": 3},
    ],
)
def test_an_analysis_holds_under_knobs_that_come_later(changed: dict[str, object]) -> None:
    assert analysed(with_settings(**changed)) == analysed(JOB)
    assert analysed(JOB.model_copy(update={"output": "elsewhere/"})) == analysed(JOB)


@pytest.mark.parametrize("name", sorted(set(KeySettings.model_fields) - {*FINISHING, "preroll"}))
def test_an_analysis_is_another_under_every_other_knob(name: str) -> None:
    assert analysed(with_settings(**{name: "something else"})) != analysed(JOB)


def test_memory_is_counted_once_for_each_buffer() -> None:
    tensor, array = torch.zeros(4, 4), np.zeros((2, 2), np.float32)
    assert held_bytes([tensor, tensor[:1], (array, array.T)]) == 64 + 16
