"""``mattebox schema``: the JSON schemas of the job file and of the event lines."""

from __future__ import annotations

import enum
import json
from typing import Annotated

import typer


class Document(enum.StrEnum):
    """What there are schemas of."""

    JOB = "job"
    EVENTS = "events"


def schema(
    document: Annotated[Document, typer.Argument(help="job (files) or events (--json lines).")],
) -> None:
    """Print the JSON schema of job files or event lines.

    `mattebox schema job > job.schema.json`
    """
    typer.echo(schema_text(document), nl=False)


def schema_text(document: Document) -> str:
    """The schema as the text that docs/schema/ holds; a test compares the two."""
    if document is Document.JOB:
        from mattebox.job import Job

        described = Job.model_json_schema()
    else:
        from mattebox.events import EVENT_SCHEMA

        described = EVENT_SCHEMA.json_schema()
    return json.dumps(described, indent=2, sort_keys=True) + "\n"
