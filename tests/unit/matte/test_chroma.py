"""Video with subsampled chroma: how it is told, and what restoring its edges gives back."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mattebox.colour_difference import colour_difference
from mattebox.matte.chroma import CHROMA_REACH, LUMA, is_subsampled, restored
from mattebox.matte.controls import gaussian_blur

GREEN, SKIN = (0.08, 0.43, 0.11), (0.5, 0.25, 0.16)
HEIGHT, WIDTH = 96, 128


def flat(colour: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, HEIGHT, WIDTH)


def strands() -> torch.Tensor:
    """[1,1,H,W] alpha of strands one to three pixels wide, at all angles, soft by half a pixel."""
    noise = torch.randn(1, 1, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(4))
    wide = gaussian_blur(noise, 5.0)
    thin = 1.0 - (wide / wide.std()).abs() / 0.35
    return gaussian_blur(thin.clamp(0.0, 0.4) / 0.4, 0.5)


def shot(alpha: torch.Tensor, grain: float = 0.0) -> torch.Tensor:
    noise = torch.randn(1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(2))
    return alpha * flat(SKIN) + (1.0 - alpha) * flat(GREEN) + grain * noise


def as_video(light: torch.Tensor, mode: str, cells: tuple[int, int] = (2, 2)) -> torch.Tensor:
    """8-bit codes with chroma averaged over ``cells``, and decoded again."""
    codes = light.clamp(0.0, 1.0) ** (1.0 / 2.4)
    luma = (codes * torch.tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    small = F.avg_pool2d(codes - luma, cells)
    scale = (float(cells[0]), float(cells[1]))
    smooth = None if mode == "nearest" else False
    wide = F.interpolate(small, scale_factor=scale, mode=mode, align_corners=smooth)
    return ((luma + wide).clamp(0.0, 1.0) * 255.0).round().div(255.0) ** 2.4


@pytest.mark.parametrize(
    ("mode", "cells"),
    [
        ("bilinear", (2, 2)),
        ("bicubic", (2, 2)),
        ("nearest", (2, 2)),
        ("bilinear", (1, 2)),
        ("nearest", (1, 2)),
    ],
    ids=["4:2:0", "4:2:0, cubic", "4:2:0, nearest", "4:2:2", "4:2:2, nearest"],
)
def test_subsampled_video_is_told_however_its_chroma_was_spread(
    mode: str, cells: tuple[int, int]
) -> None:
    assert is_subsampled([as_video(shot(strands(), 0.004), mode, cells)] * 3)


def as_left_sited_video(light: torch.Tensor) -> torch.Tensor:
    """8-bit 4:2:2 codes as MPEG-2 and H.264 place chroma: beside every second pixel."""
    codes = light.clamp(0.0, 1.0) ** (1.0 / 2.4)
    luma = (codes * torch.tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    wide = F.pad(codes - luma, (1, 1, 0, 0), mode="replicate")
    samples = ((wide[..., :-2] + 2.0 * wide[..., 1:-1] + wide[..., 2:]) / 4.0)[..., ::2]
    after = torch.cat([samples[..., 1:], samples[..., -1:]], -1)
    spread = torch.stack([samples, (samples + after) / 2.0], -1).flatten(-2)
    return ((luma + spread).clamp(0.0, 1.0) * 255.0).round().div(255.0) ** 2.4


def test_chroma_beside_the_left_pixel_is_told_and_its_edges_gain_too() -> None:
    alpha, screen = strands(), flat(GREEN)
    full, seen = shot(alpha), as_left_sited_video(shot(alpha))
    assert is_subsampled([seen] * 3)
    assert is_subsampled([as_left_sited_video(shot(alpha, 0.004))] * 3)
    found = restored(seen, screen, gaussian_blur(alpha, 0.7))
    before, after, best = (
        float((colour_difference(one, screen) - alpha).abs().mean()) for one in (seen, found, full)
    )
    assert after - best < 0.7 * (before - best)


@pytest.mark.parametrize("sigma", [0.0, 1.5, 4.0], ids=["sharp", "soft", "defocused"])
@pytest.mark.parametrize("grain", [0.0, 0.004, 0.02])
def test_full_chroma_is_never_taken_for_it(sigma: float, grain: float) -> None:
    alpha = gaussian_blur(strands(), sigma) if sigma else strands()
    assert not is_subsampled([shot(alpha, grain)] * 3)


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_a_picture_that_was_enlarged_is_not_taken_for_it(mode: str) -> None:
    smooth = None if mode == "nearest" else False
    enlarged = F.interpolate(shot(strands()), scale_factor=2.0, mode=mode, align_corners=smooth)
    assert not is_subsampled([enlarged] * 3)


def test_pictures_without_colour_edges_and_mixed_shots_are_taken_as_full() -> None:
    video = as_video(shot(strands()), "bilinear")
    assert not is_subsampled([flat(GREEN)])
    assert not is_subsampled([torch.zeros(1, 3, HEIGHT, WIDTH)])
    assert not is_subsampled([video, shot(strands()), shot(strands())])


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "nearest"])
def test_a_key_of_restored_edges_is_nearer_to_that_of_full_chroma(mode: str) -> None:
    alpha, screen = strands(), flat(GREEN)
    full, seen = shot(alpha), as_video(shot(alpha), mode)
    found = restored(seen, screen, gaussian_blur(alpha, 0.7))  # a first answer is soft
    before, after, best = (
        float((colour_difference(one, screen) - alpha).abs().mean()) for one in (seen, found, full)
    )
    assert after - best < 0.6 * (before - best)


def test_only_edges_change_and_nothing_beyond_a_displays_range() -> None:
    alpha = strands()
    alpha[..., :40] = 0.0
    seen = as_video(shot(alpha), "bilinear")
    seen[..., 60:64, 60:64] = 3.0
    seen[..., 70:74, 60:64] = -0.1
    found = restored(seen, flat(GREEN), alpha)
    assert torch.equal(found[..., :36], seen[..., :36])
    assert torch.equal(found[..., 60:64, 60:64], seen[..., 60:64, 60:64])
    assert torch.equal(found[..., 70:74, 60:64], seen[..., 70:74, 60:64])
    nothing = torch.zeros_like(alpha)
    assert restored(seen, flat(GREEN), nothing) is seen


def test_a_change_reaches_no_further_than_stated() -> None:
    alpha = strands()
    seen = as_video(shot(alpha), "bilinear")
    other, changed = seen.clone(), alpha.clone()
    other[..., :8] *= 0.5
    changed[..., :8] = 1.0 - changed[..., :8]
    one, two = restored(seen, flat(GREEN), alpha), restored(other, flat(GREEN), changed)
    assert torch.equal(one[..., 8 + CHROMA_REACH :], two[..., 8 + CHROMA_REACH :])
