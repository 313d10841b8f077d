"""The ``triangulate`` engine: one moment seen over two known backgrounds gives alpha exactly.

Source: A. R. Smith and J. F. Blinn, "Blue Screen Matting" (SIGGRAPH 1996), theorem 4, written for
linear light. For renders this is the truth up to the files' rounding; for two camera passes its
noise is sigma * sqrt(2) / abs(B1 - B2).
"""

from __future__ import annotations

import torch

from mattebox.engines.base import EngineInfo, EngineInput, Prediction
from mattebox.errors import UsageError, named

LEAST_DIFFERENCE = 1e-4
"""Squared distance of the two backgrounds below which they count as one (0.01 in linear light)."""

INFO = EngineInfo(
    name="triangulate",
    summary="the same shot over two backgrounds (dual pass): exact alpha of renders",
    recurrent=False,
    needs_background=True,
    wants_encoded=False,
)


def triangulated_alpha(
    first: torch.Tensor,
    second: torch.Tensor,
    first_background: torch.Tensor,
    second_background: torch.Tensor,
) -> torch.Tensor:
    """Alpha from two composites of one foreground.

    Args:
        first, second: [N,3,H,W] float32 linear light, the two composites.
        first_background, second_background: [N,3,H,W] the backgrounds behind them, same light.

    Returns:
        [N,1,H,W] float32, 0..1; 1 where the backgrounds do not differ (nothing can be told).
    """
    between_backgrounds = first_background - second_background
    distance = (between_backgrounds * between_backgrounds).sum(dim=1, keepdim=True)
    shared = ((first - second) * between_backgrounds).sum(dim=1, keepdim=True)
    alpha = 1.0 - shared / distance.clamp_min(LEAST_DIFFERENCE)
    return torch.where(distance > LEAST_DIFFERENCE, alpha, torch.ones_like(alpha)).clamp(0.0, 1.0)


def both_takes(frame: EngineInput) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The background, the second take and what is behind it, [1,3,H,W] linear Rec.709 each.

    Raises UsageError where one of them is not given.
    """
    background, second, second_background = (
        frame.background_linear,
        frame.second_linear,
        frame.second_background_linear,
    )
    if background is None or second is None or second_background is None:
        raise UsageError(
            "triangulation needs the shot over two known backgrounds",
            next_step=f"give {named('clean_plate')}, {named('plate2')} and "
            f"{named('background2')} (files or colours)",
        )
    return background, second, second_background


class TriangulateEngine:
    """Two composites in, exact alpha out."""

    info = INFO

    def predict(self, frame: EngineInput, state: None) -> tuple[Prediction, None]:
        """See ``Engine``. Raises UsageError where one of the four pictures is not given."""
        background, second, second_background = both_takes(frame)
        alpha = triangulated_alpha(frame.linear, second, background, second_background)
        return Prediction(alpha=alpha, exact=True), state
