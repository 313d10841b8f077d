"""The networks' weights: our own, in the package.

How they were made is in docs/unmixing.md; ``training/`` makes them again.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import load

from mattebox.matte.unmixing.network import UnmixingNetwork
from mattebox.matte.unmixing.weights_file import WEIGHTS

SCREEN, ROOM = "screen.", "room."
"""What names in the package's file begin with: two networks of one kind, each trained on from one
for both, on its own kind of background (figures: docs/unmixing.md)."""


@lru_cache(maxsize=8)
def unmixing_network(device: torch.device, *, screen: bool = True) -> UnmixingNetwork:
    """The network for screens, or that for any other background, on a device, ready to run.

    Read once a process, device and kind of background.
    """
    return network_of(WEIGHTS, SCREEN if screen else ROOM).on(device)


def network_of(path: Path, part: str = SCREEN) -> UnmixingNetwork:
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
