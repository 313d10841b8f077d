"""A clean plate of a screen, made from the shot itself when none was shot.

Folds and lamps change how bright a screen is, and little of its colour: each channel's share of the
brightest one is smooth all over. Anything in front of it, thin smoke included, changes the
shares. So a pixel of a frame counts as screen where shares and light fit a smooth surface and the
other frames. What was seen is averaged over time; what was never seen continues the surface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from mattebox.colour_difference import TINY, key_excess
from mattebox.matte.degrain import degrained
from mattebox.matte.fill import pull_push
from mattebox.matte.statistics import Triple
from mattebox.matte.surface import CUT, SURFACE_SAMPLES, robust_surface, thinned
from mattebox.matte.windows import box_max, box_mean, box_min, eroded
from mattebox.screen_key import ScreenKey, key_of

WORKING_SIDE = 360
"""Which pixels are screen is decided on pictures whose shorter side is about so long, means over
boxes of larger ones: windows grow with the picture anyway, and 1080 would cost nine times as
much."""

LINES_PER_PIXEL = 180
"""Radii grow with the picture: 1 pixel for every 180 lines, so 2 at 360 and 6 at 1080."""

START_SHARE = 0.05
"""Excess, as a share of the screen colour's, from which a pixel may be screen at first: corners of
graded pictures fall to a tenth of the middle's light."""

SHARE_ORDER = 2
LIGHT_ORDER = 4
"""Orders of the surfaces: the channels' shares (colour of the lamps) and light (their fall-off).
On two rendered shots light of order 2 costs 0.6 and 4.4 in MAD x1e3 over the true background, order
3 0.6 and 1.8, order 4 0.7 and 0.8."""

PUREST = 0.2
"""Part of the candidates taken for the screen itself: whatever stands before it adds light to the
other channels, so a veil or smoke over most of the picture has larger shares."""

SHARE_RANGE = 0.3
"""By how much the shares of one screen differ at most: lamps of unlike colour, and above all
grading, which takes colour out of what is bright. On public pictures 0.06 saw a sixth of a screen
and left haze over the rest; smoke in front is told by the smooth surface, not by this."""

SHARE_STEP = 0.1
"""By how much the shares change within a window at the edge between a screen and cloth of nearly
its colour. Lamps and grading change a screen's shares by as much over half of the picture."""

WELL_SEEN = 0.3
"""Part of the picture that must show the screen for a surface of LIGHT_ORDER, else SHARE_ORDER."""

BEYOND = 1.2
"""Factor by which the surface may leave the range of light that was seen: it must not soar."""

LEAST_SHARE_DEVIATION = 0.01
LEAST_LIGHT_DEVIATION = 0.03
"""What folds and interreflection do at least; a noiseless flat screen has no deviation itself."""

LARGEST_LIGHT_DEVIATION = 0.15
"""What folds do at most: darker is not the screen."""

DIMMER = 3.0
"""Robust deviations below its own brightest frames by which a pixel's excess may fall."""

MAJORITY = 0.75
"""Part of a window that must have passed. A hair one pixel wide fails on 5 x 5 pixels around it."""

FULLY_KNOWN = 3
"""Frames from which a pixel's own mean needs no help from its neighbours."""

OUTLINE = 4
"""Of ``_radius``: so near to where no screen was seen, loose strands may have passed as screen."""

DARKENED = 0.02
"""Of the screen's light: a pixel there that is so much darker than the screen further out counts
for nothing."""

LEAST_TRUST = 0.01
"""What it counts for all the same: a screen that is seen through gaps alone has nothing else."""

LEAST_PIXELS = 1000
"""Of screen: fewer say nothing of its surface."""

DEVIATION_SAMPLES = 2_000_000
"""Pixels of all frames that a deviation is told from; rows and columns are left out beyond, since
choosing pixels takes longer than sorting them."""


@dataclass(frozen=True)
class EstimatedBackground:
    """A screen background made from the shot.

    Attributes:
        background: [1,3,H,W] float32, linear Rec.709, at the median exposure of the frames given.
        known: [1,1,H,W] float32 0..1: 1 where enough frames showed the screen, 0 where none did
            and the background continues what is around.
    """

    background: torch.Tensor
    known: torch.Tensor


def estimate_background(
    sources: Sequence[torch.Tensor],
    screen: Triple,
    excluded: Sequence[torch.Tensor | None] | None = None,
) -> EstimatedBackground:
    """The screen behind the subject, from frames spread over the whole shot.

    Args:
        sources: each [1,3,H,W] float32, linear Rec.709, unbounded; 8 to 24 frames are enough.
        screen: colour of the screen, linear Rec.709, found or given; its hue gives
            the key. It only has to be right within a factor of two in light.
        excluded: for each source [1,1,H,W] bool, True where a matte says that it is no screen.

    Returns:
        The background. ``known`` is 0 everywhere, and the background ``screen``, where no screen is
        found.
    """
    frames = torch.cat(list(sources))
    key = key_of(screen)
    factor = max(1, min(frames.shape[-2:]) // WORKING_SIDE)
    small = _box_reduced(frames, factor)
    colour = frames.new_tensor(screen).view(1, 3, 1, 1)
    nothing = EstimatedBackground(
        colour.expand_as(frames[:1]).clone(), torch.zeros_like(frames[:1, :1])
    )
    free = torch.ones_like(small[:, :1], dtype=torch.bool)
    for index, matte in enumerate(excluded or ()):
        if matte is not None:
            free[index] = _box_reduced(matte.to(frames.dtype), factor)[0] == 0.0
    found = _screen_pixels(small, free, colour, key)
    if found is None:
        return nothing
    candidate, gain = found
    frames = frames / gain
    radius = _radius(frames)
    kept = _kept(frames, _enlarged(candidate, factor, frames)).to(frames.dtype)
    count = kept.sum(0, keepdim=True)
    if int((count > 0).sum()) < LEAST_PIXELS:
        return nothing
    mean = (frames * kept).sum(0, keepdim=True) / count.clamp_min(1.0)
    mean = degrained(mean, count, _grain(frames, kept), radius)
    known = (count / min(FULLY_KNOWN, frames.shape[0])).clamp_max(1.0)
    surface = torch.cat([_light(one, count > 0) for one in torch.split(mean, 1, dim=1)], dim=1)
    background = surface + _continued((mean - surface) * (known > 0), surface, known, radius)
    return EstimatedBackground(background.clamp_min(0.0), known)


def _continued(
    detail: torch.Tensor, surface: torch.Tensor, known: torch.Tensor, radius: int
) -> torch.Tensor:
    """What the screen has beside its ``surface``, [1,3,H,W], continued where it was never seen.

    Strands too thin to fail as screen take some of its light along the subject's outline, from
    where it would be continued behind all of the subject. They never add to it: what is darker
    there than the screen further out foretells is not the screen.
    """
    seen = (known > 0).to(detail.dtype)
    near = 2.0 * (1.0 - box_mean(seen, OUTLINE * radius)).clamp_max(0.5)  # 1 at a straight outline
    further = pull_push(detail, known * (1.0 - (1.0 - LEAST_TRUST) * near))
    brightest = int(surface.mean((0, 2, 3)).argmax())
    light, missing = (one[:, brightest : brightest + 1] for one in (surface, further - detail))
    darkened = (missing / (DARKENED * light.clamp_min(TINY))).clamp(0.0, 1.0)
    return pull_push(detail, known * (1.0 - (1.0 - LEAST_TRUST) * near * darkened))


def _screen_pixels(
    frames: torch.Tensor, free: torch.Tensor, colour: torch.Tensor, key: ScreenKey
) -> tuple[torch.Tensor, torch.Tensor] | None:
    """[N,1,H,W] bool, where ``frames`` show the screen among what is ``free``, and [N,1,1,1] the
    light of each over the shot's median. None where too little is left."""
    brightest = int(colour.flatten().argmax())
    radius = _radius(frames)
    smooth = box_mean(frames, radius)
    candidate = free & (key_excess(smooth, key) > START_SHARE * key_excess(colour, key))
    if int(candidate.sum()) < LEAST_PIXELS:
        return None
    candidate = _without_cloth(smooth, candidate, brightest, radius)
    candidate = _of_one_colour(smooth, candidate, brightest)
    gain = _frame_gains(smooth, candidate, brightest)
    smooth = smooth / gain
    candidate = _of_one_light(smooth, candidate, brightest)
    candidate = _steady(smooth, candidate, key)
    return eroded(_without_specks(candidate, radius), radius + 1), gain


def _radius(frames: torch.Tensor) -> int:
    return max(1, round(frames.shape[-2] / LINES_PER_PIXEL))


def _box_reduced(picture: torch.Tensor, factor: int) -> torch.Tensor:
    """Means over boxes of ``factor`` pixels; those at the far borders hold fewer."""
    if factor == 1:
        return picture
    return F.avg_pool2d(picture, factor, ceil_mode=True, count_include_pad=False)


def _enlarged(mask: torch.Tensor, factor: int, like: torch.Tensor) -> torch.Tensor:
    """A mask of boxes at every pixel of them, at the size of ``like``."""
    if factor == 1:
        return mask
    height, width = like.shape[-2:]
    tall = mask.repeat_interleave(factor, dim=-2)[..., :height, :]
    return tall.repeat_interleave(factor, dim=-1)[..., :width]


def _light(mean: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """[1,1,H,W] smooth light of one channel, continued where nothing was ``seen``."""
    order = LIGHT_ORDER if float(seen.float().mean()) >= WELL_SEEN else SHARE_ORDER
    values = mean[seen]
    low, high = float(values.min()), float(values.max())
    surface = robust_surface(mean, seen, order)[0]
    return surface.clamp(min(low / BEYOND, low * BEYOND), max(high * BEYOND, high / BEYOND))


def _without_cloth(
    smooth: torch.Tensor, candidate: torch.Tensor, brightest: int, radius: int
) -> torch.Tensor:
    """Candidates without areas of another colour that an edge parts from the screen.

    The shares of a screen may drift as far as a green shirt's are from it, but they drift; a shirt
    ends. So an area within edges goes where its own median share is off the screen's.
    """
    light = smooth[:, brightest : brightest + 1].clamp_min(TINY)
    for channel in (c for c in range(3) if c != brightest):
        share = smooth[:, channel : channel + 1] / light
        edge = (box_max(share, radius) - box_min(share, radius)) > SHARE_STEP
        inner = candidate & ~edge
        if not bool(inner.any()):
            continue
        purest = float(thinned(share[inner], SURFACE_SAMPLES).quantile(PUREST))
        cloth = torch.cat(
            [
                _off_colour(one, inside, purest)
                for one, inside in zip(torch.split(share, 1), torch.split(inner, 1), strict=True)
            ]
        )
        candidate = candidate & (box_max(cloth.to(smooth.dtype), 2 * radius) < 0.5)
    return candidate


def _off_colour(share: torch.Tensor, inside: torch.Tensor, purest: float) -> torch.Tensor:
    """[1,1,H,W] bool: connected areas of ``inside`` whose median share is a step off ``purest``."""
    from scipy import ndimage

    mask = inside[0, 0].cpu().numpy()
    labels = np.zeros(mask.shape, np.int32)
    ndimage.label(mask, output=labels)
    count = int(labels.max())
    off = np.zeros(count + 1, bool)
    if count:
        medians = ndimage.median(share[0, 0].cpu().numpy(), labels, np.arange(1, count + 1))
        off[1:] = np.abs(medians - purest) > SHARE_STEP
    return torch.from_numpy(off[labels]).to(share.device)[None, None]


def _of_one_colour(smooth: torch.Tensor, candidate: torch.Tensor, brightest: int) -> torch.Tensor:
    """Candidates whose shares of the brightest channel fit one smooth surface for the shot."""
    light = smooth[:, brightest : brightest + 1].clamp_min(TINY)
    for channel in (c for c in range(3) if c != brightest):
        share = smooth[:, channel : channel + 1] / light
        purest = float(thinned(share[candidate], SURFACE_SAMPLES).quantile(PUREST))
        candidate = candidate & (share < purest + SHARE_RANGE)
        expected, deviation = robust_surface(share, candidate, SHARE_ORDER)
        deviation = max(deviation, LEAST_SHARE_DEVIATION)
        candidate = candidate & ((share - expected).abs() < CUT * deviation)
    return candidate


def _of_one_light(smooth: torch.Tensor, candidate: torch.Tensor, brightest: int) -> torch.Tensor:
    """Candidates whose light fits one smooth surface, folds allowed."""
    light = smooth[:, brightest : brightest + 1].clamp_min(TINY).log()
    expected, deviation = robust_surface(light, candidate, LIGHT_ORDER)
    deviation = min(max(deviation, LEAST_LIGHT_DEVIATION), LARGEST_LIGHT_DEVIATION)
    return candidate & ((light - expected).abs() < CUT * deviation)


def _steady(smooth: torch.Tensor, candidate: torch.Tensor, key: ScreenKey) -> torch.Tensor:
    """Candidates that are no dimmer than the same pixel in its best frames."""
    excess = key_excess(smooth, key)
    middle = _masked_median(excess, candidate)
    away = (excess - middle).abs()
    return candidate & (away <= DIMMER * _deviation(away, candidate) + TINY)


def _without_specks(candidate: torch.Tensor, radius: int) -> torch.Tensor:
    """Grain fails a test here and there; what stands before the screen fails on a whole window."""
    return box_mean(candidate.to(torch.float32), radius) > MAJORITY


def _frame_gains(smooth: torch.Tensor, candidate: torch.Tensor, brightest: int) -> torch.Tensor:
    """[N,1,1,1] light of each frame over the shot's median, where both show screen."""
    light = smooth[:, brightest : brightest + 1].clamp_min(TINY).log()
    middle = _masked_median(light, candidate)
    gains = []
    for one, seen in zip(torch.split(light, 1), torch.split(candidate, 1), strict=True):
        away = thinned((one - middle)[seen])
        gains.append(float(away.median().exp()) if away.numel() >= LEAST_PIXELS else 1.0)
    return smooth.new_tensor(gains).view(-1, 1, 1, 1)


def _kept(frames: torch.Tensor, candidate: torch.Tensor) -> torch.Tensor:
    """The candidates that lie, in every channel, within CUT deviations of their pixel's median."""
    for channel in range(3):
        picture = frames[:, channel : channel + 1]
        away = (picture - _masked_median(picture, candidate)).abs()
        candidate = candidate & (away <= CUT * _deviation(away, candidate) + TINY)
    return candidate


def _deviation(away: torch.Tensor, candidate: torch.Tensor) -> float:
    """Standard deviation from distances to each pixel's median over the frames.

    A frame that is the median itself lies at 0 and says nothing: of three frames it is every third.
    """
    step = max(1, int((away.numel() / DEVIATION_SAMPLES) ** 0.5))
    away, candidate = away[..., ::step, ::step], candidate[..., ::step, ::step]
    chosen = away[candidate & (away > 0.0)]
    return 1.4826 * float(thinned(chosen).median()) if chosen.numel() else 0.0


def _grain(frames: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """[1,3,1,1] variance of a frame's grain on the screen, from every other frame against the rest.

    What stands still (folds, weave) is in both halves and cancels. 0 with a single frame.
    """
    parts = [(frames[k::2], kept[k::2]) for k in (0, 1)]
    counts = [part.sum(0, keepdim=True) for _, part in parts]
    means = [
        (picture * part).sum(0, keepdim=True) / count.clamp_min(1.0)
        for (picture, part), count in zip(parts, counts, strict=True)
    ]
    both = (counts[0] > 0) & (counts[1] > 0)
    if int(both.sum()) < LEAST_PIXELS:
        return frames.new_zeros(1, 3, 1, 1)
    unit = (1.0 / counts[0].clamp_min(1.0) + 1.0 / counts[1].clamp_min(1.0)).sqrt()
    away = ((means[0] - means[1]) / unit).abs()
    level = [float(thinned(one[both]).median()) for one in torch.split(away, 1, dim=1)]
    return (1.4826 * frames.new_tensor(level).view(1, 3, 1, 1)) ** 2


def _masked_median(picture: torch.Tensor, candidate: torch.Tensor) -> torch.Tensor:
    """[1,1,H,W] median over time of [N,1,H,W] where ``candidate``; 0 where there is none."""
    # sorted, because a median along a dimension is not deterministic on a GPU
    held = torch.where(candidate, picture, torch.full_like(picture, torch.inf)).sort(dim=0).values
    count = candidate.sum(0, keepdim=True)
    low = held.gather(0, ((count - 1) // 2).clamp_min(0))
    high = held.gather(0, (count // 2).clamp_max(picture.shape[0] - 1))
    return torch.where(count > 0, (low + high) / 2.0, torch.zeros_like(low))
