"""The colour difference key in linear light, for a screen of any key channel.

With x = the key channel less the larger of the two others, a pixel keeps the share x(I) / x(B) of
its screen, so alpha = 1 - x(I) / x(B). Exact for a foreground without key-channel excess; otherwise
it reads alpha * (1 - x(F) / x(B)).
"""

from __future__ import annotations

import torch

# Black and white level of the plain key: the least clean-up that closes grain holes in a
# background (below) and in an opaque subject (above); the same on every shot.
BLACK_LEVEL = 0.03
WHITE_LEVEL = 0.97

# A plate counts as a screen where its excess is more than this share of its key channel. Painted
# and fabric green screens reach 0.6 to 0.8 in linear Rec.709, foliage and sky 0.1 to 0.3.
SCREEN_SATURATION = 0.35
# ... in more than this share of its pixels: rigs, floor and gaps in the cloth may show.
SCREEN_COVERAGE = 0.6

TINY = 1e-6


def key_channel(plate: torch.Tensor) -> int:
    """Index of the plate's strongest mean channel: 1 on a green screen, 2 on a blue one.

    Args:
        plate: [N,3,H,W] float32, linear Rec.709, unbounded. Give the whole shot's plate (or its
            mean as [1,3,1,1]), so that all chunks choose alike.
    """
    mean = plate.mean(dim=(0, 2, 3))
    return int(torch.argmax(mean).item())


def key_excess(picture: torch.Tensor, key: int) -> torch.Tensor:
    """[N,1,H,W]: the key channel less the larger of the two others; linear light, any sign."""
    first, second = (channel for channel in range(3) if channel != key)
    others = torch.maximum(picture[:, first : first + 1], picture[:, second : second + 1])
    return picture[:, key : key + 1] - others


def is_keyable_screen(plate: torch.Tensor) -> bool:
    """True where the plate [N,3,H,W] (linear Rec.709) is one saturated primary, mostly."""
    key = key_channel(plate)
    saturated = key_excess(plate, key) > SCREEN_SATURATION * plate[:, key : key + 1].clamp_min(TINY)
    return bool(saturated.to(torch.float32).mean().item() > SCREEN_COVERAGE)


def raw_colour_difference(
    source: torch.Tensor, plate: torch.Tensor, key: int | None = None
) -> torch.Tensor:
    """Alpha by colour difference without levels or clipping: grain stays symmetric around 0.

    Args:
        source: [N,3,H,W] float32, linear Rec.709, unbounded.
        plate: [N,3,H,W] or [1,3,H,W], same light.
        key: index of the key channel; None takes it from ``plate``.

    Returns:
        [N,1,H,W] float32, about 0..1, below 0 and above 1 where grain or a colour opposite to
        the screen's puts it.
    """
    if key is None:
        key = key_channel(plate)
    return 1.0 - key_excess(source, key) / key_excess(plate, key).clamp_min(TINY)


def colour_difference(
    source: torch.Tensor, plate: torch.Tensor, key: int | None = None
) -> torch.Tensor:
    """The plain colour difference key: levels 0.03 and 0.97, clipped to 0..1.

    Arguments as ``raw_colour_difference``. Returns [N,1,H,W] float32 in 0..1.
    """
    raw = raw_colour_difference(source, plate, key)
    return ((raw - BLACK_LEVEL) / (WHITE_LEVEL - BLACK_LEVEL)).clamp(0.0, 1.0)
