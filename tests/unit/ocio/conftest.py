"""Configs of three shapes: built-in, Blender's, Nuke's."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from mattebox_ocio import LoadedConfig, load_config

CONFIGS = Path(__file__).with_name("configs")
LUT_LENGTH = 1024


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def builtin() -> LoadedConfig:
    """The pinned studio config."""
    return load_config("studio-config-v2.2.0_aces-v1.3_ocio-v2.4")


@pytest.fixture(scope="session")
def blender_shaped() -> LoadedConfig:
    return load_config(CONFIGS / "blender_shaped.ocio")


@pytest.fixture(scope="session")
def nuke_shaped_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config with its LUT files beside it."""
    folder = tmp_path_factory.mktemp("nuke_shaped")
    shutil.copy(CONFIGS / "nuke_shaped.ocio", folder)
    codes = np.linspace(0.0, 1.0, LUT_LENGTH)
    srgb = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    (folder / "luts").mkdir()
    write_spi1d(folder / "luts" / "srgb.spi1d", srgb)
    write_spi1d(folder / "luts" / "root.spi1d", np.sqrt(codes))
    return folder / "nuke_shaped.ocio"


@pytest.fixture(scope="session")
def nuke_shaped(nuke_shaped_file: Path) -> LoadedConfig:
    return load_config(nuke_shaped_file)


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "config.ocio"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def write_spi1d(path: Path, values: np.ndarray) -> None:
    """A one-channel 1D LUT over 0..1 in Sony Imageworks' text format."""
    head = f"Version 1\nFrom 0.0 1.0\nLength {len(values)}\nComponents 1\n"
    rows = "\n".join(f"  {value:.9g}" for value in values)
    path.write_text(head + "{\n" + rows + "\n}\n", encoding="ascii")
