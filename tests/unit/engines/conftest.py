"""What the network tests share: one CPU thread, goldens, random weights and pictures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.unit.engines.exported import lively_checkpoint, shortened
from tests.unit.engines.seeded import Goldens, load_goldens

from mattebox.engines.checkpoints import (
    Checkpoint,
    NetworkName,
    build_network,
    identify,
    load_bgmv2,
    load_rvm,
)
from mattebox.export.onnx import export_onnx


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads on a busy machine spend their time waiting for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def goldens(shared: Path) -> Goldens:
    return load_goldens(shared)


@pytest.fixture(scope="session")
def random_checkpoint() -> Callable[[NetworkName], Checkpoint]:
    """Weights from torch's own initialisation, always the same; need no shared material."""

    @functools.cache
    def make(network: NetworkName) -> Checkpoint:
        with torch.random.fork_rng():
            torch.manual_seed(7)
            model = build_network(network)
            # Away from the trivial batch norm, so that its handling shows.
            for module in model.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.weight.uniform_(0.8, 1.2)
                    module.bias.uniform_(-0.1, 0.1)
            return identify(model.state_dict())

    return make


@pytest.fixture(scope="session")
def lively() -> Callable[[NetworkName], Checkpoint]:
    """Weights whose answers are far from trivial, for comparisons."""
    return functools.cache(lively_checkpoint)


@pytest.fixture(scope="session")
def exported(
    lively: Callable[[NetworkName], Checkpoint], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """ONNX files of those weights, each made once: ``exported(network, ratio=0.5, ...)``."""

    @functools.cache
    def make(network: NetworkName, **options: Any) -> Path:
        path = tmp_path_factory.mktemp("onnx") / "network"
        load = load_rvm if network.startswith("rvm") else load_bgmv2
        # The deepest is asked for its name alone.
        made = shortened if network == "bgmv2_resnet101" else load
        export_onnx(made(lively(network)), path, **options)
        return path

    return make


@pytest.fixture(scope="session")
def picture() -> Callable[..., torch.Tensor]:
    """Smooth random pictures [N,3,H,W] in 0..1, fixed by their seed."""

    def make(height: int, width: int, seed: int = 0, count: int = 1) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        grid = torch.rand((count, 3, 5, 7), generator=generator)
        smooth = torch.nn.functional.interpolate(grid, size=(height, width), mode="bilinear")
        return (smooth + 0.05 * torch.rand(smooth.shape, generator=generator)).clamp(0.0, 1.0)

    return make
