"""Drawn shots: what is written is fg + (1 - a) plate + the screen's light + grain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import subjects
from benchmarks.composites import Background
from benchmarks.recipes import RECIPES
from benchmarks.shapes import Canvas, over
from benchmarks.synthetic import write_synthetic
from mattebox.bench.baselines import key_channel
from mattebox.bench.shots import BenchShot, read_shot

SMALL = Canvas(60, 106)


def drawn(name: str, folder: Path, length: int = 1) -> BenchShot:
    return read_shot(write_synthetic(name, folder, length=length, size=SMALL))


@pytest.mark.slow
@pytest.mark.parametrize("name", list(RECIPES))
def test_a_drawn_shot_holds_its_truth(name: str, tmp_path: Path) -> None:
    shot, recipe = drawn(name, tmp_path), RECIPES[name]
    truth, source = shot.truth.read(1), shot.plate.read(1)
    plate = shot.passes["plate_grain"].read(1)
    alpha = truth[..., 3]
    assert source.shape == plate.shape == (60, 106, 3)
    assert 0.0 <= alpha.min() <= alpha.max() <= 1.0
    assert np.mean(alpha > 0.02) > 0.05  # there is a subject
    assert np.mean(alpha < 0.02) > 0.1  # and a screen beside it
    assert truth[..., :3].min() >= 0.0
    key = 2 if recipe.screen is Background.BLUE else 1
    assert key_channel(plate) == key
    light = source - (truth[..., :3] + (1.0 - truth[..., 3:]) * plate)
    # Grain of plate and shot is left beside the subject, deviation below 0.01 each, ...
    assert np.abs(light[alpha == 0.0]).mean() < 0.012
    assert np.abs(light[alpha == 0.0].mean(axis=0)) == pytest.approx(0.0, abs=1.5e-3)
    # ... and within it the screen's light, a share of its mean.
    spilled = light[alpha > 0.02].mean(axis=0) / plate.mean(axis=(0, 1))
    scatters = recipe.subject(SMALL, 1.0)[..., 4].max() > 0.0
    assert -0.02 < spilled[key] < 0.4
    assert (spilled[key] > 0.003) == (scatters or recipe.edge_spill > 0.0)


def test_a_recipe_gives_equal_bytes_and_moves(tmp_path: Path) -> None:
    first, second = (drawn("strands_green", tmp_path / name, 2) for name in "ab")
    for name in ("fg", "grain", "plate_grain"):
        paths = [shot.passes[name].path(2) for shot in (first, second)]
        assert paths[0].read_bytes() == paths[1].read_bytes()
    moved = np.abs(first.truth.read(2)[..., 3] - first.truth.read(1)[..., 3])
    assert moved.max() > 0.5


def test_smoke_throws_back_a_share_of_the_screen_by_its_alpha(tmp_path: Path) -> None:
    shot = drawn("smoke_grey", tmp_path)
    truth, plate = shot.truth.read(1), shot.passes["plate_grain"].read(1)
    light = shot.plate.read(1) - (truth[..., :3] + (1.0 - truth[..., 3:]) * plate)
    alpha = truth[..., 3].ravel()
    slope = float(alpha @ light[..., 1].ravel() / (alpha @ alpha)) / float(plate[..., 1].mean())
    assert slope == pytest.approx(0.35, abs=0.04)


def test_a_fast_disc_is_smeared_by_half_its_way_and_keeps_its_cover(tmp_path: Path) -> None:
    alpha = drawn("disc_fast", tmp_path).truth.read(1)[..., 3]
    radius = 34.0 * SMALL.scale
    assert alpha.sum() == pytest.approx(np.pi * radius**2, rel=0.01)
    columns = np.flatnonzero(alpha[30] > 0.02)
    way = 13.0 * SMALL.scale
    assert np.ptp(columns) + 1 == pytest.approx(2.0 * radius + way, abs=2.0)


def test_a_shadow_is_black_with_its_density_as_alpha(tmp_path: Path) -> None:
    truth = drawn("shadow", tmp_path).truth.read(1)
    shadow = (truth[..., :3].max(axis=2) == 0.0) & (truth[..., 3] > 0.0)
    assert np.count_nonzero(shadow) > 200
    assert truth[shadow, 3].max() == pytest.approx(0.5, abs=1e-3)


def test_highlights_on_glass_are_light_without_alpha(tmp_path: Path) -> None:
    truth = drawn("glass", tmp_path).truth.read(1)
    at = np.unravel_index(truth[..., 0].argmax(), truth.shape[:2])
    assert truth[at][0] > 2.0
    assert truth[at][3] == pytest.approx(0.05, abs=1e-3)


def test_rims_are_high_dynamic_range_and_low_key_is_dark(tmp_path: Path) -> None:
    assert 10.0 < drawn("rim_hdr", tmp_path).truth.read(1)[..., :3].max() < 30.0
    assert drawn("low_key", tmp_path).truth.read(1)[..., :3].max() < 0.02


def test_an_uneven_screen_falls_to_half_from_left_to_right(tmp_path: Path) -> None:
    """Over the same screen without the fall."""
    even = drawn("skin_soft", tmp_path).passes["plate_grain"].read(1)[..., 1].mean(axis=0)
    fall = drawn("uneven", tmp_path).passes["plate_grain"].read(1)[..., 1].mean(axis=0) / even
    assert fall[:5].mean() / fall[-5:].mean() == pytest.approx(2.0, rel=0.1)


def test_a_canvas_of_any_size_shows_the_same() -> None:
    for subject in (subjects.veil, subjects.glass, subjects.person(), subjects.strands((1, 1, 1))):
        small, large = (subject(Canvas(h, h * 16 // 9), 3.0) for h in (90, 180))
        shown = large.reshape(90, 2, 160, 2, 5).mean(axis=(1, 3))
        assert small.mean(axis=(0, 1)) == pytest.approx(shown.mean(axis=(0, 1)), rel=0.04)
        assert np.abs(small[..., 3] - shown[..., 3]).mean() < 0.02


def test_layers_add_up_to_premultiplied_over() -> None:
    front = np.array([[[0.2, 0.1, 0.0, 0.5, 0.1]]])
    behind = np.array([[[0.4, 0.4, 0.4, 1.0, 0.4]]])
    assert over(front, behind)[0, 0] == pytest.approx([0.4, 0.3, 0.2, 1.0, 0.3])
