"""`mattebox key --proxy`: smaller frames that look like the full ones and never pass for them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from tests.end_to_end.conftest import Run
from tests.support.pictures import (
    HEIGHT,
    WIDTH,
    Pixels,
    header,
    read_exr,
    rgb_of,
    spec_of,
    write_exr,
    write_picture,
    write_shot,
)

pytestmark = pytest.mark.slow


def boxes(picture: Pixels, factor: int) -> Pixels:
    """HxW or HxWxC in means of ``factor`` pixels a side."""
    height, width = picture.shape[:2]
    parts = picture.reshape(height // factor, factor, width // factor, factor, *picture.shape[2:])
    means: Pixels = parts.mean(axis=(1, 3))
    return means


def key(mattebox: Run, plate: object, output: Path, *more: object, code: int = 0) -> str:
    done = mattebox("key", plate, "-o", output, *more)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr


@pytest.fixture
def shot(tmp_path: Path) -> tuple[object, ...]:
    """A shot four times as large, and how it is keyed."""
    plate = write_shot(tmp_path / "in", frames=range(1001, 1003), scale=4)
    return plate, "--clean-plate", plate.parent / "clean.exr"


@pytest.mark.parametrize("proxy", [2, 4])
def test_a_proxy_is_a_smaller_frame_of_the_same_format_and_adds_up(
    proxy: int, shot: tuple[object, ...], tmp_path: Path, mattebox: Run
) -> None:
    plate, *clean = shot
    passes = ("--passes", "fg,spill,net,conf,plate", "--frames", "1001")
    key(mattebox, plate, tmp_path / "full", *clean, *passes)
    key(mattebox, plate, tmp_path / "small", *clean, *passes, "--proxy", proxy)
    path = tmp_path / "small/shot.1001.exr"
    spec, full = spec_of(path), spec_of(tmp_path / "full/shot.1001.exr")
    assert (spec.full_width, spec.full_height) == (4 * WIDTH // proxy, 4 * HEIGHT // proxy)
    assert (spec.width, spec.height) == (spec.full_width, spec.full_height)
    assert spec.getattribute("PixelAspectRatio") == full.getattribute("PixelAspectRatio")
    small, large = read_exr(path), read_exr(tmp_path / "full/shot.1001.exr")
    assert np.abs(small["A"] - boxes(large["A"], proxy)).mean() < 0.006
    source = boxes(rgb_of(read_exr(tmp_path / "in/shot.1001.exr")), proxy)
    behind = (1.0 - small["A"][..., None]) * rgb_of(small, "plate.")
    np.testing.assert_allclose(rgb_of(small) + rgb_of(small, "spill.") + behind, source, atol=2e-3)
    assert header(path)["mattebox/proxy"] == proxy
    assert "mattebox/proxy" not in header(tmp_path / "full/shot.1001.exr")


def test_a_log_plate_is_reduced_in_linear_light(tmp_path: Path, mattebox: Run) -> None:
    codes = np.full((32, 32, 3), 0.2, np.float32)
    codes[::2, :, 1] = 0.8  # rows that no mean of codes shows as light does
    codes[8:24, 8:24] = 0.4
    for frame in (1, 2):
        write_exr(tmp_path / f"log.{frame}.exr", codes, pixel_type="float")
    written = ("--screen", "green", "--passes", "spill,plate", "--pixel-type", "float")
    words = (*written, "--in-space", "sRGB Encoded Rec.709 (sRGB)", "--frames", "1")
    key(mattebox, tmp_path / "log.#.exr", tmp_path / "out", *words, "--proxy", 2)
    keyed = read_exr(tmp_path / "out/log.1.exr")
    behind = (1.0 - keyed["A"][..., None]) * rgb_of(keyed, "plate.")
    seen = rgb_of(keyed) + rgb_of(keyed, "spill.") + behind
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(seen, boxes(linear.astype(np.float32), 2), atol=1e-4)


def test_sizes_that_do_not_divide_data_windows_mattes_and_layers_are_reduced_too(
    tmp_path: Path, mattebox: Run
) -> None:
    height, width = 37, 51
    pixels = np.full((height - 4, width - 6, 4), 0.1, np.float32)
    pixels[..., 1] = 0.5
    pixels[10:20, 10:30, :3] = 0.3
    pixels[..., 3] = np.arange(width - 6)  # an id or a depth, of which there is no mean
    spec = oiio.ImageSpec(width - 6, height - 4, 4, "float")
    spec.channelnames = ("R", "G", "B", "Z")
    spec.x, spec.y, spec.full_width, spec.full_height = 3, 1, width, height
    spec.attribute("PixelAspectRatio", 2.0)
    write_picture(tmp_path / "a.1.exr", spec, pixels)
    matte = np.zeros((height, width, 1), np.float32)
    matte[:, :9] = 1.0
    write_exr(tmp_path / "out.exr", matte, names="A", PixelAspectRatio=2.0)
    key(
        mattebox, tmp_path / "a.#.exr", tmp_path / "keyed", "--clean-plate", "0.1,0.5,0.1",
        "--outside", tmp_path / "out.exr", "--layers", "Z", "--proxy", 2,
        "--in-space", "lin_rec709_scene",
    )  # fmt: skip
    keyed, found = read_exr(tmp_path / "keyed/a.1.exr"), spec_of(tmp_path / "keyed/a.1.exr")
    assert (found.full_width, found.full_height) == (26, 19)
    assert found.getattribute("PixelAspectRatio") == 2.0
    assert keyed["A"][8, 10] > 0.9  # five pixels tall: nearly opaque by any weights
    assert keyed["A"][:, :4].max() == 0.0
    assert keyed["A"][:, 4].max() <= 0.5  # half of these boxes is under the garbage matte
    assert set(np.unique(keyed["Z"])) <= set(np.arange(width - 6, dtype=np.float32))


def test_erode_and_blur_are_in_pixels_of_the_plate(
    shot: tuple[object, ...], tmp_path: Path, mattebox: Run
) -> None:
    plate, *clean = shot
    knobs = ("--erode", 8, "--blur", 4, "--frames", 1001)
    key(mattebox, plate, tmp_path / "full", *clean, *knobs)
    key(mattebox, plate, tmp_path / "small", *clean, *knobs, "--proxy", 4)
    full, small = (read_exr(tmp_path / n / "shot.1001.exr")["A"] for n in ("full", "small"))
    assert np.abs(small - boxes(full, 4)).mean() < 0.01
    assert abs(float(small.sum()) / float(boxes(full, 4).sum()) - 1.0) < 0.03


def test_a_proxy_never_passes_for_a_full_frame(
    shot: tuple[object, ...], tmp_path: Path, mattebox: Run
) -> None:
    plate, *clean = shot
    output, job = tmp_path / "out", tmp_path / "full.json"
    key(mattebox, plate, output, *clean, "--proxy", 2)
    key(mattebox, plate, output, *clean, "--write-job", job)
    checked = mattebox("check", "--job", job)
    assert checked.returncode == 65
    assert "keyed with proxy 2, and the job asks for 1" in checked.stdout
    done = mattebox("key", "--job", job, "--json")  # full frames take the place of proxies
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout.splitlines()[-1])["skipped"] == 0
    assert mattebox("check", "--job", job).returncode == 0
    whole = (output / "shot.1001.exr").read_bytes()
    said = key(mattebox, plate, output, *clean, "--proxy", 2, code=64)
    assert "shot.1001.exr and 1 more was keyed with proxy 1" in said
    assert "would be replaced by one with --proxy 2" in said
    assert (output / "shot.1001.exr").read_bytes() == whole
    key(mattebox, plate, output, *clean, "--proxy", 2, "--overwrite")
    assert header(output / "shot.1001.exr")["mattebox/proxy"] == 2


def test_a_proxy_of_another_size_is_refused_with_those_there_are(
    shot: tuple[object, ...], tmp_path: Path, mattebox: Run
) -> None:
    plate, *clean = shot
    said = key(mattebox, plate, tmp_path / "out", *clean, "--proxy", 3, code=64)
    assert "'3' is not one of '1', '2', '4'" in said


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "proxy", "most"),
    [("hair", 2, 4.0), ("hair", 4, 5.5), ("smoke_glass", 2, 10.0), ("smoke_glass", 4, 17.0)],
)
def test_the_matte_of_a_proxy_is_that_of_the_frame_reduced(
    name: str, proxy: int, most: float, shared: Path, tmp_path: Path, mattebox: Run
) -> None:
    """The bounds of the table in docs/preview.md."""
    shot = shared / "shots" / name
    frames = ("--frames", "1,9,17", "--in-space", "lin_rec709_scene")
    (clean,) = (shot / "plate_grain").glob("*.exr")
    keyed = []
    for factor in (1, proxy):
        output = tmp_path / str(factor)
        words = (*frames, "--clean-plate", clean, "--proxy", factor)
        key(mattebox, shot / "green_spill_grain", output, *words)
        keyed.append([read_exr(path)["A"] for path in sorted(output.glob("*.exr"))])
    errors = [np.abs(boxes(f, proxy) - s).mean() for f, s in zip(*keyed, strict=True)]
    assert 1e3 * float(np.mean(errors)) <= most
