"""What a weights file is: its format, whose weights it holds, and its sha256."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mattebox.engines.onnx_files import identify_onnx_bytes, is_onnx
from mattebox.errors import WeightsError
from mattebox.settings import Backend

WeightsFormat = Literal["torch", "onnx"]


@dataclass(frozen=True)
class WeightsFile:
    """A weights file that was read and is whole.

    Attributes:
        path: the file.
        format: ``torch`` (.pth, .safetensors, TorchScript) or ``onnx``.
        network: ``rvm_mobilenetv3``, ...; None for an ONNX file of any other network.
        sha256: of its bytes.
        precision: number type of its weights.
    """

    path: Path
    format: WeightsFormat
    network: str | None
    sha256: str
    precision: str


def identify_weights(path: Path) -> WeightsFile:
    """Read a weights file of any format, told from its content.

    Raises:
        WeightsError: missing, damaged, something else, or (unless it is ONNX) of an unknown
            network.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"the weights file {path} cannot be read: {error.strerror or error}",
            next_step="check --weights",
            path=path,
        ) from error
    if is_onnx(data):
        onnx = identify_onnx_bytes(data, path)
        return WeightsFile(path, "onnx", onnx.network, onnx.sha256, onnx.precision)
    from mattebox.engines.checkpoints import checkpoint_of

    checkpoint = checkpoint_of(data, path)
    return WeightsFile(path, "torch", checkpoint.network, checkpoint.sha256, "float32")


def runs_on_onnx(path: Path, backend: Backend) -> bool:
    """Whether onnxruntime runs a weights file: as asked for, or (``auto``) as the file is made.

    A file that cannot be read counts as torch's; opening it says what is wrong.
    """
    if backend is not Backend.AUTO:
        return backend is Backend.ONNX
    try:
        return is_onnx(path.read_bytes())
    except OSError:
        return False
