"""How much of the screen's light is in a foreground, between the field's rules.

The light that a screen throws has the screen's hue: what is taken is a multiple of it. How large a
multiple no single pixel tells. Taken down to the larger of the other channels nothing green is left
of a neutral, and brown hair stays olive; down to the smaller of them, hair is right and yellow is
lost. The network gives each rule a share, and so the answer lies between them.
"""

from __future__ import annotations

import torch

LEAST_SPAN = 0.05
"""Of the hue's telling channel: channels nearer to it than this do not tell."""


def spill_strength(
    foreground: torch.Tensor, hue: torch.Tensor, shares: torch.Tensor
) -> torch.Tensor:
    """The multiple of the screen's hue that is spill, [N,1,H,W] >= 0.

    Args:
        foreground: [N,3,H,W] premultiplied, linear light, telling channel first.
        hue: [N,3,1,1] the screen's light likewise, its largest channel 1; its first channel is the
            largest of a primary screen and the smallest of a secondary one.
        shares: [N,4,H,W] of the rules: nothing, down to the larger, the mean and the smaller of the
            other channels.
    """
    gap = foreground[:, :1] - foreground[:, 1:]
    span = hue[:, :1] - hue[:, 1:]
    span = torch.where(span < 0.0, span.clamp_max(-LEAST_SPAN), span.clamp_min(LEAST_SPAN))
    apart = gap / span
    smaller = torch.minimum(apart[:, :1], apart[:, 1:]).clamp_min(0.0)
    larger = torch.maximum(apart[:, :1], apart[:, 1:]).clamp_min(0.0)
    mean = (gap.sum(1, keepdim=True) / span.sum(1, keepdim=True)).clamp_min(0.0)
    return shares[:, 1:2] * smaller + shares[:, 2:3] * mean + shares[:, 3:4] * larger
