"""``mattebox measure`` on the example shot."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from mattebox.cli.measure import measure
from mattebox.errors import InputError, MissingFramesError, UnknownNameError, UsageError
from mattebox.frames import read_frame, write_frame
from mattebox.images import Frame, Window

COMMAND = typer.Typer()
COMMAND.command()(measure)


def run(*arguments: str | Path) -> str:
    """The command's standard output; its error is raised as it is."""
    result = CliRunner().invoke(
        COMMAND, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False
    )
    assert result.exit_code == 0
    return result.stdout


@pytest.fixture
def truth(fixture_hair: Path) -> str:
    return str(fixture_hair / "fg" / "fixture_hair_fg.####.exr")


@pytest.fixture
def thinned(fixture_hair: Path, tmp_path: Path) -> str:
    """Three true frames at 0.75 of their alpha and light."""
    (tmp_path / "thin").mkdir()
    for number in (2, 3, 4):
        whole = read_frame(fixture_hair / "fg" / f"fixture_hair_fg.{number:04d}.exr")
        pixels = whole.pixels.astype(np.float32) * np.float32(0.75)
        thin = Frame(pixels, whole.channels, whole.data_window, whole.display_window)
        write_frame(tmp_path / "thin" / f"thin.{number:04d}.exr", thin, pixel_type="float")
    return str(tmp_path / "thin" / "thin.####.exr")


def mean_alpha(fixture_hair: Path, numbers: tuple[int, ...]) -> float:
    alphas = [
        read_frame(fixture_hair / "fg" / f"fixture_hair_fg.{n:04d}.exr")
        .pixels[..., 3]
        .mean(dtype=np.float64)
        for n in numbers
    ]
    return float(np.mean(alphas))


def test_the_truth_against_itself_is_all_zero(truth: str) -> None:
    table = run(truth, truth)
    assert "8 frames, convention float" in table
    assert "dtSSD" in table
    row = next(line for line in table.splitlines() if line.strip().startswith("mean"))
    assert set(row.split()[1:]) == {"0.000"}


def test_json_on_standard_output_is_nothing_but_json(
    thinned: str, truth: str, fixture_hair: Path
) -> None:
    document = json.loads(run(thinned, truth, "--frames", "2-4", "--json", "-"))
    assert [entry["frame"] for entry in document["frames"]] == [2, 3, 4]
    expected = 250.0 * mean_alpha(fixture_hair, (2, 3, 4))
    assert document["mean"]["mad"] == pytest.approx(expected, rel=1e-5)
    assert document["predicted"].endswith("thin.####.exr (2-4)")


def test_frames_of_the_truth_that_were_not_keyed_are_missing(thinned: str, truth: str) -> None:
    with pytest.raises(MissingFramesError) as caught:
        run(thinned, truth)
    assert caught.value.frames == (1, 5, 6, 7, 8)
    assert caught.value.exit_code == 66


def test_frames_that_neither_side_has_are_missing(thinned: str, truth: str) -> None:
    with pytest.raises(MissingFramesError, match="20"):
        run(thinned, truth, "--frames", "20")


def test_one_frame_is_measured_against_its_own_in_a_sequence(thinned: str, truth: str) -> None:
    document = json.loads(run(thinned.replace("####", "0003"), truth, "--json", "-"))
    assert [entry["frame"] for entry in document["frames"]] == [3]
    assert document["mean"]["dtssd"] == 0.0


def test_two_single_files_are_measured_whatever_their_numbers(thinned: str, truth: str) -> None:
    files = (thinned.replace("####", "0003"), truth.replace("####", "0005"))
    assert "one frame, convention" in run(*files)
    with pytest.raises(UsageError, match="two single files"):
        run(*files, "--frames", "3")


def test_a_background_may_be_a_colour_or_a_file(
    thinned: str, truth: str, fixture_hair: Path, tmp_path: Path
) -> None:
    plate = fixture_hair / "plate" / "fixture_hair_plate.0001.exr"
    over_plate, over_grey = tmp_path / "plate.json", tmp_path / "grey.json"
    run(thinned, truth, "--frames", "2-4", "--background", plate, "--json", over_plate)
    run(thinned, truth, "--frames", "2-4", "--background", "0.18,.18,1.8e-1", "--json", over_grey)
    mean = json.loads(over_grey.read_text())["mean"]
    assert mean["comp_background"] == pytest.approx(mean["comp_grey"])
    assert json.loads(over_plate.read_text())["mean"]["comp_background"] > 0.0
    with pytest.raises(InputError, match="no file"):
        run(thinned, truth, "--frames", "2", "--background", "0.18;0.18;0.18")


def test_mattes_of_one_channel_are_measured_as_alpha(truth: str, tmp_path: Path) -> None:
    whole = read_frame(Path(truth.replace("####", "0002")))
    matte = Frame(whole.pixels[..., 3:], ("A",), whole.data_window, whole.display_window)
    write_frame(tmp_path / "matte.0002.exr", matte)
    document = json.loads(run(tmp_path / "matte.0002.exr", truth, "--json", "-"))
    assert document["mean"]["mad"] == 0.0
    assert document["mean"]["comp_grey"] is None


def test_a_mistyped_convention_gets_the_nearest(truth: str) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'rvm-lr-8bit'"):
        run(truth, truth, "--convention", "rvm-lr-8bits")


def test_the_8_bit_convention_is_named_in_table_and_json(thinned: str, truth: str) -> None:
    arguments = (thinned, truth, "--frames", "2", "--convention", "rvm-lr-8bit")
    assert "convention rvm-lr-8bit" in run(*arguments)
    assert json.loads(run(*arguments, "--json", "-"))["convention"] == "rvm-lr-8bit"


def test_pictures_of_another_size_are_refused(truth: str, tmp_path: Path) -> None:
    window = Window(0, 0, 8, 6)
    small = Frame(np.zeros((6, 8, 4), np.float16), ("R", "G", "B", "A"), window, window)
    write_frame(tmp_path / "small.0001.exr", small)
    with pytest.raises(InputError, match="is 8x6") as caught:
        run(tmp_path / "small.0001.exr", truth)
    assert caught.value.exit_code == 66


def test_a_plot_is_drawn(truth: str, tmp_path: Path) -> None:
    run(truth, truth, "--frames", "1-3", "--plot", tmp_path / "errors.svg")
    assert (tmp_path / "errors.svg").read_text("utf-8").startswith("<svg")


def test_a_plot_that_cannot_be_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot plot"):
        run(tmp_path / "gone.####.exr", tmp_path / "gone.####.exr", "--plot", "errors.png")


def test_a_hole_in_the_truth_is_not_measured_over(
    fixture_hair: Path, truth: str, tmp_path: Path
) -> None:
    """Truth every other frame, as some published sets have it, is not a fault."""
    for number in (1, 3, 5):
        name = f"fixture_hair_fg.{number:04d}.exr"
        shutil.copy(fixture_hair / "fg" / name, tmp_path / name)
    document = json.loads(run(truth, tmp_path / "fixture_hair_fg.####.exr", "--json", "-"))
    assert [entry["frame"] for entry in document["frames"]] == [1, 3, 5]


def test_the_command_loads_nothing_heavy_before_it_runs() -> None:
    script = (
        "import sys, mattebox.cli.measure; "
        "print(sorted({'numpy', 'scipy', 'torch', 'jinja2', 'OpenImageIO'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
