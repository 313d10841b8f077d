"""Real RVM weights for tests, from the shared material (GPL-3.0, so never in the repository)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import safetensors.torch
import torch

REAL_RVM = "weights/rvm_mobilenetv3_tfjs_dequant.npz"


def real_rvm_tensors(shared: Path) -> dict[str, torch.Tensor]:
    """The release's 8-bit TF.js weights of RVM mobilenetv3 under the official names.

    ``project_seg`` is zero and there is no deep guided filter: ratio 1, or the fast refiner.
    """
    with np.load(shared / REAL_RVM) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def write_real_rvm_weights(shared: Path, target: Path) -> Path:
    """Write them as .safetensors to ``target`` and return it."""
    safetensors.torch.save_file(real_rvm_tensors(shared), target)
    return target
