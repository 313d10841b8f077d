"""Shadows on the screen: what counts as one, and what never does."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.shadows import SHADOW_REACH, shadow_share
from mattebox.matte.statistics import NoiseModel

GRAIN = NoiseModel((1e-4, 1e-4, 1e-4), (2e-6, 2e-6, 2e-6))
SIZE = 48


def screen() -> torch.Tensor:
    """An uneven green screen: twice as bright on the right as on the left."""
    light = torch.linspace(0.7, 1.4, SIZE).view(1, 1, 1, SIZE)
    return torch.tensor([0.05, 0.35, 0.08]).view(1, 3, 1, 1) * light.expand(1, 1, SIZE, SIZE)


def share(source: torch.Tensor) -> torch.Tensor:
    noise = torch.randn(source.shape, generator=torch.Generator().manual_seed(5))
    grainy = source + noise * GRAIN.variance(source).sqrt()
    return shadow_share(grainy, screen(), GRAIN, 0.0)


@pytest.mark.parametrize("density", [0.1, 0.4, 0.65])
def test_a_soft_shadow_is_found_at_any_density(density: float) -> None:
    row = torch.linspace(-1.0, 1.0, SIZE)
    soft = torch.exp(-4.0 * (row.view(1, 1, -1, 1) ** 2 + row.view(1, 1, 1, -1) ** 2))
    found = share((1.0 - density * soft) * screen())
    assert float(found.mean()) > 0.97


def test_a_shadow_with_some_sky_light_in_it_is_still_one() -> None:
    tinted = torch.tensor([0.5, 0.5, 0.53]).view(1, 3, 1, 1) * screen()
    assert float(share(tinted).mean()) > 0.95


@pytest.mark.parametrize("density", [0.2, 0.5])
def test_a_shadow_under_a_contrast_curve_is_still_one(density: float) -> None:
    row = torch.linspace(-1.0, 1.0, SIZE)
    soft = torch.exp(-4.0 * (row.view(1, 1, -1, 1) ** 2 + row.view(1, 1, 1, -1) ** 2))
    factor = 1.0 - density * soft
    graded = torch.cat([factor**1.6, factor, factor**1.3], 1) * screen()
    assert float(share(graded).mean()) > 0.95


@pytest.mark.parametrize(
    "colour",
    [(0.2, 0.2, 0.2), (0.2, 0.14, 0.09), (0.02, 0.02, 0.03)],
    ids=["grey", "hair", "black"],
)
def test_subjects_are_no_shadow(colour: tuple[float, float, float]) -> None:
    subject = torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, SIZE, SIZE)
    assert float(share(subject.contiguous()).max()) < 0.05


def test_neutral_smoke_is_no_shadow() -> None:
    grey = torch.full((1, 3, SIZE, SIZE), 0.4)
    assert float(share(0.4 * grey + 0.6 * screen()).max()) < 0.05


def test_dark_strands_are_no_shadow() -> None:
    strands = torch.zeros(1, 1, SIZE, SIZE)
    strands[..., ::6] = 0.7
    found = share((1.0 - strands) * screen())
    assert float(found[..., ::6].max()) < 0.05


def test_it_reads_no_further_than_it_says() -> None:
    source = 0.6 * screen()
    before = shadow_share(source, screen(), GRAIN, 0.0)
    source[..., SIZE // 2, SIZE // 2] = 1.0
    changed = (shadow_share(source, screen(), GRAIN, 0.0) != before)[0, 0].nonzero()
    far = (changed - SIZE // 2).abs().max()
    assert 0 < int(far) <= SHADOW_REACH
