"""Composed scenes: finite, repeatable, within their ranges, and true to their own equation."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

pytest.importorskip("cv2", reason="drawn subjects need OpenCV, which only training installs")

from tests.unit.training.drawn import drawn_kinds, drawn_layers

import training.compose
from mattebox.matte.unmixing.features import Scene
from mattebox.matte.windows import box_max, box_min
from training.camera import Codec
from training.compose import Footage, Truth, compose
from training.first_alpha import faulty
from training.screens import Dice

CPU = torch.device("cpu")
CROP = 48
COUNT = 8  # scenes a batch: half of the layers
MIXED = Footage(rooms=0.25)


def dice_of(seed: int) -> Dice:
    return Dice(torch.Generator(CPU).manual_seed(seed), CPU)


def composed(seed: int) -> tuple[Scene, Truth]:
    return compose(dice_of(seed), drawn_layers(2 * COUNT), drawn_kinds(2 * COUNT), CROP, MIXED)


def within(picture: torch.Tensor, low: float, high: float) -> bool:
    return float(picture.min()) >= low and float(picture.max()) <= high


@pytest.mark.parametrize("seed", range(20))
def test_a_batch_is_finite_and_within_its_ranges(seed: int) -> None:
    scene, truth = composed(seed)
    for part in (scene, truth):
        for field in fields(part):
            assert bool(torch.isfinite(getattr(part, field.name)).all()), field.name
    for picture in (scene.source, scene.background, scene.variance, truth.light):
        assert picture.shape == (COUNT, 3, CROP, CROP)
    for picture in (scene.first, truth.alpha):
        assert picture.shape == (COUNT, 1, CROP, CROP)
        assert within(picture, 0.0, 1.0)
    assert within(scene.doubt, 0.0, 1.0)
    assert float(scene.variance.min()) > 0.0
    assert float(scene.brightness.min()) > 0.0
    assert float(truth.light.min()) >= 0.0
    assert bool((scene.sign.abs() == 1.0).all())
    for flag in (scene.screen, scene.hinted, truth.spilled):
        assert bool(((flag == 0.0) | (flag == 1.0)).all())
    assert torch.equal(scene.screen, truth.spilled)
    assert torch.equal(scene.brightness, truth.unit)
    torch.testing.assert_close(truth.hue.amax(1), torch.ones(COUNT, 1, 1))


def test_the_same_seed_gives_the_same_batch_and_another_another() -> None:
    one, again, other = composed(3), composed(3), composed(4)
    for field in fields(Scene):
        assert torch.equal(getattr(one[0], field.name), getattr(again[0], field.name))
    for field in fields(Truth):
        assert torch.equal(getattr(one[1], field.name), getattr(again[1], field.name))
    assert not torch.equal(one[0].source, other[0].source)


def test_batches_hold_screens_and_rooms_known_subjects_and_unknown_ones() -> None:
    scenes = [composed(seed)[0] for seed in range(12)]
    for name in ("screen", "hinted", "sign"):
        values = torch.cat([getattr(scene, name).flatten() for scene in scenes])
        assert len(set(values.tolist())) == 2


def test_what_is_seen_is_the_subject_over_the_plate_but_for_spill_grain_and_damage() -> None:
    apart = []
    for seed in range(6):
        scene, truth = composed(seed)
        expected = truth.light + (1.0 - truth.alpha) * scene.background
        away = (scene.source - expected).abs() / truth.unit
        apart.append(away.mean((1, 2, 3)))
    # Grain, spill, codecs and plates that do not fit move every scene; none of them by much.
    assert 0.0 < float(torch.cat(apart).median()) < 0.15


def test_video_is_seen_with_its_edges_colour_restored_by_their_luma(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As ``matte.solve`` gives it to the network for video: that changes no luma, in key order."""
    real, seen_by = training.compose._restored, []

    def watched(scene: Scene, codec: Codec) -> Scene:
        after = real(scene, codec)
        seen_by.append((scene.source, after.source, codec))
        return after

    monkeypatch.setattr(training.compose, "_restored", watched)
    video = Footage(subsampled=True)
    scene, truth = compose(dice_of(2), drawn_layers(16), drawn_kinds(16), CROP, video)
    [(before, after, codec)] = seen_by
    assert torch.equal(scene.source, after)
    changed = (before != after).any(1, keepdim=True)
    assert 0.005 < float(changed.float().mean()) < 0.5
    flat = (box_max(truth.alpha, 8) - box_min(truth.alpha, 8)) == 0.0
    assert float(changed[flat].float().mean()) < 0.02
    codes = ((one / codec.white).clamp(0.0, 1.0) ** (1.0 / 2.2) for one in (before, after))
    luma = [(one * codec.luma).sum(1, keepdim=True) for one in codes]
    apart = (luma[0] - luma[1]).abs()
    assert float((apart < 2e-3).float().mean()) > 0.99  # but for what is cut to 0..1


def test_without_subject_the_source_differs_from_its_plate_as_the_variance_says() -> None:
    empty = torch.zeros_like(drawn_layers(2 * COUNT))
    ratios = []
    for seed in range(6):
        scene, truth = compose(dice_of(seed), empty, drawn_kinds(2 * COUNT), CROP, MIXED)
        assert not bool(truth.alpha.any())
        misfit = (scene.source - scene.background) ** 2 / scene.variance
        ratios.append(misfit.mean((1, 2, 3)))
    assert 0.3 < float(torch.cat(ratios).median()) < 3.0


def test_a_faulty_matte_stays_a_matte_of_the_same_subject() -> None:
    alpha = drawn_layers(16)[:, 3:4, :CROP, :CROP].float().clamp(0.0, 1.0)
    given = faulty(dice_of(5), alpha)
    assert within(given, 0.0, 1.0)
    away = (given - alpha).abs().mean((1, 2, 3))
    assert float(away.max()) > 0.005
    assert float(away.median()) < 0.1
