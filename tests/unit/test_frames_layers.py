"""Parts, layers and views are found by name: what a file's picture is, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from tests.support.foreign_files import spec_of, write_foreign, write_parts

from mattebox.errors import InputError, UnknownNameError, UsageError
from mattebox.frames import Clip, read_frame, read_header, read_matte
from mattebox.sequences import find_sequence

SIZE = (2, 3)


def write_named_parts(path: Path, parts: Sequence[tuple[str, Sequence[str]]]) -> Path:
    """A file of these parts; the values of each are its place, counted from 1."""
    return write_parts(
        path,
        [
            (
                spec_of((*SIZE, len(names)), "half", names, [("oiio:subimagename", part)]),
                np.full((*SIZE, len(names)), place, np.float16),
            )
            for place, (part, names) in enumerate(parts, 1)
        ],
    )


def write_layers(path: Path, layers: Sequence[Sequence[str]]) -> Path:
    """One part with the channels of these layers; the values of each are its place, from 1."""
    names = [name for layer in layers for name in layer]
    values = [place for place, layer in enumerate(layers, 1) for _ in layer]
    pixels = np.broadcast_to(np.array(values, np.float16), (*SIZE, len(names))).copy()
    return write_foreign(path, pixels, "half", channels=names)


def rgb(layer: str = "", names: Sequence[str] = ("R", "G", "B")) -> list[str]:
    return [f"{layer}.{name}" if layer else name for name in names]


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ([("N", rgb()), ("albedo", rgb()), ("C", rgb())], 3),
        ([("depth", ["Z"]), ("beauty", rgb("beauty"))], 2),
        ([("P", rgb()), ("rgba.main", rgb()), ("depth.main", ["Z"])], 2),
        ([("normal", rgb("normal")), ("rgba", rgb("rgba", ("red", "green", "blue")))], 2),
        ([("diffuse", rgb()), ("ViewLayer.Combined", rgb())], 2),
        ([("shot", rgb()), ("id", ["id.X"])], 1),
    ],
    ids=["c", "own_layer", "nuke", "long_names", "blender", "only_one"],
)
def test_the_picture_is_the_part_with_a_pictures_name(
    parts: list[tuple[str, list[str]]], place: int, tmp_path: Path
) -> None:
    path = write_named_parts(tmp_path / "a.exr", parts)
    assert (read_frame(path).pixels == place).all()
    assert read_header(path).main.index == place - 1


@pytest.mark.parametrize(
    ("layers", "place"),
    [
        ([rgb("N"), rgb("C", ("r", "g", "b"))], 2),
        ([rgb("normal"), rgb("RGBA")], 2),
        ([rgb("CryptoObject00"), rgb()], 2),
        ([rgb("View Layer.DiffCol"), rgb("View Layer.Combined")], 2),
        ([rgb("rgba", ("red", "green", "blue")), rgb("spec", ("red", "green", "blue"))], 1),
    ],
    ids=["c", "upper_case", "cryptomatte", "blender", "nuke"],
)
def test_the_picture_is_the_layer_with_a_pictures_name(
    layers: list[list[str]], place: int, tmp_path: Path
) -> None:
    assert (read_frame(write_layers(tmp_path / "a.exr", layers)).pixels == place).all()


@pytest.mark.parametrize(
    "layers",
    [
        [rgb("N")],
        [rgb("N"), rgb("albedo")],
        [rgb("diffuse"), rgb("specular")],
        [rgb("fore.Combined"), rgb("back.Combined")],
    ],
    ids=["data", "data_and_light", "two", "two_of_a_name"],
)
def test_pictures_without_a_pictures_name_are_listed_and_refused(
    layers: list[list[str]], tmp_path: Path
) -> None:
    path = write_layers(tmp_path / "a.exr", layers)
    with pytest.raises(UsageError, match="no name says which is the plate") as caught:
        read_frame(path)
    names = sorted(layer[0].removesuffix(".R") for layer in layers)
    assert ", ".join(names) in str(caught.value)
    assert f"--part {names[0]}" in str(caught.value.next_step)
    for place, name in enumerate((layer[0].removesuffix(".R") for layer in layers), 1):
        assert (read_frame(path, part=name).pixels == place).all()


def test_a_grey_part_is_read_only_where_it_is_named(tmp_path: Path) -> None:
    path = write_named_parts(tmp_path / "a.exr", [("depth", ["Z"]), ("matte", ["A"])])
    with pytest.raises(UnknownNameError, match="no channel 'R'") as caught:
        read_frame(path)
    assert "it holds depth, matte" in str(caught.value.next_step)
    assert (read_frame(path, part="depth").pixels == 1).all()
    with pytest.raises(UnknownNameError, match="no channel 'R'"):
        read_frame(write_layers(tmp_path / "z.exr", [["depth.Z"]]))


@pytest.mark.parametrize("part", ["beauty", "BEAUTY", "beauty.diffuse", "diffuse"])
def test_a_part_finds_its_own_layer(part: str, tmp_path: Path) -> None:
    path = write_named_parts(
        tmp_path / "a.exr", [("depth", ["depth.Z"]), ("beauty", rgb("beauty.diffuse"))]
    )
    assert (read_frame(path, part=part).pixels == 2).all()


def test_what_the_first_frame_chose_holds_by_name(tmp_path: Path) -> None:
    parts = [("N", rgb()), ("C", rgb())]
    write_named_parts(tmp_path / "s.1.exr", parts)
    write_named_parts(tmp_path / "s.2.exr", parts[::-1])
    write_named_parts(tmp_path / "s.3.exr", [("N", rgb()), ("beauty", rgb())])
    clip = Clip(find_sequence(str(tmp_path / "s.#.exr")))
    assert (clip.read(1).pixels == 2).all()
    assert (clip.read(2).pixels == 1).all()
    with pytest.raises(InputError, match=r"s.3.exr has no layer C, which the first frame has"):
        clip.read(3)


def test_a_grey_png_is_a_frame_of_a_colour_sequence(tmp_path: Path) -> None:
    write_foreign(tmp_path / "s.1.png", np.full((*SIZE, 3), 255, np.uint8), "uint8")
    write_foreign(tmp_path / "s.2.png", np.full((*SIZE, 1), 51, np.uint8), "uint8")
    clip = Clip(find_sequence(str(tmp_path / "s.#.png")))
    assert clip.read(2).channels == ("R", "G", "B")
    assert np.allclose(clip.read(2).pixels, 0.2)


def test_a_matte_holds_by_name_too(tmp_path: Path) -> None:
    write_layers(tmp_path / "m.1.exr", [rgb(), ["A"], ["matte.A"]])
    write_layers(tmp_path / "m.2.exr", [["matte.A"], ["A"], rgb()])
    write_layers(tmp_path / "m.3.exr", [rgb()])
    clip = Clip(find_sequence(str(tmp_path / "m.#.exr")))
    assert [float(clip.read_matte(frame).pixels[0, 0, 0]) for frame in (1, 2)] == [2, 2]
    assert [float(clip.read_matte(frame, "matte").pixels[0, 0, 0]) for frame in (1, 2)] == [3, 1]
    with pytest.raises(InputError, match="no channel A, which the first frame has"):
        clip.read_matte(3)


@pytest.mark.parametrize(
    ("wanted", "value"),
    [("A", 2), ("matte.A", 3), ("matte", 3), ("alpha", 2), ("roto.red", 4), ("roto.R", 4)],
)
def test_a_matte_is_named_by_channel_or_layer(wanted: str, value: int, tmp_path: Path) -> None:
    layers = [rgb(), ["A"], ["matte.A"], ["roto.red", "roto.green"]]
    path = write_layers(tmp_path / "a.exr", layers)
    assert (read_matte(path, wanted).pixels == value).all()


def test_a_file_of_several_mattes_says_which_there_are(tmp_path: Path) -> None:
    path = write_named_parts(tmp_path / "a.exr", [("depth", ["Z"]), ("matte", ["A"])])
    with pytest.raises(UsageError, match="nothing says which is the matte: depth, matte"):
        read_matte(path)
    assert (read_matte(path, "matte").pixels == 2).all()
    assert (read_matte(path, "matte.A").pixels == 2).all()


def test_a_view_may_stand_in_the_name(tmp_path: Path) -> None:
    views = ("multiView", oiio.TypeDesc("string[2]"), ("left", "right"))
    names = [*rgb(), *rgb("right"), *rgb("beauty.right")]
    pixels = np.broadcast_to(np.repeat(np.array([1, 2, 3], np.float16), 3), (*SIZE, 9)).copy()
    path = write_foreign(tmp_path / "a.exr", pixels, "half", channels=names, attributes=[views])
    assert (read_frame(path, part="left").pixels == 1).all()
    assert (read_frame(path, part="right.beauty").pixels == 3).all()
    assert (read_frame(path, view="right").pixels == 3).all()
    assert (read_matte(path, "right.R").pixels == 2).all()
