"""Small islands of a matte: tracking markers and specks on the screen, away from the subject."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from mattebox.matte.windows import box_max

SEEN = 0.05
"""Alpha from which a pixel belongs to something: tape in the screen's own colour is faint."""

LINES = 540
"""Lines at which islands are told: at 1080 lines two pixels are one."""

AWAY = 24
"""Pixels, at ``LINES``, between an island and what is larger: tips of flying hair, cut off by
their own highlights, are nearer to their head."""

LARGEST_ISLAND = 45
"""Pixels, at ``LINES``, of an island's longer side: markers are crosses of 10 to 40."""

SPECK = 6
"""Pixels, at ``LINES``, of the longer side below which an island is not counted: residue."""


def small_islands(alpha: torch.Tensor) -> tuple[torch.Tensor | None, int]:
    """Where small islands are, with their soft edges, and how many.

    What touches the picture's border is none: it may be a hand that comes in. The largest area of
    a matte is its subject, however small.

    Args:
        alpha: [1,1,H,W] float32, 0..1.

    Returns:
        [1,1,H,W] bool, None where there is none; and their number, specks left out.
    """
    from scipy import ndimage

    side = max(1, round(alpha.shape[-2] / LINES))
    small = F.max_pool2d(alpha, side, ceil_mode=True)
    scale = min(1.0, small.shape[-2] / LINES)
    seen = (small > SEEN).to(alpha.dtype)
    together = box_max(seen, max(1, round(scale * AWAY / 2)))[0, 0].bool().cpu().numpy()
    labels = np.zeros(together.shape, np.int32)
    ndimage.label(together, np.ones((3, 3)), output=labels)
    count = int(labels.max())
    if count < 2:
        return None, 0
    own = np.where(seen[0, 0].cpu().numpy() > 0, labels, 0)
    sizes = np.bincount(own.ravel(), minlength=count + 1)
    largest = 1 + int(sizes[1:].argmax())
    islands = {
        label: place
        for label, place in enumerate(ndimage.find_objects(own), start=1)
        if label != largest and _is_island(place, own.shape, LARGEST_ISLAND * scale)
    }
    if not islands:
        return None, 0
    found = torch.from_numpy(np.isin(labels, list(islands))).to(alpha.device)[None, None]
    whole = found.repeat_interleave(side, -2).repeat_interleave(side, -1)
    counted = [place for place in islands.values() if max(_sides(place)) >= SPECK * scale]
    return whole[..., : alpha.shape[-2], : alpha.shape[-1]], len(counted)


Place = tuple[slice, slice]
"""Rows and columns."""


def _is_island(place: Place, shape: tuple[int, ...], longest: float) -> bool:
    """Whether a place is small and inside the picture."""
    return max(_sides(place)) <= longest and all(
        one.start > 0 and one.stop < length for one, length in zip(place, shape, strict=True)
    )


def _sides(place: Place) -> list[int]:
    return [one.stop - one.start for one in place]
