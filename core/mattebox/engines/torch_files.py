"""Named tensors out of a weights file, and what is wrong with a file that holds none.

Never runs code from a file: only tensors are read, and everything else is refused by name.
"""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Mapping
from pathlib import Path

import safetensors
import safetensors.torch
import torch

from mattebox.engines.onnx_files import is_onnx
from mattebox.engines.torchscript_files import is_torchscript, read_torchscript
from mattebox.errors import WeightsError

KNOWN = "weights of RVM (mobilenetv3, resnet50) or BGMv2 (mobilenetv2, resnet50, resnet101)"
ENDINGS = ".pth, .safetensors or .torchscript"
MARKS_OF_CODE = ("can still be loaded", "unsupported global", "unsupported class")
"""What torch's message holds where a pickle is whole but names things other than tensors."""


def read_tensors(data: bytes, path: Path) -> dict[str, torch.Tensor]:
    """The named tensors in a weights file.

    Args:
        data: the whole file.
        path: where it came from, for messages.

    Raises:
        WeightsError: damaged, something else, or a pickle that names more than tensors.
    """
    if is_onnx(data):
        raise WeightsError(
            f"{path} is an ONNX file, which torch cannot run",
            expected=f"{KNOWN} as {ENDINGS}",
            next_step="use --backend onnx (or auto), or give the release's .pth file",
            path=path,
        )
    foreign = _foreign_format(data)
    if foreign is not None:
        raise WeightsError(
            f"{path} is {foreign}",
            expected=f"{KNOWN} as {ENDINGS}",
            next_step="fetch the file again",
            path=path,
        )
    if data[8:9] == b"{" and int.from_bytes(data[:8], "little") < max(len(data), 2**20):
        try:
            return safetensors.torch.load(data)
        except (safetensors.SafetensorError, KeyError, ValueError, RuntimeError) as error:
            raise _damaged(path, error) from error
    if is_torchscript(data):
        return read_torchscript(data, path)
    try:
        with warnings.catch_warnings(action="ignore"):  # about odd pickles; the error says it
            loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not any(mark in str(error).lower() for mark in MARKS_OF_CODE):
            raise _damaged(path, pickle.UnpicklingError("not written by torch.save")) from error
        raise WeightsError(
            f"{path} holds more than tensors and would run code when opened; it was not opened",
            expected="a state dict of tensors (.pth) or a .safetensors file",
            next_step="get the file from its official release",
            path=path,
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise _damaged(path, error) from error
    if not isinstance(loaded, Mapping) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor)
        for name, tensor in loaded.items()
    ):
        raise WeightsError(
            f"{path} holds {type(loaded).__name__}, not only named tensors",
            expected="a state dict: official names -> tensors",
            path=path,
        )
    return dict(loaded)


def _foreign_format(data: bytes) -> str | None:
    """What a file is that cannot be weights at all, for people; None where it may be."""
    start = data[:512].lstrip().lower()
    if not data:
        return "empty"
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "a web page, not weights (a download that ended on an error page?)"
    if start.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, not the weights themselves"
    if b"onnx" in start or (b"pytorch" in data[:64] and b"archive" not in data[:512]):
        return "a damaged ONNX file"
    return None


def _damaged(path: Path, error: Exception) -> WeightsError:
    first_line = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return WeightsError(
        f"{path} is truncated, damaged or not a weights file ({first_line})",
        expected=f"{KNOWN} as {ENDINGS}",
        next_step="compare its size and sha256 with `mattebox weights list`, or fetch it again",
        path=path,
    )
