"""Alpha for linear light, from a source, its background and a first alpha.

Every pixel is I = a F + (1 - a) B + grain: three equations, four unknowns. What closes the gap is
learned: a small network of our own (``unmixing``) weighs the answers that closed forms give, from
what is around a pixel. Before it, grain is averaged with neighbouring frames where nothing moves
(steady.py); after it, alpha keeps what the plain key says inside a subject (interior.py), and is
cut to 0..1 with its two ends exact.

Video has fewer samples of colour than of luma. Before a screen it is solved twice: from the first
answer the edges' own colour is told by their luma (chroma.py), and that is solved.

Shadows on the screen stay in alpha, as black of their density: light that the background has and
the source lacks cannot be told from a dark transparent subject. Who does not want them asks for it
(shadows.py).

Everything reads at most REACH pixels around a pixel, and the frames it is given; what is known of
the shot as a whole comes in ``ShotStatistics``. Same code on CPU and GPU, no random numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from mattebox.colour_difference import colour_difference
from mattebox.matte.chroma import CHROMA_REACH, restored
from mattebox.matte.interior import INTERIOR_REACH, promised_alpha
from mattebox.matte.statistics import ShotStatistics
from mattebox.matte.steady import STEADY_REACH, steady_mean
from mattebox.matte.strips import in_strips
from mattebox.matte.unmixing import network as unmixing
from mattebox.matte.unmixing.features import ALIGNMENT, Scene
from mattebox.matte.unmixing.inference import unmixed
from mattebox.matte.unmixing.network import UnmixingNetwork

# Below this share alpha is 0, and above its complement 1, so that the background's grain does not
# reach the picture and a solid subject keeps its pixels: one step of an 8-bit matte.
LEAST_ALPHA = 0.004
# Confidence is 1 where alpha is sure, and 0 from this expected error of alpha on.
WORST_ERROR = 0.25

REACH = max(STEADY_REACH + unmixing.REACH, INTERIOR_REACH)
"""How far, in pixels, a change of the input can reach in the output."""

SUBSAMPLED_REACH = 2 * REACH + CHROMA_REACH
"""The same before a screen in video with subsampled chroma, which is solved twice."""


@dataclass(frozen=True)
class Solution:
    """The solver's answer for one frame.

    Attributes:
        alpha: [1,1,H,W] float32, 0..1, for linear light.
        confidence: [1,1,H,W] float32, 0..1: 1 - (expected error of alpha) / WORST_ERROR.
        spill: [1,4,H,W] float32, 0..1: the share of each spill rule (``unmixing.spill``).
        source: [1,3,H,W] float32, linear Rec.709: the frame that was solved, where that is not the
            one that was given: of video, with the colour of its edges restored.
    """

    alpha: torch.Tensor
    confidence: torch.Tensor
    spill: torch.Tensor
    source: torch.Tensor | None = None


def solve_alpha(
    source: torch.Tensor,
    background: torch.Tensor,
    first_alpha: torch.Tensor,
    statistics: ShotStatistics,
    network: UnmixingNetwork,
    *,
    unseen: torch.Tensor | None = None,
    neighbours: Sequence[torch.Tensor] = (),
    for_video: UnmixingNetwork | None = None,
) -> Solution:
    """Alpha of a frame in linear light.

    Args:
        source: [1,3,H,W] float32, linear Rec.709, unbounded (HDR, negatives), finite.
        background: [1,3,H,W], the registered clean plate in the same light.
        first_alpha: [1,1,H,W], 0..1: an engine's answer. With the ``screen`` engine the plain
            colour difference.
        statistics: of the whole shot (``analyse_shot``), never of a chunk.
        network: on the device of the pictures (``unmixing.weights``).
        unseen: [1,1,H,W] 0..1: 1 where the background only continues what is around;
            None for a background that was shot.
        neighbours: up to ``steady.WINDOW`` frames before and after, each like ``source``; empty
            leaves the temporal term out.
        for_video: the network that solves video with subsampled chroma before a screen again, once
            its edges' colour is restored; None leaves that out.
    """
    if len(source) != 1:
        raise ValueError(f"frames are solved one by one, got {len(source)}")
    rest = (unseen, neighbours)
    found = _solved_once(source, background, first_alpha, statistics, network, *rest)
    if for_video is None:
        return found
    source = restored(source, background, found.alpha)
    if not statistics.sure_inside:
        first_alpha = colour_difference(source, background, statistics.key)
    again = _solved_once(source, background, first_alpha, statistics, for_video, *rest)
    return replace(again, source=source)


def _solved_once(
    source: torch.Tensor,
    background: torch.Tensor,
    first_alpha: torch.Tensor,
    statistics: ShotStatistics,
    network: UnmixingNetwork,
    unseen: torch.Tensor | None,
    neighbours: Sequence[torch.Tensor],
) -> Solution:
    """``solve_alpha`` of a frame whose colour is believed in every pixel."""
    height, width = source.shape[-2:]
    scene = _scene(source, background, first_alpha, statistics, unseen, neighbours)
    said = unmixed(network, scene)
    alpha = said.alpha[..., :height, :width].clamp(0.0, 1.0)
    if statistics.screen:
        alpha = torch.maximum(
            alpha, promised_alpha(colour_difference(source, background, statistics.key))
        )
    alpha = torch.where(alpha < LEAST_ALPHA, 0.0, alpha)
    alpha = torch.where(alpha > 1.0 - LEAST_ALPHA, 1.0, alpha)
    error = said.log_error[..., :height, :width].exp()
    return Solution(
        alpha,
        (1.0 - error / WORST_ERROR).clamp(0.0, 1.0),
        said.spill[..., :height, :width].contiguous(),
    )


def _scene(
    source: torch.Tensor,
    background: torch.Tensor,
    first_alpha: torch.Tensor,
    statistics: ShotStatistics,
    unseen: torch.Tensor | None,
    neighbours: Sequence[torch.Tensor],
) -> Scene:
    """The frame as the network takes it: steadied, in key order, grown to what it can halve."""
    height, width = source.shape[-2:]
    tall, broad = height + -height % ALIGNMENT, width + -width % ALIGNMENT
    order = list(statistics.key.order)

    def empty(channels: int) -> torch.Tensor:
        return source.new_empty(1, channels, tall, broad)

    def number(value: float) -> torch.Tensor:
        return source.new_full((1, 1, 1, 1), value)

    scene = Scene(
        source=empty(3),
        background=empty(3),
        variance=empty(3),
        first=empty(1),
        doubt=number(0.0) if unseen is None else empty(1),
        brightness=number(statistics.brightness),
        sign=number(float(statistics.key.sign)),
        screen=number(float(statistics.screen)),
        hinted=number(float(statistics.sure_inside)),
    )

    def fill(rows: slice) -> None:
        wide = slice(max(0, rows.start - STEADY_REACH), rows.stop + STEADY_REACH)
        own = slice(rows.start - wide.start, rows.stop - wide.start)
        near = [neighbour[..., wide, :] for neighbour in neighbours]
        frame, left = steady_mean(source[..., wide, :], near, statistics.noise)
        frame, left = frame[..., own, :], left[..., own, :]
        behind = background[..., rows, :]
        variance = statistics.noise.variance(frame) * left
        variance += statistics.plate_noise * statistics.noise.variance(behind)
        for place, channel in enumerate(order):
            scene.source[:, place, rows, :width] = frame[:, channel]
            scene.background[:, place, rows, :width] = behind[:, channel]
            scene.variance[:, place, rows, :width] = variance[:, channel]
        scene.first[..., rows, :width] = first_alpha[..., rows, :]
        if unseen is not None:
            scene.doubt[..., rows, :width] = unseen[..., rows, :]

    in_strips(fill, source)
    for picture in (scene.source, scene.background, scene.variance, scene.first, scene.doubt):
        if picture.shape[-2:] == (tall, broad):  # the border repeated
            picture[..., :height, width:] = picture[..., :height, width - 1 : width]
            picture[..., height:, :] = picture[..., height - 1 : height, :]
    return scene
