"""Write the generated documents: docs/commands.md and docs/schema/. A test holds them fresh.

Run with `make docs`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from mattebox.cli.app import app
from mattebox.cli.schema import Document, schema_text

DOCS = Path(__file__).resolve().parent


def documents() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    made = {
        DOCS / "schema" / f"{document.value}.schema.json": schema_text(document)
        for document in Document
    }
    made[DOCS / "commands.md"] = commands_page()
    return made


def commands_page() -> str:
    """The command reference: every command with its help and every option, in help's order."""
    root: Any = typer.main.get_command(app)
    parts = [
        "# Commands",
        "Generated from the command line itself by `make docs`; do not edit.",
        _text(root.help),
    ]
    for name, command in _commands(root):
        parts += [f"## mattebox {name}", _text(command.help)]
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [p for p in command.params if p.param_type_name == "option"]
        if arguments:
            parts.append("\n".join(f"- `{a.name.upper()}`: {a.help}" for a in arguments))
        if options:
            rows = ["| option | meaning |", "|---|---|"]
            rows += [f"| {_flags(o)} | {_cell(o)} |" for o in options if o.name != "help"]
            parts.append("\n".join(rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its full name; those of a group (``bench quality``) after the group."""
    for name, command in group.commands.items():
        yield before + name, command
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")


def _text(help_text: str | None) -> str:
    return re.sub(r"\n{3,}", "\n\n", (help_text or "").strip())


def _flags(option: Any) -> str:
    names = [*option.opts, *option.secondary_opts]
    return ", ".join(f"`{name}`" for name in names if not name.startswith("--no-"))


def _cell(option: Any) -> str:
    return str(option.help or "").replace("|", "\\|")


if __name__ == "__main__":
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(DOCS.parent))
