"""What is estimated once per shot: exposure, screen, background, grain.

Analyses pairs of neighbouring frames spread over the whole input, never only those asked for: so
all chunks agree.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from mattebox.colour_difference import is_keyable_screen
from mattebox.devices import use_deterministic_arithmetic
from mattebox.errors import InputError, UsageError, named
from mattebox.events import NoteEvent, Reporter, WarningEvent
from mattebox.images import Window
from mattebox.job import Analysis, Job, PreparedColour, PreparedWeights
from mattebox.matte.analyse import BACKGROUND, MAX_PLATE_NOISE, analyse_shot
from mattebox.matte.background_exposure import fit_exposure
from mattebox.matte.registration import camera_moves, moved_background, register_background
from mattebox.matte.screen import background_colour, find_screen
from mattebox.matte.statistics import BackgroundGain, Registration, ShotStatistics
from mattebox.matte.takes import Lie
from mattebox.pipeline.backgrounds import (
    Backgrounds,
    Mask,
    no_screen,
    screen_share,
    shot_light,
)
from mattebox.pipeline.clock import StageClock
from mattebox.pipeline.keyer import FrameKeyer
from mattebox.pipeline.mattes import judge_mattes
from mattebox.pipeline.reduction import Reduction
from mattebox.pipeline.sampling import read_pairs
from mattebox.pipeline.seen_frame import shared_window
from mattebox.pipeline.setup import ShotSetup
from mattebox.settings import EngineName, KeySettings, PlateFit, Solver
from mattebox.shot import Pictures, Shot
from mattebox.values import ScreenName, SrgbColour
from mattebox_ocio.model_space import exposure_for, srgb_decode
from mattebox_ocio.plate import PlateColour

Pixels = NDArray[np.float32]
Kind = TypeVar("Kind", bound=np.generic)

SAMPLED_PAIRS = 6
"""Pairs of neighbouring frames analysed per shot: two frames tell grain from texture, and six
places see most of what moves in front of the background."""

LARGEST_SAMPLE = 600_000
"""Pixels of a frame that decide exposure and screen colour; more change neither."""

LEAST_AGREEMENT = 0.01
"""Part of the picture that a clean plate of a room and the shot must have in common."""

WORTH_SAYING = 0.01
"""Part of a frame beyond its clean plate that is worth a warning."""

LITTLE_KNOWN_SCREEN = 0.2
"""A screen seen on less of the picture is continued over most of it, which is worth a warning."""

LEAST_KNOWN_SCREEN = 0.01
"""A screen seen on less of the picture is not estimated; one colour stands for it."""


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


@dataclass(frozen=True)
class Sample:
    """A frame, thinned, for what is found once per shot.

    Attributes:
        light: HxWx3 linear Rec.709.
        excluded: HxW True where a matte says that there is no screen; None without mattes.
    """

    light: Pixels
    excluded: Mask | None


def sample(pictures: Pictures, colour: PlateColour) -> Sample:
    """A frame as a sample of its shot."""
    excluded = no_screen(pictures)
    return Sample(
        _picture(shot_light(pictures.source, colour)),
        None if excluded is None else _thinned(excluded),
    )


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
    digest = hashlib.sha256("".join(shot.digest(frame) for frame in pictures).encode())
    samples = [sample(one, colour) for one in pictures.values()]
    # One still serves all frames: it is converted once.
    once = {id(p.input("clean_plate")): p for p in pictures.values() if job.clean_plate is not None}
    clean_plates = [
        _picture(shot_light(_shown_part(job, p), colour, "clean_plate")) for p in once.values()
    ]
    screen = _screen(job, colour, samples, clean_plates, reporter)
    exposure = job.settings.exposure
    analysis = Analysis(
        frames=tuple(pictures),
        digest=digest.hexdigest(),
        exposure=exposure_for([one.light for one in samples])
        if exposure is None
        else 2.0**exposure,
        screen=screen,
        plate=_background_kind(job, shot, samples[::2], screen, reporter),
        window=_as_numbers(shot.window) if job.settings.overscan else None,
        statistics=None,
    )
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
    # First the background as it is, one picture for all frames; then as the frames will be keyed.
    as_given = job.settings.model_copy(update={"match_exposure": PlateFit.OFF})
    pieces = _after_engine(as_given, setup, found, weights, analysis, ordered)
    if analysis.plate == "given":
        reporter.emit(NoteEvent(message="fitting the clean plate to the shot"))
    analysis = _fit_background(job, analysis, pieces, reporter)
    if analysis.plate != "inpainted":
        pieces = []  # at 4K, one set of frames at a time is enough
        pieces = _after_engine(job.settings, setup, found, weights, analysis, ordered)
    known = [piece.background for piece in pieces if piece.background is not None]
    if len(known) < len(pieces):
        return analysis
    reporter.emit(NoteEvent(message="measuring grain"))
    statistics = _statistics(pieces)
    if statistics.screen and statistics.subsampled:
        reporter.emit(
            NoteEvent(message="video with subsampled chroma: edges take their colour from luma")
        )
    if analysis.plate == "given":
        _judge_background(job, pieces, statistics, reporter)
    return analysis.model_copy(update={"statistics": statistics})


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


def _shown_part(job: Job, pictures: Pictures) -> Pixels:
    """HxWx3 of a clean plate without what its data window leaves out.

    Raises InputError where it leaves everything out.
    """
    pixels, covered = pictures.input("clean_plate"), pictures.coverage.get("clean_plate")
    assert pixels is not None
    if covered is None:
        return pixels
    if not covered.any():
        raise InputError(
            f"the clean plate {job.clean_plate} has no pixels inside the shot's format",
            expected="a data window that touches the display window",
            next_step="check its windows with `mattebox info`",
            setting="clean_plate",
        )
    rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


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


def _say_what_is_estimated(
    job: Job, shot: Shot, screen: tuple[float, float, float] | None, reporter: Reporter
) -> None:
    """Say where a screen is estimated beyond the data window of a clean plate."""
    if screen is None:
        return  # alpha is taken from around there, which is said with the fit
    left_out = shot.share_left_out("clean_plate")
    if left_out > 0.0:
        reporter.emit(
            WarningEvent(
                code="plate_too_small",
                message=f"the clean plate {job.clean_plate} leaves {left_out:.0%} of the frame "
                "uncovered; the screen is estimated there",
                next_step="a clean plate that covers the format keys better",
            )
        )


def _background_kind(
    job: Job,
    shot: Shot,
    samples: Sequence[Sample],
    screen: tuple[float, float, float] | None,
    reporter: Reporter,
) -> Literal["given", "estimated", "constant", "inpainted"]:
    """Where the background comes from."""
    if job.clean_plate is not None:
        _say_what_is_estimated(job, shot, screen, reporter)
        return "given"
    if screen is None:
        return "inpainted"
    share = screen_share([one.light for one in samples], screen, [one.excluded for one in samples])
    found = f"{', '.join(f'{value:.3f}' for value in screen)} in linear Rec.709"
    if share < LEAST_KNOWN_SCREEN:
        reporter.emit(
            WarningEvent(
                code="constant_plate",
                message=f"no clean plate: one colour stands for the screen, {found}",
                next_step=f"an uneven screen keys better with {named('clean_plate')} FILE",
            )
        )
        return "constant"
    message = (
        f"no clean plate: the screen ({found}) is estimated from the shot, "
        f"{100 * share:.0f} % of it was seen"
    )
    if share < LITTLE_KNOWN_SCREEN:
        reporter.emit(
            WarningEvent(
                code="estimated_plate",
                message=message,
                next_step=f"{named('clean_plate')} FILE keys better where little screen is seen",
            )
        )
    else:
        reporter.emit(NoteEvent(message=message))
    return "estimated"


def _screen(
    job: Job,
    colour: PlateColour,
    samples: Sequence[Sample],
    clean_plates: list[Pixels],
    reporter: Reporter,
) -> tuple[float, float, float] | None:
    """The colour of the screen's light in linear Rec.709, or None where there is no screen."""
    said = job.settings.screen
    if said is None:
        return (
            background_colour(clean_plates) if clean_plates and _are_screens(clean_plates) else None
        )
    if isinstance(said, ScreenName):
        if clean_plates and said is ScreenName.AUTO:
            return background_colour(clean_plates)
        found = find_screen(
            [one.light for one in samples],
            None if said is ScreenName.AUTO else said.value,
            [one.excluded for one in samples],
        )
        if found.rivals:
            reporter.emit(
                WarningEvent(
                    code="two_screens",
                    message=f"{found.hue} is taken for the screen; "
                    f"{' and '.join(found.rivals)} could be meant, too",
                    next_step=f"{named('screen')} green, blue or a colour says which is meant",
                )
            )
        return found.colour
    if isinstance(said, SrgbColour):
        encoded = torch.tensor([code / 255.0 for code in said])
        red, green, blue = srgb_decode(encoded).tolist()
        return (red, green, blue)
    given = torch.tensor(said).view(1, 3, 1, 1)
    red, green, blue = colour.to_rec709(given).flatten().tolist()
    if max(red, green, blue) <= 0.0:
        raise UsageError(
            f"{named('screen')} {','.join(f'{part:g}' for part in said)} has no light",
            expected="R,G,B with at least one value above 0",
            setting="screen",
        )
    return (red, green, blue)


def _are_screens(clean_plates: list[Pixels]) -> bool:
    """Whether clean plates are one saturated colour; a room with a tint throws no spill."""
    pictures = [torch.from_numpy(one).permute(2, 0, 1).unsqueeze(0) for one in clean_plates]
    return all(is_keyable_screen(picture) for picture in pictures)


def _picture(light: torch.Tensor) -> Pixels:
    """[1,3,H,W] as HxWx3, thinned to about LARGEST_SAMPLE pixels."""
    return _thinned(light[0].permute(1, 2, 0).numpy())


def _thinned(picture: NDArray[Kind]) -> NDArray[Kind]:
    """HxW... thinned to about LARGEST_SAMPLE pixels, in memory of its own."""
    step = max(1, round((picture.shape[0] * picture.shape[1] / LARGEST_SAMPLE) ** 0.5))
    return np.ascontiguousarray(picture[::step, ::step])
