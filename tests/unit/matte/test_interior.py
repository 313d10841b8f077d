"""No holes inside a subject; edges, thin things and gaps are not touched."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.interior import INTERIOR_REACH, SOLID, promised_alpha


def square(size: int = 40, inset: int = 10) -> torch.Tensor:
    plain = torch.zeros(1, 1, size, size)
    plain[..., inset:-inset, inset:-inset] = 1.0
    return plain


def test_deep_inside_a_solid_area_the_plain_key_is_promised_whole() -> None:
    promised = promised_alpha(square())
    inner = slice(10 + INTERIOR_REACH, -10 - INTERIOR_REACH)
    assert bool((promised[..., inner, inner] == 1.0).all())


def test_nothing_is_promised_outside_of_it_or_more_than_the_plain_key() -> None:
    plain = square() * torch.linspace(0.0, 1.0, 40)
    promised = promised_alpha(plain)
    assert bool((promised <= plain).all())
    assert not bool(promised[plain < SOLID].any())


@pytest.mark.parametrize("width", [1, 2, 3])
def test_strands_and_the_gaps_between_them_stay_the_networks(width: int) -> None:
    plain = torch.zeros(1, 1, 40, 40)
    for left in range(width, 40 - width, 2 * width + 1):
        plain[..., left : left + width] = 1.0
    assert float(promised_alpha(plain)[..., 8:-8].max()) < 0.05


def test_the_promise_fades_in_without_a_step() -> None:
    row = promised_alpha(square())[0, 0, 20, 10:20]
    steps = row.diff()
    assert bool((steps >= 0.0).all())
    assert float(steps.max()) < 0.5


def test_a_change_reaches_no_further_than_stated() -> None:
    noise = torch.rand(1, 1, 40, 40, generator=torch.Generator().manual_seed(1))
    plain = SOLID + (1.0 - SOLID) * noise
    other = plain.clone()
    other[..., :4] = 0.0
    same = promised_alpha(plain) == promised_alpha(other)
    assert bool(same[..., 4 + INTERIOR_REACH :].all())
    assert not bool(same[..., 4 : 4 + INTERIOR_REACH].all())
