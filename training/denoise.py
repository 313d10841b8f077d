"""The noise of few samples, taken out of rendered pictures by Intel's Open Image Denoise."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from pyoidn import denoise

from mattebox.matte.windows import box_max, box_min

CERTAIN = 1
"""Alpha is 0 or 1 where nothing else was sampled within so many pixels."""

Pixels = NDArray[np.float32]


def without_noise(alpha: Pixels, *lights: Pixels) -> tuple[Pixels, ...]:
    """Alpha [H,W,1] 0..1 and premultiplied linear lights [H,W,3] of one picture, without noise.

    Light is cleaned with the clean alpha as its guide, so that both end at the same strands. It is
    premultiplied light, not straight light: where smoke is thin, what few samples say of its colour
    is several times too bright in the mean, since they are divided by the few that hit.
    """
    sampled = _planes(alpha)
    clean = _planes(_denoised(np.repeat(alpha, 3, -1)))[:, :1].clamp(0.0, 1.0)
    something = box_max(sampled, CERTAIN) > 0.0
    clean = torch.where(box_min(sampled, CERTAIN) >= 1.0, 1.0, clean * something)
    guide = _pixels(clean.expand(-1, 3, -1, -1))
    premultiplied = (_planes(_denoised(light, guide)).clamp_min(0.0) for light in lights)
    return tuple(_pixels(one) for one in (clean, *(light * something for light in premultiplied)))


def _denoised(picture: Pixels, guide: Pixels | None = None) -> Pixels:
    """[H,W,3], after the edges of a ``guide`` without noise."""
    given = np.ascontiguousarray(picture, np.float32)
    clean = denoise(given, albedo=guide, clean_aux=guide is not None, hdr=True)
    return np.asarray(clean, np.float32)


def _planes(pixels: Pixels) -> torch.Tensor:
    """[1,C,H,W] of [H,W,C]."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]


def _pixels(planes: torch.Tensor) -> Pixels:
    """[H,W,C] of [1,C,H,W]."""
    return np.ascontiguousarray(planes[0].permute(1, 2, 0).numpy(), np.float32)
