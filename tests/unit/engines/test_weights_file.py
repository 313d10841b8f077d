"""Any weights file is told from its content, and what runs it follows from that."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch

from mattebox.engines.bgmv2 import Bgmv2Engine
from mattebox.engines.bgmv2_onnx import Bgmv2OnnxEngine
from mattebox.engines.checkpoints import Checkpoint, NetworkName
from mattebox.engines.registry import engine_info, make_engine
from mattebox.engines.rvm import RvmEngine
from mattebox.engines.rvm_onnx import RvmOnnxEngine
from mattebox.engines.weights_file import identify_weights, runs_on_onnx
from mattebox.errors import UsageError, WeightsError
from mattebox.settings import Backend, EngineName, KeySettings, Provider

Weights = Callable[[NetworkName], Checkpoint]
Exported = Callable[..., Path]
CPU = torch.device("cpu")


@pytest.fixture
def for_torch(lively: Weights, tmp_path: Path) -> Callable[[NetworkName], Path]:
    def write(network: NetworkName) -> Path:
        safetensors.torch.save_file(dict(lively(network).tensors), tmp_path / network)
        return tmp_path / network

    return write


def test_both_formats_are_identified(
    exported: Exported, for_torch: Callable[[NetworkName], Path]
) -> None:
    halves = exported("rvm_mobilenetv3", precision="float16")
    for path, kind, precision in (
        (for_torch("rvm_mobilenetv3"), "torch", "float32"),
        (halves, "onnx", "float16"),
    ):
        found = identify_weights(path)
        assert (found.format, found.network, found.precision) == (
            kind, "rvm_mobilenetv3", precision,
        )  # fmt: skip
        assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_no_weights_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.onnx").write_text("<!DOCTYPE html>")
    with pytest.raises(WeightsError, match="a web page"):
        identify_weights(tmp_path / "w.onnx")
    with pytest.raises(WeightsError, match="cannot be read: No such file"):
        identify_weights(tmp_path / "none")


def test_auto_runs_a_file_on_what_it_is_made_for(
    exported: Exported, for_torch: Callable[[NetworkName], Path], tmp_path: Path
) -> None:
    onnx, torch_s = exported("rvm_mobilenetv3"), for_torch("rvm_mobilenetv3")
    assert runs_on_onnx(onnx, Backend.AUTO)
    assert not runs_on_onnx(torch_s, Backend.AUTO)
    assert runs_on_onnx(torch_s, Backend.ONNX)
    assert not runs_on_onnx(onnx, Backend.TORCH)
    assert not runs_on_onnx(tmp_path / "none", Backend.AUTO)


@pytest.mark.parametrize(
    ("engine", "network", "on_torch", "on_onnx"),
    [
        (EngineName.RVM, "rvm_mobilenetv3", RvmEngine, RvmOnnxEngine),
        (EngineName.BGMV2, "bgmv2_mobilenetv2", Bgmv2Engine, Bgmv2OnnxEngine),
    ],
)
def test_the_registry_makes_the_engine_that_runs_the_file(
    exported: Exported,
    for_torch: Callable[[NetworkName], Path],
    engine: EngineName,
    network: NetworkName,
    on_torch: type,
    on_onnx: type,
) -> None:
    settings = KeySettings(engine=engine)
    assert isinstance(make_engine(settings, weights=for_torch(network), device=CPU), on_torch)
    made = make_engine(settings, weights=exported(network), device=CPU)
    assert isinstance(made, on_onnx)
    assert made.info == engine_info(engine)


def test_a_backend_that_cannot_run_the_file_says_what_to_do(
    exported: Exported, for_torch: Callable[[NetworkName], Path]
) -> None:
    onnx, torch_s = exported("rvm_mobilenetv3"), for_torch("rvm_mobilenetv3")
    settings = KeySettings(engine=EngineName.RVM, backend=Backend.ONNX)
    with pytest.raises(UsageError, match="mattebox export onnx") as fault:
        make_engine(settings, weights=torch_s, device=CPU)
    assert fault.value.exit_code == 64
    settings = KeySettings(engine=EngineName.RVM, backend=Backend.TORCH)
    with pytest.raises(WeightsError, match="--backend onnx"):
        make_engine(settings, weights=onnx, device=CPU)
    settings = KeySettings(engine=EngineName.RVM, provider=Provider.CPU)
    with pytest.raises(UsageError, match="--provider cpu is for onnxruntime"):
        make_engine(settings, weights=torch_s, device=CPU)


def test_the_general_engine_needs_its_config(exported: Exported) -> None:
    settings = KeySettings(engine=EngineName.ONNX_MATTE)
    with pytest.raises(UsageError, match="--model-config FILE"):
        make_engine(settings, weights=exported("rvm_mobilenetv3"), device=CPU)
