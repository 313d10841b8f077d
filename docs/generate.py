"""Write the generated documents: docs/commands.md, docs/interface.md and docs/schema/. A test holds
them fresh.

Run with `make docs`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from mattebox.cli.app import app
from mattebox.cli.schema import Document, schema_text

DOCS = Path(__file__).resolve().parent

SECTIONS = {"Colour": "colour", "Matte": "a matte", "KeySettings": "settings"}
"""Parts of a job that have a table of their own -> their heading."""


def documents() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    made = {
        DOCS / "schema" / f"{document.value}.schema.json": schema_text(document)
        for document in Document
    }
    made[DOCS / "commands.md"] = commands_page()
    made[DOCS / "interface.md"] = interface_page()
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


def interface_page() -> str:
    """What programs write and read: entries of job files and requests, fields of event lines."""
    job, events, requests = (json.loads(schema_text(document)) for document in Document)
    parts = [
        "# Job files, event lines, requests",
        (
            "Generated from the schemas by `make docs`; do not edit. For programs: "
            "[job](schema/job.schema.json), [events](schema/events.schema.json) and "
            "[requests](schema/requests.schema.json), as `mattebox schema` prints them."
        ),
    ]
    parts += ["## Job file", "An entry that is not known is an error.", _entries(job, job)]
    for name, title in SECTIONS.items():
        part = job["$defs"][name]
        parts += [f"### {title.capitalize()}", part["description"], _entries(part, job)]
    parts += ["## Event lines", "Of `--json`, one a line; every line has `schema_version`, too."]
    for event, name in events["discriminator"]["mapping"].items():
        fields = events["$defs"][name.rpartition("/")[2]]
        for same_in_all in ("event", "schema_version"):
            del fields["properties"][same_in_all]
        parts += [f"### {event}", fields["description"], _entries(fields, events)]
    parts += ["## Requests", "What `mattebox serve` reads, one a line.", _entries(requests, {})]
    return "\n\n".join(parts) + "\n"


def _entries(fields: dict[str, Any], schema: dict[str, Any]) -> str:
    """A table of an object's entries, in the schema's order."""
    rows = ["| entry | value | default | meaning |", "|---|---|---|---|"]
    for name, entry in fields["properties"].items():
        default = entry.get("default", {})
        said = "" if isinstance(default, dict) else f"`{json.dumps(default)}`"
        meaning = _cell_of(entry.get("description", ""))
        rows.append(f"| `{name}` | {_value(entry, schema)} | {said} | {meaning} |")
    return "\n".join(row.replace("|  |", "| |").replace("|  |", "| |") for row in rows)


def _value(entry: dict[str, Any], schema: dict[str, Any]) -> str:
    """What an entry may hold, in a few words."""
    if "$ref" in entry:
        name = str(entry["$ref"]).rpartition("/")[2]
        if name in SECTIONS:
            return f"[{SECTIONS[name]}](#{SECTIONS[name].replace(' ', '-')})"
        held = schema["$defs"][name]
        return _value(held, schema) if "enum" in held else "what the analysis of the shot found"
    if "anyOf" in entry:
        return " or ".join(_value(one, schema) for one in entry["anyOf"])
    if "enum" in entry or "const" in entry:
        return ", ".join(f"`{value}`" for value in entry.get("enum", [entry.get("const")]))
    if entry["type"] == "array":
        return f"list of {_value(entry['items'], schema)}"
    return str(entry["type"])


def _cell_of(text: str) -> str:
    return _text(text).replace("\n", " ").replace("|", "\\|")


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
