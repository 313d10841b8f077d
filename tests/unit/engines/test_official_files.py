"""The releases' own files, in every format, where someone has them.

They are not ours to ship. Set MATTEBOX_OFFICIAL_WEIGHTS to a folder with any of them: each is
identified, and each ONNX file answers as the .pth file of its network, where that is there too.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from mattebox.engines.base import EngineInput
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.engines.onnx_files import OnnxNetwork
from mattebox.engines.rvm import RvmEngine
from mattebox.engines.rvm_onnx import RvmOnnxEngine
from mattebox.engines.weights_file import onnx_weights, read_weights, torch_weights

FOLDER = os.environ.get("MATTEBOX_OFFICIAL_WEIGHTS")
FILES = {
    "rvm_mobilenetv3.pth": "3c7c1d92033f7c38d6577c481d13a195d7d80a159b960f4f3119ac7b534cf4f8",
    "rvm_resnet50.pth": "c191a807251164c073dce5fa408e7a816070d539b882b2a3150330a9fec112ce",
    "rvm_mobilenetv3_fp32.onnx": "88d4531297118f595bf2fd60f6f566aec2e559393802d1f436c380f0cbbd2828",
    "rvm_mobilenetv3_fp16.onnx": "6a0d5ce6cc17702613be548559879b4521ed424cfe14ddc48d1acaa44d616f64",
    "rvm_resnet50_fp32.onnx": "25db300fcb6ee27f941a1b52c97856e8d1f13c7f35817f81a612f89af0e8a85c",
    "rvm_mobilenetv3_fp32.torchscript": (
        "f01e0c9338b9a6a31b881ea6d4360d70c1e549701b3792e14c9ed88d6196c5a1"
    ),
    "rvm_mobilenetv3_fp16.torchscript": (
        "847a8b5139498afbf7abde9cc347b41030540f6498db593a0e3d9dde1eccdd96"
    ),
    "rvm_resnet50_fp32.torchscript": (
        "072adec3c75a1af773ec35d8b595612f8e3472b7a4b8a210684432b493376852"
    ),
    "rvm_resnet50_fp16.torchscript": (
        "1273e58a7946296b148844a73b87e393d0ac8e5bce04af877ed443686e3c7c46"
    ),
    "torchscript_mobilenetv2_fp32.pth": (
        "6d449e8a0445438491cf07c03a6e86f21df2b3aa2dc630d9430347fcb807aae4"
    ),
    "torchscript_resnet50_fp32.pth": (
        "c22fe27f627c04122cd44a3476315eb2fcb06a8d8ff2803ac610c1dd6d4de2a7"
    ),
}
CPU = torch.device("cpu")
REASON = "needs the releases' files; runs where MATTEBOX_OFFICIAL_WEIGHTS names their folder"


def official(name: str) -> Path:
    """The file; skips where nobody has it."""
    if FOLDER is None or not (Path(FOLDER) / name).is_file():
        pytest.skip(f"{REASON} ({name})")
    path = Path(FOLDER) / name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == FILES[name], f"{name} is another file"
    return path


@pytest.mark.parametrize("name", FILES)
def test_an_official_file_is_identified(name: str) -> None:
    found = read_weights(official(name))
    backbone = next(b for b in ("mobilenetv3", "mobilenetv2", "resnet50") if b in name)
    family = "rvm" if name.startswith("rvm") else "bgmv2"
    assert found.network == f"{family}_{backbone}"
    assert isinstance(found, OnnxNetwork) == name.endswith(".onnx")


@pytest.mark.parametrize("backbone", ["mobilenetv3", "resnet50"])
def test_an_official_torchscript_archive_holds_the_weights_of_the_pth(backbone: str) -> None:
    original = torch_weights(official(f"rvm_{backbone}.pth"))
    archive = torch_weights(official(f"rvm_{backbone}_fp32.torchscript"))
    assert all(torch.equal(archive.tensors[key], value) for key, value in original.tensors.items())


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("rvm_mobilenetv3_fp32.onnx", 2e-4),
        ("rvm_resnet50_fp32.onnx", 2e-4),
        ("rvm_mobilenetv3_fp16.onnx", 0.1),
    ],
)
@pytest.mark.parametrize("ratio", [0.5, 1.0])
def test_an_official_onnx_file_answers_as_torch(
    name: str, tolerance: float, ratio: float, shared: Path
) -> None:
    path = official(name)
    assert onnx_weights(path).model != path.read_bytes(), "its sides share names: it is mended"
    weights = official(f"{name.rpartition('_')[0]}.pth")
    ours = RvmOnnxEngine(path, device=CPU, ratio=ratio)
    theirs = RvmEngine(weights, device=CPU, ratio=ratio)
    with np.load(shared / "weights/tfjs_astronaut_480x270_r1.npz") as archive:
        pictures = torch.from_numpy(archive["frames_uint8_NHWC"]).permute(0, 3, 1, 2).float() / 255
    state: RvmState | None = None
    expected_state: RvmState | None = None
    for picture in pictures[:, None]:
        frame = EngineInput(linear=picture, encoded=picture)
        prediction, state = ours.predict(frame, state)
        expected, expected_state = theirs.predict(frame, expected_state)
        assert float((prediction.alpha - expected.alpha).abs().max()) <= tolerance
