"""Documents that are generated are fresh, every command and knob is documented, and what the pages
tell a reader to type exists. (tests/end_to_end/test_documented_commands.py types it.)
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

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
PROGRAMS = ("mattebox", "python", "python3", "pip", "make", "openjd")


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


def test_every_subcommand_and_option_that_is_written_exists() -> None:
    """Those of blocks that are not run, and those in the text, too."""
    roots = {
        "mattebox": typer.main.get_command(mattebox),
        "benchmarks": typer.main.get_command(benchmarks),
    }
    wrong = []
    for where, command in written():
        if command[0] == "mattebox" or command[0].endswith("/bin/mattebox"):
            found = unknown_words(command[1:], roots["mattebox"])
        elif command[:3] == ["python", "-m", "benchmarks"]:
            found = unknown_words(command[3:], roots["benchmarks"])
        else:
            continue
        wrong += [f"{where}: {word}" for word in found]
    assert wrong == []


def written() -> Iterator[tuple[str, list[str]]]:
    for page in DOCUMENTS:
        for command in inline_commands(page):
            yield name_of(page), command
    for block in SHELL_BLOCKS:
        for command in block.commands():
            yield block.name, command


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
