"""Between which keys a frame lies, and what its matte depends on."""

from __future__ import annotations

import pytest

from mattebox.errors import InputError
from mattebox.sequences import KeyFrames

FRAMES = tuple(f for f in range(1, 81) if f != 20)
ROTO = KeyFrames((10, 40), FRAMES, cuts=(61,))


@pytest.mark.parametrize(
    ("frame", "around"),
    [(5, (None, 10)), (10, (10, 10)), (11, (10, 40)), (40, (40, 40)), (60, (40, None))],
)
def test_the_nearest_keys_of_a_frame(frame: int, around: tuple[int | None, int | None]) -> None:
    assert ROTO.around(frame) == around


def test_nothing_is_carried_across_a_cut() -> None:
    assert ROTO.around(61) == (None, None)


def test_a_frame_depends_on_all_frames_on_disk_from_key_to_key() -> None:
    assert ROTO.span(15) == tuple(f for f in range(10, 41) if f != 20)
    assert ROTO.span(7) == (7, 8, 9, 10)
    assert ROTO.span(43) == (40, 41, 42, 43)
    assert ROTO.span(40) == (40,)


def test_the_frames_between_are_those_that_one_walk_reaches() -> None:
    assert ROTO.between(15) == tuple(f for f in range(11, 40) if f != 20)
    assert ROTO.between(7) == tuple(range(1, 10))
    assert ROTO.between(43) == tuple(range(41, 61))


def test_keys_without_a_frame_and_scenes_without_a_key_are_refused() -> None:
    with pytest.raises(InputError, match="keys where the plate has no frame: 0,20,90"):
        KeyFrames((0, 10, 20, 90), FRAMES).refuse_unusable("hint_keys")
    with pytest.raises(InputError, match="the scene 61-80 has no key among 10,40"):
        ROTO.refuse_unusable("hint_keys")
    KeyFrames((10, 70), FRAMES, cuts=(61,)).refuse_unusable("hint_keys")
