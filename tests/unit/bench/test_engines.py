"""The engines' bench: figures from known seconds, and one small network on both backends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from mattebox.bench.engine_table import HEADINGS, Machine, cells, document, legend, markdown
from mattebox.bench.engines import (
    PRECISIONS,
    Case,
    Precision,
    Size,
    Speed,
    _input,
    measure_network,
    seeded_network,
)
from mattebox.bench.published import PUBLISHED, SOURCES, published_for
from mattebox.cli.bench import bench
from mattebox.cli.bench_engines import _precisions
from mattebox.engines.checkpoints import NetworkName
from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.errors import DeviceError, UnknownNameError, UsageError

CPU = Machine("cpu", threads=1, frames=3, torch="2.13.0", onnxruntime="1.31.1")
CUDA = Machine("cuda:0 (Test)", threads=1, frames=3, torch="2.13.0", onnxruntime=None)
HD = (1080, 1920)


def _speed(backend: str, seconds: tuple[float, ...], precision: Precision = "float32") -> Speed:
    case = Case("rvm_mobilenetv3", "torch" if backend == "torch" else "onnx", precision, HD)
    return Speed(case, seconds, (0.05, 0.07, 0.06), (0.2, 0.4, 0.9), peak_bytes=3 * 2**20, note="")


def test_a_median_is_not_moved_by_one_slow_frame_and_a_ratio_is_taken_round_by_round() -> None:
    row = _speed("onnx", (0.1, 0.1, 4.5))
    assert row.median == pytest.approx(0.1)
    assert row.frames_per_second == pytest.approx(10.0)
    # rounds: 2, 4 and 0.2 times as fast; the ratio of the medians would be 4
    assert row.ratio == pytest.approx(2.0)
    assert _speed("torch", (0.2, 0.4, 0.9)).ratio == 1.0


def test_a_case_that_could_not_run_has_no_figures_and_says_why() -> None:
    case = Case("rvm_resnet50", "onnx", "float16", HD)
    row = Speed(case, (), (), (0.2,), note="onnxruntime has no CUDA")
    assert (row.median, row.cpu_median, row.frames_per_second, row.ratio) == (None,) * 4
    assert cells(row, CUDA) == (
        *("rvm_resnet50", "1920x1080", "onnx", "float16"),
        *("-", "-", "-", "-", "-", "-", "onnxruntime has no CUDA"),
    )


def test_a_row_shows_the_official_figure_of_the_same_kind_of_device_and_number_type() -> None:
    torch_row = _speed("torch", (0.2, 0.4, 0.9))
    assert cells(torch_row, CPU) == (
        *("rvm_mobilenetv3", "1920x1080", "torch", "float32"),
        *("400", "60", "2.5", "1.00", "3", "3.72 (2 shared cores, cpu)", ""),
    )
    assert cells(torch_row, CUDA)[9] == "104 (GTX 1080 Ti, rvm)"
    half = _speed("torch", (0.2,), "float16")
    assert cells(half, CUDA)[9] == "172 (RTX 3090, rvm), 134 (RTX 2060 Super, rvm)"
    assert cells(_speed("onnx", (0.2,)), CPU)[9] == "-"


def test_the_markdown_table_has_every_row_and_only_the_sources_it_used() -> None:
    rows = [_speed("torch", (0.2, 0.4, 0.9)), _speed("onnx", (0.1, 0.1, 4.5))]
    lines = markdown(rows, CPU).splitlines()
    assert lines[0] == "| " + " | ".join(HEADINGS) + " |"
    assert {line.count("|") for line in lines[:4]} == {len(HEADINGS) + 1}
    assert lines[3].startswith(
        "| rvm_mobilenetv3 | 1920x1080 | onnx | float32 | 100 | 60 | 10 | 2.00 |"
    )
    assert SOURCES["cpu"] in legend(rows, CPU)
    assert SOURCES["bgmv2"] not in legend(rows, CPU)


def test_the_document_keeps_every_frame_and_what_stands_beside() -> None:
    values = document([_speed("torch", (0.2, 0.4, 0.9))], CPU)
    row = values["rows"][0]
    assert row["seconds"] == [0.2, 0.4, 0.9]
    assert row["cpu_seconds"] == [0.05, 0.07, 0.06]
    assert (row["width"], row["height"], row["ratio"]) == (1920, 1080, 1.0)
    assert row["official"][0]["frames_per_second"] == pytest.approx(1.0 / 0.269)
    assert row["official"][0]["source"] in values["sources"]


def test_every_published_figure_is_found_by_its_own_key_and_names_a_known_source() -> None:
    for figure in PUBLISHED:
        key = (figure.network, figure.size, figure.precision, figure.device)
        assert figure in published_for(*key)
        assert figure.source in SOURCES
    assert published_for("bgmv2_resnet101", HD, "float32", "cpu") == ()


@pytest.mark.slow
def test_a_small_network_runs_on_both_backends_after_a_reference(tmp_path: Path) -> None:
    announced: list[Case] = []
    rows = measure_network(
        "rvm_mobilenetv3",
        (64, 64),
        tmp_path,
        backends=["onnx"],
        precisions=["float32"],
        device=torch.device("cpu"),
        frames=2,
        on_case=announced.append,
    )
    assert [(row.case.backend, row.note) for row in rows] == [("torch", ""), ("onnx", "")]
    assert announced == [row.case for row in rows]
    for row in rows:
        assert len(row.seconds) == 2
        assert min(row.seconds) > 0.0
        assert row.reference == rows[0].seconds
        assert len(row.cpu_seconds) == 2
        assert row.peak_bytes is None
    assert rows[0].ratio == 1.0
    assert [file.name for file in tmp_path.iterdir()] == ["rvm_mobilenetv3_float32_hd.onnx"]


def test_a_backend_that_cannot_run_is_a_note_and_the_others_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(*args: object, **kwargs: object) -> None:
        raise DeviceError("onnx is not installed")

    monkeypatch.setattr("mattebox.bench.engines.export_onnx", absent)
    reference, refused = measure_network(
        "rvm_mobilenetv3",
        (64, 64),
        tmp_path,
        backends=["torch", "onnx"],
        precisions=["float32"],
        device=torch.device("cpu"),
        frames=1,
    )
    assert len(reference.seconds) == 1
    assert (refused.seconds, refused.note) == ((), "onnx is not installed")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bgmv2_mobilenetv2", "bgmv2_resnet50"])
def test_bgmv2_refines_as_many_cells_as_it_may(name: NetworkName) -> None:
    network = seeded_network(name)
    assert isinstance(network, BackgroundMatting)
    size: Size = (128, 192)
    frame = _input(size, 0, torch.device("cpu"))
    assert frame.encoded is not None
    assert frame.background_encoded is not None
    with torch.no_grad():
        matte = network(
            frame.encoded, frame.background_encoded, 0.25, Refinement("sampling", 16 * 100)
        )
    assert int(matte.refined.sum()) == 100


def test_half_precision_is_for_cuda() -> None:
    assert _precisions(None, "cpu") == ["float32"]
    assert _precisions(None, "cuda") == list(PRECISIONS)
    assert _precisions("float16", "cuda") == ["float16"]
    with pytest.raises(UsageError, match="float16 is measured on CUDA alone"):
        _precisions("float32,float16", "cpu")
    with pytest.raises(UnknownNameError, match="float8"):
        _precisions("float8", "cuda")


def test_the_command_prints_json_alone_and_writes_the_table(tmp_path: Path) -> None:
    table = tmp_path / "speed.md"
    options = "--networks rvm_mobilenetv3 --sizes 64x48 --backends torch --frames 2 --device cpu"
    arguments = ["engines", *options.split(), "--json", "-", "--markdown", str(table)]
    done = CliRunner().invoke(bench, arguments)
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["width"], row["height"], len(row["seconds"])) == (64, 48, 2)
    assert "| rvm_mobilenetv3 | 64x48 | torch | float32 |" in table.read_text(encoding="utf-8")


@pytest.mark.gpu
@pytest.mark.skipif(
    not torch.cuda.is_available(),
    reason="no CUDA device; runs with `pytest -m gpu` where there is one",
)
def test_on_cuda_peak_memory_holds_at_least_the_weights(tmp_path: Path) -> None:
    rows = measure_network(
        "rvm_mobilenetv3",
        (256, 256),
        tmp_path,
        backends=["torch"],
        precisions=PRECISIONS,
        device=torch.device("cuda:0"),
        frames=1,
    )
    assert [row.note for row in rows] == ["", ""]
    for row, bytes_each in zip(rows, (4, 2), strict=True):
        assert row.peak_bytes is not None
        assert row.peak_bytes > 3_000_000 * bytes_each
