"""What the network engines share: number types, placing a network on its device, and memory faults.

Where torch says that a device is absent or its memory is full, the user is told what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from mattebox.errors import DeviceError, MatteboxError, UnknownNameError, named

PRECISIONS = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}
"""Number types a network can compute in."""

HOST_MEMORY_MESSAGE = "can't allocate memory"
"""How torch's CPU allocator says that it failed; it has no exception class of its own."""


def number_type(precision: str) -> torch.dtype:
    """torch's type for a name of ``PRECISIONS``. Raises UnknownNameError for another."""
    if precision not in PRECISIONS:
        raise UnknownNameError("precision", precision, PRECISIONS)
    return PRECISIONS[precision]


def place(network: nn.Module, device: torch.device, dtype: torch.dtype) -> None:
    """Move a network to its device and choose the fastest memory order there.

    On CUDA the TensorFloat-32 shortcuts are switched off for the process: float32 means float32.

    Raises:
        DeviceError: the device is absent, or the weights do not fit on it.
    """
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise DeviceError(
                f"the device {device} is not there ({count} CUDA devices are visible)",
                next_step=f"run `mattebox doctor`, or say {named('device')} cpu",
                setting="device",
            )
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.allow_tf32 = False
    with memory_faults(device, f"use another {named('device')}"):
        network.to(device)
        # Tensor cores read 16-bit pictures channels last; float32 kernels gain nothing from it.
        if device.type == "cuda" and dtype != torch.float32:
            for parameter in network.parameters():
                if parameter.ndim == 4:
                    parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


@contextmanager
def memory_faults(device: torch.device, advice: str) -> Iterator[None]:
    """Turn torch's out-of-memory errors into DeviceError with advice."""
    try:
        yield
    except torch.cuda.OutOfMemoryError as error:
        raise _too_small(device, advice) from error
    except RuntimeError as error:
        if HOST_MEMORY_MESSAGE not in str(error):
            raise
        raise _too_small(device, advice) from error


def encoded_picture(picture: torch.Tensor | None, engine: str) -> torch.Tensor:
    """The display-encoded picture an engine asked for. Its absence is the caller's fault."""
    if picture is None:
        raise MatteboxError(f"the {engine} engine was given no display-encoded picture")
    return picture


def _too_small(device: torch.device, advice: str) -> DeviceError:
    return DeviceError(f"{device} has not enough memory", next_step=advice)
