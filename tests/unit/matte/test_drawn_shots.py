"""Do no harm: drawn shots of what a solver easily takes for the screen, or the screen for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from benchmarks.shapes import Canvas
from benchmarks.synthetic import write_synthetic
from mattebox.bench.shots import read_shot
from mattebox.colour_difference import colour_difference
from mattebox.frames import read_frame
from mattebox.matte.analyse import analyse_shot
from mattebox.matte.background_estimate import estimate_background
from mattebox.matte.solve import solve_alpha
from mattebox.matte.unmixing.weights import unmixing_network

SMALL = Canvas(96, 160)


def tensor(path: Path) -> torch.Tensor:
    pixels = torch.from_numpy(read_frame(path).pixels).float()
    return pixels.permute(2, 0, 1)[None].contiguous()


@dataclass(frozen=True)
class Errors:
    """Mean absolute errors of the solved alpha, of the plain colour difference with the true plate,
    and of taking everything for screen."""

    solved: float
    plain: float
    nothing: float


def errors(name: str, folder: Path, *, estimated: bool) -> Errors:
    """Of the second frame of a drawn shot."""
    shot = read_shot(write_synthetic(name, folder, length=4, size=SMALL))
    frames = [tensor(shot.plate.path(frame)) for frame in shot.plate.frames]
    truth = tensor(shot.truth.path(2))[:, 3:4]
    clean = tensor(shot.passes["plate_grain"].path(1))
    plate, unseen = clean, None
    if estimated:
        screen = clean.mean(dim=(0, 2, 3))
        found = estimate_background(frames, (float(screen[0]), float(screen[1]), float(screen[2])))
        plate, unseen = found.background, 1.0 - found.known
    pieces = [torch.cat(frames[:2]), torch.cat(frames[2:])]
    first = [colour_difference(piece, plate) for piece in pieces]
    known = analyse_shot(pieces, [plate, plate], first)
    neighbours = [frames[0], frames[2]]
    network = unmixing_network(torch.device("cpu"))
    with torch.inference_mode():
        alpha = solve_alpha(
            frames[1],
            plate,
            first[0][1:],
            known,
            network,
            unseen=unseen,
            neighbours=neighbours,
        ).alpha
    plain = colour_difference(frames[1], clean)
    one, two, three = (
        float((said - truth).abs().mean()) for said in (alpha, plain, torch.zeros_like(truth))
    )
    return Errors(one, two, three)


@pytest.mark.parametrize("name", ["purple_on_blue", "olive_on_green", "white_bounce"])
def test_cloth_with_a_little_of_the_screens_hue_is_not_half_screen(
    name: str, tmp_path: Path
) -> None:
    found = errors(name, tmp_path, estimated=False)
    assert found.solved < 0.8 * found.plain


def test_a_veil_over_most_of_the_screen_is_not_taken_for_the_screen(tmp_path: Path) -> None:
    found = errors("veil", tmp_path, estimated=True)
    assert found.nothing > 0.1
    assert found.solved < 0.3 * found.nothing
