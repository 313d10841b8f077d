"""Files of RVM with real weights stay with torch: a person's alpha, not a seeded network's."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.support.real_weights import real_rvm_tensors

from mattebox.engines.checkpoints import identify, load_rvm
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.export.clips import seeded_frame
from mattebox.export.drift import drift_table
from mattebox.export.onnx import Precision, export_onnx
from mattebox.export.onnx_file import OnnxFile
from mattebox.export.parity import tolerance_for

pytestmark = pytest.mark.shared

FRAMES = 8


@pytest.fixture(scope="module")
def network(shared: Path) -> RobustVideoMatting:
    return load_rvm(identify(real_rvm_tensors(shared)))


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_real_weights_as_onnx_stay_with_torch_over_frames(
    network: RobustVideoMatting, tmp_path: Path, precision: Precision
) -> None:
    export_onnx(network, tmp_path / "rvm.onnx", precision=precision)
    play = OnnxFile(tmp_path / "rvm.onnx").rvm
    frames = [seeded_frame(96, 160, index).source for index in range(FRAMES)]
    with torch.no_grad():
        alpha = network(frames[0], None, 1.0).alpha
    assert 0.05 < alpha.mean() < 0.95, "the seeded figure counts as a person"
    for ratio in (0.5, 1.0):
        tolerance = tolerance_for(network, ratio, 160, precision)
        (row,) = drift_table(network, play, frames, ratio, frames_per_row=FRAMES)
        for apart in (row.alpha, row.foreground):
            assert apart.most < tolerance.most, row
            assert apart.mean < tolerance.mean, row
        assert row.state.most < tolerance.state.most, row
        assert row.state.mean < tolerance.state.mean, row
