"""What is special about BGMv2's ONNX file: the choice of cells, sizes, number types."""

from __future__ import annotations

import copy
from pathlib import Path

import onnx
import pytest
import torch
from tests.unit.export.conftest import shapes

from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.errors import UsageError
from mattebox.export.clips import seeded_frame
from mattebox.export.onnx import export_onnx
from mattebox.export.onnx_file import OnnxFile
from mattebox.export.parity import FLOAT16, FLOAT32, compare_bgmv2

OUTPUTS = ["pha", "fgr", "pha_sm", "fgr_sm", "err_sm", "ref_sm"]


def median_error(network: BackgroundMatting, height: int, width: int) -> float:
    frame = seeded_frame(height, width, 0)
    with torch.no_grad():
        return float(network(frame.source, frame.background).coarse.error.median())


@pytest.mark.slow
def test_thresholding_refines_the_cells_that_torch_refines(
    bgmv2: BackgroundMatting, tmp_path: Path
) -> None:
    refinement = Refinement("thresholding", threshold=median_error(bgmv2, 64, 100))
    export_onnx(bgmv2, tmp_path / "b.onnx", refinement=refinement)
    file = OnnxFile(tmp_path / "b.onnx")
    (row,) = compare_bgmv2(bgmv2, file.bgmv2, [(64, 100)], 0.25, refinement)
    assert 0 < row.refined_cells < 16 * 25
    assert row.passes(FLOAT32), row


@pytest.mark.slow
def test_a_frame_without_any_cell_to_refine_is_only_enlarged(
    bgmv2: BackgroundMatting, tmp_path: Path
) -> None:
    refinement = Refinement("thresholding", threshold=1.0)
    export_onnx(bgmv2, tmp_path / "b.onnx", refinement=refinement)
    file = OnnxFile(tmp_path / "b.onnx")
    (row,) = compare_bgmv2(bgmv2, file.bgmv2, [(64, 100)], 0.25, refinement)
    assert row.refined_cells == 0
    assert row.passes(FLOAT32), row


@pytest.mark.slow
def test_ties_go_to_the_first_cells_as_in_torch(bgmv2: BackgroundMatting, tmp_path: Path) -> None:
    network = copy.deepcopy(bgmv2)
    network.decoder.conv4.weight[4] = 0.0  # one expected error everywhere
    refinement = Refinement(sample_pixels=16 * 30)
    export_onnx(network, tmp_path / "b.onnx", refinement=refinement)
    answer = OnnxFile(tmp_path / "b.onnx").bgmv2(seeded_frame(64, 100, 0))
    assert answer.refined is not None
    assert answer.refined.flatten()[:30].all()
    assert answer.refined.sum() == 30


@pytest.mark.slow
def test_more_cells_than_there_are_refines_all_that_have_an_error(
    bgmv2: BackgroundMatting, tmp_path: Path
) -> None:
    export_onnx(bgmv2, tmp_path / "b.onnx")
    file = OnnxFile(tmp_path / "b.onnx")
    (row,) = compare_bgmv2(bgmv2, file.bgmv2, [(32, 48)], 0.25, Refinement())
    assert row.refined_cells == 8 * 12
    assert row.passes(FLOAT32), row


@pytest.mark.slow
def test_a_file_for_one_size_has_that_size_everywhere(
    bgmv2: BackgroundMatting, tmp_path: Path
) -> None:
    refinement = Refinement("full")
    export_onnx(bgmv2, tmp_path / "b.onnx", size=(64, 100), ratio=0.35, refinement=refinement)
    graph = onnx.load(tmp_path / "b.onnx").graph
    assert not {node.op_type for node in graph.node} & {"Shape", "Gather", "If", "Where"}
    assert shapes(list(graph.input)) == {"src": (1, 3, 64, 100), "bgr": (1, 3, 64, 100)}
    assert shapes(list(graph.output)) == {
        "pha": (1, 1, 64, 100),
        "fgr": (1, 3, 64, 100),
        "pha_sm": (1, 1, 22, 35),
        "fgr_sm": (1, 3, 22, 35),
        "err_sm": (1, 1, 22, 35),
        "ref_sm": (1, 1, 16, 25),
    }
    file = OnnxFile(tmp_path / "b.onnx")
    (row,) = compare_bgmv2(bgmv2, file.bgmv2, [(64, 100)], 0.35, refinement)
    assert row.passes(FLOAT32), row


@pytest.mark.slow
def test_float16_takes_and_gives_float16_and_refines_in_float32(
    bgmv2: BackgroundMatting, tmp_path: Path
) -> None:
    refinement = Refinement(sample_pixels=16 * 60)
    for name in ("one", "two"):
        export_onnx(bgmv2, tmp_path / name, precision="float16", refinement=refinement)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    model = onnx.load(tmp_path / "one")
    ports = (*model.graph.input, *model.graph.output)
    assert [port.name for port in ports] == ["src", "bgr", *OUTPUTS]
    assert {port.type.tensor_type.elem_type for port in ports} == {onnx.TensorProto.FLOAT16}
    weights = {tuple(item.dims): item.data_type for item in model.graph.initializer}
    assert weights[(24, 42, 3, 3)] == onnx.TensorProto.FLOAT, "the refiner's first convolution"
    assert weights[(32, 6, 3, 3)] == onnx.TensorProto.FLOAT16, "the encoder's first convolution"
    notes = {item.key: item.value for item in model.metadata_props}
    assert notes["mattebox.refine_mode"] == "sampling"
    assert notes["mattebox.refine_pixels"] == "960"
    assert notes["mattebox.downsample_ratio"] == "0.25"
    file = OnnxFile(tmp_path / "one")
    (row,) = compare_bgmv2(bgmv2, file.bgmv2, [(64, 100)], 0.25, refinement)
    assert row.passes(FLOAT16), row


def test_sides_that_are_no_whole_cells_and_a_large_scale_are_refused(
    bgmv2: BackgroundMatting, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="divisible by 4") as caught:
        export_onnx(bgmv2, tmp_path / "b.onnx", size=(1080, 1918))
    assert "1920x1080" in str(caught.value)
    with pytest.raises(UsageError, match="out of range"):
        export_onnx(bgmv2, tmp_path / "b.onnx", ratio=0.6)
    assert list(tmp_path.iterdir()) == []
