"""The ``rvm`` engine on onnxruntime: the official ONNX files, or exported ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from mattebox.engines.base import EngineInput, Prediction
from mattebox.engines.network_runtime import encoded_picture, memory_faults
from mattebox.engines.networks.rvm import coarse_size
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.engines.onnx_files import RATIO_NOTE, RVM_RATIO, RVM_STATES, OnnxNetwork
from mattebox.engines.onnx_session import OnnxSession, picture_type
from mattebox.engines.rvm import INFO, MEMORY_ADVICE, auto_ratio
from mattebox.engines.weights_file import Weights, onnx_weights
from mattebox.errors import UsageError, WeightsError, named

STATE_CHANNELS = {
    "rvm_mobilenetv3": (16, 20, 40, 64),
    "rvm_resnet50": (16, 32, 64, 128),
}
"""Of r1, r2, r3, r4 (the paper's table of the decoder)."""

MOST_STEPS = 4
"""Units in float32's last place by which a ratio may be moved to give the right coarse size."""


class RvmOnnxEngine:
    """RVM in onnxruntime, with the same answers as ``RvmEngine``.

    Args:
        weights: an ONNX file of RVM, by its content, or what was read from it.
        device: where to compute.
        provider: ``auto``, ``cpu``, ``cuda`` or ``tensorrt``.
        precision: must be the file's, or ``float32``, which stands for "the file's".
        refiner: ``auto``, or the one the file holds.
        ratio: (0, 1], size of the coarse picture; None is auto, or the file's own.

    Raises:
        WeightsError: a file that is missing, damaged or of another network.
        DeviceError: onnxruntime is absent, or cannot use the device.
        UsageError: a setting that the file decides otherwise.
    """

    info = INFO

    def __init__(
        self,
        weights: Path | Weights,
        *,
        device: torch.device,
        provider: str = "auto",
        precision: str = "float32",
        refiner: str = "auto",
        ratio: float | None = None,
    ) -> None:
        if ratio is not None and not 0.0 < ratio <= 1.0:
            raise UsageError(f"the ratio {ratio} is out of range", expected="a number in (0, 1]")
        file = onnx_weights(weights)
        file.refuse_another_engine(INFO.name)
        file.refuse_another_precision(precision)
        if refiner not in ("auto", file.refiner):
            raise WeightsError(
                f"the weights {file.path} hold the {file.refiner} refiner, not the {refiner} one",
                next_step=f"use {named('refiner')} {file.refiner} or auto, or export another file",
                path=file.path,
                setting="refiner",
            )
        self._file = file
        self._ratio = _ratio(file, ratio)
        self._device = device
        self._dtype = picture_type(file)
        unrefined = () if file.unrefined is None else (file.unrefined,)
        self._session = OnnxSession(
            file.model,
            file.path,
            (*file.outputs, *unrefined),
            device=device,
            provider=provider,
            advice=MEMORY_ADVICE,
        )
        self.network = str(file.network)
        self.sha256 = file.sha256
        self._channels = STATE_CHANNELS[self.network]

    def ratio_for(self, height: int, width: int) -> float:
        """Size of the coarse picture relative to a frame of this size."""
        return auto_ratio(height, width) if self._ratio is None else self._ratio

    def predict(
        self, frame: EngineInput, state: RvmState | None
    ) -> tuple[Prediction, RvmState | None]:
        """See ``Engine``. A state of another frame size is dropped, as at a cut."""
        picture = encoded_picture(frame.encoded, INFO.name)
        batch, _, height, width = picture.shape
        self._file.refuse_another_size(height, width)
        ratio = self.ratio_for(height, width)
        narrow, (coarse_height, coarse_width) = self._coarse(height, width)
        if coarse_height == 0 or coarse_width == 0:
            raise UsageError(
                f"the ratio {ratio} leaves nothing of a {width}x{height} frame",
                next_step=f"use a larger {named('ratio')}, or auto",
                setting="ratio",
            )
        shapes = self._state_shapes(batch, coarse_height, coarse_width)
        if state is None or not state.fits(batch, coarse_height, coarse_width):
            with memory_faults(self._device, MEMORY_ADVICE):
                state = RvmState(
                    *(
                        torch.zeros(shape, dtype=self._dtype, device=self._device)
                        for shape in shapes
                    )
                )
        source = picture.to(device=self._device, dtype=self._dtype)
        given = {"src": source, **dict(zip(RVM_STATES, state.maps, strict=True))}
        if not self._file.has_ratio:
            given[RVM_RATIO] = torch.tensor([narrow], dtype=torch.float32, device=self._device)
        after = dict(zip(("r1o", "r2o", "r3o", "r4o"), shapes, strict=True))
        unrefined = self._file.unrefined
        if ratio == 1 and unrefined is not None:
            # The official files refine at ratio 1, too; torch's network does not.
            coarse = (batch, 4, height, width)
            answers = self._session.run(given, {unrefined.name: coarse, **after})
            alpha = answers[unrefined.name][:, 3:].float()
        else:
            answers = self._session.run(given, {"pha": (batch, 1, height, width), **after})
            alpha = answers["pha"].float()
        prediction = Prediction(alpha.clamp(0.0, 1.0), sure_inside=True)
        return prediction, RvmState(*(answers[name] for name in after))

    def _coarse(self, height: int, width: int) -> tuple[float, tuple[int, int]]:
        """The ratio as the file gets it, and the size of its coarse picture."""
        ratio = self.ratio_for(height, width)
        if RATIO_NOTE in self._file.notes or ratio == 1:  # our exports multiply exactly
            return ratio, coarse_size(height, width, ratio)
        return nearest_ratio(ratio, height, width)

    def _state_shapes(
        self, batch: int, height: int, width: int
    ) -> tuple[tuple[int, int, int, int], ...]:
        shapes = []
        for channels in self._channels:
            height, width = (height + 1) // 2, (width + 1) // 2
            shapes.append((batch, channels, height, width))
        return tuple(shapes)


def nearest_ratio(ratio: float, height: int, width: int) -> tuple[float, tuple[int, int]]:
    """A float32 ratio that gives the coarse size of the exact one, and that size.

    onnxruntime multiplies both sides by it in float32 and rounds down, which at whole products
    may lose or win a pixel. Where no ratio serves both sides (0.7 of 1280 x 720), the size is
    what the nearest one gives.
    """
    wanted = coarse_size(height, width, ratio)
    nearest = np.float32(ratio)
    for end in (2.0, 0.0):
        candidate = nearest
        for _ in range(MOST_STEPS):
            if _narrow_size(candidate, height, width) == wanted:
                return float(candidate), wanted
            candidate = np.nextafter(candidate, np.float32(end))
    return float(nearest), _narrow_size(nearest, height, width)


def _narrow_size(ratio: np.float32, height: int, width: int) -> tuple[int, int]:
    return int(np.float32(height) * ratio), int(np.float32(width) * ratio)


def _ratio(file: OnnxNetwork, asked: float | None) -> float | None:
    """The ratio to run with; None is auto."""
    if not file.has_ratio:
        return asked
    if file.ratio is None:
        if asked is None:
            raise UsageError(
                f"{file.path} was made for one ratio and does not say which",
                next_step=f"give that ratio with {named('ratio')} R, or export the file again with "
                "`mattebox export onnx`",
            )
        return asked
    if asked is not None and not np.isclose(asked, file.ratio, rtol=1e-6):
        raise UsageError(
            f"{file.path} was made for the ratio {file.ratio:g}, not for {asked:g}",
            next_step=f"leave {named('ratio')} at auto, or export a file for that ratio",
            setting="ratio",
        )
    return file.ratio
