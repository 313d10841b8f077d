"""Small parts of the networks' exportable forms."""

from __future__ import annotations

import torch


def with_type(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """``Tensor.to`` leaves a node in the file even where nothing changes; this does not."""
    return tensor if tensor.dtype == dtype else tensor.to(dtype)
