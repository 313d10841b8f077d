"""Live keys and proxies in a real Blender, with the real core."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.hosts.conftest import Blender
from tests.hosts.pictures import rgba
from tests.support.pictures import HEIGHT, WIDTH, write_shot

pytestmark = pytest.mark.slow

FRAME = 1002


def test_a_knob_that_rests_keys_the_frame_again_with_the_bytes_of_the_command(
    newest_blender: Blender, tmp_path: Path
) -> None:
    write_shot(tmp_path / "plate")
    seen = newest_blender.run("live.turn_knobs", folder=tmp_path)
    assert seen["at once"] == {str(FRAME): "stale"}
    assert seen["states"] == [{str(FRAME): "current"}] * 2
    assert seen["back"] == seen["plain"]
    turned, proxy = map(Path, seen["turned"])
    # First the layers alone whose outputs are connected: none, then spill.
    whole = ["Image", "Alpha", "Foreground", "Spill", "Confidence"]
    outputs = [["Image", "Alpha"], whole, ["Image", "Alpha", "Spill"], whole]
    assert [fed for _, fed in seen["shown"]] == outputs
    look, _, small_look, _ = looks_and_wholes = [Path(folder) for folder, _ in seen["shown"]]
    assert looks_and_wholes == [look, turned, small_look, proxy]
    looks = (look, small_look)
    assert [folder for folder, _ in seen["shown back"]] == [seen["plain"]]
    folders = [one for one in (tmp_path / "mattebox").iterdir() if any(one.glob("*.exr"))]
    # Of the knob that was turned three times in a row only its rest was keyed.
    assert sorted(folders) == sorted({Path(seen["plain"]), turned, proxy, *looks})
    for folder in (turned, proxy, *looks):
        alone = tmp_path / f"alone_{folder.name}"
        words = ["key", "--job", str(folder / "request.json"), "-o", f"{alone}/"]
        subprocess.run(
            [sys.executable, "-m", "mattebox", *words, "--frames", str(FRAME)],
            check=True,
            capture_output=True,
        )
        name = f"shot.{FRAME}.exr"
        assert (folder / name).read_bytes() == (alone / name).read_bytes()

    # Blender's own nodes show a proxy at the clip's size, wherever the file is opened.
    pattern = tmp_path / "plain/shot.####.exr"
    newest_blender.run(
        "shot.render_shot", has_add_on=False, blend=tmp_path / "live.blend", pattern=pattern
    )
    shown = rgba(tmp_path / f"plain/shot.{FRAME}.exr")
    small = rgba(proxy / f"shot.{FRAME}.exr")
    assert shown.shape == (HEIGHT, WIDTH, 4)
    assert small.shape == (HEIGHT // 2, WIDTH // 2, 4)
    assert np.abs(shown - small.repeat(2, 0).repeat(2, 1)).mean() < 0.01

    # With the add-on no render passes it off as the frame.
    refused = newest_blender.try_run(
        "shot.render_shot",
        blend=tmp_path / "live.blend",
        pattern=tmp_path / "refused/shot.####.exr",
    )
    assert refused.code == 65, refused.text
    assert "it is keyed as a preview: choose proxy 1" in refused.text
    assert not list((tmp_path / "refused").glob("*"))
