"""Weights are read out of TorchScript archives, whose programs are never run."""

from __future__ import annotations

import hashlib
import os
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import torch
from torch import nn

from mattebox.engines.checkpoints import (
    Checkpoint,
    NetworkName,
    build_network,
    load_bgmv2,
    load_rvm,
)
from mattebox.engines.networks.bgmv2 import BackgroundMatting
from mattebox.engines.networks.mobilenetv3 import Normalisation
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.engines.weights_file import torch_weights
from mattebox.errors import WeightsError

Weights = Callable[[NetworkName], Checkpoint]


class Wrapped(nn.Module):
    """A network inside another module: every name gets the prefix ``network.``"""

    def __init__(self, network: RobustVideoMatting | BackgroundMatting) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if isinstance(self.network, BackgroundMatting):
            answer = self.network.base(picture, picture)
            return answer.alpha, answer.error
        matte = self.network(picture)
        return matte.alpha, matte.foreground, *matte.state.maps


class Settled(nn.Module):
    """What a release may keep beside its weights: settings that are no tensors."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.backbone_scale = 0.25
        self.refine_mode = "sampling"
        self.sizes: list[int] = [1, 2]

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.network(picture)[0] * self.backbone_scale
        return out + len(self.refine_mode) + self.sizes[0]


def traced(network: RobustVideoMatting | BackgroundMatting) -> torch.jit.ScriptModule:
    dtype = next(network.parameters()).dtype
    with warnings.catch_warnings(action="ignore"):  # TorchScript is being retired
        made = torch.jit.trace(  # type: ignore[no-untyped-call]
            Wrapped(network).eval(), torch.rand(1, 3, 32, 32, dtype=dtype), check_trace=False
        )
    return cast("torch.jit.ScriptModule", made)


def saved(module: torch.jit.ScriptModule, path: Path) -> Path:
    with warnings.catch_warnings(action="ignore"):
        module.save(str(path))
    return path


def repacked(source: Path, target: Path, change: Callable[[bytes], bytes]) -> Path:
    """The archive with another ``data.pkl``."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name.endswith("/data.pkl") else data)
    return target


def refused(path: Path) -> str:
    with pytest.raises(WeightsError) as fault:
        torch_weights(path)
    assert fault.value.exit_code == 69
    return str(fault.value)


@pytest.fixture(scope="module")
def archive(random_checkpoint: Weights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = load_rvm(random_checkpoint("rvm_mobilenetv3"))
    return saved(traced(network), tmp_path_factory.mktemp("jit") / "no telling name")


def test_an_archive_gives_the_network_s_own_weights(
    random_checkpoint: Weights, archive: Path
) -> None:
    found, original = torch_weights(archive), random_checkpoint("rvm_mobilenetv3")
    assert (found.network, found.refiner) == ("rvm_mobilenetv3", "deep")
    assert found.sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert found.tensors.keys() == original.tensors.keys()
    assert all(torch.equal(found.tensors[key], value) for key, value in original.tensors.items())


def test_bgmv2_with_settings_beside_its_weights(random_checkpoint: Weights, tmp_path: Path) -> None:
    original = random_checkpoint("bgmv2_mobilenetv2")
    with warnings.catch_warnings(action="ignore"):
        module = torch.jit.script(Settled(traced(load_bgmv2(original))))
    found = torch_weights(saved(module, tmp_path / "w.pth"))
    assert found.network == "bgmv2_mobilenetv2"
    assert all(torch.equal(found.tensors[key], value) for key, value in original.tensors.items())


def test_a_float16_archive_becomes_float32(random_checkpoint: Weights, tmp_path: Path) -> None:
    original = random_checkpoint("bgmv2_mobilenetv2")
    network = load_bgmv2(original).half()
    found = torch_weights(saved(traced(network), tmp_path / "w.pth"))
    for name, value in original.tensors.items():
        halved = value.half().float() if value.is_floating_point() else value
        assert torch.equal(found.tensors[name], halved)
        assert found.tensors[name].dtype == value.dtype


def test_an_archive_made_on_a_gpu_is_read_on_any_machine(archive: Path, tmp_path: Path) -> None:
    def moved(data: bytes) -> bytes:
        assert b"X\x03\x00\x00\x00cpu" in data
        return data.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")

    found = torch_weights(repacked(archive, tmp_path / "w", moved))
    assert found.tensors["project_mat.conv.bias"].device.type == "cpu"


def test_a_network_that_normalises_otherwise_is_refused(tmp_path: Path) -> None:
    other = build_network(
        "rvm_mobilenetv3", normalisation=Normalisation((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    )
    said = refused(saved(traced(other), tmp_path / "w"))
    assert "normalise the picture with backbone.mean [0.5, 0.5, 0.5]" in said
    assert "ImageNet's [0.485, 0.456, 0.406]" in said


def test_a_frozen_archive_has_no_names_left(random_checkpoint: Weights, tmp_path: Path) -> None:
    module = traced(load_bgmv2(random_checkpoint("bgmv2_mobilenetv2")))
    with warnings.catch_warnings(action="ignore"):
        frozen = torch.jit.freeze(module.eval())
    said = refused(saved(frozen, tmp_path / "w"))
    assert "is a frozen TorchScript archive" in said
    assert "before torch.jit.freeze" in said


def test_code_in_an_archive_is_not_run(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Maker:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (os.mkdir, ("made by the pickle",))

    monkeypatch.chdir(tmp_path)
    path = repacked(archive, tmp_path / "w", lambda _: pickle.dumps(Maker(), protocol=2))
    assert "it names posix.mkdir, which is not a tensor" in refused(path)
    assert not (tmp_path / "made by the pickle").exists()


def test_an_archive_with_numbers_missing_is_refused(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(tmp_path / "w", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[: len(data) // 16 * 8] if name.endswith("/data/2") else data)
    assert "numbers are missing" in refused(tmp_path / "w")


def test_an_archive_without_its_pickle_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w", "w") as archive:
        archive.writestr("net/constants.pkl", b"")
    assert "a TorchScript archive that cannot be read" in refused(tmp_path / "w")


def test_an_archive_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "w", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/constants.pkl", b"")
        archive.writestr("net/data.pkl", bytes(10**6))
    assert "its parts are said to hold 1,000,000 bytes" in refused(tmp_path / "w")
