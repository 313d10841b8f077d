"""The command and its subcommands, in the order in which help shows them."""

from __future__ import annotations

from typing import Annotated

import typer

from mattebox import __version__
from mattebox.cli.analyse import analyse
from mattebox.cli.bench import bench
from mattebox.cli.check import check
from mattebox.cli.demo import demo
from mattebox.cli.doctor import doctor
from mattebox.cli.export import export
from mattebox.cli.farm import farm
from mattebox.cli.hint import hint
from mattebox.cli.info import info
from mattebox.cli.key import key
from mattebox.cli.measure import measure
from mattebox.cli.plate import plate
from mattebox.cli.report import report
from mattebox.cli.schema import schema
from mattebox.cli.serve import serve
from mattebox.cli.weights import weights

app = typer.Typer(
    name="mattebox",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from mattebox.commit import commit_in_words
        from mattebox.matte.unmixing.weights_file import shown_digest

        typer.echo(f"mattebox {__version__}")
        typer.echo(commit_in_words())
        typer.echo(f"unmixing weights {shown_digest()}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            callback=_print_version,
            is_eager=True,
            help="Version, commit, and the weights that come with it.",
        ),
    ] = False,
) -> None:
    """A colour-managed neural keyer: EXR in, linear premultiplied EXR out.

    **Green screen**: `mattebox key shot.####.exr -o out/ --screen auto`

    **With a clean plate**: `mattebox key shot.####.exr -o out/ --clean-plate plate.exr`

    **People on any background**: `mattebox weights fetch rvm_mobilenetv3`, then
    `mattebox key shot.####.exr -o out/`

    Each frame becomes one EXR: R G B A premultiplied and despilled in the plate's own linear
    light, `fg` straight, `spill` what was taken out, `net` the first alpha, `conf` confidence.
    `mattebox demo` keys a shipped shot and shows the picture.

    Exit codes: 0 all frames are there, 64 bad arguments, 65 stale frames, 66 input missing or
    unreadable, 69 no usable device or weights, 70 our own fault, 74 write failed, 75 interrupted.
    """


app.command()(key)
app.command()(demo)
app.command()(info)
app.command()(serve)
app.command()(plate)
app.command()(analyse)
app.command()(check)
app.command()(measure)
app.command()(report)
app.command()(doctor)
app.command()(schema)
app.add_typer(weights, name="weights")
app.add_typer(hint, name="hint")
app.add_typer(export, name="export")
app.add_typer(farm, name="farm")
app.add_typer(bench, name="bench")
