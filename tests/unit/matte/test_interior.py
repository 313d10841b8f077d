"""No holes inside a subject; edges, thin things and gaps are not touched."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.interior import (
    CLOSED_DEPTH,
    INTERIOR_REACH,
    OPAQUE,
    SOLID,
    closed_alpha,
    promised_alpha,
)


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


def ring(strand: float = 1.0) -> torch.Tensor:
    """[1,1,60,60]: an outline 6 px wide around gaps, a strand one pixel wide through the middle."""
    plain = torch.zeros(1, 1, 60, 60)
    plain[..., 10:50, 10:50] = 1.0
    plain[..., 16:44, 16:44] = 0.1
    plain[..., 30, 16:44] = strand
    return plain


def test_a_strand_within_a_closed_outline_is_opaque_and_the_gaps_beside_it_are_not() -> None:
    least = closed_alpha(ring())
    assert bool((least[..., 30, 16:44] == OPAQUE).all())
    assert float(least[..., 16:30, 16:44].max()) == 0.0
    assert float(closed_alpha(ring(strand=0.85)).amax((0, 1))[30, 16:44].max()) == 0.0


def test_nothing_is_promised_at_the_outline_or_where_it_is_open() -> None:
    least = closed_alpha(ring())
    assert float(least[..., : 10 + CLOSED_DEPTH, :].max()) == 0.0
    opened = ring()
    opened[..., 10:16, 20:30] = 0.0
    assert float(closed_alpha(opened)[..., 30, 18:42].max()) == 0.0


def test_a_subject_cut_by_the_frame_is_closed_by_it() -> None:
    plain = torch.zeros(1, 1, 40, 40)
    plain[..., 20:, 10:30] = 1.0
    assert bool(closed_alpha(plain)[..., 39, 20] == OPAQUE)
    assert not bool(closed_alpha(torch.zeros(1, 1, 8, 8)).any())
    assert bool((closed_alpha(torch.ones(1, 1, 8, 8)) == OPAQUE).all())
