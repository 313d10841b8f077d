"""``mattebox demo``: key the shipped shot, measure it against its truth, show the picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattebox.cli.output import Overwrite, say
from mattebox.errors import InputError

if TYPE_CHECKING:
    from mattebox.measure.accuracy import Figures


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the keyed frames and the picture.")
    ] = Path("mattebox_demo"),
    overwrite: Overwrite = False,
) -> None:
    """Key a small rendered shot of hair before a green screen and compare it with its truth.

    Uses the `screen` engine: no weights, any machine, a few seconds.
    """
    from mattebox.cli.run import Listener, RunOptions, open_session, run_job
    from mattebox.job import Job

    shot = example_shot()
    keyed = output / "keyed" / "hair.####.exr"
    picture = output / "hair.png"
    job = Job.checked(
        {
            "plate": str(demo_plate(shot)),
            "output": str(keyed),
            "clean_plate": str(shot / "plate" / "fixture_hair_plate.0001.exr"),
            "colour": {"in_space": "lin_rec709_scene"},
            "settings": {"engine": "screen"},
        }
    )
    with open_session(Listener.PERSON) as session:
        run_job(job, RunOptions(force=True, preview=picture, overwrite=overwrite), session)
    mean = demo_accuracy(keyed, shot)
    say(
        f"against the truth: MAD {mean.mad:.1f} (x 1e3), comp over grey "
        f"{mean.comp_grey:.1f} (x 1e3), dtSSD {mean.dtssd:.2f} (x 1e2)"
    )
    say(f"the picture (plate, alpha, over grey, over red, spill): {picture}")


def demo_plate(shot: Path) -> Path:
    """The pattern of the shipped shot's plate."""
    return shot / "green_spill_grain" / "fixture_hair_green_spill_grain.####.exr"


def demo_accuracy(keyed: Path, shot: Path) -> Figures:
    """The mean errors of keyed frames, given as a pattern, against the shipped shot's truth."""
    from mattebox.frames import read_frame
    from mattebox.measure.sequences import measure_sequences
    from mattebox.sequences import find_sequence

    truth = find_sequence(str(shot / "fg" / "fixture_hair_fg.####.exr"))
    result = find_sequence(str(keyed))
    numbers = truth.frames
    return measure_sequences(
        [result.path(n) for n in numbers], [truth.path(n) for n in numbers], read_frame
    ).summary.mean


def example_shot() -> Path:
    """The shipped shot: inside an installed package, or in the checkout beside it."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "examples", package.parent.parent / "examples"):
        if (folder / "fixture_hair").is_dir():
            return folder / "fixture_hair"
    raise InputError(
        "the example shot is not installed",
        expected=f"a folder fixture_hair in {package / 'examples'}",
        next_step="install the wheel again, or run from a checkout",
    )
