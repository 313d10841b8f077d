"""A file that does not answer as torch does is never kept; drift is measured frame after frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.unit.export.conftest import Rvm

from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.errors import MatteboxError, WriteError
from mattebox.export.checked_export import export_checked_onnx, export_checked_torchscript
from mattebox.export.clips import seeded_frame
from mattebox.export.drift import drift_table
from mattebox.export.onnx import export_onnx
from mattebox.export.onnx_file import OnnxFile
from mattebox.export.parity import (
    FAST_REFINER,
    FLOAT16,
    FLOAT32,
    ROUNDED_RATIO,
    Difference,
    RvmAnswer,
    cell_sizes_for,
    sizes_for,
    tolerance_for,
)
from mattebox.export.torchscript import export_torchscript
from mattebox.whole_files import write_whole


@pytest.mark.slow
def test_a_file_that_answers_as_torch_does_takes_its_name(rvm: Rvm, tmp_path: Path) -> None:
    steps: list[None] = []
    result = export_checked_onnx(
        rvm(),
        tmp_path / "rvm.onnx",
        size=(48, 64),
        ratio=0.5,
        drift_frames=3,
        on_frame=lambda: steps.append(None),
    )
    assert [(row.height, row.width, row.ratio) for row in result.rows] == [(48, 64, 0.5)]
    assert [(part.first, part.last) for part in result.drift] == [(1, 3)]
    assert result.clip == (48, 64, 0.5)
    assert len(steps) == 3
    assert [item.name for item in tmp_path.iterdir()] == ["rvm.onnx"]


def exporter_of_another(network: RobustVideoMatting, real: Callable[..., None]) -> Any:
    """An exporter with a fault: one bias of the decoder is a hundredth off."""

    def export(_: RobustVideoMatting, path: Path, **options: Any) -> None:
        bias = network.decoder.decode1.gru.hh[0].bias
        assert isinstance(bias, torch.Tensor)
        bias[0] += 0.01
        real(network, path, **options)
        bias[0] -= 0.01

    return export


@pytest.mark.slow
@pytest.mark.parametrize("was_there", [False, True])
def test_a_file_that_differs_is_not_kept_and_replaces_nothing(
    rvm: Rvm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was_there: bool
) -> None:
    path = tmp_path / "rvm.onnx"
    if was_there:
        path.write_bytes(b"before")
    monkeypatch.setattr(
        "mattebox.export.checked_export.export_onnx", exporter_of_another(rvm(), export_onnx)
    )
    with pytest.raises(MatteboxError, match="does not answer as torch does") as caught:
        export_checked_onnx(rvm(), path, size=(48, 64), ratio=0.5)
    assert caught.value.exit_code == 70
    assert "64x48" in str(caught.value)
    assert [item.name for item in tmp_path.iterdir()] == (["rvm.onnx"] if was_there else [])
    if was_there:
        assert path.read_bytes() == b"before"


@pytest.mark.slow
def test_a_torchscript_file_that_differs_is_not_kept(
    rvm: Rvm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "mattebox.export.checked_export.export_torchscript",
        exporter_of_another(rvm(), export_torchscript),
    )
    with pytest.raises(MatteboxError, match="does not answer as torch does"):
        export_checked_torchscript(rvm(), tmp_path / "rvm.pt", ratio=0.5)
    assert list(tmp_path.iterdir()) == []


def test_nan_never_passes_and_another_shape_is_said() -> None:
    ours = torch.tensor([0.0, 0.5])
    assert Difference.between(ours, torch.tensor([0.25, 0.5])) == Difference(0.25, 0.125)
    assert Difference.between(ours, torch.tensor([math.nan, 0.5])).most == math.inf
    with pytest.raises(MatteboxError, match=r"answers \[3\] where torch answers \[2\]"):
        Difference.between(ours, torch.zeros(3))


@pytest.mark.slow
def test_drift_follows_each_side_s_own_state(rvm: Rvm, rvm_file: Path) -> None:
    network = rvm()
    file = OnnxFile(rvm_file)
    frames = [seeded_frame(48, 64, index).source for index in range(5)]
    rows = drift_table(network, file.rvm, frames, 0.5, frames_per_row=2)
    assert [(row.first, row.last) for row in rows] == [(1, 2), (3, 4), (5, 5)]
    assert all(row.alpha.most < FLOAT32.most for row in rows)
    assert all(0 < row.state.most < FLOAT32.most for row in rows)

    def forgetful(source: torch.Tensor, ratio: float, _: RvmAnswer | None) -> RvmAnswer:
        return file.rvm(source, ratio, None)

    lost = drift_table(network, forgetful, frames, 0.5, frames_per_row=1)
    assert lost[0].state.most < FLOAT32.most
    assert lost[1].state.most > 10 * FLOAT32.most


def test_the_tolerance_is_wider_only_where_rounding_is(rvm: Rvm, bgmv2: BackgroundMatting) -> None:
    assert tolerance_for(rvm(), 0.5, 4096, "float32") is FLOAT32
    assert tolerance_for(rvm(), 0.4, 200, "float32") is FLOAT32
    assert tolerance_for(rvm(), 0.4, 4096, "float32") is ROUNDED_RATIO, "0.4 is none of float32"
    assert tolerance_for(rvm("fast"), 0.5, 200, "float32") is FAST_REFINER
    assert tolerance_for(rvm("fast"), 1.0, 4096, "float32") is FLOAT32
    assert tolerance_for(bgmv2, 0.3, 4096, "float32") is FLOAT32
    assert tolerance_for(bgmv2, 0.25, 200, "float16") is FLOAT16


def test_small_ratios_are_compared_on_larger_pictures() -> None:
    assert sizes_for([(64, 97)], 0.5) == [(64, 97)]
    assert sizes_for([(64, 97)], 0.25) == [(128, 195)]
    height, width = cell_sizes_for(0.25, Refinement())[-1]
    assert height * width > 80_000
    assert height % 4 == width % 4 == 0


def test_a_folder_that_is_gone_is_a_write_fault(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="could not be written"):
        write_whole(tmp_path / "gone" / "rvm.onnx", b"x")
