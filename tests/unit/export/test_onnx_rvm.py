"""What is special about RVM's ONNX file: names, states, ratios, sizes, number types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from tests.unit.export.conftest import Rvm, shapes

from mattebox import __version__
from mattebox.errors import UsageError
from mattebox.export.clips import seeded_frame
from mattebox.export.onnx import OPSET, export_onnx
from mattebox.export.onnx_file import OnnxFile
from mattebox.export.parity import FLOAT16, FLOAT32, compare_rvm

STATES = ("r1i", "r2i", "r3i", "r4i")
OUTPUTS = ["fgr", "pha", "r1o", "r2o", "r3o", "r4o"]


def inputs_of(path: Path) -> dict[str, tuple[int | str, ...]]:
    return shapes(list(onnx.load(path).graph.input))


def operators(graph: onnx.GraphProto) -> set[str]:
    inner = {o for n in graph.node for a in n.attribute for o in operators(a.g)}
    return {node.op_type for node in graph.node} | inner


def test_inputs_and_outputs_have_the_names_of_the_official_file(rvm_file: Path) -> None:
    model = onnx.load(rvm_file)
    assert [item.name for item in model.graph.input] == ["src", *STATES, "downsample_ratio"]
    assert [item.name for item in model.graph.output] == OUTPUTS
    assert [item.version for item in model.opset_import if not item.domain] == [OPSET]
    assert {item.domain for item in model.opset_import} == {""}


def test_no_two_tensors_share_the_name_of_a_side(rvm_file: Path) -> None:
    graph = onnx.load(rvm_file).graph
    sides = {**shapes(list(graph.input)), **shapes(list(graph.output))}
    names = [side for shape in sides.values() for side in shape if isinstance(side, str)]
    assert len(names) > 30
    assert len(names) == len(set(names))


def test_the_first_frame_s_state_may_be_one_zero_or_zeros_of_full_size(rvm_file: Path) -> None:
    session = onnxruntime.InferenceSession(rvm_file, providers=["CPUExecutionProvider"])
    source = seeded_frame(65, 99, 0).source.numpy()
    ratio = np.array([0.5], np.float32)
    small = {name: np.zeros((1, 1, 1, 1), np.float32) for name in STATES}
    answers = session.run(None, {"src": source, "downsample_ratio": ratio, **small})
    full = {name: np.zeros_like(state) for name, state in zip(STATES, answers[2:], strict=True)}
    again = session.run(None, {"src": source, "downsample_ratio": ratio, **full})
    for answer, other in zip(answers, again, strict=True):
        np.testing.assert_array_equal(answer, other)


def test_two_clips_at_once_are_each_as_alone(rvm_file: Path) -> None:
    session = onnxruntime.InferenceSession(rvm_file, providers=["CPUExecutionProvider"])
    clips = [seeded_frame(48, 64, index).source.numpy() for index in (0, 9)]
    rest = {name: np.zeros((1, 1, 1, 1), np.float32) for name in STATES}
    rest["downsample_ratio"] = np.array([0.5], np.float32)
    both = session.run(None, {"src": np.concatenate(clips), **rest})
    for index, clip in enumerate(clips):
        alone = session.run(None, {"src": clip, **rest})
        for one, other in zip(alone, both, strict=True):
            np.testing.assert_allclose(one[0], other[index], atol=1e-5)


def test_at_ratio_1_the_refiner_does_not_run_as_in_torch(rvm: Rvm, rvm_file: Path) -> None:
    """The official ONNX files run it; with these weights that would be seen."""
    network = rvm()
    file = OnnxFile(rvm_file)
    source = seeded_frame(64, 80, 0).source
    with torch.no_grad():
        unrefined = network(source, None, 1.0).alpha
        nearly_1 = network(source, None, 0.9999999).alpha
    assert (file.rvm(source, 1.0, None).alpha - unrefined).abs().max() < FLOAT32.most
    assert (nearly_1 - unrefined).abs().max() > 10 * FLOAT32.most


@pytest.mark.slow
def test_the_refiner_without_weights_is_exported_too(rvm: Rvm, tmp_path: Path) -> None:
    network = rvm("fast")
    export_onnx(network, tmp_path / "fast.onnx")
    file = OnnxFile(tmp_path / "fast.onnx")
    rows = compare_rvm(network, file.rvm, [((65, 99), 0.5), ((65, 99), 1.0)], has_memory=True)
    assert all(row.passes(FLOAT32) for row in rows), rows


@pytest.mark.slow
def test_a_baked_ratio_gives_torch_s_coarse_size_where_float32_is_a_pixel_off(
    rvm: Rvm, tmp_path: Path
) -> None:
    assert int(np.float32(180) * np.float32(0.7)) == 126
    assert int(180 * 0.7) == 125
    network = rvm()
    export_onnx(network, tmp_path / "rvm.onnx", ratio=0.7)
    file = OnnxFile(tmp_path / "rvm.onnx")
    assert "downsample_ratio" not in inputs_of(tmp_path / "rvm.onnx")
    cases = [((180, 90), 0.7), ((64, 99), 0.7)]
    rows = compare_rvm(network, file.rvm, cases, has_memory=True)
    assert all(row.passes(FLOAT32) for row in rows), rows


@pytest.mark.slow
def test_a_file_for_one_size_holds_no_size_that_is_computed(rvm: Rvm, fixed_rvm_file: Path) -> None:
    graph = onnx.load(fixed_rvm_file).graph
    assert not operators(graph) & {"Shape", "Gather", "If", "Expand", "Where"}
    assert shapes(list(graph.input)) == {
        "src": (1, 3, 180, 90),
        "r1i": (1, 16, 63, 31),
        "r2i": (1, 20, 32, 16),
        "r3i": (1, 40, 16, 8),
        "r4i": (1, 64, 8, 4),
    }
    assert shapes(list(graph.output))["r4o"] == (1, 64, 8, 4)
    file = OnnxFile(fixed_rvm_file)
    assert file.size == (180, 90)
    rows = compare_rvm(rvm(), file.rvm, [((180, 90), 0.7)], has_memory=True)
    assert all(row.passes(FLOAT32) for row in rows), rows


@pytest.mark.slow
def test_float16_takes_and_gives_float16_but_the_ratio_and_refines_in_float32(
    rvm: Rvm, tmp_path: Path
) -> None:
    export_onnx(rvm(), tmp_path / "half.onnx", precision="float16")
    graph = onnx.load(tmp_path / "half.onnx").graph
    kinds = {item.name: item.type.tensor_type.elem_type for item in (*graph.input, *graph.output)}
    assert kinds.pop("downsample_ratio") == onnx.TensorProto.FLOAT
    assert set(kinds.values()) == {onnx.TensorProto.FLOAT16}
    weights = {tuple(item.dims): item.data_type for item in graph.initializer}
    assert weights[(4, 1, 3, 3)] == onnx.TensorProto.FLOAT, "the refiner's box filter"
    assert weights[(4, 16, 1, 1)] in (onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT)
    assert weights[(16, 3, 3, 3)] == onnx.TensorProto.FLOAT16, "the encoder's first convolution"
    file = OnnxFile(tmp_path / "half.onnx")
    rows = compare_rvm(rvm(), file.rvm, [((65, 99), 0.5)], has_memory=True)
    assert rows[0].passes(FLOAT16)
    assert not rows[0].passes(FLOAT32), "rounding to 11 bits is seen"


@pytest.mark.slow
def test_equal_calls_give_equal_bytes_and_leave_the_network_alone(
    rvm: Rvm, fixed_rvm_file: Path, tmp_path: Path
) -> None:
    before = {name: tensor.clone() for name, tensor in rvm().state_dict().items()}
    export_onnx(rvm(), tmp_path / "again", size=(180, 90), ratio=0.7)
    assert (tmp_path / "again").read_bytes() == fixed_rvm_file.read_bytes()
    export_onnx(rvm(), tmp_path / "half", size=(64, 64), precision="float16", ratio=0.5)
    for name, tensor in rvm().state_dict().items():
        assert tensor.dtype == before[name].dtype
        assert torch.equal(tensor, before[name])
    assert sorted(item.name for item in tmp_path.iterdir()) == ["again", "half"]


def test_the_file_says_what_it_is_and_nothing_of_the_machine(
    rvm_file: Path, fixed_rvm_file: Path
) -> None:
    model = onnx.load(rvm_file)
    notes = {item.key: item.value for item in model.metadata_props}
    assert notes == {
        "mattebox.version": __version__,
        "mattebox.precision": "float32",
        "mattebox.network": "rvm_mobilenetv3",
        "mattebox.weights_sha256": "ab" * 32,
        "mattebox.licence": "CC0-1.0",
        "mattebox.refiner": "deep",
        "mattebox.torch": str(torch.__version__),
    }
    assert (model.producer_name, model.producer_version) == ("mattebox", __version__)
    fixed = {item.key: item.value for item in onnx.load(fixed_rvm_file).metadata_props}
    assert fixed["mattebox.downsample_ratio"] == "0.7"
    assert "mattebox.network" not in fixed
    for path in (rvm_file, fixed_rvm_file):
        assert b".py" not in path.read_bytes()


@pytest.mark.parametrize("ratio", [0.0, -0.5, 1.5, float("nan")])
def test_a_ratio_out_of_range_is_refused(rvm: Rvm, tmp_path: Path, ratio: float) -> None:
    with pytest.raises(UsageError, match="out of range"):
        export_onnx(rvm(), tmp_path / "rvm.onnx", ratio=ratio)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(0, 10), (3, 200)])
def test_a_size_without_a_coarse_picture_is_refused(
    rvm: Rvm, tmp_path: Path, size: tuple[int, int]
) -> None:
    with pytest.raises(UsageError, match=r"nothing of|no pixels"):
        export_onnx(rvm(), tmp_path / "rvm.onnx", size=size, ratio=0.25)
