"""Finding the core, starting it out of a host's environment, and asking whether it is well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mattebox import __version__
from mattebox_plugin.mattebox_command import (
    VARIABLE,
    WHEEL,
    BrokenError,
    Fault,
    Health,
    Mattebox,
    NotFoundError,
    ask,
    clean_environment,
    examine,
    find,
)

COMMAND = Path(sys.executable).with_name("mattebox")

AS_MODULE = ("-I", "-X", "utf8", "-m", "mattebox")

needs_posix = pytest.mark.skipif(os.name == "nt", reason="a script is a program on POSIX systems")
needs_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="LD_LIBRARY_PATH is Linux's; it runs there"
)


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Path]:
    """Make a program of the given Python lines, or of nothing but its name."""

    def make(name: str, lines: str = "") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable} -S\n{lines}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    return make


# Where it is


@needs_posix
def test_the_preference_comes_before_the_variable_and_that_before_the_path(
    program: Callable[..., Path],
) -> None:
    first, second, third = program("a/mattebox"), program("b/mattebox"), program("c/mattebox")
    environ = {VARIABLE: str(second), "PATH": str(third.parent)}
    assert find(str(first), environ) == Mattebox((str(first),), "preferences")
    assert find(" ", environ) == find("", environ) == Mattebox((str(second),), VARIABLE)
    for said in ({}, {VARIABLE: ""}, {VARIABLE: " "}):
        assert find("", environ | {VARIABLE: ""} | said) == Mattebox((str(third),), "PATH")


@needs_posix
def test_an_interpreter_is_asked_for_the_module_and_a_command_for_itself(
    program: Callable[..., Path],
) -> None:
    for name in ("python", "python3.11", "Python.exe"):
        path = program(name)
        assert find(str(path), {}).command == (str(path), *AS_MODULE)
    assert find(str(program("mattebox-nightly")), {}).command[1:] == ()


@needs_posix
@pytest.mark.parametrize("inside", ["bin/python", "bin/python3", "Scripts/python.exe"])
def test_the_folder_of_an_environment_will_do(inside: str, program: Callable[..., Path]) -> None:
    python = program(f"env/{inside}")
    folder = python.parent.parent
    assert find(str(folder), {}).command == (str(python), *AS_MODULE)
    assert find("", {VARIABLE: f"{folder}/"}).command == (str(python), *AS_MODULE)


@needs_posix
def test_a_relative_place_and_a_link_are_kept_apart_from_the_working_folder(
    program: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("real/python3")
    (tmp_path / "env/bin").mkdir(parents=True)
    (tmp_path / "env/bin/python").symlink_to(tmp_path / "real/python3")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = (str(tmp_path / "env/bin/python"), *AS_MODULE)  # an environment's python is a link
    assert find("env", {}).command == find("~/env", {}).command == expected
    program("tools/mattebox")
    assert find("", {"PATH": "tools"}).command == (str(tmp_path / "tools/mattebox"),)


@pytest.mark.parametrize("source", ["preferences", VARIABLE])
@pytest.mark.parametrize("what", ["absent", "text", "folder"])
def test_a_choice_that_is_no_program_is_an_error_and_no_other_core_is_taken(
    what: str, source: str, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("no program", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    chosen = str(tmp_path / what)
    environ = {"PATH": str(COMMAND.parent)} | ({VARIABLE: chosen} if source == VARIABLE else {})
    with pytest.raises(NotFoundError) as caught:
        find(chosen if source == "preferences" else "", environ)
    assert f"{chosen} (from {source}) is not a program. Choose the python" in str(caught.value)


def test_no_core_at_all_says_where_it_was_looked_for_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        find("", {"PATH": str(tmp_path)})
    for words in ("preferences", VARIABLE, "on the PATH", f"pip install {WHEEL}"):
        assert words in str(caught.value)


# How it is started


def test_what_belongs_to_the_host_stays_behind_and_all_else_comes_along() -> None:
    hosts = {
        "PYTHONHOME": "/nuke", "PYTHONPATH": "/nuke/lib", "PYTHONSTARTUP": "x.py",
        "LD_LIBRARY_PATH": "/nuke", "LD_PRELOAD": "/nuke/x.so", "DYLD_INSERT_LIBRARIES": "x",
        "QT_PLUGIN_PATH": "/nuke/qt", "VIRTUAL_ENV": "/env", "CONDA_PREFIX": "/conda",
        "__PYVENV_LAUNCHER__": "x", "pythonpath": "/windows/has/no/case",
    }  # fmt: skip
    kept = {
        "PATH": "/usr/bin", "HOME": "/home/ä", "OCIO": "/c.ocio", "CUDA_VISIBLE_DEVICES": "1",
        "MATTEBOX_WEIGHTS": "/w", VARIABLE: "/env/bin/python", "HTTPS_PROXY": "p", "TMPDIR": "/t",
    }  # fmt: skip
    assert clean_environment(hosts | kept) == kept | {"PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}


@pytest.mark.parametrize("way", ["interpreter", "command"])
def test_the_core_speaks_utf_8_whatever_the_locale(way: str, tmp_path: Path) -> None:
    asks = "import sys; print(sys.flags.utf8_mode)"
    if way == "interpreter":
        words = [*find(sys.executable, {}).command[:-2], "-c", asks]
    else:
        words = [sys.executable, "-c", asks]
    environment = clean_environment(os.environ | {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"})
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]


def poison(name: str, folder: Path) -> dict[str, str]:
    """What a host may have set, such that nothing of the core's would run."""
    if name == "PYTHONPATH":
        (folder / "numpy.py").write_text("raise ImportError('a host has its own numpy')\n")
    elif name == "LD_LIBRARY_PATH":
        (folder / "libm.so.6").write_bytes(b"")  # which Python itself is linked to
    return {name: str(folder)}


def doctor(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(COMMAND), "doctor", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    "name", ["PYTHONHOME", "PYTHONPATH", pytest.param("LD_LIBRARY_PATH", marks=needs_linux)]
)
def test_the_poison_is_real(name: str, tmp_path: Path) -> None:
    poisoned = doctor(os.environ | poison(name, tmp_path))
    assert poisoned.returncode not in (0, 69)
    assert '"mattebox"' not in poisoned.stdout


@pytest.mark.slow
@needs_linux
@pytest.mark.parametrize("way", [str(COMMAND), sys.executable], ids=["command", "interpreter"])
def test_the_core_is_well_in_the_middle_of_a_poisoned_host(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH"):
        for variable, value in poison(name, tmp_path).items():
            monkeypatch.setenv(variable, value)
    health = examine(find(way))
    assert health.version == __version__
    assert f"({COMMAND.parent}{os.sep}python" in health.python
    assert health.devices[0] == "cpu"
    assert health.weights == ()  # the tests' own, empty store
    assert health.lines[0].startswith(f"Mattebox {__version__}, Python 3.")
    assert len(health.lines) == 3 + len(health.faults)


# What it answers


def test_a_fault_is_shown_with_its_cure() -> None:
    health = Health("1.0", "3.11 (/p)", ("cpu", "cuda:0 GPU"), (), (Fault("no X", "install X"),))
    assert health.lines == (
        "Mattebox 1.0, Python 3.11 (/p)",
        "devices: cpu, cuda:0 GPU",
        "weights: none installed",
        "no X. Cure: install X",
    )


@needs_posix
def test_a_core_of_another_version_than_the_plug_in_is_a_fault(
    program: Callable[..., Path],
) -> None:
    report: dict[str, object] = {"mattebox": "9.9.9", "python": "3.11", "executable": "/p"}
    report |= {"devices": [], "weights": [], "faults": []}
    path = program("other", f"print({json.dumps(report)!r})")
    (fault,) = examine(find(str(path), {})).faults
    assert fault.what == (f"this plug-in is of Mattebox {__version__}, and 9.9.9 is installed")
    assert "same version" in fault.cure


@needs_posix
@pytest.mark.parametrize("answer", ["hello", "[1, 2]", '{"mattebox": "0.1.0"}', "7", ""])
def test_a_program_that_is_not_mattebox_is_told_by_its_answer(
    answer: str, program: Callable[..., Path]
) -> None:
    path = program("other", f"print({answer!r})")
    with pytest.raises(BrokenError, match="Is it Mattebox") as caught:
        examine(find(str(path), {}))
    assert str(path) in str(caught.value)
    assert repr(answer)[:-1] in str(caught.value)


@needs_posix
def test_a_program_that_fails_is_quoted(program: Callable[..., Path]) -> None:
    path = program("other", "import sys; sys.stderr.write('first\\nthe cause\\n'); sys.exit(3)")
    with pytest.raises(BrokenError, match=r"ended with 3: the cause\. Is Mattebox installed"):
        examine(find(str(path), {}))
    silent = program("silent", "import sys; sys.exit(3)")
    with pytest.raises(BrokenError, match="ended with 3: nothing was said"):
        examine(find(str(silent), {}))


def test_an_interpreter_without_mattebox_says_so() -> None:
    bare = Mattebox((sys.executable, "-S", *AS_MODULE), "preferences")
    with pytest.raises(BrokenError, match=r"No module named mattebox.*pip install mattebox-.*whl"):
        examine(bare)


@needs_posix
def test_what_does_not_start_or_does_not_end_is_broken(
    program: Callable[..., Path], tmp_path: Path
) -> None:
    text = tmp_path / "no_program"
    text.write_bytes(b"\x7fELF nonsense")
    text.chmod(0o755)
    with pytest.raises(BrokenError, match="does not start"):
        ask(find(str(text), {}), ("doctor",))
    asleep = program("asleep", "import time; time.sleep(60)")
    with pytest.raises(BrokenError, match="did not answer within 0 s"):
        ask(find(str(asleep), {}), ("doctor",), seconds=0.3)
