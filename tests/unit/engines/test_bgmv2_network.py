"""Which cells BGMv2 refines, how their windows are read and written; on random weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from mattebox.engines.checkpoints import Bgmv2Name, Checkpoint, NetworkName, load_bgmv2
from mattebox.engines.networks.bgmv2 import Refinement
from mattebox.engines.networks.bgmv2_cells import (
    Cells,
    enlarged_windows,
    most_uncertain,
    padded_rows,
    windows,
    write_cells,
)
from mattebox.engines.networks.folding import fold_batch_norms
from mattebox.errors import UsageError

CELL_BY_CELL = Refinement("thresholding", threshold=-1.0, dense_share=1.0)

Weights = Callable[[NetworkName], Checkpoint]
Pictures = Callable[..., torch.Tensor]


def test_the_most_uncertain_cells_are_those_with_the_largest_error() -> None:
    error = torch.tensor([[[[0.1, 0.9, 0.3], [0.8, 0.2, 0.4]]]])
    chosen = most_uncertain(error, 3)
    assert chosen.tolist() == [[[[False, True, False], [True, False, True]]]]


def test_ties_at_the_last_place_go_to_the_first_in_reading_order() -> None:
    error = torch.tensor([[[[1.0, 0.5, 1.0], [1.0, 0.5, 1.0]]]])
    assert most_uncertain(error, 3).tolist() == [[[[True, False, True], [True, False, False]]]]
    assert most_uncertain(error, 5).tolist() == [[[[True, True, True], [True, False, True]]]]


@pytest.mark.parametrize("count", [2, 6, 100])
def test_cells_without_error_are_never_chosen_and_the_count_is_capped(count: int) -> None:
    error = torch.tensor([[[[0.0, 0.5, 0.0], [0.0, 0.0, 0.0]]]])
    assert most_uncertain(error, count).tolist() == [[[[False, True, False], [False] * 3]]]


def test_every_picture_of_a_batch_has_its_own_count() -> None:
    error = torch.tensor([[[[0.9, 0.8]]], [[[0.1, 0.2]]]])
    assert most_uncertain(error, 1).tolist() == [[[[True, False]]], [[[False, True]]]]


def test_windows_are_what_slicing_the_padded_picture_gives() -> None:
    generator = torch.Generator().manual_seed(1)
    picture = torch.rand((2, 5, 8, 12), generator=generator)
    chosen = torch.rand((2, 1, 4, 6), generator=generator) > 0.6
    cells = Cells.of(chosen)
    read = windows(
        padded_rows((picture[:, :2], picture[:, 2:]), 3, torch.float32), cells, size=8, step=2
    )
    padded = F.pad(picture, (3, 3, 3, 3))
    assert read.shape == (int(chosen.sum()), 5, 8, 8)
    for window, item, row, column in zip(
        read, cells.item.tolist(), cells.row.tolist(), cells.column.tolist(), strict=True
    ):
        top, left = 2 * row, 2 * column
        assert torch.equal(window, padded[item, :, top : top + 8, left : left + 8])


def test_writing_cells_changes_those_and_no_others() -> None:
    picture = torch.zeros((1, 2, 8, 12))
    chosen = torch.zeros((1, 1, 2, 3), dtype=torch.bool)
    chosen[0, 0, 1, 2] = True
    patch = torch.arange(32.0).view(1, 2, 4, 4)
    write_cells(picture, Cells.of(chosen), patch)
    assert torch.equal(picture[:, :, 4:, 8:], patch)
    assert picture.sum() == patch.sum()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bgmv2_mobilenetv2", "bgmv2_resnet50", "bgmv2_resnet101"])
def test_full_is_every_cell_refined_in_a_batch_of_two(
    random_checkpoint: Weights, picture: Pictures, name: Bgmv2Name
) -> None:
    network = load_bgmv2(random_checkpoint(name))
    source, plate = picture(48, 64, seed=1, count=2), picture(48, 64, seed=2, count=2)
    full = network(source, plate, 0.25, Refinement("full"))
    every = network(source, plate, 0.25, CELL_BY_CELL)
    assert bool(every.refined.all())
    torch.testing.assert_close(every.alpha, full.alpha, rtol=0, atol=5e-6)
    torch.testing.assert_close(every.foreground, full.foreground, rtol=0, atol=5e-6)


@pytest.mark.parametrize("scale", [0.25, 0.125, 0.3, 0.5])
def test_some_cells_refined_are_full_there_and_enlarged_elsewhere(
    random_checkpoint: Weights, picture: Pictures, scale: float
) -> None:
    network = load_bgmv2(random_checkpoint("bgmv2_mobilenetv2"))
    source, plate = picture(60, 84, seed=1), picture(60, 84, seed=2)
    full = network(source, plate, scale, Refinement("full"))
    none = network(source, plate, scale, Refinement("thresholding", threshold=2.0))
    some = network(source, plate, scale, Refinement("sampling", 20 * 16, dense_share=1.0))
    assert not bool(none.refined.any())
    count = int(some.refined.sum())
    assert 0 < count <= 20
    here = F.interpolate(some.refined.float(), scale_factor=4.0) > 0.5
    expected = torch.where(here, full.alpha, none.alpha)
    torch.testing.assert_close(some.alpha, expected, rtol=0, atol=5e-6)
    enlarged = F.interpolate(none.coarse.alpha, size=(60, 84), mode="bilinear")
    torch.testing.assert_close(none.alpha, enlarged, rtol=0, atol=1e-6)


def test_many_cells_give_the_same_numbers_from_the_whole_picture(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    network = load_bgmv2(random_checkpoint("bgmv2_mobilenetv2"))
    source, plate = picture(60, 84, seed=1, count=2), picture(60, 84, seed=2, count=2)
    by_cell, by_picture = (
        network(source, plate, 0.25, Refinement("sampling", 150 * 16, dense_share=share))
        for share in (1.0, 0.0)
    )
    assert torch.equal(by_cell.refined, by_picture.refined)
    assert 0 < int(by_cell.refined.sum()) < by_cell.refined.numel()
    torch.testing.assert_close(by_cell.alpha, by_picture.alpha, rtol=0, atol=5e-6)


@pytest.mark.parametrize(("small", "large"), [(15, 30), (18, 30), (8, 30), (30, 30), (1, 2)])
def test_windows_of_an_enlarged_picture_are_cut_from_the_enlargement(
    small: int, large: int
) -> None:
    generator = torch.Generator().manual_seed(4)
    picture = torch.rand((1, 3, small, small + 1), generator=generator)
    cells = Cells.of(torch.ones((1, 1, large // 2, large // 2 + 2), dtype=torch.bool))
    read = enlarged_windows(picture, cells, height=large, width=large + 4, margin=3, size=8, step=2)
    whole = F.interpolate(picture, size=(large, large + 4), mode="bilinear")
    expected = windows(padded_rows((whole,), 3, torch.float32), cells, size=8, step=2)
    torch.testing.assert_close(read.permute(0, 3, 1, 2), expected, rtol=0, atol=4e-6)


def test_more_cells_than_there_are_is_all_of_them(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    network = load_bgmv2(random_checkpoint("bgmv2_mobilenetv2"))
    matte = network(picture(16, 16), picture(16, 16, seed=1), 0.25, Refinement())
    assert torch.equal(matte.refined, matte.coarse.error > 0)


def test_the_base_network_takes_any_size(random_checkpoint: Weights, picture: Pictures) -> None:
    network = load_bgmv2(random_checkpoint("bgmv2_mobilenetv2"))
    coarse = network.base(picture(23, 17), picture(23, 17, seed=1))
    assert coarse.alpha.shape == (1, 1, 23, 17)
    assert coarse.hidden.shape == (1, 32, 23, 17)


def test_folding_batch_norms_changes_nothing_visible(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    network = load_bgmv2(random_checkpoint("bgmv2_resnet50"))
    source, plate = picture(32, 48, seed=1), picture(32, 48, seed=2)
    plain = network(source, plate, 0.25, Refinement("full"))
    fold_batch_norms(network)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in network.modules())
    folded = network(source, plate, 0.25, Refinement("full"))
    torch.testing.assert_close(folded.alpha, plain.alpha, rtol=0, atol=5e-6)


def test_sides_not_divisible_by_4_are_refused(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    network = load_bgmv2(random_checkpoint("bgmv2_mobilenetv2"))
    with pytest.raises(UsageError, match="17x20"):
        network(picture(20, 17), picture(20, 17))


def test_another_plate_size_and_a_scale_out_of_range_are_refused(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    network = load_bgmv2(random_checkpoint("bgmv2_mobilenetv2"))
    with pytest.raises(UsageError, match="of one size"):
        network(picture(16, 16), picture(16, 20))
    for scale in (0.0, 0.6, 0.01):
        with pytest.raises(UsageError, match="does not suit"):
            network(picture(16, 16), picture(16, 16), scale)
