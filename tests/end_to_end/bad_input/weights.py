"""Engines, their weights and networks, and the device they run on."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from tests.end_to_end.bad_input.case import Cases, key
from tests.support.pictures import write_shot

CASES = Cases()
case = CASES.add

CASES.add_options(
    {
        "an engine that does not exist": ("--engine", "keylight"),
        "weights of an unknown name": ("--engine", "rvm", "--weights", "rvm_mobilenet"),
        "weights that were not fetched": ("--engine", "rvm", "--weights", "rvm_resnet50"),
        "a network of your own without its file and config": ("--engine", "onnx-matte"),
        "a device that is not there": ("--device", "cuda:9"),
        "a device that does not exist": ("--device", "gpu"),
    }
)


@case("a network without weights")
def _(folder: Path) -> list[object]:
    return ["key", write_shot(folder / "in"), "-o", folder / "out", "--engine", "rvm"]


@case("weights that are not there")
def _(folder: Path) -> list[object]:
    return key(folder, "--engine", "rvm", "--weights", folder / "rvm.pth")


@case("weights that are a web page")
def _(folder: Path) -> list[object]:
    (folder / "rvm.pth").write_text("<!DOCTYPE html><title>Not Found</title>")
    return key(folder, "--engine", "rvm", "--weights", folder / "rvm.pth")


@case("weights of two kilobytes that stand for four gigabytes")
def _(folder: Path) -> list[object]:
    torch.save({"a": torch.zeros(1).expand(1 << 30)}, folder / "bomb.pth")
    return [*key(folder)[:4], "--engine", "rvm", "--weights", folder / "bomb.pth"]


@case("fetching weights of an unknown name")
def _(folder: Path) -> list[object]:
    return ["weights", "fetch", "rvm_resnet5"]


@case("a licence that was not accepted")
def _(folder: Path) -> list[object]:
    return ["weights", "fetch", "rvm_mobilenetv3"]


def by_hand(file: Path) -> list[object]:
    return ["weights", "fetch", "rvm_mobilenetv3", "--accept-licence", "--from", file]


@case("installing a web page")
def _(folder: Path) -> list[object]:
    (folder / "page.html").write_text("<!DOCTYPE html><title>Not Found</title>")
    return by_hand(folder / "page.html")


@case("installing half a file")
def _(folder: Path) -> list[object]:
    (folder / "rvm.pth").write_bytes(b"PK" + bytes(998))
    return by_hand(folder / "rvm.pth")


@case("installing another file")
def _(folder: Path) -> list[object]:
    with (folder / "rvm.pth").open("wb") as stream:
        stream.truncate(15_217_721)
    return by_hand(folder / "rvm.pth")


@case("installing a file that is not there")
def _(folder: Path) -> list[object]:
    return by_hand(folder / "rvm.pth")


def small_onnx() -> bytes:
    value = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 3, "h", "w"])
        for name in ("image", "alpha")
    ]
    node = onnx.helper.make_node("Relu", ["image"], ["alpha"])
    graph = onnx.helper.make_graph([node], "g", value[:1], value[1:])
    data: bytes = onnx.helper.make_model(graph).SerializeToString()
    return data


@case("a network's config with several faults")
def _(folder: Path) -> list[object]:
    (folder / "net.onnx").write_bytes(small_onnx())
    (folder / "net.toml").write_text('[picture]\nchannels = "BRG"\n[alpha]\nsigmoid = true\n')
    own = ("--weights", folder / "net.onnx", "--model-config", folder / "net.toml")
    return key(folder, "--engine", "onnx-matte", *own)


@case("an ONNX file cut short")
def _(folder: Path) -> list[object]:
    (folder / "rvm.onnx").write_bytes(small_onnx()[:60])
    return key(folder, "--engine", "rvm", "--weights", folder / "rvm.onnx")
