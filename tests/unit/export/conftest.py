"""What the export tests share: one CPU thread, networks with lively weights."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import onnx
import pytest
import torch
from tests.unit.engines.exported import lively_checkpoint

from mattebox.engines.checkpoints import load_bgmv2, load_rvm
from mattebox.engines.networks.bgmv2 import BackgroundMatting
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.engines.networks.rvm import RvmRefiner as Refiner
from mattebox.export.files import Provenance
from mattebox.export.onnx import export_onnx

Rvm = Callable[..., RobustVideoMatting]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads on a busy machine spend their time waiting for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def rvm() -> Rvm:
    """RVM mobilenetv3 with seeded weights; ``rvm("fast")`` with the refiner without weights."""

    @functools.cache
    def make(refiner: Refiner | None = None) -> RobustVideoMatting:
        return load_rvm(lively_checkpoint("rvm_mobilenetv3"), refiner)

    return make


@pytest.fixture(scope="session")
def bgmv2() -> BackgroundMatting:
    """BGMv2 mobilenetv2 with seeded weights."""
    return load_bgmv2(lively_checkpoint("bgmv2_mobilenetv2"))


@pytest.fixture(scope="session")
def rvm_file(rvm: Rvm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RVM as ONNX of any size and ratio."""
    path = tmp_path_factory.mktemp("rvm") / "rvm.onnx"
    export_onnx(rvm(), path, provenance=Provenance("rvm_mobilenetv3", "ab" * 32, "CC0-1.0"))
    return path


@pytest.fixture(scope="session")
def fixed_rvm_file(rvm: Rvm, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RVM as ONNX for pictures of 90x180 at ratio 0.7, where ONNX's own product is a pixel off."""
    path = tmp_path_factory.mktemp("rvm") / "fixed.onnx"
    export_onnx(rvm(), path, size=(180, 90), ratio=0.7)
    return path


def shapes(values: object) -> dict[str, tuple[int | str, ...]]:
    """Name -> sides, of a graph's inputs or outputs."""
    assert isinstance(values, list)
    found: dict[str, tuple[int | str, ...]] = {}
    for value in values:
        assert isinstance(value, onnx.ValueInfoProto)
        sides = value.type.tensor_type.shape.dim
        found[value.name] = tuple(side.dim_param or side.dim_value for side in sides)
    return found
