"""How noisy a shot is, measured from its own frames.

Grain is modelled per channel as var = gain * max(x, 0) + floor: photon noise grows with the light,
read noise does not. Two estimates are made in every band of brightness, and the smaller one is
taken, since both can only be too large: the difference of consecutive frames (motion adds to it)
and the second difference along rows (texture adds to it). Pictures of few code values, 8 or 10
bits, hide grain below their steps and have a codec's errors of about that size: there a band has
at least half a step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from mattebox.matte.statistics import NoiseModel

BANDS = 16
MIN_SAMPLES = 400  # in a band, for a quantile good to a few percent
# The lower half of |difference| decides: up to half of the pixels may move or be textured.
QUANTILE = 0.35
# |z| of a unit normal lies below this in QUANTILE of all cases: sqrt(2) * erfinv(0.35).
NORMAL_AT_QUANTILE = 0.45376
# Samples this far apart: film grain and debayered noise are correlated over about one pixel.
LAG = 2
SAMPLES_PER_CHANNEL = 100_000
# Read noise equals photon noise at this share of the shot's middle brightness: from a clean
# cinema camera to a noisy phone.
FLOOR_SHARES = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
ENVELOPE = 0.3  # share of bands assumed free of motion and texture
FEWEST_CODES, MOST_CODES = 16, 1100  # distinct values of a channel that was 8 or 10 bits deep
CODE_DEVIATION = 0.5  # least standard deviation, in steps: rounding alone has 0.29


def estimate_noise(frames: Sequence[torch.Tensor]) -> NoiseModel:
    """The grain of a shot, from a few pairs of consecutive frames.

    Args:
        frames: each [N,3,H,W] float32, linear Rec.709: N consecutive frames (N = 1 works, with
            the spatial estimate alone).

    Returns:
        The model; a noiseless picture gives the rounding of a half float at its own brightness.
    """
    gains, floors = [], []
    for channel in range(3):
        gain, floor = _fit_channel([frame[:, channel] for frame in frames])
        gains.append(gain)
        floors.append(floor)
    return NoiseModel((gains[0], gains[1], gains[2]), (floors[0], floors[1], floors[2]))


def _fit_channel(frames: Sequence[torch.Tensor]) -> tuple[float, float]:
    """Gain and floor of one channel from [N,H,W] pieces."""
    spatial_level, spatial_step = [], []
    temporal_level, temporal_step = [], []
    for piece in frames:
        middle = piece[:, :, LAG:-LAG]
        if middle.shape[-1] > 0:
            second = piece[:, :, : -2 * LAG] - 2.0 * middle + piece[:, :, 2 * LAG :]
            level = (piece[:, :, : -2 * LAG] + middle + piece[:, :, 2 * LAG :]) / 3.0
            spatial_level.append(level.flatten())
            spatial_step.append(second.abs().flatten() / 6.0**0.5)
        if piece.shape[0] > 1:
            temporal_level.append(((piece[1:] + piece[:-1]) / 2.0).flatten())
            temporal_step.append((piece[1:] - piece[:-1]).abs().flatten() / 2.0**0.5)
    spatial = _thinned(spatial_level, spatial_step)
    temporal = _thinned(temporal_level, temporal_step)
    levels = [pair[0] for pair in (spatial, temporal) if pair is not None]
    if not levels:
        return 0.0, 1e-10
    level = torch.cat(levels).clamp_min(0.0)[: 2 * SAMPLES_PER_CHANNEL]
    # A small picture has few bands, so that each holds enough; the smallest has one.
    bands = max(1, min(BANDS, level.numel() // (2 * MIN_SAMPLES)))
    edges = torch.quantile(level, torch.linspace(0.0, 1.0, bands + 1, device=level.device))
    codes = _codes(frames)
    points = []
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        found = []
        for pair in (spatial, temporal):
            if pair is None:
                continue
            inside = (pair[0] >= low) & (pair[0] <= high)
            steps = pair[1][inside]
            if steps.numel() >= MIN_SAMPLES:
                deviation = torch.quantile(steps, QUANTILE).item() / NORMAL_AT_QUANTILE
                found.append(deviation * deviation)
        if found:
            middle = (low + high) / 2.0
            points.append((middle, max(min(found), (CODE_DEVIATION * _step(codes, middle)) ** 2)))
    return _lower_line(points)


def _codes(frames: Sequence[torch.Tensor]) -> torch.Tensor:
    """The values, ascending, that a channel of few bits takes; none of any other channel."""
    values = torch.cat([piece.flatten() for piece in frames])
    values = values[:: max(1, -(-values.numel() // SAMPLES_PER_CHANNEL))].sort().values
    values = values[torch.cat([values.new_ones(1), values.diff()]) > 0.0]
    return values if FEWEST_CODES <= values.numel() <= MOST_CODES else values[:0]


def _step(codes: torch.Tensor, level: float) -> float:
    """From one code to the next at a level of light; 0 without codes."""
    if codes.numel() == 0:
        return 0.0
    steps = codes.diff()
    at = int(torch.searchsorted(codes, codes.new_tensor(level)).clamp(2, codes.numel() - 3))
    return float(steps[at - 2 : at + 2].median())  # a code that no pixel has doubles a step


def _thinned(
    levels: list[torch.Tensor], steps: list[torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """At most SAMPLES_PER_CHANNEL samples, evenly picked, in a fixed order."""
    if not levels:
        return None
    level, step = torch.cat(levels), torch.cat(steps)
    stride = max(1, -(-level.numel() // SAMPLES_PER_CHANNEL))
    return level[::stride], step[::stride]


def _lower_line(points: list[tuple[float, float]]) -> tuple[float, float]:
    """Gain and floor of the line var = gain * x + floor that most of the points lie on or above.

    Motion and texture push single bands up by orders of magnitude, nothing pushes them down: the
    loss is that of a low quantile, on the logarithm, so that no band outweighs another.
    """
    tiny = 1e-10
    points = [(level, max(variance, tiny)) for level, variance in points]
    if not points:
        return 0.0, tiny
    middle = sorted(level for level, _ in points)[len(points) // 2]
    best = (math.inf, 0.0, tiny)
    for share in FLOOR_SHARES:
        knee = max(share * middle, 1e-6)
        ratios = sorted(math.log(variance / (level + knee)) for level, variance in points)
        gain = ratios[int(ENVELOPE * (len(ratios) - 1))]
        loss = sum(max(ENVELOPE * (r - gain), (ENVELOPE - 1.0) * (r - gain)) for r in ratios)
        if loss < best[0]:
            best = (loss, math.exp(gain), math.exp(gain) * knee)
    return best[1], max(best[2], tiny)
