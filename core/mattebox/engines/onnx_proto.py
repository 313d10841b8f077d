"""The few parts of an ONNX file that matter before a session is made, read from its bytes.

An ONNX file is a protobuf message. Its interface, the shapes of its weights and the one thing that
has to be mended in the official files (names of dimensions) are a handful of fields, so they are
read here: the ``onnx`` package is not needed to run a network, only to export one. Field numbers:
onnx.proto3 of the ONNX specification.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
    11: "float64", 16: "bfloat16",
}  # fmt: skip
"""TensorProto.DataType -> name, as torch says it."""

LARGEST_CONSTANT = 16
"""Values of tensors with more numbers are not kept: they are weights, not settings."""
WIDEST_NUMBER = 8
"""Bytes."""

VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5
"""Wire types of protobuf."""

Shape: TypeAlias = "tuple[int | str | None, ...]"
"""Sides of a tensor: a number, the name of a dynamic one, or None where nothing is said."""


class ProtoError(ValueError):
    """Bytes that are no protobuf message of the kind expected."""


@dataclass(frozen=True)
class Port:
    """An input or output: its name, number type and shape."""

    name: str
    type: str
    shape: Shape


@dataclass(frozen=True)
class Constant:
    """A tensor in the file; ``values`` only where it is small."""

    name: str
    type: str
    shape: tuple[int, ...]
    values: tuple[float, ...] = ()
    is_elsewhere: bool = False


@dataclass(frozen=True)
class Node:
    """One operation."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """What is read of a file. ``metadata`` are its free key-value notes."""

    producer: str
    opset: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    nodes: tuple[Node, ...] = field(repr=False)
    constants: dict[str, Constant] = field(repr=False)
    metadata: dict[str, str]


def read_model(data: bytes) -> Model:
    """Read a file's bytes. Raises ProtoError where they are not an ONNX model."""
    try:
        return _model(memoryview(data))
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ProtoError(f"cut off or damaged: {error}") from error


def with_own_dimensions(data: bytes) -> bytes:
    """The same model with a name of its own for every dynamic side of every input and output.

    Notes about shapes inside the graph go, since they may use the names that were shared.
    """
    parts = []
    for number, wire, value in _fields(memoryview(data)):
        parts.append(_written(number, wire, _renamed_graph(value) if number == 7 else value))
    return b"".join(parts)


def with_output(data: bytes, name: str, kind: str) -> bytes:
    """The same model that also answers with a tensor inside its graph."""
    code = next(number for number, known in TYPES.items() if known == kind)
    tensor = _written(1, BYTES, _written(1, VARINT, code))
    port = _written(1, BYTES, name.encode()) + _written(2, BYTES, tensor)
    return b"".join(
        _written(number, wire, bytes(value) + _written(12, BYTES, port) if number == 7 else value)
        for number, wire, value in _fields(memoryview(data))
    )


Value: TypeAlias = "int | memoryview | bytes"


def _fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Number, wire type and value of each field; nested messages and strings as bytes."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise ProtoError("a field with the number 0")
        value: int | memoryview
        if wire == VARINT:
            value, at = _varint(message, at)
        else:
            if wire == BYTES:
                size, at = _varint(message, at)
            elif wire in (EIGHT_BYTES, FOUR_BYTES):
                size = 8 if wire == EIGHT_BYTES else 4
            else:
                raise ProtoError(f"wire type {wire}")
            if at + size > end:
                raise ProtoError(f"{at + size - end} bytes are missing")
            value, at = message[at : at + size], at + size
        yield number, wire, value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ProtoError("a number of more than 64 bits")


def _written(number: int, wire: int, value: Value) -> bytes:
    if isinstance(value, int):
        return _varint_bytes(number << 3 | wire) + _varint_bytes(value)
    size = _varint_bytes(len(value)) if wire == BYTES else b""
    return _varint_bytes(number << 3 | wire) + size + bytes(value)


def _varint_bytes(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _message(value: Value) -> memoryview:
    if isinstance(value, int):
        raise ProtoError("a number where a message was expected")
    return memoryview(value)


def _text(value: Value) -> str:
    return bytes(_message(value)).decode()


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise ProtoError("a message where a number was expected")
    return value


def _model(message: memoryview) -> Model:
    producer, opset, metadata = "", 0, {}
    graph: memoryview | None = None
    for number, _, value in _fields(message):
        if number == 2:
            producer = _text(value)
        elif number == 7:
            graph = _message(value)
        elif number == 8:
            entry = {n: v for n, _, v in _fields(_message(value))}
            if not bytes(_message(entry.get(1, b""))):  # ONNX's own operators
                opset = _number(entry.get(2, 0))
        elif number == 14:
            entry = {n: v for n, _, v in _fields(_message(value))}
            metadata[_text(entry.get(1, b""))] = _text(entry.get(2, b""))
    if graph is None:
        raise ProtoError("there is no graph")
    return _graph(graph, producer, opset, metadata)


def _graph(message: memoryview, producer: str, opset: int, metadata: dict[str, str]) -> Model:
    nodes, inputs, outputs = [], [], []
    constants: dict[str, Constant] = {}
    for number, _, value in _fields(message):
        if number == 1:
            node, constant = _node(_message(value))
            nodes.append(node)
            if constant is not None:
                constants[node.outputs[0]] = constant
        elif number == 5:
            tensor = _tensor(_message(value))
            constants[tensor.name] = tensor
        elif number == 11:
            inputs.append(_port(_message(value)))
        elif number == 12:
            outputs.append(_port(_message(value)))
    # Old files list their weights among the inputs, too.
    given = tuple(port for port in inputs if port.name not in constants)
    return Model(producer, opset, given, tuple(outputs), tuple(nodes), constants, metadata)


def _node(message: memoryview) -> tuple[Node, Constant | None]:
    """An operation, and its value where it is a Constant."""
    inputs, outputs, kind = [], [], ""
    constant: Constant | None = None
    for number, _, value in _fields(message):
        if number == 1:
            inputs.append(_text(value))
        elif number == 2:
            outputs.append(_text(value))
        elif number == 4:
            kind = _text(value)
        elif number == 5:
            for inner, _, held in _fields(_message(value)):
                if inner == 5:
                    constant = _tensor(_message(held))
    node = Node(kind, tuple(inputs), tuple(outputs))
    return node, constant if kind == "Constant" and outputs else None


def _tensor(message: memoryview) -> Constant:
    name, code, raw, elsewhere = "", 0, b"", False
    shape: list[int] = []
    values: tuple[float, ...] = ()
    for number, wire, value in _fields(message):
        if number == 1:
            shape += _packed(value, wire)
        elif number == 2:
            code = _number(value)
        elif (
            number == 4
            and wire == BYTES
            and len(_message(value)) <= WIDEST_NUMBER * LARGEST_CONSTANT
        ):
            packed = bytes(_message(value))
            values = struct.unpack(f"<{len(packed) // 4}f", packed)
        elif number == 8:
            name = _text(value)
        elif number == 9 and len(_message(value)) <= WIDEST_NUMBER * LARGEST_CONSTANT:
            raw = bytes(_message(value))
        elif number == 14:
            elsewhere = _number(value) == 1
    kind = TYPES.get(code, "other")
    letter = {"float32": "f", "float16": "e", "float64": "d", "int64": "q", "int32": "i"}.get(kind)
    if raw and letter is not None:
        count = len(raw) // struct.calcsize(letter)
        values = struct.unpack(f"<{count}{letter}", raw)
    if len(values) > LARGEST_CONSTANT:
        values = ()
    return Constant(name, kind, tuple(shape), values, elsewhere)


def _packed(value: Value, wire: int) -> list[int]:
    if wire == VARINT:
        return [_number(value)]
    numbers, at, message = [], 0, _message(value)
    while at < len(message):
        read, at = _varint(message, at)
        numbers.append(read)
    return numbers


def _port(message: memoryview) -> Port:
    name, kind = "", "other"
    shape: list[int | str | None] = []
    for number, _, value in _fields(message):
        if number == 1:
            name = _text(value)
        elif number == 2:
            for inner, _, tensor in _fields(_message(value)):
                if inner != 1:
                    continue
                for part, _, held in _fields(_message(tensor)):
                    if part == 1:
                        kind = TYPES.get(_number(held), "other")
                    elif part == 2:
                        shape = [
                            _side(_message(side))
                            for n, _, side in _fields(_message(held))
                            if n == 1
                        ]
    return Port(name, kind, tuple(shape))


def _side(message: memoryview) -> int | str | None:
    for number, _, value in _fields(message):
        if number == 1:
            return _number(value)
        if number == 2:
            return _text(value)
    return None


def _renamed_graph(value: Value) -> bytes:
    parts = []
    for number, wire, held in _fields(_message(value)):
        if number in (11, 12):
            parts.append(_written(number, wire, _renamed_port(_message(held))))
        elif number != 13:
            parts.append(_written(number, wire, held))
    return b"".join(parts)


def _renamed_port(message: memoryview) -> bytes:
    """A ValueInfoProto: type -> tensor_type -> shape -> dim -> dim_param."""
    name = _port(message).name

    def shape(held: memoryview) -> bytes:
        sides = []
        for axis, (number, wire, side) in enumerate(_fields(held)):
            is_named = number == 1 and isinstance(_side(_message(side)), str)
            own = _written(2, BYTES, f"{name}_axis{axis}".encode())
            sides.append(_written(number, wire, own if is_named else side))
        return b"".join(sides)

    def tensor(held: memoryview) -> bytes:
        return b"".join(
            _written(n, wire, shape(_message(v)) if n == 2 else v) for n, wire, v in _fields(held)
        )

    def kind(held: memoryview) -> bytes:
        return b"".join(
            _written(n, wire, tensor(_message(v)) if n == 1 else v) for n, wire, v in _fields(held)
        )

    return b"".join(
        _written(n, wire, kind(_message(v)) if n == 2 else v) for n, wire, v in _fields(message)
    )
