"""Which ways a shot is keyed in, and which plain row each of ours stands beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file
from tests.unit.engines.exported import lively_checkpoint

from mattebox.bench import blender
from mattebox.bench.baselines import Despill, colour_difference
from mattebox.bench.candidates import (
    MEAN,
    OWN,
    PLAIN,
    Candidate,
    NotAvailableError,
    plain_candidates,
)
from mattebox.bench.methods import own_candidates
from mattebox.bench.shots import BenchShot, read_shot


@pytest.fixture
def shot(fixture_hair: Path) -> BenchShot:
    return read_shot(fixture_hair)


def named(candidates: list[Candidate], method: str, plate: str) -> Candidate:
    return next(one for one in candidates if one.name == (method, plate))


def test_a_screen_has_all_plain_keyers_and_every_one_has_a_meaning(shot: BenchShot) -> None:
    names = [candidate.name for candidate in plain_candidates(shot)]
    assert names == [
        ("chromakey", MEAN),
        ("blender-keying", MEAN),
        ("blender-keying-tuned", MEAN),
        ("difference", MEAN),
        ("difference", "plate"),
        ("difference-average", MEAN),
        ("difference-average", "plate"),
    ]
    assert {method for method, _ in names} <= set(PLAIN)


def test_the_two_differences_differ_by_their_despill(shot: BenchShot) -> None:
    candidates = list(plain_candidates(shot))
    source, plate = shot.plate.read(1), shot.passes["plate"].read(1)
    for method, rule in (
        ("difference", Despill.LARGER),
        ("difference-average", Despill.AVERAGE),
    ):
        found = named(candidates, method, "plate").key((1,)).picture(1)
        assert np.array_equal(found, colour_difference(source, plate, 1, rule))


def test_without_bpy_both_blender_rows_say_so(
    shot: BenchShot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(blender.VARIABLE, raising=False)
    monkeypatch.setattr(blender, "IN_REPOSITORY", tmp_path / "none")
    for method in ("blender-keying", "blender-keying-tuned"):
        with pytest.raises(NotAvailableError, match=f"no bpy: {blender.VARIABLE} is not set"):
            named(list(plain_candidates(shot)), method, MEAN).key((1,))


@pytest.mark.slow
@pytest.mark.blender
def test_blender_keys_by_the_plates_mean_and_says_what_was_turned(shot: BenchShot) -> None:
    if blender.find_bpy_python() is None:
        pytest.skip(f"no bpy; it runs where {blender.VARIABLE} names one")
    candidates = list(plain_candidates(shot))
    plain = named(candidates, "blender-keying", MEAN).key((2, 3))
    tuned = named(candidates, "blender-keying-tuned", MEAN).key((2, 3))
    assert plain.picture(3).shape == shot.truth.read(3).shape
    assert not np.array_equal(plain.picture(2), plain.picture(3))
    assert plain.note.endswith("CPU seconds")
    assert "clip_black" in tuned.note
    assert tuned.note.endswith("by truth")
    truth = shot.truth.read(3)[..., 3]
    errors = [np.abs(keyed.picture(3)[..., 3] - truth).mean() for keyed in (plain, tuned)]
    assert errors[1] < errors[0]


def test_every_row_of_ours_before_a_known_screen_has_a_judge(
    shot: BenchShot, tmp_path: Path
) -> None:
    """A network that is told of no plate stands beside the keyer that knows its mean."""
    weights = tmp_path / "rvm.safetensors"
    save_file(dict(lively_checkpoint("rvm_mobilenetv3").tensors), weights)
    own = list(own_candidates(shot, tmp_path, weights=[weights], threads=1))
    assert {candidate.method for candidate in own} <= set(OWN)
    assert [(candidate.name, candidate.judged_by) for candidate in own] == [
        (("screen", "plate"), ("difference", "plate")),
        (("screen", "--screen auto"), ("difference", MEAN)),
        (("rvm", "plate"), ("difference", "plate")),
        (("rvm", "none"), ("difference", MEAN)),
    ]
