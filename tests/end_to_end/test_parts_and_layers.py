"""The picture that is read of a file that holds several, and layers that are passed through."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from tests.end_to_end.conftest import of_bug
from tests.support.drawn_shot import FRAMES, is_keyed
from tests.support.foreign_files import spec_of, write_foreign, write_parts
from tests.support.keying import keyed
from tests.support.pictures import HEIGHT, WIDTH, Pixels, plate_pixels, read_exr


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


def normals(like: Pixels) -> Pixels:
    return np.broadcast_to(np.array([-0.3, 0.1, 0.9], np.float32), like.shape)


def read_part(path: Path, place: int) -> Pixels:
    """HxWxC of one part, by its place."""
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None
    assert opened.seek_subimage(place, 0)
    count = opened.spec().nchannels
    pixels = opened.read_image(place, 0, 0, count, "float")
    assert pixels is not None
    return np.asarray(pixels, np.float32)


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
