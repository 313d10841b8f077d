"""Which engine keys a shot of which nothing is said but where it lies."""

from __future__ import annotations

from mattebox.errors import InputError, UsageError, WeightsError, named
from mattebox.events import CollectingReporter, NoteEvent, Reporter
from mattebox.job import Job
from mattebox.matte.screen import find_screen
from mattebox.pipeline.sampling import read_pairs
from mattebox.pipeline.screen_choice import sample
from mattebox.pipeline.setup import ShotSetup
from mattebox.settings import EngineName
from mattebox.values import ScreenName
from mattebox.weights.choose import choose_weights

SAMPLED_FRAMES = 3
"""Frames, spread over the shot, in which a screen is looked for."""


def with_engine(job: Job, reporter: Reporter) -> Job:
    """The job with the engine that its pictures ask for.

    A screen in the picture is keyed; a natural background is a network's, where its weights are
    here. The same pictures give the same job: it is decided before the job is written.

    Raises UsageError where there is neither, and MatteboxError where the shot cannot be read.
    """
    setup = ShotSetup(job)
    colour = setup.colour(setup.find_colour(CollectingReporter()))
    pairs, pictures = read_pairs(setup.shot, SAMPLED_FRAMES, job.cuts, CollectingReporter())
    samples = [sample(pictures[pair[0]], colour) for pair in pairs]
    try:
        found = find_screen([one.light for one in samples], None, [one.excluded for one in samples])
    except InputError as no_screen:
        return _by_network(job, reporter, no_screen)
    reporter.emit(
        NoteEvent(message=f"a {found.hue} screen covers {100 * found.area:.0f} % of the picture")
    )
    return _with(job, EngineName.SCREEN, ScreenName.AUTO)


def _by_network(job: Job, reporter: Reporter, no_screen: InputError) -> Job:
    try:
        choose_weights(job.weights, EngineName.RVM)
    except WeightsError as error:
        raise UsageError(
            "no screen was found in the shot, and the weights of the network for natural "
            "backgrounds, rvm, are not here",
            expected="a screen, a clean plate, a matte from elsewhere, or weights",
            next_step=f"say {named('screen')} R,G,B or {named('clean_plate')} FILE for a known "
            f"background, {named('hint')} FILE for a matte; or `mattebox weights fetch "
            "rvm_mobilenetv3` and again",
        ) from error
    reporter.emit(NoteEvent(message=f"{no_screen.message}; rvm keys natural backgrounds"))
    return _with(job, EngineName.RVM, None)


def _with(job: Job, engine: EngineName, screen: ScreenName | None) -> Job:
    settings = job.settings.model_copy(update={"engine": engine, "screen": screen})
    return job.model_copy(update={"settings": settings})
