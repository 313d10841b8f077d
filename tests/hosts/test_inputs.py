"""Renders of several layers, and mattes with numbers of their own, in real Blenders."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
from tests.hosts.conftest import Blender
from tests.hosts.pictures import rgba
from tests.support.pictures import disc_alpha, write_exr, write_shot

pytestmark = pytest.mark.slow


def by_command(plate: Path, results: Path, target: Path, *flags: str) -> dict[str, bytes]:
    """The shot keyed from the command line in the spaces of the add-on's request; bytes by name."""
    colour = json.loads((results / "request.json").read_text())["colour"]
    spaces = {"--ocio": "config", "--in-space": "in_space", "--out-space": "out_space"}
    words = [word for flag, name in spaces.items() for word in (flag, colour[name])]
    subprocess.run(
        [sys.executable, "-m", "mattebox", "key", str(plate), "-o", str(target), *words, *flags],
        check=True,
        capture_output=True,
        timeout=240,
    )
    return frames_of(target)


def frames_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.exr")}


def channels_of(path: Path) -> set[str]:
    """Of all parts: from 5.0 on Blender writes each pass into a part of its own."""
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None, oiio.geterror()
    names: set[str] = set()
    for part in range(64):
        if not opened.seek_subimage(part, 0):
            break
        names.update(opened.spec().channelnames)
    opened.close()
    return names


def test_a_multilayer_render_is_keyed_by_the_layer_that_is_found_or_chosen(
    blender: Blender, tmp_path: Path
) -> None:
    seen = blender.run("inputs.key_layers", folder=tmp_path)
    assert seen["shown"]
    channels = channels_of(tmp_path / "one/shot.0001.exr")
    assert {"ViewLayer.Combined.R", "ViewLayer.Depth.Z", "ViewLayer.Normal.X"} <= channels
    assert any("CryptoObject00" in name for name in channels)
    wanted = [("found", "one", ()), *(
        (name, "two", ("--part", name)) for name in ("ViewLayer.Combined", "Grey.Combined")
    )]  # fmt: skip
    for name, plate, flags in wanted:
        results = Path(seen[name]["folder"])
        assert seen[name]["states"] == {"1": "current", "2": "current"}, seen[name]["done"]
        keyed = by_command(
            tmp_path / plate / "shot.####.exr", results, tmp_path / f"by {name}",
            "--screen", "auto", *flags,
        )  # fmt: skip
        assert frames_of(results) == keyed
    found, chosen, grey = (
        rgba(Path(seen[name]["folder"]) / "shot.0001.exr") for name, _, _ in wanted
    )
    np.testing.assert_array_equal(found, chosen)
    assert np.abs(chosen - grey)[..., :3].max() > 0.2  # a cube that glows red, and a grey one
    assert chosen[..., 3].max() > 0.95
    assert "no name says which is the plate" in seen["unnamed"]["done"]
    # which of them it proposes differs: from 5.0 on each pass is a part of its own
    assert re.search(r"choose one with Part \S+\.Combined", seen["unnamed"]["done"])


def test_a_hint_with_numbers_of_its_own_is_moved_and_held(
    newest_blender: Blender, tmp_path: Path
) -> None:
    shot = write_shot(tmp_path / "plate")
    (tmp_path / "mattes").mkdir()
    for number in (1, 3):  # on twos
        write_exr(tmp_path / f"mattes/rough.{number:04d}.exr", disc_alpha(number)[..., None], "A")
    seen = newest_blender.run("inputs.key_with_moved_hint", folder=tmp_path)
    assert "rough" in seen["without"]
    assert seen["states"] == dict.fromkeys(("1001", "1002", "1003", "1004"), "current"), seen
    results = Path(seen["folder"])
    keyed = by_command(
        shot, results, tmp_path / "by command", "--screen", "green",
        "--hint", f"{tmp_path}/mattes/rough.####.exr", "--offset", "hint=-1000", "--hold", "hint",
    )  # fmt: skip
    assert frames_of(results) == keyed
    # What is held makes the frames stale that it serves, and no others.
    later = tmp_path / "mattes/rough.0003.exr"
    os.utime(later, (later.stat().st_atime, later.stat().st_mtime + 3600))
    stale = newest_blender.run("inputs.states_of", blend=tmp_path / "shot.blend")
    assert stale == {"1001": "current", "1002": "current", "1003": "stale", "1004": "stale"}
