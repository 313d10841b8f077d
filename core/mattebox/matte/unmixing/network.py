"""The unmixing network: a small U-Net that weighs closed-form answers against each other.

It sees the scene at half size (every pixel's own values stacked into channels) and gives, for every
pixel, weights of the candidates of features.py, a small correction, the expected error of alpha,
and which rule takes the screen's light out. For every 2x2 pixels it also names a colour of the
subject, near those that were found, for which alpha is then solved in closed form. Corrections are
bounded: given free rein the network answers by them alone, sharp on what it was trained on and
wrong elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.matte.unmixing.features import (
    ALIGNMENT,
    BRIGHTEST,
    CANDIDATES,
    COLOURS,
    FEATURE_REACH,
    FULL_FEATURES,
    HALF_FEATURES,
    Relative,
    closed_form,
    shared_products,
)
from mattebox.matte.windows import box_mean

SPILL_RULES = 4
"""Nothing, down to the larger, the mean, the smaller of the other channels."""
OUTPUTS = CANDIDATES + 2 + SPILL_RULES
NAMED = COLOURS + 3
"""Channels that name a colour: shares of those found, and a correction."""
LARGEST_CORRECTION = 0.1
"""Of alpha, beside the mean of the candidates."""
LARGEST_RECOLOURING = 0.25
"""Of a colour's channel, in units of the plate's light."""
SCATTERING_EXPONENT = 1.5
"""1 / (1 - s) of material that throws the share s = 1/3 of the screen's light to the camera."""
UNDECIDED = 0.06
WIDTHS = (24, 40, 64, 80)
LEAST_LOG_ERROR, LARGEST_LOG_ERROR = -7.0, 0.0

# 3x3 layers at 1/2 (two), 1/4 (three), 1/8 (four), 1/16 (three), a pixel for each enlargement.
NETWORK_REACH = 2 * 3 + 4 * 5 + 8 * 5 + 16 * 4
REACH = ALIGNMENT * -(-(FEATURE_REACH + NETWORK_REACH) // ALIGNMENT)
"""How far, in pixels, a change of source, plate or first alpha can reach in the answer."""


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
        self.leave = conv(one, 4 * OUTPUTS + NAMED, 1)
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
            self.leave.bias[: 4 * OUTPUTS].copy_(bias.repeat_interleave(4))

    def forward(self, stacked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """[N,OUTPUTS,H,W], and [N,NAMED,H/2,W/2] that names a colour."""
        half = self.body(F.relu(self.enter(stacked)))
        return self.parted(self.leave(half))

    def body(self, half: torch.Tensor) -> torch.Tensor:
        """What stands between the pixelwise first and last layer, [N,widths[0],H/2,W/2]."""
        half = half + F.relu(self.at_half(half))
        quarter = F.relu(self.to_quarter(half))
        quarter = quarter + F.relu(self.at_quarter(quarter))
        eighth = F.relu(self.to_eighth(quarter))
        eighth = eighth + F.relu(self.at_eighth(eighth))
        low = F.relu(self.to_sixteenth(eighth))
        for layer in self.at_sixteenth:
            low = low + F.relu(layer(low))
        eighth = F.relu(eighth + _enlarged(self.from_sixteenth(low)))
        eighth = eighth + F.relu(self.join_eighth(eighth))
        quarter = F.relu(quarter + _enlarged(self.from_eighth(eighth)))
        quarter = quarter + F.relu(self.join_quarter(quarter))
        half = F.relu(half + _enlarged(self.from_quarter(quarter)))
        return half + F.relu(self.join_half(half))

    @staticmethod
    def parted(out: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the last layer gave, as of ``forward``."""
        return F.pixel_shuffle(out[:, : 4 * OUTPUTS], 2), out[:, 4 * OUTPUTS :]


def answer(
    seen: Relative,
    colours: torch.Tensor,
    detail: torch.Tensor,
    out: torch.Tensor,
    named: torch.Tensor,
) -> Answer:
    """The network's output applied to the candidates, in float32.

    Args:
        seen: the scene in units of the plate's light.
        colours, detail: of its ``Features``.
        out, named: what the network gave.
    """
    out = out.float()
    own = _named_colour(colours, named.float())
    enlarged = _enlarged(torch.cat([colours, own, detail], 1))
    source = seen.source.clamp_max(BRIGHTEST)
    shared = shared_products(source, seen.plate)
    grain = seen.noise * seen.noise
    zero = torch.zeros_like(seen.guide)
    near = box_mean(seen.guide, 1)
    kept = (1.0 - near).clamp(0.0, 1.0)
    candidates = [
        zero,
        zero + 1.0,
        seen.guide.clamp(-0.1, 1.1),
        near.clamp(-0.1, 1.1),
        box_mean(seen.guide.clamp(-0.3, 1.4), 3).clamp(-0.1, 1.1),
        1.0 - kept**SCATTERING_EXPONENT,
        seen.bound.clamp(0.0, 1.0),
        seen.first,
        enlarged[:, 3 * COLOURS + 3 :],
    ]
    for index in range(COLOURS + 1):
        colour = enlarged[:, 3 * index : 3 * index + 3]
        alpha, _ = closed_form(colour, seen.plate, shared, grain)
        candidates.append(alpha.clamp(-0.1, 1.1))
    weights = torch.softmax(out[:, :CANDIDATES], 1)
    alpha = LARGEST_CORRECTION * torch.tanh(out[:, CANDIDATES : CANDIDATES + 1])
    for index, candidate in enumerate(candidates):
        alpha = alpha + weights[:, index : index + 1] * candidate
    return Answer(
        alpha,
        out[:, CANDIDATES + 1 : CANDIDATES + 2].clamp(LEAST_LOG_ERROR, LARGEST_LOG_ERROR),
        _decided(torch.softmax(out[:, CANDIDATES + 2 :], 1)),
    )


def _named_colour(found: torch.Tensor, named: torch.Tensor) -> torch.Tensor:
    """[N,3,H/2,W/2] a mean of the colours ``found``, moved a little."""
    shares = torch.softmax(named[:, :COLOURS], 1)
    colour = LARGEST_RECOLOURING * torch.tanh(named[:, COLOURS:])
    for index in range(COLOURS):
        colour = colour + shares[:, index : index + 1] * found[:, 3 * index : 3 * index + 3]
    return colour.clamp(0.0, BRIGHTEST)


def _decided(shares: torch.Tensor) -> torch.Tensor:
    """Shares below ``UNDECIDED`` exactly 0: where nothing spills, pixels stay as they are."""
    return (shares * (1.0 + 2.0 * UNDECIDED) - UNDECIDED).clamp(0.0, 1.0)


def _enlarged(picture: torch.Tensor) -> torch.Tensor:
    return F.interpolate(picture, scale_factor=2, mode="bilinear", align_corners=False)
