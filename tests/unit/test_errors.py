"""Errors name settings by their entry in a job; who shows them chooses the word."""

from __future__ import annotations

import pytest

from mattebox.errors import JobError, UsageError, flag_of, label_of, named
from mattebox.events import CollectingReporter, NamingReporter, WarningEvent, error_event
from mattebox.job import Job


def test_the_command_line_says_flags_and_a_panel_its_labels() -> None:
    error = UsageError(
        f"{named('clip_black')} 0.9 is above {{clip_white}}",
        expected=f"below {named('clip_white')}",
        next_step=f"see {named('network_config')}",
        setting="clip_black",
    )
    assert str(error).startswith("--clip-black 0.9 is above {clip_white}\n  expected: below --clip")
    assert error.next_step == "see --model-config"
    event = error_event(error, label_of)
    assert (event.message, event.setting) == ("Clip black 0.9 is above {clip_white}", "clip_black")
    assert (event.expected, event.next_step) == ("below Clip white", "see Network config")
    assert error_event(error).message == error.message


def test_every_fault_of_a_job_is_said_in_the_listeners_words() -> None:
    settings = {"clip_black": 0.5, "clip_white": 0.4, "screen": "auto"}
    with pytest.raises(JobError) as caught:
        Job.checked({"plate": "a.exr", "output": "o", "settings": settings})
    assert caught.value.faults == ("--clip-black 0.5 must lie below --clip-white 0.4",)
    event = error_event(caught.value, label_of)
    assert event.faults == ["Clip black 0.5 must lie below Clip white 0.4"]
    assert event.message == "one fault:\n- Clip black 0.5 must lie below Clip white 0.4"


def test_a_warning_reaches_a_listener_in_its_words() -> None:
    heard = CollectingReporter()
    warning = WarningEvent(code="x", message="moved", next_step=f"{named('register_plate')} off")
    for name_of in (flag_of, label_of):
        NamingReporter(heard, name_of).emit(warning)
    said = [one.next_step for one in heard.events if isinstance(one, WarningEvent)]
    assert said == ["--register-plate off", "Register plate off"]
