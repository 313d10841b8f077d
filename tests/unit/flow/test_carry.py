"""A matte goes with what moves, and says where it may be wrong."""

from __future__ import annotations

import numpy as np

from mattebox.flow.carry import Carried, Walk, blended
from mattebox.flow.dense import FlowFinder, flow_codes

HEIGHT, WIDTH = 96, 160


def alpha(place: float, radius: float = 22.0) -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    return np.asarray(np.clip((radius - np.hypot(x - place, y - 48)) / 3.0, 0, 1), np.float32)


def codes(place: float, seed: int) -> np.ndarray:
    """A disc with a texture of its own before a wall with another, grainy."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    disc = 0.6 + 0.2 * np.sin((x - place) / 2.5) * np.cos(y / 3.0)
    wall = 0.25 + 0.1 * np.sin(x / 4.0 + y / 5.0)
    grain = np.random.default_rng(seed).normal(0.0, 0.01, (HEIGHT, WIDTH))
    seen = alpha(place) * disc + (1.0 - alpha(place)) * wall + grain
    return flow_codes(np.repeat(seen[..., None], 3, axis=2).astype(np.float32))


def test_a_matte_follows_its_subject_farther_than_one_step_could_see() -> None:
    walk = Walk(FlowFinder(WIDTH, HEIGHT), codes(50, 0), alpha(50))
    for step in range(1, 13):
        walk.step(codes(50 + 4 * step, step))
    found, truth = walk.carried(), alpha(98)
    held = np.abs(alpha(50) - truth).mean()
    assert np.abs(found.alpha - truth).mean() < 0.15 * held
    assert found.alpha.min() >= 0.0
    assert found.alpha.max() <= 1.0


def test_error_is_expected_where_flow_disagrees_and_nowhere_inside_or_far_off() -> None:
    finder = FlowFinder(WIDTH, HEIGHT)
    walk = Walk(finder, codes(60, 0), alpha(60))
    walk.step(codes(64, 1))
    agreeing = walk.carried()
    assert agreeing.error[alpha(64, 10.0) == 1.0].max() < 1e-6
    assert agreeing.error[:, 130:].max() == 0.0
    other = Walk(finder, codes(60, 0), alpha(60))
    noise = np.random.default_rng(4).random((HEIGHT, WIDTH, 3), np.float32)
    other.step(flow_codes(noise))
    assert other.carried().error.mean() > 1.5 * agreeing.error.mean()


def test_two_keys_blend_by_distance_and_by_what_they_expect() -> None:
    def flat(value: float, error: float) -> Carried:
        one = np.ones((2, 2), np.float32)
        return Carried(value * one, error * one)

    even = blended(flat(0.0, 0.0), flat(1.0, 0.0), (3, 3))
    assert np.allclose(even.alpha, 0.5)
    assert np.allclose(even.error, 0.5), "two that differ by 1 are wrong by 0.5 halfway"
    assert np.allclose(blended(flat(0.0, 0.0), flat(1.0, 0.0), (1, 3)).alpha, 0.25)
    assert (blended(flat(0.0, 0.3), flat(1.0, 0.0), (3, 3)).alpha > 0.9).all()
    same = blended(flat(0.4, 0.2), flat(0.4, 0.2), (2, 5))
    assert np.allclose(same.alpha, 0.4)
    assert np.allclose(same.error, 0.2)
