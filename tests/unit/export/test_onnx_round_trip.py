"""Every network written as ONNX answers in onnxruntime as it does in torch."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.unit.engines.exported import lively_checkpoint, shortened

from mattebox.engines.checkpoints import NetworkName
from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.export.clips import seeded_frame
from mattebox.export.onnx import export_onnx
from mattebox.export.onnx_file import OnnxFile
from mattebox.export.parity import FLOAT32, compare_bgmv2, compare_rvm

SIZES = [(72, 100), (65, 99)]
"""One of them odd."""
CELL_SIZES = [(72, 100), (64, 132)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rvm_mobilenetv3", "rvm_resnet50"])
def test_rvm_as_onnx_is_torch_within_2e_4_over_frames_with_states(
    name: NetworkName, tmp_path: Path
) -> None:
    network = shortened(lively_checkpoint(name))
    assert isinstance(network, RobustVideoMatting)
    export_onnx(network, tmp_path / "rvm.onnx")
    file = OnnxFile(tmp_path / "rvm.onnx")
    cases = [(size, ratio) for ratio in (0.5, 1.0) for size in SIZES]
    rows = compare_rvm(network, file.rvm, cases, has_memory=True)
    assert FLOAT32.most == 2e-4
    assert all(row.passes(FLOAT32) for row in rows), rows
    assert all(row.state is not None and row.state.most > 0 for row in rows), "states take part"
    alpha = network(seeded_frame(65, 99, 0).source, None, 0.5).alpha
    assert alpha.std() > 20 * rows[0].alpha.most, "equal alphas would agree by chance"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bgmv2_mobilenetv2", "bgmv2_resnet50", "bgmv2_resnet101"])
def test_bgmv2_as_onnx_is_torch_within_2e_4_and_refines_the_same_cells(
    name: NetworkName, tmp_path: Path
) -> None:
    network = shortened(lively_checkpoint(name))
    assert isinstance(network, BackgroundMatting)
    refinement = Refinement(sample_pixels=16 * 60)
    export_onnx(network, tmp_path / "bgmv2.onnx", refinement=refinement)
    file = OnnxFile(tmp_path / "bgmv2.onnx")
    rows = compare_bgmv2(network, file.bgmv2, CELL_SIZES, 0.25, refinement)
    assert all(row.passes(FLOAT32) for row in rows), rows
    assert [row.refined_cells for row in rows] == [60, 60]
    frame = seeded_frame(72, 100, 0)
    with torch.no_grad():
        matte = network(frame.source, frame.background, 0.25, refinement)
    assert matte.foreground.std() > 0.02
    assert matte.alpha.std() > 20 * rows[0].alpha.most, "equal alphas would agree by chance"
