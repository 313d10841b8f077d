"""How fast the networks' official code is, as published or measured, to read ours beside."""

from __future__ import annotations

from dataclasses import dataclass

from mattebox.engines.checkpoints import NetworkName

HD_READY, HD, UHD = (720, 1280), (1080, 1920), (2160, 3840)


@dataclass(frozen=True)
class Published:
    """One figure of the official code: a frame at a time, states carried, seeded or own weights.

    Attributes:
        network: whose.
        size: height and width.
        precision: ``float32`` or ``float16``.
        device: ``cpu`` or ``cuda``.
        machine: what it ran on.
        frames_per_second: as the source says it; of seconds per frame, their inverse.
        source: key of ``SOURCES``.
    """

    network: NetworkName
    size: tuple[int, int]
    precision: str
    device: str
    machine: str
    frames_per_second: float
    source: str


SOURCES = {
    "rvm": "RVM's README and paper (arXiv 2108.11515), tensor throughput; HD at ratio 0.25, "
    "4K at 0.125",
    "bgmv2": "BGMv2's paper (arXiv 2012.07810), HD at ratio 0.25 with 80 000 pixels refined, "
    "4K at 0.125 with 320 000",
    "cpu": "the official code run on 2 shared virtual CPU cores, about one of them free: "
    "torch 2.13 eager, median of 10 frames (resnet50: 4)",
}
"""Where a figure is from."""

_1080TI, _2060S, _3090, _2080TI = "GTX 1080 Ti", "RTX 2060 Super", "RTX 3090", "RTX 2080 Ti"
_CORES = "2 shared cores"


def _gpu(
    network: NetworkName,
    size: tuple[int, int],
    precision: str,
    machine: str,
    frames_per_second: float,
    source: str,
) -> Published:
    return Published(network, size, precision, "cuda", machine, frames_per_second, source)


def _cpu(network: NetworkName, size: tuple[int, int], seconds: float) -> Published:
    return Published(network, size, "float32", "cpu", _CORES, 1.0 / seconds, "cpu")


PUBLISHED = (
    _cpu("rvm_mobilenetv3", HD_READY, 0.185),
    _cpu("rvm_mobilenetv3", HD, 0.269),
    _cpu("rvm_resnet50", HD, 0.515),
    _cpu("bgmv2_mobilenetv2", HD, 0.575),
    _cpu("bgmv2_resnet50", HD, 0.835),
    _gpu("rvm_mobilenetv3", HD, "float16", _3090, 172.0, "rvm"),
    _gpu("rvm_mobilenetv3", HD, "float16", _2060S, 134.0, "rvm"),
    _gpu("rvm_mobilenetv3", HD, "float32", _1080TI, 104.0, "rvm"),
    _gpu("rvm_resnet50", HD, "float32", _1080TI, 71.1, "rvm"),
    _gpu("rvm_mobilenetv3", UHD, "float16", _3090, 154.0, "rvm"),
    _gpu("rvm_mobilenetv3", UHD, "float16", _2060S, 108.0, "rvm"),
    _gpu("rvm_mobilenetv3", UHD, "float32", _1080TI, 74.0, "rvm"),
    _gpu("bgmv2_mobilenetv2", HD, "float32", _2080TI, 100.6, "bgmv2"),
    _gpu("bgmv2_resnet50", HD, "float32", _2080TI, 60.0, "bgmv2"),
    _gpu("bgmv2_resnet101", HD, "float32", _2080TI, 42.5, "bgmv2"),
    _gpu("bgmv2_mobilenetv2", UHD, "float32", _2080TI, 45.4, "bgmv2"),
    _gpu("bgmv2_resnet50", UHD, "float32", _2080TI, 33.2, "bgmv2"),
    _gpu("bgmv2_resnet101", UHD, "float32", _2080TI, 29.8, "bgmv2"),
)
"""Batch 1 throughout. The number type of RVM's resnet50 is not stated: float32 as that machine's
others. None is published for 1280x720 on a GPU."""


def published_for(
    network: NetworkName, size: tuple[int, int], precision: str, device: str
) -> tuple[Published, ...]:
    """The official figures of a network at a size (height, width)."""
    return tuple(
        figure
        for figure in PUBLISHED
        if (figure.network, figure.size, figure.precision, figure.device)
        == (network, size, precision, device)
    )
