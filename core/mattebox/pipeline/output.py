"""A keyed frame on its way to disk: header, channels that are passed through, events."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from mattebox import __version__, header_words
from mattebox.errors import UsageError, named
from mattebox.events import FrameEvent, Reporter, WarningEvent
from mattebox.frames import carried_attributes, write_frame
from mattebox.images import Frame
from mattebox.pipeline.clock import StageClock
from mattebox.pipeline.keyed_frame import KeyedFrame
from mattebox.pipeline.plan import Plan
from mattebox.pipeline.reduction import Reduction
from mattebox.settings import Proxy
from mattebox.shot import Pictures


def write_keyed(
    plan: Plan, pictures: Pictures, keyed: KeyedFrame, reporter: Reporter, clock: StageClock
) -> None:
    """Write one frame, beside the run, and say so."""
    frame, path = pictures.frame, plan.output.path(pictures.frame)
    with clock.beside("write"):
        attributes, types = _header(plan, pictures, keyed)
        reduction = Reduction.of(plan.job.settings, plan.shot)
        _refuse_doubled(keyed, pictures)
        keyed_frame = Frame(
            keyed.pixels,
            keyed.channels,
            data_window=reduction.window,
            display_window=pictures.header.display_window.reduced(reduction.factor),
            pixel_aspect=pictures.header.pixel_aspect,
            attributes=attributes,
            attribute_types=types,
            passed=tuple(
                replace(one, values=reduction.sampled(one.values)) for one in pictures.passed
            ),
        )
        write_frame(path, keyed_frame, pixel_type=plan.job.settings.pixel_type.value)
    for code, count, message in (
        ("non_finite", pictures.repaired, "pixels with NaN or Inf repaired from their neighbours"),
        ("clamped", keyed.clamped, "values outside half's range clamped to +-65504"),
    ):
        if count:
            reporter.emit(
                WarningEvent(code=code, message=f"{count} {message}", frame=frame, path=str(path))
            )
    if not keyed.identity.holds:
        reporter.emit(
            WarningEvent(
                code="identity",
                message=f"the layers miss the source by {keyed.identity.max_steps:.2f} steps at "
                f"{keyed.identity.worst}",
                frame=frame,
                path=str(path),
                next_step="please report this; it is a fault of Mattebox",
            )
        )
    reporter.emit(
        FrameEvent(
            frame=frame,
            path=str(path),
            skipped=False,
            identity=keyed.identity.max_steps,
            residual=keyed.residual,
        )
    )


def _refuse_doubled(keyed: KeyedFrame, pictures: Pictures) -> None:
    """Raise UsageError where channels that are passed through have names of the result's own."""
    doubled = set(keyed.channels) & {one.name for one in pictures.passed}
    if doubled:
        raise UsageError(
            f"the plate's {', '.join(sorted(doubled))} cannot be passed through: the result has "
            "channels of that name",
            next_step=f"leave them out of {named('layers')}, or the pass out of {named('passes')}",
            frame=pictures.frame,
        )


def _header(
    plan: Plan, pictures: Pictures, keyed: KeyedFrame
) -> tuple[dict[str, Any], dict[str, str]]:
    """The source's attributes, the result's colour, and where the pixels come from; with types."""
    job = plan.job
    colour, weights = job.prepared.colour, job.prepared.weights
    made: dict[str, Any] = {
        header_words.VERSION: __version__,
        header_words.ENGINE: job.settings.engine.value,
        header_words.DEVICE: job.device.split(":")[0],
        header_words.PLATE_SPACE: colour.in_space,
        header_words.PLATE: job.prepared.analysis.plate,
        header_words.JOB: job.fingerprint,
        header_words.SETTINGS: json.dumps(job.stated, separators=(",", ":"), sort_keys=True),
        header_words.INPUTS: plan.inputs(pictures.frame),
        header_words.IDENTITY: float(keyed.identity.max_steps),
        header_words.RESIDUAL: float(keyed.residual),
        header_words.REPAIRED: int(pictures.repaired),
        header_words.CLAMPED: int(keyed.clamped),
    }
    if job.prepared.analysis.statistics is not None:
        made[header_words.UNMIXING] = job.prepared.unmixing
    if job.prepared.flow is not None:
        made[header_words.FLOW] = job.prepared.flow
    if job.settings.proxy is not Proxy.FULL:
        made[header_words.PROXY] = job.settings.proxy.factor
    if weights is not None:
        made[header_words.WEIGHTS] = weights.sha256
        if weights.licence is not None:
            made[header_words.WEIGHTS_LICENCE] = weights.licence
    if colour.interop_id is not None:
        made["colorInteropID"] = colour.interop_id
    made["chromaticities"] = colour.chromaticities
    attributes, types = carried_attributes(pictures.header)
    return attributes | made, types | {"chromaticities": "float[8]"}
