"""RVM and BGMv2 in onnxruntime answer as in torch, frame after frame; files that differ say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from tests.unit.engines.exported import with_shared_sides

from mattebox.engines.base import EngineInput, Prediction
from mattebox.engines.bgmv2 import Bgmv2Engine
from mattebox.engines.bgmv2_onnx import Bgmv2OnnxEngine
from mattebox.engines.checkpoints import Checkpoint, NetworkName
from mattebox.engines.networks.rvm import coarse_size
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.engines.rvm import RvmEngine
from mattebox.engines.rvm_onnx import RvmOnnxEngine, nearest_ratio
from mattebox.errors import DeviceError, UsageError, WeightsError

pytestmark = pytest.mark.slow

Weights = Callable[[NetworkName], Checkpoint]
Exported = Callable[..., Path]
Pictures = Callable[..., torch.Tensor]
CPU = torch.device("cpu")
TOLERANCE = 2e-5
"""Ten times what was measured (docs/onnx.md)."""


def shown(picture: torch.Tensor, plate: torch.Tensor | None = None) -> EngineInput:
    return EngineInput(
        linear=picture, encoded=picture, background_linear=plate, background_encoded=plate
    )


def assert_equal(one: Prediction, other: Prediction, tolerance: float = TOLERANCE) -> None:
    assert one.alpha.shape == other.alpha.shape
    assert one.alpha.dtype == torch.float32
    assert float((one.alpha - other.alpha).abs().max()) <= tolerance
    between = (other.alpha > 0.05) & (other.alpha < 0.95)
    assert float(between.float().mean()) > 0.03, "the comparison would see nothing"
    assert one.sure_inside


def assert_answers_as_torch(
    ours: RvmOnnxEngine,
    theirs: RvmEngine,
    frames: Sequence[torch.Tensor],
    tolerance: float = TOLERANCE,
) -> None:
    state: RvmState | None = None
    torch_state: RvmState | None = None
    for frame in frames:
        prediction, state = ours.predict(shown(frame), state)
        expected, torch_state = theirs.predict(shown(frame), torch_state)
        assert_equal(prediction, expected, tolerance)
        assert state is not None
        assert torch_state is not None
        for map_, torch_map in zip(state.maps, torch_state.maps, strict=True):
            assert float((map_ - torch_map).abs().max()) <= tolerance


@pytest.mark.parametrize("name", ["rvm_mobilenetv3", "rvm_resnet50"])
@pytest.mark.parametrize("ratio", [0.5, 1.0])
def test_rvm_answers_as_in_torch_with_its_memory_and_through_a_change_of_size(
    lively: Weights, exported: Exported, picture: Pictures, name: NetworkName, ratio: float
) -> None:
    frames = [picture(96, 128, seed=seed) for seed in range(3)]
    frames += [picture(61, 83, seed=9), picture(61, 83, seed=10)]
    assert_answers_as_torch(
        RvmOnnxEngine(exported(name), device=CPU, ratio=ratio),
        RvmEngine(lively(name), device=CPU, ratio=ratio),
        frames,
    )


@pytest.mark.parametrize("ratio", [0.5, 1.0])
def test_a_file_as_the_official_ones_is_mended_and_not_refined_at_ratio_1(
    lively: Weights, exported: Exported, picture: Pictures, tmp_path: Path, ratio: float
) -> None:
    path = with_shared_sides(exported("rvm_mobilenetv3"), tmp_path / "w")
    assert_answers_as_torch(
        RvmOnnxEngine(path, device=CPU, ratio=ratio),
        RvmEngine(lively("rvm_mobilenetv3"), device=CPU, ratio=ratio),
        [picture(96, 128, seed=seed) for seed in range(3)],
    )


def test_the_first_answer_shows_that_the_memory_matters(
    exported: Exported, picture: Pictures
) -> None:
    engine = RvmOnnxEngine(exported("rvm_mobilenetv3"), device=CPU)
    frame = shown(picture(48, 64))
    first, state = engine.predict(frame, None)
    second, _ = engine.predict(frame, state)
    again, _ = engine.predict(frame, state)
    assert not torch.equal(first.alpha, second.alpha)
    assert torch.equal(second.alpha, again.alpha)


def test_a_state_of_another_size_is_dropped_as_at_a_cut(
    exported: Exported, picture: Pictures
) -> None:
    engine = RvmOnnxEngine(exported("rvm_mobilenetv3"), device=CPU)
    _, state = engine.predict(shown(picture(48, 64)), None)
    large = shown(picture(64, 80))
    fresh, _ = engine.predict(large, None)
    after, _ = engine.predict(large, state)
    assert torch.equal(fresh.alpha, after.alpha)


def test_a_float16_file_is_given_float16_and_answers_in_float32(
    lively: Weights, exported: Exported, picture: Pictures
) -> None:
    path = exported("rvm_mobilenetv3", precision="float16")
    engine = RvmOnnxEngine(path, device=CPU, precision="float16", ratio=0.5)
    frame = shown(picture(96, 128))
    prediction, state = engine.predict(frame, None)
    prediction, state = engine.predict(frame, state)
    assert state is not None
    assert {map_.dtype for map_ in state.maps} == {torch.float16}
    exact = RvmEngine(lively("rvm_mobilenetv3"), device=CPU, ratio=0.5)
    expected, torch_state = exact.predict(frame, None)
    expected, _ = exact.predict(frame, torch_state)
    assert prediction.alpha.dtype == torch.float32
    assert float((prediction.alpha - expected.alpha).abs().mean()) < 5e-3


def test_a_baked_ratio_is_the_file_s_and_another_one_is_refused(
    lively: Weights, exported: Exported, picture: Pictures
) -> None:
    path = exported("rvm_mobilenetv3", ratio=0.375)
    for ratio in (None, 0.375):
        assert_answers_as_torch(
            RvmOnnxEngine(path, device=CPU, ratio=ratio),
            RvmEngine(lively("rvm_mobilenetv3"), device=CPU, ratio=0.375),
            [picture(96, 128, seed=seed) for seed in range(2)],
        )
    with pytest.raises(UsageError, match=r"made for the ratio 0\.375, not for 0\.5"):
        RvmOnnxEngine(path, device=CPU, ratio=0.5)


def test_a_baked_ratio_nobody_wrote_down_has_to_be_said(
    lively: Weights, exported: Exported, picture: Pictures, tmp_path: Path
) -> None:
    model = onnx.load(exported("rvm_mobilenetv3", ratio=0.375))
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "w")
    with pytest.raises(UsageError, match=r"does not say which\n.*--ratio R"):
        RvmOnnxEngine(tmp_path / "w", device=CPU)
    assert_answers_as_torch(
        RvmOnnxEngine(tmp_path / "w", device=CPU, ratio=0.375),
        RvmEngine(lively("rvm_mobilenetv3"), device=CPU, ratio=0.375),
        [picture(96, 128)],
    )


@pytest.mark.parametrize("has_note", [True, False])
def test_a_file_for_one_size_and_ratio_takes_that_and_names_it_otherwise(
    lively: Weights, exported: Exported, picture: Pictures, tmp_path: Path, has_note: bool
) -> None:
    path = exported("rvm_mobilenetv3", size=(96, 128), ratio=0.5)
    if not has_note:
        model = onnx.load(path)
        del model.metadata_props[:]
        path = tmp_path / "w"
        onnx.save(model, path)
    engine = RvmOnnxEngine(path, device=CPU)
    assert_answers_as_torch(
        engine,
        RvmEngine(lively("rvm_mobilenetv3"), device=CPU, ratio=0.5),
        [picture(96, 128, seed=seed) for seed in range(2)],
    )
    with pytest.raises(UsageError, match="made for frames of 128x96, this one is 64x48"):
        engine.predict(shown(picture(48, 64)), None)


def test_what_a_file_decides_cannot_be_asked_otherwise(exported: Exported) -> None:
    path = exported("rvm_mobilenetv3")
    with pytest.raises(UsageError, match="computes in float32, not in float16"):
        RvmOnnxEngine(path, device=CPU, precision="float16")
    with pytest.raises(WeightsError, match="hold the deep refiner, not the fast one"):
        RvmOnnxEngine(path, device=CPU, refiner="fast")
    with pytest.raises(UsageError, match="out of range"):
        RvmOnnxEngine(path, device=CPU, ratio=1.5)
    RvmOnnxEngine(path, device=CPU, refiner="deep")


def test_a_ratio_that_leaves_nothing_of_a_frame_is_refused(
    exported: Exported, picture: Pictures
) -> None:
    engine = RvmOnnxEngine(exported("rvm_mobilenetv3"), device=CPU, ratio=0.01)
    with pytest.raises(UsageError, match="leaves nothing of a 64x48 frame"):
        engine.predict(shown(picture(48, 64)), None)


@pytest.mark.parametrize("ratio", [512 / 1920, 512 / 2048, 512 / 3424, 0.7, 1 / 3, 0.1, 0.375])
@pytest.mark.parametrize("size", [(1080, 1920), (720, 1280), (1556, 2048), (1926, 3424), (10, 30)])
def test_the_ratio_in_float32_gives_the_coarse_size_of_the_exact_one(
    ratio: float, size: tuple[int, int]
) -> None:
    narrow, found = nearest_ratio(ratio, *size)
    assert abs(narrow - ratio) < 1e-6
    assert tuple(int(np.float32(side) * np.float32(narrow)) for side in size) == found
    if (ratio, size) == (0.7, (720, 1280)):  # 503.99999 and 896: no float32 gives both
        assert found == (504, 896)
    else:
        assert found == coarse_size(*size, ratio)


def test_a_ratio_that_no_float32_serves_is_answered_at_the_nearest(
    exported: Exported, picture: Pictures
) -> None:
    frame = shown(picture(90, 100))  # 0.7 of them is 62.99999 and 70
    exact = RvmOnnxEngine(exported("rvm_mobilenetv3", ratio=0.7), device=CPU)
    given = RvmOnnxEngine(exported("rvm_mobilenetv3"), device=CPU, ratio=0.7)
    (one, state), (other, near) = exact.predict(frame, None), given.predict(frame, None)
    assert state is not None
    assert near is not None
    assert state.fits(1, 62, 70)
    assert near.fits(1, 63, 70)
    assert float((one.alpha - other.alpha).abs().mean()) < 0.1


@pytest.mark.parametrize("name", ["bgmv2_mobilenetv2", "bgmv2_resnet50"])
def test_bgmv2_answers_as_in_torch_at_any_size(
    lively: Weights, exported: Exported, picture: Pictures, name: NetworkName
) -> None:
    path = exported(name)
    engine = Bgmv2OnnxEngine(path, device=CPU)
    theirs = Bgmv2Engine(lively(name), device=CPU, scale=0.25)
    for height, width in ((96, 128), (61, 83)):
        frame = shown(picture(height, width), picture(height, width, seed=1))
        prediction, state = engine.predict(frame, None)
        expected, _ = theirs.predict(frame, None)
        assert_equal(prediction, expected)
        assert state is None


def test_bgmv2_without_a_plate_says_what_to_give(exported: Exported, picture: Pictures) -> None:
    engine = Bgmv2OnnxEngine(exported("bgmv2_mobilenetv2"), device=CPU)
    with pytest.raises(UsageError, match="--clean-plate FILE"):
        engine.predict(shown(picture(16, 16)), None)


def test_what_a_bgmv2_file_decides_may_be_said_and_not_changed(exported: Exported) -> None:
    path = exported("bgmv2_mobilenetv2")
    Bgmv2OnnxEngine(path, device=CPU, scale=0.25, sample_pixels=80_000)
    with pytest.raises(UsageError, match=r"--ratio 0\.5 cannot be set: .*\(0\.25\)"):
        Bgmv2OnnxEngine(path, device=CPU, scale=0.5)
    with pytest.raises(UsageError, match=r"--refine-pixels 1600 cannot be set: .*\(80000\)"):
        Bgmv2OnnxEngine(path, device=CPU, sample_pixels=1600)
    with pytest.raises(UsageError, match=r"--refine-mode full cannot be set: .*\(sampling\)"):
        Bgmv2OnnxEngine(path, device=CPU, mode="full")


def test_files_of_the_other_engine_or_of_torch_are_refused(
    lively: Weights, exported: Exported, tmp_path: Path
) -> None:
    with pytest.raises(WeightsError, match="are of bgmv2_mobilenetv2, not of rvm"):
        RvmOnnxEngine(exported("bgmv2_mobilenetv2"), device=CPU)
    with pytest.raises(WeightsError, match="are of rvm_mobilenetv3, not of bgmv2"):
        Bgmv2OnnxEngine(exported("rvm_mobilenetv3"), device=CPU)
    torch.save(dict(lively("rvm_mobilenetv3").tensors), tmp_path / "rvm.pth")
    with pytest.raises(UsageError, match=r"is not an ONNX file[\s\S]*mattebox export onnx"):
        RvmOnnxEngine(tmp_path / "rvm.pth", device=CPU)
    with pytest.raises(WeightsError, match="cannot be read: No such file"):
        RvmOnnxEngine(tmp_path / "none.onnx", device=CPU)


def test_an_unknown_network_is_sent_to_the_general_engine(tmp_path: Path) -> None:
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["input"], ["alpha"])],
        "g",
        [value("input", onnx.TensorProto.FLOAT, [1, 3, "h", "w"])],
        [value("alpha", onnx.TensorProto.FLOAT, [1, 3, "h", "w"])],
    )
    onnx.save(onnx.helper.make_model(graph), tmp_path / "w")
    with pytest.raises(
        WeightsError, match=r"a network that Mattebox does not know[\s\S]*--engine onnx-matte"
    ):
        RvmOnnxEngine(tmp_path / "w", device=CPU)


def test_a_frame_larger_than_memory_is_a_device_error(exported: Exported) -> None:
    engine = RvmOnnxEngine(exported("rvm_mobilenetv3"), device=CPU, ratio=1.0)
    huge = torch.zeros((1, 3, 1, 1)).expand(1, 3, 2**20, 2**20)
    with pytest.raises(DeviceError, match="cpu has not enough memory"):
        engine.predict(shown(huge), None)
