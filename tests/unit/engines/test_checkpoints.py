"""Weights files are told apart by content, and every wrong one is named; on real files."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
import safetensors.torch
import torch

from mattebox.engines.checkpoints import (
    Bgmv2Name,
    Checkpoint,
    NetworkName,
    RvmName,
    identify,
    load_bgmv2,
    load_rvm,
)
from mattebox.engines.weights_file import torch_weights
from mattebox.errors import WeightsError

Weights = Callable[[NetworkName], Checkpoint]


class Opener:
    """Unpickled, it would open a file."""

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, ("opened by the pickle", "w"))


@pytest.fixture
def tensors(random_checkpoint: Weights) -> dict[str, torch.Tensor]:
    return dict(random_checkpoint("rvm_mobilenetv3").tensors)


def refused(path: Path) -> str:
    with pytest.raises(WeightsError) as fault:
        torch_weights(path)
    assert fault.value.exit_code == 69
    assert str(path) in str(fault.value)
    return str(fault.value)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*get_args(RvmName), *get_args(Bgmv2Name)])
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_every_network_is_recognised_whatever_its_file_is_called(
    random_checkpoint: Weights, tmp_path: Path, name: NetworkName, ending: str
) -> None:
    original = random_checkpoint(name)
    path = tmp_path / f"weights of something.{ending}"
    if ending == "pth":
        torch.save(dict(original.tensors), path)
    else:
        safetensors.torch.save_file(dict(original.tensors), path)
    found = torch_weights(path)
    assert found.network == name
    assert found.refiner == ("deep" if name.startswith("rvm") else None)
    assert len(found.sha256) == 64
    assert all(torch.equal(found.tensors[key], value) for key, value in original.tensors.items())


def test_the_sha256_is_the_file_s(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    import hashlib

    path = tmp_path / "w.safetensors"
    safetensors.torch.save_file(tensors, path)
    assert torch_weights(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert identify(tensors).sha256 == identify(dict(reversed(tensors.items()))).sha256


def test_an_old_style_pth_is_read(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    torch.save(tensors, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert torch_weights(tmp_path / "old.pth").network == "rvm_mobilenetv3"


def test_half_weights_become_float32(tensors: dict[str, torch.Tensor]) -> None:
    halves = {
        name: value.half() if value.is_floating_point() else value
        for name, value in tensors.items()
    }
    found = identify(halves)
    assert found.tensors["project_mat.conv.weight"].dtype == torch.float32


def test_without_a_learned_refiner_it_is_the_fast_one(tensors: dict[str, torch.Tensor]) -> None:
    found = identify({k: v for k, v in tensors.items() if not k.startswith("refiner.")})
    assert found.refiner == "fast"
    assert load_rvm(found)(torch.zeros(1, 3, 16, 16), None, 0.5).alpha.shape == (1, 1, 16, 16)
    with pytest.raises(WeightsError, match="no deep guided filter"):
        load_rvm(found, "deep")


def test_the_learned_refiner_may_be_left_aside(random_checkpoint: Weights) -> None:
    network = load_rvm(random_checkpoint("rvm_mobilenetv3"), "fast")
    assert not list(network.refiner.parameters())


def test_segmentation_head_and_counters_may_be_absent(tensors: dict[str, torch.Tensor]) -> None:
    found = identify(
        {
            name: value
            for name, value in tensors.items()
            if not name.startswith("project_seg.") and not name.endswith("num_batches_tracked")
        }
    )
    assert found.tensors.keys() == tensors.keys()
    assert not found.tensors["project_seg.conv.weight"].any()
    load_rvm(found)(torch.rand(1, 3, 16, 16))


def test_a_missing_file(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refused(tmp_path / "none.pth")


def test_a_folder(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path)


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "w.pth").touch()
    assert "is empty" in refused(tmp_path / "w.pth")


@pytest.mark.parametrize("share", [0.0001, 0.3, 0.999])
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_a_truncated_file(
    tmp_path: Path, tensors: dict[str, torch.Tensor], ending: str, share: float
) -> None:
    whole, cut = tmp_path / f"whole.{ending}", tmp_path / f"cut.{ending}"
    if ending == "pth":
        torch.save(tensors, whole)
    else:
        safetensors.torch.save_file(tensors, whole)
    data = whole.read_bytes()
    cut.write_bytes(data[: int(len(data) * share)])
    assert "is truncated, damaged or not a weights file" in refused(cut)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "a web page"),
        (b"<html><head></head></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:3c7c\n", "a Git LFS pointer"),
        (b"\x08\x06\x12\x07pytorch\x1a\x031.9:\xff", "not a weights file (as ONNX: "),
        (b"no weights at all, only text", "truncated, damaged or not a weights file"),
        (bytes(range(256)) * 40, "truncated, damaged or not a weights file"),
    ],
)
def test_something_else_than_weights(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "w.pth").write_bytes(content)
    assert said in refused(tmp_path / "w.pth")


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_pickle_with_code_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_zip: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.pth"
    if is_zip:
        torch.save({"weight": Opener()}, path)
    else:
        path.write_bytes(pickle.dumps({"weight": Opener()}, protocol=2))
    assert "would run code when opened" in refused(path)
    assert not (tmp_path / "opened by the pickle").exists()


def test_tensors_that_are_not_named(tmp_path: Path) -> None:
    torch.save([torch.zeros(2)], tmp_path / "w.pth")
    assert "holds list, not only named tensors" in refused(tmp_path / "w.pth")
    torch.save({"epoch": 3, "weight": torch.zeros(2)}, tmp_path / "v.pth")
    assert "not only named tensors" in refused(tmp_path / "v.pth")


def test_weights_of_an_unknown_network_name_what_they_hold(tmp_path: Path) -> None:
    torch.save({"unet.down.0.weight": torch.zeros(2)}, tmp_path / "w.pth")
    said = refused(tmp_path / "w.pth")
    assert "hold no network that Mattebox knows; first names: unet.down.0.weight" in said


def test_missing_unexpected_and_misshapen_tensors_are_counted_and_named(
    tensors: dict[str, torch.Tensor],
) -> None:
    del tensors["aspp.aspp1.0.weight"]
    tensors["aspp.aspp3.weight"] = torch.zeros(1)
    tensors["project_mat.conv.bias"] = torch.zeros(3)
    tensors["aspp.aspp1.1.bias"] = torch.zeros(128, dtype=torch.int64)
    with pytest.raises(WeightsError) as fault:
        identify(tensors)
    said = str(fault.value)
    assert "look like rvm_mobilenetv3" in said
    assert "1 missing: aspp.aspp1.0.weight" in said
    assert "1 unexpected: aspp.aspp3.weight" in said
    assert "project_mat.conv.bias [3] instead of [4]" in said
    assert "aspp.aspp1.1.bias torch.int64" in said


def test_only_the_first_names_are_listed(tensors: dict[str, torch.Tensor]) -> None:
    few = {k: v for k, v in tensors.items() if not k.startswith("backbone.features.1")}
    with pytest.raises(WeightsError, match=r"\d+ missing: (\S+, ){4}\.\.\."):
        identify(few)


def test_a_base_network_without_its_refiner_is_named_as_such(random_checkpoint: Weights) -> None:
    base = {
        name: value
        for name, value in random_checkpoint("bgmv2_mobilenetv2").tensors.items()
        if not name.startswith("refiner.")
    }
    with pytest.raises(WeightsError, match=r"missing: refiner\.conv1\.weight"):
        identify(base)


def test_weights_that_are_not_numbers(tensors: dict[str, torch.Tensor]) -> None:
    tensors["project_mat.conv.bias"] = torch.tensor([0.0, float("nan"), 0.0, 0.0])
    with pytest.raises(WeightsError, match=r"1 with NaN or Inf: project_mat\.conv\.bias"):
        identify(tensors)


def test_loading_does_not_change_the_checkpoint(random_checkpoint: Weights) -> None:
    checkpoint = random_checkpoint("bgmv2_mobilenetv2")
    before = checkpoint.tensors["decoder.conv4.weight"].clone()
    load_bgmv2(checkpoint).half()
    assert torch.equal(checkpoint.tensors["decoder.conv4.weight"], before)
