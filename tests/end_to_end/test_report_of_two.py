"""The report of two keys of one shot: what differs, in settings, frames, holes and residue; in a
real browser, on a phone, and on paper."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from tests.end_to_end.conftest import COMMAND, Run
from tests.support.browser import Page, in_browser, said_in_browser
from tests.support.pictures import read_exr, write_shot

from mattebox.frames import read_frame, write_frame
from mattebox.images import Frame

pytestmark = pytest.mark.slow

FRAMES = range(1001, 1013)
BAD_FRAME = 1007
LAYERS = ("fg", "spill", "net", "conf")
BOX = (0.0, 0.0, 0.2, 1.0)
SETTINGS = {
    "keyed_a": "",
    "keyed_b": "--gamma 1.3 --hold clean_plate --protect CLEAN:R",
}


def change(path: Path, **regions: tuple[slice, slice, float]) -> None:
    """Give parts of a keyed frame another alpha, as if it were damaged."""
    frame: Frame = read_frame(path, layers=LAYERS)
    pixels = frame.pixels.copy()
    for rows, columns, alpha in regions.values():
        pixels[rows, columns, frame.channels.index("A")] = alpha
    write_frame(path, replace(frame, pixels=pixels))


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shot keyed with two settings; one frame of B has a hole, and dirt at its left."""
    folder = tmp_path_factory.mktemp("shot")
    shot = write_shot(folder / "in", frames=FRAMES)
    clean = str(folder / "in/clean.exr")
    for name, flags in SETTINGS.items():
        subprocess.run(
            [str(COMMAND), "key", str(shot), "-o", str(folder / name),
             "--clean-plate", clean, *flags.replace("CLEAN", clean).split()],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
    hole, dirt = (slice(14, 20), slice(30, 38), 0.0), (slice(4, 8), slice(2, 8), 0.3)
    change(folder / f"keyed_b/shot.{BAD_FRAME}.exr", hole=hole, dirt=dirt)
    return folder


@pytest.fixture(scope="module")
def page(keyed: Path) -> Path:
    target = keyed / "two.html"
    subprocess.run(
        [str(COMMAND), "report", str(keyed / "keyed_a"), "--against", str(keyed / "keyed_b"),
         "--plate", str(keyed / "in/shot.####.exr"), "-o", str(target),
         "--empty", ",".join(map(str, BOX))],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return target


def table(page: Path) -> dict[str, dict[str, str]]:
    """The table of figures: frame -> heading -> text."""
    text = page.read_text(encoding="utf-8")
    (found,) = re.findall(r'<table id="figures">(.*?)</table>', text, re.DOTALL)
    rows = [
        [re.sub("<[^>]*>", " ", cell).split("  ")[0].strip() for cell in cells]
        for row in re.findall(r"<tr>(.*?)</tr>", found, re.DOTALL)
        if (cells := re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL))
    ]
    return {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[1:]}


def test_what_the_settings_differ_in_is_listed_and_nothing_else(page: Path) -> None:
    marked = Page(page.read_text(encoding="utf-8")).marked
    assert marked["differs"] == ["gamma", "given", "hold", "job"]
    row = re.search(r'data-differs="gamma">(.*?)</tr>', page.read_text("utf-8"), re.DOTALL)
    assert row is not None
    assert re.findall(r"<code>(.*?)</code>", row[1]) == ["default", "1.3"]
    text = page.read_text(encoding="utf-8")
    assert "<code>plate, clean_plate, protect</code>" in text
    assert str(page.parent) not in text  # pages are passed on


def test_frames_come_by_how_much_they_differ(page: Path, keyed: Path) -> None:
    marked = Page(page.read_text(encoding="utf-8")).marked
    assert marked["ranked"][0] == str(BAD_FRAME)
    assert sorted(map(int, marked["ranked"])) == [*FRAMES]
    assert marked["frame"][0] == str(BAD_FRAME)  # of the contact sheet
    for frame in FRAMES:
        one, other = (
            read_exr(keyed / f"{k}/shot.{frame}.exr")["A"] for k in ("keyed_a", "keyed_b")
        )
        shown = float(table(page)[str(frame)]["difference of alpha"])
        assert shown == pytest.approx(1e3 * np.abs(one - other).mean(), rel=1e-3)


def test_holes_and_residue_are_those_of_the_reference_script(
    page: Path, keyed: Path, shared: Path, tmp_path: Path
) -> None:
    (tmp_path / "expect.json").write_text(json.dumps({"empty": [BOX]}))
    for letter, name in (("A", "keyed_a"), ("B", "keyed_b")):
        done = subprocess.run(
            [sys.executable, str(shared / "real/score.py"),
             str(keyed / f"{name}/shot.{BAD_FRAME}.exr"), str(tmp_path / "expect.json")],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        theirs, ours = json.loads(done.stdout), table(page)[str(BAD_FRAME)]
        figures = {
            "hole area": theirs["interior_under_.95_%"],
            "residue": theirs["empty_over_.02_%"],
            "alpha in the boxes": 100.0 * theirs["empty_mean"],
        }
        for label, value in figures.items():
            shown = float(ours[f"{letter} {label}"].replace("< ", ""))
            assert shown == pytest.approx(value, abs=0.006), (letter, label)
        assert theirs["interior_pixels"] > 100
    assert float(table(page)[str(BAD_FRAME)]["B hole area"]) > 5.0
    assert float(table(page)[str(BAD_FRAME)]["B residue"]) > 3.0


def test_a_key_against_itself_differs_nowhere(keyed: Path, tmp_path: Path, mattebox: Run) -> None:
    target = tmp_path / "same.html"
    one = keyed / "keyed_a"
    done = mattebox("report", one, "--against", one, "-o", target, "--pictures", "0")
    assert done.returncode == 0, done.stderr
    assert "0 of 12 frames differ" in done.stdout
    text = target.read_text(encoding="utf-8")
    assert "all pixels of A and B are equal" in text
    assert "Nothing that the frames say differs." in text


def test_frames_that_one_key_lacks_are_named_with_its_letter(
    keyed: Path, tmp_path: Path, mattebox: Run
) -> None:
    shutil.copytree(keyed / "keyed_b", tmp_path / "b")
    (tmp_path / "b/shot.1003.exr").unlink()
    (tmp_path / "b/shot.1012.exr").unlink()
    target = tmp_path / "page.html"
    done = mattebox("report", keyed / "keyed_a", "--against", tmp_path / "b", "-o", target)
    assert done.returncode == 66
    assert "missing: 1003,1012 of" in done.stderr
    text = target.read_text(encoding="utf-8")
    assert "<strong>Missing in B:</strong> 2 frames, 1003,1012." in text
    assert "Missing in A" not in text


def test_keys_that_do_not_fit_and_boxes_that_are_none_are_refused(
    keyed: Path, tmp_path: Path, mattebox: Run
) -> None:
    shot, target = keyed / "in/shot.####.exr", tmp_path / "page.html"
    done = mattebox("key", shot, "-o", tmp_path / "half", "--screen", "green", "--proxy", "2")
    assert done.returncode == 0, done.stderr
    calls = [
        (("--against", tmp_path / "half"), 66, "32x18 at 0,0"),
        (("--against", shot), 64, "was not written by Mattebox"),
        (("--against", tmp_path / "none"), 66, "none"),
        (("--empty", "0,0,1"), 64, "'0,0,1' is no box"),
        (("--empty", "0.5,0,0.1,1"), 64, "such as 0,0,0.2,1"),
    ]
    for words, code, said in calls:
        done = mattebox("report", keyed / "keyed_a", *words, "-o", target)
        assert done.returncode == code, (words, done.stderr)
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert not target.exists()


def test_frames_of_an_older_mattebox_do_not_pass_for_defaults(
    keyed: Path, tmp_path: Path, mattebox: Run
) -> None:
    older = read_frame(keyed / "keyed_b/shot.1001.exr", layers=LAYERS)
    attributes = {n: v for n, v in older.attributes.items() if n != "mattebox/settings"}
    write_frame(tmp_path / "older.exr", replace(older, attributes=attributes))
    target = tmp_path / "page.html"
    done = mattebox(
        "report", keyed / "keyed_b/shot.1001.exr", "--against", tmp_path / "older.exr", "-o", target
    )
    assert done.returncode == 0, done.stderr
    row = re.search(r'data-differs="gamma">(.*?)</tr>', target.read_text("utf-8"), re.DOTALL)
    assert row is not None
    assert re.findall(r"<code>(.*?)</code>", row[1]) == ["1.3", "not said (an older frame)"]


SIDES = """
  const source = (of) => document.querySelector(`#frame-1007 img[data-of="${of}"]`).src;
  const byId = (id) => document.getElementById(id);
  said.frame = byId("viewer").dataset.frame;
  said.left = byId("over").src === source("rgba");
  said.right = byId("under").src === source("b-rgba");
  said.legends = `${byId("legend-left").textContent} ${byId("legend-right").textContent}`;
  const shown = [...document.querySelectorAll("#frame-1001 img")]
    .filter((image) => getComputedStyle(image).display !== "none");
  said.sheet = shown.map((image) => image.dataset.of).join();
  document.querySelector("#ranked a").click();
  said.clicked = byId("viewer").dataset.frame;
"""


def test_the_viewer_shows_a_left_and_b_right(page: Path, tmp_path: Path) -> None:
    said = said_in_browser(page, tmp_path, SIDES)
    assert said["frame"] == said["clicked"] == str(BAD_FRAME)
    assert (said["left"], said["right"]) == ("true", "true")
    assert said["legends"].startswith("A: result.")
    assert "B: result." in said["legends"]
    assert said["sheet"] == "difference"


FITS = """
  said.wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const controls = [...document.querySelectorAll("button, select, label, h1, h2, p, figcaption")];
  said.cut = controls.filter((one) => one.offsetParent && one.scrollWidth > one.clientWidth + 1
    && getComputedStyle(one).display !== "inline").map((one) => one.tagName + one.id).join();
"""


@pytest.mark.parametrize("width", [390, 867, 1040, 1300])
def test_the_page_fits_a_phone_and_a_window_at_125_and_150_percent(
    width: int, page: Path, tmp_path: Path
) -> None:
    """A window of 1300 pixels holds 1040 of the page at 125 %, and 867 at 150 %."""
    said = said_in_browser(page, tmp_path, FITS, size=(width, 900))
    assert said == {"wide": "0", "cut": ""}


def test_on_paper_all_of_it_is_readable_and_nothing_to_press(page: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.pdf"
    in_browser(page, tmp_path / "profile", "--no-pdf-header-footer", f"--print-to-pdf={target}")
    paper = pypdfium2.PdfDocument(target)
    texts = []
    for sheet in paper:
        words = sheet.get_textpage()
        width, height = sheet.get_size()
        assert width > height  # a wide table wants a wide page
        for place in range(words.count_rects()):
            left, bottom, right, top = words.get_rect(place)
            assert 0 < left < right < width
            assert 0 < bottom < top < height
        texts.append(words.get_text_range())
    whole = "\n".join(texts)
    for words in ("What A and B were keyed with", "Frames that differ most", "How it was keyed",
                  "gamma", "hole area", f"frame {BAD_FRAME}"):  # fmt: skip
        assert words in whole, words
    assert all(whole.count(str(frame)) >= 3 for frame in FRAMES)  # listed, pictured, in the table
    assert "left" not in texts[0].split("A: result")[0]  # the viewer's knobs
    first = paper[0].render().to_numpy()
    assert (first[0, 0] == 255).all()  # white, in a browser that likes it dark, too
    paper.close()
