"""Every command in the documents: run as it stands, or marked with what it needs.

The blocks of a page are run one after the other, as its reader would, in a folder that holds what
the pages' commands name: a shot, its clean plate, mattes, a truth, a movie.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import REPOSITORY
from tests.support.documents import DOCUMENTS, Block, blocks, name_of
from tests.support.movies import run_ffmpeg
from tests.support.pictures import HEIGHT, WIDTH, disc_alpha, write_exr, write_shot

from mattebox.frames import write_png

pytestmark = pytest.mark.slow

FRAMES = range(1001, 1013)
LONGER = {"docs/farm.md": range(1001, 1051)}
"""Pages whose commands name more frames."""

SHELL = ("bash", "-euo", "pipefail", "-c")
FFMPEG = "ffmpeg"
HAS_FFMPEG = all(map(shutil.which, ("ffmpeg", "ffprobe")))


def can_be_run(block: Block) -> bool:
    return block.language == "sh" and set(block.needs) <= {FFMPEG}


PAGES = [page for page in DOCUMENTS if any(map(can_be_run, blocks(page)))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stranger's folder, with a copy of the repository in it."""
    (tmp_path / "mattebox").symlink_to(REPOSITORY, target_is_directory=True)
    (tmp_path / "home").mkdir()
    return tmp_path


def write_material(folder: Path, frames: range) -> None:
    """What the documents' commands name."""
    write_shot(folder, FRAMES)
    (folder / "clean.exr").rename(folder / "plate.exr")
    for frame in frames[len(FRAMES) :]:
        same = FRAMES[(frame - FRAMES[0]) % len(FRAMES)]
        shutil.copy(folder / f"shot.{same}.exr", folder / f"shot.{frame}.exr")
    (folder / "plate").mkdir()
    for frame in frames:
        (folder / f"plate/sh010.{frame}.exr").symlink_to(folder / f"shot.{frame}.exr")
    (folder / "truth").mkdir()
    for frame in FRAMES:
        alpha = disc_alpha(frame - 1000)[..., None]
        matte = np.repeat(alpha, 4, axis=2)
        write_exr(folder / f"truth/truth.{frame}.exr", matte, names="RGBA")
        write_exr(folder / f"roto.{frame}.exr", matte, names="RGBA")
        if frame in (FRAMES[0], FRAMES[-1]):
            write_exr(folder / f"keys.{frame}.exr", matte, names="RGBA")
        if frame % 2:
            write_exr(folder / f"twos.{frame - 1000:04d}.exr", matte, names="RGBA")
    mask = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    mask[:, :8] = 255
    write_png(folder / "mask.png", mask)
    if HAS_FFMPEG:
        green = (
            "color=0x30a452:size=96x64:rate=24,drawbox=x=30:y=16:w=30:h=48:color=0x905030:t=fill"
        )
        for clip, codec in (("clip.mov", "prores"), ("clip.mp4", "libx264")):
            source = ("-f", "lavfi", "-i", f"{green},trim=duration=0.5")
            run_ffmpeg(*source, "-c:v", codec, "-timecode", "01:00:00:00", folder / clip)


@pytest.fixture
def environment(folder: Path) -> dict[str, str]:
    """The tests' own programs first, and a home of its own."""
    programs = Path(sys.executable).parent
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder / "home"),
    }


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_commands_of_a_page_run_one_after_the_other(
    page: Path, folder: Path, environment: dict[str, str]
) -> None:
    write_material(folder, LONGER.get(name_of(page), FRAMES))
    run = [block for block in blocks(page) if can_be_run(block)]
    if not HAS_FFMPEG:
        run = [block for block in run if FFMPEG not in block.needs]
    if not run:
        pytest.skip(
            "ffmpeg is not installed; its commands run where it is (apt-get install ffmpeg)"
        )
    for block in run:
        done = subprocess.run(
            [*SHELL, block.text], cwd=folder, env=environment, capture_output=True, text=True,
            timeout=600, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, f"{block.name}\n{block.text}\n{done.stdout}\n{done.stderr}"
