"""Any weights file is told from its content, and what runs it follows from that."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import safetensors.torch
import torch

from mattebox.engines.bgmv2 import Bgmv2Engine
from mattebox.engines.bgmv2_onnx import Bgmv2OnnxEngine
from mattebox.engines.checkpoints import Checkpoint, NetworkName
from mattebox.engines.onnx_files import OnnxNetwork
from mattebox.engines.registry import engine_info, make_engine
from mattebox.engines.rvm import RvmEngine
from mattebox.engines.rvm_onnx import RvmOnnxEngine
from mattebox.engines.weights_file import file_sha256, read_weights
from mattebox.errors import UsageError, WeightsError
from mattebox.settings import Backend, EngineName, KeySettings, Provider
from mattebox.weights.choose import ChosenWeights, know_weights, located_weights

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
    for path, kind in (
        (for_torch("rvm_mobilenetv3"), Checkpoint),
        (exported("rvm_mobilenetv3"), OnnxNetwork),
    ):
        found = read_weights(path)
        assert isinstance(found, kind)
        assert found.network == "rvm_mobilenetv3"
        assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_no_weights_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w.onnx").write_text("<!DOCTYPE html>")
    with pytest.raises(WeightsError, match="a web page"):
        read_weights(tmp_path / "w.onnx")
    with pytest.raises(WeightsError, match="cannot be read: No such file"):
        read_weights(tmp_path / "none")


@contextmanager
def opens_of(path: Path) -> Iterator[list[str]]:
    """Every time that Python opens a file meanwhile. An audit hook stays: this one falls silent."""
    seen: list[str] = []
    is_on = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if is_on and event == "open" and str(arguments[0]) == str(path):
            seen.append(event)

    sys.addaudithook(hook)
    yield seen
    is_on = False


@pytest.mark.parametrize("engine", [EngineName.RVM, EngineName.BGMV2])
@pytest.mark.parametrize("is_onnx", [True, False])
def test_a_job_opens_its_weights_once(
    exported: Exported,
    for_torch: Callable[[NetworkName], Path],
    tmp_path: Path,
    engine: EngineName,
    is_onnx: bool,
) -> None:
    network: NetworkName = "rvm_mobilenetv3" if engine is EngineName.RVM else "bgmv2_mobilenetv2"
    path = Path(shutil.copy((exported if is_onnx else for_torch)(network), tmp_path / "w"))
    settings = KeySettings(engine=engine)
    with opens_of(path) as opens:
        known = know_weights(ChosenWeights(path, None))  # the job is prepared,
        make_engine(settings, weights=path, device=CPU)  # looked at
        located = located_weights(path, known.file.sha256)  # and run
        make_engine(settings, weights=located, device=CPU)
    assert len(opens) == 1


def test_a_file_that_has_changed_is_read_again(
    for_torch: Callable[[NetworkName], Path], tmp_path: Path
) -> None:
    path, other = for_torch("rvm_mobilenetv3"), for_torch("bgmv2_mobilenetv2")
    assert read_weights(path).network == "rvm_mobilenetv3"
    path.write_bytes(other.read_bytes())
    assert file_sha256(path) == hashlib.sha256(other.read_bytes()).hexdigest()
    assert read_weights(path).network == "bgmv2_mobilenetv2"


def test_a_file_is_told_before_all_of_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    with path.open("wb") as stream:
        stream.truncate(2**30)  # no weights file begins with zeros
    tracemalloc.start()
    with pytest.raises(WeightsError, match="not a weights file"):
        read_weights(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
    with path.open("ab") as stream:
        stream.truncate(2**31 + 1)
    with pytest.raises(WeightsError, match=r"2,147,483,649 bytes are more than the 2,147,483,648"):
        read_weights(path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="cannot be read: it is a pipe"):
        read_weights(tmp_path / "w.pth")


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
