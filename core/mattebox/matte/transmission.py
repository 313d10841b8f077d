"""How much of the screen a soft material lets through, from the plate's detail seen through it.

Smoke, glass and blur have no opaque interior that would show their colour, and the screen's light
they scatter makes the colour difference read too little. But whatever they are made of, the fine
detail of the plate (folds, weave, unevenness) reaches the camera scaled by 1 - alpha. Over all
pixels of a material, the detail left over gives the exponent in
1 - alpha = (1 - colour difference) ^ exponent, and an error that says whether there was enough
detail to tell. The law is that of layers: if one thin layer takes the share q of the screen and
scatters the share s q back as screen light, n layers show (1 - q (1 - s))^n of it and let (1 - q)^n
through, so the exponent is about 1 / (1 - s) however dense the smoke, and opaque stays opaque.

Grain in the plate would pull the slope to 0 (errors in variables), so two pictures of the screen
with independent grain are used: the plate as instrument, and the mean of the shot's own frames
where they show the screen as regressor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from mattebox.colour_difference import key_excess
from mattebox.matte.statistics import NoiseModel
from mattebox.matte.windows import box_mean, eroded

# Detail is what a mean over this radius removes: coarser than grain, finer than lighting. Folds
# carry more the coarser they are, and so does the material's own structure; over a larger radius
# that wins.
DETAIL_RADIUS = 8
# Where the material's own detail is strong within this radius, the plate's is not seen.
ENERGY_RADIUS = 12
BLOCK = 32  # sums per block of this side give the error of the slope: detail is correlated
LEAST_BLOCKS = 8.0  # that carry the evidence; of fewer, the scatter is not known
CLEAR_MISFIT = 2.0  # mean chi-square per channel below which a pixel shows the screen; 1 expected
CLEAR_RADIUS = 2
CLEAR_EROSION = 4  # thin smoke around what is seen as clear would correlate with the smoke
NO_EVIDENCE = 1e3  # an error that no prior can be weaker than
TYPICAL_EXPONENT = 1.5  # at which pixels are weighed; any weight is unbiased
EXPONENTS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # the surplus is nearly linear between them
WIDE = (1, 3)  # the exponents 1 and 2: where materials lie
# A small window follows edges, a large one finds detail in flat parts of a plate.
LOCAL_RADII = (3, 8)
DETAIL_CORRELATION = 6.0  # pixels that count as one sample: texture is correlated over two or three


@dataclass(frozen=True)
class Transmission:
    """1 - alpha = (1 - raw colour difference) ^ exponent; ``error`` is one sigma of it."""

    exponent: float
    error: float


def seen_screen(
    sources: Sequence[torch.Tensor], plate: torch.Tensor, noise: NoiseModel, plate_noise: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean of the source over the frames in which a pixel shows the screen, and their number.

    Args:
        sources: pieces [N,3,H,W] float32, linear Rec.709.
        plate: [1,3,H,W], same light, the same for all pieces.
        noise: the grain of the source.
        plate_noise: variance of the plate's error as a share of the grain.

    Returns:
        [1,3,H,W] (0 where never seen) and [1,1,H,W] count.
    """
    total, count = torch.zeros_like(plate), torch.zeros_like(plate[:, :1])
    variance = noise.variance(plate) * (1.0 + plate_noise)
    for piece in sources:
        for frame in torch.split(piece, 1):
            misfit = ((frame - plate) ** 2 / variance).mean(1, keepdim=True)
            clear = eroded(box_mean(misfit, CLEAR_RADIUS) < CLEAR_MISFIT, CLEAR_EROSION)
            total += torch.where(clear, frame, 0.0)
            count += clear.to(frame.dtype)
    return total / count.clamp_min(1.0), count


def detail_products(
    source: torch.Tensor,
    plate: torch.Tensor,
    seen: tuple[torch.Tensor, torch.Tensor],
    opacity: torch.Tensor,
    soft: torch.Tensor,
    noise: NoiseModel,
    key: int,
) -> torch.Tensor:
    """Weighted sums of products of details, one row per block, for every exponent of EXPONENTS.

    Args:
        source: [1,3,H,W] float32 linear Rec.709.
        plate, seen: the given plate, and ``seen_screen``'s answer.
        opacity: [1,1,H,W] raw colour difference of the means over DETAIL_RADIUS: with any detail of
            the plate in it, it would correlate with the instrument and pull the exponent to 1.
        soft: bool [1,1,H,W], the material's pixels.
        noise: the grain.
        key: index of the key channel.
    """
    first, second = (channel for channel in range(3) if channel != key)
    instrument = _detail(key_excess(plate, key))
    screen = _detail(key_excess(seen[0], key))
    source_detail = _detail(key_excess(source, key))
    # the material's own structure shows in the other channels too; it is regressed out
    own = _detail(source[:, first : first + 1] + source[:, second : second + 1])
    variance = noise.variance(plate)
    grain = float((variance[:, key] + variance[:, first]).mean())
    lost = screen - source_detail
    excess = (box_mean(lost * lost, ENERGY_RADIUS) - grain).clamp_min(0.0)
    usable = soft & eroded(seen[1] > 0.0, DETAIL_RADIUS)
    weight = usable.to(source.dtype) / (grain + 2.0 * excess)
    opacity = opacity.clamp(0.0, 0.99)
    # how much a pixel says: the derivative of the law by its exponent
    told = -((1.0 - opacity) ** TYPICAL_EXPONENT) * torch.log1p(-opacity)
    instrument = instrument * told * weight
    own_weighted = own * weight
    terms = [instrument * own, own_weighted * own]
    for exponent in EXPONENTS:
        surplus = (1.0 - opacity) ** exponent * screen - source_detail
        terms += [instrument * surplus, own_weighted * surplus]
    blocks = F.avg_pool2d(torch.cat(terms, 1), BLOCK, ceil_mode=True, divisor_override=1)
    return blocks.permute(0, 2, 3, 1).reshape(-1, 2 + 2 * len(EXPONENTS))


def fit_transmission(blocks: torch.Tensor) -> Transmission:
    """The exponent at which no surplus of detail is left, over all blocks [K,...] together.

    Its error comes from the scatter of the blocks (sandwich), which holds for detail and grain
    of any correlation shorter than a block.
    """
    rows = blocks.to(torch.float64)
    cross, power = (float(value) for value in rows[:, :2].sum(0))
    if rows.shape[0] == 0 or power <= 0.0:
        return Transmission(1.0, NO_EVIDENCE)
    parts = rows[:, 2::2] - cross / power * rows[:, 3::2]
    surplus = [float(value) for value in parts.sum(0)]
    # the surplus falls with the exponent; the first pair that brackets 0, or the nearest end
    at = next((i for i in range(len(EXPONENTS) - 2) if surplus[i + 1] <= 0.0), len(EXPONENTS) - 2)
    fall = surplus[at] - surplus[at + 1]
    if fall <= 0.0:
        return Transmission(1.0, NO_EVIDENCE)
    step = EXPONENTS[at + 1] - EXPONENTS[at]
    along = surplus[at] / fall
    influence = parts[:, at] + along * (parts[:, at + 1] - parts[:, at])
    # what the material's own structure explains in a block is no scatter
    own = rows[:, 3::2].sum(0) / power
    own_share = own[at] + along * (own[at + 1] - own[at])
    influence = influence - own_share * (rows[:, 0] - cross / power * rows[:, 1])
    # the slope for the error is taken wide, so that it does not jump from one pair to the next
    slope = (surplus[WIDE[0]] - surplus[WIDE[1]]) / (EXPONENTS[WIDE[1]] - EXPONENTS[WIDE[0]])
    if slope <= 0.0:
        return Transmission(1.0, NO_EVIDENCE)
    # A sum over few blocks is 0 at its own solution, whatever the truth: they say nothing.
    told = parts[:, WIDE[0]] - parts[:, WIDE[1]]
    blocks_told = float(told.abs().sum() ** 2 / told.square().sum().clamp_min(1e-30))
    if blocks_told < LEAST_BLOCKS:
        return Transmission(1.0, NO_EVIDENCE)
    spread = influence.square().sum() * blocks_told / (blocks_told - 1.0)
    error = float(spread.sqrt()) / slope
    return Transmission(EXPONENTS[at] + along * step, max(error, 0.01))


def _detail(picture: torch.Tensor) -> torch.Tensor:
    return picture - box_mean(picture, DETAIL_RADIUS)


@dataclass(frozen=True)
class LocalTransmission:
    """alpha [N,1,H,W] as the plate's detail in a window says, not clipped, and its variance."""

    alpha: torch.Tensor
    variance: torch.Tensor


def local_transmission(
    source: torch.Tensor, plate: torch.Tensor, variance: torch.Tensor, plate_variance: torch.Tensor
) -> LocalTransmission:
    """Alpha from a textured plate seen through the subject, window by window.

    Holds where alpha and foreground are smoother than the plate (glass, smoke, interiors); where
    the subject has detail of its own the residual is large, and the variance says so. Reads
    2 * max(LOCAL_RADII) pixels.

    Args:
        source, plate: [N,3,H,W] float32, linear Rec.709.
        variance, plate_variance: [N,3,H,W] of their grain.
    """
    total, precision = torch.zeros_like(source[:, :1]), torch.zeros_like(source[:, :1])
    for radius in LOCAL_RADII:
        alpha, uncertainty = _window_transmission(source, plate, variance, plate_variance, radius)
        total = total + alpha / uncertainty
        precision = precision + 1.0 / uncertainty
    return LocalTransmission(total / precision, 1.0 / precision)


def _window_transmission(
    source: torch.Tensor,
    plate: torch.Tensor,
    variance: torch.Tensor,
    plate_variance: torch.Tensor,
    radius: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    own = source - box_mean(source, radius)
    screen = plate - box_mean(plate, radius)
    weight = 1.0 / box_mean(variance + plate_variance, radius)
    products = torch.cat(
        [
            (weight * screen * own).sum(1, keepdim=True),
            (weight * (screen * screen - plate_variance)).sum(1, keepdim=True),
            (weight * own * own).sum(1, keepdim=True),
        ],
        1,
    )
    cross, power, energy = torch.split(box_mean(products, radius), 1, 1)
    power = power.clamp_min(1e-3)
    seen = cross / power
    residual = (energy - 2.0 * seen * cross + seen * seen * power).clamp_min(0.0) / 3.0 + 1.0
    samples = (2 * radius + 1) ** 2 / DETAIL_CORRELATION
    return 1.0 - seen, residual / (power * samples)
