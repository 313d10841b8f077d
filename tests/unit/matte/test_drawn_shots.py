"""Do no harm: drawn shots on which an earlier solver was worse than the plain colour difference."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mattebox.bench.shapes import Canvas
from mattebox.bench.shots import read_shot
from mattebox.bench.synthetic import write_synthetic
from mattebox.colour_difference import colour_difference
from mattebox.frames import read_frame
from mattebox.matte.analyse import analyse_shot
from mattebox.matte.plate_estimate import estimate_plate
from mattebox.matte.solve import solve_alpha

SMALL = Canvas(96, 160)


def tensor(path: Path) -> torch.Tensor:
    pixels = torch.from_numpy(read_frame(path).pixels).float()
    return pixels.permute(2, 0, 1)[None].contiguous()


def errors(name: str, folder: Path, *, estimated: bool) -> tuple[float, float]:
    """MAD x1e3 of the solved alpha and of the plain colour difference with the true plate."""
    shot = read_shot(write_synthetic(name, folder, length=4, size=SMALL))
    frames = [tensor(shot.plate.path(frame)) for frame in shot.plate.frames]
    truth = tensor(shot.truth.path(2))[:, 3:4]
    clean = tensor(shot.passes["plate_grain"].path(1))
    plate = clean
    if estimated:
        screen = clean.mean(dim=(0, 2, 3))
        plate = estimate_plate(frames, (float(screen[0]), float(screen[1]), float(screen[2]))).plate
    pieces = [torch.cat(frames[:2]), torch.cat(frames[2:])]
    first = [colour_difference(piece, plate) for piece in pieces]
    known = analyse_shot(pieces, [plate, plate], first, own_plate=estimated)
    neighbours = [frames[0], frames[2]]
    alpha = solve_alpha(frames[1], plate, first[0][1:], known, neighbours=neighbours).alpha
    plain = colour_difference(frames[1], clean)
    return tuple(1e3 * float((one - truth).abs().mean()) for one in (alpha, plain))  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["purple_on_blue", "olive_on_green", "white_bounce"])
def test_cloth_with_a_little_of_the_screens_hue_is_not_half_screen(
    name: str, tmp_path: Path
) -> None:
    solved, plain = errors(name, tmp_path, estimated=False)
    assert solved < 0.7 * plain


def test_a_veil_over_most_of_the_screen_is_not_taken_for_the_screen(tmp_path: Path) -> None:
    solved, plain = errors("veil", tmp_path, estimated=True)
    assert solved < plain
