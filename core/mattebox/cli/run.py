"""Running a job from the command line: reporter, stop requests, preview, exit code."""

from __future__ import annotations

from pathlib import Path

from mattebox.errors import MatteboxError
from mattebox.events import EndEvent, JsonReporter, Reporter, TerminalReporter, error_event
from mattebox.job import Job
from mattebox.sequences import parse_frames


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
            if frames is not None:
                parse_frames(frames)  # a slip here should not cost the look at the shot
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
            if not error.was_reported:  # before the first frame
                reporter.emit(error_event(error))
                error.was_reported = True
                nothing = EndEvent(
                    exit_code=error.exit_code, done=0, skipped=0, total=0, seconds=0.0
                )
                reporter.emit(nothing)
            raise
