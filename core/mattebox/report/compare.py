"""How far two keys of one shot are from each other, frame by frame; neither is the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mattebox.measure.metrics import FloatArray, mad
from mattebox.measure.quality import QualityFigure, Usual
from mattebox.measure.visible import colour_error

FIGURES: tuple[QualityFigure, ...] = (
    QualityFigure(
        "alpha", "difference of alpha", "x 1e3", 1.0,
        "Mean difference of alpha between A and B.",
        Usual.SHOT, 1, 0.01,
    ),
    QualityFigure(
        "colour", "difference of colour", "dE", 1.0,
        "What an eye sees of A against B over grey (CIEDE2000, 95th percentile); 1 is just seen.",
        Usual.SHOT, 1, 0.05,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class FrameDifference:
    """How far A and B are from each other on one frame.

    Attributes:
        frame: its number.
        alpha: mean absolute difference of alpha, x 1e3.
        colour: as ``visible.colour_error``; None where both are empty.
    """

    frame: int
    alpha: float
    colour: float | None

    @property
    def in_words(self) -> str:
        """For people, as the list of frames says it."""
        colour = "" if self.colour is None else f", colour by {self.colour:.2f} dE"
        return f"alpha by {self.alpha:.3g} x 1e3{colour}"


def difference(frame: int, first: FloatArray, second: FloatArray) -> FrameDifference:
    """Two pictures of one frame, HxWx4 premultiplied, linear Rec.709, of one shape."""
    return FrameDifference(frame, mad(first[..., 3], second[..., 3]), colour_error(first, second))


def rank(differences: Sequence[FrameDifference]) -> tuple[FrameDifference, ...]:
    """The frames that differ at all, the most first.

    Alpha and colour have no common unit: each counts as a share of the shot's largest, and the
    larger of both decides.
    """
    most_alpha = max((one.alpha for one in differences), default=0.0) or 1.0
    most_colour = max((one.colour or 0.0 for one in differences), default=0.0) or 1.0

    def share(one: FrameDifference) -> float:
        return max(one.alpha / most_alpha, (one.colour or 0.0) / most_colour)

    differing = [one for one in differences if share(one) > 0.0]
    return tuple(sorted(differing, key=lambda one: (-share(one), one.frame)))
