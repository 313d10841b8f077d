"""The ``rvm`` engine: people on any background, from the picture alone, with a memory."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

import torch

from mattebox.engines.base import EngineInfo, EngineInput, Prediction
from mattebox.engines.checkpoints import load_rvm
from mattebox.engines.network_runtime import (
    encoded_picture,
    memory_faults,
    number_type,
    place,
)
from mattebox.engines.networks.folding import fold_batch_norms
from mattebox.engines.networks.rvm import RvmRefiner, coarse_size
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.engines.weights_file import Weights, torch_weights
from mattebox.errors import UnknownNameError, UsageError, named

INFO = EngineInfo(
    name="rvm",
    summary="people on any background, none has to be known; remembers the frames before",
    recurrent=True,
    needs_background=False,
    wants_encoded=True,
    settles=24,
)

COARSE_SIDE = 512
"""Longer side of the coarse picture at ratio auto (the release's own tool; it was trained on
coarse pictures of 256 to 512 pixels)."""

MEMORY_ADVICE = (
    f"lower {named('ratio')}, use {named('precision')} float16, or use another {named('device')}"
)


class RvmEngine:
    """RVM as an engine.

    Args:
        weights: the file, or what was read from it; the variant is told from its content.
        device: where to compute.
        precision: ``float32``, ``float16`` or ``bfloat16``, inside the network; the refiner
            always computes in float32.
        refiner: ``deep``, ``fast``, or ``auto`` for what the weights hold.
        ratio: (0, 1], size of the coarse picture; None is auto.

    Raises:
        WeightsError: weights that are missing, damaged or of another network.
        DeviceError: the device is absent or too small.
        UsageError: a ratio out of range, or an unknown name.
    """

    info = INFO

    def __init__(
        self,
        weights: Path | Weights,
        *,
        device: torch.device,
        precision: str = "float32",
        refiner: str = "auto",
        ratio: float | None = None,
    ) -> None:
        if ratio is not None and not 0.0 < ratio <= 1.0:
            raise UsageError(f"the ratio {ratio} is out of range", expected="a number in (0, 1]")
        if refiner != "auto" and refiner not in get_args(RvmRefiner):
            raise UnknownNameError("refiner", refiner, (*get_args(RvmRefiner), "auto"))
        dtype = number_type(precision)
        checkpoint = torch_weights(weights)
        wanted = None if refiner == "auto" else cast("RvmRefiner", refiner)
        self._network = load_rvm(checkpoint, wanted)
        if device.type == "cuda":
            fold_batch_norms(self._network)
        self._network.set_precision(dtype)
        place(self._network, device, dtype)
        self._device = device
        self._ratio = ratio
        self.network = checkpoint.network
        self.sha256 = checkpoint.sha256

    def ratio_for(self, height: int, width: int) -> float:
        """Size of the coarse picture relative to a frame of this size."""
        return auto_ratio(height, width) if self._ratio is None else self._ratio

    def predict(
        self, frame: EngineInput, state: RvmState | None
    ) -> tuple[Prediction, RvmState | None]:
        """See ``Engine``. A state of another frame size is dropped, as at a cut."""
        picture = encoded_picture(frame.encoded, INFO.name).to(self._device)
        batch, _, height, width = picture.shape
        ratio = self.ratio_for(height, width)
        if state is not None and not state.fits(batch, *coarse_size(height, width, ratio)):
            state = None
        # Not inference mode: its tensors may not be changed in place outside of it, and a copy of
        # every answer costs more than it saves.
        with memory_faults(self._device, MEMORY_ADVICE), torch.no_grad():
            matte = self._network(picture, state, ratio)
        return Prediction(matte.alpha, sure_inside=True), matte.state


def auto_ratio(height: int, width: int) -> float:
    """The ratio that makes the longer side ``COARSE_SIDE``; never enlarges."""
    return min(COARSE_SIDE / max(height, width), 1.0)
