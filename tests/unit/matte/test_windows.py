"""Windows on pictures, held against plain double loops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mattebox.matte.windows import box_max, box_mean, box_min, eroded, halved

Window = Callable[[torch.Tensor, int], torch.Tensor]
Reduce = Callable[[NDArray[np.float64]], np.float64]

WINDOWS: tuple[tuple[Window, Reduce], ...] = (
    (box_mean, np.mean),
    (box_min, np.min),
    (box_max, np.max),
)
NAMES = ("mean", "min", "max")
SIZES = ((1, 1), (1, 9), (7, 12), (16, 33))


def picture(height: int, width: int, channels: int = 2) -> torch.Tensor:
    generator = torch.Generator().manual_seed(height * 100 + width)
    return torch.randn(1, channels, height, width, generator=generator)


def looped(given: torch.Tensor, radius: int, reduce: Reduce) -> torch.Tensor:
    """Every window cut out by hand, the border repeated."""
    pixels = given.double().numpy()
    height, width = pixels.shape[-2:]
    found = np.empty_like(pixels)
    for row in range(height):
        rows = np.clip(np.arange(row - radius, row + radius + 1), 0, height - 1)
        for column in range(width):
            columns = np.clip(np.arange(column - radius, column + radius + 1), 0, width - 1)
            for channel in range(pixels.shape[1]):
                square = pixels[0, channel][np.ix_(rows, columns)]
                found[0, channel, row, column] = reduce(square)
    return torch.from_numpy(found).float()


@pytest.mark.parametrize(("window", "reduce"), WINDOWS, ids=NAMES)
@pytest.mark.parametrize("radius", [0, 1, 2, 3, 4, 6, 7, 12, 20])
@pytest.mark.parametrize("size", SIZES)
def test_a_window_is_what_a_double_loop_says_however_large_it_is(
    window: Window, reduce: Reduce, radius: int, size: tuple[int, int]
) -> None:
    given = picture(*size)
    expected = looped(given, radius, reduce)
    torch.testing.assert_close(window(given, radius), expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize("window", [window for window, _ in WINDOWS], ids=NAMES)
@pytest.mark.parametrize("radius", [1, 3, 6, 12])
def test_a_crop_has_the_bits_of_the_whole_away_from_its_borders(
    window: Window, radius: int
) -> None:
    whole = picture(61, 70)
    top, left = 5, 11
    crop = whole[..., top : top + 45, left : left + 50]
    inner = (slice(None), slice(None), slice(radius, 45 - radius), slice(radius, 50 - radius))
    expected = window(whole, radius)[..., top : top + 45, left : left + 50]
    assert torch.equal(window(crop, radius)[inner], expected[inner])


@pytest.mark.parametrize("window", [window for window, _ in WINDOWS], ids=NAMES)
@pytest.mark.parametrize("radius", [1, 4])
def test_a_window_reads_its_radius_and_no_pixel_more(window: Window, radius: int) -> None:
    given = torch.zeros(1, 1, 31, 31)
    lit = given.clone()
    lit[..., 15, 15] = -1.0 if window is box_min else 1.0
    changed = (window(lit, radius) != window(given, radius))[0, 0]
    expected = torch.zeros(31, 31, dtype=torch.bool)
    expected[15 - radius : 16 + radius, 15 - radius : 16 + radius] = True
    assert torch.equal(changed, expected)


def test_a_mask_is_eroded_by_the_whole_square() -> None:
    mask = torch.ones(1, 1, 9, 9, dtype=torch.bool)
    mask[..., 4, 4] = False
    left = eroded(mask, 2)
    assert left.dtype == torch.bool
    assert int((~left).sum()) == 25
    assert not bool(left[..., 2:7, 2:7].any())


def test_halved_takes_the_mean_of_each_two_by_two() -> None:
    given = picture(8, 12, 3)
    expected = given.view(1, 3, 4, 2, 6, 2).mean((3, 5))
    torch.testing.assert_close(halved(given), expected, atol=1e-6, rtol=0)
