"""The ``bgmv2`` engine on onnxruntime: the official ONNX files, or exported ones."""

from __future__ import annotations

from pathlib import Path

import torch

from mattebox.engines.base import EngineInput, Prediction
from mattebox.engines.bgmv2 import INFO, MEMORY_ADVICE, pictures_of_whole_cells
from mattebox.engines.onnx_files import BGMV2_INPUTS, OnnxNetwork
from mattebox.engines.onnx_session import OnnxSession, picture_type
from mattebox.engines.weights_file import Weights, onnx_weights
from mattebox.errors import UsageError, named

OFFICIAL_MODE = "sampling"
"""What the official files do, and what a file does that says nothing."""


class Bgmv2OnnxEngine:
    """BGMv2 in onnxruntime. Coarse size and refinement are what the file was exported with.

    Args:
        weights: an ONNX file of BGMv2, by its content, or what was read from it.
        device: where to compute.
        provider: ``auto``, ``cpu``, ``cuda`` or ``tensorrt``.
        precision: must be the file's, or ``float32``, which stands for "the file's".
        scale: size of the coarse picture; None, or the file's.
        mode: ``sampling``, which stands for "the file's", or the file's.
        sample_pixels: pixels to refine; None, or the file's.

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
        scale: float | None = None,
        mode: str = OFFICIAL_MODE,
        sample_pixels: int | None = None,
    ) -> None:
        file = onnx_weights(weights)
        file.refuse_another_engine(INFO.name)
        _check_decided(file, named("ratio"), "downsample_ratio", scale)
        _check_decided(file, named("refine_pixels"), "refine_pixels", sample_pixels)
        if mode != OFFICIAL_MODE:
            _check_decided(file, named("refine_mode"), "refine_mode", mode)
        file.refuse_another_precision(precision)
        self._file = file
        self._dtype = picture_type(file)
        self._device = device
        self._session = OnnxSession(
            file.model,
            file.path,
            file.outputs,
            device=device,
            provider=provider,
            advice=MEMORY_ADVICE,
        )
        self.network = str(file.network)
        self.sha256 = file.sha256

    def predict(self, frame: EngineInput, state: None) -> tuple[Prediction, None]:
        """See ``Engine``. Raises UsageError where there is no background."""
        picture, background = pictures_of_whole_cells(frame)
        height, width = frame.linear.shape[-2:]
        batch, _, rows, columns = picture.shape
        self._file.refuse_another_size(rows, columns)
        given = {
            name: whole.to(device=self._device, dtype=self._dtype)
            for name, whole in zip(BGMV2_INPUTS, (picture, background), strict=True)
        }
        answers = self._session.run(given, {"pha": (batch, 1, rows, columns)})
        alpha = answers["pha"][..., :height, :width].float().clamp(0.0, 1.0).contiguous()
        return Prediction(alpha, sure_inside=True), state


def _check_decided(file: OnnxNetwork, flag: str, note: str, asked: float | str | None) -> None:
    """Raises UsageError where something else is asked for than what the file says it does."""
    decided = file.notes.get(f"mattebox.{note}")
    if asked is None or str(asked) == decided:
        return
    raise UsageError(
        f"{flag} {asked} cannot be set: it is part of {file.path} ({decided or 'unknown'})",
        next_step=f"leave {flag} out, or make a file for it with `mattebox export onnx`",
    )
