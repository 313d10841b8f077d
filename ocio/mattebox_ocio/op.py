"""What every torch operator is."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike


@dataclass(frozen=True, eq=False)
class Op:
    """One step of a colour transform. Its numbers are kept in float64 until it is placed."""

    def apply(self, x: torch.Tensor) -> torch.Tensor:
        """[N,3,H,W] to [N,3,H,W], on the device and in the dtype it was placed."""
        raise NotImplementedError

    def placed(self, device: torch.device, dtype: torch.dtype) -> Self:
        """The same step with its tensors on a device, in a floating dtype."""
        held = {f.name: getattr(self, f.name) for f in fields(self)}
        moved = {
            name: value.to(device, dtype)
            for name, value in held.items()
            if isinstance(value, torch.Tensor)
        }
        return replace(self, **moved) if moved else self


def per_channel(values: ArrayLike) -> torch.Tensor:
    """Three numbers as a [3,1,1] float64 tensor."""
    return torch.from_numpy(np.array(values, np.float64).reshape(3, 1, 1))


def power(x: torch.Tensor, exponent: torch.Tensor | float) -> torch.Tensor:
    """x ** exponent for x >= 0, any shape; 0 stays 0, 1 stays 1, NaN stays NaN.

    ``torch.pow`` and ``torch.exp2`` give other last bits where a thread's share of the pixels ends
    within a vector register; ``exp`` and ``log`` do not.
    """
    return torch.exp(torch.log(x) * exponent)
