"""The ``bgmv2`` engine: anything in front of a known clean plate, every frame for itself."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

import torch
import torch.nn.functional as F

from mattebox.engines.base import EngineInfo, EngineInput, Prediction
from mattebox.engines.checkpoints import load_bgmv2
from mattebox.engines.network_runtime import (
    encoded_picture,
    memory_faults,
    number_type,
    place,
)
from mattebox.engines.networks.bgmv2 import Refinement, RefineMode
from mattebox.engines.networks.bgmv2_cells import CELL
from mattebox.engines.networks.folding import fold_batch_norms
from mattebox.engines.weights_file import Weights, torch_weights
from mattebox.errors import UnknownNameError, UsageError, named

INFO = EngineInfo(
    name="bgmv2",
    summary="people in front of a clean plate, locked-off camera; best edges where that is true",
    recurrent=False,
    needs_background=True,
    wants_encoded=True,
)

LARGEST_HD_SIDE = 2560
"""Up to this longer side the settings advised for HD hold, above it those for 4K."""
HD_SCALE, UHD_SCALE = 0.25, 0.125
HD_PIXELS, UHD_PIXELS = 80_000, 320_000
"""Coarse size and pixels refined, as the release advises for HD and 4K."""
LARGEST_SCALE = 0.5
"""The refiner works at half size; the coarse picture may not be larger (paper, section 4.2)."""

MEMORY_ADVICE = (
    f"lower {named('ratio')} or {named('refine_pixels')}, use {named('precision')} float16, or "
    f"another {named('device')}"
)


class Bgmv2Engine:
    """BGMv2 as an engine.

    Args:
        weights: the file, or what was read from it; the backbone is told from its content.
        device: where to compute.
        precision: ``float32``, ``float16`` or ``bfloat16``, inside the network.
        scale: (0, 0.5], size of the coarse picture; None is auto.
        mode: ``sampling``, ``thresholding`` or ``full``.
        sample_pixels: pixels to refine in sampling mode; None is auto.
        threshold: expected error above which thresholding mode refines.

    Raises:
        WeightsError: weights that are missing, damaged or of another network.
        DeviceError: the device is absent or too small.
        UsageError: a number out of range, or an unknown name.
    """

    info = INFO

    def __init__(
        self,
        weights: Path | Weights,
        *,
        device: torch.device,
        precision: str = "float32",
        scale: float | None = None,
        mode: str = "sampling",
        sample_pixels: int | None = None,
        threshold: float = 0.7,
    ) -> None:
        if scale is not None and not 0.0 < scale <= LARGEST_SCALE:
            raise UsageError(
                f"the ratio {scale} is out of range for bgmv2",
                expected=f"auto, or a number in (0, {LARGEST_SCALE}]",
            )
        if sample_pixels is not None and sample_pixels < CELL * CELL:
            raise UsageError(
                f"{sample_pixels} pixels to refine are less than one cell",
                expected=f"{CELL * CELL} or more",
            )
        if mode not in get_args(RefineMode):
            raise UnknownNameError("refine mode", mode, get_args(RefineMode))
        dtype = number_type(precision)
        checkpoint = torch_weights(weights)
        self._network = load_bgmv2(checkpoint)
        if device.type == "cuda":
            fold_batch_norms(self._network)
        self._network.to(dtype)
        place(self._network, device, dtype)
        self._device = device
        self._scale = scale
        self._mode: RefineMode = cast("RefineMode", mode)
        self._sample_pixels = sample_pixels
        self._threshold = threshold
        self.network = checkpoint.network
        self.sha256 = checkpoint.sha256

    def predict(self, frame: EngineInput, state: None) -> tuple[Prediction, None]:
        """See ``Engine``. Raises UsageError where there is no background."""
        picture, background = (whole.to(self._device) for whole in pictures_of_whole_cells(frame))
        height, width = frame.linear.shape[-2:]
        is_large = max(height, width) > LARGEST_HD_SIDE
        scale = self._scale or (UHD_SCALE if is_large else HD_SCALE)
        pixels = self._sample_pixels or (UHD_PIXELS if is_large else HD_PIXELS)
        refinement = Refinement(self._mode, pixels, self._threshold)
        with memory_faults(self._device, MEMORY_ADVICE), torch.no_grad():
            matte = self._network(picture, background, scale, refinement)
            alpha = matte.alpha[..., :height, :width].contiguous()
        return Prediction(alpha, sure_inside=True), state


def pictures_of_whole_cells(frame: EngineInput) -> tuple[torch.Tensor, torch.Tensor]:
    """Encoded picture and background, made larger until the refiner's cells cover them.

    Raises:
        UsageError: there is no background, or one of another size.
    """
    picture = encoded_picture(frame.encoded, INFO.name)
    background = frame.background_encoded
    if background is None:
        raise UsageError(
            "the bgmv2 engine has no clean plate",
            next_step=f"give {named('clean_plate')} FILE, or {named('screen')} "
            "auto|green|blue|R,G,B to make one",
            setting="clean_plate",
        )
    if background.shape[-2:] != picture.shape[-2:]:
        raise UsageError(
            f"the clean plate is {background.shape[-1]}x{background.shape[-2]}, the frame "
            f"{picture.shape[-1]}x{picture.shape[-2]}",
            expected="a background of the frame's size",
        )
    return _whole_cells(picture), _whole_cells(background)


def _whole_cells(picture: torch.Tensor) -> torch.Tensor:
    """[B,3,H,W] with its last row and column repeated until the sides are divisible by 4."""
    height, width = picture.shape[-2:]
    below, right = -height % CELL, -width % CELL
    return F.pad(picture, (0, right, 0, below), mode="replicate") if below or right else picture
