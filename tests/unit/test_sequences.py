"""Padded names, and what is found on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mattebox.errors import MissingFramesError, UsageError
from mattebox.sequences import (
    FrameSequence,
    find_sequence,
    missing_frames_error,
    output_pattern,
    parse_pattern,
    remark_on_names,
    sequences_in,
    split_channel,
)


def touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")


# Patterns


@pytest.mark.parametrize(
    "text", ["shot.####.exr", "shot.%04d.exr", "shot.@@@@.exr", "shot.$F4.exr"]
)
def test_four_ways_to_write_four_digits(text: str) -> None:
    pattern = parse_pattern(text)
    assert (pattern.before, pattern.digits, pattern.after) == ("shot.", 4, ".exr")
    assert pattern.numbers is None
    assert pattern.path(7).name == "shot.0007.exr"
    assert pattern.path(12345).name == "shot.12345.exr"
    assert pattern.path(-5).name == "shot.-005.exr"


@pytest.mark.parametrize(
    ("text", "before", "digits", "numbers"),
    [
        ("shot.1001-1003####.exr", "shot.", 4, (1001, 1002, 1003)),
        ("shot.1-9x4,12%03d.exr", "shot.", 3, (1, 5, 9, 12)),
        ("shot.-2-1####.exr", "shot.", 4, (-2, -1, 0, 1)),
        ("shot.#.exr", "shot.", 1, None),
        ("shot.%d.exr", "shot.", 1, None),
        ("v002####.exr", "v002", 4, None),
        ("take 1,2.####.exr", "take 1,2.", 4, None),
        ("sh[01] (ä).v2.####.exr", "sh[01] (ä).v2.", 4, None),
        ("10-20.####.exr", "10-20.", 4, None),
        ("shot.1001.exr", "shot.", 4, (1001,)),
        ("shot.-0005.exr", "shot.", 4, (-5,)),
        ("shot_0001.exr", "shot_", 4, (1,)),
        ("shot-1001.exr", "shot-", 4, (1001,)),
        ("IMG2044.exr", "IMG", 4, (2044,)),
        ("1001.exr", "", 4, (1001,)),
        ("plate.exr", "plate", None, None),
        ("plate2.exr", "plate2", None, None),
        ("plate_v0012.exr", "plate_v0012", None, None),
    ],
)
def test_patterns_are_taken_apart(
    text: str, before: str, digits: int | None, numbers: tuple[int, ...] | None
) -> None:
    pattern = parse_pattern(f"/some/fol#der/{text}")
    assert pattern.folder == Path("/some/fol#der")
    assert (pattern.before, pattern.digits, pattern.after) == (before, digits, ".exr")
    assert pattern.numbers == numbers


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shot.##.####.exr", "more than one place"),
        ("shot_%V.####.exr", "several views"),
        ("shot.%4d.exr", "blanks"),
        ("", "not a file name"),
        ("a\0b.exr", "not a file name"),
    ],
)
def test_patterns_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_pattern(text)


@pytest.mark.parametrize("name", ["A001.r3d", "CLIP.BRAW"])
def test_camera_raw_is_refused_with_the_next_step(name: str, tmp_path: Path) -> None:
    touch(tmp_path, name)
    for text in (name, str(tmp_path / name)):
        with pytest.raises(UsageError, match="is camera raw") as caught:
            find_sequence(text)
        assert "debayer it to EXR" in str(caught.value.next_step)


@pytest.mark.parametrize("text", ["shot.####.mov", "SHOT.%04d.MP4"])
def test_movies_have_no_pattern(text: str) -> None:
    with pytest.raises(UsageError, match="is a movie, where a picture or a pattern"):
        parse_pattern(text)


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("s.0007.exr", 7),
        ("s.10007.exr", 10007),
        ("s.00007.exr", None),
        ("s.007.exr", None),
        ("s.-005.exr", -5),
        ("s.-0005.exr", -5),
        ("s.-00005.exr", None),
        ("s.+005.exr", None),
        ("s.0007.exr.tmp", None),
        (".s.0007.exr", None),
        ("s.exr", None),
        ("s..exr", None),
        ("s.\u0660\u0660\u0660\u0667.exr", None),
    ],
)
def test_only_names_of_that_padding_match(name: str, frame: int | None) -> None:
    assert parse_pattern("s.####.exr").number_in(name) == frame


@given(st.text(st.sampled_from("ab.-_ 019#@%d$F,xy:[]/é"), max_size=25))
@example("@..")
def test_any_text_is_a_pattern_or_a_usage_error(text: str) -> None:
    try:
        pattern = parse_pattern(text)
    except UsageError:
        return
    for frame in (pattern.numbers or (0, 7, 123456, -3))[:5]:
        found = pattern.number_in(pattern.path(frame).name)
        assert found == (1 if pattern.digits is None else frame)


# On disk


def test_a_sequence_knows_its_frames_and_holes(tmp_path: Path) -> None:
    touch(tmp_path, *(f"shot.{n:04d}.exr" for n in (1001, 1002, 1005)), "other.1003.exr")
    sequence = find_sequence(f"{tmp_path}/shot.####.exr")
    assert sequence.frames == (1001, 1002, 1005)
    assert (sequence.first, sequence.last) == (1001, 1005)
    assert sequence.missing == (1003, 1004)
    assert sequence.absent([1005, 1006, 1003, 1006]) == (1003, 1006)
    assert sequence.path(1002) == tmp_path / "shot.1002.exr"
    assert sequence.path(1003) == tmp_path / "shot.1003.exr"
    assert sequence.serving(1003) is None
    assert not sequence.explicit
    assert str(sequence).endswith("shot.####.exr (1001-1002,1005)")


def test_frames_not_on_disk_make_one_error_that_lists_them(tmp_path: Path) -> None:
    touch(tmp_path, "shot.1001.exr")
    error = missing_frames_error(find_sequence(f"{tmp_path}/shot.####.exr"), [1002, 1003])
    assert error.exit_code == 66
    assert error.frames == (1002, 1003)
    assert "1002-1003" in error.message
    assert "1001" in str(error.next_step)


def test_a_range_in_the_pattern_chooses_and_says_what_is_missing(tmp_path: Path) -> None:
    touch(tmp_path, *(f"shot.{n}.exr" for n in range(1001, 1006)))
    sequence = find_sequence(f"{tmp_path}/shot.1004-1007####.exr")
    assert sequence.frames == (1004, 1005)
    assert sequence.missing == (1006, 1007)


def test_negative_frames_are_found_in_both_spellings(tmp_path: Path) -> None:
    touch(tmp_path, "s.-0005.exr", "s.-004.exr", "s.0000.exr", "s.0001.exr")
    sequence = find_sequence(f"{tmp_path}/s.####.exr")
    assert sequence.frames == (-5, -4, 0, 1)
    assert sequence.path(-5).name == "s.-0005.exr"
    assert sequence.missing == (-3, -2, -1)


@pytest.mark.parametrize("stem", ["a b", "ä日本", "sh[1]{x}(y)", "a.b.c", "$x;'q", "-dash"])
def test_odd_names_are_found(stem: str, tmp_path: Path) -> None:
    touch(tmp_path, f"{stem}.0001.exr", f"{stem}.0002.exr")
    assert find_sequence(f"{tmp_path}/{stem}.####.exr").frames == (1, 2)
    assert find_sequence(f"{tmp_path}/{stem}.0002.exr").frames == (2,)
    assert find_sequence(str(tmp_path)).frames == (1, 2)


def test_a_file_is_one_frame_and_keeps_its_number(tmp_path: Path) -> None:
    touch(tmp_path, "shot.1001.exr", "shot.1002.exr")
    sequence = find_sequence(f"{tmp_path}/shot.1002.exr")
    assert sequence.explicit
    assert sequence.frames == (1002,)
    assert sequence.missing == ()
    assert sequence.serving(5) == tmp_path / "shot.1002.exr"


def test_a_still_serves_all_frames(tmp_path: Path) -> None:
    touch(tmp_path, "clean.exr")
    sequence = find_sequence(f"{tmp_path}/clean.exr")
    assert sequence.serving(1001) == sequence.serving(-3) == tmp_path / "clean.exr"
    assert sequence.frames == (1,)


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    touch(tmp_path, "take #2.exr")
    assert find_sequence(f"{tmp_path}/take #2.exr").path(1).name == "take #2.exr"


def test_a_folder_with_one_sequence_is_that_sequence(tmp_path: Path) -> None:
    touch(tmp_path, "s.0001.exr", "s.0002.exr", "notes.txt", ".s.0003.exr", "thumbnail.jpg")
    assert find_sequence(str(tmp_path)).frames == (1, 2)


def test_a_folder_with_one_still_is_that_still(tmp_path: Path) -> None:
    touch(tmp_path, "clean.exr")
    assert find_sequence(f"{tmp_path}/").serving(9) == tmp_path / "clean.exr"


def test_a_folder_with_several_sequences_lists_them(tmp_path: Path) -> None:
    touch(tmp_path, "a.0001.exr", "a.0002.exr", "b.1.png")
    with pytest.raises(UsageError, match="2 sequences") as caught:
        find_sequence(str(tmp_path))
    assert "a.####.exr (1-2)" in caught.value.message
    assert "b.#.png (1)" in caught.value.message


def test_unpadded_numbers_are_one_sequence_across_powers_of_ten(tmp_path: Path) -> None:
    touch(tmp_path, *(f"s.{n}.exr" for n in range(8, 12)))
    (sequence,) = sequences_in(tmp_path)
    assert sequence.frames == (8, 9, 10, 11)


def test_two_paddings_of_one_name_are_two_sequences(tmp_path: Path) -> None:
    touch(tmp_path, "s.0001.exr", "s.00001.exr", "s.00002.exr")
    assert [s.frames for s in sequences_in(tmp_path)] == [(1,), (1, 2)]


def test_unfinished_frames_are_in_no_sequence(tmp_path: Path) -> None:
    touch(tmp_path, "s.0001.exr", ".mattebox-12-ab.tmp.exr")
    assert [s.frames for s in sequences_in(tmp_path)] == [(1,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plate.####.exr", "did you mean"),
        ("plat.1001.exr", "did you mean"),
        ("nowhere/plate.####.exr", "cannot be listed: No such file"),
        ("nowhere/plate.1001.exr", "there is no folder"),
        ("plate.2001-2002####.exr", "none of the frames 2001-2002"),
    ],
)
def test_nothing_on_disk_fails_at_once_with_a_near_name(
    text: str, said: str, tmp_path: Path
) -> None:
    touch(tmp_path, "plates.1001.exr", "plates.1002.exr")
    touch(tmp_path, *(["plate.1001.exr"] if "2001" in text else []))
    with pytest.raises(MissingFramesError) as caught:
        find_sequence(f"{tmp_path}/{text}")
    assert said in str(caught.value)
    if said == "did you mean":
        assert "plates.####.exr (1001-1002)" in str(caught.value.next_step)


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingFramesError, match="holds no pictures"):
        find_sequence(str(tmp_path))


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("m.exr", ("m.exr", None)),
        ("m.####.exr:A", ("m.####.exr", "A")),
        ("/a/m.exr:fg.A", ("/a/m.exr", "fg.A")),
        ("C:\\plates\\m.exr", ("C:\\plates\\m.exr", None)),
        ("C:/plates/m.exr", ("C:/plates/m.exr", None)),
        ("C:\\plates\\m.exr:R", ("C:\\plates\\m.exr", "R")),
        ("m.exr:", ("m.exr:", None)),
    ],
)
def test_a_channel_stands_after_the_last_colon(text: str, split: tuple[str, str | None]) -> None:
    assert split_channel(text) == split


def test_a_file_whose_name_has_a_colon_is_left_whole(tmp_path: Path) -> None:
    touch(tmp_path, "take:2.exr")
    assert split_channel(f"{tmp_path}/take:2.exr") == (f"{tmp_path}/take:2.exr", None)


# Outputs


@pytest.fixture
def plate(tmp_path: Path) -> FrameSequence:
    touch(tmp_path / "in", "s.-0005.exr", "s.1001.exr", "s.1002.exr")
    return find_sequence(f"{tmp_path}/in/s.####.exr")


def test_an_output_pattern_names_the_frames(plate: FrameSequence, tmp_path: Path) -> None:
    output = output_pattern(f"{tmp_path}/out/key.%05d.exr", plate, plate.frames)
    assert output.path(1001) == tmp_path / "out/key.01001.exr"
    assert output.folder == tmp_path / "out"


@pytest.mark.parametrize("text", ["out/", "out", "out.v001", "in/../out"])
def test_an_output_folder_keeps_the_names_of_the_plate(
    text: str, plate: FrameSequence, tmp_path: Path
) -> None:
    output = output_pattern(f"{tmp_path}/{text}", plate, plate.frames)
    assert output.path(1001).name == "s.1001.exr"
    assert output.path(-5).name == "s.-0005.exr"
    assert output.path(1001).parent == tmp_path / text


def test_a_dpx_plate_gives_exr_names(tmp_path: Path) -> None:
    touch(tmp_path / "in", "s.1001.dpx")
    plate = find_sequence(f"{tmp_path}/in")
    assert output_pattern(f"{tmp_path}/out", plate, [1001]).path(1001).name == "s.1001.exr"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key.####.png", "not EXR"),
        ("key.exr", "one file, and there are 3 frames"),
        ("key.1-3####.exr", "holds a frame range"),
        ("key.##.##.exr", "more than one place"),
        ("key.mov", "not EXR"),
    ],
)
def test_outputs_that_cannot_be(text: str, said: str, plate: FrameSequence) -> None:
    with pytest.raises(UsageError, match=said):
        output_pattern(text, plate, plate.frames)


def test_one_frame_may_go_to_one_name(plate: FrameSequence) -> None:
    assert output_pattern("key.exr", plate, [1001]).path(1001) == Path("key.exr")
    assert output_pattern("key.0009.exr", plate, [1001]).path(1001) == Path("key.0009.exr")


def test_an_output_elsewhere_is_allowed(plate: FrameSequence, tmp_path: Path) -> None:
    output = output_pattern(f"{tmp_path}/out", plate, plate.frames)
    output.refuse_inputs(plate.frames, plate.files.values())


@pytest.mark.parametrize(
    "text", ["in", "in/s.####.exr", "out/../in/", "linked", "linked/s.%04d.exr"]
)
def test_an_output_that_is_an_input_is_refused(
    text: str, plate: FrameSequence, tmp_path: Path
) -> None:
    (tmp_path / "linked").symlink_to(tmp_path / "in")
    (tmp_path / "out").mkdir()
    output = output_pattern(f"{tmp_path}/{text}", plate, plate.frames)
    with pytest.raises(UsageError, match="is the input"):
        output.refuse_inputs([1001], plate.files.values())


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_an_output_name_linked_to_an_input_is_refused(
    link: object, plate: FrameSequence, tmp_path: Path
) -> None:
    assert callable(link)
    (tmp_path / "out").mkdir()
    link(tmp_path / "in/s.1002.exr", tmp_path / "out/key.1002.exr")
    output = output_pattern(f"{tmp_path}/out/key.####.exr", plate, plate.frames)
    output.refuse_inputs([1001], plate.files.values())
    with pytest.raises(UsageError, match="is the input"):
        output.refuse_inputs(plate.frames, plate.files.values())


# Names beside a sequence


def test_names_of_another_padding_are_named(tmp_path: Path) -> None:
    touch(tmp_path, "s.1001.exr", "s.1002.exr", "s.01003.exr", "s.999.exr", "t.1001.exr")
    found = find_sequence(str(tmp_path / "s.####.exr"))
    assert found.frames == (1001, 1002)
    assert found.beside == ("s.01003.exr", "s.999.exr")
    said = str(remark_on_names(found))
    assert said.startswith("2 files are not read beside")
    assert "s.01003.exr, s.999.exr" in said


def test_names_in_another_unicode_form_are_named(tmp_path: Path) -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    touch(tmp_path, f"{composed}.1001.exr", f"{decomposed}.1002.exr")
    if len(list(tmp_path.iterdir())) < 2 or (tmp_path / f"{composed}.1002.exr").exists():
        pytest.skip("this file system takes both forms for one; it runs on Linux")
    found = find_sequence(str(tmp_path / f"{composed}.####.exr"))
    assert found.frames == (1001,)
    assert found.beside == (f"{decomposed}.1002.exr",)
    (tmp_path / f"{composed}.1001.exr").unlink()
    with pytest.raises(MissingFramesError, match="the same letters in another Unicode form"):
        find_sequence(str(tmp_path / f"{composed}.####.exr"))


@pytest.mark.parametrize("pattern", ["s.####.exr", ""])
def test_a_date_is_no_frame(pattern: str, tmp_path: Path) -> None:
    touch(tmp_path, "s.1001.exr", "s.1003.exr", "s.20260101.exr")
    found = find_sequence(str(tmp_path / pattern))
    assert (found.frames, found.missing) == ((1001, 1003), (1002,))
    assert found.beside == ("s.20260101.exr",)


def test_without_doubts_nothing_is_said(tmp_path: Path) -> None:
    touch(tmp_path, "s.1001.exr", "s.1002.exr", "s_v2.1001.exr", "s.exr")
    assert remark_on_names(find_sequence(str(tmp_path / "s.####.exr"))) is None
