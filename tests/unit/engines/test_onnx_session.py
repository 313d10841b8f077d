"""A session of onnxruntime computes in torch's memory, on the device asked for or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from onnx import TensorProto, helper

from mattebox.engines.onnx_files import Port
from mattebox.engines.onnx_runtime import OnnxRuntime, find_runtime, import_runtime
from mattebox.engines.onnx_session import OnnxSession, provider_for
from mattebox.errors import DeviceError, UnknownNameError, UsageError, WeightsError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
SUM = Port("sum", "float32", ("rows", "columns"))
HAS_CUDA = "CUDAExecutionProvider" in import_runtime().get_available_providers()


def adder() -> bytes:
    """one + other -> sum, any size."""
    kind = TensorProto.FLOAT
    sides = ["rows", "columns"]
    graph = helper.make_graph(
        [helper.make_node("Add", ["one", "other"], ["sum"])],
        "g",
        [helper.make_tensor_value_info(name, kind, sides) for name in ("one", "other")],
        [helper.make_tensor_value_info("sum", kind, sides)],
    )
    opsets = [helper.make_opsetid("", 17)]
    data: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    return data


def opened(
    data: bytes | None = None,
    *,
    device: torch.device = CPU,
    provider: str = "auto",
    outputs: tuple[Port, ...] = (SUM,),
) -> OnnxSession:
    return OnnxSession(
        adder() if data is None else data,
        Path("net.onnx"),
        outputs,
        device=device,
        provider=provider,
        advice="lower --ratio",
    )


def test_the_answer_lies_in_a_tensor_of_torch_s() -> None:
    session = opened()
    one = torch.arange(6.0).view(2, 3)
    for shape in ((2, 3), (4, 5)):
        one, other = torch.rand(shape), torch.rand(shape)
        answer = session.run({"one": one, "other": other}, {"sum": shape})["sum"]
        assert torch.equal(answer, one + other)
    assert session.provider == "cpu"


def test_inputs_in_any_memory_order_are_read_as_they_are() -> None:
    one, other = torch.rand(3, 2).T, torch.rand(1, 3).expand(2, 3)
    answer = opened().run({"one": one, "other": other}, {"sum": (2, 3)})["sum"]
    assert torch.equal(answer, one + other)


def test_answers_do_not_share_memory_with_inputs_or_each_other() -> None:
    session = opened()
    one = torch.ones(2, 2)
    first = session.run({"one": one, "other": one}, {"sum": (2, 2)})["sum"]
    second = session.run({"one": first, "other": one}, {"sum": (2, 2)})["sum"]
    assert first.tolist() == [[2.0, 2.0], [2.0, 2.0]]
    assert second.tolist() == [[3.0, 3.0], [3.0, 3.0]]


def test_an_answer_of_unknown_shape_comes_back_on_the_host() -> None:
    one = torch.rand(3, 4)
    answer = opened().run_to_host({"one": one, "other": one}, "sum")
    assert torch.equal(answer, one + one)


def test_it_has_torch_s_threads_and_they_sleep_between_calls() -> None:
    options = opened()._session.get_session_options()
    assert options.intra_op_num_threads == torch.get_num_threads()
    assert options.inter_op_num_threads == 1
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.use_deterministic_compute


def test_a_missing_input_a_wrong_shape_and_a_damaged_file_are_the_file_s_fault(
    capfd: pytest.CaptureFixture[str],
) -> None:
    one = torch.ones(2, 2)
    with pytest.raises(WeightsError, match=r"cannot run net\.onnx: .*other"):
        opened().run({"one": one}, {"sum": (2, 2)})
    with pytest.raises(WeightsError, match=r"cannot run net\.onnx"):
        opened().run({"one": one, "other": torch.ones(3, 2)}, {"sum": (2, 2)})
    with pytest.raises(WeightsError, match=r"cannot run net\.onnx"):
        opened().run({"one": one, "other": one}, {"sum": (3, 2)})
    with pytest.raises(WeightsError, match=r"does not take net\.onnx"):
        opened(adder()[:40])
    assert capfd.readouterr() == ("", "")  # said once, by the error


def test_memory_that_does_not_suffice_says_what_to_do() -> None:
    shape = helper.make_tensor_value_info("shape", TensorProto.INT64, [2])
    out = helper.make_tensor_value_info("sum", TensorProto.FLOAT, ["rows", "columns"])
    node = helper.make_node("ConstantOfShape", ["shape"], ["sum"])
    model = helper.make_model(
        helper.make_graph([node], "g", [shape], [out]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    session = opened(model.SerializeToString())
    with pytest.raises(DeviceError, match="cpu has not enough memory") as fault:
        session.run_to_host({"shape": torch.tensor([2**22, 2**22])}, "sum")
    assert fault.value.next_step == "lower --ratio"


def test_the_provider_follows_the_device() -> None:
    assert provider_for("auto", CPU) == "cpu"
    assert provider_for("auto", CUDA) == "cuda"
    assert provider_for("tensorrt", CUDA) == "tensorrt"


def test_a_provider_of_another_device_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--provider cuda .*cpu[\s\S]*--device cuda"):
        provider_for("cuda", CPU)
    with pytest.raises(UsageError, match=r"--provider cpu .*cuda[\s\S]*--device cpu"):
        provider_for("cpu", CUDA)
    with pytest.raises(UnknownNameError, match="did you mean 'cuda'"):
        provider_for("cudda", CUDA)


@pytest.mark.skipif(HAS_CUDA, reason="this onnxruntime has CUDA; runs where it is the CPU package")
@pytest.mark.parametrize("provider", ["auto", "tensorrt"])
def test_a_provider_that_onnxruntime_was_not_built_with_is_refused(provider: str) -> None:
    with pytest.raises(DeviceError, match=r"has no \w+ExecutionProvider .it has ") as fault:
        opened(device=CUDA, provider=provider)
    assert fault.value.exit_code == 69
    assert "mattebox[onnx-gpu]" in str(fault.value)


@pytest.mark.gpu
@pytest.mark.skipif(
    not HAS_CUDA, reason="needs onnxruntime-gpu; runs with `pytest -m gpu` where that is installed"
)
def test_on_a_gpu_the_answer_stays_there() -> None:
    one = torch.rand(64, 64, device="cuda")
    answer = opened(device=CUDA).run({"one": one, "other": one}, {"sum": (64, 64)})["sum"]
    assert answer.device.type == "cuda"
    assert torch.equal(answer, one + one)


def test_without_onnxruntime_it_says_what_to_install() -> None:
    check = (
        "import sys; sys.modules['onnxruntime'] = None\n"
        "from mattebox.engines.onnx_runtime import find_runtime, import_runtime\n"
        "assert find_runtime() is None\n"
        "try: import_runtime()\n"
        "except Exception as error: print(type(error).__name__, error.exit_code, error)"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("DeviceError 69 onnxruntime is not installed")
    assert "pip install 'mattebox[onnx]'" in done.stdout


def test_an_onnxruntime_that_does_not_load_says_why(tmp_path: Path) -> None:
    (tmp_path / "onnxruntime.py").write_text("raise ImportError('libcudart.so.12: not found')")
    check = (
        "from mattebox.engines.onnx_runtime import find_runtime\n"
        "try: find_runtime()\n"
        "except Exception as error: print(error.exit_code, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", check],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.stdout.startswith("69 onnxruntime is installed and does not load: libcudart.so.12")


def test_the_installed_onnxruntime_is_described() -> None:
    found = find_runtime()
    assert found is not None
    assert found.version == import_runtime().__version__
    assert "CPUExecutionProvider" in found.providers
    assert found.packages


def test_two_packages_of_one_import_name_are_a_clash() -> None:
    alone = OnnxRuntime(("onnxruntime-gpu",), "1.22.0", (), "12.8")
    both = OnnxRuntime(("onnxruntime", "onnxruntime-gpu"), "1.22.0", (), "12.8")
    assert alone.clash() is None
    assert str(both.clash()).startswith("onnxruntime and onnxruntime-gpu are both installed")


@pytest.mark.parametrize(
    ("ours", "torch_s", "is_wrong"),
    [("12.8", "12.6", False), ("12.8", "13.0", True), (None, "13.0", False), ("12.8", None, False)],
)
def test_two_cuda_majors_are_a_mismatch(
    ours: str | None, torch_s: str | None, is_wrong: bool
) -> None:
    said = OnnxRuntime(("onnxruntime-gpu",), "1.22.0", (), ours).mismatch(torch_s)
    assert (said is not None) == is_wrong
    if said is not None:
        assert "built for CUDA 12, torch for CUDA 13" in said
