"""Whether a recurrent file stays with torch: many frames, each with the state of the one before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.export.parity import Difference, RvmAnswer, RvmPlayer

FRAMES_PER_ROW = 10


@dataclass(frozen=True)
class DriftRow:
    """Some frames in a row: the largest difference, and the mean over all of them.

    Attributes:
        first, last: their numbers, from 1.
        alpha, foreground, state: file less torch.
    """

    first: int
    last: int
    alpha: Difference
    foreground: Difference
    state: Difference


def drift_table(
    network: RobustVideoMatting,
    play: RvmPlayer,
    frames: Iterable[torch.Tensor],
    ratio: float,
    *,
    frames_per_row: int = FRAMES_PER_ROW,
) -> list[DriftRow]:
    """Run a clip through torch and through a file, each with its own state.

    Args:
        network: float32, on the CPU.
        play: runs the file (``OnnxFile.rvm``).
        frames: [1,3,H,W] float32 each, display-encoded 0..1, all of one size.
        ratio: of the coarse picture.
        frames_per_row: frames to put together.
    """
    rows: list[DriftRow] = []
    gathered: list[tuple[Difference, Difference, Difference]] = []
    state: RvmState | None = None
    answer: RvmAnswer | None = None
    number = 0
    for source in frames:
        with torch.no_grad():
            matte = network(source, state, ratio)
        state = matte.state
        answer = play(source, ratio, answer)
        worst = Difference()
        for ours, theirs in zip(matte.state.maps, answer.state, strict=True):
            worst = worst.or_worse(Difference.between(ours, theirs))
        gathered.append(
            (
                Difference.between(matte.alpha, answer.alpha),
                Difference.between(matte.foreground, answer.foreground),
                worst,
            )
        )
        number += 1
        if len(gathered) == frames_per_row:
            rows.append(_row(number, gathered))
            gathered = []
    if gathered:
        rows.append(_row(number, gathered))
    return rows


def _row(last: int, gathered: list[tuple[Difference, Difference, Difference]]) -> DriftRow:
    alpha, foreground, state = (
        Difference(max(d.most for d in column), sum(d.mean for d in column) / len(column))
        for column in zip(*gathered, strict=True)
    )
    return DriftRow(last - len(gathered) + 1, last, alpha, foreground, state)
