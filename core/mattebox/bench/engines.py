"""How many frames per second each network answers, on each backend and in each number type.

The network alone: no file is read, no colour converted, nothing solved. Weights are torch's own
random ones, seeded, because no figure here depends on what a network has learned: RVM computes the
same for every picture, and BGMv2 is made to refine as many cells as it may.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Literal, TypeAlias

import torch

from mattebox.engines.base import Engine, EngineInput
from mattebox.engines.bgmv2 import (
    HD_PIXELS,
    HD_SCALE,
    LARGEST_HD_SIDE,
    UHD_PIXELS,
    UHD_SCALE,
    Bgmv2Engine,
)
from mattebox.engines.bgmv2_onnx import Bgmv2OnnxEngine
from mattebox.engines.checkpoints import Checkpoint, NetworkName, build_network, identify
from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.engines.rvm import RvmEngine, auto_ratio
from mattebox.engines.rvm_onnx import RvmOnnxEngine
from mattebox.errors import DeviceError
from mattebox.export.clips import seeded_frame
from mattebox.export.onnx import Network, export_onnx

Backend = Literal["torch", "onnx"]
Precision = Literal["float32", "float16"]
Size: TypeAlias = tuple[int, int]

NETWORKS: tuple[NetworkName, ...] = (
    "rvm_mobilenetv3",
    "rvm_resnet50",
    "bgmv2_mobilenetv2",
    "bgmv2_resnet50",
    "bgmv2_resnet101",
)
BACKENDS: tuple[Backend, ...] = ("torch", "onnx")
PRECISIONS: tuple[Precision, ...] = ("float32", "float16")

RVM_RATIOS = {1280: 0.375, 1920: 0.25, 3840: 0.125}
"""Longer side -> ratio that the official figures were measured at; other sizes use auto."""

WARM_UP = {"cpu": 1, "cuda": 3}
"""Frames before the first one timed: they load kernels and fill the allocator's pools."""

PICTURES = 2  # different ones, taken in turn
_SEED = 0
_ERROR_CHANNEL, _ERROR_BIAS = 4, 0.5  # of BGMv2's coarse answer: alpha, residual, error


@dataclass(frozen=True)
class Case:
    """What one row measures. ``size`` is height and width."""

    network: NetworkName
    backend: Backend
    precision: Precision
    size: Size

    @property
    def is_reference(self) -> bool:
        """True for what the others of the same network and size are held against."""
        return self.backend == "torch" and self.precision == "float32"


@dataclass(frozen=True)
class Speed:
    """What was measured of a case.

    Attributes:
        case: of what.
        seconds: of each timed frame, in order; empty where it could not run.
        cpu_seconds: what the process computed meanwhile, all threads together: on a machine that
            others use, too, it stays near what a free one would need.
        reference: seconds of the reference, frame by frame beside ``seconds``; empty where that
            could not run.
        peak_bytes: CUDA and torch only: the most memory that weights, states and one frame's
            arithmetic took, without the pictures; onnxruntime does not tell its own.
        note: why it could not run.
    """

    case: Case
    seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]
    reference: tuple[float, ...]
    peak_bytes: int | None = None
    note: str = ""

    @property
    def median(self) -> float | None:
        """Seconds per frame."""
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def cpu_median(self) -> float | None:
        """CPU seconds per frame."""
        return statistics.median(self.cpu_seconds) if self.cpu_seconds else None

    @property
    def frames_per_second(self) -> float | None:
        return None if self.median is None else 1.0 / self.median

    @property
    def ratio(self) -> float | None:
        """Times as fast as the reference: median over the rounds, in which both ran in turn."""
        pairs = list(zip(self.reference, self.seconds, strict=False))
        return statistics.median(theirs / own for theirs, own in pairs) if pairs else None


def measure_network(
    name: NetworkName,
    size: Size,
    folder: Path,
    *,
    backends: Sequence[Backend],
    precisions: Sequence[Precision],
    device: torch.device,
    frames: int,
    on_case: Callable[[Case], None] | None = None,
) -> list[Speed]:
    """Measure one network at one size, the reference first.

    All cases take turns, one frame each: what else the machine does meets them alike, so ratios
    hold where seconds do not.

    Args:
        name: whose speed.
        size: height and width.
        folder: for ONNX files, which are made once and then found there.
        backends, precisions: all pairs are measured; the reference, torch in float32, always is.
        device: where to compute.
        frames: timed frames of each case.
        on_case: called before a case is made ready.

    Raises:
        UsageError: a size that is too small for the network.
    """
    wanted = [Case(name, b, p, size) for p in precisions for b in backends]
    reference = Case(name, "torch", "float32", size)
    cases = [reference, *(case for case in wanted if not case.is_reference)]
    pictures = [_input(size, index, device) for index in range(PICTURES)]
    model = seeded_network(name)
    ready: dict[Case, _Run] = {}
    notes: dict[Case, str] = {}
    for case in cases:
        if on_case is not None:
            on_case(case)
        try:
            make = partial(_engine, case, model, folder, device)
            ready[case] = _Run(make, pictures, device)
        except DeviceError as error:
            notes[case] = error.message
    timed: dict[Case, list[_Time]] = {case: [] for case in cases}
    for _ in range(frames):
        for case, run in ready.items():
            if case not in notes:
                try:
                    timed[case].append(run.step())
                except DeviceError as error:
                    notes[case] = error.message
    return [
        Speed(
            case,
            () if case in notes else tuple(time.wall for time in timed[case]),
            () if case in notes else tuple(time.cpu for time in timed[case]),
            () if reference in notes else tuple(time.wall for time in timed[reference]),
            ready[case].peak_bytes if case in ready and case.backend == "torch" else None,
            notes.get(case, ""),
        )
        for case in cases
    ]


@dataclass(frozen=True)
class _Time:
    """Seconds of one frame: passed, and computed by this process."""

    wall: float
    cpu: float


class _Run:
    """One engine going through the pictures with its memory, warm from the beginning."""

    def __init__(
        self,
        make: Callable[[], Engine[Any]],
        pictures: Sequence[EngineInput],
        device: torch.device,
    ) -> None:
        is_cuda = device.type == "cuda"
        before = torch.cuda.memory_allocated(device) if is_cuda else 0
        self._engine = make()
        self._inputs = _endless(pictures)
        self._device = device
        self._state: Any = None
        if is_cuda:
            torch.cuda.reset_peak_memory_stats(device)
        for _ in range(WARM_UP[device.type]):
            self.step()
        # Engines made before this one stay where they are, and are not its own.
        self.peak_bytes = torch.cuda.max_memory_allocated(device) - before if is_cuda else None

    def step(self) -> _Time:
        """The next frame."""
        picture = next(self._inputs)
        self._wait()
        start, cpu_start = perf_counter(), process_time()
        _, self._state = self._engine.predict(picture, self._state)
        self._wait()
        return _Time(perf_counter() - start, process_time() - cpu_start)

    def _wait(self) -> None:
        """CUDA computes behind the program's back."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


def _endless(pictures: Sequence[EngineInput]) -> Iterator[EngineInput]:
    while True:
        yield from pictures


def _input(size: Size, index: int, device: torch.device) -> EngineInput:
    frame = seeded_frame(*size, index)
    source, plate = frame.source.to(device), frame.background.to(device)
    return EngineInput(source, background_linear=plate, encoded=source, background_encoded=plate)


def seeded_network(name: NetworkName) -> Network:
    """A network with random weights, the same ones every time, that computes all it can."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        model = build_network(name)
    if isinstance(model, BackgroundMatting):
        # Cells with an expected error of 0 are not refined; random weights give many of those.
        bias = model.decoder.conv4.bias
        assert bias is not None
        bias[_ERROR_CHANNEL] += _ERROR_BIAS
    return model


def _engine(case: Case, model: Network, folder: Path, device: torch.device) -> Engine[Any]:
    """The engine as a user would have it, with the settings of the official figures."""
    height, width = case.size
    ratio = RVM_RATIOS.get(max(case.size)) or auto_ratio(height, width)
    if case.backend == "torch":
        weights = _own_copy(identify(model.state_dict()))
        if isinstance(model, BackgroundMatting):
            return Bgmv2Engine(weights, device=device, precision=case.precision)
        return RvmEngine(weights, device=device, precision=case.precision, ratio=ratio)
    file = _onnx_file(case, model, folder)
    if isinstance(model, BackgroundMatting):
        return Bgmv2OnnxEngine(file, device=device, precision=case.precision)
    return RvmOnnxEngine(file, device=device, precision=case.precision, ratio=ratio)


def _own_copy(checkpoint: Checkpoint) -> Checkpoint:
    """An engine may change what it was given: it folds, narrows and moves its weights."""
    return replace(checkpoint, tensors={k: v.clone() for k, v in checkpoint.tensors.items()})


def _onnx_file(case: Case, model: Network, folder: Path) -> Path:
    """The case's file for pictures of any size; BGMv2's settings of HD or 4K are part of it."""
    is_large = max(case.size) > LARGEST_HD_SIDE
    kind = "uhd" if is_large else "hd"
    file = folder / f"{case.network}_{case.precision}_{kind}.onnx"
    if file.exists():
        return file
    if isinstance(model, BackgroundMatting):
        scale, pixels = (UHD_SCALE, UHD_PIXELS) if is_large else (HD_SCALE, HD_PIXELS)
        refinement = Refinement("sampling", pixels)
        export_onnx(model, file, ratio=scale, precision=case.precision, refinement=refinement)
    else:
        export_onnx(model, file, precision=case.precision)
    return file
