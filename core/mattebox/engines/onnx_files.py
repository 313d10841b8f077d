"""ONNX files: whose network they hold, told from what they take, answer and hold.

Reads the file's bytes only; neither ``onnx`` nor ``onnxruntime`` is needed to tell.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mattebox.engines.onnx_proto import Model, Node, Port, ProtoError, read_model
from mattebox.errors import WeightsError

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
        shares_dimensions: True where tensors of different sizes use one name for their sides.
        producer: the program that wrote the file.
        notes: what it says about itself, key -> value; ``mattebox.*`` in our own exports.
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
    shares_dimensions: bool
    producer: str
    notes: Mapping[str, str] = field(repr=False)

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


def is_onnx(data: bytes) -> bool:
    """Whether bytes are an ONNX model. Cheap for everything else."""
    # ModelProto begins with its ir_version (field 1) in every file that tools write.
    if data[:1] != b"\x08":
        return False
    try:
        model = read_model(data)
    except ProtoError:
        return False
    return bool(model.nodes)


def identify_onnx(path: Path) -> OnnxNetwork:
    """Read an ONNX file.

    Raises:
        WeightsError: missing, damaged, no ONNX file, or with its weights in a second file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"the weights file {path} cannot be read: {error.strerror or error}",
            next_step="check --weights",
            path=path,
        ) from error
    return identify_onnx_bytes(data, path)


def identify_onnx_bytes(data: bytes, path: Path) -> OnnxNetwork:
    """``identify_onnx`` of a file already read."""
    try:
        model = read_model(data)
    except ProtoError as error:
        raise WeightsError(
            f"{path} is truncated, damaged or not an ONNX file ({error})",
            next_step="fetch the file again",
            path=path,
        ) from error
    if any(constant.is_elsewhere for constant in model.constants.values()):
        raise WeightsError(
            f"{path} keeps its weights in a second file",
            expected="one file, so that its sha256 says what it holds",
            next_step="save it again with onnx.save(onnx.load(FILE), OTHER)",
            path=path,
        )
    names = {port.name for port in model.inputs}
    answers = {port.name for port in model.outputs}
    is_rvm = {"src", *RVM_STATES} <= names and set(RVM_OUTPUTS) <= answers
    is_bgmv2 = set(BGMV2_INPUTS) <= names and set(BGMV2_OUTPUTS) <= answers
    network = _network_of(model) if is_rvm or is_bgmv2 else None
    if network is not None and network.startswith("rvm") != is_rvm:
        network = None
    has_ratio = network is not None and is_rvm and RVM_RATIO not in names
    return OnnxNetwork(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        network=network,
        precision=_precision(model),
        inputs=model.inputs,
        outputs=model.outputs,
        size=_size(model),
        ratio=_ratio(model) if has_ratio else None,
        has_ratio=has_ratio,
        refiner=_refiner(model) if network is not None and is_rvm else None,
        unrefined=_unrefined(model) if is_rvm else None,
        shares_dimensions=_shares_dimensions(model),
        producer=model.producer,
        notes=model.metadata,
    )


def _network_of(model: Model) -> str | None:
    shapes = Counter(constant.shape for constant in model.constants.values())
    for shape, network in STEMS.items():
        if shapes[shape]:
            if network == "bgmv2_resnet50" and shapes[DEEP_BLOCK] > MOST_DEEP_BLOCKS_OF_RESNET50:
                return "bgmv2_resnet101"
            return network
    return None


def _precision(model: Model) -> str:
    """The type that most weights have; of the first input where there are none."""
    weights = Counter(c.type for c in model.constants.values() if len(c.shape) > 1)
    if weights:
        return weights.most_common(1)[0][0]
    return model.inputs[0].type if model.inputs else "float32"


def _size(model: Model) -> tuple[int, int] | None:
    for port in model.inputs:
        if port.name == "src" or len(model.inputs) == 1:
            sides = port.shape[-2:]
            if len(port.shape) == 4 and isinstance(sides[0], int) and isinstance(sides[1], int):
                return sides[0], sides[1]
    return None


def _ratio(model: Model) -> float | None:
    """The ratio a file was made for: its note, else the factor by which it shrinks ``src``."""
    if RATIO_NOTE in model.metadata:
        try:
            return float(model.metadata[RATIO_NOTE])
        except ValueError:
            return None
    same = {"src"}
    for node in model.nodes:
        if node.inputs[:1] and node.inputs[0] in same:
            if node.kind in ("Identity", "Cast"):
                same.update(node.outputs)
            elif node.kind in ("Resize", "Upsample"):
                return _constant_scale(model, node)
    return 1.0


def _constant_scale(model: Model, resize: Node) -> float | None:
    for name in resize.inputs[1:]:
        values = model.constants[name].values if name in model.constants else ()
        if len(values) == 4 and 0.0 < values[3] < 1.0:
            return float(f"{values[3]:.7g}")
    return None


def _refiner(model: Model) -> str:
    if REFINER_NOTE in model.metadata:
        return model.metadata[REFINER_NOTE]
    is_deep = any(constant.shape == RVM_BOX for constant in model.constants.values())
    return "deep" if is_deep else "fast"


def _unrefined(model: Model) -> Port | None:
    # The learned refiner ends in a convolution of the same shape, further down.
    for node in model.nodes:
        weight = model.constants.get(node.inputs[1]) if len(node.inputs) > 1 else None
        if node.kind == "Conv" and weight is not None and weight.shape == RVM_HEAD:
            return Port(node.outputs[0], weight.type, (None, 4, None, None))
    return None


def _shares_dimensions(model: Model) -> bool:
    """Whether a tensor that has a size of its own names its sides as another does."""
    own: dict[str, str] = {}
    for port in (*model.inputs, *model.outputs):
        stem = port.name if port.name in BGMV2_COARSE else "picture"
        if port.name in (*RVM_STATES, *RVM_OUTPUTS[2:]):
            stem = port.name[:2]
        for side in port.shape[1:]:
            if isinstance(side, str) and own.setdefault(side, stem) != stem:
                return True
    return False
