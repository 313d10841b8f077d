"""Small islands of a matte: what is one, and what never is."""

import pytest
import torch

from mattebox.matte.islands import count_islands, seen_areas, without_islands

HEIGHT, WIDTH = 540, 960


def matte(*squares: tuple[int, int, int], alpha: float = 1.0) -> torch.Tensor:
    """[1,1,H,W]: a subject of 200 x 300, and squares (row, column, side) of ``alpha``."""
    picture = torch.zeros(1, 1, HEIGHT, WIDTH)
    picture[..., 240:, 300:600] = 1.0
    for row, column, side in squares:
        picture[..., row : row + side, column : column + side] = alpha
    return picture


def has_none(picture: torch.Tensor) -> bool:
    """Whether nothing is counted and nothing goes."""
    return count_islands(seen_areas(picture)) == 0 and torch.equal(
        without_islands(picture), picture
    )


def test_a_subject_alone_has_no_islands() -> None:
    assert has_none(matte())
    assert has_none(torch.zeros(1, 1, HEIGHT, WIDTH))
    assert has_none(torch.ones(1, 1, HEIGHT, WIDTH))


@pytest.mark.parametrize("alpha", [1.0, 0.2], ids=["tape", "tape in the screen's colour"])
@pytest.mark.parametrize("times", [1, 2, 4], ids=["540", "1080", "2160"])
def test_markers_are_islands_with_their_soft_edges(alpha: float, times: int) -> None:
    small = matte((100, 100, 20), (60, 800, 12), alpha=alpha)
    soft = torch.nn.functional.avg_pool2d(small, 3, 1, 1)
    picture = soft.repeat_interleave(times, -1).repeat_interleave(times, -2)
    assert count_islands(seen_areas(picture)) == 2
    left = without_islands(picture)
    assert left[..., : 200 * times, :].max() == 0.0
    assert torch.equal(left[..., 230 * times :, :], picture[..., 230 * times :, :])


@pytest.mark.parametrize(
    "square",
    [(228, 400, 8), (300, 608, 10), (0, 100, 20), (200, 950, 10), (50, 700, 60)],
    ids=["a lock above the head", "a hand", "at the upper border", "at the right", "a ball"],
)
def test_what_is_near_the_subject_large_or_cut_by_the_frame_stays(
    square: tuple[int, int, int],
) -> None:
    assert has_none(matte(square))


def test_specks_go_with_the_markers_but_are_not_counted() -> None:
    picture = matte((100, 100, 1), (50, 800, 20))
    assert count_islands(seen_areas(picture)) == 1
    assert torch.equal(without_islands(picture), matte())
