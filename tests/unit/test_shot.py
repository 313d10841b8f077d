"""What belongs to one frame of a shot, and what does not fit into it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.pictures import plate_pixels, write_exr, write_shot

from mattebox.errors import InputError
from mattebox.job import Job
from mattebox.shot import Shot


def test_an_anamorphic_shot_takes_a_clean_plate_that_knows_no_aspect(tmp_path: Path) -> None:
    pattern = write_shot(tmp_path)
    for frame in (1001, 1002):
        pixels = plate_pixels(frame - 1000)
        write_exr(tmp_path / f"shot.{frame}.exr", pixels, PixelAspectRatio=2.0)
    clean = str(tmp_path / "clean.exr")
    job = Job.checked(
        {"plate": str(pattern), "output": str(tmp_path / "out/"), "clean_plate": clean}
    )
    read = Shot.open(job).read(1002)
    assert read.header.pixel_aspect == 2.0
    plate = read.input("clean_plate")
    assert plate is not None
    assert np.array_equal(plate, np.broadcast_to(plate[0, 0], (36, 64, 3)))
    with pytest.raises(InputError, match="of pixel aspect 1") as caught:
        Shot.open(job).read(1003)
    assert caught.value.expected == "2, like the first plate frame"
    assert caught.value.frame == 1003
