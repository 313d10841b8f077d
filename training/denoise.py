"""The noise of few samples, taken out of rendered pictures by Intel's Open Image Denoise."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from pyoidn import denoise

from mattebox.matte.fill import pull_push
from mattebox.matte.windows import box_max, box_min

CERTAIN = 1
"""Alpha is 0 or 1 where nothing else was sampled within so many pixels."""
LEAST_KNOWN = 1e-4  # of alpha: below it the light of what is there was not seen

Pixels = NDArray[np.float32]


def without_noise(alpha: Pixels, *lights: Pixels) -> tuple[Pixels, ...]:
    """Alpha [H,W,1] 0..1 and premultiplied linear lights [H,W,3] of one picture, without noise.

    Alpha and straight light are denoised each by itself and multiplied again: the light of every
    pixel stays its alpha times the colour of what is there, however many samples hit it.
    """
    sampled = _planes(alpha)
    known = (sampled > 0.0).float()
    clean = _denoised(sampled.expand(-1, 3, -1, -1))[:, :1].clamp_max(1.0)
    clean = clean * (box_max(sampled, CERTAIN) > 0.0)
    clean = torch.where(box_min(sampled, CERTAIN) >= 1.0, 1.0, clean)
    straight = (_planes(one) / sampled.clamp_min(LEAST_KNOWN) for one in lights)
    premultiplied = (_denoised(pull_push(one, known)) * clean for one in straight)
    return tuple(_pixels(one) for one in (clean, *premultiplied))


def _denoised(picture: torch.Tensor) -> torch.Tensor:
    """[1,3,H,W], 0 and up."""
    return _planes(np.asarray(denoise(_pixels(picture), hdr=True), np.float32)).clamp_min(0.0)


def _planes(pixels: Pixels) -> torch.Tensor:
    """[1,C,H,W] of [H,W,C]."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]


def _pixels(planes: torch.Tensor) -> Pixels:
    """[H,W,C] of [1,C,H,W]."""
    return np.ascontiguousarray(planes[0].permute(1, 2, 0).numpy(), np.float32)
