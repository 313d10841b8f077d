"""The pool: takes in what was drawn, once, goes on where it was, and replaces the oldest."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("cv2", reason="drawn subjects need OpenCV, which only training installs")

from tests.unit.training.drawn import write_pool_file

from training.pool import SCENES_PER_FILE, TRAINING_SEEDS, Pool, start_drawing
from training.screens import Dice

CPU = torch.device("cpu")
SIDE = 8


def numbered(value: float, count: int = 3) -> torch.Tensor:
    """Scenes that are all one number."""
    return torch.full((count, 7, SIDE, SIDE), value, dtype=torch.float16)


def pool_of(folder: Path, capacity: int = 12) -> Pool:
    return Pool(folder, CPU, SIDE, capacity)


def held(pool: Pool) -> set[float]:
    dice = Dice(torch.Generator().manual_seed(1), CPU)
    layers, _ = pool.picked(400, dice)
    return set(layers.float().flatten().tolist())


def test_a_pool_takes_in_new_files_and_each_of_them_once(tmp_path: Path) -> None:
    pool = pool_of(tmp_path)
    assert pool.refresh() == 0
    assert len(pool) == 0
    for number in range(2):
        write_pool_file(tmp_path, number, numbered(number + 1.0))
    assert pool.refresh() == 2
    assert pool.refresh() == 0
    assert (len(pool), pool.drawn) == (6, 6)
    assert held(pool) == {1.0, 2.0}
    write_pool_file(tmp_path, 2, numbered(3.0))
    assert pool.refresh() == 1
    assert held(pool) == {1.0, 2.0, 3.0}


def test_no_more_than_asked_is_taken_in_at_once(tmp_path: Path) -> None:
    for number in range(3):
        write_pool_file(tmp_path, number, numbered(number + 1.0))
    pool = pool_of(tmp_path)
    assert [pool.refresh(1) for _ in range(4)] == [1, 1, 1, 0]


def test_a_full_pool_replaces_its_oldest_scenes(tmp_path: Path) -> None:
    pool = pool_of(tmp_path, capacity=6)
    for number in range(3):
        write_pool_file(tmp_path, number, numbered(number + 1.0))
    pool.refresh()
    assert (len(pool), pool.drawn) == (6, 9)
    assert held(pool) == {2.0, 3.0}


def test_a_pool_on_disk_serves_the_next_run_unless_it_is_removed(tmp_path: Path) -> None:
    path = write_pool_file(tmp_path, 0, numbered(1.0))
    assert pool_of(tmp_path).refresh() == 1
    assert path.exists()
    again = pool_of(tmp_path)
    assert again.refresh(remove=True) == 1
    assert len(again) == 3
    assert not path.exists()
    assert pool_of(tmp_path).refresh() == 0


def test_scenes_of_another_size_and_halves_of_files_are_left_alone(tmp_path: Path) -> None:
    write_pool_file(tmp_path, 0, torch.ones(3, 7, 2 * SIDE, 2 * SIDE, dtype=torch.float16))
    (tmp_path / f"scenes_{SIDE}_000001.1.tmp").write_bytes(b"half")
    assert pool_of(tmp_path).refresh() == 0


def test_nothing_but_what_was_taken_in_is_picked(tmp_path: Path) -> None:
    write_pool_file(tmp_path, 0, numbered(1.0))
    pool = pool_of(tmp_path, capacity=1000)  # the rest of its memory holds anything
    pool.refresh()
    assert held(pool) == {1.0}
    dice = Dice(torch.Generator().manual_seed(1), CPU)
    layers, kinds = pool.picked(5, dice)
    assert layers.shape == (5, 7, SIDE, SIDE)
    assert kinds.shape == (5,)


def test_a_scene_is_picked_with_its_kind(tmp_path: Path) -> None:
    for number in range(3):
        write_pool_file(tmp_path, number, numbered(number + 1.0), kind=number + 10)
    pool = pool_of(tmp_path)
    pool.refresh()
    layers, kinds = pool.picked(200, Dice(torch.Generator().manual_seed(1), CPU))
    assert set(kinds.tolist()) == {10, 11, 12}
    assert torch.equal(layers[:, 0, 0, 0].long() + 9, kinds)


@pytest.mark.slow
def test_kinds_that_are_left_out_are_not_taken_in(tmp_path: Path) -> None:
    for number in range(3):
        write_pool_file(tmp_path, number, numbered(number + 1.0), kind=number + 10)
    pool = Pool(tmp_path, CPU, SIDE, 100, without=(10, 12))
    pool.refresh()
    assert held(pool) == {2.0}
    assert len(pool) == 3


def test_a_process_draws_whole_files_of_training_seeds_until_it_is_stopped(tmp_path: Path) -> None:
    from training.drawing import draw_scene

    processes, stop = start_drawing(tmp_path, processes=1, size=16, first_file=2, backlog=0)
    path = tmp_path / "scenes_16_000002.npz"
    try:
        until = time.monotonic() + 60.0
        while not path.exists() and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        stop.set()
        for process in processes:
            process.join(30.0)
    assert [process.exitcode for process in processes] == [0]
    assert [one.name for one in tmp_path.iterdir()] == [path.name]  # the backlog held it up
    with np.load(path) as file:
        layers = file["layers"]
    assert layers.shape == (SCENES_PER_FILE, 16, 16, 7)
    for index in (0, SCENES_PER_FILE - 1):
        scene = draw_scene(TRAINING_SEEDS + 2 * SCENES_PER_FILE + index, 16)
        assert scene.layers.tobytes() == layers[index].tobytes()
