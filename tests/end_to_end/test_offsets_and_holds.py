"""Inputs with numbers of their own: moved onto the plate's, and held."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.drawn_shot import FRAMES, clean_pixels, drawn_shot, is_keyed
from tests.support.keying import keyed
from tests.support.pictures import disc_alpha, write_exr


def on_twos(folder: Path) -> dict[str, object]:
    """Mattes of frames 1 and 3 of the drawn shot, counted from 1001; the input."""
    for frame in (1, 3):
        write_exr(folder / f"roto.{1000 + frame}.exr", disc_alpha(frame)[..., None], "A")
    return {"pattern": str(folder / "roto.####.exr")}


def test_a_matte_on_twos_with_numbers_of_its_own_is_moved_and_held(tmp_path: Path) -> None:
    shot, hint = drawn_shot(tmp_path, 4), on_twos(tmp_path)
    how = {"engine": "hint", "hint": hint, "screen": "green", "solver": "off"}
    done = keyed(shot, tmp_path / "out", offset={"hint": 1000}, hold=("hint",), **how)
    assert done.error is None
    for frame, shown in ((1, 1), (2, 1), (3, 3), (4, 3)):
        alpha = done.frame(f"s.{frame:04d}.exr")["A"]
        np.testing.assert_allclose(alpha, disc_alpha(shown), atol=1e-3)
    assert any("holds: frames 2,4 of the plate" in said for said in done.said)
    missing = keyed(shot, tmp_path / "unheld", offset={"hint": 1000}, **how)
    assert "2 frames 2,4" in str(missing.error)
    assert missing.names == ["s.0001.exr", "s.0003.exr"]


def test_a_held_matte_begins_with_its_first_picture(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 2)
    write_exr(tmp_path / "roto.0009.exr", disc_alpha(2)[..., None], "A")
    how = {"engine": "hint", "screen": "green", "solver": "off", "hold": ("hint",)}
    hint = {"pattern": str(tmp_path / "roto.####.exr")}
    done = keyed(shot, tmp_path / "out", hint=hint, **how)
    assert done.error is None
    for name in done.names:
        np.testing.assert_allclose(done.frame(name)["A"], disc_alpha(2), atol=1e-3)


def test_a_clean_plate_sequence_is_moved_too(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 3)
    for frame in FRAMES:
        path = tmp_path / f"clean.{frame + 1000}.exr"
        write_exr(path, clean_pixels(), colorInteropID="lin_rec709_scene")
    plates = tmp_path / "clean.####.exr"
    assert is_keyed(keyed(shot, tmp_path / "out", clean_plate=plates, offset={"clean_plate": 1000}))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"offset": {"clean_plate": 4}}, "--offset moves --clean-plate, which is one picture"),
        ({"offset": {"hint": 4}}, "--offset names 'hint'; expected an input beside the plate"),
        ({"hold": ("plate",)}, "--hold names 'plate'; expected an input beside the plate"),
        ({"offset": {"clean_plate": "x"}}, "valid integer"),
    ],
)
def test_offsets_and_holds_of_nothing_are_refused(
    given: dict[str, object], said: str, tmp_path: Path
) -> None:
    shot = drawn_shot(tmp_path, 2)
    done = keyed(shot, tmp_path / "out", clean_plate=tmp_path / "clean.exr", **given)
    assert done.error is not None
    assert said in str(done.error)
    assert done.error.exit_code == 64
