"""docs/first_clip.md as a newcomer walks it: its commands, and its steps in a plain Blender."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.hosts.conftest import Blender
from tests.hosts.pictures import over, rgb, rgba
from tests.support.documents import blocks
from tests.support.movies import needs_ffmpeg, write_movie
from tests.support.pictures import plate_pixels, write_exr

pytestmark = pytest.mark.slow

PAGE = Path(__file__).resolve().parents[2] / "docs/first_clip.md"


def write_clip(path: Path) -> Path:
    """Four frames of a disc before green, three times as large, as a phone writes them."""
    frames = np.stack([plate_pixels(frame).repeat(3, 0).repeat(3, 1) for frame in range(1, 5)])
    codes = (255.0 * frames.clip(0.0, 1.0) ** (1.0 / 2.4)).round().astype(np.uint8)
    return write_movie(path, codes, "rgb24", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", 12)


@needs_ffmpeg
def test_the_pages_commands_key_a_clip_and_its_steps_put_it_over_a_picture(
    newest_blender: Blender, tmp_path: Path
) -> None:
    write_clip(tmp_path / "clip.mp4")
    for program, *words in (words for block in blocks(PAGE) for words in block.commands()):
        assert program == "mattebox"
        done = subprocess.run(
            [sys.executable, "-m", "mattebox", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "clip.html",
        "clip.mp4",
        "key.mov",
        "keyed",
    ]
    behind = write_exr(tmp_path / "behind.exr", np.full((108, 192, 3), 0.18, np.float32))
    seen = newest_blender.run(
        "clips.comp_without_the_add_on",
        has_add_on=False,
        folder=tmp_path,
        keyed=tmp_path / "keyed/clip.0001.exr",
        behind=behind,
    )
    assert seen == {"space": "Linear Rec.709", "alpha": "PREMUL"}
    for frame in (1, 2):
        keyed = rgba(tmp_path / f"keyed/clip.{frame:04d}.exr")
        rendered = rgb(tmp_path / f"composite/comp.{frame:04d}.exr")
        np.testing.assert_allclose(rendered, over(keyed, rgb(behind)), atol=1e-6)
