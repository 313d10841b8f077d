"""``mattebox export`` as a user runs it: the file, the table of differences, and every refusal."""

from __future__ import annotations

import re
from pathlib import Path

import onnx
import pytest
import torch
from tests.end_to_end.conftest import Run
from tests.unit.engines.exported import lively_checkpoint

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rvm_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "rvm.pth"
    torch.save(dict(lively_checkpoint("rvm_mobilenetv3").tensors), path)
    return path


@pytest.fixture(scope="module")
def bgmv2_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "bgmv2.pth"
    torch.save(dict(lively_checkpoint("bgmv2_mobilenetv2").tensors), path)
    return path


def test_onnx_is_written_with_a_table_of_differences(
    mattebox: Run, rvm_weights: Path, tmp_path: Path
) -> None:
    file = tmp_path / "rvm.onnx"
    done = mattebox("export", "onnx", rvm_weights, "-o", file, "--size", "98x61", "--drift", 12)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    # 512 / 98 is more than 1: the auto ratio never enlarges.
    assert re.search(r"98x61 +1 +3 +\d\.\de-\d\d / \d\.\de-\d\d", done.stdout), done.stdout
    assert re.search(r"^ +1-10 .*\n +11-12 ", done.stdout, re.MULTILINE), done.stdout
    notes = {item.key: item.value for item in onnx.load(file).metadata_props}
    assert notes["mattebox.network"] == "rvm_mobilenetv3"
    assert notes["mattebox.weights_sha256"] in done.stdout
    assert notes["mattebox.downsample_ratio"] == "1.0"
    assert [item.name for item in tmp_path.iterdir()] == ["rvm.onnx"]


def test_torchscript_says_what_it_lacks_and_which_operators_it_needs(
    mattebox: Run, rvm_weights: Path, tmp_path: Path
) -> None:
    file = tmp_path / "rvm.pt"
    done = mattebox("export", "torchscript", rvm_weights, "-o", file, "--ratio", "0.5")
    assert done.returncode == 0, done.stderr
    assert "no memory" in done.stdout
    assert "aten::upsample_bilinear2d" in done.stdout
    assert f"written by torch {torch.__version__}" in done.stdout
    assert [item.name for item in tmp_path.iterdir()] == ["rvm.pt"]


def test_bgmv2_shows_how_many_cells_are_others(
    mattebox: Run, bgmv2_weights: Path, tmp_path: Path
) -> None:
    options = ("--size", "96x64", "--refine-pixels", "960")
    done = mattebox("export", "onnx", bgmv2_weights, "-o", tmp_path / "b.onnx", *options)
    assert done.returncode == 0, done.stderr
    assert "0 of 60" in done.stdout


def test_a_refusal_says_why_and_leaves_nothing(
    mattebox: Run, rvm_weights: Path, tmp_path: Path
) -> None:
    done = mattebox("export", "onnx", rvm_weights, "-o", tmp_path / "x.onnx", "--ratio", "2")
    assert done.returncode == 64
    assert "out of range" in done.stderr
    assert list(tmp_path.iterdir()) == []
