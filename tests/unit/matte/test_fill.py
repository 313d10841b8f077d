"""Pull-push keeps what is known and extends it into what is not."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.fill import pull_push


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (5, 3), (17, 23), (64, 64)])
def test_known_pixels_come_back_unchanged_at_any_size(size: tuple[int, int]) -> None:
    colour = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(3))
    assert torch.equal(pull_push(colour, torch.ones(1, 1, *size)), colour)


def test_a_hole_in_a_flat_colour_is_filled_with_it() -> None:
    colour = torch.full((1, 3, 31, 45), 0.37)
    weight = torch.ones(1, 1, 31, 45)
    weight[..., 8:24, 10:30] = 0.0
    filled = pull_push(colour * weight, weight)
    torch.testing.assert_close(filled, colour)


def test_nothing_known_gives_zero_and_no_nan() -> None:
    filled = pull_push(torch.full((1, 3, 9, 9), 5.0), torch.zeros(1, 1, 9, 9))
    assert torch.equal(filled, torch.zeros_like(filled))


def test_a_fill_lies_between_the_colours_around_it() -> None:
    colour = torch.zeros(1, 3, 16, 16)
    colour[..., 8:] = 1.0
    weight = torch.zeros(1, 1, 16, 16)
    weight[..., 0] = weight[..., 15] = 1.0
    filled = pull_push(colour, weight)
    assert float(filled.min()) >= 0.0
    assert float(filled.max()) <= 1.0


@pytest.mark.parametrize("size", [(360, 640), (7, 100), (1, 9)])
def test_one_known_corner_fills_the_whole_picture(size: tuple[int, int]) -> None:
    weight = torch.zeros(1, 1, *size)
    weight[..., :1, :1] = 1.0
    filled = pull_push(torch.full((1, 3, *size), 0.4) * weight, weight)
    torch.testing.assert_close(filled, torch.full_like(filled, 0.4))
