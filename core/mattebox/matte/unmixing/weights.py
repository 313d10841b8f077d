"""The network's weights: our own, in the package.

How they were made is in docs/unmixing.md; ``training/`` makes them again.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load

from mattebox.matte.unmixing.network import UnmixingNetwork
from mattebox.matte.unmixing.weights_file import WEIGHTS


@lru_cache(maxsize=4)
def unmixing_network(device: torch.device) -> UnmixingNetwork:
    """The network on a device, ready to run: read once a process and device."""
    network: UnmixingNetwork = network_of(WEIGHTS).to(  # type: ignore[call-overload]
        device, memory_format=torch.channels_last
    )
    return network


def network_of(path: Path) -> UnmixingNetwork:
    """The network of a weights file, float32 on the CPU; its widths are those of the file."""
    state = {name: value.float() for name, value in load(path.read_bytes()).items()}
    layers = ("enter", "to_quarter", "to_eighth", "to_sixteenth")
    one, two, three, four = (state[f"{layer}.bias"].numel() for layer in layers)
    network = UnmixingNetwork((one, two, three, four)).eval()
    network.load_state_dict(state)
    return network.requires_grad_(requires_grad=False)
