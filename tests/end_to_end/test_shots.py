"""Keying real material: rendered shots against exact truth, a portrait with real weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.end_to_end.conftest import Run
from tests.support.pictures import header, read_exr, rgb_of, write_exr
from tests.support.real_weights import write_real_rvm_weights

from mattebox.frames import read_frame
from mattebox.matte.identity import identity_error
from mattebox.measure.sequences import measure_sequences
from mattebox.sequences import find_sequence

pytestmark = pytest.mark.slow

REC709_TO_ACESCG = np.array(
    # Linear Rec.709 (D65) to AP1 (ACES white), Bradford; ACES TB-2014-004 and IEC 61966-2-1.
    [
        [0.61309741, 0.33952316, 0.04737943],
        [0.07019373, 0.91635382, 0.01345245],
        [0.02061559, 0.10956974, 0.86981467],
    ],
    np.float64,
)


def mad_of(keyed: Path, truth: Path) -> float:
    """Mean absolute alpha error x 1e3 over all frames of a keyed shot."""
    result, true = find_sequence(str(keyed)), find_sequence(str(truth))
    measured = measure_sequences(
        [result.path(frame) for frame in result.frames],
        [true.path(frame) for frame in result.frames],
        read_frame,
    )
    assert measured.summary.mean.mad is not None
    return measured.summary.mean.mad


@pytest.mark.shared
@pytest.mark.parametrize(("plate", "most"), [("plate", 13.0), ("plate_grain", 15.0)])
def test_screen_keys_hair_better_than_the_colour_difference(
    plate: str, most: float, shared: Path, tmp_path: Path, mattebox: Run
) -> None:
    shot = shared / "shots/hair"
    done = mattebox(
        "key", shot / "green_spill_grain/hair_green_spill_grain.####.exr", "-o", tmp_path / "out",
        "--clean-plate", shot / plate / f"hair_{plate}.0001.exr",
        "--in-space", "lin_rec709_scene", "--passes", "spill,plate", "--frames", "1-24x3",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the camera moves" not in done.stderr
    keyed = tmp_path / "out/hair_green_spill_grain.####.exr"
    assert mad_of(keyed, shot / "fg/hair_fg.####.exr") <= most
    for frame in (1, 13):
        name = f"hair_green_spill_grain.{frame:04d}.exr"
        layers = read_exr(tmp_path / "out" / name)
        source = read_exr(shot / "green_spill_grain" / name)
        rgba = np.concatenate([rgb_of(layers), layers["A"][..., None]], axis=2)
        report = identity_error(
            rgba, rgb_of(layers, "spill."), rgb_of(layers, "plate."), rgb_of(source)
        )
        assert report.max_steps <= 1.0


@pytest.mark.shared
def test_what_is_left_in_spill_beside_the_screens_light_is_grain(
    shared: Path, tmp_path: Path, mattebox: Run
) -> None:
    shot = shared / "shots/hair"
    plate = shot / "plate/hair_plate.0001.exr"
    done = mattebox(
        "key", shot / "green_spill_grain/hair_green_spill_grain.####.exr", "-o", tmp_path / "out",
        "--clean-plate", plate, "--in-space", "lin_rec709_scene", "--frames", "1-3",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # The shot's own grain model (manifest): variance = A * light + B per channel; a normal's mean
    # absolute value is sqrt(2 / pi) of its deviation. Half as much again for soft edges.
    gain, floor = np.array([1.6e-4, 1e-4, 2.4e-4]), np.array([3e-6, 2e-6, 5e-6])
    light = rgb_of(read_exr(plate)).astype(np.float64)
    expected = np.sqrt(2.0 / np.pi) * np.sqrt(gain * light + floor).mean()
    for frame in (1, 2, 3):
        stated = header(tmp_path / f"out/hair_green_spill_grain.{frame:04d}.exr")
        residual = float(str(stated["mattebox/residual"]))
        assert 0.1 * expected < residual < 1.5 * expected


@pytest.mark.shared
@pytest.mark.parametrize("name", ["hair", "smoke_glass"])
def test_triangulation_of_two_renders_is_the_truth(
    name: str, shared: Path, tmp_path: Path, mattebox: Run
) -> None:
    shot = shared / "shots" / name
    done = mattebox(
        "key", shot / f"black/{name}_black.####.exr", "-o", tmp_path / "out",
        "--engine", "triangulate", "--background", "0,0,0", "--background2", "1,1,1",
        "--plate2", shot / f"white/{name}_white.####.exr", "--frames", "1,9,17",
        "--in-space", "lin_rec709_scene",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert mad_of(tmp_path / f"out/{name}_black.####.exr", shot / f"fg/{name}_fg.####.exr") < 0.1


def portrait(shared: Path, folder: Path) -> Path:
    """The portrait as a half EXR sequence in ACEScg, with light of 40 and negatives on the suit."""
    with np.load(shared / "weights/tfjs_astronaut_480x270_r1.npz") as archive:
        codes = archive["frames_uint8_NHWC"].astype(np.float64) / 255.0
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    scene = linear @ REC709_TO_ACESCG.T
    folder.mkdir()
    for index, pixels in enumerate(scene):
        pixels[200:204, 220:224] = 40.0
        pixels[210:214, 220:224] = -0.125
        write_exr(
            folder / f"portrait.{1001 + index}.exr",
            pixels.astype(np.float32),
            colorInteropID="lin_ap1_scene",
        )
    return folder / "portrait.####.exr"


@pytest.mark.shared
def test_rvm_with_real_weights_keys_a_portrait_in_acescg(
    shared: Path, tmp_path: Path, mattebox: Run
) -> None:
    plate = portrait(shared, tmp_path / "in")
    weights = write_real_rvm_weights(shared, tmp_path / "rvm.safetensors")
    done = mattebox(
        "key", plate, "-o", tmp_path / "out", "--weights", weights, "--ratio", "1",
        "--preview", tmp_path / "portrait.png",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with np.load(shared / "weights/tfjs_astronaut_480x270_r1.npz") as archive:
        reference = {frame: archive[f"tfjs/frame{frame}/pha"][0] for frame in range(4)}
    for index in range(4):
        path = tmp_path / f"out/portrait.{1001 + index}.exr"
        keyed, source = read_exr(path), read_exr(tmp_path / f"in/portrait.{1001 + index}.exr")
        # The network saw a shoulder instead of a clip and two patches; the person stays the person.
        assert np.abs(keyed["A"] - reference[index]).mean() < 0.01
        solid = keyed["A"] == 1.0
        assert solid.mean() > 0.2
        for name in "RGB":
            written = keyed[name][solid].astype(np.float16).view(np.uint16)
            assert np.array_equal(written, source[name][solid].astype(np.float16).view(np.uint16))
        assert keyed["R"].max() == 40.0
        assert keyed["R"].min() == -0.125
        assert header(path)["mattebox/plate"] == "inpainted"
        assert header(path)["colorInteropID"] == "lin_ap1_scene"


@pytest.mark.shared
def test_a_recurrent_engine_gives_a_frame_the_same_bytes_whatever_else_is_keyed(
    shared: Path, tmp_path: Path, mattebox: Run
) -> None:
    plate = portrait(shared, tmp_path / "in")
    weights = write_real_rvm_weights(shared, tmp_path / "rvm.safetensors")
    for output, frames in (("whole", "1001-1004"), ("part", "1003")):
        done = mattebox(
            "key", plate, "-o", tmp_path / output, "--weights", weights, "--frames", frames
        )
        assert done.returncode == 0, done.stderr
    name = "portrait.1003.exr"
    assert (tmp_path / "part" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.shared
def test_weights_of_another_network_are_refused(
    shared: Path, tmp_path: Path, mattebox: Run
) -> None:
    plate = portrait(shared, tmp_path / "in")
    weights = write_real_rvm_weights(shared, tmp_path / "rvm.safetensors")
    done = mattebox(
        "key", plate, "-o", tmp_path / "out", "--engine", "bgmv2", "--weights", weights,
        "--clean-plate", tmp_path / "in/portrait.1001.exr",
    )  # fmt: skip
    assert done.returncode == 69
    assert "rvm_mobilenetv3, not of" in done.stderr
    assert not (tmp_path / "out").exists()
