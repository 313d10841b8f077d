"""ONNX files are told apart by content, mended in memory, and refused where they are none."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.unit.engines.exported import with_shared_sides

from mattebox.engines.checkpoints import Bgmv2Name, NetworkName, RvmName
from mattebox.engines.onnx_files import OnnxNetwork, Port, read_onnx
from mattebox.engines.weights_file import onnx_weights, read_weights, torch_weights
from mattebox.errors import DeviceError, WeightsError

Exported = Callable[..., Path]


def small_model() -> onnx.ModelProto:
    """src + w -> hidden -> out, with every way in which a file may keep a number."""
    value = helper.make_tensor_value_info
    scales = helper.make_tensor("scales", TensorProto.FLOAT, [4], [1.0, 1.0, 0.25, 0.25])
    raw = numpy_helper.from_array(np.array([2.0, 3.0], np.float16), "raw")
    counts = numpy_helper.from_array(np.array([7, 8], np.int64), "counts")
    weight = numpy_helper.from_array(np.ones((5, 5), np.float32), "w")
    graph = helper.make_graph(
        [
            helper.make_node("Constant", [], ["inside"], value=scales),
            helper.make_node("Add", ["src", "w"], ["hidden"]),
            helper.make_node("Relu", ["hidden"], ["out"]),
        ],
        "g",
        [
            value("src", TensorProto.FLOAT, [1, None, "rows", 5]),
            value("w", TensorProto.FLOAT, [5, 5]),
        ],
        [value("out", TensorProto.FLOAT, [1, None, "rows", "columns"])],
        [weight, raw, counts, scales],
        value_info=[value("hidden", TensorProto.FLOAT, ["rows", 5])],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    model.producer_name = "a test"
    helper.set_model_props(model, {"note": "Grüße"})
    return model


def read(model: onnx.ModelProto) -> OnnxNetwork:
    return read_onnx(model.SerializeToString(), "its hash", Path("w.onnx"))


def test_what_is_read_is_what_the_file_says() -> None:
    found = read(small_model())
    assert found.notes == {"note": "Grüße"}
    assert found.inputs == (Port("src", "float32", (1, None, "rows", 5)),)
    assert found.outputs == (Port("out", "float32", (1, None, "rows", "columns")),)
    assert (found.network, found.precision, found.unrefined) == (None, "float32", None)
    assert found.model == small_model().SerializeToString()


@pytest.mark.parametrize("kind", ["FLOAT16", "DOUBLE", "INT64", "BFLOAT16", "BOOL"])
def test_number_types_are_named_as_torch_names_them(kind: str) -> None:
    model = small_model()
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DataType.Value(kind)
    name = read(model).inputs[0].type
    assert name == {"DOUBLE": "float64"}.get(kind, kind.lower())
    model.graph.input[0].type.tensor_type.elem_type = 999
    assert read(model).inputs[0].type == "other"


def test_only_names_of_sides_and_one_output_are_changed_by_mending(
    exported: Exported, tmp_path: Path
) -> None:
    path = with_shared_sides(exported("rvm_mobilenetv3"), tmp_path / "w")
    model, found = onnx.load(path), onnx_weights(path)
    model.graph.value_info.append(
        helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["height", 5])
    )
    mended = onnx.load_from_string(read(model).model)
    sides = mended.graph.input[0].type.tensor_type.shape.dim
    assert [side.dim_param for side in sides] == [f"src_axis{axis}" for axis in range(4)]
    assert len({side.dim_param for port in (*mended.graph.input, *mended.graph.output)
                for side in port.type.tensor_type.shape.dim if side.dim_param}) > 30  # fmt: skip
    assert not mended.graph.value_info
    unrefined = mended.graph.output.pop()  # its shape is left open, which the checker minds
    onnx.checker.check_model(mended)
    assert found.unrefined is not None
    assert (unrefined.name, found.unrefined.type) == (found.unrefined.name, "float32")
    assert unrefined.type.tensor_type.elem_type == TensorProto.FLOAT
    for mine, theirs in ((mended.graph.input, model.graph.input),
                         (mended.graph.output, model.graph.output)):  # fmt: skip
        for one, other in zip(mine, theirs, strict=True):
            one.CopyFrom(other)
    mended.graph.value_info.extend(model.graph.value_info)
    assert mended == model


@pytest.mark.slow
@pytest.mark.parametrize("name", [*get_args(RvmName), *get_args(Bgmv2Name)])
def test_every_network_is_recognised_whatever_its_file_is_called(
    exported: Exported, name: NetworkName
) -> None:
    path = exported(name)
    found = onnx_weights(path)
    assert (found.network, found.precision, found.size) == (name, "float32", None)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    is_rvm = name.startswith("rvm")
    assert (found.model == path.read_bytes()) == (not is_rvm)
    assert found.refiner == ("deep" if is_rvm else None)
    assert (found.unrefined is not None) == is_rvm
    names = [port.name for port in found.inputs]
    assert names[:2] == (["src", "r1i"] if is_rvm else ["src", "bgr"])
    assert not found.has_ratio


@pytest.mark.slow
def test_number_type_ratio_and_size_are_read(exported: Exported) -> None:
    halves = onnx_weights(exported("rvm_mobilenetv3", precision="float16"))
    assert (halves.precision, halves.input("src").type) == ("float16", "float16")
    assert halves.input("downsample_ratio").type == "float32"
    fixed = onnx_weights(exported("rvm_mobilenetv3", size=(96, 128), ratio=0.5))
    assert (fixed.size, fixed.has_ratio, fixed.ratio) == ((96, 128), True, 0.5)
    assert fixed.input("src").shape == (1, 3, 96, 128)
    baked = onnx_weights(exported("rvm_mobilenetv3", ratio=0.375))
    assert (baked.size, baked.has_ratio, baked.ratio) == (None, True, 0.375)


@pytest.mark.slow
def test_a_ratio_without_a_note_is_read_off_the_picture_s_resize(
    exported: Exported, tmp_path: Path
) -> None:
    for ratio in (0.5, 1.0):
        model = onnx.load(exported("rvm_mobilenetv3", size=(96, 128), ratio=ratio))
        del model.metadata_props[:]
        onnx.save(model, tmp_path / "w")
        assert onnx_weights(tmp_path / "w").ratio == ratio


def test_a_look_alike_of_the_official_file_is_seen_as_one(
    exported: Exported, tmp_path: Path
) -> None:
    found = onnx_weights(with_shared_sides(exported("rvm_mobilenetv3"), tmp_path / "w"))
    assert (found.network, found.refiner) == ("rvm_mobilenetv3", "deep")


def test_another_network_has_no_name(tmp_path: Path) -> None:
    onnx.save(small_model(), tmp_path / "w")
    found = onnx_weights(tmp_path / "w")
    assert (found.network, found.precision, found.refiner) == (None, "float32", None)
    with pytest.raises(WeightsError, match=r"no input 'image'\n.*one of: src"):
        found.input("image")


def test_without_the_onnx_package_the_extra_is_named(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    data = exported("rvm_mobilenetv3").read_bytes()
    with pytest.raises(
        DeviceError, match=r"the onnx package is not installed[\s\S]*'mattebox\[onnx\]'"
    ):
        read_onnx(data, "", Path("w.onnx"))


def test_telling_a_file_needs_neither_onnxruntime_nor_torch(exported: Exported) -> None:
    check = (
        "import sys; from pathlib import Path; from mattebox.engines.weights_file import *; "
        f"print(read_weights(Path({str(exported('rvm_mobilenetv3'))!r})).network, "
        "[n for n in ('onnxruntime', 'torch') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "rvm_mobilenetv3 []"


@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_a_file_cut_short_is_damaged(exported: Exported, tmp_path: Path, share: float) -> None:
    data = exported("rvm_mobilenetv3").read_bytes()
    (tmp_path / "w.onnx").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError, match=r"w\.onnx is truncated, damaged or not a weights file"):
        read_weights(tmp_path / "w.onnx")


def test_any_bytes_are_read_or_refused_and_never_break_it() -> None:
    generator = np.random.default_rng(5)
    whole, refused = small_model().SerializeToString(), 0
    for _ in range(2000):
        data = bytearray(whole)
        for place in generator.integers(0, len(data), 3):
            data[place] = generator.integers(0, 256)
        try:
            read_onnx(bytes(data), "", Path("w"))
        except WeightsError:
            refused += 1
    assert 500 < refused < 1900


@pytest.mark.parametrize(
    "data",
    [
        b"\x08",
        b"\x08\x09",  # a version and nothing else
        b"\x08\x09\x3a\xff\xff\xff\xff\x07",  # a graph of 2 GiB, of which there is no byte
        b"\x08\x09" + b"\x3a\xf0\x7f" * 2000,  # graphs in graphs
        b"\x08\x09\x3a\x04\x0a\x02\x1a\x00\x72\x04\x0a\x02\xff\xfe",  # a note that is no text
    ],
)
def test_bytes_that_only_begin_as_onnx_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "w").write_bytes(data)
    with pytest.raises(WeightsError, match="not a weights file"):
        read_weights(tmp_path / "w")


def test_sizes_that_a_file_only_claims_are_never_made() -> None:
    model = small_model()
    for tensor in model.graph.initializer:
        del tensor.dims[:]
        tensor.dims.extend([2**40, 2**40])
    tracemalloc.start()
    assert read(model).network is None
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


@pytest.mark.parametrize("kind", ["constant", "branch", "function", "sparse"])
def test_weights_outside_of_the_file_are_refused_wherever_they_hide(kind: str) -> None:
    elsewhere = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2])
    elsewhere.data_location = TensorProto.EXTERNAL
    elsewhere.external_data.add(key="location", value="../../etc/passwd")
    model = small_model()
    constant = helper.make_node("Constant", [], ["w"], value=elsewhere)
    if kind == "constant":
        model.graph.node.append(constant)
    elif kind == "branch":
        inner = helper.make_graph([constant], "inner", [], [])
        outer = helper.make_graph(
            [helper.make_node("If", ["c"], [], then_branch=inner)], "", [], []
        )
        model.graph.node.append(helper.make_node("If", ["c"], [], else_branch=outer))
    elif kind == "function":
        model.functions.append(helper.make_function("own", "f", [], [], [constant], []))
    else:
        model.graph.sparse_initializer.add().values.CopyFrom(elsewhere)
    with pytest.raises(WeightsError, match="keeps its weights in a second file"):
        read(model)


def test_weights_in_a_second_file_are_refused(tmp_path: Path) -> None:
    model = small_model()
    onnx.save(
        model, tmp_path / "w.onnx", save_as_external_data=True, size_threshold=0, location="w.data"
    )
    with pytest.raises(WeightsError, match=r"keeps its weights in a second file[\s\S]*onnx\.save"):
        onnx_weights(tmp_path / "w.onnx")


def test_torch_refuses_an_onnx_file_and_says_what_runs_it(exported: Exported) -> None:
    with pytest.raises(WeightsError, match=r"is an ONNX file[\s\S]*--backend onnx") as fault:
        torch_weights(exported("rvm_mobilenetv3"))
    assert fault.value.exit_code == 69
