"""Where the core is, how it is started, and whether it is well."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from . import __version__

Read = TypeVar("Read")

VARIABLE = "MATTEBOX_PYTHON"
"""Environment variable that names the interpreter, or the command, of the Mattebox environment."""

WHEEL = f"mattebox-{__version__}-py3-none-any.whl"
"""What goes with this plug-in into an environment: no package index has Mattebox."""

EXAMINE_SECONDS = 120
"""Importing torch from a cold network disk may take a minute."""

_HOSTS_OWN = (
    "PYTHON",  # PYTHONHOME, PYTHONPATH, PYTHONSTARTUP, ...: the host's own interpreter
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_",
    "QT_",
    "VIRTUAL_ENV",
    "CONDA_",
    "__PYVENV_LAUNCHER__",
)
"""Variables that hosts set for their own Python and libraries, by the beginning of their names."""


class NotFoundError(Exception):
    """No Mattebox on this machine. Its text says what was tried and what to do."""


class BrokenError(Exception):
    """Mattebox is there and does not run. Its text says what it answered and what to do."""


class Mattebox(NamedTuple):
    """How the core is called.

    Attributes:
        command: the first words of a call.
        source: where this was found: ``preferences``, ``MATTEBOX_PYTHON`` or ``PATH``.
    """

    command: tuple[str, ...]
    source: str


class Fault(NamedTuple):
    """Something that will get in the way, and its cure."""

    what: str
    cure: str


class Health(NamedTuple):
    """What the core says of itself and its machine.

    Attributes:
        version: of Mattebox.
        python: version of its interpreter, and where it is.
        devices: what it can compute on: ``cpu``, ``cuda:0 NVIDIA ...``.
        weights: installed weights, by their paths.
        faults: what will get in the way.
    """

    version: str
    python: str
    devices: tuple[str, ...]
    weights: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """For people: what is there, then every fault with its cure."""
        good = (
            f"Mattebox {self.version}, Python {self.python}",
            "devices: " + ", ".join(self.devices),
            f"weights: {len(self.weights) or 'none'} installed",
        )
        return good + tuple(f"{fault.what}. Cure: {fault.cure}" for fault in self.faults)


def find(preference: str = "", environ: Mapping[str, str] | None = None) -> Mattebox:
    """The core, from the first of: ``preference``, $MATTEBOX_PYTHON, ``mattebox`` on the PATH.

    A preference, or a variable, that leads nowhere is an error: falling through to another
    installation would key with what nobody chose.

    Args:
        preference: a Python interpreter, a ``mattebox`` command, or the folder of an environment;
            empty where the artist said nothing.
        environ: the environment; default: this process's.

    Raises:
        NotFoundError: with what was tried and the next step.
    """
    environment = os.environ if environ is None else environ
    for source, value in (("preferences", preference), (VARIABLE, environment.get(VARIABLE, ""))):
        if value.strip():
            # Absolute, since runs have a working folder of their own; not resolved, since an
            # environment's python is a link.
            chosen = Path(value.strip()).expanduser().absolute()
            return Mattebox(_command(chosen, source), source)
    command = shutil.which("mattebox", path=environment.get("PATH"))
    if command is None:
        raise NotFoundError(
            "Mattebox was not found: no environment is chosen in the preferences, "
            f"{VARIABLE} is not set, and there is no command mattebox on the PATH. Make an "
            f"environment (python3 -m venv mattebox; mattebox/bin/pip install {WHEEL}) and choose "
            "its python in the preferences."
        )
    return Mattebox((str(Path(command).absolute()),), "PATH")


def _command(chosen: Path, source: str) -> tuple[str, ...]:
    if chosen.is_dir():
        inside = [chosen / name for name in ("bin/python", "Scripts/python.exe", "bin/python3")]
        chosen = next((path for path in inside if path.is_file()), chosen)
    if not chosen.is_file() or not os.access(chosen, os.X_OK):
        raise NotFoundError(
            f"{chosen} (from {source}) is not a program. Choose the python of the environment that "
            "Mattebox was installed into, or its mattebox command."
        )
    if chosen.name.lower().startswith("python"):
        # -I: no user site, no folder of the host; what is in the environment and nothing else. It
        # shuts PYTHONUTF8 out as well.
        return (str(chosen), "-I", "-X", "utf8", "-m", "mattebox")
    return (str(chosen),)


def clean_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the core's process: the host's own, less what belongs to the host."""
    environment = os.environ if environ is None else environ
    kept = {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(_HOSTS_OWN)
    }
    kept["PYTHONNOUSERSITE"] = "1"
    kept["PYTHONUTF8"] = "1"
    return kept


def ask(mattebox: Mattebox, words: Sequence[str], *, seconds: float = EXAMINE_SECONDS) -> str:
    """Run a short command of the core and give back what it printed.

    Raises:
        BrokenError: it does not start, ends with a fault, or does not end at all.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the command that the artist chose
            [*mattebox.command, *words],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
            **hidden_window(),
        )
    except OSError as error:
        raise BrokenError(f"{mattebox.command[0]} does not start: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise BrokenError(
            f"{mattebox.command[0]} did not answer within {seconds:.0f} s; try it in a terminal"
        ) from error
    if done.returncode != 0 and not done.stdout.strip():
        said = done.stderr.strip().splitlines() or ["nothing was said"]
        raise BrokenError(
            f"{' '.join(mattebox.command)} ended with {done.returncode}: {said[-1]}. "
            f"Is Mattebox installed in that environment (pip install {WHEEL})?"
        )
    return str(done.stdout)


def examine(mattebox: Mattebox) -> Health:
    """What ``mattebox doctor`` finds. Raises BrokenError."""
    answer = ask(mattebox, ("doctor", "--json"))
    return understood(mattebox, answer, _health, what="a report")


def understood(
    mattebox: Mattebox, answer: str, read: Callable[[dict[str, Any]], Read], *, what: str
) -> Read:
    """What ``read`` makes of a JSON answer of the core. Raises BrokenError where it is another."""
    try:
        return read(json.loads(answer))
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenError(
            f"{' '.join(mattebox.command)} answered something else than {what}: "
            f"{answer[:80]!r}. Is it Mattebox, and of this version?"
        ) from error


def _health(report: dict[str, Any]) -> Health:
    faults = [Fault(fault["what"], fault["cure"]) for fault in report["faults"]]
    if report["mattebox"] != __version__:
        versions = (
            f"this plug-in is of Mattebox {__version__}, and {report['mattebox']} is installed"
        )
        faults.append(Fault(versions, "install the same version of both"))
    return Health(
        version=report["mattebox"],
        python=f"{report['python']} ({report['executable']})",
        devices=tuple(_device(device) for device in report["devices"]),
        weights=tuple(report["weights"]),
        faults=tuple(faults),
    )


def _device(device: Mapping[str, Any]) -> str:
    return " ".join(dict.fromkeys((str(device["name"]), str(device["description"]))))


def hidden_window() -> dict[str, Any]:
    """Windows opens a console for every process that a host starts, unless told not to."""
    flag = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return {"creationflags": flag} if flag else {}
