"""The plugin's reading of file names, held to the core's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mattebox import sequences
from mattebox.errors import MatteboxError
from mattebox.sequences import find_sequence, parse_pattern
from mattebox.sequences.names import has_padding
from mattebox_plugin.patterns import (
    frames_on_disk,
    is_pattern,
    numbered,
    pattern_of,
    split_channel,
)

FRAMES = (0, 7, 1001, 123456, -3, -12345)

names = st.text(st.sampled_from("ab vV.-_019#@%d$Fé日"), min_size=1, max_size=14).map(
    lambda name: f"{name}.exr"
)
words = st.text(st.sampled_from("ab v._-é(日"), max_size=8)
paddings = st.sampled_from(["#", "####", "#####", "@@@", "%d", "%04d", "%03d", "$F", "$F4"])


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")


@given(words, paddings, st.sampled_from([".exr", ".png", "_left.dpx"]))
def test_a_pattern_names_the_files_that_the_core_reads(
    before: str, padding: str, after: str
) -> None:
    pattern = f"/pro#ject/s{before}{padding}{after}"
    assert is_pattern(pattern)
    try:
        expected = parse_pattern(pattern)
    except MatteboxError:  # a few odd names, such as s._é%d.exr, are more than fileseq reads
        assume(False)
    for frame in FRAMES:
        assert numbered(pattern, frame) == str(expected.path(frame))


@given(names)
@example("100%.exr")
@example("%s of %(x)d.exr")
def test_a_name_without_a_place_for_numbers_serves_all_frames(name: str) -> None:
    assume(not is_pattern(name))
    assert [numbered(f"/a/{name}", frame) for frame in FRAMES] == [f"/a/{name}"] * len(FRAMES)


@given(names)
@example("s.####.####.exr")
def test_any_name_is_a_pattern_where_the_core_says_so_with_its_files(name: str) -> None:
    try:
        expected = parse_pattern(name)
    except MatteboxError:  # several places, blanks: what the core refuses must only not fail here
        assert numbered(name, 7)
        return
    assert is_pattern(name) == has_padding(name)
    if is_pattern(name) and expected.numbers is None:  # shot.1-50####.exr: nodes have their own
        assert [numbered(name, f) for f in FRAMES] == [str(expected.path(f)) for f in FRAMES]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("shot.1001.exr", "shot.####.exr"),
        ("shot.-0005.exr", "shot.####.exr"),
        ("shot_0001.png", "shot_####.png"),
        ("IMG2044.dpx", "IMG####.dpx"),
        ("1001.exr", "####.exr"),
        ("a.b.12.exr", "a.b.##.exr"),
        ("plate.exr", "plate.exr"),
        ("plate2.exr", "plate2.exr"),
        ("clean_v0012.exr", "clean_v0012.exr"),
        ("clean_V0012.exr", "clean_V0012.exr"),
        ("shot.####.exr", "shot.####.exr"),
        ("shot.%04d.exr", "shot.%04d.exr"),
        ("100%.exr", "100%.exr"),
        ("no_suffix_1001", "no_suffix_1001"),
    ],
)
def test_a_file_belongs_to_the_sequence_of_its_number(name: str, pattern: str) -> None:
    assert pattern_of(f"/pro.1/{name}") == f"/pro.1/{pattern}"


@given(names)
@example("clean_v0012.exr")
@example("shot-1001.exr")
def test_a_file_belongs_to_the_sequence_that_the_core_says(name: str) -> None:
    try:
        expected = parse_pattern(f"/a/{name}")
    except MatteboxError:
        assume(False)
    assume(not is_pattern(name))
    assert pattern_of(f"/a/{name}") == str(expected)


def test_a_windows_path_is_numbered_in_its_name_alone() -> None:
    assert numbered("C:/plates/shot.####.exr", 7) == "C:/plates/shot.0007.exr"
    assert numbered("/jobs/take_####/plate.exr", 7) == "/jobs/take_####/plate.exr"


@pytest.mark.parametrize(
    "pattern",
    ["s.####.exr", "s.%04d.exr", "s.#.exr", "s.%d.exr", "s.###.exr", "s.exr", "none.####.exr",
     "a [1].####.exr"],
)  # fmt: skip
def test_the_frames_on_disk_are_those_of_the_core(pattern: str, tmp_path: Path) -> None:
    touch(
        tmp_path,
        *("s.-0005.exr", "s.-005.exr", "s.-004.exr", "s.0000.exr", "s.0001.exr", "s.00002.exr"),
        *("s.3.exr", "s.003.exr", "s.12345.exr", "s.0006.exr.tmp", ".s.0007.exr", "xs.0008.exr"),
        *("s.exr", "s..exr", "s.\u0660\u0660\u0660\u0667.exr", "s.+009.exr", "a [1].0010.exr"),
    )
    try:
        found = find_sequence(f"{tmp_path}/{pattern}")
    except MatteboxError:
        expected: tuple[int, ...] = ()
    else:
        expected = () if found.explicit else found.frames
    assert frames_on_disk(f"{tmp_path}/{pattern}") == expected
    assert bool(expected) == (pattern not in ("s.exr", "none.####.exr"))


def test_a_folder_that_is_not_there_holds_no_frames(tmp_path: Path) -> None:
    assert frames_on_disk(f"{tmp_path}/nowhere/s.####.exr") == ()


@given(st.text(st.sampled_from("abC:/\\.#é "), max_size=12))
@example("m.####.exr:A")
@example("/a/m.exr:fg.A")
@example("C:\\plates\\m.exr")
@example("C:/plates/m.exr")
@example("C:\\plates\\m.####.exr:R")
@example("C:m.exr")
@example("m.exr:")
def test_a_channel_is_split_off_as_the_core_does(text: str) -> None:
    assert split_channel(text) == sequences.split_channel(text)


def test_a_drive_letter_is_no_file_and_its_file_may_have_a_channel() -> None:
    assert split_channel("C:\\plates\\m.exr") == ("C:\\plates\\m.exr", None)
    assert split_channel("C:\\plates\\m.exr:R") == ("C:\\plates\\m.exr", "R")


def test_a_file_whose_name_has_a_colon_is_left_whole(tmp_path: Path) -> None:
    touch(tmp_path, "take:2.exr")
    text = f"{tmp_path}/take:2.exr"
    assert split_channel(text) == sequences.split_channel(text) == (text, None)
