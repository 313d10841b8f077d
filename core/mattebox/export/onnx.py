"""A network as an ONNX file, under the names of the releases' own files.

``torch.onnx.export`` records the network on its tracing path; docs/export.md says why that one.
Where a file differs from the releases' own, it says so there, too.
"""

from __future__ import annotations

import copy
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import torch
from torch import nn

from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.export.bgmv2_graph import Bgmv2Graph
from mattebox.export.files import Provenance, needed, notes, quiet_exporter
from mattebox.export.onnx_branch import refine_unless_one
from mattebox.export.onnx_ports import Port, bgmv2_ports, refiner_ports, rvm_ports
from mattebox.export.rvm_graph import PLACEHOLDER, RvmGraph, RvmRefinerGraph
from mattebox.export.sizes import DEFAULT_SCALE, checked_ratio, checked_size, traced_size
from mattebox.whole_files import write_whole

if TYPE_CHECKING:
    import onnx

Network: TypeAlias = RobustVideoMatting | BackgroundMatting
Precision = Literal["float32", "float16"]

OPSET = 17
"""Of onnxruntime 1.12 (2022) and TensorRT 8.6 and everything later. 14 brought HardSwish, which
the encoder uses 20 times; nothing here needs more than 17."""


@dataclass(frozen=True)
class _Recorded:
    """A graph and what goes in and out of it, in order."""

    graph: nn.Module
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def export_onnx(
    network: Network,
    path: Path,
    *,
    size: tuple[int, int] | None = None,
    ratio: float | None = None,
    precision: Precision = "float32",
    refinement: Refinement | None = None,
    provenance: Provenance | None = None,
) -> None:
    """Write a network as ONNX; equal calls give equal bytes.

    RVM: ``src, r1i, r2i, r3i, r4i[, downsample_ratio]`` -> ``fgr, pha, r1o, r2o, r3o, r4o``. A
    state is [1,1,1,1] zeros at the first frame, or what the frame before answered; where size and
    ratio are both fixed, so are the states, and the first frame's are zeros of their full shape.
    The refiner does not run at ratio 1, as in torch and unlike in the releases' ONNX files.
    BGMv2: ``src, bgr`` -> ``pha, fgr, pha_sm, fgr_sm, err_sm, ref_sm``; sides divisible by 4.

    Args:
        network: float32, on the CPU, in ``eval`` mode; left as it is.
        path: replaced whole, or not at all.
        size: height and width of the only pictures the file takes; None takes any.
        ratio: baked size of the coarse picture. None: RVM has the input ``downsample_ratio``,
            [1] float32; BGMv2 is baked at 0.25.
        precision: of pictures, states and weights; ``downsample_ratio`` and the refiner are
            float32 in any case.
        refinement: BGMv2: where to refine, baked; None is the release's default.
        provenance: stands in the file's metadata.

    Raises:
        UsageError: size or ratio out of range.
        DeviceError: onnx or onnxscript is not installed.
        WriteError: the file could not be written.
    """
    onnx = needed("onnx")
    if ratio is not None:
        checked_ratio(network, ratio)
    if size is not None:
        checked_size(network, size, ratio)
    network = copy.deepcopy(network)
    with_precision(network, precision)
    dtype = torch.float16 if precision == "float16" else torch.float32
    if isinstance(network, BackgroundMatting):
        ratio = DEFAULT_SCALE if ratio is None else ratio
        refinement = refinement or Refinement()
        graph = Bgmv2Graph(network, ratio, refinement, size)
        inputs, outputs = bgmv2_ports(size, ratio)
        recorded = _Recorded(graph, inputs, outputs)
    else:
        refinement = None
        inputs, outputs = rvm_ports(network, size, ratio)
        is_fixed = size is not None and ratio is not None
        recorded = _Recorded(
            RvmGraph(network, ratio, takes_small_states=not is_fixed), inputs, outputs
        )
    model = _recorded_model(recorded, size or traced_size(ratio), dtype)
    if isinstance(network, RobustVideoMatting) and ratio is None:
        given, answers = refiner_ports()
        branch = _Recorded(RvmRefinerGraph(network), given, answers)
        refiner = _recorded_model(branch, traced_size(None), torch.float32)
        refine_unless_one(model, PLACEHOLDER, refiner, [port.name for port in given])
    model = _finished(model, recorded)
    kept = notes(network, ratio, precision, refinement, provenance)
    onnx.helper.set_model_props(model, kept)
    onnx.checker.check_model(model, full_check=True)
    write_whole(path, model.SerializeToString(deterministic=True))


def with_precision(network: Network, precision: Precision) -> None:
    """Number type of everything but the refiner, which stays in float32; in place."""
    network.to(torch.float16 if precision == "float16" else torch.float32)
    network.refiner.float()


def _recorded_model(
    recorded: _Recorded, size: tuple[int, int], dtype: torch.dtype
) -> onnx.ModelProto:
    onnx_module = needed("onnx")
    ports = (*recorded.inputs, *recorded.outputs)
    stream = io.BytesIO()
    with quiet_exporter(), torch.no_grad():
        torch.onnx.export(
            recorded.graph.eval(),
            tuple(port.example(size, dtype) for port in recorded.inputs),
            cast(
                "str", stream
            ),  # this path of the exporter takes a stream, its types do not say so
            dynamo=False,
            opset_version=OPSET,
            input_names=[port.name for port in recorded.inputs],
            output_names=[port.name for port in recorded.outputs],
            dynamic_axes={port.name: port.free_axes for port in ports if port.free_axes},
        )
    model: onnx.ModelProto = onnx_module.load_from_string(stream.getvalue())
    return model


def _finished(model: onnx.ModelProto, recorded: _Recorded) -> onnx.ModelProto:
    """Constants computed, names of sizes that are each tensor's own, our name as the writer."""
    from mattebox import __version__

    optimizer = needed("onnxscript.optimizer")
    # What the tracer saw of sizes inside holds for its example alone.
    del model.graph.value_info[:]
    _set_shapes(model.graph.input, recorded.inputs)
    _set_shapes(model.graph.output, recorded.outputs)
    finished: onnx.ModelProto = optimizer.optimize(model)
    del finished.graph.value_info[:]
    _drop_unused(finished.graph)
    finished.producer_name = "mattebox"
    finished.producer_version = __version__
    finished.graph.name = "mattebox"
    finished.doc_string = ""
    return finished


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Constants that were folded into others."""
    used = set(_names_read(graph))
    kept = [item for item in graph.initializer if item.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _names_read(graph: onnx.GraphProto) -> Iterator[str]:
    for node in graph.node:
        yield from node.input
        for attribute in node.attribute:
            yield from _names_read(attribute.g)


def _set_shapes(values: Sequence[onnx.ValueInfoProto], ports: tuple[Port, ...]) -> None:
    for value, port in zip(values, ports, strict=True):
        assert value.name == port.name
        shape = value.type.tensor_type.shape
        del shape.dim[:]
        for side in port.shape:
            dimension = shape.dim.add()
            if isinstance(side, int):
                dimension.dim_value = side
            else:
                dimension.dim_param = side
