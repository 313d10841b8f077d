"""Engines that compute no matte of their own: somebody's hint, and two known backgrounds."""

from __future__ import annotations

import pytest
import torch

from mattebox.engines.base import EngineInput
from mattebox.engines.hint import HintEngine
from mattebox.engines.triangulate import TriangulateEngine
from mattebox.errors import UsageError

BLACK, WHITE = torch.zeros(1, 3, 1, 4), torch.ones(1, 3, 1, 4)
ALPHA = torch.tensor([[[[0.0, 0.25, 0.5, 1.0]]]])
SUBJECT = 0.5 * ALPHA.expand(1, 3, 1, 4)  # premultiplied


def test_a_hint_is_handed_on_within_0_and_1() -> None:
    matte = torch.tensor([[[[-0.5, 0.25, 1.0, 1.5]]]])
    answer, state = HintEngine().predict(EngineInput(WHITE, hint=matte), None)
    assert answer.alpha.tolist() == [[[[0.0, 0.25, 1.0, 1.0]]]]
    assert answer.sure_inside
    assert state is None
    with pytest.raises(UsageError, match="no matte to start from"):
        HintEngine().predict(EngineInput(WHITE), None)


def test_two_backgrounds_tell_alpha_exactly() -> None:
    on_black, on_white = SUBJECT, SUBJECT + (1.0 - ALPHA) * WHITE
    frame = EngineInput(
        on_black, background_linear=BLACK, second_linear=on_white, second_background_linear=WHITE
    )
    answer, _ = TriangulateEngine().predict(frame, None)
    assert torch.equal(answer.alpha, ALPHA)
    assert answer.exact


def test_backgrounds_that_do_not_differ_tell_nothing_and_one_alone_is_refused() -> None:
    alike = EngineInput(
        SUBJECT,
        background_linear=BLACK,
        second_linear=SUBJECT,
        second_background_linear=BLACK + 0.001,
    )
    answer, _ = TriangulateEngine().predict(alike, None)
    assert torch.equal(answer.alpha, torch.ones(1, 1, 1, 4))
    with pytest.raises(UsageError, match="two known backgrounds"):
        TriangulateEngine().predict(EngineInput(SUBJECT, background_linear=BLACK), None)
