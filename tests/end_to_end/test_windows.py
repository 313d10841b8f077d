"""Display and data windows of all inputs, overscan, pixel aspect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.end_to_end.conftest import of_bug
from tests.support.drawn_shot import FRAMES, clean_pixels, drawn_shot, is_keyed, mean_error
from tests.support.foreign_files import write_foreign
from tests.support.keying import keyed
from tests.support.pictures import (
    HEIGHT,
    WIDTH,
    Pixels,
    disc_alpha,
    plate_pixels,
    read_exr,
    spec_of,
    write_exr,
)

from mattebox.images import Window


def write_windowed(
    path: Path, pixels: Pixels, at: tuple[int, int], display: Window | None = None, **more: object
) -> None:
    """HxWx3 pixels at a place in a format, by default that of the drawn shot."""
    write_foreign(
        path,
        np.ascontiguousarray(pixels, np.float16),
        "half",
        data=at,
        display=display or Window(0, 0, WIDTH, HEIGHT),
        attributes=[("colorInteropID", "lin_rec709_scene"), *more.items()],
    )


def test_a_clean_plate_that_covers_a_part_is_estimated_beside_it(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 3)
    write_windowed(tmp_path / "clean.exr", clean_pixels()[6:30, 8:50], (8, 6))
    done = keyed(shot, tmp_path / "out", clean_plate=tmp_path / "clean.exr")
    assert is_keyed(done)
    assert any("leaves 56% of the frame uncovered; the screen is estimated" in s for s in done.said)


def test_a_clean_plate_of_which_nothing_lies_in_the_format_is_refused(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 3)
    write_windowed(tmp_path / "clean.exr", clean_pixels(), (200, 100))
    done = keyed(shot, tmp_path / "out", clean_plate=tmp_path / "clean.exr")
    assert "has no pixels inside the shot's format" in str(done.error)
    assert done.error is not None
    assert done.error.exit_code == 66


def test_display_windows_are_laid_on_each_other(tmp_path: Path) -> None:
    display = Window(8, 4, WIDTH, HEIGHT)
    for frame in FRAMES:
        write_windowed(tmp_path / f"s.{frame:04d}.exr", plate_pixels(frame), (8, 4), display)
        mask = np.repeat(disc_alpha(frame)[..., None], 3, axis=2) * 255.0
        write_foreign(tmp_path / f"m.{frame:04d}.png", mask.astype(np.uint8), "uint8")
    write_exr(tmp_path / "clean.exr", clean_pixels(), colorInteropID="lin_rec709_scene")
    done = keyed(
        tmp_path / "s.####.exr",
        tmp_path / "out",
        clean_plate=tmp_path / "clean.exr",
        inside={"pattern": str(tmp_path / "m.####.png"), "channel": "R"},
    )
    assert is_keyed(done)


def test_a_frame_without_pixels_inside_is_written_empty(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 4)
    write_windowed(tmp_path / "s.0002.exr", plate_pixels(2)[:8, :8], (400, 300))
    for out, more in (("screen", {"screen": "auto"}), ("clean", {"clean_plate": "clean.exr"})):
        given = {n: tmp_path / v if n == "clean_plate" else v for n, v in more.items()}
        done = keyed(shot, tmp_path / out, **given)
        assert done.error is None
        assert is_keyed(done, (1, 3, 4))
        empty = done.frame("s.0002.exr")
        assert all(not values.any() for name, values in empty.items() if "conf" not in name)


def test_overscan_is_that_of_all_frames(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 3)
    wide = np.pad(plate_pixels(2), ((3, 3), (5, 5), (0, 0)), mode="edge")
    write_windowed(tmp_path / "s.0002.exr", wide, (-5, -3))
    done = keyed(shot, tmp_path / "out", screen="auto", overscan=True)
    assert done.error is None
    windows = {(s.x, s.y, s.width, s.height) for s in map(spec_of, sorted(done.folder.iterdir()))}
    assert windows == {(-5, -3, WIDTH + 10, HEIGHT + 6)}
    without = keyed(shot, tmp_path / "cut", screen="auto")
    assert is_keyed(without)


@pytest.mark.parametrize("name", ["clean_plate", "inside"])
def test_another_pixel_aspect_is_caught_in_every_input(name: str, tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 3)
    write_windowed(tmp_path / "x.exr", clean_pixels(), (0, 0), PixelAspectRatio=2.0)
    path = str(tmp_path / "x.exr")
    given: object = path if name == "clean_plate" else {"pattern": path, "channel": "R"}
    done = keyed(shot, tmp_path / "out", screen="green", **{name: given})
    assert "x.exr is of pixel aspect 2" in str(done.error)


@of_bug("clean_plate_cropped")
def test_reported_clean_plate_that_was_cropped(bug: Path, tmp_path: Path) -> None:
    done = keyed(bug / "plate/s.####.exr", tmp_path, clean_plate=bug / "clean.exr")
    assert done.error is None
    truth = read_exr(bug / "truth/s.0001.exr")["A"]
    assert mean_error(done, "s.0001.exr", truth) < 6e-3
    assert any("uncovered" in said for said in done.said)


@of_bug("data_window_outside")
def test_reported_frame_with_its_pixels_outside(bug: Path, tmp_path: Path) -> None:
    done = keyed(bug / "plate/s.####.exr", tmp_path, screen="auto")
    assert done.error is None
    assert len(done.names) == 4
    assert not done.frame("s.0003.exr")["A"].any()


@of_bug("overscan_of_first_frame")
def test_reported_overscan_that_begins_later(bug: Path, tmp_path: Path) -> None:
    done = keyed(bug / "s.####.exr", tmp_path, screen="auto", overscan=True)
    assert done.error is None
    assert {spec_of(path).width for path in done.folder.iterdir()} == {128}
