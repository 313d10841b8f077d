"""One frame through the network, fast: pixelwise work in strips, convolutions on the whole.

On a CPU most of the work reads and writes memory: in strips that the cache holds it takes half the
time. The values are the same: a strip reads as many rows beyond its own as its windows reach.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.matte.strips import in_strips
from mattebox.matte.unmixing.features import (
    LIGHT_RADIUS,
    Relative,
    Scene,
    features,
    relative,
)
from mattebox.matte.unmixing.network import Answer, UnmixingNetwork, answer

Pictures = TypeVar("Pictures", Scene, Relative, Answer)

BEYOND = LIGHT_RADIUS
"""Rows beyond a strip, an even number: ``relative`` takes the plate's light over so many, and
``answer`` means over 7x7 pixels and the enlargement of half-size rows."""


def unmixed(network: UnmixingNetwork, scene: Scene) -> Answer:
    """What the network says of a scene; no gradients.

    Args:
        network: on the device of the scene.
        scene: height and width multiples of ``ALIGNMENT``.
    """
    height, width = scene.source.shape[-2:]
    if scene.source.device.type != "cpu":
        seen, every = relative(scene)
        given = features(scene, seen, every)
        stacked = given.stacked().contiguous(memory_format=torch.channels_last)
        return answer(seen, given.colours, given.detail, *network(stacked))

    def related(rows: slice) -> tuple[Relative, torch.Tensor]:
        wide = _widened(rows, height)
        seen, every = relative(_rows(scene, wide, height))
        own = _inside(rows, wide, height)
        return _rows(seen, own, wide.stop - wide.start), every[..., own, :]

    parts = in_strips(related, height, width)
    seen = _joined([part for part, _ in parts])
    given = features(scene, seen, torch.cat([every for _, every in parts], 2))
    entered = in_strips(
        lambda rows: F.relu(_pixelwise(network.enter, given.stacked(rows.start, rows.stop))),
        height,
        width,
    )
    half = torch.cat(entered, 2).contiguous(memory_format=torch.channels_last)
    half = network.body(half)

    def answered(rows: slice) -> Answer:
        wide = _widened(rows, height)
        halves = slice(wide.start // 2, wide.stop // 2)
        out = network.parted(_pixelwise(network.leave, half[..., halves, :]))
        colours, detail = given.colours[..., halves, :], given.detail[..., halves, :]
        said = answer(_rows(seen, wide, height), colours, detail, *out)
        return _rows(said, _inside(rows, wide, height), wide.stop - wide.start)

    return _joined(in_strips(answered, height, width))


def _pixelwise(layer: nn.Conv2d, picture: torch.Tensor) -> torch.Tensor:
    """A convolution over single pixels as the product of matrices that it is: a fifth of the time.

    ``picture`` is one frame [1,C,H,W], plain or channels last; the result is plain.
    """
    assert layer.bias is not None
    assert len(picture) == 1
    height, width = picture.shape[-2:]
    if picture.is_contiguous():
        columns = picture.view(picture.shape[1], -1)
    else:
        columns = picture.permute(0, 2, 3, 1).reshape(-1, picture.shape[1]).t()
    out = torch.addmm(layer.bias[:, None], layer.weight.flatten(1), columns)
    return out.view(1, -1, height, width)


def _widened(rows: slice, height: int) -> slice:
    return slice(max(0, rows.start - BEYOND), min(height, rows.stop + BEYOND))


def _inside(rows: slice, wide: slice, height: int) -> slice:
    return slice(rows.start - wide.start, min(rows.stop, height) - wide.start)


def _rows(pictures: Pictures, rows: slice, height: int) -> Pictures:
    """Some rows of every picture that has them; numbers [N,1,1,1] stay."""
    kept = {}
    for one in fields(pictures):
        picture = getattr(pictures, one.name)
        kept[one.name] = picture[..., rows, :] if picture.shape[-2] == height else picture
    return type(pictures)(**kept)


def _joined(parts: list[Pictures]) -> Pictures:
    """Strips one below the other."""
    names = [one.name for one in fields(parts[0])]
    return type(parts[0])(**{n: torch.cat([getattr(p, n) for p in parts], 2) for n in names})
