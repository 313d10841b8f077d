"""Plots of a report and of a measurement: axes a person can read, gaps that stay gaps."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from mattebox.measure.accuracy import Accuracy
from mattebox.measure.quality import FrameQuality
from mattebox.measure.sequences import Measurement
from mattebox.report import render_errors
from mattebox.report.collect import choose_frames
from mattebox.report.plots import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    WIDTH,
    KeyFigures,
    make_plots,
    nice_ticks,
    x_of,
)


def frame(number: int, coverage: float, flicker: float | None = None) -> FrameQuality:
    return FrameQuality(number, coverage, 0.1, flicker, None, None, None, None)


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 1.0, (0.0, 0.5, 1.0)),
        (33.6, 34.4, (33.5, 34.0, 34.5)),
        (0.0, 0.0, (0.0, 0.05, 0.1)),
        (5.0, 5.0, (4.95, 5.0, 5.05)),
        (-3.0, 3.0, (-4.0, -2.0, 0.0, 2.0, 4.0)),
    ],
)
def test_ticks_are_round_and_hold_the_range(
    low: float, high: float, ticks: tuple[float, ...]
) -> None:
    assert nice_ticks(low, high, 0.1) == pytest.approx(ticks)


def test_a_figure_that_no_frame_has_is_not_drawn() -> None:
    plots = make_plots(KeyFigures([frame(1, 0.2), frame(2, 0.3)]))
    assert [plot.figure.name for plot in plots] == ["coverage", "partial"]
    assert plots[0].summary == "from 20 to 30 %, median 25 %, frames 1 to 2"


def test_a_missing_frame_breaks_the_line_and_a_lone_one_is_a_dot() -> None:
    plots = make_plots(KeyFigures([frame(n, 0.2) for n in (1, 2, 3, 5, 7, 8)]))
    assert len(plots[0].curves[0].lines) == 2
    assert len(plots[0].curves[0].dots) == 1


def test_a_shot_on_twos_has_no_gaps() -> None:
    plots = make_plots(KeyFigures([frame(n, 0.2) for n in range(1001, 1021, 2)]))
    assert len(plots[0].curves[0].lines) == 1


def test_suspects_are_marked_where_they_lie() -> None:
    plots = make_plots(KeyFigures([frame(n, 0.2 + 0.1 * (n == 3)) for n in range(1, 6)], [3]))
    (mark,) = plots[0].curves[0].marks
    assert (mark.frame, mark.title) == (3, "frame 3: 30 %")
    assert mark.x == x_of(3, 1, 5) == LEFT + (WIDTH - LEFT - RIGHT) / 2
    assert 0.0 < mark.y < HEIGHT / 2


def test_two_keys_share_the_axes_of_a_figure() -> None:
    low, high = ([frame(n, level) for n in (1, 2)] for level in (0.2, 0.4))
    plot = make_plots(KeyFigures(low, [], "A"), KeyFigures(high, [2], "B"))[0]
    assert [curve.letter for curve in plot.curves] == ["A", "B"]
    a, b = (curve.lines[0].split()[0].split(",") for curve in plot.curves)
    assert a[0] == b[0]
    assert float(b[1]) < float(a[1]) <= HEIGHT - BOTTOM
    assert plot.curves[1].marks[0].title == "B, frame 2: 40 %"
    assert plot.summary.startswith("A from 20 to 20 %, median 20 %; B from 40 to 40 %")


def test_a_single_frame_lies_in_the_middle() -> None:
    plots = make_plots(KeyFigures([frame(1001, 0.2)]))
    assert plots[0].curves[0].dots[0][0] == LEFT + (WIDTH - LEFT - RIGHT) / 2


def test_ten_thousand_frames_are_drawn_by_their_extremes() -> None:
    frames = [frame(n, 0.9 if n == 5003 else 0.2) for n in range(10_000)]
    points = make_plots(KeyFigures(frames))[0].curves[0].lines[0].split()
    assert len(points) <= 2001
    assert min(float(point.split(",")[1]) for point in points) < 20.0


def test_suspects_get_pictures_first_and_the_rest_is_spread_from_end_to_end() -> None:
    assert choose_frames(range(1, 101), (50, 20), 6) == (50, 20, 1, 34, 68, 100)
    assert choose_frames(range(1, 101), range(10, 60), 6) == (10, 11, 12, 13, 1, 100)
    assert choose_frames((1, 2, 3), (3,), 6) == (3, 1, 2)
    assert choose_frames((1, 2, 3), [], 0) == ()


def test_errors_are_drawn_from_zero_up_with_their_means_and_equal_each_time() -> None:
    accuracy = Accuracy()
    truth = np.zeros((24, 24, 4), np.float32)
    truth[:, 12:, 3] = 1.0
    frames = tuple(
        accuracy.add(truth * np.float32(gain), truth, frame=frame)
        for frame, gain in ((1001, 0.9), (1002, 0.95), (1003, 0.8))
    )
    measurement = Measurement(frames, accuracy.summary())
    text = render_errors(measurement, title="<shot>.$F4_$F.exr")
    assert text == render_errors(measurement, title="<shot>.$F4_$F.exr")
    page = ET.fromstring(text)
    space = {"": "http://www.w3.org/2000/svg"}
    assert (
        page.findtext("title", namespaces=space) == "<shot>.$F4_$F.exr  3 frames, convention float"
    )
    mad = page.find("g", space)
    assert mad is not None
    # Half of the picture is off by a tenth, a twentieth and a fifth.
    assert mad.findtext("text", None, space) == "MAD x1e3, mean 58.3"
    line = mad.find("polyline", space)
    assert line is not None
    heights = [HEIGHT - BOTTOM - float(y) for y in re.findall(r",([\d.]+)", line.attrib["points"])]
    assert [height / heights[0] for height in heights] == pytest.approx([1.0, 0.5, 2.0], rel=1e-3)
