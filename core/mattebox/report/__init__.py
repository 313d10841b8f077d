"""One self-contained HTML page of a keyed shot."""

from mattebox.report.collect import ShotReport, collect, keyed_part
from mattebox.report.page import render_page
from mattebox.report.pictures import Colours, PlateSource

__all__ = ["Colours", "PlateSource", "ShotReport", "collect", "keyed_part", "render_page"]
