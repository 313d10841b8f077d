"""What is estimated once per shot: exposure, screen, background, grain.

Analyses pairs of neighbouring frames spread over the whole input, never only those asked for: so
all chunks agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.colour_difference import is_keyable_screen
from mattebox.devices import use_deterministic_arithmetic
from mattebox.errors import InputError, named
from mattebox.events import NoteEvent, Reporter, WarningEvent
from mattebox.images import Window
from mattebox.job import Analysis, Job, PreparedColour, PreparedWeights
from mattebox.matte.analyse import BACKGROUND, MAX_PLATE_NOISE, analyse_shot
from mattebox.matte.background_exposure import fit_exposure
from mattebox.matte.degrain import degrained_plate, plate_grain
from mattebox.matte.registration import camera_moves, moved_background, register_background
from mattebox.matte.statistics import BackgroundGain, NoiseModel, Registration, ShotStatistics
from mattebox.matte.takes import Lie
from mattebox.pipeline.backgrounds import (
    Backgrounds,
)
from mattebox.pipeline.clock import StageClock
from mattebox.pipeline.keyer import FrameKeyer
from mattebox.pipeline.mattes import judge_mattes
from mattebox.pipeline.reduction import Reduction
from mattebox.pipeline.sampling import read_pairs
from mattebox.pipeline.screen_choice import (
    choose_background,
    choose_screen,
    clean_plate_light,
    sample,
)
from mattebox.pipeline.seen_frame import shared_window
from mattebox.pipeline.setup import ShotSetup
from mattebox.settings import EngineName, KeySettings, PlateFit, Solver
from mattebox.shot import Pictures, Shot
from mattebox_ocio.model_space import exposure_for
from mattebox_ocio.plate import PlateColour

Pixels = NDArray[np.float32]
Kind = TypeVar("Kind", bound=np.generic)

SAMPLED_PAIRS = 6
"""Pairs of neighbouring frames analysed per shot: two frames tell grain from texture, and six
places see most of what moves in front of the background."""

LEAST_AGREEMENT = 0.01
"""Part of the picture that a clean plate of a room and the shot must have in common."""

WORTH_SAYING = 0.01
"""Part of a frame beyond its clean plate that is worth a warning."""


@dataclass(frozen=True)
class _Piece:
    """A pair of neighbouring frames inside their data window, linear Rec.709.

    Attributes:
        source: [N,3,H,W].
        background: [N,3,H,W], or [1,3,H,W] where it is the same for all; None where there is none.
        alpha: [N,1,H,W] the engine's; 1 where ``unknown`` is.
        sure_inside: see ``Prediction``.
        unknown: [1,1,H,W] 1 where the clean plate of any of them has no pixels; None where it
            covers all. There ``background`` is the first frame itself, and measures nothing.
    """

    source: torch.Tensor
    background: torch.Tensor | None
    alpha: torch.Tensor
    sure_inside: bool
    unknown: torch.Tensor | None

    @property
    def subject(self) -> torch.Tensor:
        """[1,1,H,W] of the first frame: what cannot be background whatever the engine says."""
        return torch.zeros_like(self.alpha[:1]) if self.unknown is None else self.unknown

    def has_background_of(self, other: _Piece) -> bool:
        """Whether both have one and the same background, as far as it is known."""
        if self.background is None or other.background is None:
            return False
        if self.unknown is None or other.unknown is None:
            return torch.equal(self.background, other.background)
        known = (self.unknown + other.unknown) < 0.5
        return torch.equal(self.background * known, other.background * known)


def analyse(
    setup: ShotSetup,
    found: PreparedColour,
    weights: PreparedWeights | None,
    reporter: Reporter,
) -> Analysis:
    """Everything about a shot that its frames share. Findings worth knowing go to the reporter."""
    job, shot, colour = setup.job, setup.shot, setup.colour(found)
    use_deterministic_arithmetic(job.threads)
    count = len({frame for pair in sampled_pairs(job, shot) for frame in pair})
    reporter.emit(NoteEvent(message=f"analysing {count} of {len(shot.plate.frames)} frames"))

    def read(frame: int) -> Pictures:
        return setup.hinted(shot.read(frame), found)

    pairs, pictures = read_pairs(shot, SAMPLED_PAIRS, job.cuts, reporter, read)
    judge_mattes(pictures.values(), shot, reporter)
    analysis = _of_pictures(job, shot, colour, pictures, reporter)
    if job.settings.engine is EngineName.TRIANGULATE:
        takes = _takes(setup, found, analysis, pictures.values(), reporter)
        if takes == "registered":
            return analysis
        analysis = analysis.model_copy(update={"takes": takes})
    if job.settings.solver is Solver.OFF:
        return analysis
    ordered = [[pictures[frame] for frame in pair] for pair in pairs]
    if analysis.takes != "registered":
        taken = _after_engine(job.settings, setup, found, weights, analysis, ordered)
        return analysis.model_copy(update={"statistics": _statistics(taken)})
    return _of_background(setup, found, weights, analysis, ordered, reporter)


def _of_pictures(
    job: Job, shot: Shot, colour: PlateColour, pictures: Mapping[int, Pictures], reporter: Reporter
) -> Analysis:
    """What the pictures alone say: exposure, screen, which background there is."""
    digest = hashlib.sha256("".join(shot.digest(frame) for frame in pictures).encode())
    samples = [sample(one, colour) for one in pictures.values()]
    # One still serves all frames: it is converted once.
    once = {id(p.input("clean_plate")): p for p in pictures.values() if job.clean_plate is not None}
    clean_plates = [clean_plate_light(job, p, colour) for p in once.values()]
    screen = choose_screen(job, colour, samples, clean_plates, reporter)
    exposure = job.settings.exposure
    return Analysis(
        frames=tuple(pictures),
        digest=digest.hexdigest(),
        exposure=exposure_for([one.light for one in samples])
        if exposure is None
        else 2.0**exposure,
        screen=screen,
        plate=choose_background(job, shot, samples[::2], screen, reporter),
        window=_as_numbers(shot.window) if job.settings.overscan else None,
        statistics=None,
    )


def _of_background(
    setup: ShotSetup,
    found: PreparedColour,
    weights: PreparedWeights | None,
    analysis: Analysis,
    pairs: list[list[Pictures]],
    reporter: Reporter,
) -> Analysis:
    """The analysis with its background fitted to the shot, and what the solver knows of both."""
    job = setup.job
    # First the background as it is, one picture for all frames; then as the frames will be keyed.
    as_given = job.settings.model_copy(update={"match_exposure": PlateFit.OFF})
    pieces = _after_engine(as_given, setup, found, weights, analysis, pairs)
    if analysis.plate == "given":
        reporter.emit(NoteEvent(message="fitting the clean plate to the shot"))
    analysis, as_shot = _fit_background(job, analysis, pieces, reporter), pieces[0].background
    if analysis.plate != "inpainted":
        pieces = []  # at 4K, one set of frames at a time is enough
        pieces = _after_engine(job.settings, setup, found, weights, analysis, pairs)
    known = [piece.background for piece in pieces if piece.background is not None]
    if len(known) < len(pieces):
        return analysis
    reporter.emit(NoteEvent(message="measuring grain"))
    statistics = _statistics(pieces)
    if analysis.plate == "given" and as_shot is not None:
        grain = plate_grain(as_shot[:1], statistics.noise, statistics.plate_noise)
        if grain is not None:
            analysis = analysis.model_copy(update={"plate_grain": grain})
            statistics = _statistics(_degrained(pieces, grain))
    if statistics.screen and statistics.subsampled:
        reporter.emit(
            NoteEvent(message="video with subsampled chroma: edges take their colour from luma")
        )
    if analysis.plate == "given":
        _judge_background(job, pieces, statistics, reporter)
    return analysis.model_copy(update={"statistics": statistics})


def _degrained(pieces: Sequence[_Piece], grain: NoiseModel) -> list[_Piece]:
    """The pieces before clean plates without grain; one that all share is filtered once."""

    def plate(piece: _Piece) -> torch.Tensor:
        assert piece.background is not None
        covered = None if piece.unknown is None else 1.0 - piece.unknown
        return degrained_plate(piece.background, grain, covered)

    first = plate(pieces[0])
    return [
        replace(one, background=first if one.has_background_of(pieces[0]) else plate(one))
        for one in pieces
    ]


def _statistics(pieces: Sequence[_Piece]) -> ShotStatistics:
    """What the solver knows of the shot, from pieces that all have a background."""
    return analyse_shot(
        [piece.source for piece in pieces],
        [piece.background for piece in pieces if piece.background is not None],
        [piece.alpha for piece in pieces],
        sure_inside=all(piece.sure_inside for piece in pieces),
    )


def _takes(
    setup: ShotSetup,
    found: PreparedColour,
    analysis: Analysis,
    frames: Iterable[Pictures],
    reporter: Reporter,
) -> Lie:
    """How two takes lie in the analysed frames; says so where they do not register."""
    if setup.job.settings.register_plate is PlateFit.OFF:
        return "registered"
    keyer = _keyer(setup.job.settings, setup, found, None, analysis)
    lie = {pictures.frame: keyer.how_takes_lie(pictures) for pictures in frames}
    said: tuple[tuple[Lie, str], ...] = (
        ("apart", "do not register: the second is moved onto the first, frame by frame"),
        ("disagreeing", "disagree: there the first is solved alone"),
    )
    for way, what in said:
        having = [frame for frame, one in lie.items() if one == way]
        if having:
            reporter.emit(
                WarningEvent(
                    code="takes_apart",
                    message=f"the two takes {what}",
                    frame=having[0],
                    next_step=f"{named('register_plate')} off leaves them as they are",
                )
            )
            return way
    return "registered"


def _keyer(
    settings: KeySettings,
    setup: ShotSetup,
    found: PreparedColour,
    weights: PreparedWeights | None,
    analysis: Analysis,
) -> FrameKeyer:
    colour, device = setup.colour(found), setup.device.torch
    return FrameKeyer(
        settings,
        engine=setup.engine(weights),
        colour=colour,
        analysis=analysis,
        device=device,
        reduction=Reduction.of(settings, setup.shot),
        backgrounds=Backgrounds(colour, analysis, setup.own_background(found, analysis), device),
        clock=StageClock(),
    )


def _as_numbers(window: Window) -> tuple[int, int, int, int]:
    return window.x, window.y, window.width, window.height


def _judge_background(
    job: Job, pieces: Sequence[_Piece], statistics: ShotStatistics, reporter: Reporter
) -> None:
    """Say where a clean plate fits the shot badly. Raises InputError where it does nowhere."""
    agrees = sum(float((piece.alpha < BACKGROUND).float().mean()) for piece in pieces) / len(pieces)
    given = job.clean_plate
    if not statistics.screen and not statistics.sure_inside and agrees < LEAST_AGREEMENT:
        raise InputError(
            f"the clean plate {given} shows nothing of the shot's background: they agree on "
            f"{100 * agrees:.1f} % of the picture",
            expected="the same view without the subject, from the same camera position",
            next_step=f"give another {named('clean_plate')}, a matte with {named('hint')}, or key "
            f"with {named('engine')} rvm and no clean plate",
            setting="clean_plate",
        )
    uncovered = max(float(piece.subject.mean()) for piece in pieces)
    if uncovered > WORTH_SAYING:
        reporter.emit(
            WarningEvent(
                code="plate_too_small",
                message=f"the clean plate {given} leaves up to {100 * uncovered:.0f} % of a frame "
                "uncovered; alpha there is taken from the pixels around",
                next_step="a clean plate with a wider view covers all of the shot",
            )
        )
    if statistics.plate_noise >= MAX_PLATE_NOISE:
        reporter.emit(
            WarningEvent(
                code="plate_fits_badly",
                message=f"the clean plate {given} differs from the background by more than "
                f"{(1.0 + MAX_PLATE_NOISE) ** 0.5:g} times what grain explains",
                next_step="what moved or changed behind the subject comes out as subject; a plate "
                f"from the same take, or a matte with {named('outside')}, keeps it out",
            )
        )


def sampled_pairs(job: Job, shot: Shot) -> tuple[tuple[int, ...], ...]:
    """The frames that are analysed; all of them are in memory at once.

    Raises MissingFramesError where none can be read.
    """
    return shot.spread_pairs(SAMPLED_PAIRS, job.cuts)


def _after_engine(
    settings: KeySettings,
    setup: ShotSetup,
    found: PreparedColour,
    weights: PreparedWeights | None,
    analysis: Analysis,
    pairs: list[list[Pictures]],
) -> list[_Piece]:
    """The sampled frames after colour and engine, with the background as far as it is known."""
    reduction = Reduction.of(settings, setup.shot)
    keyer = _keyer(settings, setup, found, weights, analysis)
    pieces = []
    for pair in pairs:
        state, seen = None, []
        for pictures in pair:
            frame, state = keyer.see(pictures, state)
            seen.append(frame)
        # Outside the plate's data window nothing is known: it is neither screen nor subject.
        inside = shared_window(pair, reduction)
        backgrounds = [f.background_linear[inside] for f in seen if f.background_linear is not None]
        alpha = torch.cat([frame.prediction.alpha[inside] for frame in seen])
        left_out = [f.uncovered[inside] for f in seen if f.uncovered is not None]
        unknown = torch.cat(left_out).amax(0, keepdim=True) if left_out else None
        if unknown is not None:
            backgrounds = [torch.where(unknown > 0.5, backgrounds[0], one) for one in backgrounds]
            alpha = torch.maximum(alpha, unknown)
        background = None
        if backgrounds and backgrounds[0].numel() > 0:
            # A static background is handed on as one picture: it is fitted, and measured, once.
            static = all(torch.equal(other, backgrounds[0]) for other in backgrounds)
            background = backgrounds[0] if static else torch.cat(backgrounds)
        pieces.append(
            _Piece(
                torch.cat([frame.linear[inside] for frame in seen]),
                background,
                alpha,
                all(frame.prediction.sure_inside for frame in seen),
                unknown,
            )
        )
    return pieces


def _fit_background(
    job: Job, analysis: Analysis, pieces: Sequence[_Piece], reporter: Reporter
) -> Analysis:
    """Where a static clean plate belongs and what exposure it needs; says what was found."""
    background = pieces[0].background
    if analysis.plate != "given" or background is None or background.shape[0] > 1:
        return analysis
    if not all(piece.has_background_of(pieces[0]) for piece in pieces):
        return analysis  # a sequence, or another data window: its frames fit already
    sources = [piece.source[:1] for piece in pieces]
    # Before a background that is no screen an alpha is wrong wherever it is not yet in place:
    # there the fit itself leaves the subject out.
    trusted = is_keyable_screen(background) or all(piece.sure_inside for piece in pieces)
    subject = [piece.alpha[:1] if trusted else piece.subject for piece in pieces]
    registration: Registration | None = None
    gain: BackgroundGain | None = None
    if job.settings.register_plate is PlateFit.AUTO:
        last = pieces[-1]  # of a short shot there is one pair
        frames = [*sources, last.source[-1:]]
        known = [*subject, last.alpha[-1:] if trusted else last.subject]
        if camera_moves(frames, background, known):
            reporter.emit(
                WarningEvent(
                    code="camera_moves",
                    message="the camera moves: the clean plate is moved into place frame by frame",
                    next_step=f"{named('register_plate')} off leaves it where it is",
                )
            )
            return analysis.model_copy(update={"camera_moves": True})
        registration = register_background(sources, background, subject)
        background = moved_background(background, registration)
    if job.settings.match_exposure is PlateFit.AUTO:
        gain = fit_exposure(sources, background, subject)
    if registration is not None and registration.model != "none":
        reporter.emit(
            WarningEvent(
                code="plate_moved",
                message=f"the clean plate is moved ({registration.model}): {registration.reason}",
                next_step=f"{named('register_plate')} off leaves it where it is",
            )
        )
    if gain is not None and gain.accepted:
        reporter.emit(
            WarningEvent(
                code="plate_exposure",
                message="the clean plate is multiplied by "
                + ", ".join(f"{value:.4f}" for value in gain.gain)
                + f" (R, G, B): {gain.reason}",
                next_step=f"{named('match_exposure')} off leaves it as it is",
            )
        )
    return analysis.model_copy(
        update={
            "registration": registration if registration and registration.model != "none" else None,
            "gain": gain if gain and gain.accepted else None,
        }
    )
