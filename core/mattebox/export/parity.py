"""An exported file beside torch: the same pictures through both, and how far they differ."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch
import torch.nn.functional as F

from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.engines.networks.bgmv2_cells import CELL
from mattebox.engines.networks.guided_filter import DeepGuidedFilter
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.errors import MatteboxError
from mattebox.export.clips import ClipFrame, seeded_frame

Size = tuple[int, int]

FREE_SIZES: tuple[Size, ...] = ((96, 160), (97, 131), (65, 203), (180, 90))
"""Heights and widths to compare at where a file takes any; also odd ones."""
FREE_CELL_SIZES: tuple[Size, ...] = ((96, 160), (100, 132), (64, 204))
"""The same, divisible by 4."""
MORE_CELLS = 1.25
"""Cells of the largest picture, in cells that are refined."""
SMALLEST_COARSE_SIDE = 24
"""Below it the deepest maps of a network are single pixels and show nothing."""
FREE_RATIOS = (0.375, 1.0)
"""Ratios to compare at where the ratio is an input: with the refiner, and without."""
FRAMES = 3
"""Frames per size, RVM's state handed on."""


@dataclass(frozen=True)
class Difference:
    """Largest and mean absolute difference."""

    most: float = 0.0
    mean: float = 0.0

    @classmethod
    def between(cls, ours: torch.Tensor, theirs: torch.Tensor) -> Difference:
        """Of two tensors of one shape. Two shapes are our own fault and raise MatteboxError."""
        if ours.shape != theirs.shape:
            raise MatteboxError(
                f"the exported network answers {list(theirs.shape)} where torch answers "
                f"{list(ours.shape)}"
            )
        if not ours.numel():
            return cls()
        # A NaN must not pass as a small difference.
        apart = torch.nan_to_num((ours.float() - theirs.float()).abs(), nan=torch.inf)
        return cls(float(apart.max()), float(apart.mean()))

    def or_worse(self, other: Difference) -> Difference:
        return Difference(max(self.most, other.most), max(self.mean, other.mean))


@dataclass(frozen=True)
class Tolerance:
    """What still passes as the same network.

    Attributes:
        most: of alpha and foreground, per pixel.
        mean: of the same, per frame.
        state: both of the state.
        cells: BGMv2: share of the refined cells that may be others; their pixels are left out.
    """

    most: float
    mean: float
    state: Difference
    cells: float = 0.0


FLOAT32 = Tolerance(2e-4, 2e-5, Difference(2e-4, 2e-5), cells=0.01)
FAST_REFINER = Tolerance(1e-2, 2e-5, FLOAT32.state)
"""The fast guided filter divides by nearly nothing where a picture is flat: torch's own float32 is
up to 1.3e-3 from its float64 there, on single pixels."""
ROUNDED_RATIO = Tolerance(1e-2, 1e-4, Difference(1e-2, 2e-4))
"""A large picture at a ratio that float32 does not hold (512/1920): ONNX reads it up to 2e-4 pixels
from where torch does. Alpha was 2.5e-4 off at most at 3840x2160, with the fast filter 1.4e-3."""
LARGE_SIDE = 512
FLOAT16 = Tolerance(0.3, 5e-3, Difference(0.5, 1e-2), cells=0.2)
"""Twice and more what real weights gave over 60 frames (docs/export.md)."""


def tolerance_for(
    network: RobustVideoMatting | BackgroundMatting, ratio: float, longer_side: int, precision: str
) -> Tolerance:
    """What passes for this network, ratio and picture, in ``float32`` or ``float16``."""
    if precision == "float16":
        return FLOAT16
    if isinstance(network, BackgroundMatting) or ratio == 1:
        return FLOAT32
    if longer_side > LARGE_SIDE and struct.unpack("f", struct.pack("f", ratio))[0] != ratio:
        return ROUNDED_RATIO
    return FLOAT32 if isinstance(network.refiner, DeepGuidedFilter) else FAST_REFINER


@dataclass(frozen=True)
class RvmAnswer:
    """[1,1,H,W], [1,3,H,W] and the four maps of the state, float32; no maps: no memory."""

    alpha: torch.Tensor
    foreground: torch.Tensor
    state: tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Bgmv2Answer:
    """[1,1,H,W], [1,3,H,W] float32, and [1,1,H/4,W/4] bool, or None where it is not told."""

    alpha: torch.Tensor
    foreground: torch.Tensor
    refined: torch.Tensor | None


RvmPlayer: TypeAlias = Callable[[torch.Tensor, float, RvmAnswer | None], RvmAnswer]
Bgmv2Player: TypeAlias = Callable[[ClipFrame], Bgmv2Answer]


@dataclass(frozen=True)
class ParityRow:
    """One picture size.

    Attributes:
        height, width: of the pictures.
        ratio: of the coarse picture.
        frames: how many were compared, in order.
        alpha, foreground: the worst over the frames.
        state: RVM with a memory, else None.
        refined_cells, other_cells: BGMv2: cells torch refined, and those only one of both did.
    """

    height: int
    width: int
    ratio: float
    frames: int
    alpha: Difference
    foreground: Difference
    state: Difference | None = None
    refined_cells: int = 0
    other_cells: int = 0

    def passes(self, tolerance: Tolerance) -> bool:
        picture = self.alpha.or_worse(self.foreground)
        state = self.state or Difference()
        if picture.most > tolerance.most or picture.mean > tolerance.mean:
            return False
        if state.most > tolerance.state.most or state.mean > tolerance.state.mean:
            return False
        return self.other_cells <= tolerance.cells * max(self.refined_cells, 1)


def cell_sizes_for(scale: float, refinement: Refinement) -> list[Size]:
    """Sizes for BGMv2; one has more cells than are refined, so that the choice shows."""
    sizes = sizes_for(FREE_CELL_SIZES, scale)
    if refinement.mode == "sampling":
        side = CELL * math.ceil(math.sqrt(MORE_CELLS * refinement.sample_pixels) / CELL)
        sizes.append((side, side + CELL))
    return sizes


def sizes_for(sizes: Sequence[Size], ratio: float) -> list[Size]:
    """The sizes, multiplied until their coarse pictures have enough pixels; odd stays odd."""
    smallest = min(min(size) for size in sizes)
    factor = math.ceil(SMALLEST_COARSE_SIDE / (smallest * ratio))
    return [(_times(height, factor), _times(width, factor)) for height, width in sizes]


def _times(side: int, factor: int) -> int:
    return side * factor + (side % 2 if factor % 2 == 0 else 0)


def compare_rvm(
    network: RobustVideoMatting,
    play: RvmPlayer,
    cases: Iterable[tuple[Size, float]],
    *,
    has_memory: bool,
) -> list[ParityRow]:
    """RVM and a file of it, frame after frame, at each size and ratio.

    Args:
        network: float32, on the CPU.
        play: runs the file.
        cases: height and width, ratio.
        has_memory: False compares with torch's answer to every frame as a first one.
    """
    rows = []
    for (height, width), ratio in cases:
        row = ParityRow(height, width, ratio, FRAMES, Difference(), Difference())
        state: RvmState | None = None
        answer: RvmAnswer | None = None
        for index in range(FRAMES):
            source = seeded_frame(height, width, index).source
            with torch.no_grad():
                matte = network(source, state, ratio)
            answer = play(source, ratio, answer)
            if has_memory:
                state = matte.state
            row = _with_frame(row, answer, matte.alpha, matte.foreground, matte.state)
        rows.append(row)
    return rows


def compare_bgmv2(
    network: BackgroundMatting,
    play: Bgmv2Player,
    sizes: Sequence[Size],
    scale: float,
    refinement: Refinement,
) -> list[ParityRow]:
    """BGMv2 and a file of it, one frame per size.

    Where both refine other cells (an error close to the limit, or a tie), their pixels are left
    out and the cells are counted.

    Args:
        network: float32, on the CPU.
        play: runs the file.
        sizes: heights and widths; where not divisible by 4, torch's pictures are filled up.
        scale: of the coarse picture.
        refinement: where torch refines.
    """
    rows = []
    for height, width in sizes:
        frame = seeded_frame(height, width, 0)
        whole = (0, -width % CELL, 0, -height % CELL)
        source, background = (
            F.pad(picture, whole, mode="replicate") for picture in (frame.source, frame.background)
        )
        with torch.no_grad():
            matte = network(source, background, scale, refinement)
        answer = play(frame)
        refined = matte.refined if answer.refined is None else answer.refined
        other = matte.refined != refined
        pixels = other.repeat_interleave(CELL, dim=2).repeat_interleave(CELL, dim=3)
        same = ~pixels[..., :height, :width].to(torch.bool)
        rows.append(
            ParityRow(
                height,
                width,
                scale,
                1,
                Difference.between(matte.alpha[..., :height, :width] * same, answer.alpha * same),
                Difference.between(
                    matte.foreground[..., :height, :width] * same, answer.foreground * same
                ),
                refined_cells=int(matte.refined.sum()),
                other_cells=int(other.sum()),
            )
        )
    return rows


def _with_frame(
    row: ParityRow,
    answer: RvmAnswer,
    alpha: torch.Tensor,
    foreground: torch.Tensor,
    after: RvmState,
) -> ParityRow:
    """The row with one more frame of a case."""
    state = row.state
    for ours, theirs in zip(after.maps, answer.state, strict=False):
        state = Difference.between(ours, theirs).or_worse(state or Difference())
    return ParityRow(
        row.height,
        row.width,
        row.ratio,
        row.frames,
        row.alpha.or_worse(Difference.between(alpha, answer.alpha)),
        row.foreground.or_worse(Difference.between(foreground, answer.foreground)),
        state,
    )
