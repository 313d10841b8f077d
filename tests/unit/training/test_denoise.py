"""Rendered pictures without their noise: what is taken out, and what stays exact."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pyoidn", reason="Open Image Denoise is installed for work on training alone")

from training.denoise import without_noise

SIDE = 96
COLOUR = np.array((0.4, 0.25, 0.15), np.float32)
SAMPLES = 16


def soft_bar() -> np.ndarray:
    """[SIDE,SIDE,1]: 0, then a slope of half the width, then 1."""
    line = (np.arange(SIDE, dtype=np.float32) - SIDE / 4) / (SIDE / 2)
    return np.broadcast_to(line.clip(0.0, 1.0)[None, :, None], (SIDE, SIDE, 1)).copy()


def sampled(alpha: np.ndarray, colour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Alpha and light of a few samples that hit something or nothing, lit as chance has it."""
    rng = np.random.default_rng(1)
    hits = rng.random((SAMPLES, *alpha.shape), np.float32) < alpha
    bright = rng.exponential(1.0, hits.shape).astype(np.float32)
    return hits.mean(0, dtype=np.float32), (hits * bright).mean(0, dtype=np.float32) * colour


def test_noise_goes_and_the_light_stays_what_it_was_in_the_mean() -> None:
    true = soft_bar()
    noisy, light = sampled(true, COLOUR)
    alpha, lamps, screen = without_noise(noisy, light, np.asarray(0.1 * light, np.float32))
    assert alpha.shape == (SIDE, SIDE, 1)
    assert lamps.shape == screen.shape == (SIDE, SIDE, 3)
    assert np.abs(alpha - true).mean() < 0.25 * np.abs(noisy - true).mean()
    there = true[..., 0] > 0.1
    straight = lamps[there] / alpha[there]
    assert np.abs(straight - COLOUR).mean() < 0.1 * COLOUR.mean()
    assert np.abs(10.0 * screen[there] - lamps[there]).mean() < 0.1 * COLOUR.mean()


def test_what_is_empty_or_opaque_for_certain_stays_so() -> None:
    alpha, lamps = without_noise(*sampled(soft_bar(), COLOUR))
    assert (alpha[:, : SIDE // 4 - 2] == 0.0).all()
    assert (lamps[:, : SIDE // 4 - 2] == 0.0).all()
    assert (alpha[:, 3 * SIDE // 4 + 2 :] == 1.0).all()
    assert alpha.min() >= 0.0
    assert alpha.max() <= 1.0


def test_highlights_far_brighter_than_white_are_kept() -> None:
    true, colour = soft_bar(), 30.0 * COLOUR
    _, lamps = without_noise(*sampled(true, colour))
    opaque = true[..., 0] == 1.0
    assert lamps[opaque].mean() == pytest.approx(colour.mean(), rel=0.1)
