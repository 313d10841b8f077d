"""Documents that are generated are fresh, and every command and knob is documented."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from mattebox.settings import EngineName, knobs

REPOSITORY = Path(__file__).parents[2]


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


def test_every_engine_stands_in_the_readme() -> None:
    page = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert [engine for engine in EngineName if f"`{engine}`" not in page] == []


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")]
    broken = [
        f"{page.name}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))
        if not (page.parent / target).exists()
    ]
    assert broken == []
