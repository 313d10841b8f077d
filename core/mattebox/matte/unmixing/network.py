"""The unmixing network: a small U-Net that weighs closed-form answers against each other.

It sees the scene at half size (every pixel's own values stacked into channels) and gives, for every
pixel, weights of the candidates, a small correction, the expected error of alpha, and which rule
takes the screen's light out. For every 2x2 pixels it also names a colour of the subject, for which
alpha is then solved in closed form. Corrections are bounded: given free rein the network answers by
them alone, sharp on what it was trained on and wrong elsewhere.

It looks twice: half way it says a coarse alpha at a quarter of the size, from which the subject's
colours are collected (colours.py) before it decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.matte.unmixing.colours import (
    COARSE_CANDIDATES,
    COLLECTED,
    COLLECTED_RADII,
    COLLECTED_REACH,
    FOUND,
)
from mattebox.matte.unmixing.features import (
    AGAIN_FEATURES,
    ALIGNMENT,
    FEATURE_REACH,
    FULL_FEATURES,
    HALF_FEATURES,
    Relative,
    Scene,
    Surroundings,
    as_channels,
    densest,
    enlarged_rows,
    features,
    features_again,
    half_size,
    quarter_size,
    relative,
    surroundings,
)

CANDIDATE_NAMES = (
    "empty",
    "opaque",
    "guide",
    "guide, mean of 3x3",
    "guide, mean of 7x7",
    "guide, of what scatters light",
    "physical bound",
    "first alpha",
    "background's detail",
    "colour named",
    "colour of what is densest",
    *(f"colour collected over {4 * (2 * radius + 1)} px" for radius in COLLECTED_RADII),
    "colour collected over most, what is densest opaque",
)
"""What alpha is a mean of, weighed."""
CANDIDATES = len(CANDIDATE_NAMES)
SOLVED_COLOURS = 2 + COLLECTED
"""Candidates that are closed forms for a colour: the last but one."""
SPILL_RULES = 4
"""Nothing, down to the larger, the mean, the smaller of the other channels."""
OUTPUTS = CANDIDATES + 2 + SPILL_RULES
COMPARED = 12
"""Channels between a pixel's candidates and what they say of their weights."""
COLOURS = FOUND + COLLECTED
NAMED = COLOURS + 3
"""Channels that name the colour: shares of those found and collected, and a correction."""
WIDTHS = (24, 40, 64, 80)

# 3x3 layers at 1/2 (two), 1/4 (three), 1/8 (four), 1/16 (three), a pixel for each enlargement.
NETWORK_REACH = 2 * 3 + 4 * 5 + 8 * 5 + 16 * 4
REACH = ALIGNMENT * -(-(FEATURE_REACH + NETWORK_REACH + COLLECTED_REACH) // ALIGNMENT)
"""How far, in pixels, a change of source, background or first alpha can reach in the answer."""


class UnmixingNetwork(nn.Module):
    """See the module. Weights are float32; ``widths`` are channels at 1/2, 1/4, 1/8 and 1/16."""

    def __init__(self, widths: tuple[int, int, int, int] = WIDTHS) -> None:
        super().__init__()
        one, two, three, four = widths

        def conv(inputs: int, outputs: int, side: int = 3, stride: int = 1) -> nn.Conv2d:
            return nn.Conv2d(inputs, outputs, side, stride, side // 2)

        self.enter = conv(4 * FULL_FEATURES + HALF_FEATURES, one, 1)
        self.at_half = conv(one, one)
        self.to_quarter, self.at_quarter = conv(one, two, 3, 2), conv(two, two)
        self.to_eighth, self.at_eighth = conv(two, three, 3, 2), conv(three, three)
        self.to_sixteenth = conv(three, four, 3, 2)
        self.at_sixteenth = nn.ModuleList([conv(four, four) for _ in range(2)])
        self.from_sixteenth, self.join_eighth = conv(four, three, 1), conv(three, three)
        self.from_eighth, self.join_quarter = conv(three, two, 1), conv(two, two)
        self.coarse = conv(two, COARSE_CANDIDATES, 1)
        self.again = conv(AGAIN_FEATURES, one, 1)
        self.from_quarter, self.join_half = conv(two, one, 1), conv(one, one)
        self.leave = conv(one, 4 * OUTPUTS + NAMED, 1)
        self.compare = conv(CANDIDATES, COMPARED, 1)
        self.prefer = conv(COMPARED, CANDIDATES, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                assert module.bias is not None
                nn.init.zeros_(module.bias)
        with torch.no_grad():  # begins as the plain key, its spill between the field's rules
            assert self.leave.bias is not None
            nn.init.zeros_(self.leave.weight)
            bias = torch.zeros(OUTPUTS)
            bias[2] = 4.0
            bias[CANDIDATES + 1] = -3.0
            bias[CANDIDATES + 3] = 1.0
            self.leave.bias[: 4 * OUTPUTS].copy_(bias.repeat(4))
            self.leave.bias[4 * OUTPUTS] = 2.0  # names the narrowest colour
            assert self.coarse.bias is not None
            nn.init.zeros_(self.coarse.weight)
            nn.init.zeros_(self.prefer.weight)
            self.coarse.bias[2] = 4.0

    def on(self, device: torch.device) -> Self:
        """The network on a device, its weights channels last (which torch's stubs do not know)."""
        placed: Self = self.to(  # type: ignore[call-overload]
            device, memory_format=torch.channels_last
        )
        return placed

    def forward(self, given: Seen) -> Said:
        """Whole scenes."""
        half = self.widened(F.relu(self.enter(given.stacked)))
        below, logits = self.below(half)
        quarter = quarter_size(given.half, given.around)
        coarse = quarter.coarse_alpha(logits)
        looked = looked_at(given.half, coarse, quarter.collected(coarse))
        every = slice(0, half.shape[-2])
        again = features_again(given.half, *looked.rows(every))
        half = self.joined(half, _enlarged(below), again)
        return Said(self.leave(half), looked)

    def widened(self, half: torch.Tensor) -> torch.Tensor:
        """The first layer that looks around. [N,widths[0],H/2,W/2]."""
        return _sum(half, F.relu_(self.at_half(half)))

    def below(self, half: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What smaller sizes say, [N,widths[0],H/4,W/4], and weights of the coarse candidates,
        [N,COARSE_CANDIDATES,H/4,W/4] before their softmax."""
        quarter = F.relu_(self.to_quarter(half))
        quarter = _sum(quarter, F.relu_(self.at_quarter(quarter)))
        eighth = F.relu_(self.to_eighth(quarter))
        eighth = _sum(eighth, F.relu_(self.at_eighth(eighth)))
        low = F.relu_(self.to_sixteenth(eighth))
        for layer in self.at_sixteenth:
            low = _sum(low, F.relu_(layer(low)))
        eighth = F.relu_(_sum(eighth, _enlarged(self.from_sixteenth(low))))
        eighth = _sum(eighth, F.relu_(self.join_eighth(eighth)))
        quarter = F.relu_(_sum(quarter, _enlarged(self.from_eighth(eighth))))
        quarter = _sum(quarter, F.relu_(self.join_quarter(quarter)))
        return self.from_quarter(quarter), self.coarse(quarter)

    def joined(
        self, half: torch.Tensor, enlarged: torch.Tensor, again: torch.Tensor
    ) -> torch.Tensor:
        """Both sizes and the second look together, [N,widths[0],H/2,W/2]."""
        half = F.relu_(_sum(_sum(half, enlarged), self.again(again)))
        return _sum(half, F.relu_(self.join_half(half)))

    def compared(self, candidates: torch.Tensor, phases: Relative) -> torch.Tensor:
        """What a pixel's candidates themselves say of their weights, [4 N,CANDIDATES,h,w], before
        their softmax: the layers at half size know what is around, but no single pixel."""
        given = torch.cat(
            [candidates.detach(), phases.misfit, (8.0 * phases.noise).clamp_max_(3.0)], 1
        )
        return _of_phases(self.prefer, F.relu_(_of_phases(self.compare, given)))


@dataclass(frozen=True)
class Seen:
    """All that the network and its answer need of a batch of scenes.

    Attributes:
        phases: the scenes in units of the background's light, in phases.
        half: the scenes at half size.
        around: what is around every pixel.
        stacked: the network's input, channels last.
    """

    phases: Relative
    half: torch.Tensor
    around: Surroundings
    stacked: torch.Tensor


@dataclass(frozen=True)
class Looked:
    """What the second look starts from.

    Attributes:
        coarse: [N,1,H/4,W/4] 0..1, the coarse alpha.
        collected: [N,3 COLLECTED,H/4,W/4] colours.
        density: [N,1,H/2,W/2], ``densest``.
    """

    coarse: torch.Tensor
    collected: torch.Tensor
    density: torch.Tensor

    def rows(self, rows: slice) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """All of it for some rows of the half-size picture."""
        coarse, collected = enlarged_rows(self.coarse, rows), enlarged_rows(self.collected, rows)
        return coarse, collected, self.density[..., rows, :]


def looked_at(half: torch.Tensor, coarse: torch.Tensor, collected: torch.Tensor) -> Looked:
    """All of what the second look starts from, of scenes at ``half_size``."""
    return Looked(coarse, collected, densest(half, collected))


@dataclass(frozen=True)
class Said:
    """What the network gives for whole scenes.

    Attributes:
        out: [N,4 OUTPUTS + NAMED,H/2,W/2]: of each pixel, phase by phase, then what names a colour.
        looked: half way.
    """

    out: torch.Tensor
    looked: Looked


def seen(scene: Scene) -> Seen:
    """Whole scenes as the network sees them."""
    phases = relative(scene).in_phases()
    half = half_size(phases, scene.doubt)
    around = surroundings(half)
    nearby = around.rows(slice(0, half.shape[-2]))
    given = stacked(phases.shown(), features(scene, half, nearby))
    return Seen(phases, half, around, given.contiguous(memory_format=torch.channels_last))


def stacked(shown: torch.Tensor, half: torch.Tensor) -> torch.Tensor:
    """The network's input [N,4 FULL_FEATURES + HALF_FEATURES,h,w].

    Args:
        shown: [4 N,FULL_FEATURES,h,w], ``Relative.shown`` in phases.
        half: [N,HALF_FEATURES,h,w], ``features``.
    """
    return torch.cat([as_channels(shown), half], 1)


def _of_phases(layer: nn.Conv2d, picture: torch.Tensor) -> torch.Tensor:
    """A convolution over single pixels of [4 N,C,h,w], as the products of matrices that it is."""
    assert layer.bias is not None
    weight = layer.weight.flatten(1).expand(len(picture), -1, -1)
    product = torch.baddbmm(layer.bias[None, :, None], weight, picture.flatten(2))
    return product.view(len(picture), -1, *picture.shape[-2:])


def _sum(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Their sum; where nothing is learned it takes the place of ``other``, which is over with."""
    return one + other if torch.is_grad_enabled() else other.add_(one)


def _enlarged(picture: torch.Tensor) -> torch.Tensor:
    return enlarged_rows(picture, slice(0, 2 * picture.shape[-2]))
