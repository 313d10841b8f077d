"""One frame through the network, fast: what is local in strips, the smaller sizes as a whole.

On a CPU most of the work reads and writes memory: in strips that the cache holds it takes half the
time. The values are the same: a strip reads as many rows beyond its own as its windows reach.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.matte.strips import in_strips
from mattebox.matte.unmixing.answer import Answer, answer, answer_of_pixels, colours_in_phases
from mattebox.matte.unmixing.colours import shows_something
from mattebox.matte.unmixing.features import (
    HALF_PICTURE,
    RELATIVE_REACH,
    Relative,
    Scene,
    Surroundings,
    as_phases,
    enlarged_rows,
    features,
    features_again,
    half_size,
    quarter_size,
    relative,
    surroundings,
)
from mattebox.matte.unmixing.network import (
    OUTPUTS,
    Looked,
    UnmixingNetwork,
    looked_at,
    seen,
    stacked,
)

Pictures = TypeVar("Pictures", Scene, Relative)

BESIDE = 4
"""Columns of the half-size picture that those to be answered read on either side: two for what is
enlarged from a quarter, one for a convolution, one for an enlargement."""


def unmixed(network: UnmixingNetwork, scene: Scene) -> Answer:
    """What the network says of a scene; no gradients.

    Args:
        network: on the device of the scene.
        scene: height and width multiples of ``ALIGNMENT``; one frame where the device is the CPU.
    """
    at_once = scene.source.device.type != "cpu"
    return _at_once(network, scene) if at_once else _in_strips(network, scene)


def _at_once(network: UnmixingNetwork, scene: Scene) -> Answer:
    given = seen(scene)
    said = network(given)
    return answer(network, given, said).only_where(shows_something(said.looked.coarse))


def _in_strips(network: UnmixingNetwork, scene: Scene) -> Answer:
    height, width = scene.source.shape[-2:]
    phases, half = _begun(scene)
    around = surroundings(half)
    wide = _entered(network, scene, phases, half, around)
    below, logits = network.below(wide)
    quarter = quarter_size(half, around)
    coarse = quarter.coarse_alpha(logits)
    looked = looked_at(half, coarse, quarter.collected(coarse))
    said = Answer.nothing(1, height, width, scene.source)
    last = _Last(phases, half, around, looked, wide, below)
    something = shows_something(coarse)

    def answered(rows: slice) -> None:
        halves = _halved(rows)
        columns = _columns(something[..., halves, :])
        if columns is None:
            return
        wide, own = _widened(columns, BESIDE, something.shape[-1])
        part = _answered(network, last.columns(wide), halves)
        inner = slice(2 * own.start, 2 * own.stop)
        part = Answer(*(getattr(part, one.name)[..., inner] for one in fields(part)))
        part = part.only_where(something[..., halves, columns])
        for one in fields(Answer):
            place = slice(2 * columns.start, 2 * columns.stop)
            getattr(said, one.name)[..., rows, place] = getattr(part, one.name)

    in_strips(answered, scene.source)
    return said


def _begun(scene: Scene) -> tuple[Relative, torch.Tensor]:
    """The scene in units of the background's light in phases, and at half size."""
    height, width = scene.source.shape[-2:]

    def empty(channels: int, count: int = 1) -> torch.Tensor:
        return scene.source.new_empty(count, channels, height // 2, width // 2)

    phases = Relative(*(empty(channels, 4) for channels in Relative.channels()))
    half = empty(HALF_PICTURE)

    def begin(rows: slice) -> None:
        wide, own = _widened(rows, RELATIVE_REACH + 1, height)
        part = _rows(relative(_rows(scene, wide)), own).in_phases()
        halves = _halved(rows)
        for one in fields(Relative):
            getattr(phases, one.name)[..., halves, :] = getattr(part, one.name)
        doubt = scene.doubt[..., rows, :] if scene.doubt.shape[-1] > 1 else scene.doubt
        half[..., halves, :] = half_size(part, doubt)

    in_strips(begin, scene.source)
    return phases, half


def _entered(
    network: UnmixingNetwork,
    scene: Scene,
    phases: Relative,
    half: torch.Tensor,
    around: Surroundings,
) -> torch.Tensor:
    """The network up to its first look around, [1,widths[0],H/2,W/2], channels last."""
    height, width = half.shape[-2:]
    entered = half.new_empty(1, height, width, network.enter.out_channels).permute(0, 3, 1, 2)

    def enter(rows: slice) -> None:
        own_rows = _halved(rows)
        wide, own = _widened(own_rows, 1, height)
        given = features(scene, half[..., wide, :], around.rows(wide))
        first = F.relu_(_pixelwise(network.enter, stacked(_rows(phases, wide).shown(), given)))
        entered[..., own_rows, :] = network.widened(first)[..., own, :]

    in_strips(enter, scene.source)
    return entered


@dataclass(frozen=True)
class _Last:
    """All that the last step needs, of the whole picture; ``entered`` and ``below`` are the
    network's own at 1/2 and 1/4."""

    phases: Relative
    half: torch.Tensor
    around: Surroundings
    looked: Looked
    entered: torch.Tensor
    below: torch.Tensor

    def columns(self, columns: slice) -> _Last:
        """Some columns of the half-size picture, beginning and ending at even numbers."""
        halved = _halved(columns)
        return _Last(
            Relative(*(getattr(self.phases, f.name)[..., columns] for f in fields(Relative))),
            self.half[..., columns],
            Surroundings(
                self.around.colours[..., halved],
                self.around.spread[..., columns],
                self.around.detail[..., columns],
            ),
            Looked(
                self.looked.coarse[..., halved],
                self.looked.collected[..., halved],
                self.looked.density[..., columns],
            ),
            self.entered[..., columns],
            self.below[..., halved],
        )


def _columns(something: torch.Tensor) -> slice | None:
    """From the first to the last column with anything true, as even numbers."""
    found = something.any(-2).flatten().nonzero()
    if len(found) == 0:
        return None
    return slice(int(found[0]) // 2 * 2, int(found[-1]) // 2 * 2 + 2)


def _answered(network: UnmixingNetwork, last: _Last, rows: slice) -> Answer:
    """The answer for some rows of the half-size picture."""
    height = last.entered.shape[-2]
    near, own = _widened(rows, 1, height)  # for the enlargement of the colours
    wide, inner = _widened(near, 1, height)  # for the convolution
    again = features_again(last.half[..., wide, :], *last.looked.rows(wide))
    joined = network.joined(last.entered[..., wide, :], enlarged_rows(last.below, wide), again)
    out = _pixelwise(network.leave, joined[..., inner, :])
    enlarged = colours_in_phases(last.around, last.looked, out[:, 4 * OUTPUTS :], near)
    return answer_of_pixels(
        network,
        _rows(last.phases, rows),
        enlarged[..., own, :],
        as_phases(out[:, : 4 * OUTPUTS])[..., own, :],
    )


def _pixelwise(layer: nn.Conv2d, picture: torch.Tensor) -> torch.Tensor:
    """A convolution over single pixels as the product of matrices that it is: a fifth of the time.

    ``picture`` is one frame [1,C,H,W], plain or channels last; the result is the other.
    """
    assert layer.bias is not None
    assert len(picture) == 1
    height, width = picture.shape[-2:]
    weight = layer.weight.flatten(1)
    if picture.is_contiguous():
        columns = picture.view(picture.shape[1], -1)
        out = torch.addmm(layer.bias, columns.t(), weight.t())
        return out.view(1, height, width, -1).permute(0, 3, 1, 2)
    columns = picture.permute(0, 2, 3, 1).reshape(-1, picture.shape[1])
    out = torch.addmm(layer.bias[:, None], weight, columns.t())
    return out.view(1, -1, height, width)


def _halved(rows: slice) -> slice:
    """The rows of the picture of half the size."""
    return slice(rows.start // 2, rows.stop // 2)


def _widened(rows: slice, beyond: int, height: int) -> tuple[slice, slice]:
    """Rows and up to ``beyond`` more on either side, and where among them the first ones are."""
    wide = slice(max(0, rows.start - beyond), min(height, rows.stop + beyond))
    return wide, slice(rows.start - wide.start, rows.stop - wide.start)


def _rows(pictures: Pictures, rows: slice) -> Pictures:
    """Some rows of every picture; numbers [N,1,1,1] stay."""
    return type(pictures)(
        *(
            picture if picture.shape[-2:] == (1, 1) else picture[..., rows, :]
            for picture in (getattr(pictures, one.name) for one in fields(pictures))
        )
    )
