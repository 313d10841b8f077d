"""ONNX files are told apart by content, without the libraries that write and run them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.unit.engines.exported import with_shared_sides

from mattebox.engines.checkpoints import Bgmv2Name, NetworkName, RvmName, load_checkpoint
from mattebox.engines.onnx_files import identify_onnx, is_onnx
from mattebox.engines.onnx_proto import (
    Port,
    ProtoError,
    read_model,
    with_output,
    with_own_dimensions,
)
from mattebox.errors import WeightsError

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


def test_what_is_read_is_what_the_onnx_package_wrote() -> None:
    model = read_model(small_model().SerializeToString())
    assert (model.producer, model.opset, model.metadata) == ("a test", 17, {"note": "Grüße"})
    assert model.inputs == (Port("src", "float32", (1, None, "rows", 5)),)
    assert model.outputs == (Port("out", "float32", (1, None, "rows", "columns")),)
    assert [node.kind for node in model.nodes] == ["Constant", "Add", "Relu"]
    assert model.nodes[1].inputs == ("src", "w")
    constants = model.constants
    assert (constants["w"].shape, constants["w"].values) == ((5, 5), ())
    assert (constants["raw"].type, constants["raw"].values) == ("float16", (2.0, 3.0))
    assert (constants["counts"].type, constants["counts"].values) == ("int64", (7.0, 8.0))
    assert constants["scales"].values == constants["inside"].values == (1.0, 1.0, 0.25, 0.25)


def test_only_names_of_sides_are_changed_by_mending() -> None:
    model = small_model()
    mended = onnx.load_from_string(with_own_dimensions(model.SerializeToString()))
    assert mended.graph.input[0].type.tensor_type.shape.dim[2].dim_param == "src_axis2"
    assert [dim.dim_value for dim in mended.graph.input[0].type.tensor_type.shape.dim] == [
        1,
        0,
        0,
        5,
    ]
    assert not mended.graph.value_info
    mended.graph.input[0].CopyFrom(model.graph.input[0])
    mended.graph.output[0].CopyFrom(model.graph.output[0])
    mended.graph.value_info.extend(model.graph.value_info)
    assert mended == model
    onnx.checker.check_model(mended)


def test_a_tensor_inside_can_be_made_an_output() -> None:
    model = onnx.load_from_string(
        with_output(small_model().SerializeToString(), "hidden", "float32")
    )
    assert [output.name for output in model.graph.output] == ["out", "hidden"]
    assert model.graph.output[1].type.tensor_type.elem_type == TensorProto.FLOAT
    del model.graph.output[1]
    assert model == small_model()


@pytest.mark.parametrize("name", [*get_args(RvmName), *get_args(Bgmv2Name)])
def test_every_network_is_recognised_whatever_its_file_is_called(
    exported: Exported, name: NetworkName
) -> None:
    path = exported(name)
    found = identify_onnx(path)
    assert (found.network, found.precision, found.size) == (name, "float32", None)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.producer == "mattebox"
    assert not found.shares_dimensions
    is_rvm = name.startswith("rvm")
    assert found.refiner == ("deep" if is_rvm else None)
    assert (found.unrefined is not None) == is_rvm
    names = [port.name for port in found.inputs]
    assert names[:2] == (["src", "r1i"] if is_rvm else ["src", "bgr"])
    assert not found.has_ratio


def test_number_type_ratio_and_size_are_read(exported: Exported) -> None:
    halves = identify_onnx(exported("rvm_mobilenetv3", precision="float16"))
    assert (halves.precision, halves.input("src").type) == ("float16", "float16")
    assert halves.input("downsample_ratio").type == "float32"
    fixed = identify_onnx(exported("rvm_mobilenetv3", size=(96, 128), ratio=0.5))
    assert (fixed.size, fixed.has_ratio, fixed.ratio) == ((96, 128), True, 0.5)
    assert fixed.input("src").shape == (1, 3, 96, 128)
    baked = identify_onnx(exported("rvm_mobilenetv3", ratio=0.375))
    assert (baked.size, baked.has_ratio, baked.ratio) == (None, True, 0.375)


def test_a_ratio_without_a_note_is_read_off_the_picture_s_resize(
    exported: Exported, tmp_path: Path
) -> None:
    for ratio in (0.5, 1.0):
        model = onnx.load(exported("rvm_mobilenetv3", size=(96, 128), ratio=ratio))
        del model.metadata_props[:]
        onnx.save(model, tmp_path / "w")
        assert identify_onnx(tmp_path / "w").ratio == ratio


def test_a_look_alike_of_the_official_file_is_seen_as_one(
    exported: Exported, tmp_path: Path
) -> None:
    found = identify_onnx(with_shared_sides(exported("rvm_mobilenetv3"), tmp_path / "w"))
    assert (found.network, found.refiner) == ("rvm_mobilenetv3", "deep")
    assert found.shares_dimensions


def test_another_network_has_no_name(tmp_path: Path) -> None:
    onnx.save(small_model(), tmp_path / "w")
    found = identify_onnx(tmp_path / "w")
    assert (found.network, found.precision, found.refiner) == (None, "float32", None)
    with pytest.raises(WeightsError, match=r"no input 'image'\n.*one of: src"):
        found.input("image")


def test_telling_a_file_needs_neither_onnx_nor_onnxruntime_nor_torch(
    exported: Exported,
) -> None:
    check = (
        "import sys; from pathlib import Path; from mattebox.engines.onnx_files import *; "
        f"print(identify_onnx(Path({str(exported('rvm_mobilenetv3'))!r})).network, "
        "[n for n in ('onnx', 'onnxruntime', 'torch', 'numpy') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "rvm_mobilenetv3 []"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_file_cut_short_is_damaged(exported: Exported, tmp_path: Path, share: float) -> None:
    data = exported("rvm_mobilenetv3").read_bytes()
    (tmp_path / "w.onnx").write_bytes(data[: int(len(data) * share)])
    with pytest.raises(WeightsError, match=r"w\.onnx is truncated, damaged or not an ONNX file"):
        identify_onnx(tmp_path / "w.onnx")
    assert not is_onnx((tmp_path / "w.onnx").read_bytes())


def test_any_bytes_are_read_or_refused_and_never_break_it() -> None:
    generator = np.random.default_rng(5)
    whole = small_model().SerializeToString()
    for _ in range(400):
        data = bytearray(whole)
        for place in generator.integers(0, len(data), 3):
            data[place] = generator.integers(0, 256)
        try:
            read_model(bytes(data))
        except ProtoError:
            continue


def test_other_files_are_no_onnx(tmp_path: Path) -> None:
    for data in (b"", b"\x08", b"\x08\x09", b"PK\x03\x04", b"\x80\x02}", b"<!DOCTYPE html>"):
        assert not is_onnx(data)


def test_weights_in_a_second_file_are_refused(tmp_path: Path) -> None:
    model = small_model()
    onnx.save(
        model, tmp_path / "w.onnx", save_as_external_data=True, size_threshold=0, location="w.data"
    )
    with pytest.raises(WeightsError, match=r"keeps its weights in a second file[\s\S]*onnx\.save"):
        identify_onnx(tmp_path / "w.onnx")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read: No such file"):
        identify_onnx(tmp_path / "none.onnx")


def test_torch_refuses_an_onnx_file_and_says_what_runs_it(exported: Exported) -> None:
    with pytest.raises(WeightsError, match=r"is an ONNX file[\s\S]*--backend onnx") as fault:
        load_checkpoint(exported("rvm_mobilenetv3"))
    assert fault.value.exit_code == 69
