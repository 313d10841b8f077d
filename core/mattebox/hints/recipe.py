"""Recipes: how a matting tool wants its pictures, is called, and leaves its mattes; kept as data.

``recipes/*.toml`` beside this file come with the package. A user's own lie in the settings folder
(``settings_folder``); one of the same name replaces a shipped one.

A recipe holds no code of its tool: a person installs that, under its own licence. In texts of a
recipe ``{name}`` stands for a parameter or for one of ``KNOWN_PLACES``.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mattebox.documents import NotTextError, read_text, toml_of
from mattebox.errors import InputError, UnknownNameError

OWN_SETTINGS = "MATTEBOX_SETTINGS"
"""Environment variable that names another settings folder."""

KNOWN_PLACES = ("work", "clip", "pictures", "mask", "background", "mattes", "count", "drivers")
"""What every recipe can name: the run's own folder, a name that no other run has, the folder (or
movie) of the pictures, the mask (file or folder), the folder of backgrounds, a folder for mattes,
the number of pictures, and the folder of Mattebox's own small drivers."""

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")

Argument: TypeAlias = str | tuple[str, ...]
"""One argument; several in a list of their own are left out where a parameter in them is unset."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Terms(_Part):
    """A tool's licence, as its authors state it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 .,+()-]*$")]
    line: str = Field(min_length=1, description="What it asks of a user, in one line.")
    url: str = Field(pattern=r"^https?://", description="The full text.")


class Documentation(_Part):
    """Where the command line was taken from, and when."""

    page: str = Field(pattern=r"^https?://")
    read: dt.date


class Parameter(_Part):
    """Something that only the user's machine knows, or that the user chooses."""

    kind: Literal["program", "folder", "file", "text"]
    help: str
    default: str | None = None
    optional: bool = False
    holds: tuple[str, ...] = Field(default=(), description="Of a folder: files that must be there.")


class Size(_Part):
    """How pictures are scaled. Aspect is kept unless ``exactly`` is said."""

    longest: int | None = Field(default=None, ge=16, description="Longer side at most this.")
    exactly: tuple[int, int] | None = Field(default=None, description="Width and height.")
    multiple: int = Field(default=1, ge=1, le=256, description="Both sides are multiples of this.")

    def of(self, width: int, height: int) -> tuple[int, int]:
        """The size that a picture of ``width`` x ``height`` pixels is sent with."""
        if self.exactly is not None:
            return self.exactly
        scale = 1.0 if self.longest is None else min(1.0, self.longest / max(width, height))
        step = self.multiple
        return (
            max(step, round(width * scale / step) * step),
            max(step, round(height * scale / step) * step),
        )


class Pictures(_Part):
    """The pictures that a tool gets: sRGB codes of the plate, each frame one file."""

    folder: str = "{work}/pictures"
    suffix: Literal[".png", ".jpg"] = ".png"
    bits: Literal[8, 16] = 8
    digits: int = Field(default=5, ge=1, le=12)
    start: int | None = Field(default=0, description="Number of the first; none keeps the plate's.")
    movie: bool = Field(default=False, description="{pictures} is one movie, made by ffmpeg.")
    size: Size = Size()

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.bits == 16 and (self.suffix == ".jpg" or self.movie):
            raise ValueError("JPEG and movies have 8 bits")
        return self


class Mask(_Part):
    """A mask that a tool wants beside the pictures: 8-bit PNG of their size, white is subject."""

    frames: Literal["first", "every"]
    folder: str = "{work}/mask"
    binary: bool = Field(default=False, description="Above a half is white, else black.")
    optional: bool = False


class Background(_Part):
    """Clean plates that a tool wants beside the pictures, under the same names."""

    folder: str = "{work}/background"


class Mattes(_Part):
    """What a tool leaves behind.

    Attributes:
        files: patterns of its files (``*``, ``**``), in this order; the first that finds any is
            taken. One movie counts as all its frames.
        match: ``name`` where a matte has the name of its picture, ``order`` where it is numbered
            anew.
    """

    files: tuple[str, ...] = Field(min_length=1)
    match: Literal["name", "order"] = "order"
    channel: str | None = Field(default=None, description="Default: A, else the first.")
    inverted: bool = Field(default=False, description="The tool's white is the background.")
    black: float = Field(default=0.0, description="Code of 255 that means alpha 0.")
    white: float = Field(default=255.0, description="Code of 255 that means alpha 1.")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.black >= self.white:
            raise ValueError("black must lie below white; say `inverted = true` to turn them")
        return self


class Version(_Part):
    """How it is known which version of a tool runs: what a command says, or a file's SHA-256."""

    command: tuple[Argument, ...] = ()
    file: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if bool(self.command) == (self.file is not None):
            raise ValueError("give either command or file")
        return self


class Recipe(_Part):
    """One tool, with everything that Mattebox has to know of it."""

    schema_version: Literal[1] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: str
    home: str = Field(pattern=r"^https?://")
    purpose: str
    licence: Terms
    documentation: Documentation | None = None
    run_here: str = Field(description="What of it was run by Mattebox's authors, in a sentence.")
    install: tuple[str, ...] = Field(description="What a person does to have it, step by step.")
    limits: tuple[str, ...] = ()
    memory: bool = Field(description="Whether a matte depends on other frames.")
    parameters: Mapping[str, Parameter] = {}
    environment: Mapping[str, str] = Field(default={}, description="Variables of its process.")
    unusable: str | None = Field(default=None, description="Why it has no command.")
    command: tuple[Argument, ...] = ()
    folder: str = Field(default="{work}", description="Where the command runs.")
    version: Version | None = None
    pictures: Pictures = Pictures()
    mask: Mask | None = None
    background: Background | None = None
    mattes: Mattes | None = None
    remove: tuple[str, ...] = Field(default=(), description="Patterns outside {work} to clear up.")
    patience: float = Field(
        default=1800.0, gt=0.0, description="Seconds without a line or a matte before it is ended."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        parts = (self.command, self.version, self.mattes)
        if self.unusable is None and not all(parts):
            raise ValueError("command, version and mattes are needed")
        unknown = sorted(set(_named_in(self)) - {*KNOWN_PLACES, *self.parameters})
        if unknown:
            raise ValueError(f"there is no parameter {', '.join(unknown)}")
        taken = sorted(set(self.parameters) & set(KNOWN_PLACES))
        if taken:
            raise ValueError(f"{', '.join(taken)} cannot be a parameter: it has a meaning already")
        for text in (*self.remove, *(place for place in _folders(self) if "{work}" not in place)):
            if "{clip}" not in text:
                raise ValueError(f"{text} lies outside of {{work}} and does not name {{clip}}")
        return self


def _folders(recipe: Recipe) -> tuple[str, ...]:
    wanted = (recipe.pictures, recipe.mask, recipe.background)
    return tuple(one.folder for one in wanted if one is not None)


def _named_in(recipe: Recipe) -> Iterator[str]:
    mattes, version = recipe.mattes, recipe.version
    texts: list[str] = [*_flat(recipe.command), recipe.folder, *recipe.remove, *_folders(recipe)]
    texts += [*recipe.environment.values(), *(mattes.files if mattes else ())]
    texts += [] if version is None else [*_flat(version.command), version.file or ""]
    for text in texts:
        yield from _NAME.findall(text)


def _flat(arguments: Iterable[Argument]) -> list[str]:
    return [text for one in arguments for text in ((one,) if isinstance(one, str) else one)]


def filled(text: str, values: Mapping[str, str]) -> str:
    """A recipe's text with its places and parameters. Raises KeyError where one has no value."""
    return _NAME.sub(lambda found: values[found[1]], text)


def filled_command(arguments: Iterable[Argument], values: Mapping[str, str]) -> list[str]:
    """A recipe's command; lists with a parameter that has no value are left out."""
    made: list[str] = []
    for one in arguments:
        if isinstance(one, str):
            made.append(filled(one, values))
        elif all(name in values for text in one for name in _NAME.findall(text)):
            made += [filled(text, values) for text in one]
    return made


def filled_environment(recipe: Recipe, values: Mapping[str, str]) -> dict[str, str]:
    """The variables of a tool's process; those with a parameter that has no value are left out."""
    return {
        variable: filled(text, values)
        for variable, text in recipe.environment.items()
        if all(name in values for name in _NAME.findall(text))
    }


def settings_folder() -> Path:
    """Where a user's own recipes and the places of tools are kept."""
    named = os.environ.get(OWN_SETTINGS)
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_config_path("mattebox", appauthor=False)


def read_recipes() -> dict[str, Recipe]:
    """All recipes by name: those that come with Mattebox, the user's own over them.

    Raises:
        InputError: one of the user's cannot be read, or has faults (all are listed).
    """
    found: dict[str, Recipe] = {}
    shipped = resources.files("mattebox.hints").joinpath("recipes")
    for entry in sorted(shipped.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".toml"):
            recipe = read_recipe(entry.read_text(encoding="utf-8"), Path(entry.name))
            found[recipe.name] = recipe
    folder = settings_folder() / "recipes"
    for path in sorted(folder.glob("*.toml")):
        try:
            text = read_text(path)
        except (OSError, NotTextError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise InputError(f"the recipe {path} cannot be read: {reason}", path=path) from error
        recipe = read_recipe(text, path)
        found[recipe.name] = recipe
    return found


def recipe_named(name: str) -> Recipe:
    """A recipe by its name. Raises UnknownNameError, and InputError as ``read_recipes``."""
    recipes = read_recipes()
    if name not in recipes:
        raise UnknownNameError(
            "tool",
            name,
            recipes,
            next_step="`mattebox hint list` shows them, docs/hints.md how to write one",
        )
    return recipes[name]


def read_recipe(text: str, path: Path) -> Recipe:
    """A recipe from its text. Raises InputError with all faults."""
    try:
        return Recipe.model_validate(toml_of(text))
    except ValidationError as error:
        faults = "\n".join(
            f"- {'.'.join(map(str, one['loc'])) or 'recipe'}: "
            f"{one['msg'].removeprefix('Value error, ')}"
            for one in error.errors()
        )
        raise InputError(
            f"the recipe {path} has faults:\n{faults}",
            next_step="correct them; docs/hints.md says what a recipe holds",
            path=path,
        ) from error
    except ValueError as error:
        raise InputError(f"the recipe {path} is not TOML: {error}", path=path) from error
