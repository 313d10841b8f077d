"""Files, names and machines that mean harm, or know no better: a sentence and the right exit code.

The fuzz (``tests/drill/fuzz.py``) changes files at random; here stand what somebody thought of.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import resource
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tests.end_to_end.conftest import COMMAND, Run
from tests.support.pictures import plate_pixels, write_exr, write_shot

from mattebox.documents import json_of, toml_of
from mattebox.engines.weights_file import read_weights
from mattebox.errors import InputError, JobError, MatteboxError, WeightsError
from mattebox.events import JsonReporter, NamingReporter, WarningEvent
from mattebox.farm.openjd_lines import OpenJdReporter, variable
from mattebox.farm.path_mapping import PathMapping
from mattebox.hints.recipe import read_recipes, settings_folder
from mattebox.job import Job
from mattebox.network_config import NetworkConfig
from mattebox.plain_text import harmless
from mattebox.sequences import find_sequence
from mattebox.weights.catalogue import Catalogue

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="pipes, limits and names of any bytes are POSIX; Linux runs it"
)

DEEP = '{"plate": ' * 20_000 + "1" + "}" * 20_000
ODD_JSON = [
    pytest.param(DEEP, "nested too deeply", id="deep"),
    pytest.param('{"plate": "a\\u0000b", "output": "o"}', "no name can have", id="NUL"),
    pytest.param('{"plate": "\\ud800", "output": "o"}', "no name can have", id="surrogate"),
    pytest.param('{"plate": NaN}', "not a number that can be used", id="NaN"),
    pytest.param('{"plate": 1e999}', "not a number that can be used", id="infinite"),
    pytest.param('{"plate": ' + "9" * 5000 + "}", "digits", id="5000 digits"),
    pytest.param("[" * 20_000, "nested too deeply", id="open for ever"),
]


@pytest.mark.parametrize(("text", "said"), ODD_JSON)
def test_odd_json_is_refused_in_a_sentence(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=said):
        json_of(text)
    path = tmp_path / "odd.json"
    path.write_text(text)
    for read in (Job.read, PathMapping.read, NetworkConfig.read):
        with pytest.raises(MatteboxError) as caught:
            read(path)
        assert caught.value.exit_code in (64, 66)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 20_000, "a = nan", "a = inf", 'a = "\\u0000"', "a = 1", "[[weights]]"]
)
def test_odd_toml_is_refused_in_a_sentence(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = settings_folder() / "recipes" / "odd.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    monkeypatch.setenv("MATTEBOX_CATALOGUE", str(path))
    for read in (read_recipes, Catalogue.read):
        with pytest.raises(InputError, match="odd"):
            read()
    if "nan" in text or "inf" in text:
        with pytest.raises(ValueError, match="not a number"):
            toml_of(text)


@pytest.mark.parametrize("value", [float("1e308"), -1e308, 10**300, True, "1e5", [], None])
def test_settings_beyond_all_range_are_faults_of_the_job(value: object, tmp_path: Path) -> None:
    values = {"plate": "a", "output": "o", "settings": {"engine": "screen", "gamma": value}}
    (tmp_path / "job.json").write_text(json.dumps(values))
    with pytest.raises(JobError):
        Job.read(tmp_path / "job.json")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        before = Path.cwd()
        os.chdir(path.parent)  # a socket's path is short
        try:
            bound.bind(path.name)
        finally:
            os.chdir(before)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("special", [a_pipe, a_socket, a_device])
def test_what_is_no_file_is_refused_and_never_waited_for(
    special: Callable[[Path], None], tmp_path: Path
) -> None:
    """Every file that is read, one after another, in one process that may take half a minute."""
    for name in ("job.json", "map.json", "net.toml", "w.pth", "plate.exr", "a.ocio", "a.state"):
        special(tmp_path / name)
    script = """
import sys
from pathlib import Path
from mattebox.errors import MatteboxError
from mattebox.job import Job
from mattebox.farm.path_mapping import PathMapping
from mattebox.network_config import NetworkConfig
from mattebox.engines.state_files import read_owner
from mattebox.engines.weights_file import read_weights
from mattebox.frames import read_frame, read_header, read_attributes_if_whole, is_broken_exr
from mattebox_ocio import load_config
from mattebox_ocio.errors import ColourError
folder = Path(sys.argv[1])
for read, name in ((Job.read, "job.json"), (PathMapping.read, "map.json"),
                   (NetworkConfig.read, "net.toml"), (read_weights, "w.pth"),
                   (read_frame, "plate.exr"), (read_header, "plate.exr"),
                   (load_config, "a.ocio"), (read_owner, "a.state")):
    try:
        read(folder / name)
    except (MatteboxError, ColourError) as error:
        print(name, error)
print(read_attributes_if_whole(folder / "plate.exr"), is_broken_exr(folder / "plate.exr"))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert [line.split()[0] for line in lines] == [
        "job.json", "map.json", "net.toml", "w.pth", "plate.exr", "plate.exr", "a.ocio", "a.state",
        "None",
    ]  # fmt: skip
    assert all(re.search("it is a|not a file", line) for line in lines[:-1])


NASTY = {
    "an order": "a\nopenjd_env: AWS=stolen\nb",
    "a cursor": "\x1b[2J\x1b[31mred",
    "turned round": "\u202egnp.exe",
    "no text": os.fsdecode(b"\xff\xfe"),
    "markup": "[red]x[/blue]<script>alert(1)</script>",
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_words_from_outside_give_no_orders_to_whoever_listens(text: str) -> None:
    error = MatteboxError(f"there is no {text}", expected=text, next_step=text)
    for told in (str(error), *filter(None, error.said(str))):
        assert told == harmless(told)
        assert not re.search("^openjd_", told, re.MULTILINE)
        assert not set("\x1b\u202e\udcff") & set(told)
    event = WarningEvent(code="a", message=text, path=text, next_step=text)
    for reporter_of in (JsonReporter, OpenJdReporter):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        NamingReporter(reporter_of(stream), str).emit(event)
        stream.flush()
        written = stream.buffer.getvalue().decode("ascii") if reporter_of is JsonReporter else ""
        assert written.count("\n") == (reporter_of is JsonReporter)
        assert "\x1b" not in written
    assert variable("A", "x\nopenjd_env: B=1").count("\n") == 0


@pytest.mark.parametrize("name", ["an\nopenjd_env: X=1", "\x1b[31m", "[bold]", "[/x]"])
def test_a_part_or_attribute_of_any_name_is_shown_harmless(
    name: str, tmp_path: Path, mattebox: Run
) -> None:
    path = write_exr(tmp_path / "a.exr", plate_pixels(1), **{name: name, "comment": name})
    done = mattebox("info", path)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert not re.search("^openjd_", done.stdout, re.MULTILINE)
    done = mattebox("key", path, "-o", tmp_path / "out", "--part", name, "--screen", "auto")
    assert done.returncode == 64
    assert not re.search("^openjd_", done.stdout + done.stderr, re.MULTILINE)


def test_a_folder_whose_name_is_an_order_gives_none(tmp_path: Path, mattebox: Run) -> None:
    folder = tmp_path / "a\nopenjd_env: X=1"
    shot = write_shot(folder / "in")
    for more in ((), ("--json",), ("--openjd",)):
        done = mattebox("key", shot, "-o", folder / "out", "--screen", "auto", "--force", *more)
        assert done.returncode == 0, done.stderr
        lines = (done.stdout + done.stderr).splitlines()
        assert not [line for line in lines if line.startswith("openjd_env")]


@pytest.mark.parametrize("colour", ["nan,0,0", "0,inf,0", "1e999,0,0", "1e38,0,0"])
def test_colours_that_are_not_finite_are_refused(
    colour: str, tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in", range(1001, 1002))
    for option in ("--clean-plate", "--screen"):
        done = mattebox("key", shot, "-o", tmp_path / "out", option, colour)
        assert done.returncode == 64, done.stderr
        assert "Traceback" not in done.stderr


def test_a_name_longer_than_names_may_be_is_told(tmp_path: Path, mattebox: Run) -> None:
    shot = write_shot(tmp_path / "in", range(1001, 1002))
    for arguments, code in (
        (("key", tmp_path / ("x" * 300 + ".exr"), "-o", tmp_path / "o"), 66),
        (("key", shot, "-o", tmp_path / ("x" * 300) / "s.####.exr", "--screen", "auto"), 74),
        (("key", shot, "-o", tmp_path / ("x" * 300 + ".####.exr"), "--screen", "auto"), 74),
        (("info", tmp_path / ("x" * 5000)), 66),
        (("key", "--job", tmp_path / ("x" * 300)), 66),
    ):
        done = mattebox(*arguments)
        assert done.returncode == code, (arguments[0], done.stderr)
        assert "Traceback" not in done.stderr


def test_a_clip_whose_numbers_are_dates_costs_no_memory(tmp_path: Path) -> None:
    for name in ("s.20240101.exr", "s.20260101.exr"):
        write_exr(tmp_path / name, plate_pixels(1))
    found = find_sequence(str(tmp_path / "s.########.exr"))
    assert found.frames == (20240101, 20260101)
    assert len(found.missing) == 19999


def test_weights_that_unpack_to_more_than_they_hold_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    torch.save({"a": torch.zeros(1).expand(1 << 30)}, path)
    assert path.stat().st_size < 4000
    with pytest.raises(WeightsError, match="are said to hold 4,294,967,296 bytes"):
        read_weights(path)


def test_weights_whose_checksum_is_another_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save({"layer.weight": torch.arange(64.0)}, path)
    data = bytearray(path.read_bytes())
    at = data.index(torch.arange(64.0).numpy().tobytes())
    data[at + 17] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsError, match="checksum"):
        read_weights(path)


def test_archives_of_another_kind_and_with_a_circle_in_them_are_refused(tmp_path: Path) -> None:
    circle: list[object] = []
    circle.append(circle)
    for name, members in {
        "zip.pth": {"readme.txt": b"hello"},
        "circle.pt": {"net/data.pkl": pickle.dumps(circle), "net/constants.pkl": b"x"},
        "deep.pt": {"net/data.pkl": b"\x80\x02" + b"(" * 100_000, "net/constants.pkl": b"x"},
    }.items():
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        with pytest.raises(WeightsError):
            read_weights(tmp_path / name)


@pytest.mark.parametrize("data", [b"\xff\xfe" * 40, b"ocio_profile_version: 99\n", b"\0" * 100])
def test_ocio_files_of_any_bytes_are_refused(data: bytes, tmp_path: Path, mattebox: Run) -> None:
    (tmp_path / "a.ocio").write_bytes(data)
    shot = write_shot(tmp_path / "in", range(1001, 1002))
    done = mattebox("key", shot, "-o", tmp_path / "o", "--ocio", tmp_path / "a.ocio")
    assert done.returncode in (64, 66), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("redirect", "code"), [(">&-", 0), ("2>&-", 0), (">/dev/full", 74), (">/dev/full 2>&1", 74)]
)
def test_outputs_that_are_closed_or_full_cost_no_traceback(
    redirect: str, code: int, tmp_path: Path
) -> None:
    write_exr(tmp_path / "a.exr", plate_pixels(1))
    done = subprocess.run(
        ["sh", "-c", f"exec {COMMAND} info {tmp_path}/a.exr {redirect}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_outputs_of_another_encoding_take_every_name(encoding: str, tmp_path: Path) -> None:
    write_exr(tmp_path / "ключ→.exr", plate_pixels(1))
    done = subprocess.run(
        [str(COMMAND), "info", str(tmp_path / "ключ→.exr")],
        capture_output=True, timeout=60, check=False,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_a_limit_on_memory_is_told_as_memory(tmp_path: Path) -> None:
    shot = write_shot(tmp_path / "in", range(1001, 1003), scale=40)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))

    done = subprocess.run(
        [str(COMMAND), "key", str(shot), "-o", str(tmp_path / "o"), "--screen", "auto"],
        capture_output=True, text=True, timeout=120, preexec_fn=limit, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 69), done.stderr
    assert "make room" not in done.stderr


def test_a_file_in_the_current_folder_is_no_library(tmp_path: Path) -> None:
    for name in ("typer", "numpy", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is not what was asked for')")
    done = subprocess.run(
        [sys.executable, "-m", "mattebox", "--version"],
        capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mattebox ")


def test_a_current_folder_that_is_gone_is_no_fault(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    leave = (
        "import os, sys; os.chdir(sys.argv[1]); os.rmdir(sys.argv[1]); os.execv(*eval(sys.argv[2]))"
    )
    command = repr((sys.executable, [sys.executable, "-m", "mattebox", "--version"]))
    done = subprocess.run(
        [sys.executable, "-c", leave, str(gone), command],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mattebox ")


def test_a_password_of_a_mirror_is_shown_nowhere(tmp_path: Path) -> None:
    env = os.environ | {"MATTEBOX_WEIGHTS": "https://me:secret@mirror.studio.org/w"}
    for arguments in (("list", "--json"), ("list",), ("path", "rvm_mobilenetv3"), ("verify",)):
        done = subprocess.run(
            [str(COMMAND), "weights", *arguments],
            capture_output=True, text=True, env=env, timeout=60, check=False,
        )  # fmt: skip
        assert "secret" not in done.stdout + done.stderr
