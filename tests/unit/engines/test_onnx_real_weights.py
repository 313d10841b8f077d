"""RVM with real weights through onnxruntime: the portrait's alpha as in torch.

Weights and picture as in ``test_rvm_real_weights``. The official ONNX files themselves run in
``test_official_files`` where someone has them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.real_weights import real_rvm_tensors
from tests.unit.engines.exported import with_shared_sides

from mattebox.engines.base import EngineInput
from mattebox.engines.checkpoints import Checkpoint, identify, load_rvm
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.engines.rvm import RvmEngine
from mattebox.engines.rvm_onnx import RvmOnnxEngine
from mattebox.export.onnx import export_onnx

pytestmark = pytest.mark.shared

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def checkpoint(shared: Path) -> Checkpoint:
    return identify(real_rvm_tensors(shared))


@pytest.fixture(scope="module")
def exported_real(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("real") / "rvm.onnx"
    export_onnx(load_rvm(checkpoint), path)
    return path


def frames(shared: Path, name: str) -> torch.Tensor:
    """[T,3,H,W] float32, display-encoded 0..1."""
    with np.load(shared / "weights" / name) as archive:
        return torch.from_numpy(archive["frames_uint8_NHWC"]).permute(0, 3, 1, 2).float() / 255.0


@pytest.mark.slow
@pytest.mark.parametrize("is_look_alike", [False, True], ids=["our export", "official's names"])
@pytest.mark.parametrize(
    ("name", "ratio", "tolerance"),
    [
        pytest.param("tfjs_astronaut_480x270_r1.npz", 1.0, 1e-4, id="ratio 1"),
        pytest.param("tfjs_astronaut_512x512_r0.5.npz", 0.5, 1e-3, id="fast guided filter"),
    ],
)
def test_the_portrait_is_cut_out_as_in_torch(
    shared: Path,
    checkpoint: Checkpoint,
    exported_real: Path,
    tmp_path: Path,
    name: str,
    ratio: float,
    tolerance: float,
    is_look_alike: bool,
) -> None:
    path = with_shared_sides(exported_real, tmp_path / "w") if is_look_alike else exported_real
    ours = RvmOnnxEngine(path, device=CPU, ratio=ratio)
    theirs = RvmEngine(checkpoint, device=CPU, ratio=ratio)
    state: RvmState | None = None
    expected_state: RvmState | None = None
    for frame in frames(shared, name):
        shown = EngineInput(linear=frame[None], encoded=frame[None])
        prediction, state = ours.predict(shown, state)
        expected, expected_state = theirs.predict(shown, expected_state)
        assert 0.15 < float((expected.alpha > 0.99).float().mean()) < 0.6
        difference = (prediction.alpha - expected.alpha).abs()
        assert float(difference.max()) <= tolerance
