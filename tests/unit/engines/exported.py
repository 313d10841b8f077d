"""Networks as files for the tests of other formats: ONNX, and the official files' look-alikes."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch

from mattebox.engines.checkpoints import (
    Checkpoint,
    NetworkName,
    build_network,
    identify,
    load_bgmv2,
    load_rvm,
)
from mattebox.engines.networks.bgmv2 import BackgroundMatting
from mattebox.engines.networks.resnet import ResNetEncoder
from mattebox.engines.networks.rvm import RobustVideoMatting

OFFICIAL_SIDES = ("batch_size", "channels", "height", "width")
"""The official RVM files use these for every tensor, whatever its size."""
GAIN = 0.8
"""Keeps the network from amplifying rounding as a chaotic one would."""


def lively_checkpoint(network: NetworkName) -> Checkpoint:
    """Seeded weights whose alpha has many values between 0 and 1, and whose states are large."""
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = build_network(network)
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.weight.uniform_(0.8, 1.2)
                    module.bias.uniform_(-0.1, 0.1)
                if isinstance(module, torch.nn.Conv2d):
                    torch.nn.init.kaiming_normal_(module.weight)
                    module.weight *= GAIN
    tensors = model.state_dict()
    if network.startswith("rvm"):
        share = 0.25 if network == "rvm_mobilenetv3" else 0.02
        tensors["project_mat.conv.weight"] *= share
        tensors["refiner.conv.6.weight"] *= share
        tensors["refiner.box_filter.weight"].fill_(1 / 9)
        tensors["project_mat.conv.bias"][3] = 0.5
    else:
        for head in ("decoder.conv4", "refiner.conv4"):
            tensors[f"{head}.weight"] *= 0.05
            tensors[f"{head}.bias"][0] = 0.5
        tensors["decoder.conv4.bias"][4] = 0.5
    return identify(tensors)


def shortened(checkpoint: Checkpoint) -> RobustVideoMatting | BackgroundMatting:
    """The network with one block of each kind in its ResNet: exporting goes by their number.

    Of resnet101 as many stay as tell it from resnet50.
    """
    load = load_rvm if checkpoint.network.startswith("rvm") else load_bgmv2
    network = load(checkpoint)
    if isinstance(network.backbone, ResNetEncoder):
        third = 11 if checkpoint.network == "bgmv2_resnet101" else 2
        stages = network.backbone.layer1, network.backbone.layer2
        for stage, kept in zip(
            (*stages, network.backbone.layer3, network.backbone.layer4),
            (2, 2, third, 2),
            strict=True,
        ):
            del stage[kept:]
    return network


def with_shared_sides(source: Path, target: Path) -> Path:
    """A look-alike of the official RVM files: all tensors share the names of their sides."""
    model = onnx.load(source)
    for value in (*model.graph.input, *model.graph.output):
        for side, name in zip(value.type.tensor_type.shape.dim, OFFICIAL_SIDES, strict=False):
            if len(value.type.tensor_type.shape.dim) == 4:
                side.dim_param = name
    del model.metadata_props[:]
    model.producer_name = "pytorch"
    onnx.save(model, target)
    return target
