"""A portrait with other edges: shapes in closed form, and shots whose composite is their truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.pictures import write_exr

from benchmarks.composites import FRAMES, Background, background, write_composites
from benchmarks.portrait import Edge, Portrait, filled_foreground, read_portrait, with_edge
from benchmarks.resolving import Resolved, means
from mattebox.bench.shots import read_shot
from mattebox.errors import InputError, UnreadableError

SKIN = np.array([0.4, 0.25, 0.125], np.float32)


@pytest.fixture
def portrait() -> Portrait:
    """A box 60 pixels wide and high in 100x120, before a green wall."""
    matte = np.zeros((100, 120), np.float32)
    matte[20:80, 32:92] = 1.0
    pixels = np.where(matte[..., None] > 0, SKIN, np.array([0.1, 0.4, 0.1]))
    return Portrait(pixels.astype(np.float32), matte)


def test_the_foreground_is_the_subject_everywhere(portrait: Portrait) -> None:
    assert filled_foreground(portrait) == pytest.approx(
        np.broadcast_to(SKIN, (100, 120, 3)), abs=1e-6
    )


@pytest.mark.parametrize(("edge", "width"), [(Edge.SOFT, 6), (Edge.MOTION, 30)])
def test_an_edge_rises_evenly_over_its_width(portrait: Portrait, edge: Edge, width: int) -> None:
    made = with_edge(portrait, filled_foreground(portrait), edge)
    row = made[50, :, 3]
    rising = row[32 - width : 32 + width]
    steps = np.diff(rising)
    assert np.count_nonzero(steps > 0.5 / width) == width
    assert steps.max() == pytest.approx(1 / width, rel=1e-3)
    assert row.sum() == pytest.approx(60.0, rel=1e-4)  # light is spread, none is lost
    assert made[..., :3] == pytest.approx(made[..., 3:] * SKIN, abs=1e-6)


def test_strands_lie_outside_the_outline_and_come_back_with_their_seed(portrait: Portrait) -> None:
    foreground = filled_foreground(portrait)
    sharp = with_edge(portrait, foreground, Edge.SHARP)[..., 3]
    strands = with_edge(portrait, foreground, Edge.STRANDS)[..., 3]
    assert np.all(strands >= sharp)
    outside = (strands > 0.1) & (portrait.matte == 0.0)
    assert 500 < np.count_nonzero(outside) < 6000
    assert np.array_equal(strands, with_edge(portrait, foreground, Edge.STRANDS)[..., 3])


def test_a_subject_without_an_outline_has_no_strands() -> None:
    empty = Portrait(np.zeros((8, 8, 3), np.float32), np.zeros((8, 8), np.float32))
    assert with_edge(empty, filled_foreground(empty), Edge.STRANDS).max() == 0.0


@pytest.mark.parametrize(("kind", "key"), [(Background.GREEN, 1), (Background.BLUE, 2)])
def test_screens_are_uneven_and_saturated(kind: Background, key: int) -> None:
    plate = background(kind, 90, 160)
    assert int(plate.mean(axis=(0, 1)).argmax()) == key
    assert 0.05 < plate[..., key].std() / plate[..., key].mean() < 0.3
    assert plate.min() > 0.0
    assert np.array_equal(plate, background(kind, 90, 160))


@pytest.mark.slow
def test_twelve_shots_are_written_that_hold_their_truth(portrait: Portrait, tmp_path: Path) -> None:
    folders = list(write_composites(portrait, tmp_path))
    assert len({folder.name for folder in folders}) == 12
    shot = read_shot(tmp_path / "soft_wall")
    assert shot.keyed == "grain"
    assert shot.common_frames(["grain", "plate_grain"], None) == FRAMES
    truth, plate = shot.truth.read(1), shot.passes["plate_grain"].read(1)
    source = np.mean([shot.plate.read(frame) for frame in FRAMES], axis=0)
    residual = source - (truth[..., :3] + (1.0 - truth[..., 3:]) * plate)
    assert abs(float(residual.mean())) < 5e-4  # grain alone is left
    assert float(residual.std()) < 0.02


def test_a_portrait_is_read_from_exr_and_from_an_archive(tmp_path: Path) -> None:
    rgba = np.zeros((2, 3, 4), np.float32)
    rgba[0, 0] = (0.25, 0.125, 0.0, 0.5)
    found = read_portrait(write_exr(tmp_path / "p.exr", rgba, "RGBA"))
    assert found.pixels[0, 0] == pytest.approx([0.5, 0.25, 0.0])
    assert found.matte[0, 0] == 0.5
    codes = np.full((1, 2, 3, 3), 128, np.uint8)
    held: dict[str, Any] = {
        "frames_uint8_NHWC": codes,
        "tfjs/frame0/pha": np.ones((1, 2, 3), np.float32),
    }
    np.savez(tmp_path / "p.npz", **held)
    found = read_portrait(tmp_path / "p.npz")
    assert found.pixels == pytest.approx(np.full((2, 3, 3), 0.21586), abs=1e-5)
    assert found.matte.shape == (2, 3)


def test_a_portrait_without_a_matte_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no alpha"):
        read_portrait(write_exr(tmp_path / "p.exr", np.ones((2, 2, 3), np.float32)))
    np.savez(tmp_path / "p.npz", other=np.ones(3))
    with pytest.raises(UnreadableError, match="frames_uint8_NHWC"):
        read_portrait(tmp_path / "p.npz")
    with pytest.raises(InputError, match="cannot be read"):
        read_portrait(tmp_path / "absent.npz")


def test_means_are_of_each_background_and_of_all() -> None:
    done = [
        Resolved("sharp_green", 2.0, 1.0, 0.1),
        Resolved("soft_green", 4.0, 1.0, 0.1),
        Resolved("sharp_wall", 0.0, 1.0, 0.1),
    ]
    green, wall, every = means(done)
    assert (green.name, green.network, green.solved) == ("green", 3.0, 1.0)
    assert green.ratio == pytest.approx(1 / 3)
    assert wall.ratio is None
    assert (every.name, every.ratio) == ("all", 0.5)
