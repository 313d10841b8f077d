"""Sequences compared file by file, with a reader that makes the pictures up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from mattebox.errors import InputError, MissingFramesError, NonFiniteError
from mattebox.images import Frame, Window
from mattebox.measure.metrics import Convention
from mattebox.measure.sequences import Reader, measure_sequences

WHOLE = Window(0, 0, 16, 12)
RGBA = ("R", "G", "B", "A")


def flat(
    *values: float, channels: tuple[str, ...] = RGBA, data: Window = WHOLE, display: Window = WHOLE
) -> Frame:
    pixels = np.broadcast_to(
        np.array(values, np.float32), (data.height, data.width, len(channels))
    ).copy()
    return Frame(pixels, channels, data, display)


def files(folder: Path, **frames: Frame) -> Reader:
    """A reader of files that exist but hold nothing; the pictures are given by their stems."""
    for name in frames:
        (folder / f"{name}.exr").touch()
    return lambda path: frames[path.stem]


def paths(folder: Path, *names: str) -> list[Path]:
    return [folder / f"{name}.exr" for name in names]


def test_two_sequences_give_figures_per_frame_and_a_mean(tmp_path: Path) -> None:
    reader = files(
        tmp_path,
        p1=flat(0.1, 0.1, 0.1, 0.9),
        p2=flat(0.1, 0.1, 0.1, 0.7),
        t=flat(0.1, 0.1, 0.1, 1.0),
    )
    seen: list[int] = []
    measurement = measure_sequences(
        paths(tmp_path, "p1", "p2"),
        paths(tmp_path, "t", "t"),
        reader,
        numbers=[1001, 1003],
        on_frame=lambda measured: seen.append(measured.frame),
    )
    assert seen == [1001, 1003]
    assert [m.figures.mad for m in measurement.frames] == pytest.approx([100.0, 300.0], rel=1e-5)
    assert measurement.summary.mean.mad == pytest.approx(200.0, rel=1e-5)
    assert measurement.summary.mean.comp_grey == pytest.approx(0.2 * 180.0, rel=1e-5)
    assert measurement.summary.worst_frame == 1003


def test_the_document_is_plain_json_with_all_frames(tmp_path: Path) -> None:
    reader = files(tmp_path, p=flat(0.0, 0.0, 0.0, 0.5), t=flat(0.0, 0.0, 0.0, 1.0))
    measurement = measure_sequences(
        paths(tmp_path, "p"), paths(tmp_path, "t"), reader, convention=Convention.RVM_LR_8BIT
    )
    document = json.loads(json.dumps(measurement.document(), allow_nan=False))
    assert document["convention"] == "rvm-lr-8bit"
    assert document["scales"]["dtssd"] == "x1e2"
    assert document["frames"][0]["frame"] == 1
    assert document["mean"]["mad"] == pytest.approx(1e3 * 127 / 255)
    assert document["mean"]["edge_mad"] is None
    assert document["mean"]["comp_background"] is None


def test_a_data_window_smaller_than_the_display_is_empty_around(tmp_path: Path) -> None:
    """The predicted picture covers a quarter of the display window, the rest of it is 0."""
    reader = files(
        tmp_path, p=flat(0.0, 0.0, 0.0, 1.0, data=Window(8, 6, 8, 6)), t=flat(0.0, 0.0, 0.0, 1.0)
    )
    measurement = measure_sequences(paths(tmp_path, "p"), paths(tmp_path, "t"), reader)
    assert measurement.summary.mean.mad == pytest.approx(750.0)


def test_display_windows_of_one_size_are_compared_wherever_they_begin(tmp_path: Path) -> None:
    moved = Window(-3, 5, 16, 12)
    reader = files(
        tmp_path,
        p=flat(0.0, 0.0, 0.0, 1.0, data=moved, display=moved),
        t=flat(0.0, 0.0, 0.0, 1.0),
    )
    mean = measure_sequences(paths(tmp_path, "p"), paths(tmp_path, "t"), reader).summary.mean
    assert mean.mad == 0.0


@pytest.mark.parametrize("channels", [("A",), ("Y",), ("R", "G", "B")])
def test_a_matte_alone_is_measured_without_comps(tmp_path: Path, channels: tuple[str, ...]) -> None:
    reader = files(
        tmp_path, p=flat(*[0.5] * len(channels), channels=channels), t=flat(0.0, 0.0, 0.0, 1.0)
    )
    mean = measure_sequences(paths(tmp_path, "p"), paths(tmp_path, "t"), reader).summary.mean
    assert mean.mad == pytest.approx(500.0)
    assert mean.comp_grey is None


def test_channels_are_found_by_name(tmp_path: Path) -> None:
    reader = files(
        tmp_path,
        p=flat(1.0, 0.3, 0.2, 0.1, channels=("A", "B", "G", "R")),
        t=flat(0.1, 0.2, 0.3, 1.0),
    )
    mean = measure_sequences(paths(tmp_path, "p"), paths(tmp_path, "t"), reader).summary.mean
    assert (mean.mad, mean.comp_grey) == (0.0, 0.0)


def test_a_background_is_a_colour_a_picture_or_one_for_each_frame(tmp_path: Path) -> None:
    reader = files(
        tmp_path,
        p=flat(0.0, 0.0, 0.0, 1.0),
        t=flat(0.0, 0.0, 0.0, 0.0),
        b1=flat(0.2, 0.2, 0.2, channels=("R", "G", "B")),
        b2=flat(0.6, 0.6, 0.6, channels=("R", "G", "B")),
    )

    def comp(background: tuple[float, float, float] | list[Path] | None) -> list[float | None]:
        measurement = measure_sequences(
            paths(tmp_path, "p", "p"), paths(tmp_path, "t", "t"), reader, background=background
        )
        return [m.figures.comp_background for m in measurement.frames]

    assert comp(None) == [None, None]
    assert comp((0.1, 0.2, 0.3)) == pytest.approx([200.0, 200.0])
    assert comp(paths(tmp_path, "b1")) == pytest.approx([200.0, 200.0])
    assert comp(paths(tmp_path, "b1", "b2")) == pytest.approx([200.0, 600.0])
    with pytest.raises(InputError, match="3 background pictures for 2 frames"):
        comp(paths(tmp_path, "b1", "b2", "b1"))


def test_all_missing_frames_are_listed_at_once(tmp_path: Path) -> None:
    reader = files(tmp_path, p=flat(0.0, 0.0, 0.0, 1.0), t=flat(0.0, 0.0, 0.0, 1.0))
    with pytest.raises(MissingFramesError) as caught:
        measure_sequences(
            paths(tmp_path, "p", "gone", "p", "lost"),
            paths(tmp_path, "t", "t", "t", "t"),
            reader,
            numbers=[11, 12, 13, 14],
        )
    assert caught.value.frames == (12, 14)
    assert caught.value.exit_code == 66
    assert "gone.exr" in caught.value.message


def test_a_missing_background_is_found_before_measuring(tmp_path: Path) -> None:
    reader = files(tmp_path, p=flat(0.0, 0.0, 0.0, 1.0))
    with pytest.raises(MissingFramesError, match="background"):
        measure_sequences(
            paths(tmp_path, "p"),
            paths(tmp_path, "p"),
            reader,
            background=paths(tmp_path, "gone"),
        )


def test_pictures_of_two_sizes_are_refused(tmp_path: Path) -> None:
    small = Window(0, 0, 8, 6)
    reader = files(
        tmp_path,
        p=flat(0.0, 0.0, 0.0, 1.0, data=small, display=small),
        t=flat(0.0, 0.0, 0.0, 1.0),
    )
    with pytest.raises(InputError, match="8x6") as caught:
        measure_sequences(paths(tmp_path, "p"), paths(tmp_path, "t"), reader, numbers=[7])
    assert caught.value.exit_code == 66
    assert caught.value.frame == 7
    assert "16x12" in (caught.value.expected or "")


def test_a_picture_without_alpha_is_refused(tmp_path: Path) -> None:
    reader = files(
        tmp_path, p=flat(0.0, 0.1, 0.0, channels=("R", "G", "B")), t=flat(0.0, 0.0, 0.0, 1.0)
    )
    with pytest.raises(InputError, match="has no alpha, its channels are R, G, B"):
        measure_sequences(paths(tmp_path, "p"), paths(tmp_path, "t"), reader)


def test_a_background_without_colour_is_refused(tmp_path: Path) -> None:
    reader = files(tmp_path, p=flat(0.0, 0.0, 0.0, 1.0), b=flat(1.0, channels=("Y",)))
    with pytest.raises(InputError, match="background"):
        measure_sequences(
            paths(tmp_path, "p"), paths(tmp_path, "p"), reader, background=paths(tmp_path, "b")
        )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    broken = flat(0.0, 0.0, 0.0, 1.0)
    broken.pixels[2, 3, 1] = value
    reader = files(tmp_path, p=broken, t=flat(0.0, 0.0, 0.0, 1.0))
    with pytest.raises(NonFiniteError, match="has 1 pixels") as caught:
        measure_sequences(paths(tmp_path, "p"), paths(tmp_path, "t"), reader)
    assert caught.value.path == tmp_path / "p.exr"


def test_no_frames_and_unequal_counts_are_refused(tmp_path: Path) -> None:
    reader = files(tmp_path, p=flat(0.0, 0.0, 0.0, 1.0))
    with pytest.raises(InputError, match="0 predicted"):
        measure_sequences([], [], reader)
    with pytest.raises(InputError, match="1 predicted and 2 true"):
        measure_sequences(paths(tmp_path, "p"), paths(tmp_path, "p", "p"), reader)


def test_a_picture_without_pixels_is_refused(tmp_path: Path) -> None:
    empty = Window(0, 0, 0, 0)
    reader = files(tmp_path, p=flat(0.0, 0.0, 0.0, 1.0, data=empty, display=empty))
    with pytest.raises(InputError, match="no pixels"):
        measure_sequences(paths(tmp_path, "p"), paths(tmp_path, "p"), reader)
