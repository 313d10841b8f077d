"""The layers add up to the source, and alpha 1 leaves the source alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mattebox.matte.despill import ScreenColour, SpillControls
from mattebox.matte.identity import identity_error
from mattebox.matte.layers import Despill, key_layers

GREEN = Despill(ScreenColour(0.08, 0.43, 0.11), SpillControls(), lambda x: x, lambda x: x)


def random_scene(seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Source, plate and alpha with HDR, negative values, and alpha 0, 1 and between."""
    generator = torch.Generator().manual_seed(seed)
    source = torch.randn(1, 3, 33, 47, generator=generator).exp() * 0.3 - 0.05
    source[..., :4, :4] = 40.0
    plate = torch.tensor([0.08, 0.43, 0.11]).view(1, 3, 1, 1).expand_as(source).clone()
    alpha = (torch.rand(1, 1, 33, 47, generator=generator) * 1.6 - 0.3).clamp(0.0, 1.0)
    return source, plate, alpha


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("despill", [GREEN, None], ids=["despill", "no despill"])
def test_the_layers_add_up_to_the_source_within_one_half_step(
    seed: int, despill: Despill | None
) -> None:
    source, plate, alpha = random_scene(seed)
    layers = key_layers(source, plate, alpha, despill=despill, half=True, foreground=True)

    def rows(*pictures: torch.Tensor) -> NDArray[np.float32]:
        array: NDArray[np.float32] = torch.cat(pictures, 1)[0].permute(1, 2, 0).numpy()
        return array

    report = identity_error(
        rows(layers.rgb, layers.alpha), rows(layers.spill), rows(layers.background), rows(source)
    )
    assert report.max_steps <= 1.0


def test_alpha_one_without_spill_passes_half_values_bit_for_bit() -> None:
    every_finite_half = torch.arange(65536, dtype=torch.int32).to(torch.int16).view(torch.float16)
    every_finite_half = every_finite_half[torch.isfinite(every_finite_half)]
    source = every_finite_half.float().view(1, 1, 1, -1).expand(1, 3, 1, -1).contiguous()
    plate = torch.full_like(source, 0.43)
    alpha = torch.ones(1, 1, 1, source.shape[-1])
    layers = key_layers(source, plate, alpha, despill=GREEN, half=True, foreground=True)
    written = layers.rgb.half().view(torch.int16)
    assert torch.equal(written, source.half().view(torch.int16))
    assert layers.spill.abs().max() == 0.0


def test_rgba_is_zero_where_alpha_is_zero() -> None:
    source, plate, alpha = random_scene(1)
    layers = key_layers(source, plate, alpha, despill=GREEN, half=True, foreground=False)
    assert layers.rgb[(layers.alpha == 0).expand_as(layers.rgb)].abs().max() == 0.0


def test_foreground_is_straight_and_reaches_under_alpha_zero() -> None:
    source = torch.zeros(1, 3, 8, 8)
    alpha = torch.zeros(1, 1, 8, 8)
    alpha[..., :4] = 0.5
    source[..., :4] = 0.5 * 0.6
    layers = key_layers(
        source, torch.zeros_like(source), alpha, despill=None, half=True, foreground=True
    )
    torch.testing.assert_close(layers.foreground, torch.full_like(source, 0.6), rtol=1e-3, atol=0.0)


def test_grain_where_alpha_is_nearly_zero_gives_the_foreground_no_neon() -> None:
    alpha = torch.linspace(-0.5, 1.2, 128).clamp(0.004, 1.0).expand(1, 1, 64, 128)
    grain = torch.randn(1, 3, 64, 128, generator=torch.Generator().manual_seed(3))
    source = alpha * 0.5 + 0.005 * grain
    layers = key_layers(
        source, torch.zeros_like(source), alpha, despill=None, half=False, foreground=True
    )
    faint = alpha.expand_as(source) < 0.05
    divided = (layers.rgb / alpha - 0.5).abs()[faint]
    assert divided.mean() > 0.5
    assert (layers.foreground - 0.5).abs()[faint].quantile(0.99) < 0.05


def test_what_the_source_would_have_shown_makes_the_foreground_and_the_rest_is_spill() -> None:
    grey, screen = torch.full((1, 3, 8, 8), 0.5), torch.zeros(1, 3, 8, 8)
    screen[:, 1] = 0.25
    alpha = torch.linspace(0.0, 1.0, 8).expand(1, 1, 8, 8).contiguous()
    shown = alpha * grey + (1.0 - alpha) * screen
    smeared = shown + torch.tensor([-0.0625, 0.125, -0.0625]).view(1, 3, 1, 1)
    layers = key_layers(
        smeared, screen, alpha, shown=shown, despill=None, half=False, foreground=True
    )
    torch.testing.assert_close(layers.rgb, alpha * grey, rtol=0.0, atol=1e-6)
    torch.testing.assert_close(layers.foreground[..., 1:], grey[..., 1:], rtol=0.0, atol=1e-5)
    summed = layers.rgb + layers.spill + (1.0 - layers.alpha) * layers.background
    torch.testing.assert_close(summed, smeared, rtol=0.0, atol=1e-6)


def test_values_beyond_half_are_clamped_and_counted() -> None:
    source = torch.full((1, 3, 2, 2), 70000.0)
    layers = key_layers(
        source,
        torch.zeros_like(source),
        torch.ones(1, 1, 2, 2),
        despill=None,
        half=True,
        foreground=False,
    )
    assert layers.clamped == 12
    assert layers.rgb.max() == 65504.0


def test_background_grain_goes_to_spill_and_is_stated_as_residual() -> None:
    plate = torch.full((1, 3, 16, 16), 0.4)
    grain = torch.full((1, 3, 16, 16), 0.01)
    layers = key_layers(
        plate + grain, plate, torch.zeros(1, 1, 16, 16), despill=None, half=False, foreground=False
    )
    assert layers.residual == pytest.approx(0.01, rel=1e-4)
    torch.testing.assert_close(layers.spill, grain, rtol=1e-4, atol=1e-7)
