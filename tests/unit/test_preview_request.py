"""Requests of `mattebox serve`: the job that is meant, and what is no request."""

from __future__ import annotations

from typing import Any

import pytest

from mattebox.cli.serve import Inbox
from mattebox.errors import JobError, RequestError, UsageError
from mattebox.preview_request import PreviewRequest, parse_request

JOB: dict[str, Any] = {
    "plate": "shot.####.exr",
    "output": "look/",
    "settings": {"screen": "green", "gamma": 1.5},
}


def test_a_job_is_the_requests_own_with_its_settings_changed() -> None:
    request = PreviewRequest(request="1", frame=3, job=JOB, settings={"gamma": 2.0})
    asked = request.asked(None)
    assert (asked.plate, asked.settings.gamma) == ("shot.####.exr", 2.0)
    assert asked.settings.screen == "green"


def test_settings_alone_change_the_job_before() -> None:
    before = PreviewRequest(request="1", frame=3, job=JOB).asked(None)
    asked = PreviewRequest(request="2", frame=3, settings={"blur": 1.0}).asked(before)
    assert (asked.settings.gamma, asked.settings.blur) == (1.5, 1.0)
    assert asked == before.model_copy(update={"settings": asked.settings})


def test_without_any_job_the_next_step_is_said() -> None:
    with pytest.raises(UsageError, match="has no job, and none came before it"):
        PreviewRequest(request="1", frame=3).asked(None)


def test_all_faults_of_changed_settings_are_told() -> None:
    before = PreviewRequest(request="1", frame=3, job=JOB).asked(None)
    with pytest.raises(JobError) as error:
        PreviewRequest(request="2", frame=3, settings={"gamma": 99, "blur": -1}).asked(before)
    assert len(error.value.faults) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "Invalid JSON"),
        ("[]", "Input should be an object"),
        ('{"request": "1"}', "frame: Field required"),
        ('{"request": "1", "frame": "x"}', "frame: Input should be a valid integer"),
        ('{"request": "1", "frame": 1, "jobs": {}}', "jobs: Extra inputs are not permitted"),
    ],
)
def test_a_line_that_is_no_request_says_what_is_wrong(line: str, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        parse_request(line)


def test_requests_come_out_in_order_and_the_newest_for_a_frame_is_known() -> None:
    inbox = Inbox()
    for number, frame in enumerate((1, 2, 1, 1)):
        inbox.put(f'{{"request": "{number}", "frame": {frame}}}')
    inbox.put("  ")
    inbox.put("nonsense")
    first, second = inbox.take(0.0), inbox.take(0.0)
    assert isinstance(first, PreviewRequest)
    assert isinstance(second, PreviewRequest)
    newest = inbox.supersedes(first)
    assert newest is not None
    assert newest.request == "3"
    assert inbox.supersedes(second) is None
    rest = [inbox.take(0.0) for _ in range(4)]
    assert [isinstance(one, PreviewRequest) for one in rest[:3]] == [True, True, False]
    assert rest[3] is None
