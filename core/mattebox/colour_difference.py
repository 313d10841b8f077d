"""The colour difference key in linear light, for a screen of any key channel.

With x = the key channel less the larger of the two others, a pixel keeps the share x(I) / x(B) of
its screen, so alpha = 1 - x(I) / x(B). Exact for a foreground without key-channel excess; otherwise
it reads alpha * (1 - x(F) / x(B)). A cyan, magenta or yellow screen is told by its darkest channel:
there x = the smaller of the two others less the key channel.

A background that is no screen has no key channel. There the plain key is a difference matte: how
far source and background are apart, whatever the colour.
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

# A difference of this share of the background's mean light counts as opaque. On two rendered rooms
# 0.1 to 0.4 serve alike.
FULL_DIFFERENCE = 0.2


def screen_key(background: torch.Tensor) -> ScreenKey:
    """The channel in which the background's mean colour stands out most, brighter or darker.

    Args:
        background: [N,3,H,W] float32, linear Rec.709, unbounded. Give the whole shot's background
            (or its mean as [1,3,1,1]), so that all chunks choose alike.
    """
    return key_of(background.mean(dim=(0, 2, 3)).tolist())


def key_excess(picture: torch.Tensor, key: ScreenKey) -> torch.Tensor:
    """[N,1,H,W]: by how much the key channel stands out of the others; linear light, any sign."""
    telling, first, second = (picture[:, channel : channel + 1] for channel in key.order)
    if key.sign > 0:
        return telling - torch.maximum(first, second)
    return torch.minimum(first, second) - telling


def is_keyable_screen(background: torch.Tensor) -> bool:
    """True where the background [N,3,H,W] (linear Rec.709) is one saturated colour, mostly.

    Pixels without light, as there are beyond a background's data window, say nothing.
    """
    brightest = background.amax(1, keepdim=True)
    lit = brightest > TINY
    saturated = key_excess(background, screen_key(background)) > SCREEN_SATURATION * brightest
    return bool((saturated & lit).sum() > SCREEN_COVERAGE * lit.sum())


def raw_colour_difference(
    source: torch.Tensor, background: torch.Tensor, key: ScreenKey | None = None
) -> torch.Tensor:
    """Alpha by colour difference without levels or clipping: grain stays symmetric around 0.

    Args:
        source: [N,3,H,W] float32, linear Rec.709, unbounded.
        background: [N,3,H,W] or [1,3,H,W], same light.
        key: of the screen; None takes it from ``background``.

    Returns:
        [N,1,H,W] float32, about 0..1, below 0 and above 1 where grain or a colour opposite to
        the screen's puts it.
    """
    if key is None:
        key = screen_key(background)
    return 1.0 - key_excess(source, key) / key_excess(background, key).clamp_min(TINY)


def colour_difference(
    source: torch.Tensor, background: torch.Tensor, key: ScreenKey | None = None
) -> torch.Tensor:
    """The plain colour difference key: levels 0.03 and 0.97, clipped to 0..1.

    Arguments as ``raw_colour_difference``. Returns [N,1,H,W] float32 in 0..1.
    """
    raw = raw_colour_difference(source, background, key)
    return ((raw - BLACK_LEVEL) / (WHITE_LEVEL - BLACK_LEVEL)).clamp(0.0, 1.0)


def difference_matte(source: torch.Tensor, background: torch.Tensor) -> torch.Tensor:
    """How far source and background are apart, whatever the colour: the plain key of any
    background.

    Arguments as ``raw_colour_difference``. Returns [N,1,H,W] float32 in 0..1.
    """
    full = (FULL_DIFFERENCE * background.mean((1, 2, 3), keepdim=True)).clamp_min(TINY)
    apart = (source - background).abs().amax(1, keepdim=True) / full
    return ((apart - BLACK_LEVEL) / (WHITE_LEVEL - BLACK_LEVEL)).clamp(0.0, 1.0)
