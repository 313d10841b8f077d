"""One self-contained HTML page of a keyed shot, and the errors of a measured one as SVG."""

from mattebox.report.collect import Keyed, ShotReport, collect, keyed_part
from mattebox.report.page import render_errors, render_page
from mattebox.report.pictures import Colours, PlateSource

__all__ = [
    "Colours",
    "Keyed",
    "PlateSource",
    "ShotReport",
    "collect",
    "keyed_part",
    "render_errors",
    "render_page",
]
