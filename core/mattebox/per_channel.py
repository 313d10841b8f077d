"""Numbers of a shot's channels beside its pictures, on their device."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def per_channel(values: Sequence[float], like: torch.Tensor) -> torch.Tensor:
    """[1,C,1,1] a number for each channel, of the type and on the device of ``like``.

    The last ones are kept: a GPU would be waited for each time they are sent. Not to be changed.
    """
    return _sent(tuple(values), like.dtype, like.device)


@lru_cache(maxsize=64)
def _sent(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    import torch

    with torch.inference_mode(mode=False):  # kept for those too who learn
        return torch.tensor(values, dtype=dtype, device=device).view(1, -1, 1, 1)
