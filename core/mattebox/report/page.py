"""The page of a report and the plots of a measurement: files that ask for nothing from anywhere."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from mattebox import __version__
from mattebox.measure.quality import QualityFigure
from mattebox.measure.sequences import Measurement
from mattebox.report import plots
from mattebox.report.collect import ShotReport
from mattebox.report.compare import FIGURES as DIFFERENCES
from mattebox.report.pictures import DIFFERENCE, SECOND, EncodedView, views_of
from mattebox.report.stated import Values
from mattebox.sequences import format_frames

FOLDER = Path(__file__).parent


_MOST_LISTED = 24  # frames that differ; the table has all
_COLUMNS = 3  # plots side by side in a file of their own
_CELL = plots.WIDTH, plots.HEIGHT + 24.0  # a plot and its heading


def render_page(report: ShotReport) -> str:
    """The HTML; equal reports give equal text."""
    width, height = report.size
    shown = {view.name for pictured in report.pictured for view in pictured.views}
    of_two = len(report.keys) > 1
    views = [view for view in views_of(report.before, of_two=of_two) if view.name in shown]
    measured = [
        plots.KeyFigures(key.frames, [suspect.frame for suspect in key.suspects], key.letter)
        for key in report.keys
    ]
    drawn = plots.make_plots(*measured)
    if report.differences:
        drawn = plots.make_plots(plots.KeyFigures(report.differences), figures=DIFFERENCES) + drawn
    return _template("report.html.j2").render(
        report=report,
        version=__version__,
        views=views,
        first_view=DIFFERENCE if of_two else "rgba",
        sides=("rgba", f"{SECOND}rgba") if of_two else ("before", "rgba"),
        plots=drawn,
        columns=_columns(report, drawn),
        drawing=plots,
        pictured={pictured.frame for pictured in report.pictured},
        ranges=format_frames(report.numbers),
        named=format_frames,
        settings=_settings(report),
        most_listed=_MOST_LISTED,
        aspect=f"{width * report.pixel_aspect:g} / {height}",
    )


@dataclass(frozen=True)
class Column:
    """A figure of all frames, in their order, for the table; None where it does not apply."""

    heading: str
    unit: str
    values: tuple[float | None, ...]


def _columns(report: ShotReport, drawn: Sequence[plots.Plot]) -> list[Column]:
    """Every figure that is drawn; of two keys side by side."""
    found = []
    for plot in drawn:
        figure = plot.figure
        assert isinstance(figure, QualityFigure)
        of_keys = [(f"{key.letter} " if key.letter else "", key.frames) for key in report.keys]
        sources: list[tuple[str, Sequence[object]]] = [*of_keys]
        if figure in DIFFERENCES:
            sources = [("", report.differences)]
        for letter, frames in sources:
            values = (getattr(measured, figure.name) for measured in frames)
            scaled = tuple(None if value is None else value * figure.scale for value in values)
            found.append(Column(f"{letter}{figure.label}", figure.unit, scaled))
    return found


@dataclass(frozen=True)
class SettingRow:
    """What one setting is in each key; the values with how many frames have each."""

    name: str
    values: tuple[Values, ...]

    @property
    def differs(self) -> bool:
        return len({tuple(value for value, _ in of_key) for of_key in self.values}) > 1


def _settings(report: ShotReport) -> list[SettingRow]:
    """All settings of all keys by name, those in which the keys differ first."""
    names = sorted({setting.name for key in report.keys for setting in key.stated.settings})
    rows = [
        SettingRow(name, tuple(key.stated.values(name) for key in report.keys)) for name in names
    ]
    # The job's digest differs with everything else, and says nothing to people.
    return sorted(rows, key=lambda row: (not row.differs, row.name == "job"))


def render_errors(measurement: Measurement, *, title: str = "") -> str:
    """An SVG with one plot for each error that was measured; equal measurements, equal text."""
    drawn = plots.error_plots(measurement.frames)
    summary = measurement.summary
    count = f"{summary.frames} {'frame' if summary.frames == 1 else 'frames'}"
    return _template("errors.svg.j2").render(
        plots=[(plot, getattr(summary.mean, plot.figure.name)) for plot in drawn],
        heading=f"{title}  {count}, convention {summary.convention}".lstrip(),
        drawing=plots,
        columns=_COLUMNS,
        rows=-(-len(drawn) // _COLUMNS),
        cell=_CELL,
    )


def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = _data_uri
    environment.filters["figure"] = _figure
    return environment.get_template(name)


def _figure(value: float | None) -> str:
    """A figure in the table: four digits, and none where they would say nothing."""
    if value is None:
        return "-"
    return "< 0.001" if 0.0 < value < 0.001 else f"{value:.4g}"


def _data_uri(view: EncodedView) -> str:
    return f"data:image/{view.kind};base64,{base64.b64encode(view.data).decode('ascii')}"
