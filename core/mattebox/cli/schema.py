"""``mattebox schema``: the JSON schemas of job files, event lines and requests."""

from __future__ import annotations

import enum
import json
from typing import Annotated

import typer


class Document(enum.StrEnum):
    """What there are schemas of."""

    JOB = "job"
    EVENTS = "events"
    REQUESTS = "requests"


def schema(
    document: Annotated[
        Document, typer.Argument(help="job (files), events (--json lines) or requests (serve).")
    ],
) -> None:
    """Print the JSON schema of job files, event lines or the requests that serve reads.

    `mattebox schema job > job.schema.json`
    """
    typer.echo(schema_text(document), nl=False)


def schema_text(document: Document) -> str:
    """The schema as the text that docs/schema/ holds; a test compares the two."""
    if document is Document.JOB:
        from mattebox.job import Job

        described = Job.model_json_schema()
    elif document is Document.REQUESTS:
        from mattebox.preview_request import PreviewRequest

        described = PreviewRequest.model_json_schema()
    else:
        from mattebox.events import EVENT_SCHEMA

        described = EVENT_SCHEMA.json_schema()
    return json.dumps(described, indent=2, sort_keys=True) + "\n"
