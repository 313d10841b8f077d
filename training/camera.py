"""What a camera, a codec and a background that does not quite fit do to linear light.

Pictures are [N,3,H,W] float32, linear light, in key order.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from mattebox.matte.fill import pull_push
from mattebox.matte.windows import box_max, box_mean
from training.screens import Dice, constant

# Luminance weights of R, G, B (BT.709); channels lie in key order, so the weights are reordered.
LUMA = (0.2126, 0.7152, 0.0722)
KEY_ORDERS = ((1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0), (0, 1, 2), (0, 2, 1))
KEY_ORDER_SHARES = (0.3, 0.3, 0.17, 0.17, 0.03, 0.03)

# Annex K of ITU-T T.81 (JPEG), luminance, quality 50.
QUANTISATION = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


@dataclass(frozen=True)
class Grain:
    """var = gain * max(x, 0) + floor per channel, [N,3,1,1], and correlation over pixels."""

    gain: torch.Tensor
    floor: torch.Tensor
    kernel: torch.Tensor

    def variance(self, light: torch.Tensor) -> torch.Tensor:
        return self.gain * light.clamp(0.0, 4.0) + self.floor

    def sample(self, dice: Dice, light: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
        """Noise for ``light``; ``share`` of its variance, [N,1,H,W] or [N,1,1,1]."""
        count, channels, height, width = light.shape
        white = dice.white(count, channels, height + 4, width + 4)
        kernels = self.kernel.repeat_interleave(channels, 0)
        flat = white.reshape(1, count * channels, height + 4, width + 4)
        flat = F.conv2d(flat, kernels.view(-1, 1, 1, 5), groups=count * channels)
        flat = F.conv2d(flat, kernels.view(-1, 1, 5, 1), groups=count * channels)
        return flat.view(count, channels, height, width) * (share * self.variance(light)).sqrt()


def draw_grain(dice: Dice, count: int, level: torch.Tensor, share: torch.Tensor) -> Grain:
    """From a clean cinema camera to a noisy phone; two stops of exposure; some with none.

    ``share``: [N,1,1,1] factor on the variance.
    """
    gain = share * dice.log_uniform(count, 8e-6, 8e-4) * (level / 0.42).sqrt()
    gain = gain * (1.0 - dice.chance(count, 0.06) * 0.9999)
    tint = constant((1.0, 1.6, 2.0), dice.device).view(1, 3, 1, 1)
    gain = gain * tint * dice.normal(count, 0.25, 3).exp()
    floor = gain * dice.log_uniform(count, 0.004, 0.1) * level + 1e-12
    at = torch.arange(-2, 3, device=dice.device, dtype=torch.float32).view(1, 5)
    kernel = (-0.5 * (at / dice.uniform(count, 0.25, 0.9)[:, :, 0, 0]) ** 2).exp()
    return Grain(gain, floor, kernel / kernel.norm(dim=1, keepdim=True))


def sharpened(dice: Dice, pictures: list[torch.Tensor], share: float) -> list[torch.Tensor]:
    """Halos of a camera's sharpening, alike on all pictures of a scene."""
    strength = dice.chance(len(pictures[0]), share) * dice.uniform(len(pictures[0]), 0.1, 0.7)
    return [one + strength * (one - box_mean(one, 1)) for one in pictures]


@dataclass(frozen=True)
class Codec:
    """How a batch is encoded, [N,1,1,1] each: the same for a shot and its background."""

    white: torch.Tensor
    luma: torch.Tensor
    narrow: torch.Tensor
    both: torch.Tensor
    eight_bit: torch.Tensor
    step: torch.Tensor
    contrast: torch.Tensor


def draw_codec(dice: Dice, count: int, level: torch.Tensor, *, subsampled: bool = False) -> Codec:
    """8-bit video of some camera: exposure, chroma sampling, block quantisation, a grade.

    ``subsampled``: all of it has less chroma than luma, and blocks are quantised less coarsely.
    """
    weights = tuple(LUMA[channel] for order in KEY_ORDERS for channel in order)
    table = constant(weights, dice.device).view(len(KEY_ORDERS), 3)
    luma = table[dice.choice(count, KEY_ORDER_SHARES)].view(count, 3, 1, 1)
    kind = dice.uniform(count, 0.0, 0.9 if subsampled else 1.0)
    coded = dice.chance(count, 0.5 if subsampled else 0.6)
    coarsest = 0.4 if subsampled else 1.0
    return Codec(
        white=level / dice.log_uniform(count, 0.12, 0.9),
        luma=luma,
        narrow=(kind < 0.9).float(),
        both=(kind < 0.65).float(),
        eight_bit=dice.chance(count, 0.85),
        step=coded * dice.log_uniform(count, 0.03, coarsest),
        contrast=1.0 + dice.chance(count, 0.5) * dice.uniform(count, -0.15, 0.45),
    )


def coded(codec: Codec, light: torch.Tensor) -> torch.Tensor:
    """Linear light after encoding and decoding. H and W must be multiples of 8."""
    code = (light / codec.white).clamp(0.0, 1.0) ** (1.0 / 2.2)
    code = (0.5 + codec.contrast * (code - 0.5)).clamp(0.0, 1.0)
    luma = (code * codec.luma).sum(1, keepdim=True)
    chroma = code - luma
    wide = F.interpolate(F.avg_pool2d(chroma, (1, 2)), scale_factor=(1.0, 2.0), mode="bilinear")
    quarter = F.interpolate(F.avg_pool2d(chroma, 2), scale_factor=2.0, mode="bilinear")
    sampled = torch.where(codec.both > 0.5, quarter, torch.where(codec.narrow > 0.5, wide, chroma))
    luma = _block_coded(luma, codec.step)
    sampled = _block_coded(sampled, 1.7 * codec.step)
    code = (luma + sampled).clamp(0.0, 1.0)
    code = torch.where(codec.eight_bit > 0.5, (255.0 * code).round() / 255.0, code)
    code = 0.5 + (code - 0.5) / codec.contrast
    return code.clamp_min(0.0) ** 2.2 * codec.white


def _block_coded(picture: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """8x8 cosine blocks quantised; ``step`` 1 is JPEG quality 50, 0 leaves the picture."""
    count, channels, height, width = picture.shape
    index = torch.arange(8, device=picture.device, dtype=torch.float32)
    basis = torch.cos((2.0 * index[None] + 1.0) * index[:, None] * torch.pi / 16.0) * 0.5
    basis = torch.cat([basis[:1] * 0.5**0.5, basis[1:]])
    blocks = picture.view(count, channels, height // 8, 8, width // 8, 8).transpose(3, 4)
    spectrum = basis @ blocks @ basis.T
    steps = tuple(value / 255.0 for row in QUANTISATION for value in row)
    table = constant(steps, picture.device).view(8, 8) * step.view(count, 1, 1, 1, 1, 1)
    rounded = (spectrum / table.clamp_min(1e-6)).round() * table
    spectrum = torch.where(table > 1e-6, rounded, spectrum)
    blocks = basis.T @ spectrum @ basis
    return blocks.transpose(3, 4).reshape(count, channels, height, width)


@dataclass(frozen=True)
class UsedBackground:
    """The background as the keyer has it: [N,3,H,W], and where it was never seen, [N,1,H,W]."""

    light: torch.Tensor
    doubt: torch.Tensor


MADE_SHARE = 0.25
"""Of screens whose background is made and not shot: estimated from the shot, or one colour."""
ONE_COLOUR_SHARE = 0.25
# of backgrounds that were shot: exact, with grain, smoothed, averaged
SHOT_SHARES = (0.2, 0.52, 0.13, 0.15)


def draw_background(
    dice: Dice,
    true: torch.Tensor,
    alpha: torch.Tensor,
    grain: Grain,
    given: torch.Tensor,
    looseness: torch.Tensor,
) -> UsedBackground:
    """A background with the errors that backgrounds have, before codecs.

    Args:
        true: [N,3,H,W] the light behind the subject.
        alpha: [N,1,H,W] of the subject.
        grain: of the camera.
        given: [N,1,1,1] 1 where the background was shot, 0 where it is made from the shot.
        looseness: [N,1,1,1] factor on everything by which it does not fit but grain.
    """
    count = len(true)
    shot = dice.choice(count, SHOT_SHARES)
    made = dice.choice(count, (1.0 - ONE_COLOUR_SHARE, ONE_COLOUR_SHARE)) + len(SHOT_SHARES)
    kind = torch.where(given[:, 0, 0, 0] > 0.5, shot, made).view(count, 1, 1, 1)
    misfit = _misfit(dice, true, looseness)
    shares = constant((0.0, 1.0, 0.02, 0.2, 0.08, 0.0), dice.device)[kind]
    noisy = misfit + grain.sample(dice, misfit, shares)
    smoothed = box_mean(noisy, 2)
    estimated, doubt = _estimated(dice, noisy, alpha, looseness)
    flat = torch.where(alpha < 0.01, misfit, torch.nan).nanmean((2, 3), keepdim=True)
    flat = torch.where(flat.isnan(), misfit.mean((2, 3), keepdim=True), flat).expand_as(true)
    background = torch.where(kind == 2, smoothed, noisy)
    background = torch.where(kind == 4, estimated, background)
    background = torch.where(kind == 5, flat, background)
    told = (kind == 4).float() * dice.chance(count, 0.75)
    return UsedBackground(background, doubt * told)


def _misfit(dice: Dice, true: torch.Tensor, looseness: torch.Tensor) -> torch.Tensor:
    """Moved by up to 2 pixels, other exposure and white, other lighting here and there."""
    count, _, size, _ = true.shape
    far = dice.chance(count, 0.1)
    moves = dice.uniform(count, -0.3, 0.3, 2) * (1.0 - far) + far * dice.uniform(
        count, -2.0, 2.0, 2
    )
    moves = moves * dice.chance(count, 0.6) * looseness
    line = torch.arange(size, device=true.device, dtype=torch.float32)
    x = line.view(1, 1, size) + moves[:, 0]
    y = line.view(1, size, 1) + moves[:, 1]
    scale = 2.0 / (size - 1)
    grid = torch.stack([x.expand(count, size, size), y.expand(count, size, size)], 3) * scale - 1.0
    moved = F.grid_sample(true, grid, mode="bilinear", padding_mode="border", align_corners=True)
    wrong = dice.chance(count, 0.18)
    gain = dice.normal(count, 0.006) * (1.0 - wrong) + wrong * dice.uniform(count, -0.05, 0.05)
    hue = dice.normal(count, 0.005, 3)
    bend = (
        dice.chance(count, 0.15) * dice.uniform(count, 0.0, 0.04) * dice.smooth(count, 1, size, 2)
    )
    return moved * (1.0 + looseness * (gain + hue + bend))


def _estimated(
    dice: Dice, seen: torch.Tensor, alpha: torch.Tensor, looseness: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The background continued under the subject with an error of its own, and where that is."""
    count, _, size, _ = seen.shape
    hidden = (alpha > 0.01).float()
    near, wide = box_max(hidden, 3), box_max(hidden, 12)
    hidden = torch.where(dice.chance(count, 0.5) > 0.5, near, wide)
    # A subject that moves shows the screen behind it at some time: only its core stays hidden.
    core = -box_max(-near, 8)
    hidden = torch.where(dice.chance(count, 0.4) > 0.5, core, hidden)
    smooth = box_mean(seen, 2)
    continued = box_mean(box_mean(pull_push(smooth, 1.0 - hidden), 8), 8)
    seen_nowhere = hidden.mean((2, 3), keepdim=True) > 0.98
    continued = torch.where(seen_nowhere, seen.mean((2, 3), keepdim=True), continued)
    error = dice.uniform(count, 0.0, 0.12) * dice.smooth(count, 1, size, 2)
    error = error + dice.uniform(count, 0.0, 0.04) * dice.smooth(count, 3, size, 2)
    soft = box_mean(hidden, 6)
    filled = continued * (1.0 + looseness * error)
    # A model of the screen is off where it was seen as well: uneven light, clipped channels.
    model = looseness * dice.chance(count, 0.3) * dice.log_uniform(count, 0.01, 0.12)
    off = (
        1.0 + model * dice.smooth(count, 1, size, 2) + 0.3 * model * dice.smooth(count, 3, size, 2)
    )
    return (smooth + soft * (filled - smooth)) * off.clamp_min(0.3), hidden
