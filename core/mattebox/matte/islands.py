"""Small islands of a matte: tracking markers and specks on the screen, away from the subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

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


def seen_areas(alpha: torch.Tensor) -> torch.Tensor:
    """Where a matte has something, at about ``LINES`` lines: [h,w] bool, on alpha's device.

    Args:
        alpha: [1,1,H,W] float32, 0..1.
    """
    return F.max_pool2d(alpha, _side(alpha.shape[-2]), ceil_mode=True)[0, 0] > SEEN


def count_islands(seen: torch.Tensor) -> int:
    """How many small islands there are in ``seen_areas``, specks left out."""
    found = _found(seen)
    longest = [max(_sides(place)) for place in found.places.values()]
    return sum(side >= SPECK * _scale(seen) for side in longest)


def without_islands(alpha: torch.Tensor) -> torch.Tensor:
    """Alpha, [1,1,H,W] float32 0..1, without small islands and their soft edges."""
    found = _found(seen_areas(alpha))
    if not found.places:
        return alpha
    islands = torch.from_numpy(np.isin(found.labels, list(found.places))).to(alpha.device)
    side = _side(alpha.shape[-2])
    whole = islands.repeat_interleave(side, -2).repeat_interleave(side, -1)
    return torch.where(whole[: alpha.shape[-2], : alpha.shape[-1]], 0.0, alpha)


Place = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class _Islands:
    """Small islands: a map [h,w] of everything's labels, soft edges included, and where they are
    by label."""

    labels: NDArray[np.int32]
    places: dict[int, Place]


def _found(seen: torch.Tensor) -> _Islands:
    """What touches the picture's border is none: it may be a hand that comes in. The largest area
    of a matte is its subject, however small."""
    from scipy import ndimage

    scale, areas = _scale(seen), seen.cpu()
    together = box_max(areas[None, None].float(), max(1, round(scale * AWAY / 2)))[0, 0]
    labels = np.zeros(seen.shape, np.int32)
    ndimage.label(together.bool().numpy(), np.ones((3, 3)), output=labels)
    count = int(labels.max())
    if count < 2:
        return _Islands(labels, {})
    own = np.where(areas.numpy(), labels, 0)
    sizes = np.bincount(own.ravel(), minlength=count + 1)
    largest = 1 + int(sizes[1:].argmax())
    return _Islands(
        labels,
        {
            label: place
            for label, place in enumerate(ndimage.find_objects(own), start=1)
            if label != largest and _is_island(place, own.shape, LARGEST_ISLAND * scale)
        },
    )


def _side(lines: int) -> int:
    """Pixels on a side of what is one at ``LINES``."""
    return max(1, round(lines / LINES))


def _scale(seen: torch.Tensor) -> float:
    """How much smaller than ``LINES`` lines a map is, at most 1."""
    return min(1.0, seen.shape[-2] / LINES)


def _is_island(place: Place, shape: tuple[int, ...], longest: float) -> bool:
    """Whether a place is small and inside the picture."""
    return max(_sides(place)) <= longest and all(
        one.start > 0 and one.stop < length for one, length in zip(place, shape, strict=True)
    )


def _sides(place: Place) -> list[int]:
    return [one.stop - one.start for one in place]
