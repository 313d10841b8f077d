"""The loss: nothing for a perfect answer, more for each fault, and the expected error learned."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

pytest.importorskip("cv2", reason="drawn subjects need OpenCV, which only training installs")

import training.losses
from mattebox.matte.unmixing.answer import LEAST_LOG_ERROR, Answer
from mattebox.matte.unmixing.features import Scene
from mattebox.matte.unmixing.network import SPILL_RULES
from training.compose import Truth
from training.losses import Losses, losses

SIDE = 32
HUE = (1.0, 0.2, 0.3)
SPILLED = 0.15


def number(value: float) -> torch.Tensor:
    return torch.full((2, 1, 1, 1), value)


def exact(spilled: float = 0.0) -> tuple[Scene, Truth]:
    """Two scenes without grain: a grey ramp over a flat screen, ``spilled`` of its light on it."""
    alpha = torch.linspace(-0.2, 1.2, SIDE).clamp(0.0, 1.0).expand(2, 1, SIDE, SIDE)
    hue = torch.tensor(HUE).view(1, 3, 1, 1)
    plate = (0.5 * hue).expand(2, 3, SIDE, SIDE)
    light = alpha * 0.4 * torch.ones(1, 3, 1, 1)
    scene = Scene(
        source=light + alpha * spilled * hue + (1.0 - alpha) * plate,
        background=plate,
        variance=torch.full_like(plate, 1e-6),
        first=alpha,
        doubt=number(0.0),
        brightness=number(0.5),
        sign=number(1.0),
        screen=number(1.0),
        hinted=number(0.0),
    )
    truth = Truth(alpha, light, hue.expand(2, -1, -1, -1), number(1.0), number(0.5))
    return scene, truth


def perfect(truth: Truth, rule: int = 0, log_error: float = math.log(0.002)) -> Answer:
    shares = torch.zeros(2, SPILL_RULES, SIDE, SIDE)
    shares[:, rule] = 1.0
    return Answer(truth.alpha.clone(), torch.full_like(truth.alpha, log_error), shares)


def lost(scene: Scene, truth: Truth, said: Answer, coarse: torch.Tensor | None = None) -> Losses:
    """``coarse``: perfect, where none is given."""
    if coarse is None:
        coarse = F.avg_pool2d(truth.alpha, 4)
    return losses(scene, truth, said, coarse, torch.tensor([0.2, 0.9, 0.5]).view(1, 3, 1, 1))


def test_a_perfect_answer_has_no_error() -> None:
    scene, truth = exact()
    found = lost(scene, truth, perfect(truth))
    assert float(found.alpha.max()) == 0.0
    assert float(found.comp.max()) < 1e-6
    # What is left is the likelihood of the least error that can be said.
    assert float(found.total) == pytest.approx(0.02 * (1.0 + math.log(0.002)), abs=1e-5)


def test_a_coarse_alpha_that_is_off_everywhere_costs_more_than_one_that_is_noisy() -> None:
    scene, truth = exact()
    coarse = F.avg_pool2d(truth.alpha, 4)
    noise = torch.tensor([0.05, -0.05]).repeat(SIDE // 8)
    perfectly = perfect(truth)
    right, noisy, off = (
        float(lost(scene, truth, perfectly, coarse + error).total)
        for error in (torch.zeros(1), noise, torch.full((1,), 0.05))
    )
    assert right < noisy < off
    assert off - right == pytest.approx(2.0 * (noisy - right), rel=1e-3)


def test_every_further_step_of_alpha_from_the_truth_costs_more() -> None:
    scene, truth = exact()
    totals = []
    for step in (0.0, 0.01, 0.05, 0.2):
        said = perfect(truth)
        said = replace(said, alpha=said.alpha + step * (0.5 - said.alpha))
        found = lost(scene, truth, said)
        assert float(found.alpha.mean()) == pytest.approx(
            step * float((0.5 - truth.alpha).abs().mean()), abs=1e-6
        )
        totals.append(float(found.total))
    assert totals == sorted(totals)
    assert len(set(totals)) == 4


def test_alpha_outside_its_range_costs_a_little_and_shows_nowhere() -> None:
    scene, truth = exact()
    said = perfect(truth)
    beyond = replace(said, alpha=torch.where(truth.alpha >= 1.0, 1.5, said.alpha))
    found = lost(scene, truth, beyond)
    assert float(found.alpha.max()) == 0.0
    assert float(found.total) > float(lost(scene, truth, said).total)


def test_pixels_that_are_wholly_subject_count_more_than_those_at_its_edge(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene, truth = exact()
    hole = torch.where(truth.alpha >= 1.0, 0.8, truth.alpha)
    soft = torch.where((truth.alpha > 0.3) & (truth.alpha < 0.7), 0.2, truth.alpha)
    said = [replace(perfect(truth), alpha=alpha) for alpha in (hole, soft)]
    with_weight = [float(lost(scene, truth, one).total) for one in said]
    extra = training.losses.SURE_WEIGHT * float((hole - truth.alpha).abs().mean())
    monkeypatch.setattr(training.losses, "SURE_WEIGHT", 0.0)
    without = [float(lost(scene, truth, one).total) for one in said]
    assert with_weight[0] - without[0] == pytest.approx(extra, rel=1e-3)
    assert extra > 0.0
    assert with_weight[1] == without[1]


def test_spill_that_is_left_or_taken_too_much_costs() -> None:
    scene, truth = exact(SPILLED)
    right, left = (lost(scene, truth, perfect(truth, rule)) for rule in (2, 0))
    assert float(right.comp.max()) < 1e-6
    assert float(left.comp.min()) > 0.01
    assert float(left.total) > float(right.total)


def test_where_no_screen_can_spill_the_rules_do_not_count() -> None:
    scene, truth = exact()
    room = replace(truth, spilled=number(0.0))
    totals = {float(lost(scene, room, perfect(room, rule)).total) for rule in range(SPILL_RULES)}
    assert len(totals) == 1


def test_the_expected_error_is_learned_from_the_error() -> None:
    scene, truth = exact()
    said = replace(perfect(truth), alpha=(truth.alpha + 0.1).clamp(0.0, 1.0))
    errors = (said.alpha - truth.alpha).abs() + 0.002
    totals = [
        float(lost(scene, truth, replace(said, log_error=one)).total)
        for one in (
            errors.log(),
            torch.full_like(errors, LEAST_LOG_ERROR),
            torch.zeros_like(errors),
        )
    ]
    assert totals[0] == min(totals)
    assert totals[1] > totals[0] + 0.1
    assert totals[2] > totals[0]


def test_the_loss_pulls_alpha_towards_the_truth() -> None:
    scene, truth = exact()
    alpha = (0.8 * truth.alpha + 0.1).requires_grad_()
    lost(scene, truth, replace(perfect(truth), alpha=alpha)).total.backward()  # type: ignore[no-untyped-call]
    assert alpha.grad is not None
    below = truth.alpha >= 1.0
    above = truth.alpha <= 0.0
    assert float(alpha.grad[below].mean()) < 0.0
    assert float(alpha.grad[above].mean()) > 0.0
