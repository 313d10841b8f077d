"""The page of a report and the plots of a measurement: files that ask for nothing from anywhere."""

from __future__ import annotations

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from mattebox import __version__
from mattebox.measure.sequences import Measurement
from mattebox.report import plots
from mattebox.report.collect import ShotReport
from mattebox.report.pictures import EncodedView
from mattebox.sequences import format_frames
from mattebox.views import VIEWS

FOLDER = Path(__file__).parent


_COLUMNS = 3  # plots side by side in a file of their own
_CELL = plots.WIDTH, plots.HEIGHT + 24.0  # a plot and its heading


def render_page(report: ShotReport) -> str:
    """The HTML; equal reports give equal text."""
    width, height = report.size
    shown = {view.name for pictured in report.pictured for view in pictured.views}
    return _template("report.html.j2").render(
        report=report,
        version=__version__,
        views=[v for v in (report.before, *VIEWS[1:]) if v.name in shown],
        plots=plots.make_plots(report.frames, [suspect.frame for suspect in report.suspects]),
        drawing=plots,
        pictured={pictured.frame for pictured in report.pictured},
        ranges=format_frames([measured.frame for measured in report.frames]),
        missing=format_frames(report.missing),
        mixed=[setting for setting in report.settings if len(setting.values) > 1],
        aspect=f"{width * report.pixel_aspect:g} / {height}",
    )


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
    return environment.get_template(name)


def _data_uri(view: EncodedView) -> str:
    return f"data:image/{view.kind};base64,{base64.b64encode(view.data).decode('ascii')}"
