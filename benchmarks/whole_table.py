"""What ``python -m benchmarks whole`` found, as a table for people and a document for programs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.alone import IDLE
from benchmarks.whole import ALONE, COPY, Measured

_WAYS = (
    "| way | s/frame | CPU s/frame | peak MiB | MB/frame | to the slowest stage | to the copy |",
    "|---|---:|---:|---:|---:|---:|---:|",
)
_STAGES = (
    "| stage | alone: s/frame | CPU s/frame | in the run: computed | waited | longest lock, ms |",
    "|---|---:|---:|---:|---:|---:|",
)


def whole_markdown(measured: Sequence[Measured]) -> str:
    """Two Markdown tables for each job: the ways, and the stages."""
    return "\n\n".join(map(_job_markdown, measured)) + "\n"


def _job_markdown(job: Measured) -> str:
    lines = [f"**{job.name}**, {job.frames} frames", "", *_WAYS]
    lines += [_way_row(job, way) for way in job.costs if way != ALONE]
    lines += ["", *_STAGES, *_stage_rows(job), ""]
    lines.append(
        f"Wall time of the frames to the slowest stage alone ({job.slowest()}): "
        f"{job.overlap():.2f}. Writing is {100.0 * job.write_share():.0f} % of the CPU time of "
        "all stages."
    )
    return "\n".join(lines)


def _way_row(job: Measured, way: str) -> str:
    seconds, cpu = (job.median(way, kind) / job.frames for kind in ("seconds", "cpu_seconds"))
    slowest = job.stage_median(job.slowest(), "seconds") / job.frames
    size = job.written.get(way)
    stored = "-" if size is None else f"{size / job.frames / 1e6:.1f}"
    return (
        f"| {way} | {seconds:.2f} | {cpu:.2f} | {job.median(way, 'peak'):.0f} | {stored} "
        f"| {seconds / slowest:.2f} | {job.ratio(way, COPY):.1f} |"
    )


def _stage_rows(job: Measured) -> list[str]:
    idle = max(job.gaps.get(IDLE, [0.0]))
    rows = [f"| (nothing) | - | - | - | - | {idle:.0f} |"]
    for stage in job.stages[0]["seconds"]:
        alone, cpu = (job.stage_median(stage, kind) for kind in ("seconds", "cpu_seconds"))
        computed, waited = (
            _in_the_run(job, stage, kind) for kind in ("seconds_by_stage", "waited_by_stage")
        )
        told = " | ".join(f"{one / job.frames:.2f}" for one in (alone, cpu, computed, waited))
        rows.append(f"| {stage} | {told} | {max(job.gaps.get(stage, [0.0])):.0f} |")
    return rows


def _in_the_run(job: Measured, stage: str, kind: str) -> float:
    """Seconds of a stage by our command's own clock, the median over rounds."""
    parts = ("colour", "engine", "matte") if stage == "key" else (stage,)
    return statistics.median(
        sum(float(clock[kind].get(part, 0.0)) for part in parts) for clock in job.clocks
    )


def whole_document(measured: Sequence[Measured], *, threads: int, cores: int) -> dict[str, Any]:
    """All figures, every round of them."""
    jobs = []
    for job in measured:
        values = asdict(job)
        for costs in values["costs"].values():
            for cost in costs:
                del cost["said"]  # event lines, of which the clock is kept
        jobs.append({**values, "overlap": job.overlap(), "write_share": job.write_share()})
    return {
        "kind": "mattebox/bench-whole",
        "version": 1,
        "threads": threads,
        "cores": cores,
        "jobs": jobs,
    }
