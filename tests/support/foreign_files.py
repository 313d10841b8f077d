"""Pictures as other programs write them: straight through OpenImageIO."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from mattebox.images import Window

Array = NDArray[Any]


def spec_of(
    shape: tuple[int, ...],
    kind: str,
    channels: Sequence[str] | None = None,
    attributes: Sequence[tuple[Any, ...]] = (),
    data: tuple[int, int] = (0, 0),
    display: Window | None = None,
) -> oiio.ImageSpec:
    spec = oiio.ImageSpec(shape[1], shape[0], shape[2], kind)
    if channels is not None:
        spec.channelnames = tuple(channels)
    spec.x, spec.y = data
    if display is not None:
        spec.full_x, spec.full_y = display.x, display.y
        spec.full_width, spec.full_height = display.width, display.height
    for attribute in attributes:
        spec.attribute(*attribute)
    return spec


def write_foreign(path: Path, pixels: Array, kind: str, **how: Any) -> Path:
    """A file as another program would write it."""
    return write_parts(path, [(spec_of(pixels.shape, kind, **how), pixels)])


def write_parts(path: Path, parts: Sequence[tuple[oiio.ImageSpec, Array]]) -> Path:
    output = oiio.ImageOutput.create(str(path))
    assert output is not None
    specs = [spec for spec, _ in parts]
    opened = output.open(str(path), specs) if len(specs) > 1 else output.open(str(path), specs[0])
    assert opened, output.geterror()
    for index, (spec, pixels) in enumerate(parts):
        if index:
            assert output.open(str(path), spec, "AppendSubimage"), output.geterror()
        assert output.write_image(pixels), output.geterror()
    assert output.close()
    output.geterror()
    return path


def random_half(*shape: int) -> NDArray[np.float16]:
    return np.random.default_rng(1).normal(0.5, 2, shape).astype(np.float16)
