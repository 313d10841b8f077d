"""From source, background and final alpha to the layers that are written, so that they add up.

    rgba.RGB + spill.RGB + (1 - A) * background == source

holds on every pixel within one step of the written number type at the largest term. To get
there every layer is computed from the already rounded ones before it: first source, background and
alpha are rounded, then rgba, and spill closes the sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import torch

from mattebox.matte.despill import ScreenColour, SpillControls, screen_light
from mattebox.matte.fill import pull_push
from mattebox.matte.strips import in_strips

HALF_MAX = 65504.0
"""Largest finite half-float number."""

WELL_KNOWN_ALPHA = 0.4
"""From this alpha on the straight colour of a pixel is trusted alone. Below it counts by the square
of alpha beside the colour around it: dividing by alpha multiplies the variance of grain by that."""


@dataclass(frozen=True)
class KeyedLayers:
    """The layers of one keyed frame, all rounded to the written number type, held in float32.

    Attributes:
        alpha: [1,1,H,W] 0..1.
        rgb: [1,3,H,W] premultiplied, despilled, out-space linear; 0 where alpha is 0.
        foreground: [1,3,H,W] straight, despilled, out-space linear; extended under alpha 0.
        spill: [1,3,H,W] everything taken out of ``source - (1 - alpha) * background``.
        background: [1,3,H,W] the background as it was used.
        residual: [] float64: mean absolute part of ``spill`` that is not the screen's light:
            background residual and grain, out-space linear.
        clamped: [] float64: how many source values lay outside the number type's range.
    """

    alpha: torch.Tensor
    rgb: torch.Tensor
    foreground: torch.Tensor
    spill: torch.Tensor
    background: torch.Tensor
    residual: torch.Tensor
    clamped: torch.Tensor


@dataclass(frozen=True)
class Despill:
    """How the screen's light is found.

    Attributes:
        screen: its colour, linear Rec.709.
        controls: how it is taken.
        protect: [1,1,H,W] 0..1, 1 where colours stay as they are, or None.
        shares: [1,4,H,W] what the unmixing network says of the frame's spill, or None.
        to_rec709, from_rec709: [N,3,H,W] out-space linear to linear Rec.709 and back.
    """

    screen: ScreenColour
    controls: SpillControls
    to_rec709: Callable[[torch.Tensor], torch.Tensor]
    from_rec709: Callable[[torch.Tensor], torch.Tensor]
    protect: torch.Tensor | None = None
    shares: torch.Tensor | None = None

    def rows(self, rows: slice) -> Despill:
        """The same for some rows of the frame."""
        protect, shares = (
            None if matte is None else matte[..., rows, :] for matte in (self.protect, self.shares)
        )
        return replace(self, protect=protect, shares=shares)


def key_layers(
    source: torch.Tensor,
    background: torch.Tensor,
    alpha: torch.Tensor,
    *,
    shown: torch.Tensor | None = None,
    despill: Despill | None,
    half: bool,
    foreground: bool,
) -> KeyedLayers:
    """Take a source apart into premultiplied foreground, spill and background.

    Args:
        source: [1,3,H,W] float32, out-space scene-linear, finite, unbounded.
        background: [1,3,H,W] float32, the background behind the subject, in the same light.
        alpha: [1,1,H,W] float32, 0..1, final.
        shown: [1,3,H,W], same light: what the source would have shown, where it is known better
            (video whose edges' colour is restored). The foreground is made of it, and what it
            differs by is part of spill. None: the source.
        despill: how to find the screen's light, or None to leave it in.
        half: round to half (else float32).
        foreground: whether the straight layer is wanted (else it is all 0 and costs nothing).
    """
    rgb, spill, own_background = (torch.empty_like(source) for _ in range(3))
    taken_apart = _Apart(rgb, spill, own_background, torch.empty_like(alpha))

    def take_apart(rows: slice) -> torch.Tensor:
        return taken_apart.rows(rows).fill(
            source[..., rows, :],
            background[..., rows, :],
            alpha[..., rows, :],
            None if shown is None else shown[..., rows, :],
            despill and despill.rows(rows),
            half=half,
        )

    residual, clamped = torch.stack(in_strips(take_apart, alpha)).sum(0)
    straight = torch.zeros_like(source)
    if foreground:
        straight = _rounded(_straight(rgb, taken_apart.alpha), half=half)
    return KeyedLayers(
        alpha=taken_apart.alpha,
        rgb=rgb,
        foreground=straight,
        spill=spill,
        background=own_background,
        residual=residual / source.numel(),
        clamped=clamped,
    )


@dataclass(frozen=True)
class _Apart:
    """The layers that are pixelwise, to be filled."""

    rgb: torch.Tensor
    spill: torch.Tensor
    background: torch.Tensor
    alpha: torch.Tensor

    def rows(self, rows: slice) -> _Apart:
        return _Apart(*(getattr(self, one.name)[..., rows, :] for one in fields(self)))

    def fill(
        self,
        source: torch.Tensor,
        background: torch.Tensor,
        alpha: torch.Tensor,
        shown: torch.Tensor | None,
        despill: Despill | None,
        *,
        half: bool,
    ) -> torch.Tensor:
        """Fills them; [2] float64: the residual's sum, and how many source values were clamped."""
        clamped = (source.abs() > HALF_MAX).sum() if half else source.new_zeros(())
        source = _rounded(source, half=half)
        shown = source if shown is None else _rounded(shown, half=half)
        background = _rounded(background, half=half)
        alpha = _rounded(alpha, half=half)
        # Light is not negative where the source is not: what falls below is grain, or a background
        # that does not fit, and goes to spill. Where A is 1 the source is kept, -0.0 with its sign.
        solid, hidden = alpha >= 1.0, (1.0 - alpha) * background
        in_front = torch.where(solid, source, source - hidden)
        premultiplied = torch.maximum(shown - hidden, shown.clamp_max(0.0))
        premultiplied = torch.where(solid, shown, premultiplied)
        kept, light = premultiplied, torch.zeros_like(premultiplied)
        if despill is not None and despill.controls.amount > 0.0:
            found = screen_light(
                despill.to_rec709(premultiplied),
                despill.screen,
                despill.controls,
                despill.protect,
                despill.shares,
            )
            light = despill.from_rec709(found)
            red, green, blue = (found != 0.0).unbind(1)  # torch's ``any`` takes six times as long
            spilled = (red | green | blue).unsqueeze(1)
            kept = torch.where(spilled, premultiplied - light, premultiplied)
        covered = alpha > 0.0
        rgb = _rounded(torch.where(covered, kept, 0.0), half=half)
        taken = in_front - rgb
        spill = _rounded(taken, half=half)
        for held, found in zip(
            (self.rgb, self.spill, self.background, self.alpha),
            (rgb, spill, background, alpha),
            strict=True,
        ):
            held.copy_(found)
        residual = (taken - torch.where(covered, light, 0.0)).abs().sum()
        return torch.stack([residual.double(), clamped.double()])


def _straight(rgb: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """[1,3,H,W] rgb / alpha, grown into where alpha is small or 0."""
    colour = torch.where(alpha > 0.0, rgb / alpha.clamp_min(1e-7), torch.zeros_like(rgb))
    known = (alpha / WELL_KNOWN_ALPHA).clamp_max(1.0).square()
    return torch.where(alpha >= 1.0, rgb, pull_push(colour, known))


def _rounded(values: torch.Tensor, *, half: bool) -> torch.Tensor:
    """Values as the file will hold them, in float32."""
    return values.clamp(-HALF_MAX, HALF_MAX).half().float() if half else values
