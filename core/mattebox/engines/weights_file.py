"""The one way into a weights file: opened once, told from its first bytes, read once.

What was read last is kept, so that a job that is prepared, looked at and run opens its file once.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from mattebox.errors import UsageError, WeightsError, named

if TYPE_CHECKING:
    from mattebox.engines.checkpoints import Checkpoint
    from mattebox.engines.onnx_files import OnnxNetwork

Weights: TypeAlias = "Checkpoint | OnnxNetwork"
"""A file for torch, or one for onnxruntime: both say ``network`` and ``sha256``."""
Kind: TypeAlias = Literal["onnx", "safetensors", "zip", "pickle"]

KNOWN = "weights of RVM (mobilenetv3, resnet50) or BGMv2 (mobilenetv2, resnet50, resnet101)"
ENDINGS = ".pth, .safetensors, .torchscript or .onnx"
START = 512
"""Bytes that tell what a file is."""
MOST_BYTES = 2**31
"""The most that an ONNX file can hold (protobuf); every network we know is far smaller."""

_State: TypeAlias = "tuple[Path, int, int, int, int, int]"
_kept: dict[_State, Weights] = {}
"""The file that was read last, under the state it was in."""


def read_weights(path: Path) -> Weights:
    """Read a weights file of any format, told from its content.

    Raises:
        WeightsError: missing, damaged, something else, or (unless it is ONNX) of an unknown
            network.
        DeviceError: an ONNX file where the ``onnx`` package is not installed.
    """
    with _our_faults(path):
        state = _state(path)
        if state in _kept:
            return _kept[state]
        with path.open("rb") as stream:
            kind = _kind(stream.peek(START)[:START], path)
            data = stream.read()
    sha256 = hashlib.sha256(data).hexdigest()
    found: Weights
    try:
        if kind == "onnx":
            from mattebox.engines.onnx_files import read_onnx

            found = read_onnx(data, sha256, path)
        else:
            from mattebox.engines.checkpoints import identify
            from mattebox.engines.torch_files import read_tensors

            found = identify(read_tensors(data, kind, path), sha256, path)
    except MemoryError as error:
        raise damaged(path, "it asks for more memory than there is") from error
    _kept.clear()
    _kept[state] = found
    return found


def torch_weights(weights: Path | Weights) -> Checkpoint:
    """Weights that torch runs. Raises as ``read_weights``, and WeightsError for an ONNX file."""
    from mattebox.engines.onnx_files import OnnxNetwork

    found = read_weights(weights) if isinstance(weights, Path) else weights
    if isinstance(found, OnnxNetwork):
        raise WeightsError(
            f"{found.path} is an ONNX file, which torch cannot run",
            expected=f"{KNOWN} as {ENDINGS.replace(' or .onnx', '')}",
            next_step=f"use {named('backend')} onnx (or auto), or give the release's .pth file",
            path=found.path,
        )
    return found


def onnx_weights(weights: Path | Weights) -> OnnxNetwork:
    """Weights that onnxruntime runs. Raises as ``read_weights``, and UsageError for others."""
    from mattebox.engines.onnx_files import OnnxNetwork

    found = read_weights(weights) if isinstance(weights, Path) else weights
    if not isinstance(found, OnnxNetwork):
        raise UsageError(
            f"{found.path} is not an ONNX file, which onnxruntime needs",
            next_step=f"make one with `mattebox export onnx {found.path} -o FILE.onnx`, or use "
            f"{named('backend')} torch (or auto)",
        )
    return found


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes; not opened again where it is the one that was read last.

    Raises WeightsError where it cannot be read.
    """
    with _our_faults(path):
        state = _state(path)
        if state in _kept:
            return _kept[state].sha256
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def foreign_start(start: bytes) -> str | None:
    """What a file is that cannot be weights at all, told from its first bytes; else None."""
    text = start[:START].lstrip().lower()
    if not start:
        return "empty"
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head")):
        return "a web page, not weights (a login or an error page?)"
    if text.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, not the weights themselves"
    return None


def damaged(path: Path, reason: object) -> WeightsError:
    """What is said of a file that is not what its first bytes promise."""
    first_line = (str(reason).strip() or type(reason).__name__).splitlines()[0][:200]
    return WeightsError(
        f"{path} is truncated, damaged or not a weights file ({first_line})",
        expected=f"{KNOWN} as {ENDINGS}",
        next_step="compare its size and sha256 with `mattebox weights list`, or fetch it again",
        path=path,
    )


def _kind(start: bytes, path: Path) -> Kind:
    stranger = foreign_start(start)
    if stranger is not None:
        raise WeightsError(
            f"{path} is {stranger}",
            expected=f"{KNOWN} as {ENDINGS}",
            next_step="fetch the file again",
            path=path,
        )
    # The length of its header, then that header, which is JSON.
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < MOST_BYTES:
        return "safetensors"
    if start.startswith(b"PK\x03\x04"):
        return "zip"
    if start.startswith(b"\x80"):  # opcode PROTO, with which torch's older files begin
        return "pickle"
    # ModelProto begins with its ir_version (field 1) in every file that tools write.
    if start.startswith(b"\x08"):
        return "onnx"
    raise damaged(path, "its first bytes are those of no known format")


def _state(path: Path) -> _State:
    """A file's identity, size and times. Raises OSError unless it is a file of a possible size."""
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(0, "Is a directory")
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "it is a pipe or a device, not a file")
    if found.st_size > MOST_BYTES:
        raise OSError(0, f"{found.st_size:,} bytes are more than the {MOST_BYTES:,} of any network")
    times = found.st_mtime_ns, found.st_ctime_ns
    return path.absolute(), found.st_dev, found.st_ino, found.st_size, *times


@contextmanager
def _our_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WeightsError(
            f"the weights file {path} cannot be read: {error.strerror or error}",
            next_step=f"check {named('weights')}",
            path=path,
        ) from error
