"""The gallery's pictures: there for every shot, on the page, and made again by the command."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from tests.conftest import REPOSITORY

from benchmarks.gallery import EXAMPLE, SIZE, WITH_PLATE, WITHOUT_PLATE, write_gallery
from benchmarks.recipes import RECIPES

SHOWN = ("plate", "plain", "ours", "plain_alpha", "ours_alpha")
SHOTS = (*WITH_PLATE, *WITHOUT_PLATE)


def test_every_picture_of_every_shot_is_on_the_page_and_no_other_is_kept() -> None:
    page = (REPOSITORY / "docs/gallery.md").read_text("utf-8")
    names = {f"{shot}_{what}.jpg" for shot in SHOTS for what in SHOWN}
    assert {path.name for path in (REPOSITORY / "docs/pictures/gallery").iterdir()} == names
    assert [name for name in names if f"(pictures/gallery/{name})" not in page] == []


def test_every_shot_is_our_own() -> None:
    assert set(SHOTS) - {EXAMPLE} <= set(RECIPES)


@pytest.mark.slow
def test_the_example_is_shown_beside_the_plain_key_with_the_error_on_the_page(
    tmp_path: Path,
) -> None:
    (shown,) = write_gallery(tmp_path, [EXAMPLE], threads=1)
    assert [path.name for path in shown.files] == [f"{EXAMPLE}_{what}.jpg" for what in SHOWN]
    for path in shown.files:
        picture = cv2.imread(str(path))
        assert picture is not None
        assert picture.shape == (SIZE.height, SIZE.width, 3)
    figures = f"Error {1e3 * shown.plain:.1f} plain, **{1e3 * shown.ours:.1f}** Mattebox"
    assert figures in (REPOSITORY / "docs/gallery.md").read_text("utf-8")
