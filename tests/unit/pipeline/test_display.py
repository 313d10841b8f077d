"""Colour for the eye, against closed forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support.pictures import write_exr

from mattebox.errors import InputError, UsageError
from mattebox.frames import Part, read_header
from mattebox.pipeline.display import encode_srgb, keyed_to_rec709, plate_to_rec709

REC709 = (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)
AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)


@pytest.fixture
def part(tmp_path: Path) -> Part:
    path = write_exr(tmp_path / "keyed.exr", np.zeros((2, 2, 3), np.float32))
    return read_header(path).main


def stating(part: Part, **attributes: object) -> Part:
    names = {name.replace("_", "/"): value for name, value in attributes.items()}
    return replace(part, attributes={**part.attributes, **names})


def colour(*rgb: float) -> NDArray[np.float32]:
    return np.array([[rgb]], np.float32)


def test_srgb_holds_the_published_points() -> None:
    codes = encode_srgb(colour(0.0, 0.215861, 1.0))
    assert codes[0, 0].tolist() == [0, 128, 255]
    assert encode_srgb(colour(-1.0, 0.0, 65504.0))[0, 0].tolist() == [0, 0, 255]


def test_rec709_stays_itself_and_grey_is_grey_in_all_primaries(part: Part) -> None:
    same = keyed_to_rec709(stating(part, chromaticities=REC709), Path("keyed.exr"))
    assert same(colour(0.1, 0.5, -0.2))[0, 0] == pytest.approx([0.1, 0.5, -0.2], abs=1e-6)
    from_ap1 = keyed_to_rec709(stating(part, chromaticities=AP1), Path("keyed.exr"))
    assert from_ap1(colour(0.18, 0.18, 0.18))[0, 0] == pytest.approx([0.18] * 3, abs=1e-6)
    # The first column of the AP1 to Rec.709 matrix of the ACES configs (Bradford).
    red = from_ap1(colour(1.0, 0.0, 0.0))[0, 0]
    assert red == pytest.approx([1.70505, -0.13026, -0.02400], abs=1e-4)


def test_a_frame_that_lost_its_chromaticities_is_refused(part: Part) -> None:
    with pytest.raises(InputError, match="does not say its chromaticities"):
        keyed_to_rec709(part, Path("keyed.exr"))


def test_a_plate_is_read_in_the_space_it_was_keyed_from_unless_told(part: Part) -> None:
    keyed = stating(part, mattebox_plateSpace="ACEScg")
    path = Path("plate.exr")
    stated = plate_to_rec709(part, path, keyed, config=None, in_space=None)
    assert stated(colour(1.0, 0.0, 0.0))[0, 0, 0] == pytest.approx(1.70505, abs=1e-4)
    told = plate_to_rec709(part, path, keyed, config=None, in_space="lin_rec709_scene")
    assert told(colour(1.0, 0.0, 0.0))[0, 0] == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)


def test_a_space_the_config_does_not_have_names_the_nearest(part: Part) -> None:
    keyed = stating(part, mattebox_plateSpace="ACEScgg")
    with pytest.raises(UsageError, match="ACEScg"):
        plate_to_rec709(part, Path("plate.exr"), keyed, config=None, in_space=None)
