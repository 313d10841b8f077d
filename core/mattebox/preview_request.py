"""What `mattebox serve` reads: one JSON object per line, each asking for one frame.

Its schema is ``PreviewRequest`` (``mattebox schema requests``); a line ``stop`` ends the process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mattebox.errors import RequestError, UsageError
from mattebox.job import Job


class PreviewRequest(BaseModel):
    """One frame of a job, or of the job before with other settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: str = Field(description="An id chosen by the asker; every line of the answer has it.")
    frame: int
    job: dict[str, Any] | None = Field(
        default=None, description="The job, as a job file holds it; default: the one before."
    )
    settings: dict[str, Any] | None = Field(
        default=None, description="Settings that change in that job."
    )
    prepared: Path | None = Field(
        default=None,
        description="Where the prepared job is kept, as of `mattebox key --prepared`.",
    )
    force: bool = Field(default=False, description="Compute the frame again where it is current.")

    def asked(self, before: Job | None) -> Job:
        """The job that is meant.

        Args:
            before: the job of the request before; None where there was none.

        Raises:
            JobError: with all faults of the job, or of the changed settings.
            UsageError: there was no job before.
        """
        if self.job is not None:
            values = dict(self.job)
        elif before is not None:
            values = before.model_dump(mode="json", exclude={"prepared"})
        else:
            raise UsageError(
                f"the request {self.request!r} has no job, and none came before it",
                expected="a job with the first request",
                next_step='say it: {"request": "1", "frame": 1001, "job": {"plate": ...}}',
            )
        if self.settings is not None:
            values["settings"] = {**values.get("settings", {}), **self.settings}
        return Job.checked(values)


def parse_request(line: str) -> PreviewRequest:
    """A request from its line. Raises RequestError with what is wrong with it."""
    try:
        return PreviewRequest.model_validate_json(line)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in found["loc"])
        raise RequestError(
            f"a request cannot be read: {f'{where}: ' if where else ''}{found['msg']}",
            expected='a line such as {"request": "1", "frame": 1001, "job": {...}}, or stop',
            next_step="`mattebox schema requests` prints what a request may hold",
        ) from error
