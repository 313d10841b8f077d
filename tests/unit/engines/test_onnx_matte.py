"""The ``onnx-matte`` engine on small networks whose answers can be written down."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import onnx
import pytest
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper

from mattebox.engines.base import EngineInput
from mattebox.engines.onnx_matte import OnnxMatteEngine
from mattebox.errors import UnknownNameError, UsageError, WeightsError
from mattebox.network_config import (
    AlphaOutput,
    NetworkConfig,
    PictureInput,
    SecondInput,
    SizeRule,
)

CPU = torch.device("cpu")
FLOAT = TensorProto.FLOAT


def network(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: dict[str, int],
    outputs: Sequence[str] = ("alpha",),
    kind: int = FLOAT,
    gives: int | None = None,
) -> Path:
    """A file with these operations; inputs by name and number of channels; ``kind`` is the number
    type of all of them, but for what outputs ``gives``."""
    graph = helper.make_graph(
        list(nodes),
        "g",
        [
            helper.make_tensor_value_info(name, kind, [1, channels, f"{name}_h", f"{name}_w"])
            for name, channels in inputs.items()
        ],
        [helper.make_tensor_value_info(name, gives or kind, [None] * 4) for name in outputs],
        [helper.make_tensor(f"axis{n}", TensorProto.INT64, [1], [n]) for n in range(5)],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)
    return path


def first_channel(path: Path, name: str = "image", channels: int = 3, which: int = 0) -> Path:
    """alpha = one channel of the input."""
    slice_ = helper.make_node(
        "Slice", [name, f"axis{which}", f"axis{which + 1}", "axis1"], ["alpha"]
    )
    return network(path, [slice_], {name: channels})


def frame(picture: torch.Tensor, **others: torch.Tensor) -> EngineInput:
    return EngineInput(linear=picture, encoded=picture, **others)


def colours(height: int = 4, width: int = 6) -> torch.Tensor:
    """Red rises across, green is 0.5, blue falls."""
    red = torch.linspace(0.0, 1.0, width).expand(height, width)
    return torch.stack([red, torch.full_like(red, 0.5), 1.0 - red])[None]


@pytest.mark.parametrize(("channels", "which"), [("RGB", 0), ("BGR", 2)])
def test_the_picture_goes_in_as_the_config_says(tmp_path: Path, channels: str, which: int) -> None:
    config = NetworkConfig.model_validate(
        {"picture": {"channels": channels, "white": 255, "mean": [51, 51, 51], "std": [102] * 3}}
    )
    engine = OnnxMatteEngine(first_channel(tmp_path / "w"), config, device=CPU)
    prediction, state = engine.predict(frame(colours()), None)
    expected = ((colours()[:, which : which + 1] * 255 - 51) / 102).clamp(0.0, 1.0)
    assert torch.allclose(prediction.alpha, expected, atol=1e-6)
    assert prediction.sure_inside
    assert state is None


def test_logits_and_other_whites_become_alpha(tmp_path: Path) -> None:
    path = first_channel(tmp_path / "w")
    logits = NetworkConfig(
        picture=PictureInput(white=8.0, mean=(4.0, 4.0, 4.0)), alpha=AlphaOutput(curve="sigmoid")
    )
    prediction, _ = OnnxMatteEngine(path, logits, device=CPU).predict(frame(colours()), None)
    assert float(prediction.alpha[0, 0, 0, 0]) == pytest.approx(1 / (1 + math.exp(4)), abs=1e-6)
    codes = NetworkConfig(picture=PictureInput(white=255.0), alpha=AlphaOutput(opaque=255.0))
    prediction, _ = OnnxMatteEngine(path, codes, device=CPU).predict(frame(colours()), None)
    assert torch.allclose(prediction.alpha, colours()[:, :1], atol=1e-6)


def test_another_size_is_reached_without_aliases_and_left_again(tmp_path: Path) -> None:
    checker = (torch.arange(64)[:, None] + torch.arange(64)).remainder(2).float()
    picture = checker.expand(1, 3, 64, 64).contiguous()
    config = NetworkConfig(size=SizeRule(fixed=(16, 16)))
    engine = OnnxMatteEngine(first_channel(tmp_path / "w"), config, device=CPU)
    prediction, _ = engine.predict(frame(picture), None)
    assert prediction.alpha.shape == (1, 1, 64, 64)
    assert float((prediction.alpha - 0.5).abs().max()) < 0.01


def test_a_larger_answer_is_made_smaller_without_aliases(tmp_path: Path) -> None:
    config = NetworkConfig(size=SizeRule(longer=60, multiple=4))
    engine = OnnxMatteEngine(first_channel(tmp_path / "w"), config, device=CPU)
    picture = colours(20, 30)
    prediction, _ = engine.predict(frame(picture), None)
    assert float((prediction.alpha - picture[:, :1]).abs().max()) < 0.02


def test_a_trimap_is_made_from_the_hint(tmp_path: Path) -> None:
    node = helper.make_node("Identity", ["trimap"], ["alpha"])
    use = helper.make_node("ReduceMean", ["image"], ["unused"], axes=[1])
    path = network(tmp_path / "w", [use, node], {"image": 3, "trimap": 1})
    config = NetworkConfig(second=SecondInput(kind="trimap", input="trimap"))
    engine = OnnxMatteEngine(path, config, device=CPU)
    hint = torch.tensor([0.0, 0.04, 0.2, 0.8, 0.96, 1.0]).expand(1, 1, 4, 6)
    prediction, _ = engine.predict(frame(colours(), hint=hint), None)
    assert prediction.alpha[0, 0, 0].tolist() == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]
    with pytest.raises(UsageError, match=r"trimap[\s\S]*--hint FILE"):
        engine.predict(frame(colours()), None)


def test_a_trimap_may_be_a_fourth_channel_of_the_picture(tmp_path: Path) -> None:
    path = first_channel(tmp_path / "w", channels=4, which=3)
    config = NetworkConfig(second=SecondInput(kind="trimap"))
    hint = torch.ones(1, 1, 4, 6)
    engine = OnnxMatteEngine(path, config, device=CPU)
    prediction, _ = engine.predict(frame(colours(), hint=hint), None)
    assert bool((prediction.alpha == 1.0).all())


def test_a_plate_goes_in_as_the_picture_does(tmp_path: Path) -> None:
    difference = helper.make_node("Sub", ["image", "plate"], ["difference"])
    node = helper.make_node("Slice", ["difference", "axis0", "axis1", "axis1"], ["alpha"])
    path = network(tmp_path / "w", [difference, node], {"image": 3, "plate": 3})
    config = NetworkConfig(
        picture=PictureInput(mean=(0.25, 0.25, 0.25)),
        second=SecondInput(kind="plate", input="plate"),
    )
    engine = OnnxMatteEngine(path, config, device=CPU)
    plate = torch.full((1, 3, 4, 6), 0.25)
    prediction, _ = engine.predict(frame(colours(), background_encoded=plate), None)
    assert torch.allclose(prediction.alpha, (colours()[:, :1] - 0.25).clamp(0.0), atol=1e-6)
    with pytest.raises(UsageError, match=r"clean plate[\s\S]*--clean-plate FILE"):
        engine.predict(frame(colours()), None)


def test_a_float16_network_is_given_float16(tmp_path: Path) -> None:
    node = helper.make_node("Slice", ["image", "axis0", "axis1", "axis1"], ["alpha"])
    path = network(tmp_path / "w", [node], {"image": 3}, kind=TensorProto.FLOAT16)
    engine = OnnxMatteEngine(path, NetworkConfig(), device=CPU)
    prediction, _ = engine.predict(frame(colours()), None)
    assert torch.equal(prediction.alpha, colours()[:, :1].half().float())


def test_a_network_written_by_torch_runs(tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 3, padding=1), torch.nn.Sigmoid()).eval()
    with warnings.catch_warnings(action="ignore"):
        torch.onnx.export(
            net, (torch.rand(1, 3, 8, 8),), tmp_path / "w", dynamo=False,
            input_names=["image"], output_names=["alpha"],
            dynamic_axes={"image": {2: "h", 3: "w"}, "alpha": {2: "h", 3: "w"}},
        )  # fmt: skip
    engine = OnnxMatteEngine(tmp_path / "w", NetworkConfig(), device=CPU)
    picture = torch.rand(1, 3, 20, 31)
    prediction, _ = engine.predict(frame(picture), None)
    with torch.no_grad():
        assert float((prediction.alpha - net(picture)).abs().max()) < 1e-5
    assert F.mse_loss(prediction.alpha, torch.zeros_like(prediction.alpha)) > 0.01


def test_a_config_that_does_not_fit_its_file_is_refused(tmp_path: Path) -> None:
    path = first_channel(tmp_path / "w")
    with pytest.raises(UnknownNameError, match="no input of the network 'imag'"):
        OnnxMatteEngine(path, NetworkConfig(picture=PictureInput(input="imag")), device=CPU)
    with pytest.raises(UnknownNameError, match="no output of the network 'matte'"):
        OnnxMatteEngine(path, NetworkConfig(alpha=AlphaOutput(output="matte")), device=CPU)
    node = helper.make_node("Add", ["image", "more"], ["alpha"])
    two = network(tmp_path / "two", [node], {"image": 3, "more": 3})
    with pytest.raises(WeightsError, match="also takes more"):
        OnnxMatteEngine(two, NetworkConfig(), device=CPU)


def test_an_answer_that_is_no_single_alpha_is_named(tmp_path: Path) -> None:
    node = helper.make_node("Identity", ["image"], ["alpha"])
    path = network(tmp_path / "w", [node], {"image": 3})
    engine = OnnxMatteEngine(path, NetworkConfig(), device=CPU)
    with pytest.raises(WeightsError, match=r"'alpha' has shape \[1, 3, 4, 6\]"):
        engine.predict(frame(colours()), None)


def mean_of_channels(*then: onnx.NodeProto) -> list[onnx.NodeProto]:
    """The mean of the image's channels as "mean", and what is made of it."""
    return [helper.make_node("ReduceMean", ["image"], ["mean"], axes=[1]), *then]


def test_an_answer_of_text_is_refused_before_it_is_asked_for(tmp_path: Path) -> None:
    """onnxruntime ends the process there."""
    nodes = mean_of_channels(helper.make_node("Cast", ["mean"], ["alpha"], to=TensorProto.STRING))
    path = network(tmp_path / "w", nodes, {"image": 3}, gives=TensorProto.STRING)
    with pytest.raises(WeightsError, match="gives string"):
        OnnxMatteEngine(path, NetworkConfig(), device=CPU)


def test_an_answer_of_whole_numbers_is_an_alpha(tmp_path: Path) -> None:
    nodes = mean_of_channels(helper.make_node("Cast", ["mean"], ["alpha"], to=TensorProto.UINT8))
    path = network(tmp_path / "w", nodes, {"image": 3}, gives=TensorProto.UINT8)
    config = NetworkConfig(picture=PictureInput(white=255.0), alpha=AlphaOutput(opaque=255.0))
    prediction, _ = OnnxMatteEngine(path, config, device=CPU).predict(frame(colours()), None)
    assert torch.allclose(prediction.alpha, torch.full((1, 1, 4, 6), 0.5), atol=1 / 255)


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([helper.make_node("ReduceMean", ["mean"], ["alpha"], axes=[2])], "is 6x1 for a picture"),
        ([helper.make_node("Slice", ["mean", "axis0", "axis0", "axis2"], ["alpha"])], "is 6x0 for"),
        (
            [
                helper.make_node("Neg", ["mean"], ["minus"]),
                helper.make_node("Log", ["minus"], ["alpha"]),
            ],
            "not finite",
        ),
    ],
    ids=["of one row", "of no row", "not a number"],
)
def test_an_answer_that_is_no_alpha_of_the_picture_is_named(
    nodes: list[onnx.NodeProto], said: str, tmp_path: Path
) -> None:
    path = network(tmp_path / "w", mean_of_channels(*nodes), {"image": 3})
    engine = OnnxMatteEngine(path, NetworkConfig(), device=CPU)
    with pytest.raises(WeightsError, match=said):
        engine.predict(frame(colours()), None)


def test_an_answer_at_a_part_of_the_size_is_enlarged(tmp_path: Path) -> None:
    pool = helper.make_node("AveragePool", ["mean"], ["alpha"], kernel_shape=[2, 2], strides=[2, 2])
    path = network(tmp_path / "w", mean_of_channels(pool), {"image": 3})
    prediction, _ = OnnxMatteEngine(path, NetworkConfig(), device=CPU).predict(
        frame(colours()), None
    )
    assert prediction.alpha.shape == (1, 1, 4, 6)
