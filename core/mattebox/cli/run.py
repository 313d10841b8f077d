"""Running a job from the command line: reporter, stop requests, preview, exit code."""

from __future__ import annotations

from pathlib import Path

from mattebox.errors import MatteboxError
from mattebox.events import JsonReporter, Reporter, TerminalReporter, error_event
from mattebox.job import Job


def run_job(
    job: Job,
    *,
    frames: str | None,
    write_job: Path | None,
    force: bool,
    overwrite: bool,
    preview: Path | None,
    json_lines: bool,
) -> None:
    """Prepare and run one job. Raises MatteboxError, already reported to the listener."""
    from mattebox import pipeline
    from mattebox.cli.stop import stop_requests

    reporter: Reporter = JsonReporter() if json_lines else TerminalReporter()
    with stop_requests(read_standard_input=json_lines) as stop:
        try:
            prepared = pipeline.prepare(job, reporter)
            if write_job is not None:
                prepared.write(write_job)
                return
            pipeline.run(
                prepared,
                reporter,
                frames=frames,
                stop=stop,
                force=force,
                overwrite=overwrite,
                preview=preview,
            )
        except MatteboxError as error:
            reporter.emit(error_event(error))
            error.was_reported = True
            raise
