"""A network as a TorchScript file that takes one picture and gives one: Nuke's Inference node."""

from __future__ import annotations

import copy
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.export.bgmv2_graph import Bgmv2FrameGraph
from mattebox.export.clips import ClipFrame
from mattebox.export.files import Provenance, notes, quiet_exporter
from mattebox.export.parity import Bgmv2Answer, RvmAnswer
from mattebox.export.rvm_graph import RvmFrameGraph
from mattebox.export.sizes import checked_ratio, traced_size
from mattebox.whole_files import write_whole

Network = RobustVideoMatting | BackgroundMatting

FOLDER = "mattebox"
"""Of all members inside the file."""

NOTES = "mattebox.json"
"""Name of the notes inside the file."""

DEFAULT_RVM_RATIO = 0.25
"""As the release advises for HD."""

LEFT_OUT = (".debug_pkl", ".data/serialization_id")
"""Members that readers do without: stack traces, which hold paths of the machine that wrote them,
and a hash over the rest."""

MANGLED = b"___torch_mangle_"
"""torch's mark of a class it has met before, followed by a number."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest date a zip member can carry: equal calls give equal bytes."""


def export_torchscript(
    network: Network,
    path: Path,
    *,
    ratio: float = DEFAULT_RVM_RATIO,
    refinement: Refinement | None = None,
    provenance: Provenance | None = None,
) -> None:
    """Write a network as TorchScript: [1,C,H,W] in, [1,4,H,W] out; equal calls give equal bytes.

    In: RVM the frame's RGB, BGMv2 the frame's RGB and its background's; display-encoded, 0..1, any
    size. Out: straight foreground RGB, display-encoded, and alpha. RVM has no memory here: every
    frame is treated as the first.

    Args:
        network: float32, on the CPU, in ``eval`` mode; left as it is.
        path: replaced whole, or not at all.
        ratio: size of the coarse picture.
        refinement: BGMv2: where to refine; None is the release's default.
        provenance: stands in the file.

    Raises:
        UsageError: a ratio out of range.
        WriteError: the file could not be written.
    """
    checked_ratio(network, ratio)
    network = copy.deepcopy(network)
    graph: nn.Module
    if isinstance(network, BackgroundMatting):
        refinement = refinement or Refinement()
        graph = Bgmv2FrameGraph(network, ratio, refinement)
        channels = 6
    else:
        refinement = None
        graph = RvmFrameGraph(network, ratio)
        channels = 3
    example = torch.full((1, channels, *traced_size(ratio)), 0.5)
    kept = notes(network, ratio, "float32", refinement, provenance)
    stream = io.BytesIO()
    with quiet_exporter(), torch.no_grad():
        # Twice: torch gives a class its plain name when it first meets it, and only then.
        _traced(graph, example)
        traced = _traced(graph, example)
        torch.jit.save(traced, stream, _extra_files={NOTES: json.dumps(kept, indent=1)})
    write_whole(path, _tidy(stream.getvalue()))


def operators_used(path: Path) -> list[str]:
    """Names of torch's operators that a file needs, sorted."""
    module = _read(path)
    with quiet_exporter():
        names: list[str] = torch.jit.export_opnames(module)  # type: ignore[no-untyped-call]
    return sorted(names)


def _traced(graph: nn.Module, example: torch.Tensor) -> Any:
    # Its own check runs the example again; ours runs other sizes.
    return torch.jit.trace(graph.eval(), example, check_trace=False)  # type: ignore[no-untyped-call]


def _read(path: Path) -> Any:
    with quiet_exporter():
        return torch.jit.load(path, map_location="cpu")  # type: ignore[no-untyped-call]


def _tidy(data: bytes) -> bytes:
    """The archive as it is the same from every process.

    torch's numbered names are counted from 0; torch itself counts on as long as a process lives.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as given:
        members = {
            item.filename.partition("/")[2]: given.read(item)
            for item in given.infolist()
            if not item.filename.endswith(LEFT_OUT)
        }
    numbers: dict[bytes, bytes] = {}

    def renumbered(match: re.Match[bytes]) -> bytes:
        return MANGLED + numbers.setdefault(match[1], str(len(numbers)).encode())

    numbered = re.compile(MANGLED + rb"(\d+)")
    # The list of all modules comes first: it says in which order they are counted.
    for member in sorted(members, key=lambda member: member != "data.pkl"):
        if member == "data.pkl" or member.startswith("code/"):
            members[member] = numbered.sub(renumbered, members[member])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as kept:
        for member, content in members.items():
            path = numbered.sub(renumbered, f"{FOLDER}/{member}".encode()).decode()
            kept.writestr(zipfile.ZipInfo(path, EPOCH), content)
    return stream.getvalue()


class TorchScriptFile:
    """The file, run by torch on the CPU to compare it with the network it was made of."""

    def __init__(self, path: Path) -> None:
        self._module = _read(path)

    def rvm(self, source: torch.Tensor, ratio: float, before: RvmAnswer | None) -> RvmAnswer:  # noqa: ARG002 - both are the file's
        """One frame [1,3,H,W] float32; the ratio is the file's, and there is no memory."""
        answer = self._run(source)
        return RvmAnswer(answer[:, 3:], answer[:, :3], ())

    def bgmv2(self, frame: ClipFrame) -> Bgmv2Answer:
        """One frame and its background."""
        answer = self._run(torch.cat([frame.source, frame.background], dim=1))
        return Bgmv2Answer(answer[:, 3:], answer[:, :3], None)

    def _run(self, picture: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            answer: torch.Tensor = self._module(picture)
        return answer
