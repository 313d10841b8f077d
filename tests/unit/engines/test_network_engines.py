"""The ``rvm`` and ``bgmv2`` engines: sizes, auto settings, missing things, devices, memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mattebox.engines.base import EngineInput, Prediction
from mattebox.engines.bgmv2 import Bgmv2Engine
from mattebox.engines.checkpoints import Checkpoint, NetworkName
from mattebox.engines.network_runtime import memory_faults
from mattebox.engines.rvm import RvmEngine, auto_ratio
from mattebox.errors import (
    DeviceError,
    MatteboxError,
    UnknownNameError,
    UsageError,
    WeightsError,
)

Weights = Callable[[NetworkName], Checkpoint]
Pictures = Callable[..., torch.Tensor]
CPU = torch.device("cpu")


def shown(picture: torch.Tensor, plate: torch.Tensor | None = None) -> EngineInput:
    return EngineInput(
        linear=picture, encoded=picture, background_linear=plate, background_encoded=plate
    )


def assert_whole(prediction: Prediction, height: int, width: int) -> None:
    alpha = prediction.alpha
    assert alpha.shape == (1, 1, height, width)
    assert alpha.dtype == torch.float32
    assert alpha.is_contiguous()
    assert not alpha.requires_grad
    assert bool(alpha.isfinite().all())
    alpha.clamp_(0.0, 1.0)  # an ordinary tensor: later steps may work in place
    assert not prediction.exact


@pytest.mark.parametrize("name", ["rvm_mobilenetv3", "rvm_resnet50"])
@pytest.mark.parametrize(("height", "width"), [(23, 17), (1, 1), (40, 700)])
def test_rvm_answers_at_any_size(
    random_checkpoint: Weights, picture: Pictures, name: NetworkName, height: int, width: int
) -> None:
    engine = RvmEngine(random_checkpoint(name), device=CPU)
    prediction, state = engine.predict(shown(picture(height, width)), None)
    assert_whole(prediction, height, width)
    assert state is not None


@pytest.mark.parametrize(
    ("size", "ratio"),
    [((1080, 1920), 512 / 1920), ((1556, 2048), 0.25), ((2160, 3840), 512 / 3840), ((270, 480), 1)],
)
def test_rvm_s_auto_ratio_makes_the_longer_side_512_and_never_enlarges(
    size: tuple[int, int], ratio: float
) -> None:
    assert auto_ratio(*size) == ratio


def test_rvm_remembers_and_forgets_at_another_size(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    engine = RvmEngine(random_checkpoint("rvm_mobilenetv3"), device=CPU)
    small, large = shown(picture(32, 48)), shown(picture(64, 48))
    first, state = engine.predict(small, None)
    second, _ = engine.predict(small, state)
    assert not torch.equal(first.alpha, second.alpha)
    fresh, _ = engine.predict(large, None)
    after_cut, _ = engine.predict(large, state)
    assert torch.equal(fresh.alpha, after_cut.alpha)


def test_the_same_frame_twice_gives_the_same_bytes(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    checkpoint = random_checkpoint("rvm_mobilenetv3")
    frame = shown(picture(40, 56))
    answers = [
        RvmEngine(checkpoint, device=CPU, ratio=0.5).predict(frame, None)[0] for _ in range(2)
    ]
    assert torch.equal(answers[0].alpha, answers[1].alpha)


@pytest.mark.parametrize("precision", ["float16", "bfloat16"])
def test_half_precision_answers_in_float32(
    random_checkpoint: Weights, picture: Pictures, precision: str
) -> None:
    source, plate = picture(32, 48), picture(32, 48, seed=1)
    rvm = RvmEngine(
        random_checkpoint("rvm_mobilenetv3"), device=CPU, precision=precision, ratio=0.5
    )
    assert_whole(rvm.predict(shown(source), None)[0], 32, 48)
    bgmv2 = Bgmv2Engine(random_checkpoint("bgmv2_mobilenetv2"), device=CPU, precision=precision)
    prediction = bgmv2.predict(shown(source, plate), None)[0]
    assert_whole(prediction, 32, 48)
    exact = Bgmv2Engine(random_checkpoint("bgmv2_mobilenetv2"), device=CPU)
    difference = (prediction.alpha - exact.predict(shown(source, plate), None)[0].alpha).abs()
    assert float(difference.mean()) < 0.02


@pytest.mark.parametrize("name", ["bgmv2_mobilenetv2", "bgmv2_resnet50", "bgmv2_resnet101"])
@pytest.mark.parametrize(("height", "width"), [(23, 17), (4, 5)])
def test_bgmv2_answers_at_any_size(
    random_checkpoint: Weights, picture: Pictures, name: NetworkName, height: int, width: int
) -> None:
    engine = Bgmv2Engine(random_checkpoint(name), device=CPU)
    prediction, state = engine.predict(
        shown(picture(height, width), picture(height, width, seed=1)), None
    )
    assert_whole(prediction, height, width)
    assert state is None


def test_bgmv2_pads_by_repeating_the_last_row_and_column(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    engine = Bgmv2Engine(random_checkpoint("bgmv2_mobilenetv2"), device=CPU)
    source, plate = picture(22, 31), picture(22, 31, seed=1)
    prediction, _ = engine.predict(shown(source, plate), None)
    rows, columns = [*range(22), 21, 21], [*range(31), 30]
    whole, _ = engine.predict(
        shown(source[:, :, rows][..., columns], plate[:, :, rows][..., columns]), None
    )
    assert torch.equal(prediction.alpha, whole.alpha[..., :22, :31])


def test_bgmv2_without_a_plate_says_what_to_give(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    engine = Bgmv2Engine(random_checkpoint("bgmv2_mobilenetv2"), device=CPU)
    with pytest.raises(UsageError, match="--clean-plate FILE"):
        engine.predict(shown(picture(16, 16)), None)


def test_bgmv2_refuses_a_plate_of_another_size(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    engine = Bgmv2Engine(random_checkpoint("bgmv2_mobilenetv2"), device=CPU)
    with pytest.raises(UsageError, match=r"the clean plate is 20x16, the frame 16x16"):
        engine.predict(shown(picture(16, 16), picture(16, 20)), None)


def test_a_frame_that_was_not_encoded_is_our_own_fault(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    engine = RvmEngine(random_checkpoint("rvm_mobilenetv3"), device=CPU)
    with pytest.raises(MatteboxError) as fault:
        engine.predict(EngineInput(linear=picture(16, 16)), None)
    assert fault.value.exit_code == 70


def test_settings_that_cannot_be_right_are_refused_before_weights_are_read() -> None:
    nowhere = Path("nowhere.pth")
    with pytest.raises(UsageError, match="ratio"):
        RvmEngine(nowhere, device=CPU, ratio=1.5)
    with pytest.raises(UnknownNameError, match="did you mean 'float16'"):
        RvmEngine(nowhere, device=CPU, precision="floot16")
    with pytest.raises(UnknownNameError, match="'deep'"):
        RvmEngine(nowhere, device=CPU, refiner="depe")
    with pytest.raises(UsageError, match="ratio"):
        Bgmv2Engine(nowhere, device=CPU, scale=0.75)
    with pytest.raises(UnknownNameError, match="'sampling'"):
        Bgmv2Engine(nowhere, device=CPU, mode="samplin")
    with pytest.raises(UsageError, match="less than one cell"):
        Bgmv2Engine(nowhere, device=CPU, sample_pixels=15)
    with pytest.raises(WeightsError, match=r"nowhere\.pth cannot be read"):
        RvmEngine(nowhere, device=CPU)


def test_weights_of_the_other_engine_are_refused(random_checkpoint: Weights) -> None:
    with pytest.raises(WeightsError, match="--engine bgmv2"):
        RvmEngine(random_checkpoint("bgmv2_mobilenetv2"), device=CPU)
    with pytest.raises(WeightsError, match="--engine rvm"):
        Bgmv2Engine(random_checkpoint("rvm_mobilenetv3"), device=CPU)


def test_a_device_that_is_not_there_is_refused(random_checkpoint: Weights) -> None:
    with pytest.raises(DeviceError, match="is not there") as fault:
        RvmEngine(random_checkpoint("rvm_mobilenetv3"), device=torch.device("cuda", 99))
    assert fault.value.exit_code == 69


def test_memory_that_does_not_suffice_says_what_to_do() -> None:
    for error in (
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ):
        with pytest.raises(DeviceError, match="lower --ratio"), memory_faults(CPU, "lower --ratio"):
            raise error
    with pytest.raises(RuntimeError, match="shape"), memory_faults(CPU, "lower --ratio"):
        raise RuntimeError("shape mismatch")


def test_a_frame_larger_than_memory_is_a_device_error(random_checkpoint: Weights) -> None:
    engine = RvmEngine(random_checkpoint("rvm_mobilenetv3"), device=CPU, ratio=1.0)
    huge = torch.zeros((1, 3, 1, 1)).expand(1, 3, 2**20, 2**20)
    with pytest.raises(DeviceError, match="cpu has not enough memory"):
        engine.predict(EngineInput(linear=huge, encoded=huge), None)
