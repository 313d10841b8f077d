"""A clean plate's grain goes, its folds and edges stay, and one without grain stays as it is."""

from __future__ import annotations

import math

import pytest
import torch

from mattebox.matte.degrain import LEAST_GRAIN, degrained, degrained_plate, plate_grain
from mattebox.matte.statistics import NoiseModel

GRAIN = NoiseModel((1e-4, 1e-4, 2e-4), (2e-6, 2e-6, 4e-6))
SIDE = 200


def folded() -> torch.Tensor:
    """[1,3,H,W] a green screen with soft folds, a seam and a marker."""
    x = torch.linspace(0.0, 1.0, SIDE)
    light = 1.0 + 0.1 * torch.sin(25.0 * x)
    light[120:] *= 0.85
    plate = torch.tensor((0.08, 0.43, 0.11)).view(1, 3, 1, 1) * light.expand(1, 1, SIDE, SIDE)
    plate[..., 30:40, 30:40] = 0.6
    return plate


def shot_with(plate: torch.Tensor, share: float) -> torch.Tensor:
    """The plate with so much of the shot's variance as grain of its own."""
    noise = torch.randn(plate.shape, generator=torch.Generator().manual_seed(4))
    return plate + (share * GRAIN.variance(plate)).sqrt() * noise


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_the_grain_of_a_plate_is_told_from_its_detail(share: float) -> None:
    plate = folded()
    found = plate_grain(shot_with(plate, share), GRAIN, share)
    assert found is not None
    level = plate.mean(dim=(0, 2, 3), keepdim=True)
    shares = found.variance(level) / GRAIN.variance(level)
    torch.testing.assert_close(shares, torch.full_like(shares, share), rtol=0.25, atol=0.0)


def test_a_plate_that_differs_from_the_shot_by_no_more_than_its_grain_has_none() -> None:
    assert plate_grain(shot_with(folded(), 1.0), GRAIN, 0.9 * LEAST_GRAIN) is None
    assert plate_grain(folded(), GRAIN, 3.0) is None  # it differs, but not by grain


def test_a_plate_is_no_grainier_than_the_shot() -> None:
    """A picture full of texture, out of place: its detail is not taken for grain."""
    texture = 0.3 + 0.1 * torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    found = plate_grain(texture.clamp_min(0.0), GRAIN, 8.0)
    assert found == GRAIN
    kept = degrained_plate(texture, found)
    assert float((kept - texture).abs().mean()) < 0.02 * 0.1


def test_grain_goes_and_folds_seams_and_markers_stay() -> None:
    plate = folded()
    grainy = shot_with(plate, 1.0)
    found = degrained_plate(grainy, GRAIN)
    before, after = (one - plate for one in (grainy, found))
    left = (..., slice(60, None), slice(0, 100))
    assert float(after[left].std()) < 0.45 * float(before[left].std())
    assert float(after.std()) < 0.75 * float(before.std())  # near the seam grain stays
    edges = found[..., 35, 25:45] - plate[..., 35, 25:45]
    assert float(edges.abs().max()) < 6.0 * math.sqrt(float(GRAIN.variance(plate).max()))


def test_what_a_plate_leaves_uncovered_does_not_reach_its_pixels() -> None:
    plate = shot_with(folded(), 1.0)
    covered = torch.ones(1, 1, SIDE, SIDE)
    covered[..., :50] = 0.0
    spoiled = torch.where(covered > 0.5, plate, 40.0)
    one, other = (degrained_plate(p, GRAIN, covered) for p in (plate, spoiled))
    # the grain expected right at the border is that of a blur over both
    torch.testing.assert_close(one[..., 60:], other[..., 60:])


def test_a_mean_of_more_frames_has_less_grain_to_lose() -> None:
    plate = folded()
    grainy = shot_with(plate, 1.0)
    variance = GRAIN.variance(plate)
    many, few = (
        degrained(grainy, torch.full((1, 1, SIDE, SIDE), count), variance, 4)
        for count in (50.0, 1.0)
    )
    assert float((many - grainy).abs().mean()) < 0.3 * float((few - grainy).abs().mean())
