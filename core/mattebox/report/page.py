"""The page of a report: one HTML file that asks for nothing from anywhere."""

from __future__ import annotations

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mattebox import __version__
from mattebox.report import plots
from mattebox.report.collect import ShotReport
from mattebox.report.pictures import EncodedView
from mattebox.sequences import format_frames
from mattebox.views import VIEWS

FOLDER = Path(__file__).parent


def render_page(report: ShotReport) -> str:
    """The HTML; equal reports give equal text."""
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = _data_uri
    width, height = report.size
    shown = {view.name for pictured in report.pictured for view in pictured.views}
    return environment.get_template("report.html.j2").render(
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


def _data_uri(view: EncodedView) -> str:
    return f"data:image/{view.kind};base64,{base64.b64encode(view.data).decode('ascii')}"
