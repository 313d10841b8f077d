"""How RVM handles sizes, chunks, states and number types; on random weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from mattebox.engines.checkpoints import Checkpoint, NetworkName, RvmName, load_rvm
from mattebox.engines.networks.folding import fold_batch_norms
from mattebox.engines.networks.guided_filter import FastGuidedFilter
from mattebox.engines.networks.rvm import RvmRefiner
from mattebox.engines.networks.rvm_decoder import RvmState
from mattebox.errors import UsageError

Weights = Callable[[NetworkName], Checkpoint]
Pictures = Callable[..., torch.Tensor]


@pytest.mark.parametrize(
    ("network", "channels"),
    [("rvm_mobilenetv3", (16, 20, 40, 64)), ("rvm_resnet50", (16, 32, 64, 128))],
)
@pytest.mark.parametrize("refiner", ["deep", "fast"])
def test_odd_sizes_keep_their_size_and_states_are_successive_halves_rounded_up(
    random_checkpoint: Weights,
    picture: Pictures,
    network: RvmName,
    channels: tuple[int, ...],
    refiner: RvmRefiner,
) -> None:
    matte = load_rvm(random_checkpoint(network), refiner)(picture(23, 17), None, 0.9)
    assert matte.alpha.shape == (1, 1, 23, 17)
    assert matte.foreground.shape == (1, 3, 23, 17)
    # floor(23 * 0.9) = 20, floor(17 * 0.9) = 15
    sizes = ((10, 8), (5, 4), (3, 2), (2, 1))
    assert [map_.shape for map_ in matte.state.maps] == [
        (1, channel, *size) for channel, size in zip(channels, sizes, strict=True)
    ]
    for value in (matte.alpha, matte.foreground):
        assert float(value.min()) >= 0.0
        assert float(value.max()) <= 1.0


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_a_chunk_is_its_frames_one_by_one_and_can_be_cut_anywhere(
    random_checkpoint: Weights, picture: Pictures, ratio: float
) -> None:
    network = load_rvm(random_checkpoint("rvm_mobilenetv3"))
    clip = picture(45, 61, count=3)[None]
    whole = network(clip, None, ratio)
    state: RvmState | None = None
    for index in range(3):
        single = network(clip[:, index], state, ratio)
        state = single.state
        torch.testing.assert_close(single.alpha, whole.alpha[:, index], rtol=0, atol=2e-6)
        torch.testing.assert_close(single.foreground, whole.foreground[:, index], rtol=0, atol=2e-6)
    assert state is not None
    head = network(clip[:, :2], None, ratio)
    tail = network(clip[:, 2:], head.state, ratio)
    torch.testing.assert_close(tail.alpha[:, 0], whole.alpha[:, 2], rtol=0, atol=2e-6)
    for resumed, direct, single_map in zip(
        tail.state.maps, whole.state.maps, state.maps, strict=True
    ):
        torch.testing.assert_close(resumed, direct, rtol=0, atol=2e-6)
        torch.testing.assert_close(single_map, direct, rtol=0, atol=2e-6)


def test_no_state_is_a_state_of_zeros(random_checkpoint: Weights, picture: Pictures) -> None:
    network = load_rvm(random_checkpoint("rvm_mobilenetv3"))
    frame = picture(32, 48)
    first = network(frame)
    zeros = RvmState(*(torch.zeros_like(map_) for map_ in first.state.maps))
    assert torch.equal(network(frame, zeros).alpha, first.alpha)
    assert not torch.equal(network(frame, first.state).alpha, first.alpha)


def test_a_state_of_another_size_is_refused(random_checkpoint: Weights, picture: Pictures) -> None:
    network = load_rvm(random_checkpoint("rvm_mobilenetv3"))
    state = network(picture(32, 48)).state
    assert state.fits(1, 32, 48)
    assert state.fits(1, 31, 47), "rounded up, these have the same halves"
    assert not state.fits(2, 32, 48)
    with pytest.raises(UsageError, match="does not belong to 1 clip"):
        network(picture(64, 48), state)


def test_a_state_map_must_have_four_dimensions() -> None:
    four, three = torch.zeros(1, 1, 2, 2), torch.zeros(1, 2, 2)
    with pytest.raises(UsageError, match="r3 has shape"):
        RvmState(four, four, three, four)


@pytest.mark.parametrize("ratio", [0.0, -0.5, 1.5])
def test_a_ratio_out_of_range_is_refused(
    random_checkpoint: Weights, picture: Pictures, ratio: float
) -> None:
    with pytest.raises(UsageError, match="out of range"):
        load_rvm(random_checkpoint("rvm_mobilenetv3"))(picture(16, 16), None, ratio)


def test_a_ratio_that_leaves_nothing_is_refused(
    random_checkpoint: Weights, picture: Pictures
) -> None:
    with pytest.raises(UsageError, match="leaves nothing of a 16x4 frame"):
        load_rvm(random_checkpoint("rvm_mobilenetv3"))(picture(4, 16), None, 0.1)


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 4, 8, 8), (1, 1, 1, 3, 8, 8)])
def test_a_picture_of_another_shape_is_refused(
    random_checkpoint: Weights, shape: tuple[int, ...]
) -> None:
    with pytest.raises(UsageError, match="was given a picture of shape"):
        load_rvm(random_checkpoint("rvm_mobilenetv3"))(torch.zeros(shape))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_keeps_refiner_and_answer_in_float32(
    random_checkpoint: Weights, picture: Pictures, dtype: torch.dtype
) -> None:
    network = load_rvm(random_checkpoint("rvm_mobilenetv3"))
    frame = picture(64, 96)
    reference = network(frame, None, 0.5)
    network.set_precision(dtype)
    matte = network(frame, None, 0.5)
    assert matte.state.r1.dtype == dtype
    assert {parameter.dtype for parameter in network.refiner.parameters()} == {torch.float32}
    assert matte.alpha.dtype == matte.foreground.dtype == torch.float32
    assert float((matte.alpha - reference.alpha).abs().max()) < 0.05
    # A float32 state from a file, say, is taken over.
    assert network(frame, reference.state, 0.5).state.r4.dtype == dtype


@pytest.mark.parametrize("name", ["rvm_mobilenetv3", "rvm_resnet50"])
def test_folding_batch_norms_changes_nothing_visible(
    random_checkpoint: Weights, picture: Pictures, name: RvmName
) -> None:
    frame = picture(48, 64)
    network = load_rvm(random_checkpoint(name))
    plain = network(frame, None, 0.5)
    fold_batch_norms(network)
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in network.modules())
    folded = network(frame, None, 0.5)
    torch.testing.assert_close(folded.alpha, plain.alpha, rtol=0, atol=5e-6)
    torch.testing.assert_close(folded.foreground, plain.foreground, rtol=0, atol=5e-6)


def test_the_fast_guided_filter_returns_what_the_guide_explains() -> None:
    """values = 2 * guide + 0.25 exactly: inside, the filter must find slope 2 / (1 + e/var)."""
    generator = torch.Generator().manual_seed(3)
    coarse = torch.rand((1, 3, 12, 12), generator=generator)
    guide = torch.cat([coarse, coarse.mean(dim=1, keepdim=True)], dim=1)
    values = 2.0 * guide + 0.25
    out = FastGuidedFilter()(coarse, coarse, values, torch.empty(0))
    inside = (..., slice(2, -2), slice(2, -2))
    torch.testing.assert_close(out[inside], values[inside], rtol=0, atol=5e-3)
