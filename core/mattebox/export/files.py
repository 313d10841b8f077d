"""What exported files share: libraries asked for, quiet exporters, notes, writing whole."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from mattebox import __version__
from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.engines.networks.guided_filter import DeepGuidedFilter
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.errors import DeviceError

KNOWN_WARNINGS = (
    r"You are using the legacy TorchScript-based ONNX export",
    r"The feature will be removed\. Please remove usage of this function",
    r"Converting a tensor to a Python (boolean|integer|float) might cause the trace",
    r"Constant folding - Only steps=1 can be constant folded",
    r"`torch\.jit\.\w+` is deprecated",
    r"`torch\.jit\.\w+` is not supported in Python 3\.14",
)
"""Beginnings of what torch says about the path chosen here (docs/export.md) and about branches on
sizes, which the parity check at several sizes covers."""


@dataclass(frozen=True)
class Provenance:
    """Where weights come from.

    Attributes:
        network: ``rvm_mobilenetv3``, ...
        sha256: of the weights file.
        licence: SPDX identifier, or None where it is not known.
    """

    network: str
    sha256: str
    licence: str | None = None


def needed(module: str) -> Any:
    """An optional library's module. Raises DeviceError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise DeviceError(
            f"exporting needs {module.partition('.')[0]}, which is not installed ({error})",
            next_step="pip install 'mattebox[export]'",
        ) from error


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Known warnings of torch's exporters are left out; others pass."""
    with warnings.catch_warnings():
        for text in KNOWN_WARNINGS:
            warnings.filterwarnings("ignore", message=text)
        yield


def notes(
    network: RobustVideoMatting | BackgroundMatting,
    ratio: float | None,
    precision: str,
    refinement: Refinement | None,
    provenance: Provenance | None,
) -> dict[str, str]:
    """What a file says about itself, key -> value, in a fixed order."""
    kept = {"mattebox.version": __version__, "mattebox.precision": precision}
    if provenance is not None:
        kept["mattebox.network"] = provenance.network
        kept["mattebox.weights_sha256"] = provenance.sha256
        kept["mattebox.licence"] = provenance.licence or "unknown"
    if ratio is not None:
        kept["mattebox.downsample_ratio"] = repr(ratio)
    if isinstance(network, RobustVideoMatting):
        is_deep = isinstance(network.refiner, DeepGuidedFilter)
        kept["mattebox.refiner"] = "deep" if is_deep else "fast"
    if refinement is not None:
        kept["mattebox.refine_mode"] = refinement.mode
        if refinement.mode == "sampling":
            kept["mattebox.refine_pixels"] = str(refinement.sample_pixels)
        if refinement.mode == "thresholding":
            kept["mattebox.refine_threshold"] = repr(refinement.threshold)
    kept["mattebox.torch"] = str(torch.__version__)
    return kept
