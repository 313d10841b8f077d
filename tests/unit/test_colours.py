"""Colours that say something are told apart by people with every common kind of colour blindness.

Where a colour is not alone in saying it (a word, a shape, a dash), that is said beside it.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from tests.conftest import REPOSITORY
from tests.support.colour_vision import APART, VISIONS, Light, nearest, of_code, seen_lab

from mattebox.views import HOLE, LEAK, confidence_view, status_view
from mattebox_plugin.nuke_node import STATUS_COLOURS, STATUS_DIMMED

REPORT = REPOSITORY / "core/mattebox/report"

PLATES: dict[str, Light] = {
    "black": (0.0, 0.0, 0.0),
    "grey": (0.18, 0.18, 0.18),
    "green screen": (0.08, 0.43, 0.11),
    "blue screen": (0.06, 0.12, 0.5),
    "skin": (0.35, 0.22, 0.16),
    "white": (1.0, 1.0, 1.0),
    "lamp": (1.0, 1.0, 0.6),
}


def test_the_simulation_keeps_greys_and_merges_what_its_kinds_merge() -> None:
    for vision, matrix in VISIONS.items():
        np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=2e-6, err_msg=vision)
    red_and_green = {"red": of_code("#c00000"), "green": of_code("#607000")}
    assert nearest(red_and_green)[0] < 12.0  # of such a pair this test is to warn
    usual = seen_lab(of_code("#c00000"), "usual") - seen_lab(of_code("#607000"), "usual")
    assert np.hypot(*usual[1:]) > 80.0


def test_leaks_and_holes_are_told_from_each_other_and_from_every_grey() -> None:
    alpha = np.linspace(0.0, 1.0, 33, dtype=np.float32)[None]
    greys = {f"grey {code[0]}": of_code(code) for code in np.unique(status_view(alpha)[0], axis=0)}
    faults = {"leak": of_code(LEAK), "hole": of_code(HOLE)}
    assert len(greys) > 20
    for found, whose in (nearest(faults), nearest(faults, greys)):
        assert found >= APART, whose


@pytest.mark.parametrize("vision", VISIONS)
def test_confidence_is_read_by_its_brightness_in_every_vision(vision: str) -> None:
    steps = confidence_view(np.linspace(1.0, 0.0, 11, dtype=np.float32)[None])[0]
    lightness = [seen_lab(of_code(code), vision)[0] for code in steps]
    assert min(np.diff(lightness)) > 3.0
    assert lightness[-1] - lightness[0] > 90.0


@pytest.mark.parametrize("state", [*PLATES])
def test_states_of_frames_in_nuke_are_told_apart_over_every_plate(state: str) -> None:
    shown = {
        name: tuple(np.clip(STATUS_DIMMED * np.array(PLATES[state]) + np.array(colour), 0.0, 1.0))
        for name, colour in zip(("missing", "stale", "current"), STATUS_COLOURS, strict=True)
    }
    found, whose = nearest(shown)
    assert found >= APART, whose


def themes() -> dict[str, dict[str, str]]:
    """The colours of the report's page by name: light, dark and on paper."""
    plots, page = ((REPORT / name).read_text("utf-8") for name in ("plot.css", "report.css"))
    roots = [
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]+);", body))
        for text in (plots, page)
        for body in re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    ]
    return dict(zip(("light", "dark", "paper"), roots, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark", "paper"])
def test_the_lines_and_marks_of_plots_are_told_apart(theme: str) -> None:
    colours = {name: of_code(code) for name, code in themes()[theme].items()}
    drawn = {name: colours[name] for name in ("line", "other", "mark", "panel")}
    found, whose = nearest(drawn)
    assert found >= APART, whose


@pytest.mark.parametrize("theme", ["light", "dark", "paper"])
@pytest.mark.parametrize(
    ("text", "behind", "least"),
    [
        ("ink", "page", 7.0), ("ink", "alarm", 4.5), ("soft", "page", 4.5), ("soft", "panel", 4.5),
        ("mark", "page", 4.5), ("mark", "panel", 4.5), ("line", "page", 4.5),
        ("line", "panel", 3.0),
    ],
)  # fmt: skip
def test_words_stand_out_from_what_is_behind_them(
    theme: str, text: str, behind: str, least: float
) -> None:
    """Contrast as WCAG 2.2 has it: 4.5 for words, 3 for lines."""
    colours = {name: of_code(code) for name, code in themes()[theme].items()}
    light, dark = sorted(
        (float(np.dot((0.2126, 0.7152, 0.0722), colours[name])) for name in (text, behind)),
        reverse=True,
    )
    assert (light + 0.05) / (dark + 0.05) >= least
