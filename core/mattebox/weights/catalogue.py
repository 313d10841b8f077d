"""The catalogue of weights: names, addresses, hashes and licences, kept as data.

``catalogue.toml`` beside this file lists the official ones. A studio adds its own with a file of
the same form that ``MATTEBOX_CATALOGUE`` names; an entry there replaces one of the same name.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mattebox.documents import NotTextError, read_text, toml_of
from mattebox.errors import InputError, UnknownNameError
from mattebox.settings import EngineName

OWN_CATALOGUE = "MATTEBOX_CATALOGUE"
"""Environment variable that names a studio's own catalogue file."""

Network: TypeAlias = Literal[
    "rvm_mobilenetv3",
    "rvm_resnet50",
    "bgmv2_mobilenetv2",
    "bgmv2_resnet50",
    "bgmv2_resnet101",
]
"""``engines.checkpoints.NetworkName``, said again so that the catalogue reads without torch."""
Format: TypeAlias = Literal["pth", "safetensors", "torchscript", "onnx"]
Certainty: TypeAlias = Literal["confirmed", "seen once", "unknown"]
"""How many independent public projects record a hash: two or more, one, none."""

DEFAULTS = {EngineName.RVM: "rvm_mobilenetv3", EngineName.BGMV2: "bgmv2_resnet50"}
"""What an engine takes where the user names no weights."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Licence(_Part):
    """The terms under which weights may be used, as a user is shown them."""

    line: str = Field(min_length=1, description="What it asks of a user, in one line.")
    url: str = Field(pattern=r"^(https?|file)://", description="The full text.")


class Entry(_Part):
    """One weights file."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="What --weights takes.")
    network: Network
    format: Format
    precision: Literal["float32", "float16"] = "float32"
    file: Annotated[
        str,
        # No folder and nothing hidden: the store keeps its own notes under hidden names.
        Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$", description="Its name in the store."),
    ]
    url: str = Field(pattern=r"^(https?|file)://")
    bytes: int | None = Field(default=None, gt=0)
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    certainty: Certainty
    licence: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*$",
        description="SPDX identifier; a table of the same name.",
    )
    source: str = Field(description="Who made and published it.")

    @model_validator(mode="before")
    @classmethod
    def _vouched_for(cls, values: Any) -> Any:
        """An own entry that says nothing of certainty vouches for the hash it gives."""
        if isinstance(values, dict) and "certainty" not in values:
            return values | {"certainty": "confirmed" if "sha256" in values else "unknown"}
        return values

    @model_validator(mode="after")
    def _certain_of_a_hash(self) -> Self:
        if (self.sha256 is None) != (self.certainty == "unknown"):
            given = "no sha256" if self.sha256 is None else "a sha256"
            raise ValueError(f"{given} and certainty {self.certainty!r} do not go together")
        return self


class _File(_Part):
    """What stands in a catalogue file."""

    schema_version: Literal[1] = Field(alias="schema")
    licences: dict[str, Licence] = {}
    weights: tuple[Entry, ...]


@dataclass(frozen=True)
class Catalogue:
    """All weights that are known by name.

    Attributes:
        entries: name -> entry, official ones first.
        licences: SPDX identifier -> licence; holds every entry's.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    licences: Mapping[str, Licence] = field(default_factory=dict)

    @classmethod
    def read(cls) -> Catalogue:
        """The official catalogue, and the studio's own over it.

        Raises:
            InputError: the own catalogue cannot be read, or has faults (all are listed).
        """
        shipped = resources.files("mattebox.weights").joinpath("catalogue.toml")
        official = cls().extended(shipped.read_text(encoding="utf-8"), "the shipped catalogue")
        own = os.environ.get(OWN_CATALOGUE)
        if not own:
            return official
        path = Path(own)
        try:
            text = read_text(path)
        except (OSError, NotTextError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise InputError(
                f"the catalogue {path} cannot be read: {reason}",
                next_step=f"correct {OWN_CATALOGUE}, or unset it",
                path=path,
            ) from error
        return official.extended(text, f"the catalogue {path}", path)

    def extended(self, text: str, called: str, path: Path | None = None) -> Catalogue:
        """This catalogue and what a file adds to it; an entry of a known name replaces it.

        Args:
            text: the file, TOML.
            called: what messages call it.
            path: where it lies, for messages.

        Raises:
            InputError: faults, all of them listed.
        """
        try:
            values = toml_of(text)
        except ValueError as error:
            raise InputError(f"{called} is not TOML: {error}", path=path) from error
        try:
            added = _File.model_validate(values)
        except ValidationError as error:
            faults = [_fault(entry, values) for entry in error.errors()]
            raise _faulty(called, faults, path) from error
        licences = {**self.licences, **added.licences}
        faults = [
            f"{entry.name}: there is no [licences.{entry.licence!r}] table"
            for entry in added.weights
            if entry.licence not in licences
        ]
        entries = {**self.entries, **{entry.name: entry for entry in added.weights}}
        faults += _repeated("name", [entry.name for entry in added.weights])
        faults += _repeated("file", [entry.file for entry in entries.values()])
        if faults:
            raise _faulty(called, faults, path)
        return Catalogue(entries, licences)

    def named(self, name: str) -> Entry:
        """Raises UnknownNameError, with the nearest names, where there is none."""
        if name not in self.entries:
            raise UnknownNameError(
                "weights entry",
                name,
                self.entries,
                next_step="`mattebox weights list` shows all",
            )
        return self.entries[name]

    def with_sha256(self, sha256: str) -> Entry | None:
        """The entry of a file with this hash, whatever the file is called."""
        return next((e for e in self.entries.values() if e.sha256 == sha256), None)

    def licence(self, entry: Entry) -> Licence:
        """The terms of an entry."""
        return self.licences[entry.licence]


def _fault(error: Any, values: dict[str, Any]) -> str:
    """One pydantic error as a sentence: which entry, what, which value."""
    where = list(error["loc"])
    if where[:1] == ["weights"] and len(where) > 1:
        entry = values["weights"][where[1]]
        name = entry.get("name") if isinstance(entry, dict) else None
        where[:2] = [str(name or f"weights entry {where[1] + 1}")]
    called = ".".join(str(part) for part in where)
    if error["type"] == "extra_forbidden":
        return f"{called}: unknown entry"
    if error["type"] == "missing":
        return f"{called}: missing"
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{called}: {message}"
    return f"{called}: {message} (found {error['input']!r})"


def _repeated(what: str, values: Iterable[str]) -> list[str]:
    counted = Counter(values)
    return [f"{what} {value!r} is listed {n} times" for value, n in counted.items() if n > 1]


def _faulty(called: str, faults: list[str], path: Path | None) -> InputError:
    count = "one fault" if len(faults) == 1 else f"{len(faults)} faults"
    return InputError(
        f"{called} has {count}:\n" + "\n".join(f"- {fault}" for fault in faults),
        next_step="correct the file; docs/weights.md shows the form",
        path=path,
    )
