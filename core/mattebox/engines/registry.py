"""From an engine's name to the engine, imported only when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from mattebox.engines.base import Engine, EngineInfo
from mattebox.engines.onnx_files import OnnxNetwork
from mattebox.engines.weights_file import Weights, read_weights
from mattebox.errors import UsageError, WeightsError, named
from mattebox.network_config import NetworkConfig
from mattebox.settings import Backend, EngineName, KeySettings, Provider


def engine_info(name: EngineName) -> EngineInfo:
    """What an engine needs, without making it."""
    match name:
        case EngineName.SCREEN:
            from mattebox.engines.screen import INFO
        case EngineName.HINT:
            from mattebox.engines.hint import INFO
        case EngineName.TRIANGULATE:
            from mattebox.engines.triangulate import INFO
        case EngineName.RVM:
            from mattebox.engines.rvm import INFO
        case EngineName.BGMV2:
            from mattebox.engines.bgmv2 import INFO
        case EngineName.ONNX_MATTE:
            from mattebox.engines.onnx_matte import INFO
    return INFO


def make_engine(
    settings: KeySettings,
    *,
    weights: Path | None,
    device: torch.device,
    config: NetworkConfig | None = None,
) -> Engine[Any]:
    """The engine a job asks for, ready on its device.

    ``config`` describes the network of ``onnx-matte``.

    Raises WeightsError where a network has no weights or wrong ones, DeviceError where it does
    not fit.
    """
    match settings.engine:
        case EngineName.SCREEN:
            from mattebox.engines.screen import ScreenEngine

            return ScreenEngine()
        case EngineName.HINT:
            from mattebox.engines.hint import HintEngine

            return HintEngine()
        case EngineName.TRIANGULATE:
            from mattebox.engines.triangulate import TriangulateEngine

            return TriangulateEngine()
        case EngineName.ONNX_MATTE:
            from mattebox.engines.onnx_matte import OnnxMatteEngine

            if config is None:
                raise UsageError(
                    "this engine needs a description of its network",
                    next_step=f"give {named('network_config')} FILE (docs/onnx.md)",
                    setting="network_config",
                )
            return OnnxMatteEngine(
                _read(weights), config, device=device, provider=settings.provider.value
            )
        case EngineName.RVM:
            return _rvm(settings, _read(weights), device)
        case EngineName.BGMV2:
            return _bgmv2(settings, _read(weights), device)


def _rvm(settings: KeySettings, weights: Weights, device: torch.device) -> Engine[Any]:
    precision, refiner = settings.precision.value, settings.refiner.value
    ratio = settings.ratio
    if _on_onnx(settings, weights):
        from mattebox.engines.rvm_onnx import RvmOnnxEngine

        return RvmOnnxEngine(
            weights,
            device=device,
            provider=settings.provider.value,
            precision=precision,
            refiner=refiner,
            ratio=ratio,
        )
    from mattebox.engines.rvm import RvmEngine

    _refuse_provider(settings)
    return RvmEngine(weights, device=device, precision=precision, refiner=refiner, ratio=ratio)


def _bgmv2(settings: KeySettings, weights: Weights, device: torch.device) -> Engine[Any]:
    precision, scale = settings.precision.value, settings.ratio
    if _on_onnx(settings, weights):
        from mattebox.engines.bgmv2_onnx import Bgmv2OnnxEngine

        return Bgmv2OnnxEngine(
            weights,
            device=device,
            provider=settings.provider.value,
            precision=precision,
            scale=scale,
            mode=settings.refine_mode.value,
            sample_pixels=settings.refine_pixels,
        )
    from mattebox.engines.bgmv2 import Bgmv2Engine

    _refuse_provider(settings)
    return Bgmv2Engine(
        weights,
        device=device,
        precision=precision,
        scale=scale,
        mode=settings.refine_mode.value,
        sample_pixels=settings.refine_pixels,
        threshold=settings.refine_threshold,
    )


def _refuse_provider(settings: KeySettings) -> None:
    if settings.provider is not Provider.AUTO:
        raise UsageError(
            f"{named('provider')} {settings.provider} is for onnxruntime, and torch runs these "
            "weights",
            next_step="drop it, or give an ONNX file (`mattebox export onnx`)",
            setting="provider",
        )


def _on_onnx(settings: KeySettings, weights: Weights) -> bool:
    """Whether onnxruntime runs them: as asked for, or (``auto``) as the file is made."""
    if settings.backend is Backend.AUTO:
        return isinstance(weights, OnnxNetwork)
    return settings.backend is Backend.ONNX


def _read(weights: Path | None) -> Weights:
    if weights is None:
        raise WeightsError("this engine needs weights", next_step=f"give {named('weights')} FILE")
    return read_weights(weights)
