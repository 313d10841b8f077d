"""All pictures that belong to one frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mattebox.images import Frame, PassedChannel
from mattebox.inputs import inputs

Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Pictures:
    """Everything read for one frame, on the working window. HxWx3 or HxW float32 arrays, in the
    files' own colour spaces; 0 outside a file's data window.

    Attributes:
        frame: frame number.
        header: the plate frame's header (windows, aspect, attributes); its pixels are the plate's.
        source: HxWx3 the plate to key.
        passed: channels that are passed through, HxW each, as they are stored.
        covered: HxW True where the plate has pixels.
        given: the other inputs by name, as far as there are: HxWx3, mattes HxW 0..1.
        coverage: HxW True where an input has pixels, by name; only of those that leave some out.
        source_alpha: HxW the plate's own alpha, or None where it has none.
        repaired: how many non-finite values were repaired.
        hint_error: HxW 0..1 the error to expect of the hint, where it is known.
    """

    frame: int
    header: Frame
    source: Pixels
    passed: tuple[PassedChannel, ...]
    covered: NDArray[np.bool_]
    given: Mapping[str, Pixels]
    coverage: Mapping[str, NDArray[np.bool_]]
    source_alpha: Pixels | None
    repaired: int
    hint_error: Pixels | None = None

    def input(self, name: str) -> Pixels | None:
        """An input by its name; None where the job has none. Raises KeyError for no input."""
        if name not in {one.name for one in inputs()}:
            raise KeyError(name)
        return self.given.get(name)
