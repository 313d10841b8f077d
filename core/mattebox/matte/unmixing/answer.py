"""From what the unmixing network gives to alpha: the candidates of every pixel, and their mean.

All of it is in phases (features.py), pixel by pixel; an enlargement by two reads one pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F

from mattebox.matte.unmixing.closed_form import closed_form, shared_products
from mattebox.matte.unmixing.colours import BRIGHTEST, FOUND, stretched
from mattebox.matte.unmixing.features import (
    Relative,
    Surroundings,
    as_phases,
    enlarged_rows,
    from_phases,
)
from mattebox.matte.unmixing.network import (
    CANDIDATES,
    COLOURS,
    OUTPUTS,
    SOLVED_COLOURS,
    SPILL_RULES,
    Looked,
    Said,
    Seen,
    UnmixingNetwork,
)

LARGEST_CORRECTION = 0.1
"""Of alpha, beside the mean of the candidates."""
LARGEST_RECOLOURING = 0.25
"""Of a colour's channel, in units of the background's light."""
LEAST_LOG_ERROR, LARGEST_LOG_ERROR = -7.0, 0.0
ENLARGED = 3 * SOLVED_COLOURS + 2
"""Channels of what ``answer_of_pixels`` needs of every 2x2 pixels beside the network's own."""
UNDECIDED = 0.06
"""A share of a spill rule that counts as none."""


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

    @classmethod
    def nothing(cls, count: int, height: int, width: int, like: torch.Tensor) -> Answer:
        """Of ``count`` frames that show nothing but background, for certain; on the device of
        ``like``, in memory of its own."""
        spill = like.new_zeros(count, SPILL_RULES, height, width)
        spill[:, 0] = 1.0
        error = like.new_full((count, 1, height, width), LEAST_LOG_ERROR)
        return cls(like.new_zeros(count, 1, height, width), error, spill)

    def only_where(self, something: torch.Tensor) -> Answer:
        """This where ``something`` [N,1,H/2,W/2] is true, and nothing elsewhere."""
        there = something.repeat_interleave(2, -1).repeat_interleave(2, -2)
        nothing = self.nothing(len(self.alpha), 1, 1, self.alpha)
        return Answer(
            *(
                torch.where(there, getattr(self, f.name), getattr(nothing, f.name))
                for f in fields(self)
            )
        )


def answer(network: UnmixingNetwork, seen: Seen, said: Said) -> Answer:
    """What the network gave for whole scenes, applied to the candidates, in float32."""
    return answer_of_pixels(network, seen.phases, *in_phases_of(seen, said))


def in_phases_of(seen: Seen, said: Said) -> tuple[torch.Tensor, torch.Tensor]:
    """``enlarged`` and ``out`` of whole scenes, as ``answer_of_pixels`` takes them."""
    every = slice(0, seen.half.shape[-2])
    out = said.out.float()
    enlarged = colours_in_phases(seen.around, said.looked, out[:, 4 * OUTPUTS :], every)
    return enlarged, as_phases(out[:, : 4 * OUTPUTS])


def colours_in_phases(
    around: Surroundings, looked: Looked, named: torch.Tensor, rows: slice
) -> torch.Tensor:
    """[4 N,ENLARGED,h,w]: the colour that is named, that of what is densest, those collected, alpha
    by detail, and how dense the densest is, for some rows of the half-size picture.

    Args:
        around, looked: of the whole picture.
        named: [N,NAMED,h,w] what names a colour, of the rows.
        rows: at half size.
    """
    nearby = around.rows(rows)
    every = torch.cat([nearby.colours, enlarged_rows(looked.collected, rows)], 1)
    own = every[:, 3 * (FOUND - 1) :]
    rest = nearby.detail[:, :1], looked.density[..., rows, :]
    return enlarged_in_phases(torch.cat([named_colour(every, named), own, *rest], 1))


def answer_of_pixels(
    network: UnmixingNetwork, phases: Relative, enlarged: torch.Tensor, out: torch.Tensor
) -> Answer:
    """The pixelwise half of ``answer``.

    Args:
        network: for what it says once it sees the candidates.
        phases: in phases.
        enlarged: [4 N,ENLARGED,h,w], ``colours_in_phases``.
        out: [4 N,OUTPUTS,h,w] in phases, float32.
    """
    candidates, weights = weighed(network, phases, enlarged, out)
    alpha = weights[:, 1:2] + (weights[:, 2:] * candidates).sum(1, keepdim=True)
    alpha = alpha / weights.sum(1, keepdim=True)
    correction = LARGEST_CORRECTION * torch.tanh(out[:, CANDIDATES : CANDIDATES + 1])
    return Answer(
        from_phases(alpha + correction),
        from_phases(
            out[:, CANDIDATES + 1 : CANDIDATES + 2].clamp(LEAST_LOG_ERROR, LARGEST_LOG_ERROR)
        ),
        from_phases(_decided(torch.softmax(out[:, CANDIDATES + 2 :], 1))),
    )


def weighed(
    network: UnmixingNetwork, phases: Relative, enlarged: torch.Tensor, out: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The candidates but for 0 and 1, [4 N,CANDIDATES - 2,h,w], and weights of all of them,
    [4 N,CANDIDATES,h,w], 0 and up; arguments as of ``answer_of_pixels``."""
    candidates = _candidates(phases, enlarged)
    logits = network.compared(candidates, phases).add_(out[:, :CANDIDATES])
    return candidates, (logits - logits.amax(1, keepdim=True)).exp_()


def _candidates(phases: Relative, enlarged: torch.Tensor) -> torch.Tensor:
    """[4 N,CANDIDATES - 2,h,w]: all but 0 and 1."""
    shared = shared_products(phases.source, phases.background)
    grain = phases.noise * phases.noise
    kept = (1.0 - phases.near).clamp_(0.0, 1.0)
    candidates = [
        phases.guide.clamp(-0.1, 1.1),
        phases.near.clamp(-0.1, 1.1),
        phases.far.clamp(-0.1, 1.1),
        1.0 - kept * kept.sqrt(),  # of what throws a third of the screen's light to the camera
        phases.bound.clamp(0.0, 1.0),
        phases.first,
        enlarged[:, -2:-1],
    ]
    solved = [
        closed_form(enlarged[:, 3 * index : 3 * index + 3], phases.background, shared, grain)
        for index in range(SOLVED_COLOURS)
    ]
    of_the_widest = stretched(solved[-1], enlarged[:, -1:])
    candidates += [one.clamp(-0.1, 1.1) for one in (*solved, of_the_widest)]
    return torch.cat(candidates, 1)


def named_colour(found: torch.Tensor, named: torch.Tensor) -> torch.Tensor:
    """[N,3,h,w]: as ``named`` [N,NAMED,h,w] says a mean of ``found`` [N,3 COLOURS,h,w], moved."""
    shares = torch.softmax(named[:, :COLOURS], 1)
    colour = LARGEST_RECOLOURING * torch.tanh(named[:, COLOURS:])
    for which in range(COLOURS):
        part = slice(3 * which, 3 * which + 3)
        colour = torch.addcmul(colour, shares[:, which : which + 1], found[:, part])
    return colour.clamp(0.0, BRIGHTEST)


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
