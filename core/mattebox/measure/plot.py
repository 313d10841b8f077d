"""The errors of a shot as a picture: one small panel per figure, frames along the x axis."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from mattebox.errors import UsageError, WriteError
from mattebox.measure.accuracy import FIGURES, FigureInfo
from mattebox.measure.sequences import Measurement

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3
_PANEL_INCHES = (4.0, 2.2)
_DOTS_PER_INCH = 100


def write_plot(measurement: Measurement, path: Path, *, title: str = "") -> None:
    """Draws all figures that were measured and writes them as a PNG.

    Equal measurements give equal bytes with one version of matplotlib.

    Raises:
        UsageError: matplotlib, the optional extra ``plot``, is not installed, or the file's name
            does not end in .png.
        WriteError: the file cannot be written.
    """
    require_plotting(path)
    drawn = _drawn(measurement, title)
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    try:
        path.write_bytes(buffer.getvalue())
    except OSError as fault:
        raise WriteError(
            f"the plot {path} could not be written: {fault.strerror}", path=path
        ) from fault


def require_plotting(path: Path) -> None:
    """Refuses early, before hours of measuring, what ``write_plot`` would refuse.

    Raises:
        UsageError: as ``write_plot``.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"cannot plot to {path}", expected="a file name that ends in .png")
    try:
        import matplotlib.figure  # noqa: F401 - optional and slow to load
    except ImportError as fault:
        raise UsageError(
            "plots need matplotlib, which is not installed",
            next_step='pip install "mattebox[plot]"',
        ) from fault


def _drawn(measurement: Measurement, title: str) -> Figure:
    from matplotlib.figure import Figure

    shown = [info for info in FIGURES if getattr(measurement.summary.mean, info.name) is not None]
    rows = -(-len(shown) // _COLUMNS)
    figure = Figure(
        figsize=(_COLUMNS * _PANEL_INCHES[0], rows * _PANEL_INCHES[1] + 0.5), layout="constrained"
    )
    panels = figure.subplots(rows, _COLUMNS, squeeze=False)
    for index, panel in enumerate(panels.flat):
        if index < len(shown):
            _draw_panel(panel, measurement, shown[index])
        else:
            panel.set_axis_off()
    heading = f"{title}  " if title else ""
    heading += f"{measurement.summary.frames} frames, convention {measurement.summary.convention}"
    figure.suptitle(heading, parse_math=False)  # a name may hold $F4
    return figure


def _draw_panel(panel: Axes, measurement: Measurement, info: FigureInfo) -> None:
    points = [
        (measured.frame, value)
        for measured in measurement.frames
        if (value := getattr(measured.figures, info.name)) is not None
    ]
    mean = getattr(measurement.summary.mean, info.name)
    panel.plot(*zip(*points, strict=True), marker=".", linewidth=1.0)
    panel.axhline(mean, linestyle="--", linewidth=0.8, color="0.5")
    panel.set_title(f"{info.label} {info.scale}, mean {mean:.3g}", fontsize=9)
    panel.set_ylim(bottom=0.0)
    panel.tick_params(labelsize=7)
    panel.locator_params(axis="x", integer=True)
