"""The commands of the documents: blocks that can be run, and what the others need."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY

DOCUMENTS = sorted(
    [
        *(page for page in REPOSITORY.glob("*.md") if page.name != "CHANGELOG.md"),
        *(REPOSITORY / "docs").rglob("*.md"),
        *(REPOSITORY / "training").glob("*.md"),
    ]
)
"""Every page a reader meets; the CHANGELOG's commands are those of its day."""

NEEDS = {
    "the network": "what it gets is not here",
    "weights": "weights are not handed on with the source",
    "ffmpeg": "a program beside Mattebox; run where it is",
    "Nuke": "wants a licence",
    "a clipboard": "a machine without a screen has none",
    "a farm": "wants a dispatcher and its workers, or a GPU",
    "rembg": "another tool; tests/end_to_end/test_hint_tools.py runs it where it is",
    "the rendered shots": "not in the repository",
    "the shots": "not in the repository",
    "minutes": "measures a machine; its rows are tested one by one",
}
"""What a first line ``# needs ...`` of a block may name, and why such a block is not just run."""

CHECKOUT = "in a checkout"
"""A first line of a block whose commands are those of the source: they are looked at, not run."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page.

    Attributes:
        page: where it stands.
        line: of the page, from 1.
        language: after the fence; empty where none is said.
        text: without the fence's own indentation.
    """

    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{name_of(self.page)}:{self.line}"

    @property
    def needs(self) -> tuple[str, ...]:
        """What its first line says that it needs, ``CHECKOUT`` among it; nothing: it can be run."""
        first = self.text.partition("\n")[0]
        if not first.startswith(("# needs ", f"# {CHECKOUT}")):
            return ()
        return tuple(part.removeprefix("needs ") for part in first.removeprefix("# ").split(", "))

    def commands(self) -> Iterator[list[str]]:
        """The words of each command line, without comments and the variables it begins with."""
        waiting = ""
        for line in self.text.replace("\\\n", " ").splitlines():
            waiting += re.sub(r"(?:^|(?<=\s))#.*$", "", line) + "\n"  # shlex ends at any "#"
            try:
                words = shlex.split(waiting)
            except ValueError:  # a quotation goes on in the next line
                continue
            waiting = ""
            while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                words = words[1:]
            if words:
                yield words
        if waiting:
            raise ValueError(f"{self.name}: a quotation is never closed")


def name_of(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def blocks(page: Path) -> list[Block]:
    """All fenced blocks of a page, in their order."""
    text = page.read_text("utf-8")
    found = re.finditer(
        r"^(?P<indent> *)```(?P<language>[^\n`]*)\n(?P<text>.*?)^ *```$", text, re.M | re.S
    )
    return [
        Block(
            page,
            text.count("\n", 0, match.start()) + 1,
            match["language"].strip(),
            re.sub(rf"^{match['indent']}", "", match["text"], flags=re.M),
        )
        for match in found
    ]


def inline_commands(page: Path) -> list[list[str]]:
    """The words of each `mattebox ...` in the text; `a|b` stands for both."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text("utf-8"), flags=re.M | re.S)
    spans = re.findall(r"(?<!`)`(mattebox [a-z][^`]*)`(?!`)", text)
    return [command for span in spans for command in _spelt_out(span)]


def _spelt_out(span: str) -> list[list[str]]:
    words = shlex.split(span.replace("\\|", "|").replace("\n", " "))
    several = next((i for i, word in enumerate(words) if re.fullmatch(r"\w+(\|\w+)+", word)), None)
    if several is None:
        return [words]
    return [[*words[:several], one, *words[several + 1 :]] for one in words[several].split("|")]


def unknown_words(command: list[str], root: Any) -> list[str]:
    """Subcommands and options of a command line that the program ``root`` (click) does not have."""
    at, rest = root, command
    while rest and hasattr(at, "commands"):
        name, *rest = rest
        if name.startswith("-") or not re.fullmatch(r"[a-z-]+", name):
            break
        if name not in at.commands:
            return [name]
        at = at.commands[name]
    known = {name for option in at.params for name in (*option.opts, *option.secondary_opts)}
    known |= {"--help", "--version", "-h"}
    said = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    return [option for option in said if option not in known]
