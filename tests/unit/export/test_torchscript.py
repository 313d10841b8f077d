"""TorchScript files for hosts: one tensor in, one out, any size, the same as torch per frame."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import torch
from tests.unit.export.conftest import Rvm

from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.errors import UsageError
from mattebox.export.clips import seeded_frame
from mattebox.export.files import Provenance, quiet_exporter
from mattebox.export.parity import FLOAT32, compare_bgmv2, compare_rvm
from mattebox.export.torchscript import TorchScriptFile, export_torchscript, operators_used

SIZES = [(64, 100), (65, 99), (71, 50)]


@pytest.fixture(scope="module")
def half_ratio(rvm: Rvm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RVM with the coarse picture at half size."""
    path = tmp_path_factory.mktemp("rvm") / "rvm.pt"
    export_torchscript(rvm(), path, ratio=0.5)
    return path


@pytest.mark.slow
def test_rvm_as_torchscript_is_torch_at_every_frame_as_the_first(
    rvm: Rvm, half_ratio: Path
) -> None:
    file = TorchScriptFile(half_ratio)
    cases = [(size, 0.5) for size in SIZES]
    rows = compare_rvm(rvm(), file.rvm, cases, has_memory=False)
    assert all(row.passes(FLOAT32) for row in rows), rows
    remembering = compare_rvm(rvm(), file.rvm, cases[:1], has_memory=True)
    assert not remembering[0].passes(FLOAT32), "the file has no memory"


@pytest.mark.slow
def test_bgmv2_as_torchscript_takes_sizes_that_are_no_whole_cells(
    bgmv2: BackgroundMatting, tmp_path: Path
) -> None:
    refinement = Refinement(sample_pixels=16 * 60)
    export_torchscript(bgmv2, tmp_path / "b.pt", ratio=0.25, refinement=refinement)
    file = TorchScriptFile(tmp_path / "b.pt")
    rows = compare_bgmv2(bgmv2, file.bgmv2, SIZES, 0.25, refinement)
    assert all(row.passes(FLOAT32) for row in rows), rows
    assert [row.refined_cells for row in rows] == [60, 60, 60]


@pytest.mark.slow
def test_the_answer_is_foreground_and_alpha_in_one_picture(rvm: Rvm, tmp_path: Path) -> None:
    export_torchscript(rvm(), tmp_path / "rvm.pt", ratio=1.0)
    with quiet_exporter():
        module = torch.jit.load(tmp_path / "rvm.pt")  # type: ignore[no-untyped-call]
    source = seeded_frame(65, 99, 0).source
    with torch.no_grad():
        answer = module(source)
        matte = rvm()(source, None, 1.0)
    assert answer.shape == (1, 4, 65, 99)
    torch.testing.assert_close(answer[:, :3], matte.foreground, rtol=0, atol=FLOAT32.most)
    torch.testing.assert_close(answer[:, 3:], matte.alpha, rtol=0, atol=FLOAT32.most)


def test_a_host_may_switch_the_file_to_half_precision(rvm: Rvm, half_ratio: Path) -> None:
    with quiet_exporter():
        module = torch.jit.load(half_ratio).half()  # type: ignore[no-untyped-call]
    source = seeded_frame(64, 100, 0).source
    with torch.no_grad():
        answer = module(source.half())
        whole = rvm()(source, None, 0.5).alpha
    assert answer.dtype == torch.float16
    assert (answer[:, 3:].float() - whole).abs().mean() < 5e-3


@pytest.mark.slow
def test_equal_calls_give_equal_bytes_under_any_name(rvm: Rvm, tmp_path: Path) -> None:
    """torch itself numbers its classes on and on while a process lives."""
    for name in ("one.pt", "two.torchscript"):
        export_torchscript(rvm(), tmp_path / name)
    one, two = ((tmp_path / name).read_bytes() for name in ("one.pt", "two.torchscript"))
    assert one == two
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.slow
def test_the_file_says_what_it_is_and_nothing_of_the_machine(rvm: Rvm, tmp_path: Path) -> None:
    path = tmp_path / "rvm.pt"
    export_torchscript(rvm(), path, provenance=Provenance("rvm_mobilenetv3", "cd" * 32))
    with zipfile.ZipFile(path) as archive:
        notes = json.loads(archive.read("mattebox/extra/mattebox.json"))
        assert not [name for name in archive.namelist() if "debug" in name]
    assert notes["mattebox.network"] == "rvm_mobilenetv3"
    assert notes["mattebox.weights_sha256"] == "cd" * 32
    assert notes["mattebox.licence"] == "unknown"
    assert notes["mattebox.downsample_ratio"] == "0.25"
    assert str(Path(__file__).parents[3]).encode() not in path.read_bytes()
    assert {"aten::_convolution", "aten::tanh"} <= set(operators_used(path))


def test_a_ratio_out_of_range_is_refused(bgmv2: BackgroundMatting, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="out of range"):
        export_torchscript(bgmv2, tmp_path / "b.pt", ratio=0.75)
    assert list(tmp_path.iterdir()) == []
