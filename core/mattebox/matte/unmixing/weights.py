"""The networks' weights: our own, in the package.

How they were made is in docs/unmixing.md; ``training/`` makes them again.
"""

from __future__ import annotations

import enum
from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load

from mattebox.matte.statistics import ShotStatistics
from mattebox.matte.unmixing.network import UnmixingNetwork
from mattebox.matte.unmixing.weights_file import WEIGHTS


class Part(enum.StrEnum):
    """What names in the package's file begin with: networks of one kind, each trained on from one
    for all, on its own kind of footage (figures: docs/unmixing.md)."""

    SCREEN = "screen."
    ROOM = "room."
    SUBSAMPLED = "subsampled."


def networks_for(
    statistics: ShotStatistics, device: torch.device
) -> tuple[UnmixingNetwork, UnmixingNetwork | None]:
    """What solves a shot, and what solves it again where it is video before a screen."""
    if not statistics.screen:
        return unmixing_network(device, Part.ROOM), None
    again = unmixing_network(device, Part.SUBSAMPLED) if statistics.subsampled else None
    return unmixing_network(device, Part.SCREEN), again


@lru_cache(maxsize=8)
def unmixing_network(device: torch.device, part: Part = Part.SCREEN) -> UnmixingNetwork:
    """A network of the package on a device, ready to run. Read once a process, device and part."""
    return network_of(WEIGHTS, part).on(device)


def network_of(path: Path, part: Part = Part.SCREEN) -> UnmixingNetwork:
    """A network of a weights file, float32 on the CPU; its widths are those of the file.

    Args:
        path: a file of one network, as training writes it, or of several, as the package has it.
        part: which of several.
    """
    state = {name: value.float() for name, value in load(path.read_bytes()).items()}
    own = {name.removeprefix(part): v for name, v in state.items() if name.startswith(part)}
    state = own or state
    layers = ("enter", "to_quarter", "to_eighth", "to_sixteenth")
    one, two, three, four = (state[f"{layer}.bias"].numel() for layer in layers)
    network = UnmixingNetwork((one, two, three, four)).eval()
    network.load_state_dict(state)
    return network.requires_grad_(requires_grad=False)
