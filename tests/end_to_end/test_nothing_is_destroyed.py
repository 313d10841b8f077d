"""No command writes onto what it reads, or onto what is not its own, and each can be repeated.

The options that name a file are found in the command line itself: one that is in no table here
fails the test, so that no output can be forgotten.
"""

from __future__ import annotations

import inspect
import os
import re
import stat
import sys
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import typer
from tests.support.hints import write_any
from tests.support.movies import needs_ffmpeg
from tests.support.pictures import write_shot
from tests.unit.engines.exported import lively_checkpoint

from mattebox.cli import main
from mattebox.cli.app import app
from mattebox.hints.recipe import settings_folder
from mattebox.job import Job

SOMEBODYS = b"three months of work\n"
Call = Callable[..., tuple[int, str]]

READ = {
    ("key", "job"),
    ("key", "state_in"),
    ("analyse", "job"),
    ("check", "job"),
    ("check", "output"),
    ("weights fetch", "source"),
    ("farm openjd", "job"),
    ("farm opencue", "job"),
    ("farm flamenco", "job"),
    ("farm worker", "job"),
    ("farm worker", "path_mapping"),
    ("bench quality", "shots"),
    ("bench quality", "weights"),
}
"""Parameters that name what is read."""


@dataclass(frozen=True)
class Written:
    """One output of one command.

    Attributes:
        command, option: as the command line calls them, the option by its parameter.
        words: the command's words before the output; those in capitals stand for files of a shot.
        target: the file that is written, below what the option names where that is a folder.
        folder: the part of ``target`` that the option names; None: all of it.
        is_whole: whether a folder is written as a whole.
        repeats: whether the test runs it: not where that takes minutes.
    """

    command: str
    option: str
    words: str
    target: str
    folder: str | None = None
    is_whole: bool = False
    repeats: bool = True

    @property
    def said(self) -> str:
        return self.folder or self.target


KEY = "key SHOT -o KEYED/ --clean-plate CLEAN"
ENGINES = "bench engines --networks rvm_mobilenetv3 --sizes 64x64 --backends torch --frames 1"
QUALITY = "bench quality HAIR --frames 1 --methods difference"
WORST = "worst/fixture_hair_difference_plate.0001.png"
FARM = "--job JOB --device cpu"
SET = "--show a --shot b --user c"
WRITTEN = [
    Written("key", "output", "key SHOT --clean-plate CLEAN -o", "out/shot.1001.exr", "out/"),
    Written("key", "write_job", f"{KEY} --write-job", "a.json"),
    Written("key", "prepared", f"{KEY} --prepared", "a.json"),
    Written("key", "preview", f"{KEY} --preview", "sheet.png"),
    Written("key", "movie_out", f"{KEY} --fps 24 --movie-out", "a.mov"),
    Written(
        "key", "state_out", "key SHOT -o RVM/ --engine rvm --weights WEIGHTS --state-out", "a.state"
    ),
    Written("demo", "output", "demo -o", "demo/keyed/hair.0001.exr", "demo"),
    Written("plate", "output", "plate SHOT --clean-plate CLEAN -o", "fitted.exr"),
    Written("analyse", "write_job", "analyse --job JOB --write-job", "prepared.json"),
    Written("measure", "json_file", "measure KEYED KEYED --json", "figures.json"),
    Written("measure", "plot", "measure KEYED KEYED --plot", "plot.svg"),
    Written("report", "output", "report KEYED --pictures 1 -o", "page.html"),
    Written(
        "hint make", "output", "hint make any SHOT --accept-licence -o", "m/shot.1001.exr", "m/"
    ),
    Written("export onnx", "output", "export onnx WEIGHTS -o", "net.onnx", repeats=False),
    Written("export torchscript", "output", "export torchscript WEIGHTS -o", "n.pt", repeats=False),
    Written(
        "farm openjd", "output", f"farm openjd {FARM} -o", "new/job.json", "new", is_whole=True
    ),
    Written(
        "farm opencue", "output", f"farm opencue {FARM} {SET} -o", "new/a", "new", is_whole=True
    ),
    Written("farm flamenco", "output", f"farm flamenco {FARM} -o", "new/a", "new", is_whole=True),
    Written("bench engines", "json_file", f"{ENGINES} --json", "figures.json"),
    Written("bench engines", "markdown_file", f"{ENGINES} --markdown", "table.md"),
    Written("bench quality", "json_file", f"{QUALITY} --json", "figures.json"),
    Written("bench quality", "markdown_file", f"{QUALITY} --markdown", "table.md"),
    Written("bench quality", "pictures", f"{QUALITY} --pictures", WORST, "worst"),
]


def named_files() -> Iterator[tuple[str, str]]:
    """Every parameter of the command line that names a file or a folder: command and name."""
    for command, function in functions(app):
        hints = typing.get_type_hints(function, include_extras=False)
        for name in inspect.signature(function).parameters:
            if name == "output" or "Path" in repr(hints.get(name)):
                yield command, name


def functions(group: typer.Typer, name: str = "") -> Iterator[tuple[str, Callable[..., object]]]:
    """Every command's name and function."""
    for command in group.registered_commands:
        assert command.callback is not None
        own = command.name or command.callback.__name__.replace("_", "-")
        yield f"{name} {own}".strip(), inspect.unwrap(command.callback)
    for below in group.registered_groups:
        assert below.typer_instance is not None
        yield from functions(below.typer_instance, f"{name} {below.name}".strip())


def test_every_output_of_the_command_line_is_in_the_table() -> None:
    listed = {(one.command, one.option) for one in WRITTEN}
    assert set(named_files()) == listed | READ
    assert listed.isdisjoint(READ)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "rvm.pth"
    torch.save(dict(lively_checkpoint("rvm_mobilenetv3").tensors), path)
    return path


@pytest.fixture
def call(
    tmp_path: Path,
    weights: Path,
    fixture_hair: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Call:
    """Runs the command here; gives its exit code and all that it said."""
    shot = write_shot(tmp_path / "in", range(1001, 1003))
    write_any(settings_folder())
    job = tmp_path / "in" / "job.json"
    clean = shot.parent / "clean.exr"
    values = {"plate": shot, "output": f"{tmp_path}/farm/", "clean_plate": clean, "device": "cpu"}
    Job.checked({name: str(value) for name, value in values.items()}).write(job)
    places = {
        "SHOT": shot,
        "CLEAN": clean,
        "JOB": job,
        "WEIGHTS": weights,
        "HAIR": fixture_hair,
        "KEYED": tmp_path / "keyed",
        "RVM": tmp_path / "rvm",
    }

    def run(*words: object) -> tuple[int, str]:
        text = " ".join(map(str, words))
        filled = re.sub("|".join(places), lambda found: str(places[found[0]]), text)
        monkeypatch.setattr(sys, "argv", ["mattebox", *filled.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    return run


def prepared(one: Written, call: Call) -> None:
    """What the command needs beforehand."""
    if "KEYED" in one.words and not one.words.startswith("key"):
        assert call(KEY)[0] == 0


def each(chosen: Callable[[Written], bool]) -> pytest.MarkDecorator:
    """Some of the outputs, each under its name; movies only where there is ffmpeg."""
    return pytest.mark.parametrize(
        "one",
        [
            pytest.param(
                one,
                id=f"{one.command}-{one.option}",
                marks=needs_ffmpeg if one.option == "movie_out" else [],
            )
            for one in filter(chosen, WRITTEN)
        ],
    )


@pytest.mark.slow
@each(lambda _: True)
def test_what_is_somebody_elses_stays(one: Written, call: Call, tmp_path: Path) -> None:
    target = tmp_path / one.target
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(SOMEBODYS)
    prepared(one, call)
    code, said = call(one.words, tmp_path / one.said)
    assert code == 64, said
    assert "replaced" in said
    assert target.read_bytes() == SOMEBODYS
    assert not list(tmp_path.rglob(".mattebox-*"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are POSIX; Linux runs it")
@each(lambda one: not one.folder)
def test_a_pipe_in_the_place_is_refused_even_where_files_may_be_replaced(
    one: Written, call: Call, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / one.target)
    prepared(one, call)
    more = () if one.command.startswith("farm") else ("--overwrite",)
    code, said = call(one.words, tmp_path / one.said, *more)
    assert code == 64, said
    assert "named pipe" in said
    assert stat.S_ISFIFO((tmp_path / one.target).stat().st_mode)


@pytest.mark.slow
@each(lambda one: one.repeats)
def test_a_command_can_be_repeated_and_a_link_is_replaced_itself(
    one: Written, call: Call, tmp_path: Path
) -> None:
    prepared(one, call)
    assert call(one.words, tmp_path / one.said)[0] == 0
    code, said = call(one.words, tmp_path / one.said)
    assert code == 0, said
    target = tmp_path / one.target
    if one.is_whole:
        link = tmp_path / "link"
        link.symlink_to(tmp_path / one.said, target_is_directory=True)
        assert call(one.words, link)[0] == 64
        return
    if one.option in ("write_job", "prepared") or one.command == "hint make":
        return  # what is current there is read and stays
    before, elsewhere = target.read_bytes(), tmp_path / "elsewhere"
    target.rename(elsewhere)
    target.symlink_to(elsewhere)
    force = ("--force",) if (one.command, one.option) == ("key", "output") else ()
    code, said = call(one.words, tmp_path / one.said, *force)
    assert code == 0, said
    assert elsewhere.read_bytes() == before
    if one.option != "state_out":  # of the same frames, and thus not written again
        assert not target.is_symlink()


INPUT = [
    ("key SHOT -o OUT/ --clean-plate CLEAN --overwrite --preview", "in/shot.1001.exr"),
    ("key SHOT -o OUT/ --clean-plate CLEAN --overwrite --prepared", "in/clean.exr"),
    ("key SHOT --clean-plate CLEAN --overwrite -o", "in/"),
    ("plate SHOT --clean-plate CLEAN --overwrite -o", "in/clean.exr"),
    ("plate SHOT --overwrite -o", "in/shot.1002.exr"),
    ("analyse --job JOB --overwrite --write-job", "in/shot.1002.exr"),
    ("measure SHOT SHOT --overwrite --json", "in/shot.1001.exr"),
    ("measure SHOT SHOT --overwrite --json", "in/linked.exr"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("words", "target"), INPUT)
def test_an_input_is_never_replaced(words: str, target: str, call: Call, tmp_path: Path) -> None:
    (tmp_path / "in/linked.exr").symlink_to(tmp_path / "in/shot.1001.exr")
    before = {path: path.read_bytes() for path in (tmp_path / "in").iterdir()}
    code, said = call(words.replace("OUT", f"{tmp_path}/out"), f"{tmp_path}/{target}")
    assert code == 64, said
    assert "is the input" in said
    assert {path: path.read_bytes() for path in (tmp_path / "in").iterdir()} == before


@pytest.mark.slow
def test_a_bundle_is_never_written_into_a_folder_that_holds_something_else(
    call: Call, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    code, said = call("farm openjd --job JOB --device cpu -o", folder)
    assert code == 64, said
    assert "is replaced as a whole" in said
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
