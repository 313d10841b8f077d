"""Inputs as studios have them: parts, layers, views; windows; mattes; frames that are bad."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from numpy.typing import NDArray
from tests.support.foreign_files import spec_of, write_foreign, write_parts
from tests.support.keying import Keyed, keyed
from tests.support.pictures import (
    HEIGHT,
    SCREEN,
    WIDTH,
    Pixels,
    disc_alpha,
    plate_pixels,
    read_exr,
    write_exr,
)

from mattebox.errors import FaultyFramesError, UsageError
from mattebox.events import CollectingReporter
from mattebox.images import Window
from mattebox.job import Job, PreparedJob
from mattebox.pipeline.check import check
from mattebox.pipeline.prepare import prepare
from mattebox.pipeline.setup import ShotSetup

FRAMES = (1, 2, 3)


@pytest.fixture
def bug(shared: Path, request: pytest.FixtureRequest) -> Path:
    """The shared input of a reported fault, named by the test's parameter or marker."""
    folder = shared / "bugs" / str(request.param)
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there; it runs where MATTEBOX_SHARED holds it")
    return folder


def of_bug(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bug", [name], indirect=True, ids=[name])


def mean_error(done: Keyed, name: str, truth: Pixels) -> float:
    """Mean absolute error of a frame's alpha."""
    return float(np.abs(done.frame(name)["A"] - truth).mean())


def is_keyed(done: Keyed, frames: Sequence[int] = FRAMES) -> bool:
    """Whether the frames of the drawn disc are all there and right."""
    assert done.error is None, done.error
    errors = [mean_error(done, f"s.{f:04d}.exr", disc_alpha(f)) for f in frames]
    return max(errors) < 0.012


def write_parts_of(path: Path, parts: Sequence[tuple[str, str, Pixels]]) -> None:
    """A file of named parts: name, prefix of its R, G and B, HxWx3 pixels."""
    write_parts(
        path,
        [
            (
                spec_of(
                    pixels.shape,
                    "half",
                    [f"{prefix}{c}" for c in "RGB"],
                    [("oiio:subimagename", name), ("colorInteropID", "lin_rec709_scene")],
                ),
                np.ascontiguousarray(pixels, np.float16),
            )
            for name, prefix, pixels in parts
        ],
    )


def drawn_shot(folder: Path, last: int) -> Path:
    """The drawn disc before its screen, frames 1 to ``last``, and its clean plate; the pattern."""
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(1, last + 1):
        path = folder / f"s.{frame:04d}.exr"
        write_exr(path, plate_pixels(frame), colorInteropID="lin_rec709_scene")
    write_exr(folder / "clean.exr", clean_pixels(), colorInteropID="lin_rec709_scene")
    return folder / "s.####.exr"


def clean_pixels() -> Pixels:
    return np.broadcast_to(SCREEN, (HEIGHT, WIDTH, 3)).astype(np.float32)


def normals(like: Pixels) -> Pixels:
    return np.broadcast_to(np.array([-0.3, 0.1, 0.9], np.float32), like.shape)


# Parts, layers and views


def test_the_plate_is_the_part_with_a_pictures_name(tmp_path: Path) -> None:
    for frame in FRAMES:
        plate = plate_pixels(frame)
        parts = [("N", "", normals(plate)), ("albedo", "", plate * 0.5), ("beauty", "", plate)]
        # The parts may change places: what holds is the name.
        write_parts_of(tmp_path / f"s.{frame:04d}.exr", parts if frame == 1 else parts[::-1])
    assert is_keyed(keyed(tmp_path / "s.####.exr", tmp_path / "out", screen="auto"))


def test_a_clean_plate_is_read_from_the_layer_behind_its_name(tmp_path: Path) -> None:
    clean = np.broadcast_to(plate_pixels(-60).mean(axis=(0, 1)), plate_pixels(1).shape)
    for frame in FRAMES:
        plate = plate_pixels(frame)
        write_parts_of(tmp_path / f"s.{frame:04d}.exr", [("key", "key.", plate)])
    write_parts_of(tmp_path / "clean.exr", [("first", "", normals(clean)), ("empty", "", clean)])
    shot = tmp_path / "s.####.exr"
    refused = keyed(shot, tmp_path / "no", clean_plate=tmp_path / "clean.exr")
    assert "as FILE:NAME" in str(refused.error)
    named = f"{tmp_path / 'clean.exr'}:empty"
    assert is_keyed(keyed(shot, tmp_path / "out", part="key", clean_plate=named))


@of_bug("normals_part_first")
def test_reported_normals_are_never_the_plate(bug: Path, tmp_path: Path) -> None:
    done = keyed(bug / "s.####.exr", tmp_path, screen="auto", passes=["spill", "plate"])
    assert done.error is None
    frame = done.frame("s.0001.exr")
    plate = frame["G"] + frame["spill.G"] + (1.0 - frame["A"]) * frame["plate.G"]
    assert np.allclose(plate, read_part(bug / "s.0001.exr", 2)[..., 1], atol=2e-3)


@of_bug("grey_part_first")
def test_reported_depth_is_never_the_plate(bug: Path, tmp_path: Path) -> None:
    hint = {"pattern": str(bug / "matte/m.####.png")}
    done = keyed(bug / "s.####.exr", tmp_path, engine="hint", hint=hint, solver="off")
    assert done.error is None
    assert float(done.frame("s.0001.exr")["R"].max()) < 1.5


@of_bug("part_named_like_its_layer")
def test_reported_part_finds_its_layer(bug: Path, tmp_path: Path) -> None:
    done = keyed(bug / "s.####.exr", tmp_path, part="beauty", screen="auto")
    assert done.error is None
    assert done.names == ["s.0001.exr", "s.0002.exr"]


@of_bug("clean_plate_in_layer")
def test_reported_clean_plates_in_layers_and_views(bug: Path, tmp_path: Path) -> None:
    plate = bug / "plate/s.####.exr"
    layer = keyed(plate, tmp_path / "layer", clean_plate=bug / "clean_layer.exr")
    named = keyed(plate, tmp_path / "named", clean_plate=f"{bug}/clean_layer.exr:beauty")
    right = keyed(plate, tmp_path / "right", clean_plate=f"{bug}/clean_stereo.exr:left")
    view = keyed(
        bug / "stereo_plate.exr",
        tmp_path / "view",
        view="left",
        clean_plate=bug / "clean_stereo.exr",
    )
    assert [done.error for done in (layer, named, right, view)] == [None] * 4
    assert np.array_equal(layer.frame("s.0001.exr")["A"], named.frame("s.0001.exr")["A"])


# Layers that are passed through


def test_passed_layers_are_the_same_bits(tmp_path: Path) -> None:
    depth = np.full((HEIGHT, WIDTH), 250000.25, np.float32)
    depth[0, :3] = np.nan, np.inf, -np.inf
    ids = np.random.default_rng(3).integers(0, 2**32, (HEIGHT, WIDTH), np.uint32)
    depth[5] = ids[5].view(np.float32)
    names = ("R", "G", "B", "depth.Z", "CryptoObject00.R")
    for frame in FRAMES:
        planes = [plate_pixels(frame), depth[..., None], ids.view(np.float32)[..., None]]
        pixels = np.concatenate(planes, axis=2)
        write_foreign(tmp_path / f"s.{frame:04d}.exr", pixels, "float", channels=names)
    done = keyed(
        tmp_path / "s.####.exr",
        tmp_path / "out",
        screen="auto",
        layers=["depth", "CryptoObject00"],
        pixel_type="half",
    )
    assert done.error is None
    written = done.frame("s.0002.exr")
    assert np.array_equal(written["depth.Z"].view(np.uint32), depth.view(np.uint32))
    assert np.array_equal(written["CryptoObject00.R"].view(np.uint32), ids)


@of_bug("cryptomatte_clipped")
def test_reported_cryptomatte_ids_are_kept(bug: Path, tmp_path: Path) -> None:
    for pixel_type in ("half", "float"):
        done = keyed(
            bug / "s.####.exr",
            tmp_path / pixel_type,
            screen="auto",
            layers=["CryptoObject00", "depth"],
            pixel_type=pixel_type,
        )
        assert done.error is None
        source, frame = read_exr(bug / "s.0001.exr"), done.frame("s.0001.exr")
        for name in ("CryptoObject00.R", "CryptoObject00.G", "CryptoObject00.A", "depth.Z"):
            assert np.array_equal(frame[name].view(np.uint32), source[name].view(np.uint32))


def read_part(path: Path, place: int) -> Pixels:
    """HxWxC of one part, by its place."""
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None
    assert opened.seek_subimage(place, 0)
    count = opened.spec().nchannels
    pixels = opened.read_image(place, 0, 0, count, "float")
    assert pixels is not None
    return np.asarray(pixels, np.float32)


# Windows


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
    windows = {(s.x, s.y, s.width, s.height) for s in map(spec_at, sorted(done.folder.iterdir()))}
    assert windows == {(-5, -3, WIDTH + 10, HEIGHT + 6)}
    without = keyed(shot, tmp_path / "cut", screen="auto")
    assert is_keyed(without)


def spec_at(path: Path) -> oiio.ImageSpec:
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None
    return opened.spec()


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
    assert {spec_at(path).width for path in done.folder.iterdir()} == {128}


# Frames that are bad


def damage(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])


def test_bad_frames_do_not_stop_the_others(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 9)
    damage(tmp_path / "s.0004.exr")
    write_exr(tmp_path / "s.0006.exr", np.zeros((20, 30, 3), np.float32))
    write_exr(tmp_path / "s.0009.exr", plate_pixels(9), names=("x.R", "x.G", "x.B"))
    (tmp_path / "s.0008.exr").unlink()
    done = keyed(shot, tmp_path / "out", screen="auto")
    error = done.error
    assert isinstance(error, FaultyFramesError)
    assert error.exit_code == 66
    assert error.frames == (4, 6, 9)
    said = str(error)
    for words in ("frame 8; 3 frames", "s.0004.exr is damaged", "s.0006.exr is 30x20", "no R, G"):
        assert words in said
    assert done.names == [f"s.{frame:04d}.exr" for frame in (1, 2, 3, 5, 7)]
    assert (done.tally.done, done.tally.total) == (5, 9)
    assert any("the analysis leaves a frame out" in words for words in done.said)


def test_a_frame_brought_later_is_keyed_with_its_neighbours(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path / "whole", 5)
    broken = drawn_shot(tmp_path / "broken", 5)
    damage(tmp_path / "broken/s.0003.exr")
    job = {"exposure": "0", "screen": "green"}
    first = keyed(broken, tmp_path / "out", **job)
    assert isinstance(first.error, FaultyFramesError)
    (tmp_path / "broken/s.0003.exr").write_bytes((tmp_path / "whole/s.0003.exr").read_bytes())
    again = keyed(broken, tmp_path / "out", **job)
    assert again.error is None
    assert again.names == [f"s.{frame:04d}.exr" for frame in range(1, 6)]
    whole = keyed(shot, tmp_path / "reference", **job)
    for name in whole.names:
        assert np.array_equal(again.frame(name)["A"], whole.frame(name)["A"])


def test_a_bad_clean_plate_is_told_once(tmp_path: Path) -> None:
    shot = drawn_shot(tmp_path, 5)
    damage(tmp_path / "clean.exr")
    done = keyed(shot, tmp_path / "out", clean_plate=tmp_path / "clean.exr")
    assert "clean.exr is damaged" in str(done.error)
    assert not isinstance(done.error, FaultyFramesError)


@of_bug("damaged_frame")
def test_reported_frame_that_was_cut(bug: Path, tmp_path: Path) -> None:
    shutil.copytree(bug / "plate", tmp_path / "plate")
    shutil.copy(bug / "s.0004.cut.exr", tmp_path / "plate/s.0004.exr")
    done = keyed(tmp_path / "plate/s.####.exr", tmp_path / "out", screen="auto")
    assert isinstance(done.error, FaultyFramesError)
    assert done.names == [f"s.{frame:04d}.exr" for frame in (1, 2, 3, 5, 6)]
    assert (done.tally.done, done.tally.total) == (5, 6)


# Colour of every input


def encoded(light: Pixels) -> NDArray[np.uint8]:
    """Linear Rec.709 as sRGB codes."""
    bent = 1.055 * light.clip(0.0) ** (1 / 2.4) - 0.055
    curve = np.where(light <= 0.0031308, 12.92 * light, bent)
    return np.ascontiguousarray(np.rint(255.0 * curve.clip(0.0, 1.0)), np.uint8)


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


def prepared_of(bug: Path) -> PreparedJob:
    colour = {"config": str(bug / "config.ocio"), "in_space": "camlog"}
    values = {"plate": str(bug / "plate/s.####.exr"), "output": "out/", "device": "cpu"}
    job = Job.checked(values | {"colour": colour, "settings": {"screen": "auto"}})
    return prepare(job, CollectingReporter())


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


# Mattes as they come


def hinted(folder: Path, form: str) -> dict[str, object]:
    """The drawn shot's alpha as a matte of another form; the inputs of a key."""
    for frame in FRAMES:
        alpha = disc_alpha(frame)[..., None]
        path = folder / f"{form}.{frame:04d}.{'exr' if form == 'codes' else 'png'}"
        hard = np.ascontiguousarray(alpha > 0.5)
        soft = np.rint(alpha * 255).astype(np.uint8)
        opaque = np.concatenate([soft, soft, soft, np.full_like(soft, 255)], axis=2)
        pixels = {"label": hard.astype(np.uint8), "inverted": 255 - soft, "opaque": opaque}
        if form == "codes":
            write_foreign(path, soft.astype(np.float32), "float", channels=["A"])
        else:
            write_foreign(path, np.ascontiguousarray(pixels[form]), "uint8")
    return {"pattern": str(folder / f"{form}.####.{'exr' if form == 'codes' else 'png'}")}


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("label", "never rises above 0.00392, which is code 1 of 255"),
        ("codes", "reaches 255"),
        ("opaque", "is 1 everywhere in all analysed frames"),
    ],
)
def test_mattes_that_are_none_are_refused_with_the_value(
    form: str, said: str, tmp_path: Path
) -> None:
    shot = drawn_shot(tmp_path, 3)
    done = keyed(shot, tmp_path / "out", engine="hint", hint=hinted(tmp_path, form))
    assert said in str(done.error)
    assert done.error is not None
    assert done.error.exit_code == 66


@pytest.mark.parametrize(
    ("form", "how"), [("label", {"hint_label": 1}), ("inverted", {"hint_invert": True})]
)
def test_mattes_are_understood_as_they_are_said(
    form: str, how: dict[str, object], tmp_path: Path
) -> None:
    shot, hint = drawn_shot(tmp_path, 3), hinted(tmp_path, form)
    done = keyed(shot, tmp_path / "out", engine="hint", hint=hint, screen="green", **how)
    assert is_keyed(done)


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


@of_bug("matte_forms")
def test_reported_forms_of_mattes(bug: Path, tmp_path: Path) -> None:
    truth = read_exr(bug / "truth/s.1001.exr")["A"]

    def key(form: str, **how: object) -> Keyed:
        hint = {"pattern": str(bug / form / "m.####.png")}
        return keyed(bug / "plate/s.####.exr", tmp_path / form, engine="hint", hint=hint, **how)

    for form in ("rgba_opaque", "label_0_1"):
        assert "the matte of --hint" in str(key(form).error)
    for form, how in (("grey", {}), ("inverted", {"hint_invert": True}), ("half_size", {})):
        done = key(form, **how)
        assert done.error is None
        assert mean_error(done, "s.1001.exr", truth) < 0.03
    assert any("never rises above" in said for said in key("palette").said)
