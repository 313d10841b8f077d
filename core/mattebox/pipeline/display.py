"""Colour for the eye: keyed frames and their plate to linear Rec.709, and that to sRGB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox import header_words
from mattebox.errors import InputError, UsageError
from mattebox.frames import Part
from mattebox.pipeline.colour import choose_config, find_colour
from mattebox_ocio import ColourError
from mattebox_ocio.model_space import srgb_encode
from mattebox_ocio.plate import plate_transform
from mattebox_ocio.primaries import REC709, Chromaticities, rgb_to_rgb

Pixels = NDArray[np.float32]
ToLinear = Callable[[Pixels], Pixels]
"""HxWx3 float32 in a file's space to HxWx3 float32 linear Rec.709."""


@dataclass(frozen=True)
class FromMatrix:
    """Linear light to linear Rec.709 by a (3, 3) matrix."""

    matrix: NDArray[np.float64]

    def __call__(self, pixels: Pixels) -> Pixels:
        """HxWx3 float32, any range."""
        return np.asarray(pixels @ self.matrix.T.astype(np.float32), np.float32)


def keyed_to_rec709(part: Part, path: Path) -> ToLinear:
    """From the linear light of a keyed frame, which its chromaticities name; needs no config.

    Raises:
        InputError: the file does not hold eight usable chromaticities.
    """
    stated = part.attributes.get("chromaticities")
    if not isinstance(stated, tuple) or len(stated) != 8:
        raise InputError(
            f"{path} does not say its chromaticities",
            expected="a frame as Mattebox wrote it; a program in between dropped them",
            next_step="key the shot again",
            path=path,
        )
    chromaticities: Chromaticities = tuple(map(float, stated))  # type: ignore[assignment]
    return FromMatrix(rgb_to_rgb(chromaticities, REC709.chromaticities))


def plate_to_rec709(
    plate: Part, path: Path, keyed: Part, *, config: str | None, in_space: str | None
) -> ToLinear:
    """From a plate's own space: as asked for, else as the keyed frame says it was keyed.

    Raises:
        UsageError, InputError: no such config or space.
    """
    stated = keyed.attributes.get(header_words.PLATE_SPACE)
    space = in_space or (str(stated) if stated else None)
    found = find_colour(plate, path, config=config, in_space=space, out_space=None).prepared
    try:
        colour = plate_transform(choose_config(config), found.in_space)
    except ColourError as error:
        raise UsageError(error.message, next_step=error.next_step) from error

    def convert(pixels: Pixels) -> Pixels:
        tensor = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1).unsqueeze(0)
        linear = colour.to_rec709(colour.to_out(tensor))
        return np.asarray(linear[0].permute(1, 2, 0).contiguous().numpy(), np.float32)

    return convert


def encode_srgb(linear: Pixels) -> NDArray[np.uint8]:
    """HxWx3 float32 linear Rec.709, clipped to 0..1, as uint8 sRGB."""
    codes = srgb_encode(torch.from_numpy(np.ascontiguousarray(linear)).clamp(0.0, 1.0)) * 255.0
    return np.asarray(codes.round().to(torch.uint8).numpy())
