"""What goes into an exported file and comes out of it: names, shapes, examples to record with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

from mattebox.engines.networks.bgmv2_cells import CELL
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.engines.networks.rvm_decoder import HIDDEN_CHANNELS
from mattebox.export.rvm_graph import state_channels

Size = tuple[int, int]


@dataclass(frozen=True)
class Port:
    """One input or output.

    Attributes:
        name: in the file.
        shape: a number where the side is fixed, else a name no other tensor has: runtimes take
            equal names for equal sizes.
        kind: ``picture`` and ``map`` in the file's number type, ``float32`` always in that.
        example: sides to record with, where the shape leaves them open; None: as the picture.
    """

    name: str
    shape: tuple[int | str, ...]
    kind: Literal["picture", "map", "float32"] = "map"

    @property
    def free_axes(self) -> dict[int, str]:
        return {axis: side for axis, side in enumerate(self.shape) if isinstance(side, str)}

    def example(self, size: Size, dtype: torch.dtype) -> torch.Tensor:
        """Something of this shape; a state that is open is the first frame's, [1,1,1,1]."""
        if self.kind == "float32":
            dtype = torch.float32
        open_sides = {2: size[0], 3: size[1]} if self.kind == "picture" else {}
        sides = [
            side if isinstance(side, int) else open_sides.get(axis, 1)
            for axis, side in enumerate(self.shape)
        ]
        return torch.full(sides, 0.5, dtype=dtype)


def rvm_ports(
    network: RobustVideoMatting, size: Size | None, ratio: float | None
) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Inputs and outputs of RVM."""
    channels = state_channels(network)
    names = ("r1", "r2", "r3", "r4")
    if size is None or ratio is None:
        states = [_free(f"{name}i", f"{name}i_channels") for name in names]
        after = [_free(f"{name}o", count) for name, count in zip(names, channels, strict=True)]
    else:
        shapes = _state_shapes(channels, size, ratio)
        states = [Port(f"{name}i", shape) for name, shape in zip(names, shapes, strict=True)]
        after = [Port(f"{name}o", shape) for name, shape in zip(names, shapes, strict=True)]
    inputs = [_picture("src", 3, size), *states]
    if ratio is None:
        inputs.append(Port("downsample_ratio", (1,), "float32"))
    return tuple(inputs), (_picture("fgr", 3, size), _picture("pha", 1, size), *after)


def refiner_ports() -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Inputs and output of RVM's refiner alone, all of any size."""
    names = {"fine": 3, "coarse": 3, "values": 4, "hidden": HIDDEN_CHANNELS}
    inputs = tuple(_picture(name, channels, None) for name, channels in names.items())
    return inputs, (_picture("refined", 4, None),)


def bgmv2_ports(size: Size | None, scale: float) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Inputs and outputs of BGMv2."""
    coarse = cells = None
    if size is not None:
        coarse = (math.floor(size[0] * scale), math.floor(size[1] * scale))
        cells = (size[0] // CELL, size[1] // CELL)
    return (_picture("src", 3, size), _picture("bgr", 3, size)), (
        _picture("pha", 1, size),
        _picture("fgr", 3, size),
        _picture("pha_sm", 1, coarse),
        _picture("fgr_sm", 3, coarse),
        _picture("err_sm", 1, coarse),
        _picture("ref_sm", 1, cells),
    )


def _picture(name: str, channels: int, size: Size | None) -> Port:
    if size is None:
        return Port(name, _free(name, channels).shape, "picture")
    return Port(name, (1, channels, *size), "picture")


def _free(name: str, channels: int | str) -> Port:
    return Port(name, (f"{name}_batch", channels, f"{name}_height", f"{name}_width"))


def _state_shapes(
    channels: tuple[int, ...], size: Size, ratio: float
) -> list[tuple[int, int, int, int]]:
    height, width = math.floor(size[0] * ratio), math.floor(size[1] * ratio)
    shapes = []
    for count in channels:
        height, width = (height + 1) // 2, (width + 1) // 2
        shapes.append((1, count, height, width))
    return shapes
