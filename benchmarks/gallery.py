"""The gallery's pictures: one frame of our own shots, keyed by Mattebox and by the plain key.

Both know the same: the clean plate, or nothing but that there is a screen. Colour is shown over a
drawn evening sky, in which green and blue edges show, as sRGB without tone mapping; mattes as they
are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from benchmarks.recipes import RECIPES
from benchmarks.shapes import Canvas
from benchmarks.synthetic import CLEAN, write_synthetic
from mattebox.bench.baselines import Despill, colour_difference, key_channel
from mattebox.bench.light import srgb_encoded
from mattebox.bench.methods import own_candidates
from mattebox.bench.pictures import matte_tile
from mattebox.bench.shots import BenchShot, read_shot
from mattebox.cli.bench_rows import Threads, chosen
from mattebox.cli.demo import example_shot
from mattebox.errors import WriteError
from mattebox.measure.metrics import over

Pixels = NDArray[np.float32]

EXAMPLE = "hair"
"""The shot that ships with Mattebox; every other name is one of ``RECIPES``."""

WITH_PLATE = {EXAMPLE: "plate"} | dict.fromkeys(
    ("hair_ginger_blue", "leaves_blue", "behind_haze", "bottle", "linen_bounce", "rim_light"), CLEAN
)
WITHOUT_PLATE = ("props_green", "dark_corners")

SIZE = Canvas(360, 640)
"""Of the drawn shots, and of all pictures: the example's are enlarged to it."""

LENGTH, SHOWN = 6, 3
"""Frames of a drawn shot, all of which are analysed, and the one that is shown of every shot."""

QUALITY = 90  # of JPEG's 100, colour at full size: no artefact is to be taken for the key's

_ABOVE, _BELOW = np.array([0.13, 0.15, 0.26]), np.array([0.80, 0.60, 0.47])
"""Linear Rec.709: an evening sky, from its top to its bottom."""


showing = typer.Typer(rich_markup_mode="markdown")


@showing.command()
def gallery(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the pictures.")],
    only: Annotated[
        str | None, typer.Option(help="Only these shots, joined by commas. [default: all]")
    ] = None,
    threads: Threads = 1,
) -> None:
    """Write the pictures of docs/gallery.md and print the errors that stand there.

    `python -m benchmarks gallery -o docs/pictures/gallery`
    """
    known = [*WITH_PLATE, *WITHOUT_PLATE]
    names = known if only is None else chosen(only, known, kind="shot")
    for shown in write_gallery(output, [name for name in known if name in names], threads=threads):
        knew = "clean plate" if shown.plate else "no plate"
        typer.echo(
            f"{shown.name:<16} {knew:<11} MAD x1e3: plain {1e3 * shown.plain:5.1f}, "
            f"Mattebox {1e3 * shown.ours:5.1f}"
        )


@dataclass(frozen=True)
class Shown:
    """One shot of the gallery.

    Attributes:
        name: of the shot.
        plate: the clean plate that both knew; empty where they knew none.
        plain: mean absolute error of alpha of the shown frame by the plain key.
        ours: the same by Mattebox.
        files: the pictures written.
    """

    name: str
    plate: str
    plain: float
    ours: float
    files: tuple[Path, ...]


def write_gallery(folder: Path, names: Sequence[str], *, threads: int) -> Iterator[Shown]:
    """Key shots of the gallery, one after the other, and write five pictures of each.

    Raises:
        WriteError: the folder cannot be made or a picture cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(f"{folder} cannot be made: {error.strerror}", path=folder) from error
    with TemporaryDirectory() as scratch:
        for name in names:
            shot = read_shot(_folder_of(name, Path(scratch)))
            yield _shown(name, shot, WITH_PLATE.get(name), folder, threads=threads)


def _folder_of(name: str, scratch: Path) -> Path:
    if name == EXAMPLE:
        return example_shot()
    assert name in RECIPES
    return write_synthetic(name, scratch, length=LENGTH, size=SIZE)


def _shown(name: str, shot: BenchShot, plate: str | None, folder: Path, *, threads: int) -> Shown:
    source = shot.plate.read(SHOWN)[..., :3]
    truth = shot.truth.read(SHOWN)[..., 3]
    plain = _plain(shot, source, plate)
    ours = _ours(shot, plate, threads)
    sky = _sky(*source.shape[:2])
    pictures = {
        "plate": srgb_encoded(source),
        "plain": srgb_encoded(over(plain, sky)),
        "ours": srgb_encoded(over(ours, sky)),
        "plain_alpha": matte_tile(plain[..., 3]),
        "ours_alpha": matte_tile(ours[..., 3]),
    }
    return Shown(
        name,
        plate or "",
        plain=float(np.abs(plain[..., 3] - truth).mean()),
        ours=float(np.abs(ours[..., 3] - truth).mean()),
        files=tuple(
            _write(folder / f"{name}_{what}.jpg", codes) for what, codes in pictures.items()
        ),
    )


def _plain(shot: BenchShot, source: Pixels, plate: str | None) -> Pixels:
    """The colour difference with the plate, or with the mean colour of the one it does not get."""
    clean = shot.passes[plate or CLEAN].read(SHOWN)
    key = key_channel(clean)
    assert key is not None, "every shot of the gallery stands before a screen"
    known = clean if plate else clean.mean(axis=(0, 1))
    return colour_difference(source, known, key, Despill.AVERAGE)


def _ours(shot: BenchShot, plate: str | None, threads: int) -> Pixels:
    with TemporaryDirectory() as folder:
        for candidate in own_candidates(shot, Path(folder), weights=(), threads=threads):
            if candidate.plate == (plate or "--screen auto"):
                return candidate.key((SHOWN,)).picture(SHOWN)
    raise AssertionError(f"no way to key {shot.name} with {plate}")


def _sky(height: int, width: int) -> NDArray[np.float64]:
    down = np.linspace(0.0, 1.0, height)[:, None, None]
    return np.broadcast_to(_ABOVE + (_BELOW - _ABOVE) * down, (height, width, 3))


def _write(path: Path, codes: NDArray[np.float64]) -> Path:
    """Display codes HxWx3, 0..1, as a JPEG of ``SIZE``."""
    if codes.shape[:2] != (SIZE.height, SIZE.width):
        size = (SIZE.width, SIZE.height)
        codes = np.asarray(cv2.resize(codes, size, interpolation=cv2.INTER_CUBIC), np.float64)
    bgr = np.rint(np.clip(codes, 0.0, 1.0) * 255.0).astype(np.uint8)[..., ::-1]
    settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    _, encoded = cv2.imencode(".jpg", bgr, settings)
    try:
        path.write_bytes(encoded.tobytes())
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror}", path=path) from error
    return path
