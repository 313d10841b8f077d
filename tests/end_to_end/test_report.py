"""The report of a small keyed shot: its file, its errors, and its page in a real browser."""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.end_to_end.conftest import COMMAND, Run
from tests.support.browser import Page, in_browser, said_in_browser
from tests.support.pictures import WIDTH, write_shot

from mattebox.frames import read_frame, write_frame

pytestmark = pytest.mark.slow

FRAMES = range(1001, 1013)
BAD_FRAME = 1007
LAYERS = ("fg", "spill", "net", "conf", "plate")


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A keyed shot with its plate beside it; one frame has a hole in its alpha, as if damaged."""
    folder = tmp_path_factory.mktemp("shot")
    shot = write_shot(folder / "in", frames=FRAMES)
    subprocess.run(
        [str(COMMAND), "key", str(shot), "-o", str(folder / "out"),
         "--clean-plate", str(folder / "in/clean.exr"), "--passes", ",".join(LAYERS)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    bad = folder / f"out/shot.{BAD_FRAME}.exr"
    frame = read_frame(bad, layers=LAYERS)
    pixels = frame.pixels.copy()
    pixels[12:24, 24:44, frame.channels.index("A")] = 0.0
    attributes = dict(frame.attributes) | {"mattebox/version": "<script>alert(1)</script>"}
    write_frame(bad, replace(frame, pixels=pixels, attributes=attributes))
    return folder


@pytest.fixture(scope="module")
def page(keyed: Path) -> Path:
    target = keyed / "report.html"
    subprocess.run(
        [str(COMMAND), "report", str(keyed / "out"), "--plate", str(keyed / "in/shot.####.exr"),
         "-o", str(target)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return target


def test_the_page_holds_everything_and_asks_for_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = Page(text)
    assert all(address.startswith(("data:", "#")) for address in found.addresses)
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert len(found.images) == 6 * len(FRAMES)
    for image in found.images:
        kind, data = re.fullmatch(r"data:image/(jpeg|png);base64,(.+)", image).groups()  # type: ignore[union-attr]
        assert base64.b64decode(data).startswith(b"\x89PNG" if kind == "png" else b"\xff\xd8")


def test_the_damaged_frame_stands_first_with_its_reason(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert Page(text).suspects[0] == str(BAD_FRAME)
    assert re.search(
        rf"frame {BAD_FRAME}</a>: hole area is high: \d+\.\d %.*alpha coverage drops by \d+\.\d %",
        text,
    )
    assert text.index(f'id="frame-{BAD_FRAME}"') < text.index('id="frame-1001"')
    assert {"coverage", "flicker", "identity", "residual", "confidence"} <= set(Page(text).figures)


def test_what_a_header_holds_is_text_and_never_markup(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "Frames differ in <code>version</code>" in text


def test_the_same_shot_gives_the_same_bytes(page: Path, keyed: Path, mattebox: Run) -> None:
    again = keyed / "again.html"
    done = mattebox("report", keyed / "out", "--plate", keyed / "in/shot.####.exr", "-o", again)
    assert done.returncode == 0, done.stderr
    assert f"first {BAD_FRAME}: hole area is high" in done.stdout
    assert again.read_bytes() == page.read_bytes()


def test_without_the_plate_its_picture_is_added_up_from_the_layers(
    keyed: Path, tmp_path: Path, mattebox: Run
) -> None:
    target = tmp_path / "layers.html"
    done = mattebox("report", keyed / "out", "-o", target, "--frames", "1001-1003")
    assert done.returncode == 0, done.stderr
    assert "added up from the layers" in target.read_text(encoding="utf-8")


def test_without_plate_and_layer_the_subject_stands_before_its_despill(
    keyed: Path, tmp_path: Path, mattebox: Run
) -> None:
    whole = read_frame(keyed / "out/shot.1001.exr")
    write_frame(tmp_path / "bare.exr", whole)
    target = tmp_path / "bare.html"
    done = mattebox("report", tmp_path / "bare.exr", "-o", target)
    assert done.returncode == 0, done.stderr
    text = target.read_text(encoding="utf-8")
    assert "before despill" in text
    assert len(Page(text).images) == 4
    assert Page(text).figures == ["coverage", "partial", "identity", "residual"]


def test_missing_frames_are_on_the_page_and_end_with_66(
    keyed: Path, tmp_path: Path, mattebox: Run
) -> None:
    for frame in (1001, 1002, 1004):
        shutil.copy(keyed / f"out/shot.{frame}.exr", tmp_path)
    target = tmp_path / "holes.html"
    done = mattebox("report", tmp_path, "-o", target)
    assert done.returncode == 66
    assert "missing: 1003" in done.stderr
    assert "<strong>Missing:</strong> 1 frame, 1003." in target.read_text(encoding="utf-8")


def test_wrong_calls_say_what_to_do(keyed: Path, tmp_path: Path, mattebox: Run) -> None:
    target = tmp_path / "page.html"
    plate, out = keyed / "in/shot.####.exr", keyed / "out"
    calls = [
        ((plate, "-o", target), 64, "was not written by Mattebox"),
        ((out, "-o", tmp_path / "page.pdf"), 64, "ends in .html"),
        ((out, "-o", tmp_path / "none/page.html"), 74, "there is no folder"),
        ((out, "-o", target, "--frames", "2000"), 66, "2000"),
        ((out, "-o", target, "--plate", keyed / "in/clean.exr"), 64, "is one file"),
        ((out, "-o", target, "--plate", plate, "--in-space", "ACEScgg"), 64, "ACEScg"),
        ((tmp_path / "no.####.exr", "-o", target), 66, "no file matches"),
    ]
    for arguments, code, words in calls:
        done = mattebox("report", *arguments)
        assert done.returncode == code, (arguments, done.stderr)
        assert words in done.stderr
        assert "Traceback" not in done.stderr
    assert not target.exists()


def test_a_plate_of_another_size_is_refused(keyed: Path, tmp_path: Path, mattebox: Run) -> None:
    small = read_frame(keyed / "in/shot.1001.exr")
    window = replace(small.data_window, width=WIDTH - 8)
    write_frame(
        tmp_path / "small.exr",
        replace(small, pixels=small.pixels[:, :-8], data_window=window, display_window=window),
    )
    done = mattebox(
        "report", keyed / "out/shot.1001.exr", "-o", tmp_path / "page.html",
        "--plate", tmp_path / "small.exr",
    )  # fmt: skip
    assert done.returncode == 66
    assert f"{WIDTH - 8}x" in done.stderr


ACTIONS = """
  const byId = (id) => document.getElementById(id);
  said.first = byId("viewer").dataset.frame;
  said.reason = byId("reason").textContent;
  const slider = byId("slider");
  slider.value = "25";
  slider.dispatchEvent(new Event("input"));
  said.clip = getComputedStyle(byId("over")).clipPath;
  slider.focus();
  said.focus = document.activeElement.id;
  byId("frame").value = "1001";
  byId("frame").dispatchEvent(new Event("change"));
  slider.dispatchEvent(new KeyboardEvent("keydown", { key: "PageDown", bubbles: true }));
  said.after = byId("viewer").dataset.frame;
  byId("left").value = "status";
  byId("left").dispatchEvent(new Event("change"));
  said.over = byId("over").src.slice(0, 15);
  const shown = () => [...document.querySelectorAll("#frame-1001 img")]
    .filter((image) => getComputedStyle(image).display !== "none").map((i) => i.dataset.of).join();
  said.sheet = shown();
  document.querySelector("input[name=view][value=conf]").click();
  said.sheetThen = shown();
  document.querySelector("#suspects a").click();
  said.clicked = byId("viewer").dataset.frame;
  const cursors = [...document.querySelectorAll(".cursor")];
  said.cursor = new Set(cursors.map((cursor) => cursor.getAttribute("x1"))).size;
  const image = byId("over");
  await image.decode();
  said.size = `${image.naturalWidth}x${image.naturalHeight}`;
"""


def test_the_browser_says_so_when_a_page_has_a_fault(tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<!doctype html><script>missing()</script>", encoding="utf-8")
    assert "CONSOLE" in in_browser(broken, tmp_path / "profile", "--dump-dom").stderr


def test_in_a_browser_slider_views_and_suspects_work_without_an_error(
    page: Path, tmp_path: Path
) -> None:
    said = said_in_browser(page, tmp_path, ACTIONS)
    assert said["first"] == said["clicked"] == str(BAD_FRAME)
    assert said["reason"].startswith("hole area is high")
    assert said["clip"] == "inset(0px 75% 0px 0px)"
    assert said["focus"] == "slider"
    assert said["after"] == "1002"
    assert said["over"] == "data:image/png;"
    assert (said["sheet"], said["sheetThen"]) == ("rgba", "conf")
    assert said["cursor"] == "1"
    assert said["size"] == "64x36"


def test_a_screenshot_shows_plate_left_and_result_right(page: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.png"
    in_browser(page, tmp_path / "profile", f"--screenshot={target}")
    picture = read_frame(target).pixels[..., :3]
    green = picture[..., 1] - np.maximum(picture[..., 0], picture[..., 2])
    screen = green > 0.2
    assert screen[:, :600].mean() > 0.2
    assert screen[:, 700:].mean() < 0.01
