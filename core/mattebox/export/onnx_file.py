"""An exported ONNX file, run by onnxruntime on the CPU to compare it with torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from mattebox.export.clips import ClipFrame
from mattebox.export.files import needed
from mattebox.export.parity import Bgmv2Answer, RvmAnswer

ERRORS_ONLY = 3
"""onnxruntime's log level: its warnings are of no use to a user."""

Array = npt.NDArray[Any]


class OnnxFile:
    """The file, its number types and its free sides. DeviceError where onnxruntime is absent."""

    def __init__(self, path: Path) -> None:
        runtime = needed("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = ERRORS_ONLY
        self._session = runtime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        inputs = self._session.get_inputs()
        self._dtype = np.float16 if inputs[0].type == "tensor(float16)" else np.float32
        self._shapes = {item.name: item.shape for item in inputs}

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width where it takes only one size, else None."""
        height, width = self._shapes["src"][2:]
        return (height, width) if isinstance(height, int) and isinstance(width, int) else None

    @property
    def takes_ratio(self) -> bool:
        """Whether the ratio is an input."""
        return "downsample_ratio" in self._shapes

    def rvm(self, source: torch.Tensor, ratio: float, before: RvmAnswer | None) -> RvmAnswer:
        """One frame [1,3,H,W] float32 after another; None before the first."""
        given = {"src": self._number(source)}
        for index, name in enumerate(("r1i", "r2i", "r3i", "r4i")):
            if before is None:
                sides = [side if isinstance(side, int) else 1 for side in self._shapes[name]]
                given[name] = np.zeros(sides, self._dtype)
            else:
                given[name] = self._number(before.state[index])
        if self.takes_ratio:
            given["downsample_ratio"] = np.array([ratio], np.float32)
        foreground, alpha, *state = self._run(given)
        return RvmAnswer(alpha, foreground, tuple(state))

    def bgmv2(self, frame: ClipFrame) -> Bgmv2Answer:
        """One frame and its background."""
        alpha, foreground, _, _, _, refined = self._run(
            {"src": self._number(frame.source), "bgr": self._number(frame.background)}
        )
        return Bgmv2Answer(alpha, foreground, refined > 0.5)

    def _number(self, tensor: torch.Tensor) -> Array:
        return tensor.numpy().astype(self._dtype)

    def _run(self, given: dict[str, Array]) -> list[torch.Tensor]:
        answers = self._session.run(None, given)
        return [torch.from_numpy(answer.astype(np.float32)) for answer in answers]
