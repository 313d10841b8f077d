"""Choosing the device that computes. Never falls back silently."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mattebox.errors import DeviceError, UsageError, named

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Device:
    """A device of torch, and what to call it in front of people.

    Attributes:
        name: ``cpu`` or ``cuda:0``.
        description: the same with the hardware's own name.
    """

    name: str
    description: str

    @property
    def kind(self) -> str:
        """``cpu`` or ``cuda``: what job files and fingerprints hold."""
        return self.name.split(":")[0]

    @property
    def torch(self) -> torch.device:
        import torch

        return torch.device(self.name)


def choose_device(wanted: str) -> Device:
    """The device for ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.

    ``auto`` is the first CUDA device where there is one, else the CPU. Raises DeviceError where a
    CUDA device is asked for and absent, UsageError where the name is not one of those.
    """
    if wanted == "cpu":
        return _cpu()
    if not re.fullmatch(r"auto|cuda(:\d+)?", wanted):
        raise UsageError(f"there is no device {wanted!r}", expected="auto, cpu, cuda or cuda:n")
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        return _cuda(0) if count else _cpu()
    _, _, digits = wanted.partition(":")
    index = int(digits or 0)
    if index >= count:
        seen = "no CUDA device is visible" if count == 0 else f"only {count} are visible"
        raise DeviceError(
            f"the device {wanted} was asked for and {seen} (torch {torch.__version__})",
            next_step="run `mattebox doctor`, check the driver and CUDA_VISIBLE_DEVICES, or say "
            f"{named('device')} cpu",
            setting="device",
        )
    return _cuda(index)


def usable_cores() -> int:
    """Cores that this process may run on: what a scheduler gave it, where the system says so."""
    affinity = getattr(os, "sched_getaffinity", None)
    return os.cpu_count() or 1 if affinity is None else len(affinity(0))


def use_deterministic_arithmetic(threads: int) -> None:
    """Same input, same device, same bytes: no TF32, no autotuned kernels, a fixed thread count."""
    import torch

    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True


def _cpu() -> Device:
    return Device("cpu", "cpu")


def _cuda(index: int) -> Device:
    import torch

    return Device(f"cuda:{index}", f"cuda:{index} ({torch.cuda.get_device_name(index)})")
