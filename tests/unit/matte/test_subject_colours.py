"""Colours of the subject: found where it is opaque or densest, collected from a coarse alpha."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from mattebox.matte.statistics import Triple
from mattebox.matte.unmixing.closed_form import (
    alpha_and_misfit,
    closed_form,
    physical_bound,
    shared_products,
)
from mattebox.matte.unmixing.colours import (
    COARSE_CANDIDATES,
    COLLECTED,
    COLLECTED_RADII,
    DENSITY_RADIUS,
    FOUND,
    FOUND_REACH,
    LARGEST_DENSITY,
    LEAST_DENSITY,
    Quarter,
    density,
    found_colours,
    stretched,
)
from mattebox.matte.windows import halved

SCREEN: Triple = (1.0, 0.25, 0.3)  # in units of its light, its telling channel first
HAIR: Triple = (0.35, 0.5, 0.2)
GRAIN = 1e-6


def flat(colour: Triple, height: int, width: int) -> torch.Tensor:
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, height, width).contiguous()


def over_screen(alpha: torch.Tensor, colour: Triple) -> torch.Tensor:
    height, width = alpha.shape[-2:]
    return alpha * flat(colour, height, width) + (1.0 - alpha) * flat(SCREEN, height, width)


def difference(source: torch.Tensor) -> torch.Tensor:
    """The plain key, as ``Relative.guide`` has it."""
    excess = source[:, :1] - torch.maximum(source[:, 1:2], source[:, 2:3])
    return 1.0 - excess / (SCREEN[0] - SCREEN[2])


def strands(size: int) -> torch.Tensor:
    """[1,1,size,size] threads of one to three pixels, nowhere two of them side by side."""
    column = torch.arange(size)
    return ((column % 7 < 2) * 0.9).view(1, 1, 1, size) * torch.ones(1, 1, size, 1)


def found_in(source: torch.Tensor) -> torch.Tensor:
    half = halved(source)
    return found_colours(half, halved(difference(source)))


def colour_at_middle(picture: torch.Tensor, index: int) -> list[float]:
    height, width = picture.shape[-2:]
    pixel = picture[0, 3 * index : 3 * index + 3, height // 2, width // 2]
    return [float(value) for value in pixel]


def quarter_of(source: torch.Tensor, first: torch.Tensor, found: torch.Tensor) -> Quarter:
    small = halved(halved(source))
    return Quarter.of(
        small,
        flat(SCREEN, *small.shape[-2:]),
        halved(halved(difference(source))),
        torch.full_like(small[:, :1], GRAIN**0.5),
        halved(halved(first)),
        found[:, : 3 * FOUND],
    )


# Closed forms.


@pytest.mark.parametrize("light", [0.6, 1.0, 1.5])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_alpha_of_a_subject_of_one_colour_is_exact_in_any_light(alpha: float, light: float) -> None:
    cover = torch.full((1, 1, 1, 1), alpha)
    lit = (light * HAIR[0], light * HAIR[1], light * HAIR[2])
    screen = flat(SCREEN, 1, 1)
    shared = shared_products(over_screen(cover, lit), screen)
    grain = torch.full((1, 1, 1, 1), GRAIN)
    assert float(closed_form(flat(HAIR, 1, 1), screen, shared, grain)) == pytest.approx(
        alpha, abs=0.02
    )


def test_a_wrong_colour_leaves_more_of_the_difference_than_the_right_one() -> None:
    cover = torch.full((1, 1, 1, 1), 0.5)
    screen = flat(SCREEN, 1, 1)
    shared = shared_products(over_screen(cover, HAIR), screen)
    grain = torch.full((1, 1, 1, 1), GRAIN)
    misfits = [
        float(alpha_and_misfit(flat(colour, 1, 1), screen, shared, grain)[1])
        for colour in (HAIR, (0.2, 0.2, 0.6))
    ]
    assert misfits[0] < 0.1 < misfits[1]


def test_the_physical_bound_is_alpha_of_a_black_subject() -> None:
    cover = torch.full((1, 1, 1, 1), 0.4)
    screen = flat(SCREEN, 1, 1)
    source = over_screen(cover, (0.0, 0.0, 0.0))
    assert float(physical_bound(source - screen, screen)) == pytest.approx(0.4, abs=1e-6)


# Found.


def test_an_opaque_subjects_own_colour_is_found_in_every_window() -> None:
    alpha = torch.zeros(1, 1, 192, 192)
    alpha[..., 40:152, 40:152] = 1.0
    found = found_in(over_screen(alpha, HAIR))
    for index in range(FOUND):
        assert colour_at_middle(found, index) == pytest.approx(HAIR, abs=0.01)
    known = found[0, 3 * FOUND :, 24, 24]
    assert float(known.min()) == 1.0


def test_among_strands_the_densest_stand_for_what_is_nowhere_opaque() -> None:
    found = found_in(over_screen(strands(192), HAIR))
    assert float(found[:, 3 * FOUND :].max()) == 0.0  # nothing is opaque over six pixels
    off = [
        sum(abs(a - b) for a, b in zip(colour_at_middle(found, index), HAIR, strict=True))
        for index in range(FOUND)
    ]
    grey = sum(abs(0.5 - value) for value in HAIR)
    assert max(off) < 0.6 * grey


def test_on_an_empty_screen_the_found_colours_are_grey() -> None:
    found = found_in(flat(SCREEN, 96, 96))
    for index in range(FOUND):
        assert colour_at_middle(found, index) == pytest.approx((0.5, 0.5, 0.5), abs=1e-3)


def test_colours_are_found_no_further_than_stated() -> None:
    size = 2 * FOUND_REACH + 64
    one = over_screen(strands(size), HAIR)[..., :64, :]
    other = one.clone()
    other[..., :8] = 0.4
    first, second = found_in(one), found_in(other)
    beyond = (8 + FOUND_REACH) // 4 + 1
    assert torch.equal(first[..., beyond:], second[..., beyond:])
    assert not torch.equal(first[..., 2:8], second[..., 2:8])


# Collected.


def test_a_coarse_alpha_that_is_noisy_gives_back_the_colour_of_strands() -> None:
    alpha = strands(192)
    source = over_screen(alpha, HAIR)
    quarter = quarter_of(source, alpha, found_in(source))
    noise = 0.1 * torch.randn(1, 1, 48, 48, generator=torch.Generator().manual_seed(2))
    coarse = (F.avg_pool2d(alpha, 4) + noise).clamp(0.0, 1.0)
    collected = quarter.collected(coarse)
    for index in range(COLLECTED):
        assert colour_at_middle(collected, index) == pytest.approx(HAIR, abs=0.06)


def test_where_the_coarse_alpha_is_0_the_widest_found_colour_stands_for_all() -> None:
    alpha = strands(96)
    source = over_screen(alpha, HAIR)
    found = found_in(source)
    collected = quarter_of(source, alpha, found).collected(torch.zeros(1, 1, 24, 24))
    for index in range(COLLECTED):
        assert colour_at_middle(collected, index) == pytest.approx(
            colour_at_middle(found, FOUND - 1), abs=1e-5
        )


def test_colours_are_collected_no_further_than_stated() -> None:
    reach = 4 * max(COLLECTED_RADII)
    size = reach + 96
    alpha = strands(size)[..., :64, :]
    source = over_screen(alpha, HAIR)
    quarter = quarter_of(source, alpha, found_in(source))
    coarse = F.avg_pool2d(alpha, 4)
    changed = coarse.clone()
    changed[..., :2] = 0.0
    one, other = quarter.collected(coarse), quarter.collected(changed)
    beyond = 2 + reach // 4
    assert torch.equal(one[..., beyond:], other[..., beyond:])
    assert not torch.equal(one[..., 2:beyond], other[..., 2:beyond])


# Stretched.


@pytest.mark.parametrize("thin", [0.85, 1.0, 1.1])
def test_strands_that_a_colour_makes_too_thin_everywhere_are_stretched_to_opaque(
    thin: float,
) -> None:
    cover = (torch.arange(96) % 7 < 3).float().view(1, 1, 1, 96).expand(1, 1, 96, 96)
    alpha = thin * cover
    assert float((stretched(alpha, density(alpha)) - cover).abs().max()) < 1e-4


def test_nothing_is_stretched_beyond_what_is_likely() -> None:
    for level, share in ((0.3, LEAST_DENSITY), (2.0, LARGEST_DENSITY)):
        alpha = torch.full((1, 1, 32, 32), level)
        assert float(stretched(alpha, density(alpha)).max()) == pytest.approx(level / share)


def test_density_is_told_no_further_than_stated() -> None:
    one = strands(96)
    other = one.clone()
    other[..., :8] = 1.1
    first, second = density(one), density(other)
    beyond = 8 + 2 * DENSITY_RADIUS
    assert torch.equal(first[..., beyond:], second[..., beyond:])
    assert not torch.equal(first[..., 8:beyond], second[..., 8:beyond])


def test_the_coarse_alpha_lies_among_its_candidates() -> None:
    alpha = strands(96)
    source = over_screen(alpha, HAIR)
    quarter = quarter_of(source, alpha, found_in(source))
    generator = torch.Generator().manual_seed(3)
    logits = 3.0 * torch.randn(1, COARSE_CANDIDATES, 24, 24, generator=generator)
    coarse = quarter.coarse_alpha(logits)
    assert quarter.candidates.shape[1] == COARSE_CANDIDATES - 1
    assert float(coarse.min()) >= 0.0
    assert bool((coarse <= quarter.candidates.amax(1, keepdim=True) + 1e-6).all())
