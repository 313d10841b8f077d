"""Two takes over two backgrounds: where one lies on the other, and where they disagree."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from mattebox.engines.triangulate import triangulated_alpha
from mattebox.matte.takes import (
    Takes,
    alpha_error,
    flow_of,
    how_takes_lie,
    moved_takes,
    unexplained,
)

HEIGHT, WIDTH = 120, 160


def subject(shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """HxWx4 premultiplied: a coloured, textured disc with a soft edge, moved right and down."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    x, y = x - shift[0], y - shift[1]
    alpha = np.clip((42.0 - np.hypot(x - 80, y - 60)) / 6.0, 0.0, 1.0)
    waves = np.stack([np.sin(x / 4.0 + y / 7.0), np.cos(x / 6.0), np.sin(y / 5.0)], axis=-1)
    colour = np.array([0.5, 0.3, 0.2]) * (1.0 + 0.4 * waves)
    return np.concatenate([colour * alpha[..., None], alpha[..., None]], axis=-1)


def tensor(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None].contiguous()


def takes(second: np.ndarray, grain: float = 0.0, seed: int = 1) -> Takes:
    """The disc over black, and a second one over white."""
    white = np.ones((HEIGHT, WIDTH, 3))
    random = np.random.default_rng(seed)
    one = subject()[..., :3] + random.normal(0.0, grain, white.shape)
    other = second[..., :3] + (1.0 - second[..., 3:]) * white
    other = other + random.normal(0.0, grain, white.shape)
    return Takes(tensor(one), tensor(0.0 * white), tensor(other), tensor(white))


def alpha_of(found: Takes) -> torch.Tensor:
    return triangulated_alpha(
        found.first, found.second, found.first_background, found.second_background
    )


def error_of(found: Takes) -> float:
    return float((alpha_of(found) - tensor(subject()[..., 3:])).abs().mean())


@pytest.mark.parametrize("shift", [(0.5, -0.3), (2.0, 1.0), (-5.0, 3.0)])
def test_a_shifted_take_is_moved_back_over_a_background_of_another_brightness(
    shift: tuple[float, float],
) -> None:
    apart = takes(subject(shift))
    assert how_takes_lie(apart) == "apart"
    flow = flow_of(apart)
    inside = tensor(subject()[..., 3:])[0, 0] > 0.5
    assert (flow[0, :, inside] - torch.tensor(shift)[:, None]).abs().mean() < 0.1
    assert error_of(moved_takes(apart, flow)) < 0.15 * error_of(apart)


@pytest.mark.parametrize("grain", [0.0, 0.001, 0.01])
def test_takes_that_register_are_left_alone_with_grain_or_without(grain: float) -> None:
    assert how_takes_lie(takes(subject(), grain)) == "registered"


def test_grain_hides_no_shift_of_a_pixel() -> None:
    assert how_takes_lie(takes(subject((1.0, 0.0)), 0.005)) == "apart"


def test_takes_without_a_subject_are_left_alone() -> None:
    empty = takes(np.zeros((HEIGHT, WIDTH, 4)))
    empty = replace(empty, first=empty.first_background)
    assert how_takes_lie(empty) == "registered"
    assert float(flow_of(empty).abs().max()) == 0.0


def test_what_is_in_one_take_alone_is_marked_and_what_agrees_is_not() -> None:
    second = subject()
    second[10:30, 10:40] = (0.6, 0.1, 0.1, 1.0)
    assert how_takes_lie(takes(second)) == "disagreeing"
    assert how_takes_lie(takes(second, 0.005)) == "disagreeing"
    found = alpha_error(takes(second))[0, 0]
    assert float(found[14:26, 14:36].min()) > 0.2
    assert float(found[40:110, 60:100].max()) < 1e-3


def test_nothing_is_unexplained_where_takes_register() -> None:
    assert float(unexplained(takes(subject())).max()) < 1e-12


def test_a_smooth_warp_is_followed() -> None:
    random = np.random.default_rng(3)
    fields = [ndimage.gaussian_filter(random.standard_normal((HEIGHT, WIDTH)), 30) for _ in "xy"]
    dx, dy = (2.0 * field / np.abs(field).max() for field in fields)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    second = np.stack(
        [ndimage.map_coordinates(subject()[..., c], [y - dy, x - dx], order=5) for c in range(4)],
        axis=-1,
    )
    apart = takes(second)
    assert error_of(moved_takes(apart, flow_of(apart))) < 0.3 * error_of(apart)
