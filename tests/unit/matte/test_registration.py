"""A clean plate is moved into place, or left alone for a stated reason."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from tests.support.pictures import read_exr, rgb_of

from mattebox.colour_difference import colour_difference
from mattebox.matte.controls import gaussian_blur
from mattebox.matte.registration import (
    camera_moves,
    largest_difference,
    moved_background,
    register_background,
    shown,
)
from mattebox.matte.statistics import Registration
from mattebox.matte.warp import IDENTITY_MATRIX, from_matrix, warped
from mattebox.screen_key import ScreenKey

HEIGHT, WIDTH = 160, 240
EYE = torch.eye(3, dtype=torch.float64)


def textured(seed: int, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    """[1,3,H,W] a wall: detail of 2 and of 8 px around a mean of 0.3."""
    noise = torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(seed))
    fine, wide = gaussian_blur(noise, 2.0), gaussian_blur(noise, 8.0)
    return 0.3 + 0.05 * fine / fine.std() + 0.03 * wide / wide.std()


def centred(*numbers: float, height: int = HEIGHT, width: int = WIDTH) -> torch.Tensor:
    """A matrix given around the middle of the picture, in its pixel coordinates."""
    middle = torch.tensor(
        [[1.0, 0.0, (width - 1) / 2], [0.0, 1.0, (height - 1) / 2], [0.0, 0.0, 1.0]],
        dtype=torch.float64,
    )
    matrix: torch.Tensor = middle @ from_matrix(numbers) @ torch.linalg.inv(middle)
    return matrix


def turned(degrees: float, x: float, y: float) -> torch.Tensor:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return centred(c, -s, x, s, c, y, 0.0, 0.0, 1.0)


def shifted(x: float, y: float) -> torch.Tensor:
    return centred(1.0, 0.0, x, 0.0, 1.0, y, 0.0, 0.0, 1.0)


MOVES = {
    "a third of a pixel": ("shift", shifted(0.3, -0.2), (1.0, 1.0, 1.0)),
    "a pixel and a half, brighter": ("shift", shifted(1.4, -0.8), (1.15, 1.1, 1.05)),
    "four pixels, dimmer": ("shift", shifted(-4.0, 2.5), (0.85, 0.9, 0.95)),
    "turned": ("affine", turned(0.3, 0.5, 1.0), (1.05, 1.0, 0.95)),
    "zoomed": ("affine", centred(1.005, 0, -1.0, 0, 1.005, 0.3, 0, 0, 1), (0.9, 0.9, 0.9)),
    "tilted": ("homography", centred(1, 0, 1.2, 0, 1, 0, 8e-5, -5e-5, 1), (1.0, 1.0, 1.0)),
}


def shot(wall: torch.Tensor, seed: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """Two frames [2,3,H,W] of a disc that moves before the wall, with grain, and their alpha."""
    height, width = wall.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    alphas = []
    for centre in (0.45, 0.55):
        away = torch.hypot(x - centre * width, y - 0.55 * height)
        alphas.append((0.25 * height - away).clamp(0.0, 1.0))
    alpha = torch.stack(alphas)[:, None].to(torch.float32)
    grain = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(seed))
    return alpha * 0.6 + (1.0 - alpha) * wall + 0.01 * grain, alpha


@pytest.mark.parametrize("tilt", [(8e-5, -5e-5), (3e-5, 3e-5), (4e-4, -3e-4)])
def test_a_camera_that_was_tilted_alone_is_followed(tilt: tuple[float, float]) -> None:
    """A tilt moves what is seen as well: a simpler move fits before it, without which it is
    doubted."""
    wall = textured(1)
    source, alpha = shot(wall)
    matrix = centred(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, *tilt, 1.0)
    found = register_background([source], warped(wall, torch.linalg.inv(matrix)), [alpha])
    assert found.model == "homography"
    assert largest_difference(from_matrix(found.matrix), matrix, HEIGHT, WIDTH) < 0.05


@pytest.mark.parametrize("name", MOVES)
def test_a_known_move_is_found_again(name: str) -> None:
    model, move, gain = MOVES[name]
    wall = textured(1)
    source, alpha = shot(wall)
    plate = warped(wall, move) * torch.tensor(gain).view(1, 3, 1, 1)
    found = register_background([source], plate, [alpha])
    assert found.model == model, found
    # plate(x) is wall(move x), so the matrix undoes the move
    assert largest_difference(move @ from_matrix(found.matrix), EYE, HEIGHT, WIDTH) < 0.06
    assert found.misfit_after < found.misfit_before
    inner = (..., slice(8, -8), slice(8, -8))
    moved = moved_background(plate, found) / torch.tensor(gain).view(1, 3, 1, 1)
    assert float((moved - wall)[inner].abs().mean()) < 0.002


def test_a_plate_in_place_comes_back_as_the_same_tensor() -> None:
    wall = textured(1)
    source, alpha = shot(wall)
    found = register_background([source], wall, [alpha])
    assert found.model == "none"
    assert found.matrix == IDENTITY_MATRIX
    assert moved_background(wall, found) is wall


def test_the_matrix_leads_from_the_shot_into_the_plate() -> None:
    plate = torch.arange(8.0).expand(1, 3, 6, 8)
    one_right = Registration("shift", (1, 0, 1, 0, 1, 0, 0, 0, 1), 0.0, 0.0, 0.0, "")
    expected = (torch.arange(8.0) + 1.0).clamp_max(7.0).expand(1, 3, 6, 8)
    torch.testing.assert_close(moved_background(plate, one_right), expected)


def test_a_ramp_sampled_between_pixels_stays_the_ramp() -> None:
    ramp = torch.arange(12.0).expand(1, 1, 12, 12).contiguous()
    sampled = warped(ramp, shifted(0.3, 0.0))
    torch.testing.assert_close(sampled[..., 2:-2], ramp[..., 2:-2] + 0.3)


@pytest.mark.slow
def test_another_picture_is_refused() -> None:
    source, alpha = shot(textured(1))
    found = register_background([source], textured(2), [alpha])
    assert found.model == "none"
    assert found.reason


@pytest.mark.slow
def test_a_flat_screen_under_grain_stays_and_says_why() -> None:
    flat = torch.tensor([0.08, 0.43, 0.11]).view(1, 3, 1, 1).expand(1, 3, HEIGHT, WIDTH)
    source, alpha = shot(flat)
    grain = torch.randn(flat.shape, generator=torch.Generator().manual_seed(9))
    found = register_background([source], flat + 0.01 * grain, [alpha])
    assert found.model == "none"
    assert "shift: " in found.reason


def test_no_background_and_no_frames_are_said() -> None:
    wall = textured(1)
    source, alpha = shot(wall)
    covered = register_background([source], wall, [torch.ones_like(alpha)])
    assert (covered.model, covered.reason) == ("none", "too little background is seen")
    assert register_background([], wall, []).model == "none"


def test_a_registration_is_plain_numbers_and_the_same_every_time() -> None:
    wall = textured(1)
    source, alpha = shot(wall)
    plate = warped(wall, shifted(1.0, 0.5))
    first = register_background([source], plate, [alpha])
    assert first == register_background([source], plate, [alpha])
    assert json.loads(json.dumps(asdict(first)))["model"] == "shift"


def picture(folder: Path, name: str, frame: int) -> torch.Tensor:
    (path,) = folder.glob(f"{name}/*_{name}.{frame:04d}.exr")
    return torch.from_numpy(rgb_of(read_exr(path)).copy()).permute(2, 0, 1)[None].contiguous()


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(("name", "bound"), [("hair", 0.03), ("smoke_glass", 0.08)])
def test_the_plate_beside_the_shot_is_found(shared: Path, name: str, bound: float) -> None:
    """``plate_offset`` was moved by (1.4, -0.8) px and made 5 % brighter."""
    folder = shared / "shots" / name
    plate = picture(folder, "plate_offset", 1)
    frames = [picture(folder, "green_spill_grain", k) for k in (1, 12, 23)]
    found = register_background(frames, plate, [colour_difference(f, plate) for f in frames])
    assert found.model == "shift"
    assert math.hypot(found.matrix[2] - 1.4, found.matrix[5] + 0.8) < bound


@pytest.mark.slow
@pytest.mark.shared
def test_a_detailed_plate_in_place_is_left_alone(shared: Path) -> None:
    folder = shared / "shots" / "hair"
    plate = picture(folder, "busy_plate", 1)
    frames = [picture(folder, "busy", k) for k in (1, 4)]
    rough = [((f - plate).abs().amax(1, keepdim=True) > 0.1).float() for f in frames]
    assert register_background(frames, plate, rough).model == "none"


def seen_through(wall: torch.Tensor, moves: list[torch.Tensor]) -> list[torch.Tensor]:
    """A frame [1,3,H,W] of the disc before ``wall`` for each move of the camera."""
    source, _ = shot(wall)
    return [warped(source[:1], move) for move in moves]


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ([shifted(0.0, 0.0), shifted(2.0, -1.0), shifted(-3.0, 2.0)], True),
        ([turned(0.3, 1.0, 0.5), turned(-0.2, -2.0, 0.5)], True),
        ([shifted(1.4, -0.8)] * 3, False),
        ([shifted(0.0, 0.0), shifted(0.1, -0.1), shifted(-0.1, 0.05)], False),
    ],
    ids=["handheld", "turning", "beside its plate", "soft floor"],
)
def test_a_camera_that_moves_is_told_from_one_that_stands_beside_its_plate(
    moves: list[torch.Tensor], expected: bool
) -> None:
    wall = textured(1)
    frames = seen_through(wall, moves)
    nothing = [torch.zeros_like(frame[:, :1]) for frame in frames]
    assert camera_moves(frames, wall, nothing) is expected


def test_one_frame_that_is_sure_suffices_where_the_other_agrees() -> None:
    wall = textured(1)
    still, moved = seen_through(wall, [shifted(0.0, 0.0), shifted(4.0, -3.0)])
    grain = torch.randn(moved.shape, generator=torch.Generator().manual_seed(4))
    nothing = [torch.zeros_like(still[:, :1])] * 2
    drowned = moved + 1.3 * grain  # it would not resemble the background in any place
    assert camera_moves([still, drowned], wall, nothing)
    assert not camera_moves([still, still + 1.3 * grain], wall, nothing)


def test_a_flat_wall_does_not_say_that_the_camera_moves() -> None:
    wall = torch.full((1, 3, HEIGHT, WIDTH), 0.3)
    grain = torch.randn(3, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(4))
    frames = list(torch.split(wall + 0.01 * grain, 1))
    assert not camera_moves(frames, wall, [torch.zeros_like(frame[:, :1]) for frame in frames])


def test_a_subject_that_nothing_leaves_out_is_no_move_of_the_camera() -> None:
    """On a smooth screen the subject outweighs grain, and a fit follows it far."""
    down = torch.linspace(0.9, 1.1, HEIGHT).view(1, 1, HEIGHT, 1)
    screen = down * torch.tensor([0.08, 0.4, 0.1]).view(1, 3, 1, 1).expand(1, 3, HEIGHT, WIDTH)
    frames, _ = zip(*(shot(screen, seed) for seed in range(3)), strict=True)
    seen = [frame[:1] for frame in frames]
    alphas = [colour_difference(frame, screen, ScreenKey(1)) for frame in seen]
    nothing = torch.zeros_like(alphas[-1])
    assert not camera_moves(seen, screen, alphas)
    assert not camera_moves(seen, screen, [*alphas[:-1], nothing])


def test_a_frame_is_registered_with_nothing_known_of_its_subject() -> None:
    wall, move = textured(1), turned(0.3, 3.0, -2.0)
    (frame,) = seen_through(wall, [move])
    found = register_background([frame], wall, [torch.zeros_like(frame[:, :1])])
    assert largest_difference(from_matrix(found.matrix), move, HEIGHT, WIDTH) < 0.3


def test_beyond_the_border_of_a_moved_picture_nothing_is_shown() -> None:
    picture = textured(1)
    moved = Registration("shift", (1, 0, 3, 0, 1, -2, 0, 0, 1), 0.0, 0.0, 0.0, "")
    seen = shown(moved, picture)[0, 0]
    assert seen[2:, : WIDTH - 3].all()
    assert not seen[:2].any()
    assert not seen[:, WIDTH - 3 :].any()
