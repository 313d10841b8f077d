"""Clips of every kind in real Blenders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.hosts.conftest import Blender
from tests.hosts.pictures import edit, rgb, rgba
from tests.support.pictures import HEIGHT, WIDTH, Pixels, read_exr, write_shot

pytestmark = pytest.mark.slow

Keyed = tuple[Path, dict[str, Any]]
"""Folder of a shot, and what its scenario said."""


@pytest.fixture(scope="module")
def three_nodes(blender: Blender, tmp_path_factory: pytest.TempPathFactory) -> Keyed:
    """A small shot from 1001 with its three nodes, keyed."""
    folder = tmp_path_factory.mktemp(f"clips_{blender.version}")
    write_shot(folder / "plate")
    return folder, blender.run("clips.key_three_nodes", folder=folder)


def test_nodes_on_one_clip_show_their_own_frames(three_nodes: Keyed) -> None:
    folder, seen = three_nodes
    results = {name: Path(path) for name, path in seen["results"].items()}
    assert len(set(results.values())) == 3
    for name, frame, shown_at in (
        ("plain", 1001, 1001),
        ("plain", 1002, 1002),
        ("small", 1001, 1001),
        ("early", 1002, 2),
    ):
        rendered = rgba(folder / f"{name}/shot.{shown_at:04d}.exr")
        keyed = rgba(results[name] / f"shot.{frame}.exr")
        np.testing.assert_array_equal(rendered, keyed, err_msg=name)
    plain, small = (results[name] / "shot.1001.exr" for name in ("plain", "small"))
    assert rgba(small)[..., 3].sum() < rgba(plain)[..., 3].sum() - 50


def test_equal_settings_give_equal_frames_wherever_they_start(
    three_nodes: Keyed,
) -> None:
    _, seen = three_nodes
    one, other = (Path(seen["results"][name]) / "shot.1002.exr" for name in ("plain", "early"))
    assert one.read_bytes() == other.read_bytes()
    assert one.parent.name.rpartition("_")[2] == other.parent.name.rpartition("_")[2]
    assert seen["state"] == {"1": "missing", "2": "current", "4": "missing"}  # 0 and 5: outside


def test_a_chosen_frame_of_several_stands_for_all_of_them(blender: Blender, tmp_path: Path) -> None:
    write_shot(tmp_path / "plate")
    (tmp_path / "plate/alone.0001.exr").touch()
    assert blender.run("clips.choose_files", folder=tmp_path) == [
        "//plate/clean.exr",
        "//plate/shot.####.exr:A",
        f"{tmp_path}/plate/shot.####.exr",
        "//plate/alone.0001.exr",
        "//plate/shot.%04d.exr:matte.R",
    ]


def test_a_node_takes_the_timing_of_an_image_node(three_nodes: Keyed) -> None:
    _, seen = three_nodes
    assert seen["taken"] == 990  # scene frame 11 shows file 1001


def test_at_half_size_a_key_lies_where_an_image_node_of_the_plate_lies(
    blender: Blender, three_nodes: Keyed, tmp_path: Path
) -> None:
    folder, seen = three_nodes
    plate = read_exr(folder / "plate/shot.1001.exr")

    def show_the_plate(channels: dict[str, Pixels]) -> None:
        channels.update(plate, A=np.ones((HEIGHT, WIDTH), np.float32))

    keyed = Path(seen["results"]["plain"]) / "shot.1001.exr"
    was = keyed.read_bytes()
    try:
        edit(keyed, show_the_plate)
        blender.run("clips.render_at_half_size", blend=folder / "shot.blend", folder=tmp_path)
    finally:
        keyed.write_bytes(was)
    half = rgba(tmp_path / "keyed.1001.exr")
    assert half.shape == (HEIGHT // 2, WIDTH // 2, 4)
    np.testing.assert_array_equal(half, rgba(tmp_path / "plate.1001.exr"))


def test_movies_and_the_scenes_own_render_are_keyed_and_then_nothing_is_left_to_do(
    blender: Blender, tmp_path: Path
) -> None:
    write_shot(tmp_path / "plate")
    seen = blender.run("clips.key_movie_and_render", folder=tmp_path)
    for name in ("movie", "render"):
        assert seen[name]["files"] == ["source.0001.exr", "source.0002.exr"]
        assert seen[name]["states"] == [{"1": "current", "2": "current"}] * 2
        assert seen[name]["stays"]
        for frame in (1, 2):
            keyed = rgba(Path(seen[name]["results"]) / f"source.{frame:04d}.exr")
            rendered = rgba(tmp_path / f"{name}/shot.{frame:04d}.exr")
            np.testing.assert_array_equal(rendered, keyed)
            alpha = keyed[..., 3]
            assert alpha[:2, :2].max() < 0.05  # the screen
            assert 0.02 < alpha.mean() < 0.6
            assert alpha.max() > 0.95
    moved = [rgba(tmp_path / f"render/shot.{frame:04d}.exr")[..., 3].sum(0) for frame in (1, 2)]
    assert np.abs(moved[1] - moved[0]).sum() > 0.5 * moved[0].sum()  # the cube was elsewhere
    encoded = rgb(tmp_path / "mattebox/Mattebox_source/source.0002.exr")
    far = [np.abs(encoded - rgb(tmp_path / f"plate/shot.100{n}.exr")).mean() for n in (1, 2, 3)]
    assert far[1] < 0.5 * min(far[0], far[2])  # the movie's second frame, and linear again
    assert seen["scenes"] == ["Scene"]
    assert not [name for name in seen["trees"] if "source" in name]
