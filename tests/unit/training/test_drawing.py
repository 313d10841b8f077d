"""Drawn subjects: repeatable, within what a patch holds, and of the kinds they are called."""

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("cv2", reason="drawn subjects need OpenCV, which only training installs")

from training.drawing import KINDS, Scene, draw_scene

SIZE = 96
SEEDS = (3, 17, 40)
ADDED_LIGHT = {"lights", "defocus"}  # glows and sparks add light and cover nothing


def parts(scene: Scene) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Light, alpha and the screen's share of a scene, as float32."""
    layers = scene.layers.astype(np.float32)
    return layers[..., :3], layers[..., 3], layers[..., 4:]


def mean_alpha(kind: str) -> float:
    return float(np.mean([parts(draw_scene(seed, SIZE, kind))[1].mean() for seed in SEEDS]))


def test_same_seed_same_bytes() -> None:
    first, again, other = (draw_scene(seed, SIZE) for seed in (5, 5, 6))
    assert first.layers.tobytes() == again.layers.tobytes()
    assert first.kind == again.kind
    assert first.layers.tobytes() != other.layers.tobytes()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_stays_within_a_patch(kind: str, seed: int) -> None:
    scene = draw_scene(seed, SIZE, kind)
    assert KINDS[scene.kind] == kind
    assert scene.layers.dtype == np.float16
    assert scene.layers.shape == (SIZE, SIZE, 7)
    light, alpha, share = parts(scene)
    assert np.isfinite(scene.layers).all()
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    assert light.min() >= 0
    assert light.max() <= 60
    assert share.min() >= 0
    assert (share <= alpha[..., None] + 1e-3).all()
    if kind not in ADDED_LIGHT:
        assert light[alpha == 0].max(initial=0) < 2e-3


@pytest.mark.parametrize("kind", ["solids", "near_screen", "bounced", "black", "torso", "far"])
@pytest.mark.parametrize("seed", SEEDS)
def test_solids_throw_less_than_four_fifths(kind: str, seed: int) -> None:
    _, alpha, share = parts(draw_scene(seed, SIZE, kind))
    assert (share <= 0.8 * alpha[..., None] + 1e-3).all()


@pytest.mark.parametrize("kind", ["smoke", "steam"])
def test_dense_smoke_stands_in_its_own_shade(kind: str) -> None:
    ratios = []
    for seed in range(40):
        light, alpha, share = parts(draw_scene(seed, SIZE, kind))
        thin, dense = (alpha > 0.05) & (alpha < 0.3), alpha > 0.85
        if thin.sum() > 50 and dense.sum() > 50:
            per_alpha = (light + share).sum(-1) / np.maximum(alpha, 1e-3)
            ratios.append(per_alpha[dense].mean() / per_alpha[thin].mean())
    assert len(ratios) >= 5
    assert np.median(ratios) < 0.95


def test_kinds_are_what_they_are_called() -> None:
    assert mean_alpha("empty") == 0
    assert mean_alpha("torso") > 0.8
    assert mean_alpha("far") < 0.2
    light, alpha, share = parts(draw_scene(4, SIZE, "shadow"))
    assert alpha.max() > 0
    assert not light.any()
    assert not share.any()


def test_a_shirt_has_no_holes() -> None:
    for seed in range(20, 32):
        _, alpha, _ = parts(draw_scene(seed, SIZE, "torso"))
        middle = alpha[SIZE // 2 - 8 : SIZE // 2 + 8, SIZE // 2 - 8 : SIZE // 2 + 8]
        assert middle.min() > 0.98


def test_lamps_and_flashes_are_brighter_than_white() -> None:
    brightest = max(parts(draw_scene(seed, SIZE, "lights"))[0].max() for seed in range(6))
    assert brightest > 4


@pytest.mark.slow
def test_kinds_drawn_by_their_share() -> None:
    drawn = [draw_scene(seed, 24).kind for seed in range(250)]
    assert len(set(drawn)) >= 0.8 * len(KINDS)
    assert 0 < drawn.count(KINDS.index("empty")) < 25


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="wallpaper"):
        draw_scene(1, SIZE, "wallpaper")
