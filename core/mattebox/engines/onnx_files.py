"""ONNX files: whose network they hold, told from what they take, answer and hold.

Parsed by the ``onnx`` package and mended in memory; onnxruntime is not needed to tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mattebox.engines.onnx_runtime import absent
from mattebox.engines.weights_file import damaged
from mattebox.errors import UsageError, WeightsError, named

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto

RVM_STATES = ("r1i", "r2i", "r3i", "r4i")
RVM_OUTPUTS = ("fgr", "pha", "r1o", "r2o", "r3o", "r4o")
RVM_RATIO = "downsample_ratio"
BGMV2_INPUTS = ("src", "bgr")
BGMV2_OUTPUTS = ("pha", "fgr")
BGMV2_COARSE = ("pha_sm", "fgr_sm", "err_sm", "ref_sm")
"""Names of the official exports."""

RATIO_NOTE, REFINER_NOTE = "mattebox.downsample_ratio", "mattebox.refiner"
"""Keys of the notes in which our own export says what it holds."""

STEMS = {
    (16, 3, 3, 3): "rvm_mobilenetv3",
    (64, 3, 7, 7): "rvm_resnet50",
    (32, 6, 3, 3): "bgmv2_mobilenetv2",
    (64, 6, 7, 7): "bgmv2_resnet50",
}
"""Shape of the first convolution, which no two networks share but the two deep ResNets."""
DEEP_BLOCK = (256, 256, 3, 3)
MOST_DEEP_BLOCKS_OF_RESNET50 = 10
"""resnet50 has 6 convolutions of that shape in its third stage, resnet101 has 23."""
RVM_HEAD = (4, 16, 1, 1)
"""Weight of the convolution that gives RVM's coarse foreground residual and alpha."""
RVM_BOX = (4, 1, 3, 3)
"""Weight of the learned refiner's box filter."""

Shape: TypeAlias = "tuple[int | str | None, ...]"
"""Sides of a tensor: a number, the name of a dynamic one, or None where nothing is said."""
Constants: TypeAlias = "Mapping[str, TensorProto]"


@dataclass(frozen=True)
class Port:
    """An input or output: its name, number type (as torch says it) and shape."""

    name: str
    type: str
    shape: Shape


@dataclass(frozen=True)
class OnnxNetwork:
    """An ONNX file, as far as it is known without running it.

    Attributes:
        path: the file.
        sha256: of its bytes.
        network: ``rvm_mobilenetv3``, ``rvm_resnet50``, ``bgmv2_...``, or None for any other.
        precision: number type of most of its weights: ``float32``, ``float16``, ...
        inputs, outputs: names, number types and shapes.
        size: height and width where the file is made for one picture size, else None.
        ratio: RVM: the ratio that is part of the file; None where it is an input or not known.
        has_ratio: RVM: True where the ratio is part of the file, known or not.
        refiner: RVM: ``deep`` or ``fast``; else None.
        unrefined: RVM: the tensor with the coarse answer, before the refiner, or None.
        notes: what it says about itself, key -> value; ``mattebox.*`` in our own exports.
        model: the bytes to run: the file's, mended where tensors of different sizes use one name
            for their sides, and with ``unrefined`` as one more output.
    """

    path: Path
    sha256: str
    network: str | None
    precision: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    size: tuple[int, int] | None
    ratio: float | None
    has_ratio: bool
    refiner: str | None
    unrefined: Port | None
    notes: Mapping[str, str] = field(repr=False)
    model: bytes = field(repr=False)

    def input(self, name: str) -> Port:
        """Raises WeightsError where the file has no such input."""
        for port in self.inputs:
            if port.name == name:
                return port
        raise WeightsError(
            f"{self.path} has no input {name!r}",
            expected="one of: " + ", ".join(port.name for port in self.inputs),
            path=self.path,
        )

    def refuse_another_engine(self, engine: str) -> None:
        """Raises WeightsError where the network is not one of ``rvm`` or ``bgmv2``."""
        if self.network is None:
            takes = ", ".join(port.name for port in self.inputs)
            gives = ", ".join(port.name for port in self.outputs)
            raise WeightsError(
                f"the weights {self.path} are of a network that Mattebox does not know "
                f"(inputs {takes}; outputs {gives})",
                next_step=f"use {named('engine')} onnx-matte with {named('network_config')} FILE "
                "(docs/onnx.md)",
                path=self.path,
            )
        family = self.network.partition("_")[0]
        if family != engine:
            raise WeightsError(
                f"the weights {self.path} are of {self.network}, not of {engine}",
                next_step=f"use {named('engine')} {family}, or other weights",
                path=self.path,
            )

    def refuse_another_precision(self, asked: str) -> None:
        """Raises UsageError where another number type than the file's is asked for."""
        if asked not in ("float32", self.precision):
            raise UsageError(
                f"{self.path} computes in {self.precision}, not in {asked}",
                next_step=f"leave {named('precision')} out, or export with --precision {asked}",
            )

    def refuse_another_size(self, height: int, width: int) -> None:
        """Raises UsageError where the file was made for another picture size."""
        if self.size is not None and self.size != (height, width):
            raise UsageError(
                f"{self.path} was made for frames of {self.size[1]}x{self.size[0]}, this one is "
                f"{width}x{height}",
                next_step="export a file for this size, or one for any size",
            )


def read_onnx(data: bytes, sha256: str, path: Path) -> OnnxNetwork:
    """Tell what an ONNX file is.

    Args:
        data: the whole file.
        sha256: of it.
        path: where it came from, for messages.

    Raises:
        WeightsError: damaged, no ONNX file, or with its weights in a second file.
        DeviceError: the ``onnx`` package is not installed.
    """
    try:
        from google.protobuf.message import DecodeError
        from onnx import ModelProto
    except ModuleNotFoundError as error:
        raise absent("the onnx package") from error
    try:
        model = ModelProto.FromString(data)
        if not model.graph.node:
            raise ValueError("there is no operation in it")
        return _network(model, data, sha256, path)
    except (DecodeError, ValueError) as error:
        raise damaged(path, f"as ONNX: {error}") from error


def _network(model: ModelProto, data: bytes, sha256: str, path: Path) -> OnnxNetwork:
    if any(tensor.data_location == tensor.EXTERNAL for tensor in _tensors(model)):
        raise WeightsError(
            f"{path} keeps its weights in a second file",
            expected="one file, so that its sha256 says what it holds",
            next_step="save it again with onnx.save(onnx.load(FILE), OTHER)",
            path=path,
        )
    graph, constants = model.graph, _constants(model.graph)
    # Old files list their weights among the inputs, too.
    inputs = tuple(_port(port) for port in graph.input if port.name not in constants)
    outputs = tuple(_port(port) for port in graph.output)
    names, answers = {port.name for port in inputs}, {port.name for port in outputs}
    is_rvm = {"src", *RVM_STATES} <= names and set(RVM_OUTPUTS) <= answers
    is_bgmv2 = set(BGMV2_INPUTS) <= names and set(BGMV2_OUTPUTS) <= answers
    network = _name_of(constants.values()) if is_rvm or is_bgmv2 else None
    if network is not None and network.startswith("rvm") != is_rvm:
        network = None
    is_rvm = is_rvm and network is not None
    has_ratio = is_rvm and RVM_RATIO not in names
    notes = {_text(note.key): _text(note.value) for note in model.metadata_props}
    unrefined = _unrefined(graph, constants) if is_rvm else None
    return OnnxNetwork(
        path=path,
        sha256=sha256,
        network=network,
        precision=_precision(constants.values(), inputs),
        inputs=inputs,
        outputs=outputs,
        size=_size(inputs),
        ratio=_ratio(graph, constants, notes) if has_ratio else None,
        has_ratio=has_ratio,
        refiner=_refiner(constants.values(), notes) if is_rvm else None,
        unrefined=None if unrefined is None else _port(unrefined),
        notes=notes,
        model=_mended(model, data, unrefined, shares=_share_sides((*inputs, *outputs))),
    )


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    """Every tensor in a file, those of branches, loops and functions too."""
    yield from _tensors_of(model.graph)
    for function in model.functions:
        yield from _tensors_of_nodes(function.node)


def _tensors_of(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _tensors_of_nodes(graph.node)


def _tensors_of_nodes(nodes: Iterable[NodeProto]) -> Iterator[TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
            for graph in (attribute.g, *attribute.graphs):
                yield from _tensors_of(graph)


def _constants(graph: GraphProto) -> dict[str, TensorProto]:
    found = {
        node.output[0]: attribute.t
        for node in graph.node
        if node.op_type == "Constant" and node.output
        for attribute in node.attribute
        if attribute.HasField("t")
    }
    return {**found, **{tensor.name: tensor for tensor in graph.initializer}}


def _port(port: ValueInfoProto) -> Port:
    tensor = port.type.tensor_type
    shape = tuple(
        _text(side.dim_param)
        if side.HasField("dim_param")
        else side.dim_value
        if side.HasField("dim_value")
        else None
        for side in tensor.shape.dim
    )
    return Port(_text(port.name), _type(tensor.elem_type), shape)


def _text(value: str | bytes) -> str:
    """protobuf hands text that is no UTF-8 on as bytes. Raises ValueError for it."""
    return value if isinstance(value, str) else value.decode()


def _type(code: int) -> str:
    """The name that torch has for a number type."""
    from onnx import TensorProto

    name = next((name for name, number in TensorProto.DataType.items() if number == code), "other")
    return {"FLOAT": "float32", "DOUBLE": "float64"}.get(name, name.lower())


def _name_of(constants: Iterable[TensorProto]) -> str | None:
    shapes = Counter(tuple(constant.dims) for constant in constants)
    for shape, network in STEMS.items():
        if shapes[shape]:
            if network == "bgmv2_resnet50" and shapes[DEEP_BLOCK] > MOST_DEEP_BLOCKS_OF_RESNET50:
                return "bgmv2_resnet101"
            return network
    return None


def _precision(constants: Iterable[TensorProto], inputs: tuple[Port, ...]) -> str:
    """The type that most weights have; of the first input where there are none."""
    weights = Counter(constant.data_type for constant in constants if len(constant.dims) > 1)
    if weights:
        return _type(weights.most_common(1)[0][0])
    return inputs[0].type if inputs else "float32"


def _size(inputs: tuple[Port, ...]) -> tuple[int, int] | None:
    for port in inputs:
        if port.name == "src" or len(inputs) == 1:
            sides = port.shape[-2:]
            if len(port.shape) == 4 and isinstance(sides[0], int) and isinstance(sides[1], int):
                return sides[0], sides[1]
    return None


def _ratio(graph: GraphProto, constants: Constants, notes: Mapping[str, str]) -> float | None:
    """The ratio a file was made for: its note, else the factor by which it shrinks ``src``."""
    if RATIO_NOTE in notes:
        try:
            return float(notes[RATIO_NOTE])
        except ValueError:
            return None
    same = {"src"}
    for node in graph.node:
        if node.input and node.input[0] in same:
            if node.op_type in ("Identity", "Cast"):
                same.update(node.output)
            elif node.op_type in ("Resize", "Upsample"):
                return _constant_scale(constants, node)
    return 1.0


def _constant_scale(constants: Constants, resize: NodeProto) -> float | None:
    from onnx import numpy_helper

    for name in resize.input[1:]:
        tensor = constants.get(name)
        if tensor is not None and list(tensor.dims) == [4] and tensor.data_type == tensor.FLOAT:
            scale = float(numpy_helper.to_array(tensor)[3])
            if 0.0 < scale < 1.0:
                return float(f"{scale:.7g}")
    return None


def _refiner(constants: Iterable[TensorProto], notes: Mapping[str, str]) -> str:
    if REFINER_NOTE in notes:
        return notes[REFINER_NOTE]
    return "deep" if any(tuple(constant.dims) == RVM_BOX for constant in constants) else "fast"


def _unrefined(graph: GraphProto, constants: Constants) -> ValueInfoProto | None:
    from onnx import TypeProto, ValueInfoProto

    # The learned refiner ends in a convolution of the same shape, further down.
    for node in graph.node:
        weight = constants.get(node.input[1]) if len(node.input) > 1 else None
        if node.op_type == "Conv" and weight is not None and tuple(weight.dims) == RVM_HEAD:
            kind = TypeProto(tensor_type=TypeProto.Tensor(elem_type=weight.data_type))
            return ValueInfoProto(name=node.output[0], type=kind)
    return None


def _share_sides(ports: tuple[Port, ...]) -> bool:
    """Whether a tensor that has a size of its own names its sides as another does."""
    own: dict[str, str] = {}
    for port in ports:
        stem = port.name if port.name in BGMV2_COARSE else "picture"
        if port.name in (*RVM_STATES, *RVM_OUTPUTS[2:]):
            stem = port.name[:2]
        for side in port.shape[1:]:
            if isinstance(side, str) and own.setdefault(side, stem) != stem:
                return True
    return False


def _mended(
    model: ModelProto, data: bytes, unrefined: ValueInfoProto | None, *, shares: bool
) -> bytes:
    """The bytes to run; changes ``model``."""
    graph = model.graph
    if shares:
        # onnxruntime may give two tensors one piece of memory where it believes them equal. Notes
        # about shapes inside the graph may use the names that were shared.
        del graph.value_info[:]
        for port in (*graph.input, *graph.output):
            for axis, side in enumerate(port.type.tensor_type.shape.dim):
                if side.HasField("dim_param"):
                    side.dim_param = f"{port.name}_axis{axis}"
    if unrefined is not None:
        graph.output.append(unrefined)
    return model.SerializeToString() if shares or unrefined is not None else data
