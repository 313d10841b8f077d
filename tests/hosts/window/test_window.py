"""The add-on in a Blender with a window: the button, the progress, Esc.

Distributions carry Blender 3.4, older than the add-on asks for; what belongs to windows (modal
operators, timers, simulated keys) is the same there, and it runs without a screen.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.window import run_in_window

REPOSITORY = Path(__file__).parents[3]
PLATE = REPOSITORY / "examples/fixture_hair/green_spill_grain"
BLENDER = os.environ.get("MATTEBOX_BLENDER") or shutil.which("blender")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.blender,
    pytest.mark.skipif(
        BLENDER is None or shutil.which("xvfb-run") is None,
        reason="no Blender with a window, or no xvfb-run; CI installs both "
        "(apt-get install blender xvfb python3-numpy)",
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("window")


@pytest.fixture(scope="module")
def observed(folder: Path) -> dict[str, dict[str, Any]]:
    """What the driver saw, by step."""
    assert BLENDER is not None
    done = run_in_window(
        BLENDER,
        Path(__file__).with_name("drive.py"),
        (folder,),
        folder,
        seconds=300,
        options=("--enable-event-simulate",),
        variables={
            "MATTEBOX_TEST_PLATE": str(next(iter(sorted(PLATE.glob("*.exr"))))),
            "MATTEBOX_TEST_PLUGIN": str(REPOSITORY / "plugin"),
        },
    )
    marker = "OBSERVED "
    lines = [
        json.loads(line.removeprefix(marker))
        for line in done.stdout.splitlines()
        if line.startswith(marker)
    ]
    steps = {line.pop("step"): line for line in lines}
    assert "end" in steps, f"{steps}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return steps


def test_a_new_node_takes_the_selected_clip(observed: dict[str, dict[str, Any]]) -> None:
    clip = sorted(PLATE.glob("*.exr"))[0].name
    assert observed["made"] == {"clip": clip, "offset": 0}


def test_the_button_gives_the_interface_back_at_once(observed: dict[str, dict[str, Any]]) -> None:
    assert observed["pressed"]["answer"] == ["RUNNING_MODAL"]


def test_the_whole_clip_is_keyed_while_the_window_lives(
    observed: dict[str, dict[str, Any]],
) -> None:
    assert observed["keyed"]["status"] == "Mattebox: done 8 of 8 frames"


def test_escape_stops_the_core_and_keeps_what_is_done(
    observed: dict[str, dict[str, Any]],
) -> None:
    stopped = observed["stopped"]
    assert stopped["phase"] == "stopped"
    assert 1 <= stopped["done"] < stopped["total"] == 8
    assert stopped["phase_then"] == "stopping"  # the artist had the interface before it was over
    assert stopped["files"] == stopped["done"]


def test_the_window_shows_node_and_panel(observed: dict[str, dict[str, Any]], folder: Path) -> None:
    assert "pictured" in observed
    assert (folder / "window.png").stat().st_size > 20_000


@pytest.mark.parametrize("scale", ["1", "1.25", "1.5"])
def test_a_long_message_fits_the_panel_at_every_scale(
    scale: str, observed: dict[str, dict[str, Any]], folder: Path
) -> None:
    seen, usual = observed[f"scale {scale}"], observed["scale 1"]
    assert "".join(seen["lines"]).replace(" ", "") == seen["whole"].replace(" ", "")
    assert seen["width"] == pytest.approx(float(scale) * usual["width"], rel=0.05)
    assert abs(len(seen["lines"]) - len(usual["lines"])) <= 1  # the panel grows with its letters
    assert 4 <= len(seen["lines"]) <= 8
    assert (folder / f"window_{scale}.png").stat().st_size > 20_000


def test_a_render_without_its_key_is_refused(observed: dict[str, dict[str, Any]]) -> None:
    assert "not rendered. Mattebox: stale 4" in observed["refused"]["said"]
    assert "Press Key" in observed["refused"]["said"]
    assert observed["refused"]["rendered"] == 0


def test_a_render_may_key_what_it_needs_first(observed: dict[str, dict[str, Any]]) -> None:
    assert observed["rendered"] == {"rendered": 1, "status": "Mattebox: done 1 of 1 frames"}
