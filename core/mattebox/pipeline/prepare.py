"""Finding out, once per shot, what a job left open: colour, weights, exposure, screen, noise."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.colour_difference import is_keyable_screen
from mattebox.devices import choose_device, use_deterministic_arithmetic
from mattebox.engines.registry import engine_info, make_engine
from mattebox.errors import UsageError
from mattebox.events import Reporter, WarningEvent
from mattebox.job import Analysis, Job, Prepared, PreparedColour, PreparedWeights
from mattebox.matte.analyse import analyse_shot
from mattebox.matte.screen import find_screen, plate_colour
from mattebox.matte.statistics import ShotStatistics
from mattebox.pipeline.colour import open_colour, resolve_colour
from mattebox.pipeline.keyer import FrameKeyer, StageClock, shared_box
from mattebox.sequences import OutputPattern, output_pattern
from mattebox.settings import EngineName, Solver
from mattebox.shot import Pictures, Shot
from mattebox_ocio.model_space import exposure_for, srgb_decode
from mattebox_ocio.plate import PlateColour

Pixels = NDArray[np.float32]

SAMPLED_PAIRS = 6
"""Pairs of neighbouring frames looked at per shot: two frames tell grain from texture, and six
places see most of what moves in front of the plate."""

KEY_CHANNELS = {"auto": None, "green": 1, "blue": 2}
_HEX = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")


def prepare(job: Job, reporter: Reporter) -> Job:
    """The job with everything found out. A job that is prepared already comes back as it is.

    Raises MatteboxError of the kind of the fault; nothing is written.
    """
    if job.prepared is not None:
        return job
    device = choose_device(job.device)
    shot = Shot.open(job)
    checked_output(job, shot, shot.plate.frames)
    colour = resolve_colour(job, shot, reporter)
    weights = None
    if job.weights is not None and engine_info(job.settings.engine).wants_encoded:
        weights = _weights(Path(job.weights))
    analysis = _analyse(job, shot, colour, reporter)
    prepared = Prepared(colour=colour, weights=weights, analysis=analysis)
    return job.model_copy(update={"device": device.name, "prepared": prepared})


def checked_output(job: Job, shot: Shot, frames: Sequence[int]) -> OutputPattern:
    """Where the frames are written. Raises UsageError where that is one of the inputs."""
    output = output_pattern(job.output, shot.plate, frames)
    output.refuse_inputs(frames, [path for frame in frames for path in shot.files(frame)])
    return output


def _weights(path: Path) -> PreparedWeights:
    from mattebox.engines.checkpoints import load_checkpoint

    checkpoint = load_checkpoint(path)
    return PreparedWeights(path=str(path), sha256=checkpoint.sha256, network=checkpoint.network)


def _analyse(job: Job, shot: Shot, resolved: PreparedColour, reporter: Reporter) -> Analysis:
    """Look at pairs of frames spread over the whole input, never only at those asked for."""
    colour = open_colour(job, resolved)
    pairs = shot.spread_pairs(SAMPLED_PAIRS)
    pictures = {frame: shot.read(frame) for pair in pairs for frame in pair}
    digest = hashlib.sha256("".join(shot.digest(frame) for frame in pictures).encode())
    samples = [_to_rec709(colour, p.source) for p in pictures.values()]
    plates = [
        _to_rec709(colour, p.clean_plate) for p in pictures.values() if p.clean_plate is not None
    ]
    exposure = job.settings.exposure
    analysis = Analysis(
        frames=tuple(pictures),
        digest=digest.hexdigest(),
        exposure=exposure_for(samples) if exposure == "auto" else 2.0 ** float(exposure),
        screen=_screen(job, colour, samples, plates, reporter),
        statistics=None,
    )
    if job.settings.solver is Solver.OFF or job.settings.engine is EngineName.TRIANGULATE:
        return analysis
    return analysis.model_copy(
        update={
            "statistics": _statistics(
                job, shot, colour, analysis, [[pictures[frame] for frame in pair] for pair in pairs]
            )
        }
    )


def _statistics(
    job: Job,
    shot: Shot,
    colour: PlateColour,
    analysis: Analysis,
    pairs: list[list[Pictures]],
) -> ShotStatistics | None:
    """Grain and materials of the shot; None where no plate is known."""
    use_deterministic_arithmetic(job.threads)
    device = choose_device(job.device).torch
    engine = make_engine(
        job.settings, weights=None if job.weights is None else Path(job.weights), device=device
    )
    keyer = FrameKeyer(
        job.settings,
        engine=engine,
        colour=colour,
        analysis=analysis,
        device=device,
        window=shot.window,
        constant_plate=constant_plate(job, colour, analysis),
        clock=StageClock(),
    )
    sources, plates, alphas = [], [], []
    sure_inside = True
    for pair in pairs:
        state, seen = None, []
        for pictures in pair:
            frame, state = keyer.see(pictures, state)
            seen.append(frame)
        sure_inside = sure_inside and all(frame.prediction.sure_inside for frame in seen)
        # Outside the plate's data window nothing is known: it is neither screen nor subject.
        inside = shared_box(pair, shot.window)
        known = [f.plate_linear[inside] for f in seen if f.plate_linear is not None]
        if not known or known[0].numel() == 0:
            return None
        sources.append(torch.cat([frame.linear[inside] for frame in seen]))
        # A static plate is handed on as one picture: only then can the solver look behind smoke.
        static = all(torch.equal(plate, known[0]) for plate in known)
        plates.append(known[0] if static else torch.cat(known))
        alphas.append(torch.cat([frame.prediction.alpha[inside] for frame in seen]))
    return analyse_shot(sources, plates, alphas, sure_inside=sure_inside)


def _screen(
    job: Job,
    colour: PlateColour,
    samples: list[Pixels],
    plates: list[Pixels],
    reporter: Reporter,
) -> tuple[float, float, float] | None:
    """The colour of the screen's light in linear Rec.709, or None where there is no screen."""
    said = job.settings.screen
    if said is None:
        return plate_colour(plates) if plates and _are_screens(plates) else None
    if said in KEY_CHANNELS:
        if plates and said == "auto":
            return plate_colour(plates)
        found = find_screen(samples, KEY_CHANNELS[said])
        if not plates:
            reporter.emit(
                WarningEvent(
                    code="constant_plate",
                    message="no clean plate: one colour stands for the screen, "
                    f"{_words(found.colour)} in linear Rec.709, on "
                    f"{100 * found.area:.0f} % of the picture",
                    next_step="an uneven screen keys better with --clean-plate FILE",
                )
            )
        return found.colour
    code = _HEX.fullmatch(said)
    if code:
        encoded = torch.tensor([int(part, 16) / 255.0 for part in code.groups()])
        red, green, blue = srgb_decode(encoded).tolist()
        return (red, green, blue)
    given = torch.tensor([float(part) for part in said.split(",")]).view(1, 3, 1, 1)
    red, green, blue = colour.to_rec709(given).flatten().tolist()
    if max(red, green, blue) <= 0.0:
        raise UsageError(
            f"--screen {said} has no light", expected="R,G,B with at least one value above 0"
        )
    return (red, green, blue)


def _are_screens(plates: list[Pixels]) -> bool:
    """Whether clean plates are one saturated colour; a room with a tint throws no spill."""
    pictures = [torch.from_numpy(plate).permute(2, 0, 1).unsqueeze(0) for plate in plates]
    return all(is_keyable_screen(picture) for picture in pictures)


def constant_plate(
    job: Job, colour: PlateColour, analysis: Analysis
) -> tuple[float, float, float] | None:
    """The background colour, out-space linear, where a screen but no clean plate is given."""
    screen = analysis.screen
    if job.clean_plate is not None or job.settings.screen is None or screen is None:
        return None
    red, green, blue = colour.from_rec709(torch.tensor(screen).view(1, 3, 1, 1)).flatten().tolist()
    return (red, green, blue)


def _to_rec709(colour: PlateColour, pixels: Pixels) -> Pixels:
    held = torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).contiguous()
    linear = colour.to_rec709(colour.to_out(held))[0].permute(1, 2, 0)
    return linear.contiguous().numpy()


def _words(colour: tuple[float, float, float]) -> str:
    return ", ".join(f"{value:.3f}" for value in colour)
