"""A contact sheet of a keyed shot, for the eye: one row per frame, one column per view."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.frames import PICTURE, read_frame, write_png
from mattebox.pipeline.reduction import Reduction
from mattebox.sequences import OutputPattern
from mattebox.shot import Shot
from mattebox.whole_files import OutputFile
from mattebox_ocio.model_space import srgb_encode
from mattebox_ocio.plate import PlateColour

Pixels = NDArray[np.float32]

MOST_ROWS = 4
TILE_WIDTH = 480
GAP = 4
GREY = (0.18, 0.18, 0.18)
COLOUR = (0.60, 0.02, 0.02)
"""Backgrounds of the composites, linear Rec.709: 18 % grey, and a red that shows green rims."""


def sheet_file(path: Path, shot: Shot, *, overwrite: bool) -> OutputFile:
    """Where a contact sheet is written: never onto a file of the shot."""
    return OutputFile(path, PICTURE, shot.all_files, overwrite)


def write_contact_sheet(
    sheet: OutputFile,
    frames: Sequence[int],
    output: OutputPattern,
    shot: Shot,
    colour: PlateColour,
) -> None:
    """Write a PNG with the columns plate, alpha, rgba over grey, rgba over red, spill.

    At most four frames spread over those given. Values above 1 are clipped for the eye; spill is
    shown as it is, negative parts as black.
    """
    ordered = sorted(frames)
    places = np.linspace(0, len(ordered) - 1, min(MOST_ROWS, len(ordered))).round().astype(int)
    rows = [_row(ordered[place], output, shot, colour) for place in places]
    gap = np.full((GAP, rows[0].shape[1], 3), 40, np.uint8)
    stacked = [part for row in rows for part in (row, gap)][:-1]
    write_png(sheet.path, np.concatenate(stacked, axis=0), overwrite=sheet.overwrite)


def _row(frame: int, output: OutputPattern, shot: Shot, colour: PlateColour) -> NDArray[np.uint8]:
    reduction = Reduction.of(shot.job.settings, shot)

    def shown(pixels: Pixels, *, is_plate: bool = False) -> NDArray[np.uint8]:
        tensor = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1).unsqueeze(0)
        light = reduction.mean(colour.to_out(tensor)) if is_plate else tensor
        linear = colour.to_rec709(light)
        codes = srgb_encode(linear.clamp(0.0, 1.0))[0].permute(1, 2, 0) * 255.0
        return codes.round().to(torch.uint8).contiguous().numpy()

    def background(rec709: tuple[float, float, float]) -> Pixels:
        flat = colour.from_rec709(torch.tensor(rec709).view(1, 3, 1, 1)).flatten().numpy()
        return np.asarray(flat, np.float32)

    keyed = read_frame(output.path(frame), layers=("spill",))
    layers = dict(
        zip(keyed.channels, np.moveaxis(keyed.placed(reduction.window), 2, 0), strict=True)
    )
    rgb = np.stack([layers[name] for name in "RGB"], axis=2)
    alpha = layers["A"][..., None]
    source = shot.read(frame).source
    grey_alpha = np.repeat((alpha[..., 0] * 255.0).round().astype(np.uint8)[..., None], 3, axis=2)
    tiles = [
        shown(source, is_plate=True),
        grey_alpha,
        shown(rgb + (1.0 - alpha) * background(GREY)),
        shown(rgb + (1.0 - alpha) * background(COLOUR)),
    ]
    if "spill.R" in layers:
        tiles.append(shown(np.stack([layers[f"spill.{name}"] for name in "RGB"], axis=2)))
    step = max(1, round(reduction.window.width / TILE_WIDTH))
    gap = np.full((tiles[0][::step].shape[0], GAP, 3), 40, np.uint8)
    parts = [part for tile in tiles for part in (tile[::step, ::step], gap)][:-1]
    return np.concatenate(parts, axis=1)
