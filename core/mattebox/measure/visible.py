"""What a viewer sees first: holes in what is solid, dirt in what is empty, wrong colour.

A mean over the picture hides all three: most pixels are easy. Alpha is HxW float, nominally 0..1;
pictures are HxWx4 premultiplied, linear Rec.709. Each function gives None where there is no pixel
to look at, for then there was nothing to do.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from mattebox.measure.colour import ciede2000, lab
from mattebox.measure.metrics import GREY, FloatArray, Mask, over

SOLID, EMPTY = 0.995, 0.005
"""True alpha from which a pixel is opaque, and up to which it is empty. Truths are rendered: a half
next to 1 is 0.9995, and a few missed samples of a solid's inside leave 0.997."""

MARGIN = 2  # pixels the solid and the empty are eroded by: their outline is MAD's concern
HOLE, DIRT = 0.95, 0.02
"""Alpha under which a solid shows what lies behind it, and over which an empty pixel shows dirt: a
twentieth of a bright background, and a fiftieth of a screen, are seen in a graded picture."""

WORST_SHARE = 95.0  # percentile of the colour difference: a patch of 5 % is seen, a speck is not


def core(predicted: FloatArray, truth: FloatArray) -> float | None:
    """Share in % of the truth's inside, two pixels off its outline, whose alpha is under 0.95."""
    return _share(predicted < HOLE, truth >= SOLID)


def residue(predicted: FloatArray, truth: FloatArray) -> float | None:
    """Share in % of the truth's outside, two pixels off its outline, whose alpha is over 0.02."""
    return _share(predicted > DIRT, truth <= EMPTY)


def colour_error(predicted: FloatArray, truth: FloatArray) -> float | None:
    """95th percentile of CIEDE2000 between two comps over 0.18 grey, clipped to 0..1.

    It is over the pixels where either alpha is over 0.02. Elsewhere both comps are plain grey: over
    all pixels a subject that covers a twentieth of the picture could have any colour at no cost.
    The result's alpha counts too, or dirt on the screen would be left out.

    Args:
        predicted, truth: HxWx4 premultiplied, linear Rec.709; of one shape.
    """
    if predicted.shape != truth.shape or predicted.ndim != 3 or predicted.shape[2] != 4:
        raise ValueError(f"expected two HxWx4 pictures, got {predicted.shape} and {truth.shape}")
    seen = (predicted[..., 3] > DIRT) | (truth[..., 3] > DIRT)
    if not seen.any():
        return None
    grey = np.asarray(GREY)
    # Rows of one column each, so that only the pixels that count are converted.
    pairs = [lab(over(picture[seen][:, None], grey)) for picture in (predicted, truth)]
    return float(np.percentile(ciede2000(*pairs), WORST_SHARE))


def _share(wrong: Mask, region: Mask) -> float | None:
    """In % of the region without its outline; the picture's border is no outline."""
    if wrong.shape != region.shape:
        raise ValueError(f"shapes differ: predicted {wrong.shape}, truth {region.shape}")
    square = np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.bool_)
    inner = np.asarray(ndimage.binary_erosion(region, structure=square, border_value=1), np.bool_)
    return 1e2 * float(wrong[inner].mean()) if inner.any() else None
