"""RVM in a form that exporters record: no change in place, no branch on a size.

The weights and every layer are the network's own; only what lies between them is said again. The
parity check of each export holds the two together.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn

from mattebox.engines.networks.guided_filter import with_grey
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.export.graph_parts import with_type

PLACEHOLDER = "mattebox::RefinedUnlessOne"
"""Node in a graph whose ratio is an input; ``onnx_branch`` replaces it."""


class RvmGraph(nn.Module):
    """One frame with its state in and out.

    Args:
        network: in ``eval`` mode; its number type is that of pictures and states, too.
        ratio: baked size of the coarse picture, or None where it is an input.
        takes_small_states: whether a state may be [1,1,1,1], as at the first frame.
    """

    def __init__(
        self, network: RobustVideoMatting, ratio: float | None, *, takes_small_states: bool
    ) -> None:
        super().__init__()
        self.network = network
        self.ratio = ratio
        self.takes_small_states = takes_small_states
        self.channels = state_channels(network)

    def forward(
        self,
        src: torch.Tensor,
        r1i: torch.Tensor,
        r2i: torch.Tensor,
        r3i: torch.Tensor,
        r4i: torch.Tensor,
        downsample_ratio: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, ...]:
        """Frame and state -> ``fgr``, ``pha`` and the next state.

        Args:
            src: [1,3,H,W] display-encoded RGB, 0..1.
            r1i, r2i, r3i, r4i: the state, or [1,1,1,1] zeros for none.
            downsample_ratio: [1] float32, (0, 1]; only where no ratio is baked.
        """
        fine = with_type(src, torch.float32)
        coarse = self._reduced(fine, downsample_ratio)
        state = RvmState(r1i, r2i, r3i, r4i)
        if self.takes_small_states:
            state = self._full_size(state, coarse)
        values, hidden, after = decode(self.network, coarse, state)
        if self.ratio is None:
            values = _applied(_RefinedUnlessOne, downsample_ratio, fine, coarse, values, hidden)
        elif self.ratio != 1:
            values = refine(self.network, fine, coarse, values, hidden)
        foreground, alpha = finish(values, fine)
        return with_type(foreground, src.dtype), with_type(alpha, src.dtype), *after.maps

    def _reduced(self, fine: torch.Tensor, ratio: torch.Tensor | None) -> torch.Tensor:
        if self.ratio == 1:
            return fine
        if self.ratio is None:
            return _applied(_ReducedByInput, fine, ratio)
        return _applied(_ReducedByConstant, fine, self.ratio)

    def _full_size(self, state: RvmState, coarse: torch.Tensor) -> RvmState:
        """1x1x1x1 or already full -> full, so that the first frame needs no sizes."""
        height, width = coarse.shape[-2], coarse.shape[-1]
        full = []
        for map_, channels in zip(state.maps, self.channels, strict=True):
            height, width = (height + 1) // 2, (width + 1) // 2
            full.append(map_.expand(coarse.shape[0], channels, height, width))
        return RvmState(*full)


class RvmFrameGraph(nn.Module):
    """One frame without a memory: [1,3,H,W] -> [1,4,H,W], foreground RGB and alpha.

    Args:
        network: in ``eval`` mode.
        ratio: baked size of the coarse picture, (0, 1].
    """

    def __init__(self, network: RobustVideoMatting, ratio: float) -> None:
        super().__init__()
        self.network = network
        self.ratio = ratio

    def forward(self, src: torch.Tensor) -> torch.Tensor:
        coarse = src if self.ratio == 1 else _interpolated(src, self.ratio)
        values, hidden, _ = decode(self.network, coarse, None)
        if self.ratio != 1:
            values = refine(self.network, src, coarse, values, hidden)
        return torch.cat(finish(values, src), dim=1)


def state_channels(network: RobustVideoMatting) -> tuple[int, ...]:
    """Channels of r1, r2, r3, r4."""
    decoder = network.decoder
    stages = (decoder.decode1, decoder.decode2, decoder.decode3, decoder.decode4)
    return tuple(cast("nn.Conv2d", stage.gru.hh[0]).out_channels for stage in stages)


def decode(
    network: RobustVideoMatting, coarse: torch.Tensor, state: RvmState | None
) -> tuple[torch.Tensor, torch.Tensor, RvmState]:
    """Coarse picture float32 -> residual and alpha, hidden features (both float32), state."""
    picture = with_type(coarse, network.project_mat.conv.weight.dtype)
    taps = network.backbone(picture)
    taps = type(taps)(taps.half, taps.quarter, taps.eighth, network.aspp(taps.sixteenth))
    hidden, after = network.decoder(picture, taps, state, 1)
    values = with_type(network.project_mat(hidden), coarse.dtype)
    return values, with_type(hidden, coarse.dtype), after


def refine(
    network: RobustVideoMatting,
    fine: torch.Tensor,
    coarse: torch.Tensor,
    values: torch.Tensor,
    hidden: torch.Tensor,
) -> torch.Tensor:
    """The network's refiner, out of place."""
    slope, offset = (
        F.interpolate(line, size=fine.shape[-2:], mode="bilinear", align_corners=False)
        for line in network.refiner.lines(coarse, values, hidden)
    )
    return slope * with_grey(fine) + offset


def finish(values: torch.Tensor, fine: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Residual and alpha [B,4,H,W] -> foreground, alpha, both in 0..1."""
    residual, alpha = torch.split(values, [3, 1], dim=1)
    return (residual + fine).clamp(0.0, 1.0), alpha.clamp(0.0, 1.0)


def _interpolated(picture: torch.Tensor, ratio: float) -> torch.Tensor:
    return F.interpolate(
        picture,
        scale_factor=ratio,
        mode="bilinear",
        align_corners=False,
        recompute_scale_factor=False,
    )


class RvmRefinerGraph(nn.Module):
    """The refiner alone: picture, coarse picture, coarse values, hidden features -> values."""

    def __init__(self, network: RobustVideoMatting) -> None:
        super().__init__()
        self.network = network

    def forward(
        self,
        fine: torch.Tensor,
        coarse: torch.Tensor,
        values: torch.Tensor,
        hidden: torch.Tensor,
    ) -> torch.Tensor:
        """[1,3,H,W], [1,3,h,w], [1,4,h,w], [1,16,h,w], all float32 -> [1,4,H,W]."""
        return refine(self.network, fine, coarse, values, hidden)


class _RefinedUnlessOne(torch.autograd.Function):
    """Where the file will refine unless the ratio is 1: a node to be replaced by an ``If``."""

    @staticmethod
    def forward(
        _: Any,
        ratio: torch.Tensor,  # noqa: ARG004 - a tracer sees the output's size, not its values
        fine: torch.Tensor,
        coarse: torch.Tensor,  # noqa: ARG004
        values: torch.Tensor,
        hidden: torch.Tensor,  # noqa: ARG004
    ) -> torch.Tensor:
        return values.new_zeros((*values.shape[:2], *fine.shape[-2:]))

    @staticmethod
    def symbolic(graph: Any, ratio: Any, fine: Any, coarse: Any, values: Any, hidden: Any) -> Any:
        out = graph.op(PLACEHOLDER, ratio, fine, coarse, values, hidden)
        return out.setType(values.type().with_sizes([1, 4, None, None]))


def _applied(function: Any, *arguments: torch.Tensor | float | None) -> torch.Tensor:
    """A node of our own, recorded as its ``symbolic`` says."""
    return cast("torch.Tensor", function.apply(*arguments))


def _resized(graph: Any, picture: Any, scales: Any) -> Any:
    nothing = graph.op("Constant", value_t=torch.tensor([], dtype=torch.float32))
    out = graph.op(
        "Resize",
        picture,
        nothing,
        scales,
        mode_s="linear",
        coordinate_transformation_mode_s="half_pixel",
    )
    return out.setType(picture.type().with_sizes([*picture.type().varyingSizes()[:2], None, None]))


class _ReducedByInput(torch.autograd.Function):
    """The coarse picture at a ratio that is an input of the file."""

    @staticmethod
    def forward(_: Any, picture: torch.Tensor, ratio: torch.Tensor) -> torch.Tensor:
        return _interpolated(picture, float(ratio))

    @staticmethod
    def symbolic(graph: Any, picture: Any, ratio: Any) -> Any:
        ones = graph.op("Constant", value_t=torch.ones(2))
        return _resized(graph, picture, graph.op("Concat", ones, ratio, ratio, axis_i=0))


class _ReducedByConstant(torch.autograd.Function):
    """The coarse picture at a baked ratio, of the size that double precision gives.

    ONNX multiplies sizes by scales in float32, which is a pixel off for some pairs (720 x 0.7);
    there the scale is moved by 2 units in its last place.
    """

    @staticmethod
    def forward(_: Any, picture: torch.Tensor, ratio: float) -> torch.Tensor:
        return _interpolated(picture, ratio)

    @staticmethod
    def symbolic(graph: Any, picture: Any, ratio: float) -> Any:
        sizes = picture.type().varyingSizes()[2:]
        if None not in sizes:
            scales = torch.cat([torch.ones(2), _exact_scales(sizes, ratio)])
            return _resized(graph, picture, graph.op("Constant", value_t=scales))

        def constant(value: torch.Tensor) -> Any:
            return graph.op("Constant", value_t=value)

        shape = graph.op("Shape", picture, start_i=2)
        right = graph.op(
            "Floor",
            graph.op(
                "Mul",
                graph.op("Cast", shape, to_i=11),
                constant(torch.tensor(ratio, dtype=torch.float64)),
            ),
        )
        single = torch.tensor(ratio, dtype=torch.float32)
        given = graph.op(
            "Floor", graph.op("Mul", graph.op("Cast", shape, to_i=1), constant(single))
        )
        # -1, 0 or 1 pixel to add, as steps of 2 units in the last place of the scale.
        missing = graph.op("Sub", graph.op("Cast", right, to_i=1), given)
        step = graph.op("Mul", missing, constant(single * STEP))
        scales = graph.op("Add", constant(single), step)
        return _resized(
            graph, picture, graph.op("Concat", constant(torch.ones(2)), scales, axis_i=0)
        )


STEP = 2.0**-22
"""Two units in the last place of a float32 mantissa, relative: more than ratio and product lose."""


def _exact_scales(sizes: list[int], ratio: float) -> torch.Tensor:
    """Float32 [2] scales by which ONNX comes to the sizes that torch comes to."""
    single = torch.tensor(ratio, dtype=torch.float32)
    given = (torch.tensor(sizes, dtype=torch.float32) * single).floor()
    right = (torch.tensor(sizes, dtype=torch.float64) * ratio).floor()
    return single + (right.float() - given) * (single * STEP)
