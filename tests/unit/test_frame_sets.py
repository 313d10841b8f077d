"""Frame sets as people and dispatchers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.errors import UsageError
from mattebox.sequences import (
    format_frames,
    parse_frames,
    told_steps,
)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1001", (1001,)),
        ("1001-1004", (1001, 1002, 1003, 1004)),
        ("1001-1010x4", (1001, 1005, 1009)),
        ("1-10:2", (1, 3, 5, 7, 9)),
        ("-5--3", (-5, -4, -3)),
        ("-2-1", (-2, -1, 0, 1)),
        ("5,1-3, 2-4", (1, 2, 3, 4, 5)),
        ("7-7", (7,)),
        ("0001-0003", (1, 2, 3)),
    ],
)
def test_a_frame_set_is_sorted_and_without_doubles(text: str, frames: tuple[int, ...]) -> None:
    assert parse_frames(text) == frames


@st.composite
def frame_parts(draw: st.DrawFn) -> tuple[str, list[int]]:
    """A part of a frame set and, written as a plain loop, what it means."""
    first, length = draw(st.integers(-50, 50)), draw(st.integers(0, 30))
    form = draw(st.sampled_from(["single", "range", "x", ":"]))
    if form == "single":
        return str(first), [first]
    step = 1 if form == "range" else draw(st.integers(1, 7))
    frames, frame = [], first
    while frame <= first + length:
        frames.append(frame)
        frame += step
    return f"{first}-{first + length}" + ("" if form == "range" else f"{form}{step}"), frames


@given(st.lists(frame_parts(), min_size=1, max_size=5))
def test_a_frame_set_is_what_a_plain_loop_gives(parts: list[tuple[str, list[int]]]) -> None:
    expected = sorted({frame for _, frames in parts for frame in frames})
    assert parse_frames(",".join(text for text, _ in parts)) == tuple(expected)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1001-1003 1005", (1001, 1002, 1003, 1005)),
        ("1001-1003, 1005\t1007 ", (1001, 1002, 1003, 1005, 1007)),
        ("10-1", tuple(range(1, 11))),
        ("10-1x4", (2, 6, 10)),
        ("1-10:5", (1, 6)),
        ("-3--5;2", (-5, -4, -3, 2)),
    ],
)
def test_frames_as_dispatchers_write_them(text: str, frames: tuple[int, ...]) -> None:
    assert parse_frames(text) == frames


def test_a_step_is_told_with_its_count_of_frames() -> None:
    assert told_steps("1-10x5, 20") == []
    assert told_steps("1-10:5 21-40:4") == [
        "1-10:5 is every 5. frame: 2 frames, 1, 6",
        "21-40:4 is every 4. frame: 5 frames, 21, 25, 29 ... 37",
    ]


@given(st.sets(st.integers(-20, 20), min_size=1))
def test_formatted_frames_are_parsed_back(frames: set[int]) -> None:
    assert parse_frames(format_frames(frames)) == tuple(sorted(frames))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "''"),
        ("1,,3", "''"),
        ("1-2,abc", "'abc'"),
        ("1-10x0", "'1-10x0'"),
        ("5x2", "'5x2'"),
        ("1.5", "'1.5'"),
        ("1-" + "9" * 5000, "999'"),
        ("1-999999999", "'1-999999999'"),
        ("\u0663-\u0665", "'\u0663-\u0665'"),  # digits, but not ours
    ],
)
def test_a_wrong_frame_set_names_the_wrong_part(text: str, part: str) -> None:
    with pytest.raises(UsageError, match="frames") as caught:
        parse_frames(text)
    assert part in caught.value.message
    assert caught.value.expected is not None
    assert "1001-1050x2" in caught.value.expected


def test_frames_are_written_as_runs() -> None:
    assert format_frames([1003, 1001, 1002, 1010, -5, -4]) == "-5--4,1001-1003,1010"
