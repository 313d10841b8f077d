"""From an engine's name to the engine, imported only when it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from mattebox.engines.base import Engine, EngineInfo
from mattebox.errors import WeightsError
from mattebox.settings import EngineName, KeySettings


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
    return INFO


def make_engine(
    settings: KeySettings, *, weights: Path | None, device: torch.device
) -> Engine[Any]:
    """The engine a job asks for, ready on its device.

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
        case EngineName.RVM:
            from mattebox.engines.rvm import RvmEngine

            return RvmEngine(
                _needed(weights),
                device=device,
                precision=settings.precision.value,
                refiner=settings.refiner.value,
                ratio=_number_or_auto(settings.ratio),
            )
        case EngineName.BGMV2:
            from mattebox.engines.bgmv2 import Bgmv2Engine

            return Bgmv2Engine(
                _needed(weights),
                device=device,
                precision=settings.precision.value,
                scale=_number_or_auto(settings.ratio),
                mode=settings.refine_mode.value,
                sample_pixels=settings.refine_pixels,
                threshold=settings.refine_threshold,
            )


def _needed(weights: Path | None) -> Path:
    if weights is None:
        raise WeightsError("this engine needs weights", next_step="give --weights FILE")
    return weights


def _number_or_auto(text: str) -> float | None:
    return None if text == "auto" else float(text)
