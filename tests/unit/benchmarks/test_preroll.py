"""The preroll bench: a clip that never repeats, and an engine whose memory is known exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from benchmarks.preroll import Agreement, least_preroll, measure_prerolls, moving_clip
from mattebox.engines.base import EngineInfo, EngineInput, Prediction

HALF_LIFE = 0.5


class LeakyEngine:
    """Remembers half of what it knew: its memory of the start falls as 0.5 ^ frames."""

    info = EngineInfo(
        name="leaky",
        summary="for this test",
        recurrent=True,
        needs_background=False,
        wants_encoded=True,
    )

    def predict(
        self, frame: EngineInput, state: torch.Tensor | None
    ) -> tuple[Prediction, torch.Tensor | None]:
        kept = torch.zeros_like(frame.linear[:, :1]) if state is None else state
        after = HALF_LIFE * kept + (1.0 - HALF_LIFE) * torch.ones_like(kept)
        return Prediction(after), after


def test_what_a_cold_start_misses_halves_with_every_frame_of_preroll() -> None:
    clip = [torch.zeros(1, 3, 4, 6)] * 20
    rows = list(measure_prerolls(LeakyEngine(), clip, (0, 1, 4), first=8, chunk=6))
    for row in rows:
        # the chunk's first frame has seen preroll + 1 frames, the whole clip at least 9
        assert row.mean == pytest.approx(HALF_LIFE ** (row.preroll + 1), rel=0.01)
        assert row.maximum == pytest.approx(row.mean)
        assert row.worst_place == 0


def test_the_least_preroll_is_the_first_from_which_all_agree() -> None:
    def row(preroll: int, mean: float) -> Agreement:
        return Agreement(preroll, mean, mean, mean, 0)

    good, bad = 0.0004, 0.0006
    assert least_preroll([row(4, bad), row(8, good), row(12, good)]) == 8
    assert least_preroll([row(4, good), row(8, bad), row(12, good)]) == 12
    assert least_preroll([row(4, bad)]) is None


def test_the_clip_is_seeded_moves_all_the_time_and_stays_in_range() -> None:
    picture = np.linspace(0.0, 1.0, 24 * 32 * 3, dtype=np.float32).reshape(24, 32, 3)
    clip, again = (torch.cat(list(moving_clip([picture, picture[::-1]], 12))) for _ in range(2))
    assert torch.equal(clip, again)
    assert clip.shape == (12, 3, 24, 32)
    assert float(clip.min()) >= 0.0
    assert float(clip.max()) <= 1.0
    assert all(float((clip[i] - clip[i + 1]).abs().mean()) > 1e-4 for i in range(11))
