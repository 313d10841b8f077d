"""Material of unknown colour on a screen: smoke of the shot's exponent, dark glass, highlights."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mattebox.matte.soft import SOFT_REACH, material_light, soft_alpha
from mattebox.matte.statistics import NoiseModel, ShotStatistics

GRAIN = NoiseModel((1e-6, 1e-6, 1e-6), (1e-8, 1e-8, 1e-8))
SHOT = ShotStatistics(
    noise=GRAIN,
    plate_noise=0.0,
    key=1,
    screen=True,
    sure_inside=False,
    materials=(),
    brightness=0.35,
)
SMOKE = 0.7  # as bright as twice the screen
SCATTERING = replace(SHOT, soft_exponent=2.0, soft_light=SMOKE / 0.35)
SIZE = 32


def flat(red: float, green: float, blue: float) -> torch.Tensor:
    return torch.tensor([red, green, blue]).view(1, 3, 1, 1).repeat(1, 1, SIZE, SIZE)


def screen() -> torch.Tensor:
    return flat(0.05, 0.35, 0.08)


def alpha(source: torch.Tensor, statistics: ShotStatistics) -> torch.Tensor:
    grain = GRAIN.variance(source)
    everywhere = torch.ones_like(source[:, :1])
    return soft_alpha(source, screen(), grain, grain, everywhere, statistics).alpha


def veiled(opacity: float, brightness: float) -> torch.Tensor:
    """Neutral material that takes ``opacity`` of the screen by colour difference."""
    grey = flat(brightness, brightness, brightness)
    return opacity * grey + (1.0 - opacity) * screen()


@pytest.mark.parametrize("opacity", [0.1, 0.3, 0.6])
def test_bright_smoke_lets_through_what_the_exponent_says(opacity: float) -> None:
    found = alpha(veiled(opacity, SMOKE), SCATTERING)
    torch.testing.assert_close(
        found, torch.full_like(found, 1.0 - (1.0 - opacity) ** 2.0), atol=2e-3, rtol=0
    )


@pytest.mark.parametrize("opacity", [0.1, 0.3, 0.6])
def test_dark_glass_beside_it_keeps_its_colour_difference(opacity: float) -> None:
    found = alpha(veiled(opacity, 0.01), SCATTERING)
    torch.testing.assert_close(found, torch.full_like(found, opacity), atol=0.01, rtol=0)


def test_smoke_in_its_own_shade_is_the_same_smoke() -> None:
    lit, shaded = (alpha(veiled(0.3, SMOKE * light), SCATTERING) for light in (1.0, 0.6))
    torch.testing.assert_close(lit, shaded, atol=2e-3, rtol=0)


def test_a_tinted_highlight_on_glass_takes_its_alpha_from_the_glass() -> None:
    glass = 0.2
    source = veiled(glass, 0.05)
    source[..., 14:17, 14:17] += torch.tensor([4.2, 4.0, 4.1]).view(1, 3, 1, 1)
    raw = 1.0 - ((1.0 - glass) * 0.27 - 0.2) / 0.27  # what red above green reads as opacity
    found = alpha(source, SHOT)[..., 14:17, 14:17]
    assert raw > 0.9
    assert float(found.max()) < 0.35
    assert float(found.min()) > 0.15


def test_brightness_is_that_of_the_material_whatever_its_opacity() -> None:
    for opacity in (0.2, 0.8):
        share = torch.full((1, 1, SIZE, SIZE), opacity)
        light = material_light(veiled(opacity, SMOKE), screen(), share, SHOT)
        torch.testing.assert_close(light, torch.full_like(light, SMOKE / 0.35))


def test_it_reads_no_further_than_it_says() -> None:
    source = veiled(0.3, 0.5)
    before = alpha(source, SCATTERING)
    source[..., SIZE // 2, SIZE // 2] = 3.0
    changed = (alpha(source, SCATTERING) != before)[0, 0].nonzero()
    far = int((changed - SIZE // 2).abs().max())
    assert 0 < far <= SOFT_REACH
