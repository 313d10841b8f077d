"""RVM with real weights cuts a real person out, with the numbers TF.js and PyTorch gave.

The weights are the release's 8-bit TF.js file, the picture is NASA's portrait of Eileen Collins
(public domain). Both stay in the shared test material.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.support.real_weights import real_rvm_tensors, write_real_rvm_weights
from tests.unit.engines.seeded import Array, Goldens

from mattebox.engines.base import EngineInput
from mattebox.engines.checkpoints import Checkpoint, identify, load_rvm
from mattebox.engines.networks.mobilenetv3 import Normalisation
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.engines.rvm import RvmEngine
from mattebox.engines.weights_file import torch_weights

pytestmark = pytest.mark.shared

QUANTISED = Normalisation((0.485, 0.45587844, 0.406), (1 / 4.366812, 1 / 4.4642854, 1 / 4.4444084))
"""The TF.js file stores ImageNet's constants in 8 bits, too (weights/real.json)."""


@pytest.fixture(scope="module")
def checkpoint(shared: Path) -> Checkpoint:
    return identify(real_rvm_tensors(shared))


def recorded(shared: Path, name: str) -> Mapping[str, Array]:
    with np.load(shared / "weights" / name) as archive:
        return {key: archive[key] for key in archive.files}


def frames(record: Mapping[str, Array]) -> torch.Tensor:
    """[T,3,H,W] float32, display-encoded 0..1."""
    picture = torch.from_numpy(record["frames_uint8_NHWC"])
    return picture.permute(0, 3, 1, 2).float() / 255.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("normalisation", "tolerance"),
    [
        pytest.param(None, 3e-3, id="ImageNet constants"),
        pytest.param(QUANTISED, 5e-6, id="the file's own constants"),
    ],
)
def test_portrait_at_ratio_1_is_what_tfjs_computed(
    shared: Path,
    checkpoint: Checkpoint,
    goldens: Goldens,
    normalisation: Normalisation | None,
    tolerance: float,
) -> None:
    record = recorded(shared, "tfjs_astronaut_480x270_r1.npz")
    network = (
        load_rvm(checkpoint)
        if normalisation is None
        else load_rvm(checkpoint, normalisation=normalisation)
    )
    state: RvmState | None = None
    for index, frame in enumerate(frames(record)):
        matte = network(frame[None], state, 1.0)
        state = matte.state
        alpha = record[f"tfjs/frame{index}/pha"].reshape(matte.alpha.shape)
        assert np.abs(alpha - matte.alpha.numpy()).max() < tolerance
        # Stored with or without the batch axis; the views are of the last two.
        foreground = matte.foreground if _has_batch(record, index) else matte.foreground[0]
        difference = goldens.difference(
            _without_whole(record), f"tfjs/frame{index}/fgr", foreground
        )
        assert difference is not None
        assert difference.most < tolerance


def _has_batch(record: Mapping[str, Array], index: int) -> bool:
    return record[f"tfjs/frame{index}/fgr/lattice"].ndim == 4


def _without_whole(record: Mapping[str, Array]) -> dict[str, Array]:
    return {key: value for key, value in record.items() if not key.endswith("/full")}


def test_portrait_at_ratio_half_is_what_pytorch_computed(
    shared: Path, checkpoint: Checkpoint, goldens: Goldens
) -> None:
    record = recorded(shared, "tfjs_astronaut_512x512_r0.5.npz")
    network = load_rvm(checkpoint)
    state: RvmState | None = None
    for index, frame in enumerate(frames(record)):
        matte = network(frame[None], state, 0.5)
        state = matte.state
        for name, ours in (("pha", matte.alpha), ("fgr", matte.foreground)):
            difference = goldens.difference(record, f"torch/frame{index}/{name}", ours)
            assert difference is not None, name
            assert difference.most <= 1e-3, (name, difference)
            assert difference.mean <= 1e-5, (name, difference)
        for name, map_ in zip(("r1", "r2", "r3", "r4"), matte.state.maps, strict=True):
            difference = goldens.difference(record, f"torch/frame{index}/{name}", map_)
            assert difference is None or difference.most <= 2e-5, (name, difference)


def test_the_engine_cuts_the_person_out(shared: Path, tmp_path: Path) -> None:
    weights = write_real_rvm_weights(shared, tmp_path / "any name.safetensors")
    engine = RvmEngine(weights, device=torch.device("cpu"))
    record = recorded(shared, "tfjs_astronaut_480x270_r1.npz")
    state: RvmState | None = None
    alphas = []
    for frame in frames(record):
        prediction, state = engine.predict(
            EngineInput(linear=frame[None], encoded=frame[None]), state
        )
        alphas.append(prediction.alpha)
    alpha = alphas[-1]
    assert engine.network == "rvm_mobilenetv3"
    assert 0.2 < float((alpha > 0.99).float().mean()) < 0.4
    assert 0.6 < float((alpha < 0.01).float().mean()) < 0.75
    assert float(((alpha >= 0.01) & (alpha <= 0.99)).float().mean()) < 0.03


@pytest.mark.slow
@pytest.mark.parametrize(
    ("precision", "most", "share"), [("float16", 0.08, 4e-3), ("bfloat16", 0.2, 2e-2)]
)
def test_half_precision_with_a_float32_refiner_stays_near_float32(
    shared: Path, checkpoint: Checkpoint, precision: str, most: float, share: float
) -> None:
    """Twice what was measured on a CPU, on the whole picture; this is its upper left quarter.

    With a 16-bit refiner single pixels are wrong by 1.
    """
    picture = frames(recorded(shared, "tfjs_astronaut_512x512_r0.5.npz"))[:1, :, :256, :256]
    frame = EngineInput(linear=picture, encoded=picture)
    alphas = [
        RvmEngine(checkpoint, device=torch.device("cpu"), precision=kind, refiner="fast", ratio=0.5)
        .predict(frame, None)[0]
        .alpha
        for kind in ("float32", precision)
    ]
    difference = (alphas[0] - alphas[1]).abs()
    assert float(difference.max()) < most
    assert float((difference > 0.02).float().mean()) < share


def test_the_file_says_which_network_it_is(shared: Path, tmp_path: Path) -> None:
    path = write_real_rvm_weights(shared, tmp_path / "bgmv2_resnet50.safetensors")
    found = torch_weights(path)
    assert (found.network, found.refiner) == ("rvm_mobilenetv3", "fast")
