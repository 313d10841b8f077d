"""Moving a clean plate into the place it has in the shot.

A locked-off camera is touched between background and take: the background sits a few pixels beside
the shot, turned or zoomed a little. A shift is tried first, then an affine map, then a homography;
a model with more freedom is taken only when it fits better on tiles that it was not fitted to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from mattebox.matte.alignment import (
    Level,
    compare,
    fitted,
    held_out,
    pyramid,
    tile_sums,
)
from mattebox.matte.statistics import Model, Registration
from mattebox.matte.warp import (
    IDENTITY_MATRIX,
    from_matrix,
    mapped,
    pixel_grid,
    to_matrix,
    warped,
)

MODELS: tuple[tuple[Model, int], ...] = (("shift", 2), ("affine", 6), ("homography", 8))
"""In order of freedom, with the number of parameters."""

LEAST_TILES = 40
"""Held-out tiles needed for a verdict."""

FULL_TILE = 16.0
"""Pixels of background that make a tile count."""

OUTLINE = 60_000
"""Pixels of the pictures that tell whether a camera moves: a shift of all of it, no more."""

MOVES = 0.5
"""Pixels by which frames must lie apart for that: what a tripod on a soft floor does stays below,
and one place for all frames serves it better than each frame's own grain."""

SURER = 1.0
"""A finer level is measured on when its error is smaller by this factor."""

LEAST_MOVE = 0.05
"""Pixels anywhere in the picture: less changes no edge that can be seen."""

LARGEST_MOVE = 0.06
"""Share of the picture's longer side: a larger move is another set-up."""

LARGEST_ERROR = 0.2
"""Pixels of standard error of the displacement anywhere in the picture: above, the pictures do not
say where the background belongs."""

STANDARD_ERRORS = 3.5
"""The held-out misfit must fall by this many of its standard errors."""

LEAST_GAIN = 0.004
"""... and by this share of what it was."""

LEAST_LIKENESS = 0.25
"""Correlation of the two band-passed pictures on held-out tiles after the fit. On the smoothest of
the rendered screens, under its grain, the right shift reaches 0.34; on a wrinkled one 0.9."""

TRUNCATION = 9.0
"""A pixel's squared misfit counts no more than three deviations: the subject is no misfit."""


@dataclass(frozen=True)
class _Verdict:
    """Two matrices on held-out tiles: misfits, and why the second is no better ("" where it is)."""

    before: float
    after: float
    fault: str

    @property
    def leans(self) -> bool:
        """Whether the second fits better, be it by no more than chance gives."""
        return self.after < (1.0 - LEAST_GAIN) * self.before


@dataclass(frozen=True)
class _Place:
    """Where one frame shows the background: a shift, with its error in pixels and what says so."""

    level: Level
    matrix: torch.Tensor
    error: float

    def is_apart_from(self, other: _Place) -> bool:
        away = float((self.matrix[:2, 2] - other.matrix[:2, 2]).norm())
        return away > max(MOVES, STANDARD_ERRORS * (self.error + other.error))

    def against(self, other: _Place) -> _Verdict:
        """What the frame itself says of its own place: a subject that is not left out moves a fit
        far."""
        return _judged(self.level, other.matrix, self.matrix)


def _differ(one: _Place, other: _Place) -> bool:
    """Whether two frames show the background in two places: one is sure, the other leans to it."""
    if not one.is_apart_from(other):
        return False
    said = one.against(other), other.against(one)
    return all(verdict.leans for verdict in said) and any(not verdict.fault for verdict in said)


def register_background(
    sources: Sequence[torch.Tensor], background: torch.Tensor, subject: Sequence[torch.Tensor]
) -> Registration:
    """How a clean plate has to be moved to fit a shot from a camera that stands still.

    Args:
        sources: frames spread over the shot, each [N,3,H,W] float32, linear Rec.709, unbounded.
        background: [1,3,H,W] float32, same light; exposure and white may differ.
        subject: per entry of ``sources`` [N,1,H,W] float32 0..1: a first alpha, rough at will.

    Returns:
        One registration for the whole shot; model "none" wherever there is doubt.
    """
    best = Registration("none", IDENTITY_MATRIX, 0.0, 0.0, 0.0, "")
    if not sources:
        return replace(best, reason="no frames to compare with")
    levels = pyramid(sources, background, subject)
    count, matrix, error = _placed(levels)
    if not count:
        return replace(best, reason="too little background is seen")
    start, faults = from_matrix(IDENTITY_MATRIX), []
    before = _judged(levels[count - 1], start, start).before
    best = replace(best, misfit_before=before, misfit_after=before)
    for model, freedoms in MODELS:
        if model == "homography" and best.model == "none":
            # Nets and bars that move have as many edges as the screen: eight parameters fit some.
            faults.append("homography: no simpler move fits")
            break
        reached = count
        if model != "shift":  # the others start from what holds so far, near the truth
            reached, matrix, error = _refined(levels, count, start, freedoms)
        simpler = from_matrix(best.matrix)
        fault = _impossible(matrix, simpler, error, background)
        if not fault:
            measure = levels[reached - 1]
            verdict = _judged(measure, simpler, matrix)
            fault = verdict.fault
            if not fault:
                # what was held back helps once the model is chosen
                count, (start, error) = reached, fitted(measure, measure.weight, matrix, freedoms)
                before = _judged(measure, from_matrix(IDENTITY_MATRIX), simpler).before
                best = Registration(model, to_matrix(start), before, verdict.after, error, "")
        if fault:
            faults.append(f"{model}: {fault}")
    return replace(best, reason="; ".join(faults) or "each model fits better than the one before")


def camera_moves(
    sources: Sequence[torch.Tensor], background: torch.Tensor, subject: Sequence[torch.Tensor]
) -> bool:
    """Whether frames of a shot show the background in places of their own.

    Args:
        sources, background, subject: as for ``register_background``.
    """
    places: list[_Place] = []
    for source, alpha in zip(sources, subject, strict=True):
        levels = [
            level
            for level in pyramid([source], background, [alpha])
            if level.shot.shape[-1] * level.shot.shape[-2] <= OUTLINE
        ]
        count, matrix, error = _placed(levels)
        if count and math.isfinite(error):
            places.append(_Place(levels[count - 1], matrix, error))
    return any(_differ(one, other) for index, one in enumerate(places) for other in places[:index])


def shown(registration: Registration, picture: torch.Tensor) -> torch.Tensor:
    """[1,1,H,W] 1 where a background moved by ``registration`` has pixels of its own, 0 beyond its
    border, for ``picture`` [N,C,H,W]."""
    height, width = picture.shape[-2:]
    x, y = mapped(from_matrix(registration.matrix), *pixel_grid(height, width, picture.device))
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return inside.to(picture.dtype).view(1, 1, height, width)


def moved_background(background: torch.Tensor, registration: Registration) -> torch.Tensor:
    """The background in the place where the shot has it.

    Args:
        background: [N,C,H,W] float32, any light, of the size that was registered.
        registration: as found.

    Returns:
        [N,C,H,W]: sampled with a cubic (Catmull-Rom), edges held; ``background`` itself where the
        model is "none".
    """
    if registration.model == "none":
        return background
    return warped(background, from_matrix(registration.matrix))


def largest_difference(first: torch.Tensor, second: torch.Tensor, height: int, width: int) -> float:
    """Pixels between where two [3,3] matrices take the same pixel, the most over the picture."""
    x, y = pixel_grid(2, 2, torch.device("cpu"))
    x, y = x * (width - 1), y * (height - 1)
    here, there = mapped(first, x, y), mapped(second, x, y)
    return float(torch.hypot(here[0] - there[0], here[1] - there[1]).max())


def _placed(levels: list[Level]) -> tuple[int, torch.Tensor, float]:
    """Find a shift over all levels.

    Returns:
        How many levels it takes up to the one that tells best, the shift found there and its error
        in pixels. On a smooth screen grain drowns what the finest level adds, and a coarser one is
        surer. 0 levels where the background is too small.
    """
    matrix, best_error, chosen = from_matrix(IDENTITY_MATRIX), math.inf, 0
    best = matrix
    for index, level in enumerate(levels):
        matrix, error = fitted(level, _fitted_part(level), matrix, 2)
        enough = int((tile_sums(level.weight * held_out(level)) > FULL_TILE).sum()) >= LEAST_TILES
        if enough and (error < best_error / SURER or not chosen):
            best, best_error, chosen = matrix, error, index + 1
    return chosen, best, best_error


def _refined(
    levels: list[Level], count: int, start: torch.Tensor, freedoms: int
) -> tuple[int, torch.Tensor, float]:
    """Fit a model on the last two of ``count`` levels, and on finer ones while they are surer.

    A turned picture drowns a shift in misfit before grain does: its finest level is told by the
    turn alone. Returns as ``_placed``.
    """
    reached, best, best_error = count, start, math.inf
    for index in range(max(0, count - 2), len(levels)):
        matrix, error = fitted(levels[index], _fitted_part(levels[index]), best, freedoms)
        if index >= count and not error < best_error:
            break
        reached, best, best_error = max(count, index + 1), matrix, error
    return reached, best, best_error


def _fitted_part(level: Level) -> torch.Tensor:
    return level.weight * (1.0 - held_out(level))


def _impossible(
    matrix: torch.Tensor, before: torch.Tensor, error: float, background: torch.Tensor
) -> str:
    """Why a matrix cannot be meant, whatever it fits; "" where it can."""
    height, width = background.shape[-2:]
    move = largest_difference(matrix, before, height, width)
    if error > LARGEST_ERROR:
        return f"too little texture to tell (error {error:.2g} px)"
    if not move <= LARGEST_MOVE * max(height, width):
        return f"it would move the background by {move:.1f} px, that is another set-up"
    if move < max(LEAST_MOVE, 2.0 * error):
        return f"it differs by {move:.3f} px only"
    return ""


def _judged(level: Level, before: torch.Tensor, after: torch.Tensor) -> _Verdict:
    """Compare two matrices where neither was fitted."""
    weight = level.weight * held_out(level)
    old, new = compare(level, weight, before), compare(level, weight, after)
    common = torch.minimum(old.weight, new.weight)
    scale = torch.minimum(old.scale, new.scale)
    misfits = [seen.squares(scale).clamp_max(TRUNCATION) for seen in (old, new)]
    tiles = tile_sums(common).flatten()
    sums = [tile_sums(common * misfit).flatten() for misfit in misfits]
    total = float(tiles.sum().clamp_min(1e-9))
    means = [float(part.sum()) / total for part in sums]
    fall = means[0] - means[1]
    scatter = sums[0] - sums[1] - fall * tiles
    error = float((scatter * scatter).sum().sqrt()) / total
    unit = float((scale * scale).mean().sqrt())
    both = common * new.shot * new.moved / (scale * scale)
    power = [common * p * p / (scale * scale) for p in (new.shot, new.moved)]
    likeness = float(both.sum()) / max(1e-9, float(power[0].sum() * power[1].sum()) ** 0.5)
    fault = ""
    if fall < STANDARD_ERRORS * error or fall < LEAST_GAIN * means[0]:
        fault = f"it fits no better ({fall / max(means[0], 1e-9):+.1%})"
    elif likeness < LEAST_LIKENESS:
        fault = f"the background does not resemble the shot (correlation {likeness:.2f})"
    return _Verdict(unit * means[0] ** 0.5, unit * means[1] ** 0.5, fault)
