"""Networks as ONNX files by the installed command: the same keys, equal bytes, plain faults."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import safetensors.torch
from onnx import TensorProto, helper, numpy_helper
from tests.end_to_end.conftest import Run
from tests.support.pictures import header, read_exr, write_shot
from tests.unit.engines.exported import lively_checkpoint

from mattebox.engines.checkpoints import load_rvm
from mattebox.export.onnx import export_onnx

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def rvm_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same weights for torch and as ONNX."""
    folder = tmp_path_factory.mktemp("rvm")
    checkpoint = lively_checkpoint("rvm_mobilenetv3")
    safetensors.torch.save_file(dict(checkpoint.tensors), folder / "rvm.safetensors")
    export_onnx(load_rvm(checkpoint), folder / "rvm.onnx")
    return folder / "rvm.safetensors", folder / "rvm.onnx"


def redness(path: Path) -> Path:
    """A network whose alpha is the share of red: a stand-in for one that knows people."""
    picture = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w"])
    alpha = helper.make_tensor_value_info("alpha", TensorProto.FLOAT, [1, 1, "h", "w"])
    kernel = np.array([16.0, -16.0, 0.0], np.float32).reshape(1, 3, 1, 1)
    graph = helper.make_graph(
        [helper.make_node("Conv", ["image", "kernel"], ["alpha"])],
        "redness",
        [picture],
        [alpha],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)
    return path


def test_rvm_as_onnx_keys_as_torch_does_and_twice_the_same(
    tmp_path: Path, mattebox: Run, rvm_files: tuple[Path, Path]
) -> None:
    for_torch, as_onnx = rvm_files
    plate = write_shot(tmp_path / "in", range(1001, 1003))
    for output, weights in (("torch", for_torch), ("onnx", as_onnx), ("again", as_onnx)):
        done = mattebox(
            "key", plate, "-o", tmp_path / output, "--engine", "rvm", "--weights", weights,
            "--ratio", "0.5", "--pixel-type", "float",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    for frame in (1001, 1002):
        one, other, again = (
            tmp_path / output / f"shot.{frame}.exr" for output in ("onnx", "torch", "again")
        )
        assert one.read_bytes() == again.read_bytes()
        alpha = read_exr(one)["net.A"]
        assert np.abs(alpha - read_exr(other)["net.A"]).max() < 2e-4
        assert ((alpha > 0.05) & (alpha < 0.95)).mean() > 0.03
        assert header(one)["mattebox/weights"] != header(other)["mattebox/weights"]


def test_any_matting_network_keys_with_its_config_which_decides_pixels(
    tmp_path: Path, mattebox: Run
) -> None:
    plate = write_shot(tmp_path / "in", range(1001, 1003))
    config = tmp_path / "redness.toml"
    call = (
        "key", plate, "-o", tmp_path / "out", "--engine", "onnx-matte",
        "--model", redness(tmp_path / "redness.onnx"), "--model-config", config,
    )  # fmt: skip
    config.write_text('[alpha]\noutput = "alpha"\n')
    done = mattebox(*call)
    assert done.returncode == 0, done.stderr
    first = read_exr(tmp_path / "out/shot.1001.exr")["net.A"]
    assert first[18, 29] > 0.9
    assert first[2, 2] == 0.0
    config.write_text('# the same, said otherwise\n[alpha]\noutput = "alpha"\nopaque = 1\n')
    done = mattebox(*call)
    assert "2 already current" in done.stdout + done.stderr
    config.write_text("[alpha]\nopaque = 4\n")
    done = mattebox(*call)
    assert "already current" not in done.stdout + done.stderr
    second = read_exr(tmp_path / "out/shot.1001.exr")["net.A"]
    assert 0.3 < second[18, 29] < 0.8


def test_the_page_s_example_runs(tmp_path: Path, mattebox: Run) -> None:
    """The first config of docs/onnx.md, on a network of that interface."""
    page = (DOCS / "onnx.md").read_text(encoding="utf-8")
    example = re.search(r"```toml\n(.+?)```", page, re.DOTALL)
    assert example is not None
    (tmp_path / "network.toml").write_text(example.group(1))
    model = onnx.load(redness(tmp_path / "plain.onnx"))
    model.graph.node[0].input[0] = model.graph.input[0].name = "input"
    model.graph.node[0].output[0] = model.graph.output[0].name = "output"
    onnx.save(model, tmp_path / "network.onnx")
    done = mattebox(
        "key", write_shot(tmp_path / "in", range(1001, 1002)), "-o", tmp_path / "out",
        "--engine", "onnx-matte", "--weights", tmp_path / "network.onnx",
        "--model-config", tmp_path / "network.toml",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert read_exr(tmp_path / "out/shot.1001.exr")["net.A"].max() > 0.5


def test_a_backend_that_cannot_run_the_weights_ends_with_the_next_step(
    tmp_path: Path, mattebox: Run, rvm_files: tuple[Path, Path]
) -> None:
    for_torch, as_onnx = rvm_files
    call = ("key", write_shot(tmp_path / "in", range(1001, 1002)), "-o", tmp_path / "out")
    done = mattebox(*call, "--engine", "rvm", "--weights", for_torch, "--backend", "onnx")
    assert done.returncode == 64
    assert "mattebox export onnx" in done.stderr
    done = mattebox(*call, "--engine", "rvm", "--weights", as_onnx, "--backend", "torch")
    assert done.returncode == 69
    assert "--backend onnx" in done.stderr
    done = mattebox(*call, "--engine", "rvm", "--weights", as_onnx, "--provider", "cuda")
    assert done.returncode in (64, 69)  # no such device here, or no such provider
    assert not list(tmp_path.glob("out/*.exr"))


def test_doctor_says_which_onnxruntime_is_installed(mattebox: Run) -> None:
    runtime = json.loads(mattebox("doctor", "--json").stdout)["onnxruntime"]
    assert "CPUExecutionProvider" in runtime["providers"]
    assert len(runtime["packages"]) == 1
    assert f"{runtime['packages'][0]} {runtime['version']}" in mattebox("doctor").stdout
