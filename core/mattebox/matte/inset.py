"""A screen that ends within the picture on all sides: a phone's, a monitor's, a panel's.

It lights what is near it. What is further away than half of its size gets next to nothing of its
light, and whatever is green there is green itself.
"""

from __future__ import annotations

import torch

NEAR, FAR = 0.1, 0.5
"""Of the screen's longer side: up to here around it what it lights is taken for lit as anything
before a screen, from here on for not lit at all."""


def unlit(known: torch.Tensor) -> torch.Tensor | None:
    """Where the screen's light does not reach.

    Args:
        known: [1,1,H,W] 0..1, above 0 where any frame showed the screen.

    Returns:
        [1,1,H,W] float32, 0..1: 1 where nothing is lit. None where the screen goes on beyond the
        picture on any side, or none is seen: then all of it may be lit.
    """
    rows, columns = _from_to(known.amax((0, 1, 3)) > 0.0), _from_to(known.amax((0, 1, 2)) > 0.0)
    if rows is None or columns is None:
        return None
    longer = max(rows[1] - rows[0], columns[1] - columns[0])
    down, along = (
        _beyond(ends, size, known)
        for ends, size in zip((rows, columns), known.shape[-2:], strict=True)
    )
    away = torch.hypot(down[:, None], along[None, :]) / longer
    return ((away - NEAR) / (FAR - NEAR)).clamp(0.0, 1.0)[None, None]


def _from_to(seen: torch.Tensor) -> tuple[int, int] | None:
    """First and last of what is seen along a side, and None where that touches the picture's end
    or there is nothing."""
    places = seen.nonzero().flatten()
    if len(places) == 0 or bool(seen[0]) or bool(seen[-1]):
        return None
    return int(places[0]), int(places[-1])


def _beyond(ends: tuple[int, int], size: int, like: torch.Tensor) -> torch.Tensor:
    """[size] how many pixels each place lies before or behind the two ends; 0 between them."""
    at = torch.arange(size, device=like.device, dtype=torch.float32)
    return torch.maximum(ends[0] - at, at - ends[1]).clamp_min(0.0)
