"""The held-out subjects: each shows what it is drawn for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import fibres, openwork, solids
from benchmarks.recipes import HELD_OUT
from benchmarks.shapes import Canvas
from benchmarks.synthetic import write_synthetic
from mattebox.bench.shots import BenchShot, read_shot
from mattebox.measure.visible import EMPTY, SOLID

SMALL = Canvas(90, 160)


def drawn(name: str, folder: Path, length: int = 1) -> BenchShot:
    return read_shot(write_synthetic(name, folder, length=length, size=SMALL))


def layer(name: str, time: float = 1.0, size: Canvas = SMALL) -> np.ndarray:
    return HELD_OUT[name].subject(size, time)


@pytest.mark.parametrize("name", list(HELD_OUT))
def test_a_subject_moves_and_is_finite_light_and_cover(name: str) -> None:
    first, later = layer(name), layer(name, 3.0)
    assert first.shape == (90, 160, 5)
    assert np.isfinite(first).all()
    assert first.min() >= 0.0
    assert first[..., 3].max() <= 1.0 + 1e-12
    # the mirrored and scattered screen is no more than what the subject covers
    assert np.all(first[..., 4] <= first[..., 3] + 1e-12)
    assert np.abs(later - first).max() > 0.02
    assert np.array_equal(layer(name), first)


def test_a_fibre_covers_its_width_times_its_length() -> None:
    canvas = Canvas(180, 100)
    rows = np.linspace(20.0, 120.0, 1000)
    paths = np.stack([rows, np.full_like(rows, 50.0)], axis=-1)[None]
    for radius in (0.5, 1.0, 2.5):
        found = fibres.fibres(
            canvas, paths, np.full((1, 1000), radius), np.ones((1, 1000)), (0.2, 0.4, 0.6)
        )
        # A point fills sub-pixels whose offset from its own is within the radius.
        width = (2 * np.floor(radius * 4) + 1) / 4
        assert found[70, :, 3].sum() == pytest.approx(width)
        assert found[70, :, :3].sum(axis=0) == pytest.approx(width * np.array([0.2, 0.4, 0.6]))
        assert found[5].sum() == 0.0


def test_the_last_fibre_is_in_front() -> None:
    canvas = Canvas(180, 100)
    rows = np.linspace(20.0, 120.0, 1000)
    path = np.stack([rows, np.full_like(rows, 50.0)], axis=-1)
    shades = np.array([[0.5], [2.0]]) * np.ones((2, 1000))
    found = fibres.fibres(
        canvas, np.stack([path, path]), np.full((2, 1000), 1.0), shades, (0.1, 0.1, 0.1)
    )
    covered = found[70, :, 3] > 0.0
    assert found[70, covered, 0] == pytest.approx(0.2 * found[70, covered, 3])


def test_hair_is_sparse_or_dense(tmp_path: Path) -> None:
    partial = {}
    for name in ("hair_sparse", "hair_dense"):
        alpha = drawn(name, tmp_path).truth.read(1)[..., 3]
        partial[name] = float(np.mean((alpha > EMPTY) & (alpha < SOLID)))
    assert partial["hair_dense"] > 1.4 * partial["hair_sparse"] > 0.0


@pytest.mark.parametrize("name", ["folds", "shirt_striped", "shirt_checked", "sequins", "velvet"])
def test_cloth_is_closed(name: str) -> None:
    alpha = layer(name)[..., 3]
    assert np.mean(alpha >= SOLID) > 0.2
    columns = np.flatnonzero(alpha[70] >= SOLID)
    assert np.all(np.diff(columns) == 1)  # not a hole from edge to edge
    assert len(columns) > 60


def test_a_shirt_has_both_its_colours_and_sequins_flash() -> None:
    stripes = layer("shirt_striped")[80, 60:100, :3]
    assert stripes[:, 0].max() > 5.0 * stripes[:, 0].min()
    tones = layer("shirt_checked")[60:, 60:100, :3].reshape(-1, 3)
    assert tones[:, 0].max() > 5.0 * tones[:, 0].min()
    flashes = [layer("sequins", time, Canvas(180, 320))[..., 0].max() for time in (1.0, 2.0)]
    assert min(flashes) > 2.0


def test_props_are_near_the_screen_in_hue() -> None:
    """The key channel of lime and teal is their largest, as the screen's is."""
    for colour in (solids.LIME, solids.TEAL, solids.OLIVE):
        assert max(range(3), key=lambda channel: colour[channel]) == 1
    picture = layer("props_green")
    greenish = picture[..., 1] > 1.05 * np.delete(picture[..., :3], 1, axis=2).max(axis=2)
    assert np.mean(greenish & (picture[..., 3] >= SOLID)) > 0.05


@pytest.mark.parametrize("name", ["limb_fast", "ball_fast"])
def test_fast_things_are_smeared_along_half_their_way(name: str, tmp_path: Path) -> None:
    blurred = drawn(name, tmp_path).truth.read(1)[..., 3]
    sharp = layer(name)[..., 3]
    soft = [float(np.mean((alpha > EMPTY) & (alpha < SOLID))) for alpha in (blurred, sharp)]
    assert soft[0] > 2.0 * soft[1]


def test_a_lens_out_of_focus_keeps_the_cover_and_widens_the_edge() -> None:
    def ball(canvas: Canvas, time: float) -> np.ndarray:
        picture = solids.thrown_ball(canvas, time)
        return np.dstack([picture[..., :4], np.zeros(picture.shape[:2])])

    size = Canvas(180, 320)
    sharp, soft = ball(size, 3.5), solids.defocused(ball, 6.0)(size, 3.5)
    assert soft.sum(axis=(0, 1)) == pytest.approx(sharp.sum(axis=(0, 1)), rel=1e-9)
    row = 62
    widths = [
        np.count_nonzero((p[row, :160, 3] > 0.01) & (p[row, :160, 3] < 0.99)) for p in (sharp, soft)
    ]
    assert widths[1] - widths[0] == pytest.approx(2 * 6.0, abs=3)


@pytest.mark.parametrize(("name", "share"), [("net", 0.35), ("bars", 0.5), ("chain_mail", 0.1)])
def test_a_mesh_is_opaque_with_empty_holes(name: str, share: float) -> None:
    alpha = layer(name, 1.0, Canvas(180, 320))[60:130, 120:200, 3]
    assert np.mean(alpha >= SOLID) > 0.08
    assert np.mean(alpha <= EMPTY) > share


def test_a_veil_lets_the_screen_through_twice_as_dimmed_where_it_lies_double() -> None:
    alpha = layer("veil_white", 1.0, Canvas(180, 320))[40:130, 120:180, 3]
    assert alpha.min() == pytest.approx(0.32, abs=0.08)
    assert alpha.max() == pytest.approx(1.0 - (1.0 - 0.32) ** 2, abs=0.08)
    black = layer("veil_black", 1.0, Canvas(180, 320))
    assert black[..., :3].max() < 0.02
    assert black[..., 3].max() > 0.6


@pytest.mark.parametrize("name", ["plume_grey", "plume_indigo", "plume_grey_blue"])
def test_smoke_is_never_opaque(name: str) -> None:
    alpha = layer(name)[..., 3]
    assert 0.5 < alpha.max() < 0.99
    assert np.mean(alpha > 0.05) > 0.1


def test_steam_is_thin_above_its_cup() -> None:
    picture = layer("steam")
    above, cup = picture[:65, :, 3], picture[75:, :, 3]
    assert 0.2 < above.max() < 0.8
    assert cup.max() == 1.0


def test_a_rim_of_glass_mirrors_the_screen(tmp_path: Path) -> None:
    """What the truth's colour lacks of the pass to key is 0.42 of the screen at the rim."""
    shot = drawn("bottle", tmp_path)
    truth, plate = shot.truth.read(1), shot.passes["plate_grain"].read(1)
    light = shot.plate.read(1) - (truth[..., :3] + (1.0 - truth[..., 3:]) * plate)
    rim = layer("bottle")[..., 4] > 0.3
    assert np.count_nonzero(rim) > 50
    assert light[rim, 1].mean() / plate[..., 1].mean() == pytest.approx(0.37, abs=0.06)
    assert truth[rim, 3].min() > 0.3
    assert truth[..., :3].max() > 2.0  # lamps
    assert openwork.bottle(SMALL, 1.0)[..., 3].max() < 0.7


def test_rims_are_high_dynamic_range() -> None:
    assert 3.0 < layer("rim_light")[..., :3].max() < 10.0


def test_a_thing_before_another_shows_it() -> None:
    behind, both = layer("folds"), layer("behind_bottle")
    assert np.all(both[..., 3] >= behind[..., 3] - 1e-12)
    inside = behind[..., 3] == 1.0
    assert both[inside, 3] == pytest.approx(1.0)
    assert np.abs(both - behind)[inside].max() > 1.0  # a lamp on the glass


def test_the_screens_corners_have_a_quarter_of_the_middles_light(tmp_path: Path) -> None:
    """Beside the same screen in even light."""
    dark, even = (
        drawn(name, tmp_path).passes["plate_grain"].read(1)[..., 1]
        for name in ("dark_corners", "folds")
    )
    shares = dark / even
    corner = np.mean([shares[y, x] for y in (0, 1, -2, -1) for x in (0, 1, -2, -1)])
    assert corner == pytest.approx(0.25, abs=0.04)
    assert shares[40:50, 75:85].mean() == pytest.approx(1.0, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(HELD_OUT))
def test_a_canvas_of_any_size_shows_the_same(name: str) -> None:
    small = layer(name, 2.0, Canvas(90, 160))
    large = layer(name, 2.0, Canvas(180, 320)).reshape(90, 2, 160, 2, 5).mean(axis=(1, 3))
    assert small[..., 3].mean() == pytest.approx(large[..., 3].mean(), rel=0.12)
    assert np.abs(small[..., 3] - large[..., 3]).mean() < 0.06  # edges a unit wide alias
