"""Real tools in environments of their own, from EXR to keyed EXR: rembg and SAM 2.

`make hint-environments` gets them. Their networks are made here: a plain one for rembg, one of
random weights for SAM 2; so this shows the way there and back, and nothing of their quality.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.conftest import REPOSITORY
from tests.support.hints import made
from tests.support.keying import keyed
from tests.support.pictures import HEIGHT, WIDTH, disc_alpha, read_exr, write_exr, write_shot

ENVIRONMENTS = REPOSITORY / ".hints"
MAKER = REPOSITORY / "tests/support/tiny_sam2.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not ENVIRONMENTS.is_dir(),
        reason="no tools here; runs where `make hint-environments` has been",
    ),
]


def write_network(path: Path) -> None:
    """A network of one convolution for rembg: red over green, of 320x320 pixels."""
    weights = numpy_helper.from_array(np.array([[[[9.0]], [[-9.0]], [[0.0]]]], np.float32), "w")
    bias = numpy_helper.from_array(np.zeros(1, np.float32), "b")
    nodes = [
        helper.make_node("Conv", ["picture", "w", "b"], ["difference"]),
        helper.make_node("Sigmoid", ["difference"], ["matte"]),
    ]
    source = helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 3, 320, 320])
    result = helper.make_tensor_value_info("matte", TensorProto.FLOAT, [1, 1, 320, 320])
    graph = helper.make_graph(nodes, "red over green", [source], [result], [weights, bias])
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)


def test_rembg_gives_a_hint_that_is_keyed(tmp_path: Path) -> None:
    plate = write_shot(tmp_path / "in")
    write_network(tmp_path / "tiny.onnx")
    said = {
        "program": str(ENVIRONMENTS / "rembg/bin/rembg"),
        "python": str(ENVIRONMENTS / "rembg/bin/python"),
        "model": "u2net_custom",
        "models": str(tmp_path),
        "weights": str(tmp_path / "tiny.onnx"),
    }
    done = made("rembg", plate, tmp_path / "mattes", said=said)
    assert done.error is None, str(done.error)
    assert len(done.names) == 4
    hint = {"pattern": str(tmp_path / "mattes"), "channel": "A"}
    result = keyed(plate, tmp_path / "keyed", hint=hint, engine="hint", screen="green")
    assert result.error is None
    for frame, name in enumerate(done.names, 1):
        assert np.abs(result.frame(name)["A"] - disc_alpha(frame)).mean() < 0.02
    assert made("rembg", plate, tmp_path / "mattes", said=said).counts.skipped == 4


def test_sam2_follows_a_mask_of_the_first_frame_with_its_memory(tmp_path: Path) -> None:
    plate = write_shot(tmp_path / "in")
    python = ENVIRONMENTS / "sam2/bin/python"
    subprocess.run([python, MAKER, tmp_path / "model"], check=True, capture_output=True)
    write_exr(tmp_path / "mask.exr", disc_alpha(1)[..., None], "A")
    said = {"python": str(python), "model": str(tmp_path / "model"), "device": "cpu"}
    done = made("sam2", plate, tmp_path / "mattes", said=said, mask=tmp_path / "mask.exr")
    assert done.error is None, str(done.error)
    assert len(done.names) == 4
    first = read_exr(tmp_path / "mattes" / done.names[0])["A"]
    assert first.shape == (HEIGHT, WIDTH)
    assert np.abs(first - disc_alpha(1)).mean() < 0.1  # the mask itself, by way of the network
    again = made("sam2", plate, tmp_path / "again", said=said, mask=tmp_path / "mask.exr")
    for name in done.names:
        one, other = (read_exr(run.folder / name)["A"] for run in (done, again))
        assert np.array_equal(one, other)
    hint = {"pattern": str(tmp_path / "mattes"), "channel": "A"}
    result = keyed(plate, tmp_path / "keyed", hint=hint, engine="hint", screen="green")
    assert result.error is None
    assert result.names == done.names
