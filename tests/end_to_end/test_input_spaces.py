"""The colour space of every input, and of the same job on another machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.end_to_end.conftest import of_bug
from tests.support.drawn_shot import FRAMES, clean_pixels, drawn_shot, is_keyed, mean_error
from tests.support.foreign_files import write_foreign
from tests.support.keying import keyed
from tests.support.pictures import Pixels, plate_pixels, read_exr

from mattebox.errors import UsageError
from mattebox.events import CollectingReporter
from mattebox.job import Job, PreparedJob
from mattebox.pipeline.check import check
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.setup import ShotSetup


def encoded(light: Pixels) -> NDArray[np.uint8]:
    """Linear Rec.709 as sRGB codes."""
    bent = 1.055 * light.clip(0.0) ** (1 / 2.4) - 0.055
    curve = np.where(light <= 0.0031308, 12.92 * light, bent)
    return np.ascontiguousarray(np.rint(255.0 * curve.clip(0.0, 1.0)), np.uint8)


def prepared_of(bug: Path) -> PreparedJob:
    colour = {"config": str(bug / "config.ocio"), "in_space": "camlog"}
    values = {"plate": str(bug / "plate/s.####.exr"), "output": "out/", "device": "cpu"}
    job = Job.checked(values | {"colour": colour, "settings": {"screen": "auto"}})
    return prepare(job, CollectingReporter())


@pytest.mark.parametrize("given", [{}, {"clean_plate_space": "sRGB - Texture"}])
def test_a_clean_plate_is_read_in_its_own_space(given: dict[str, str], tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 3)
    clean = tmp_path / ("clean.png" if not given else "clean.tif")
    write_foreign(clean, encoded(clean_pixels()), "uint8")
    done = keyed(shot, tmp_path / "out", clean_plate=clean, colour=given)
    assert is_keyed(done)
    assert any("is read as 'sRGB" in said for said in done.said)


def test_an_input_of_the_plates_kind_is_in_the_plates_space(tmp_path: Path) -> None:
    for frame in FRAMES:
        codes = encoded(plate_pixels(frame))
        write_foreign(tmp_path / f"s.{frame:04d}.png", codes, "uint8")
    write_foreign(tmp_path / "clean.png", encoded(clean_pixels()), "uint8")
    done = keyed(
        tmp_path / "s.####.png",
        tmp_path / "out",
        clean_plate=tmp_path / "clean.png",
        colour={"in_space": "Gamma 2.2 Rec.709 - Texture"},
    )
    assert is_keyed(done)
    assert not any("is read as" in said for said in done.said)


@of_bug("clean_plate_other_space")
def test_reported_clean_plates_in_other_spaces(bug: Path, tmp_path: Path) -> None:
    truth = read_exr(bug / "truth/s.0001.exr")["A"]
    for plate, clean in (
        ("plate/s.####.exr", "clean_srgb.png"),
        ("plate/s.####.exr", "clean_linear.exr"),
        ("shot_srgb/s.####.png", "clean_linear.exr"),
    ):
        out = tmp_path / f"{plate[:5]}_{clean[:8]}"
        done = keyed(bug / plate, out, clean_plate=bug / clean)
        assert done.error is None
        assert mean_error(done, "s.0001.exr", truth) < 9e-3


@of_bug("ocio_context_on_farm")
def test_reported_context_belongs_to_the_job(bug: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOT", "shB")
    prepared = prepared_of(bug)
    assert "SHOT=shB" in prepared.prepared.colour.config_identity
    assert prepared.prepared.colour.files is not None
    ShotSetup(prepared).colour(prepared.prepared.colour)
    for other in ("shA", None):
        monkeypatch.delenv("SHOT") if other is None else monkeypatch.setenv("SHOT", other)
        with pytest.raises(UsageError, match="the OCIO config here is"):
            list(check(prepared))


@of_bug("ocio_context_on_farm")
def test_a_changed_lut_is_another_colour(
    bug: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(bug, tmp_path / "shot")
    monkeypatch.setenv("SHOT", "shB")
    prepared = prepared_of(tmp_path / "shot")
    shutil.copy(tmp_path / "shot/luts/shA/cam.spi1d", tmp_path / "shot/luts/shB/cam.spi1d")
    with pytest.raises(UsageError, match="the LUT files that the OCIO config uses here are others"):
        ShotSetup(prepared).colour(prepared.prepared.colour)
