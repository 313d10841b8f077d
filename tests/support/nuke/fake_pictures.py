"""What the strict fake's nodes put out: real files, read and written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio
from tests.support.nuke.fake_nodes import Group, Node

from mattebox_plugin.patterns import numbered

if TYPE_CHECKING:
    from tests.support.nuke.fake import FakeNuke

Picture = dict[str, npt.NDArray[np.float32]]
"""Channels by Nuke's names, HxW."""

NUKES_NAMES = {"R": "red", "G": "green", "B": "blue", "A": "alpha"}


def picture(host: FakeNuke, node: Node | None, frame: int) -> Picture:
    """A node's picture. Raises RuntimeError where Nuke would show an error."""
    if node is None:
        return {}
    if node.node_class == "Read" and not node.knobs_by_name["disable"]._value:
        return _read(host, node, frame)
    source, frame = _source(host, node, frame)
    above = picture(host, source, frame)
    is_on = not node.knobs_by_name["disable"]._value
    if is_on and node.node_class in ("Multiply", "Grade"):
        return _graded(host, node, above, frame)
    if node.node_class == "Reformat":
        return _scaled(host, node, above, frame)
    return above


def _source(host: FakeNuke, node: Node, frame: int) -> tuple[Node | None, int]:
    """The node that another one takes its picture from, and at which frame."""
    pipes, index = node.connected, 0
    if node.node_class == "Input":
        pipes, index = node.group.connected, int(node.knobs_by_name["number"]._value)
    elif node.knobs_by_name["disable"]._value:
        pass  # the first input goes through
    elif node.node_class == "Switch":
        which = node.knobs_by_name["which"]
        index = int(
            host.evaluate(node, which.expression[0], frame) if which.expression else which._value
        )
    elif node.node_class == "TimeOffset":
        frame -= int(node["time_offset"].value())
    elif isinstance(node, Group):
        (output,) = (one for one in node.members if one.node_class == "Output")
        pipes = output.connected
    return (pipes[index] if index < len(pipes) else None), frame


def read_exr(path: Path) -> Picture:
    """A file's channels by Nuke's names."""
    buffer = oiio.ImageBuf(str(path))
    if buffer.has_error:
        raise RuntimeError(f"{path}: {buffer.geterror()}")
    pixels = buffer.get_pixels(oiio.FLOAT)
    assert pixels is not None, path
    return {nukes_name(name): pixels[..., i] for i, name in enumerate(buffer.spec().channelnames)}


def nukes_name(channel: str) -> str:
    """``fg.R`` is fg.red, and ``R`` is rgba.red."""
    layer, _, last = channel.rpartition(".")
    return f"{layer or 'rgba'}.{NUKES_NAMES.get(last, last)}"


def write_exr(path: Path, channels: Picture, wanted: str) -> None:
    """Float EXR of rgba, black where a channel is not there; the other layers are left out."""
    assert wanted in ("rgba", "all"), f"this stand-in writes rgba, not {wanted}"
    some = next(iter(channels.values()))
    names = [f"rgba.{name}" for name in NUKES_NAMES.values()]
    pixels = np.stack([channels.get(name, np.zeros_like(some)) for name in names], axis=-1)
    spec = oiio.ImageSpec(some.shape[1], some.shape[0], 4, oiio.FLOAT)
    spec.attribute("compression", "zip")
    output = oiio.ImageOutput.create(str(path))
    assert output is not None, path
    assert output.open(str(path), spec), output.geterror()
    assert output.write_image(np.ascontiguousarray(pixels)), output.geterror()
    output.close()


def _read(host: FakeNuke, read: Node, frame: int) -> Picture:
    values: dict[str, Any] = {name: knob._value for name, knob in read.knobs_by_name.items()}
    if not values["raw"] and read.knobs_by_name["colorspace"]._value not in host.working_names:
        raise NotImplementedError("this stand-in converts no colour")
    first, last = int(read["first"].value()), int(read["last"].value())
    if not first <= frame <= last:
        side = values["before" if frame < first else "after"]
        if side == "black":
            return {}
        assert side == "hold", side
        frame = min(max(frame, first), last)
    knob: Any = read.knobs_by_name["file"]
    path = Path(numbered(knob.evaluated(), frame))
    if not path.is_file():
        raise RuntimeError(f"{read.fullName()}: Read error: No such file or directory: {path}")
    return read_exr(path)


def _numbers(host: FakeNuke, node: Node, name: str, frame: int) -> dict[str, float]:
    """A knob's number for each channel."""
    knob = node.knobs_by_name[name]
    if knob.expression:
        values = [host.evaluate(node, one, frame) for one in knob.expression]
    else:
        value = knob._value
        values = [value] * 4 if isinstance(value, float) else list(value)
    return dict(zip(NUKES_NAMES.values(), values, strict=False))


def _graded(host: FakeNuke, node: Node, above: Picture, frame: int) -> Picture:
    is_grade = node.node_class == "Grade"
    factors = _numbers(host, node, "multiply" if is_grade else "value", frame)
    added = _numbers(host, node, "add", frame) if is_grade else {}
    wanted = {"rgb": "red|green|blue", "all": ".*"}[node.knobs_by_name["channels"]._value]
    return {
        name: channel * np.float32(factors.get(name.rpartition(".")[2], 1.0))
        + np.float32(added.get(name.rpartition(".")[2], 0.0))
        if re.fullmatch(rf"rgba\.({wanted})", name)
        else channel
        for name, channel in above.items()
    }


def _scaled(host: FakeNuke, node: Node, above: Picture, frame: int) -> Picture:
    """A Reformat of type scale by a whole number, each pixel repeated; Nuke filters them."""
    if node["type"].value() != "scale":
        raise NotImplementedError("a Reformat of another type than scale")
    scale = node.knobs_by_name["scale"]
    value = host.evaluate(node, scale.expression[0], frame) if scale.expression else scale._value
    blown = np.ones((int(value), int(value)), np.float32)
    return {name: np.kron(values, blown) for name, values in above.items()}
