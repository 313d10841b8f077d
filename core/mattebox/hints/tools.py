"""A tool on this machine: where its recipe's parameters point to, and whether it can run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mattebox.documents import NotTextError, read_text, toml_of
from mattebox.errors import InputError, ToolError, UnknownNameError, WriteError
from mattebox.hints.process import clean_environment
from mattebox.hints.recipe import (
    Parameter,
    Recipe,
    filled,
    filled_command,
    filled_environment,
    recipe_named,
    settings_folder,
)
from mattebox.whole_files import write_whole

PLACES = "tools.toml"
"""The file in the settings folder that holds what the user said of tools."""

VERSION_SECONDS = 60.0
"""A tool that takes longer to say its version does not work: imports from a slow share take 20."""

_TOLD = 300  # characters of what a tool says that are handed on


@dataclass(frozen=True)
class Tool:
    """A recipe with its parameters.

    Attributes:
        recipe: what.
        values: of its parameters, by name; programs as found on the PATH. Unset ones are absent.
    """

    recipe: Recipe
    values: Mapping[str, str]

    def faults(self) -> list[str]:
        """Why it cannot run here, a sentence each; empty where it can. Starts no process."""
        if self.recipe.unusable is not None:
            return [self.recipe.unusable]
        found = (self._fault(name, one) for name, one in self.recipe.parameters.items())
        return [fault for fault in found if fault is not None]

    def refuse_unusable(self) -> None:
        """Raise ToolError with all reasons where it cannot run."""
        faults = self.faults()
        if not faults:
            return
        steps = "; ".join(self.recipe.install)
        raise ToolError(
            f"{self.recipe.title} cannot be used here: {'; '.join(faults)}",
            next_step=f"{steps}. `mattebox hint show {self.recipe.name}` says more",
        )

    def version(self) -> str:
        """Which version runs. Raises ToolError where its environment does not say it."""
        wanted = self.recipe.version
        assert wanted is not None
        values = _DRIVERS | dict(self.values)
        if wanted.file is not None:
            path = Path(filled(wanted.file, values))
            try:
                return f"sha256 {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
            except OSError as error:
                raise self._no_version(f"{path}: {error.strerror}") from error
        command = filled_command(wanted.command, values)
        try:
            done = subprocess.run(  # noqa: S603 - the user's own tool, no shell
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=clean_environment(filled_environment(self.recipe, values)),
                timeout=VERSION_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._no_version(str(error)) from error
        said = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode or not said:
            complaint = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise self._no_version(complaint[-1] if complaint else "it says nothing")
        return said.splitlines()[-1][:_TOLD]

    def _no_version(self, said: str) -> ToolError:
        return ToolError(
            f"the environment of {self.recipe.title} does not work: {said[:_TOLD]}",
            next_step=f"{'; '.join(self.recipe.install)}. `mattebox hint show {self.recipe.name}` "
            "says which places are used",
        )

    def _fault(self, name: str, parameter: Parameter) -> str | None:
        value = self.values.get(name)
        how = f"`mattebox hint set {self.recipe.name} {name}=...`"
        if value is None:
            return None if parameter.optional else f"{name} is not set ({parameter.help}): {how}"
        path = Path(value)
        if parameter.kind == "program" and shutil.which(value) is None:
            return f"there is no program {value} ({parameter.help}): {how}"
        if parameter.kind == "file" and not path.is_file():
            return f"there is no file {value} ({parameter.help}): {how}"
        if parameter.kind == "folder":
            if not path.is_dir():
                return f"there is no folder {value} ({parameter.help}): {how}"
            absent = [entry for entry in parameter.holds if not (path / entry).exists()]
            if absent:
                return f"the folder {value} does not hold {', '.join(absent)}: {how}"
        return None


_DRIVERS = {"drivers": Path(__file__).parent.as_posix()}


def open_tool(name: str, said: Mapping[str, str] | None = None) -> Tool:
    """A tool by name, as it is set up here.

    Args:
        name: of its recipe.
        said: parameters for this run, over those that are remembered.

    Raises:
        UnknownNameError: no such tool, or no such parameter.
        InputError: a recipe or the remembered places cannot be read.
    """
    recipe = recipe_named(name)
    values = {key: one.default for key, one in recipe.parameters.items() if one.default is not None}
    values |= {key: v for key, v in _remembered().get(name, {}).items() if key in recipe.parameters}
    values |= _known(recipe, said or {})
    return Tool(recipe, {key: _in_place(recipe.parameters[key], v) for key, v in values.items()})


def remember_values(name: str, said: Mapping[str, str]) -> Path:
    """Keep where a tool is, for all later runs; an empty value forgets one.

    Returns the file. Raises as ``open_tool``, and WriteError.
    """
    places = _remembered()
    values = places.get(name, {}) | _known(recipe_named(name), said)
    places[name] = {key: value for key, value in values.items() if value}
    lines: list[str] = []
    for tool, entries in sorted(places.items()):
        # A TOML basic string is a JSON string: both escape alike.
        lines += [f"[{tool}]", *(f"{key} = {json.dumps(v)}" for key, v in entries.items()), ""]
    path = settings_folder() / PLACES
    step = "make the settings folder writable, or name another: MATTEBOX_SETTINGS=FOLDER"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WriteError(
            f"{path.parent} cannot be made: {error.strerror}", next_step=step, path=path.parent
        ) from error
    write_whole(path, "\n".join(lines).encode(), next_step=step)
    return path


def _remembered() -> dict[str, dict[str, str]]:
    path = settings_folder() / PLACES
    try:
        text = read_text(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, NotTextError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path} cannot be read: {reason}", path=path) from error
    try:
        tables = toml_of(text)
        return {tool: {key: str(v) for key, v in one.items()} for tool, one in tables.items()}
    except (ValueError, AttributeError) as error:
        raise InputError(
            f"{path} is not a list of tools: {error}",
            expected='[tool] and lines such as folder = "/opt/tool"',
            next_step="correct it, or delete it and run `mattebox hint set` again",
            path=path,
        ) from error


def _known(recipe: Recipe, said: Mapping[str, str]) -> dict[str, str]:
    for key in said:
        if key not in recipe.parameters:
            raise UnknownNameError(f"parameter of {recipe.name}", key, recipe.parameters)
    return dict(said)


def _in_place(parameter: Parameter, value: str) -> str:
    """A place as a process in another folder finds it."""
    if parameter.kind == "text":
        return value
    expanded = os.path.expanduser(value)  # noqa: PTH111 - "rembg" alone is a name, not a path
    if parameter.kind == "program":
        found = shutil.which(expanded)
        return expanded if found is None else os.path.abspath(found)  # noqa: PTH100 - links stay
    return os.path.abspath(expanded)  # noqa: PTH100 - a link may be what the user means
