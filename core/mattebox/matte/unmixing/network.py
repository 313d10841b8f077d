"""The unmixing network: a small U-Net that weighs closed-form answers against each other.

It sees the scene at half size (every pixel's own values stacked into channels) and gives, for every
pixel, weights of the candidates, a small correction, the expected error of alpha, and which rule
takes the screen's light out. For every 2x2 pixels it also names colours of the subject, near those
that were found, for which alpha is then solved in closed form. Corrections are bounded: given free
rein the network answers by them alone, sharp on what it was trained on and wrong elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.matte.unmixing.features import (
    ALIGNMENT,
    BRIGHTEST,
    COLOURS,
    FEATURE_REACH,
    FULL_FEATURES,
    HALF_FEATURES,
    Nearby,
    Relative,
    Scene,
    as_channels,
    as_phases,
    closed_form,
    enlarged_rows,
    features,
    from_phases,
    half_size,
    relative,
    shared_products,
    surroundings,
)

NAMED_COLOURS = 2
CANDIDATES = 9 + NAMED_COLOURS
"""0, 1, the guide, its mean over 3x3 and 7x7, the same as light-scattering material has it, the
physical bound, the first alpha, the background's detail, and one for each colour that is named."""
SPILL_RULES = 4
"""Nothing, down to the larger, the mean, the smaller of the other channels."""
OUTPUTS = CANDIDATES + 2 + SPILL_RULES
NAMED = COLOURS + 3
"""Channels that name a colour: shares of those found, and a correction."""
LARGEST_CORRECTION = 0.1
"""Of alpha, beside the mean of the candidates."""
LARGEST_RECOLOURING = 0.25
"""Of a colour's channel, in units of the background's light."""
UNDECIDED = 0.06
WIDTHS = (24, 40, 64, 80)
LEAST_LOG_ERROR, LARGEST_LOG_ERROR = -7.0, 0.0

# 3x3 layers at 1/2 (two), 1/4 (three), 1/8 (four), 1/16 (three), a pixel for each enlargement.
NETWORK_REACH = 2 * 3 + 4 * 5 + 8 * 5 + 16 * 4
REACH = ALIGNMENT * -(-(FEATURE_REACH + NETWORK_REACH) // ALIGNMENT)
"""How far, in pixels, a change of source, background or first alpha can reach in the answer."""


@dataclass(frozen=True)
class Answer:
    """What the network says of a batch of frames; all [N,*,H,W] float32.

    Attributes:
        alpha: [N,1,H,W] not clipped.
        log_error: [N,1,H,W] natural logarithm of alpha's expected absolute error.
        spill: [N,SPILL_RULES,H,W] shares of the spill rules (spill.py), 0..1, sum about 1.
    """

    alpha: torch.Tensor
    log_error: torch.Tensor
    spill: torch.Tensor

    @staticmethod
    def channels() -> tuple[int, int, int]:
        """Of each picture."""
        return 1, 1, SPILL_RULES


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
        self.from_quarter, self.join_half = conv(two, one, 1), conv(one, one)
        self.leave = conv(one, 4 * OUTPUTS + NAMED_COLOURS * NAMED, 1)
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
            named = self.leave.bias[4 * OUTPUTS :].view(NAMED_COLOURS, NAMED)
            named[0, 0] = named[1, COLOURS - 1] = 2.0  # the narrowest colour, and the widest

    def on(self, device: torch.device) -> Self:
        """The network on a device, its weights channels last (which torch's stubs do not know)."""
        placed: Self = self.to(  # type: ignore[call-overload]
            device, memory_format=torch.channels_last
        )
        return placed

    def forward(self, stacked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Of ``stacked`` features: [N,4 OUTPUTS,H/2,W/2] of each pixel, phase by phase, and
        [N,NAMED_COLOURS * NAMED,H/2,W/2] that names colours."""
        half = self.widened(F.relu(self.enter(stacked)))
        half = self.joined(half, _enlarged(self.below(half)))
        out = self.leave(half)
        return out[:, : 4 * OUTPUTS], out[:, 4 * OUTPUTS :]

    def widened(self, half: torch.Tensor) -> torch.Tensor:
        """The first layer that looks around. [N,widths[0],H/2,W/2]."""
        return _sum(half, F.relu_(self.at_half(half)))

    def below(self, half: torch.Tensor) -> torch.Tensor:
        """What smaller sizes say, [N,widths[0],H/4,W/4]."""
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
        below: torch.Tensor = self.from_quarter(quarter)
        return below

    def joined(self, half: torch.Tensor, enlarged: torch.Tensor) -> torch.Tensor:
        """Both sizes together, [N,widths[0],H/2,W/2]."""
        half = F.relu_(_sum(half, enlarged))
        return _sum(half, F.relu_(self.join_half(half)))


@dataclass(frozen=True)
class Seen:
    """All that the network and its answer need of a batch of scenes.

    Attributes:
        phases: the scenes in units of the background's light, in phases.
        nearby: what is around every 2x2 pixels.
        stacked: the network's input, channels last.
    """

    phases: Relative
    nearby: Nearby
    stacked: torch.Tensor


def seen(scene: Scene) -> Seen:
    """Whole scenes as the network sees them."""
    phases = relative(scene).in_phases()
    half = half_size(phases, scene.doubt)
    nearby = surroundings(half).rows(slice(0, half.shape[-2]))
    given = stacked(phases.shown(), features(scene, half, nearby))
    return Seen(phases, nearby, given.contiguous(memory_format=torch.channels_last))


def stacked(shown: torch.Tensor, half: torch.Tensor) -> torch.Tensor:
    """The network's input [N,4 FULL_FEATURES + HALF_FEATURES,h,w].

    Args:
        shown: [4 N,FULL_FEATURES,h,w], ``Relative.shown`` in phases.
        half: [N,HALF_FEATURES,h,w], ``features``.
    """
    return torch.cat([as_channels(shown), half], 1)


def answer(seen: Seen, out: torch.Tensor, named: torch.Tensor) -> Answer:
    """What the network gave for whole scenes, applied to the candidates, in float32."""
    enlarged = named_in_phases(seen.nearby, named.float())
    return answer_of_pixels(seen.phases, enlarged, as_phases(out.float()))


def named_in_phases(nearby: Nearby, named: torch.Tensor) -> torch.Tensor:
    """[4 N,3 NAMED_COLOURS + 1,h,w]: the colours that are named, and alpha by detail."""
    colours = named_colours(nearby.colours, named)
    return enlarged_in_phases(torch.cat([*colours, nearby.detail[:, :1]], 1))


def answer_of_pixels(phases: Relative, enlarged: torch.Tensor, out: torch.Tensor) -> Answer:
    """The pixelwise half of ``answer``.

    Args:
        phases: in phases.
        enlarged: [4 N,3 NAMED_COLOURS + 1,h,w], ``named_in_phases``.
        out: [4 N,OUTPUTS,h,w] in phases, float32.
    """
    source = phases.source.clamp_max(BRIGHTEST)
    shared = shared_products(source, phases.background)
    grain = phases.noise * phases.noise
    kept = (1.0 - phases.near).clamp_(0.0, 1.0)
    weights = (out[:, :CANDIDATES] - out[:, :CANDIDATES].amax(1, keepdim=True)).exp_()
    candidates = [
        phases.guide.clamp(-0.1, 1.1),
        phases.near.clamp(-0.1, 1.1),
        phases.far.clamp(-0.1, 1.1),
        1.0 - kept * kept.sqrt(),  # of what throws a third of the screen's light to the camera
        phases.bound.clamp(0.0, 1.0),
        phases.first,
        enlarged[:, 3 * NAMED_COLOURS :],
    ]
    for index in range(NAMED_COLOURS):
        colour = enlarged[:, 3 * index : 3 * index + 3]
        solved = closed_form(colour, phases.background, shared, grain)
        candidates.append(solved.clamp_(-0.1, 1.1))
    total, alpha = weights[:, :1] + weights[:, 1:2], weights[:, 1:2]
    for index, candidate in enumerate(candidates, 2):
        weight = weights[:, index : index + 1]
        total = total + weight
        alpha = torch.addcmul(alpha, weight, candidate)
    correction = LARGEST_CORRECTION * torch.tanh(out[:, CANDIDATES : CANDIDATES + 1])
    return Answer(
        from_phases(alpha / total + correction),
        from_phases(
            out[:, CANDIDATES + 1 : CANDIDATES + 2].clamp(LEAST_LOG_ERROR, LARGEST_LOG_ERROR)
        ),
        from_phases(_decided(torch.softmax(out[:, CANDIDATES + 2 :], 1))),
    )


def named_colours(found: torch.Tensor, named: torch.Tensor) -> list[torch.Tensor]:
    """NAMED_COLOURS of [N,3,h,w], each a mean of the colours ``found``, moved a little."""
    colours = []
    for index in range(NAMED_COLOURS):
        own = named[:, index * NAMED : (index + 1) * NAMED]
        shares = torch.softmax(own[:, :COLOURS], 1)
        colour = LARGEST_RECOLOURING * torch.tanh(own[:, COLOURS:])
        for which in range(COLOURS):
            part = slice(3 * which, 3 * which + 3)
            colour = torch.addcmul(colour, shares[:, which : which + 1], found[:, part])
        colours.append(colour.clamp(0.0, BRIGHTEST))
    return colours


def _decided(shares: torch.Tensor) -> torch.Tensor:
    """Shares below ``UNDECIDED`` exactly 0: where nothing spills, pixels stay as they are."""
    return (shares * (1.0 + 2.0 * UNDECIDED) - UNDECIDED).clamp(0.0, 1.0)


def enlarged_in_phases(half: torch.Tensor) -> torch.Tensor:
    """[4 N,C,h,w]: twice the size, bilinear between the pixels' middles, in phases.

    Reads one pixel.
    """
    wide = F.pad(half, (1, 1, 1, 1), mode="replicate")
    middle, height, width = wide[..., 1:-1, :], half.shape[-2], half.shape[-1]
    parts = []
    for above in (0, 2):
        rows = torch.lerp(middle, wide[..., above : above + height, :], 0.25)
        parts += [
            torch.lerp(rows[..., 1:-1], rows[..., left : left + width], 0.25) for left in (0, 2)
        ]
    return torch.stack(parts, 1).flatten(0, 1)


def _sum(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Their sum; where nothing is learned it takes the place of ``other``, which is over with."""
    return one + other if torch.is_grad_enabled() else other.add_(one)


def _enlarged(picture: torch.Tensor) -> torch.Tensor:
    return enlarged_rows(picture, slice(0, 2 * picture.shape[-2]))
