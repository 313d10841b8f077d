"""What the engines on onnxruntime share: opening the right file, and what a file has decided."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from mattebox.engines.onnx_files import OnnxNetwork, identify_onnx_bytes, is_onnx
from mattebox.engines.onnx_proto import Port, with_output, with_own_dimensions
from mattebox.engines.onnx_session import TYPES
from mattebox.errors import UsageError, WeightsError


def read_onnx(path: Path) -> tuple[bytes, OnnxNetwork]:
    """The bytes of an ONNX file, and what it holds.

    Raises:
        WeightsError: missing or damaged.
        UsageError: weights for torch.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"the weights file {path} cannot be read: {error.strerror or error}",
            next_step="check --weights",
            path=path,
        ) from error
    if not is_onnx(data):
        raise UsageError(
            f"{path} is no ONNX file, which onnxruntime needs",
            next_step=f"make one with `mattebox export onnx {path} -o FILE.onnx`, or use "
            "--backend torch (or auto)",
        )
    return data, identify_onnx_bytes(data, path)


def open_onnx(path: Path, engine: str) -> tuple[bytes, OnnxNetwork]:
    """An ONNX file of ``rvm`` or ``bgmv2``. Raises as ``read_onnx``, and for another network."""
    data, file = read_onnx(path)
    if file.network is None:
        takes = ", ".join(port.name for port in file.inputs)
        gives = ", ".join(port.name for port in file.outputs)
        raise WeightsError(
            f"the weights {path} are of no network we know (inputs {takes}; outputs {gives})",
            next_step="use --engine onnx-matte with --model-config FILE (docs/onnx.md)",
            path=path,
        )
    family = file.network.partition("_")[0]
    if family != engine:
        raise WeightsError(
            f"the weights {path} are of {file.network}, not of {engine}",
            next_step=f"use --engine {family}, or other weights",
            path=path,
        )
    return data, file


def model_bytes(data: bytes, file: OnnxNetwork, extra: Sequence[Port] = ()) -> bytes:
    """The model as it is run: mended where tensors share names of sides, with more outputs."""
    if file.shares_dimensions:
        # onnxruntime may give two tensors one piece of memory where it believes them equal.
        data = with_own_dimensions(data)
    for port in extra:
        data = with_output(data, port.name, port.type)
    return data


def picture_type(file: OnnxNetwork) -> torch.dtype:
    """Number type of the pictures a file takes. Raises WeightsError for one we do not bind."""
    kind = file.input("src").type
    if kind not in ("float32", "float16"):
        raise WeightsError(
            f"{file.path} takes pictures of {kind}", expected="float32 or float16", path=file.path
        )
    return TYPES[kind][0]


def check_precision(file: OnnxNetwork, asked: str) -> None:
    """Raises UsageError where another number type than the file's is asked for."""
    if asked not in ("float32", file.precision):
        raise UsageError(
            f"{file.path} computes in {file.precision}, not in {asked}",
            next_step=f"leave --precision away, or export with --precision {asked}",
        )


def check_size(file: OnnxNetwork, height: int, width: int) -> None:
    """Raises UsageError where the file was made for another picture size."""
    if file.size not in (None, (height, width)):
        assert file.size is not None
        raise UsageError(
            f"{file.path} was made for frames of {file.size[1]}x{file.size[0]}, this one is "
            f"{width}x{height}",
            next_step="export a file for this size, or one for any size",
        )
