"""The same scene in several encodings keys to the same matte, in the plate's own linear light."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.end_to_end.conftest import Run
from tests.support.pictures import (
    SCREEN,
    Pixels,
    disc_alpha,
    header,
    plate_pixels,
    read_exr,
    rgb_of,
    write_exr,
)

from mattebox_ocio import PINNED_BUILTIN
from mattebox_ocio.seam import ocio

pytestmark = pytest.mark.slow

CONFIG = ocio.Config.CreateFromBuiltinConfig(PINNED_BUILTIN)


def converted(pixels: Pixels, source: str, target: str) -> Pixels:
    """Through OpenColorIO's own processor, the reference for ours."""
    held = np.ascontiguousarray(pixels, np.float32).copy()
    processor = CONFIG.getProcessor(source, target)
    processor.getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS).applyRGB(held)
    return held


@pytest.mark.parametrize(
    ("space", "linear"),
    [
        ("ACEScg", "ACEScg"),
        ("ACES2065-1", "ACES2065-1"),
        ("Linear Rec.709 (sRGB)", "Linear Rec.709 (sRGB)"),
        ("ARRI LogC4", "Linear ARRI Wide Gamut 4"),
        ("S-Log3 S-Gamut3.Cine", "Linear S-Gamut3.Cine"),
        ("ACEScct", "ACEScg"),
        ("sRGB Encoded Rec.709 (sRGB)", "Linear Rec.709 (sRGB)"),
    ],
)
def test_a_plate_keys_in_its_own_space_and_comes_back_linear(
    space: str, linear: str, tmp_path: Path, mattebox: Run
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    scene = plate_pixels(1)
    clean = np.broadcast_to(SCREEN, scene.shape)
    encoded = converted(scene, "Linear Rec.709 (sRGB)", space)
    write_exr(folder / "shot.1001.exr", encoded, pixel_type="float")
    write_exr(
        folder / "clean.exr", converted(clean, "Linear Rec.709 (sRGB)", space), pixel_type="float"
    )
    done = mattebox(
        "key", folder / "shot.####.exr", "-o", tmp_path / "out", "--clean-plate",
        folder / "clean.exr", "--in-space", space, "--despill", "0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    path = tmp_path / "out/shot.1001.exr"
    keyed = read_exr(path)
    error = np.abs(keyed["A"] - disc_alpha(1)).mean()
    assert error < 0.015
    assert error <= np.abs(keyed["net.A"] - disc_alpha(1)).mean()
    solid = keyed["A"] == 1.0
    assert solid.sum() > 100
    light = converted(encoded, space, linear)[solid]
    step = np.spacing(np.abs(light).astype(np.float16)).astype(np.float32)
    assert (np.abs(rgb_of(keyed)[solid] - light) <= step).all()
    assert str(header(path)["mattebox/plateSpace"]) == space


def test_a_named_out_space_gives_the_result_in_it(tmp_path: Path, mattebox: Run) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_exr(folder / "shot.1001.exr", plate_pixels(1), colorInteropID="lin_rec709_scene")
    done = mattebox(
        "key", folder / "shot.1001.exr", "-o", tmp_path / "out", "--screen", "auto",
        "--out-space", "ACEScg", "--despill", "0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    keyed = read_exr(tmp_path / "out/shot.1001.exr")
    solid = keyed["A"] == 1.0
    source = rgb_of(read_exr(folder / "shot.1001.exr"))
    light = converted(source, "Linear Rec.709 (sRGB)", "ACEScg")[solid]
    np.testing.assert_allclose(rgb_of(keyed)[solid], light, rtol=1e-3)
    assert header(tmp_path / "out/shot.1001.exr")["colorInteropID"] == "lin_ap1_scene"


def test_a_dpx_must_be_told_its_space_and_a_png_is_taken_as_srgb(
    tmp_path: Path, mattebox: Run
) -> None:
    import OpenImageIO as oiio

    srgb = converted(plate_pixels(1).clip(0, 1), "Linear Rec.709 (sRGB)", "sRGB - Display")
    for suffix, kind in ((".dpx", "uint16"), (".png", "uint16"), (".tif", "uint16")):
        spec = oiio.ImageSpec(srgb.shape[1], srgb.shape[0], 3, kind)
        output = oiio.ImageOutput.create(f"x{suffix}")
        assert output is not None
        assert output.open(str(tmp_path / f"shot.1001{suffix}"), spec)
        output.write_image(srgb)
        output.close()
    done = mattebox("key", tmp_path / "shot.1001.dpx", "-o", tmp_path / "o", "--screen", "auto")
    assert done.returncode == 64
    assert "--in-space" in done.stderr
    for suffix in (".png", ".tif"):
        out = tmp_path / f"out{suffix}"
        done = mattebox("key", tmp_path / f"shot.1001{suffix}", "-o", f"{out}/", "--screen", "auto")
        assert done.returncode == 0, done.stderr
        keyed = read_exr(out / "shot.1001.exr")
        assert np.abs(keyed["A"] - disc_alpha(1)).mean() < 0.02
