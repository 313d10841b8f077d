"""Exports that are compared with torch before the file is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
from mattebox.engines.networks.rvm import RobustVideoMatting
from mattebox.errors import MatteboxError, WriteError
from mattebox.export.clips import seeded_frame
from mattebox.export.drift import DriftRow, drift_table
from mattebox.export.files import Provenance, needed
from mattebox.export.onnx import Precision, export_onnx
from mattebox.export.onnx_file import OnnxFile
from mattebox.export.parity import (
    FREE_RATIOS,
    FREE_SIZES,
    Difference,
    ParityRow,
    Size,
    cell_sizes_for,
    compare_bgmv2,
    compare_rvm,
    sizes_for,
    tolerance_for,
)
from mattebox.export.sizes import DEFAULT_SCALE
from mattebox.export.torchscript import TorchScriptFile, export_torchscript, operators_used
from mattebox.whole_files import draft_of

Network = RobustVideoMatting | BackgroundMatting
Step = Callable[[], None]

DRIFT_SIZE: Size = (144, 256)
"""Of the clip for the drift, where a file takes any size."""
DRIFT_RATIO = 0.5
"""Of its coarse pictures, where the ratio is an input."""


@dataclass(frozen=True)
class CheckedExport:
    """A file that passed.

    Attributes:
        rows: every size it was compared at.
        drift: RVM as ONNX: the same over many frames.
        clip: height, width and ratio of those frames.
        operators: TorchScript: torch's operators that the file needs.
    """

    rows: tuple[ParityRow, ...]
    drift: tuple[DriftRow, ...] = ()
    clip: tuple[int, int, float] | None = None
    operators: tuple[str, ...] = ()

    @property
    def all_rows(self) -> Iterator[ParityRow]:
        """Sizes, then the clip."""
        yield from self.rows
        for part in self.drift:
            assert self.clip is not None
            yield ParityRow(*self.clip, part.last, part.alpha, part.foreground, part.state)


def export_checked_onnx(
    network: Network,
    path: Path,
    *,
    size: Size | None = None,
    ratio: float | None = None,
    precision: Precision = "float32",
    refinement: Refinement | None = None,
    provenance: Provenance | None = None,
    drift_frames: int = 0,
    on_frame: Step = lambda: None,
) -> CheckedExport:
    """``export_onnx``, compared with torch before the file takes its name.

    Args:
        network, path, size, ratio, precision, refinement, provenance: as ``export_onnx``.
        drift_frames: RVM: length of the clip for the drift; 0 leaves it out.
        on_frame: called after each frame of that clip.

    Raises:
        MatteboxError: the file does not answer as torch does; it is not kept.
    """
    needed("onnxruntime")
    with _kept_if_right(path) as temporary:
        export_onnx(
            network,
            temporary,
            size=size,
            ratio=ratio,
            precision=precision,
            refinement=refinement,
            provenance=provenance,
        )
        file = OnnxFile(temporary)
        if isinstance(network, BackgroundMatting):
            scale = DEFAULT_SCALE if ratio is None else ratio
            refinement = refinement or Refinement()
            sizes = cell_sizes_for(scale, refinement) if size is None else [size]
            rows = compare_bgmv2(network, file.bgmv2, sizes, scale, refinement)
            checked = CheckedExport(tuple(rows))
        else:
            ratios = FREE_RATIOS if ratio is None else (ratio,)
            cases = [
                (case, r)
                for r in ratios
                for case in (sizes_for(FREE_SIZES, r) if size is None else [size])
            ]
            rows = compare_rvm(network, file.rvm, cases, has_memory=True)
            clip_ratio = DRIFT_RATIO if ratio is None else ratio
            height, width = size or sizes_for([DRIFT_SIZE], clip_ratio)[0]
            clip = (
                seeded_frame(height, width, index).source for index in _told(drift_frames, on_frame)
            )
            drift = drift_table(network, file.rvm, clip, clip_ratio)
            checked = CheckedExport(tuple(rows), tuple(drift), (height, width, clip_ratio))
        refuse_unlike(network, checked, precision)
    return checked


def export_checked_torchscript(
    network: Network,
    path: Path,
    *,
    ratio: float,
    refinement: Refinement | None = None,
    provenance: Provenance | None = None,
) -> CheckedExport:
    """``export_torchscript``, compared with torch before the file takes its name.

    Raises:
        MatteboxError: the file does not answer as torch does; it is not kept.
    """
    with _kept_if_right(path) as temporary:
        export_torchscript(
            network, temporary, ratio=ratio, refinement=refinement, provenance=provenance
        )
        file = TorchScriptFile(temporary)
        sizes = sizes_for(FREE_SIZES, ratio)
        if isinstance(network, BackgroundMatting):
            refinement = refinement or Refinement()
            sizes += cell_sizes_for(ratio, refinement)[-1:]
            rows = compare_bgmv2(network, file.bgmv2, sizes, ratio, refinement)
        else:
            cases = [(size, ratio) for size in sizes]
            rows = compare_rvm(network, file.rvm, cases, has_memory=False)
        checked = CheckedExport(tuple(rows), operators=tuple(operators_used(temporary)))
        refuse_unlike(network, checked, "float32")
    return checked


def refuse_unlike(network: Network, checked: CheckedExport, precision: str) -> None:
    """Raise MatteboxError where a row is beyond its tolerance."""
    for row in checked.all_rows:
        tolerance = tolerance_for(network, row.ratio, max(row.width, row.height), precision)
        if row.passes(tolerance):
            continue
        state = row.state or Difference()
        raise MatteboxError(
            f"the exported network does not answer as torch does: at {row.width}x{row.height}, "
            f"ratio {row.ratio:g}, largest and mean differences are "
            f"{row.alpha.most:.1e} and {row.alpha.mean:.1e} in alpha, "
            f"{row.foreground.most:.1e} and {row.foreground.mean:.1e} in the foreground, "
            f"{state.most:.1e} and {state.mean:.1e} in the state; {row.other_cells} of "
            f"{row.refined_cells} refined cells are others; the file was not kept",
            expected=f"at most {tolerance.most:g} and {tolerance.mean:g}, in the state "
            f"{tolerance.state.most:g} and {tolerance.state.mean:g}; {tolerance.cells:.0%} of the "
            "cells",
            next_step="report it with this message and the output of `mattebox doctor`",
        )


def _told(count: int, on_frame: Step) -> Iterator[int]:
    for index in range(count):
        yield index
        on_frame()


@contextmanager
def _kept_if_right(path: Path) -> Iterator[Path]:
    """A temporary name in the same folder; the file takes its own where the body succeeds."""
    try:
        with draft_of(path) as temporary:
            yield temporary
    except OSError as error:
        raise WriteError(
            f"{path} could not be written: {error.strerror}",
            next_step="choose another place (-o)",
            path=path,
        ) from error
