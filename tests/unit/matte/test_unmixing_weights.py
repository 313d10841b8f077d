"""The weights file of the package."""

from __future__ import annotations

import torch
from safetensors.torch import load_file

from mattebox.matte.unmixing.weights import network_of
from mattebox.matte.unmixing.weights_file import WEIGHTS, weights_sha256


def test_the_weights_of_the_package_are_small_and_half_floats() -> None:
    assert WEIGHTS.stat().st_size < 2 * 2**20
    assert {weights.dtype for weights in load_file(WEIGHTS).values()} == {torch.float16}
    assert len(weights_sha256()) == 64


def test_a_file_of_half_floats_becomes_a_network_in_float32_that_learns_nothing() -> None:
    network = network_of(WEIGHTS)
    assert {weights.dtype for weights in network.parameters()} == {torch.float32}
    assert not any(weights.requires_grad for weights in network.parameters())
    assert not network.training
