"""Chunk borders lie at multiples of the size, whatever the range."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mattebox.errors import UsageError
from mattebox.farm.chunks import Chunks, default_size
from mattebox.sequences import parse_frames


def test_borders_lie_at_multiples_of_the_size() -> None:
    assert Chunks(25).cut(range(1001, 1051)) == ("1001-1024", "1025-1049", "1050")


def test_another_range_keeps_the_borders() -> None:
    whole = Chunks(25).cut(range(1001, 1101))
    later = Chunks(25).cut(range(1030, 1201))
    assert whole[2] == later[1] == "1050-1074"
    assert set(whole[2:-1]) <= set(later)


def test_the_span_holds_whole_chunks_and_no_empty_one() -> None:
    assert Chunks(25).span(range(1001, 1051)) == "1000-1074"
    assert Chunks(25).span([1001, 1500]) == "1000-1024,1500-1524"
    assert Chunks(10).span(range(1001, 1051, 2)) == "1000-1049"


def test_frames_below_zero_have_chunks_too() -> None:
    assert Chunks(10).cut(range(-12, 3)) == ("-12--11", "-10--1", "0-2")
    assert Chunks(10).span(range(-12, 3)) == "-20-9"


def test_one_chunk_begins_at_the_first_frame() -> None:
    whole = Chunks.whole([1003, 1001, 1050])
    assert whole == Chunks(50, origin=1001)
    assert whole.span([1001, 1050]) == "1001-1050"


def test_a_chunk_without_frames_is_refused() -> None:
    with pytest.raises(UsageError, match="a chunk of 0 frames"):
        Chunks(0)


def test_the_default_is_a_second_or_five_prerolls() -> None:
    assert default_size(0) == 25
    assert default_size(5) == 25
    assert default_size(12) == 60


@given(st.sets(st.integers(-500, 3000), min_size=1), st.integers(1, 60))
def test_pieces_hold_each_frame_once_and_the_span_is_cut_at_the_same_places(
    frames: set[int], size: int
) -> None:
    chunks = Chunks(size)
    pieces = [parse_frames(piece) for piece in chunks.cut(frames)]
    assert sorted(frame for piece in pieces for frame in piece) == sorted(frames)
    span = parse_frames(chunks.span(frames))
    assert len(span) == size * len(pieces)
    cut = [span[start : start + size] for start in range(0, len(span), size)]
    assert [piece[0] // size for piece in pieces] == [piece[0] // size for piece in cut]
    assert all(piece[0] % size == 0 and piece[-1] - piece[0] == size - 1 for piece in cut)
