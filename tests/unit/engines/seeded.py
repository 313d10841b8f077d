"""Goldens of the networks: seeded weights and pictures, and comparison with stored views."""

from __future__ import annotations

import functools
import importlib.util
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from mattebox.engines.checkpoints import Checkpoint, NetworkName, build_network, identify

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Difference:
    """Largest and mean absolute difference, the worst over several views of a picture."""

    most: float = 0.0
    mean: float = 0.0

    def with_view(self, ours: Array, golden: Array) -> Difference:
        assert ours.shape == golden.shape
        difference = np.abs(ours.astype(np.float64) - golden.astype(np.float64))
        return Difference(
            max(self.most, float(difference.max())), max(self.mean, float(difference.mean()))
        )


@dataclass(frozen=True, eq=False)
class Goldens:
    """The reference outputs, and the rule that makes their weights and pictures."""

    folder: Path
    cases: Mapping[str, Any]
    rule: ModuleType

    @functools.lru_cache(maxsize=2)  # noqa: B019 - lives as long as the session
    def checkpoint(self, network: NetworkName) -> Checkpoint:
        """Seeded weights of a network."""
        return identify(
            {name: self.tensor(network, name, shape) for name, shape in shapes(network).items()}
        )

    def tensor(self, network: str, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        return torch.from_numpy(np.asarray(self.rule.seeded_tensor(network, name, shape)))

    @functools.lru_cache(maxsize=8)  # noqa: B019 - likewise
    def frame(
        self, label: str, height: int, width: int, index: int = 0, subject: bool = True
    ) -> torch.Tensor:
        """[1,3,H,W] float32, display-encoded 0..1."""
        picture = self.rule.seeded_frame(label, height, width, index, subject)
        return torch.from_numpy(cast("Array", picture))[None]

    def file(self, case: str) -> Mapping[str, Array]:
        with np.load(self.folder / self.cases[case]["file"]) as archive:
            return {name: archive[name] for name in archive.files}

    def difference(
        self, golden: Mapping[str, Array], name: str, ours: torch.Tensor
    ) -> Difference | None:
        """Over all views of one result that the file holds; None where it holds none."""
        picture = ours.numpy()
        views = {**self.rule.golden_views(picture), "full": picture}
        found = [view for view in views if f"{name}/{view}" in golden]
        worst = Difference()
        for view in found:
            worst = worst.with_view(views[view], golden[f"{name}/{view}"])
        return worst if found else None


def shapes(network: NetworkName) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a network's own weights."""
    with torch.device("meta"):
        model = build_network(network)
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def load_goldens(shared: Path) -> Goldens:
    """From the shared test material."""
    folder = shared / "goldens"
    spec = importlib.util.spec_from_file_location("seeded_weights", folder / "seeded_weights.py")
    assert spec is not None
    assert spec.loader is not None
    rule = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rule)
    return Goldens(folder, json.loads((folder / "goldens.json").read_text())["cases"], rule)
