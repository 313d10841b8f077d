"""Documents that are generated are fresh, every command and knob is documented, and what the pages
tell a reader to type exists. (tests/end_to_end/test_documented_commands.py types it.)
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.conftest import REPOSITORY
from tests.support.documents import (
    CHECKOUT,
    DOCUMENTS,
    NEEDS,
    blocks,
    inline_commands,
    name_of,
    unknown_words,
)

from benchmarks.app import app as benchmarks
from mattebox.cli.app import app as mattebox
from mattebox.settings import EngineName, knobs

BLOCKS = [block for page in DOCUMENTS for block in blocks(page)]
SHELL_BLOCKS = [block for block in BLOCKS if block.language == "sh"]
PROGRAMS = ("mattebox", "python", "python3", "pip", "make", "openjd", "git")


def generated() -> dict[Path, str]:
    spec = importlib.util.spec_from_file_location("generate", REPOSITORY / "docs/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    documents: dict[Path, str] = module.documents()
    return documents


GENERATED = [
    "commands.md",
    "interface.md",
    "schema/job.schema.json",
    "schema/events.schema.json",
    "schema/requests.schema.json",
]


def test_the_generated_documents_are_these() -> None:
    names = [str(path.relative_to(REPOSITORY / "docs")) for path in generated()]
    assert sorted(names) == sorted(GENERATED)


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_document_is_fresh(name: str) -> None:
    page = REPOSITORY / "docs" / name
    assert page.read_text(encoding="utf-8") == generated()[page], "run make docs"


def test_every_knob_stands_in_the_command_reference() -> None:
    page = (REPOSITORY / "docs/commands.md").read_text(encoding="utf-8")
    assert [knob.flag for knob in knobs() if f"`{knob.flag}`" not in page] == []


def test_every_engine_stands_in_its_table() -> None:
    page = (REPOSITORY / "docs/key.md").read_text(encoding="utf-8")
    assert [engine for engine in EngineName if f"| `{engine}` |" not in page] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in DOCUMENTS
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_a_block_of_commands_says_that_it_is_one() -> None:
    silent = [
        block.name
        for block in BLOCKS
        if block.language != "sh"
        and any(line.split(" ")[0] in PROGRAMS for line in block.text.splitlines())
    ]
    assert silent == [], "write ```sh"


def test_what_a_block_needs_is_one_of_the_known_needs() -> None:
    unknown = [
        f"{block.name}: {need}"
        for block in SHELL_BLOCKS
        for need in block.needs
        if need not in {*NEEDS, CHECKOUT}
    ]
    assert unknown == []
    assert {need for block in SHELL_BLOCKS for need in block.needs} == {*NEEDS, CHECKOUT}


@pytest.mark.parametrize(
    ("where", "command"),
    [
        pytest.param(block.name, command, id=f"{block.name} {' '.join(command[:3])}")
        for block in SHELL_BLOCKS
        for command in block.commands()
        if Path(command[0]).name == "mattebox"
    ],
)
def test_the_command_line_takes_what_a_block_says(where: str, command: list[str]) -> None:
    """Values too; also of blocks that are not run."""
    root: Any = typer.main.get_command(mattebox)
    words = command[1 : command.index(">") if ">" in command else None]
    while hasattr(root, "commands"):
        root = root.commands[words.pop(0)]
    root.make_context(root.name, words)


def test_every_subcommand_and_option_in_the_text_exists() -> None:
    root = typer.main.get_command(mattebox)
    wrong = [
        f"{name_of(page)}: {word}"
        for page in DOCUMENTS
        for command in inline_commands(page)
        for word in unknown_words(command[1:], root)
    ]
    assert wrong == []


def test_every_benchmark_and_option_of_it_that_is_written_exists() -> None:
    root = typer.main.get_command(benchmarks)
    wrong = [
        f"{block.name}: {word}"
        for block in SHELL_BLOCKS
        for command in block.commands()
        if command[:3] == ["python", "-m", "benchmarks"]
        for word in unknown_words(command[3:], root)
    ]
    assert wrong == []


def test_the_farms_page_shows_every_dispatcher() -> None:
    commands = [c for b in blocks(REPOSITORY / "docs/farm.md") for c in b.commands()]
    shown = {words[2] for words in commands if words[:2] == ["mattebox", "farm"]}
    assert shown == {"openjd", "opencue", "flamenco"}


def test_every_make_target_and_file_of_the_source_that_is_written_exists() -> None:
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    missing = []
    for block in SHELL_BLOCKS:
        for program, *arguments in block.commands():
            if program == "make":
                targets = [word for word in arguments if "=" not in word]
                missing += [f"{block.name}: {t}" for t in targets if f"\n{t}:" not in makefile]
            elif program == "python3" and CHECKOUT in block.needs:
                missing += [a for a in arguments[:1] if not (REPOSITORY / a).is_file()]
    assert missing == []
