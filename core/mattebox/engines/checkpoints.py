"""Named tensors: which network they are of, whether they are whole, and a network made of them.

The network is told from names and shapes, never from a file's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import torch

from mattebox.engines.networks.bgmv2 import BackgroundMatting
from mattebox.engines.networks.mobilenetv3 import IMAGENET, Normalisation
from mattebox.engines.networks.rvm import RobustVideoMatting, RvmRefiner
from mattebox.engines.weights_file import KNOWN
from mattebox.errors import WeightsError, named

RvmName = Literal["rvm_mobilenetv3", "rvm_resnet50"]
Bgmv2Name = Literal["bgmv2_mobilenetv2", "bgmv2_resnet50", "bgmv2_resnet101"]
NetworkName: TypeAlias = RvmName | Bgmv2Name

COUNTERS = ".num_batches_tracked"
"""Ending of batch norm's training counters: of no effect here, so they may be absent."""
SEGMENTATION = "project_seg."
"""RVM's segmentation head: it is never run, so it may be absent; then it is 0."""
REFINER = "refiner."
CONSTANTS = {"mean": IMAGENET.mean, "deviation": IMAGENET.deviation, "std": IMAGENET.deviation}
"""Of the encoder's normalisation: part of a TorchScript archive, though they are no weights."""
NAMES_IN_A_MESSAGE = 4


@dataclass(frozen=True)
class Checkpoint:
    """The weights of one network, complete under the official names.

    Attributes:
        network: whose they are.
        refiner: RVM: ``deep`` where the file holds the learned refiner, else ``fast``; BGMv2: None.
        tensors: official name -> float32 tensor on the CPU (int64 for batch norm's counters).
        sha256: of the file's bytes, or of names and values where there was no file.
        path: the file, or None.
    """

    network: NetworkName
    refiner: RvmRefiner | None
    tensors: Mapping[str, torch.Tensor] = field(repr=False)
    sha256: str
    path: Path | None = None


def identify(
    tensors: Mapping[str, torch.Tensor], sha256: str | None = None, path: Path | None = None
) -> Checkpoint:
    """Find out whose weights these are and check that they are whole.

    Args:
        tensors: a state dict under the official names, any floating type.
        sha256: of the file they came from; None computes one of names and values.
        path: that file, for messages.

    Raises:
        WeightsError: unknown network, or names, shapes or values that are not its own.
    """
    tensors = _without_constants(dict(tensors), path)
    found = _network_of(tensors)
    if found is None:
        raise WeightsError(
            f"{_called(path)} hold no network that Mattebox knows; "
            f"first names: {_some(sorted(tensors))}",
            expected=KNOWN,
            path=path,
        )
    network, refiner = found
    with torch.device("meta"):
        model = build_network(network, refiner)
    expected = model.state_dict()
    complete = _completed(tensors, expected)
    _check(network, complete, expected, path)
    whole = {name: _as_expected(complete[name], tensor) for name, tensor in expected.items()}
    if sha256 is None:
        sha256 = _digest(whole)
    return Checkpoint(network, refiner, whole, sha256, path)


def build_network(
    network: NetworkName,
    refiner: RvmRefiner | None = None,
    normalisation: Normalisation = IMAGENET,
) -> RobustVideoMatting | BackgroundMatting:
    """A network with torch's own random weights, in ``eval`` mode.

    Args:
        network: which.
        refiner: RVM only; None is ``deep``.
        normalisation: RVM mobilenetv3 only.
    """
    model: RobustVideoMatting | BackgroundMatting
    match network:
        case "rvm_mobilenetv3":
            model = RobustVideoMatting(
                "mobilenetv3", refiner or "deep", normalisation=normalisation
            )
        case "rvm_resnet50":
            model = RobustVideoMatting("resnet50", refiner or "deep")
        case "bgmv2_mobilenetv2":
            model = BackgroundMatting("mobilenetv2")
        case "bgmv2_resnet50":
            model = BackgroundMatting("resnet50")
        case "bgmv2_resnet101":
            model = BackgroundMatting("resnet101")
    return model.eval().requires_grad_(requires_grad=False)


def load_rvm(
    checkpoint: Checkpoint,
    refiner: RvmRefiner | None = None,
    normalisation: Normalisation = IMAGENET,
) -> RobustVideoMatting:
    """RVM with its weights, float32 on the CPU.

    Args:
        checkpoint: of ``rvm_...``.
        refiner: None takes what the weights hold.
        normalisation: of the mobilenetv3 encoder.

    Raises:
        WeightsError: weights of another network, or the deep refiner where they hold none.
    """
    refiner = refiner or checkpoint.refiner or "fast"
    if refiner == "deep" and checkpoint.refiner == "fast":
        raise WeightsError(
            f"{_called(checkpoint.path)} hold no deep guided filter",
            next_step=f"use {named('refiner')} fast or auto, or the release's .pth file",
            path=checkpoint.path,
        )
    with torch.device("meta"):
        model = build_network(checkpoint.network, refiner, normalisation)
    if not isinstance(model, RobustVideoMatting):
        raise _wrong_engine(checkpoint, "rvm", "bgmv2")
    wanted = model.state_dict()
    model.load_state_dict({name: checkpoint.tensors[name] for name in wanted}, assign=True)
    return model.requires_grad_(requires_grad=False)


def load_bgmv2(checkpoint: Checkpoint) -> BackgroundMatting:
    """BGMv2 with its weights, float32 on the CPU. Raises WeightsError for another network's."""
    with torch.device("meta"):
        model = build_network(checkpoint.network)
    if not isinstance(model, BackgroundMatting):
        raise _wrong_engine(checkpoint, "bgmv2", "rvm")
    model.load_state_dict(dict(checkpoint.tensors), assign=True)
    return model.requires_grad_(requires_grad=False)


def _wrong_engine(checkpoint: Checkpoint, asked: str, right: str) -> WeightsError:
    return WeightsError(
        f"{_called(checkpoint.path)} are of {checkpoint.network}, not of {asked}",
        next_step=f"use {named('engine')} {right}, or other weights",
        path=checkpoint.path,
    )


def _network_of(
    tensors: Mapping[str, torch.Tensor],
) -> tuple[NetworkName, RvmRefiner | None] | None:
    """Network and RVM's refiner, from names that only one network has."""
    is_resnet = "backbone.conv1.weight" in tensors
    if "decoder.decode0.conv.0.weight" in tensors:
        refiner: RvmRefiner = (
            "deep" if any(name.startswith(REFINER) for name in tensors) else "fast"
        )
        return ("rvm_resnet50" if is_resnet else "rvm_mobilenetv3"), refiner
    if "decoder.conv4.weight" in tensors:
        if not is_resnet:
            return "bgmv2_mobilenetv2", None
        is_deeper = any(name.startswith("backbone.layer3.6.") for name in tensors)
        return ("bgmv2_resnet101" if is_deeper else "bgmv2_resnet50"), None
    return None


def _without_constants(
    tensors: dict[str, torch.Tensor], path: Path | None
) -> dict[str, torch.Tensor]:
    """The tensors without those that a program keeps beside its weights, which must be ours."""
    for ending, wanted in CONSTANTS.items():
        found = tensors.pop(f"backbone.{ending}", None)
        if found is not None and not torch.equal(
            found.flatten(), torch.tensor(wanted, dtype=found.dtype)
        ):
            raise WeightsError(
                f"{_called(path)} normalise the picture with backbone.{ending} "
                f"{found.flatten().tolist()}",
                expected=f"ImageNet's {list(wanted)}",
                next_step="give the release's own file",
                path=path,
            )
    return tensors


def _completed(
    tensors: Mapping[str, torch.Tensor], expected: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The tensors with zeros for those that may be absent."""
    optional = (
        name for name in expected if name.endswith(COUNTERS) or name.startswith(SEGMENTATION)
    )
    complete = {
        name: torch.zeros(expected[name].shape, dtype=expected[name].dtype) for name in optional
    }
    complete.update(tensors)
    return complete


def _check(
    network: NetworkName,
    tensors: Mapping[str, torch.Tensor],
    expected: Mapping[str, torch.Tensor],
    path: Path | None,
) -> None:
    missing = [name for name in expected if name not in tensors]
    unexpected = [name for name in tensors if name not in expected]
    common = [name for name in expected if name in tensors]
    misshapen = [
        f"{name} {list(tensors[name].shape)} instead of {list(expected[name].shape)}"
        for name in common
        if tensors[name].shape != expected[name].shape
    ]
    untyped = [
        f"{name} {tensors[name].dtype}"
        for name in common
        if tensors[name].is_floating_point() != expected[name].is_floating_point()
    ]
    faults = [
        f"{len(names)} {what}: {_some(names)}"
        for what, names in (
            ("missing", missing),
            ("unexpected", unexpected),
            ("of another shape", misshapen),
            ("of another number type", untyped),
        )
        if names
    ]
    if not faults:
        broken = [name for name in common if not bool(torch.isfinite(tensors[name]).all())]
        faults = [f"{len(broken)} with NaN or Inf: {_some(broken)}"] if broken else []
    if faults:
        raise WeightsError(
            f"{_called(path)} look like {network} and do not fit it: " + "; ".join(faults),
            expected=f"{len(expected)} tensors under the official names",
            next_step="fetch the file again, or export it from the release's own",
            path=path,
        )


def _as_expected(tensor: torch.Tensor, expected: torch.Tensor) -> torch.Tensor:
    return tensor.detach().to(device="cpu", dtype=expected.dtype).contiguous()


def _digest(tensors: Mapping[str, torch.Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].numpy().tobytes())
    return digest.hexdigest()


def _called(path: Path | None) -> str:
    return "the weights" if path is None else f"the weights {path}"


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:NAMES_IN_A_MESSAGE])
    return shown + (", ..." if len(names) > NAMES_IN_A_MESSAGE else "") if names else "none"
