"""The colour difference key in linear light, for a screen of any key channel.

With x = the key channel less the larger of the two others, a pixel keeps the share x(I) / x(B) of
its screen, so alpha = 1 - x(I) / x(B). Exact for a foreground without key-channel excess; otherwise
it reads alpha * (1 - x(F) / x(B)). A cyan, magenta or yellow screen is told by its darkest channel:
there x = the smaller of the two others less the key channel.

A plate that is no screen has no key channel. There the plain key is a difference matte: how far
source and plate are apart, whatever the colour.
"""

from __future__ import annotations

import torch

from mattebox.screen_key import SCREEN_SATURATION, ScreenKey, key_of

# Black and white level of the plain key: the least clean-up that closes grain holes in a
# background (below) and in an opaque subject (above); the same on every shot.
BLACK_LEVEL = 0.03
WHITE_LEVEL = 0.97

# A screen is saturated in more of its pixels than this: rigs, floor and gaps in the cloth may show.
SCREEN_COVERAGE = 0.6

TINY = 1e-6

# A difference of this share of the plate's mean light counts as opaque. On two rendered rooms 0.1
# to 0.4 serve alike.
FULL_DIFFERENCE = 0.2


def screen_key(plate: torch.Tensor) -> ScreenKey:
    """The channel in which the plate's mean colour stands out most, brighter or darker.

    Args:
        plate: [N,3,H,W] float32, linear Rec.709, unbounded. Give the whole shot's plate (or its
            mean as [1,3,1,1]), so that all chunks choose alike.
    """
    return key_of(plate.mean(dim=(0, 2, 3)).tolist())


def key_excess(picture: torch.Tensor, key: ScreenKey) -> torch.Tensor:
    """[N,1,H,W]: by how much the key channel stands out of the others; linear light, any sign."""
    telling, first, second = (picture[:, channel : channel + 1] for channel in key.order)
    if key.sign > 0:
        return telling - torch.maximum(first, second)
    return torch.minimum(first, second) - telling


def is_keyable_screen(plate: torch.Tensor) -> bool:
    """True where the plate [N,3,H,W] (linear Rec.709) is one saturated colour, mostly.

    Pixels without light, as there are beyond a plate's data window, say nothing.
    """
    brightest = plate.amax(1, keepdim=True)
    lit = brightest > TINY
    saturated = key_excess(plate, screen_key(plate)) > SCREEN_SATURATION * brightest
    return bool((saturated & lit).sum() > SCREEN_COVERAGE * lit.sum())


def raw_colour_difference(
    source: torch.Tensor, plate: torch.Tensor, key: ScreenKey | None = None
) -> torch.Tensor:
    """Alpha by colour difference without levels or clipping: grain stays symmetric around 0.

    Args:
        source: [N,3,H,W] float32, linear Rec.709, unbounded.
        plate: [N,3,H,W] or [1,3,H,W], same light.
        key: of the screen; None takes it from ``plate``.

    Returns:
        [N,1,H,W] float32, about 0..1, below 0 and above 1 where grain or a colour opposite to
        the screen's puts it.
    """
    if key is None:
        key = screen_key(plate)
    return 1.0 - key_excess(source, key) / key_excess(plate, key).clamp_min(TINY)


def colour_difference(
    source: torch.Tensor, plate: torch.Tensor, key: ScreenKey | None = None
) -> torch.Tensor:
    """The plain colour difference key: levels 0.03 and 0.97, clipped to 0..1.

    Arguments as ``raw_colour_difference``. Returns [N,1,H,W] float32 in 0..1.
    """
    raw = raw_colour_difference(source, plate, key)
    return ((raw - BLACK_LEVEL) / (WHITE_LEVEL - BLACK_LEVEL)).clamp(0.0, 1.0)


def difference_matte(source: torch.Tensor, plate: torch.Tensor) -> torch.Tensor:
    """How far source and plate are apart, whatever the colour: the plain key of any plate.

    Arguments as ``raw_colour_difference``. Returns [N,1,H,W] float32 in 0..1.
    """
    full = (FULL_DIFFERENCE * plate.mean((1, 2, 3), keepdim=True)).clamp_min(TINY)
    apart = (source - plate).abs().amax(1, keepdim=True) / full
    return ((apart - BLACK_LEVEL) / (WHITE_LEVEL - BLACK_LEVEL)).clamp(0.0, 1.0)
