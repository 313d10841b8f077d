"""What ``mattebox export`` refuses, and in which words; the end-to-end test writes files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from tests.unit.engines.exported import lively_checkpoint

from mattebox.cli.export import onnx, torchscript
from mattebox.errors import DeviceError, MatteboxError, UsageError, WeightsError, WriteError
from mattebox.settings import Refiner


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BGMv2 as a .pth file."""
    path = tmp_path_factory.mktemp("weights") / "bgmv2.pth"
    torch.save(dict(lively_checkpoint("bgmv2_mobilenetv2").tensors), path)
    return path


def refused(error: type[MatteboxError], weights: str | Path, output: Path, **options: str) -> str:
    with pytest.raises(error) as caught:
        onnx(str(weights), output, **options)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": "1920"}, "1920x1080"),
        ({"size": "1920x"}, "1920x1080"),
        ({"size": "0x4"}, "is not a picture size"),
        ({"size": "102x64"}, "104x64"),
        ({"precision": "int8"}, "float32, float16"),
    ],
)
def test_an_argument_that_cannot_be_right_is_refused(
    weights: Path, tmp_path: Path, options: dict[str, str], words: str
) -> None:
    assert words in refused(UsageError, weights, tmp_path / "x.onnx", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said_before_any_work(
    weights: Path, tmp_path: Path
) -> None:
    assert "there is no folder" in refused(WriteError, weights, tmp_path / "gone" / "x.onnx")
    assert "it is a folder" in refused(UsageError, weights, tmp_path)
    before = weights.read_bytes()
    assert "would be replaced" in refused(UsageError, weights, weights)
    with pytest.raises(UsageError, match="is the input"):
        onnx(str(weights), weights, overwrite=True)
    assert weights.read_bytes() == before


def test_weights_that_cannot_be_exported_are_said(
    weights: Path, rvm_file: Path, tmp_path: Path
) -> None:
    output = tmp_path / "x.onnx"
    assert "an ONNX file already" in refused(UsageError, rvm_file, output)
    assert "'rvm_mobilenetv3'" in refused(WeightsError, "rvm_mobilnetv3", output)
    noise = tmp_path / "noise.pth"
    noise.write_bytes(b"no weights at all")
    assert "noise.pth" in refused(WeightsError, noise, output)
    assert [item.name for item in tmp_path.iterdir()] == ["noise.pth"]


def test_a_deep_refiner_that_the_weights_do_not_hold_is_said(tmp_path: Path) -> None:
    tensors = dict(lively_checkpoint("rvm_mobilenetv3").tensors)
    path = tmp_path / "fast.pth"
    torch.save({n: t for n, t in tensors.items() if not n.startswith("refiner.")}, path)
    with pytest.raises(WeightsError, match="hold no deep guided filter"):
        torchscript(str(path), tmp_path / "x.pt", refiner=Refiner.DEEP)


@pytest.mark.parametrize("library", ["onnx", "onnxscript", "onnxruntime"])
def test_a_library_that_is_not_installed_is_named_with_its_cure(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    words = refused(DeviceError, weights, tmp_path / "x.onnx")
    assert f"exporting needs {library}," in words
    assert "pip install 'mattebox[export]'" in words
