"""Primaries, matrices and chromaticities."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox_ocio import ColourError
from mattebox_ocio.primaries import (
    AP0,
    AP1,
    BRADFORD,
    CAT02,
    KNOWN_PRIMARIES,
    REC709,
    Primaries,
    adaptation,
    chromaticities_of,
    identify_chromaticities,
    identify_matrix,
    inverse,
    known_to_rec709,
    rgb_to_rgb,
    rgb_to_xyz,
)


def test_rec709_to_xyz_is_the_standards_matrix() -> None:
    # IEC 61966-2-1, amendment 1, with seven digits.
    standard = [
        [0.4123908, 0.3575843, 0.1804808],
        [0.2126390, 0.7151687, 0.0721923],
        [0.0193308, 0.1191948, 0.9505322],
    ]
    assert rgb_to_xyz(REC709.chromaticities) == pytest.approx(np.array(standard), abs=5e-8)


def test_ap1_to_ap0_is_the_academys_matrix() -> None:
    # Academy S-2014-004.
    academy = [
        [0.6954522414, 0.1406786965, 0.1638690622],
        [0.0447945634, 0.8596711185, 0.0955343182],
        [-0.0055258826, 0.0040252103, 1.0015006723],
    ]
    assert rgb_to_rgb(AP1.chromaticities, AP0.chromaticities) == pytest.approx(
        np.array(academy), abs=5e-11
    )


@pytest.mark.parametrize("cone", [BRADFORD, CAT02], ids=["Bradford", "CAT02"])
def test_adaptation_takes_one_white_to_the_other_and_back(cone: np.ndarray) -> None:
    d65, aces = (0.3127, 0.3290), (0.32168, 0.33767)
    there = adaptation(d65, aces, cone)
    white = there @ [d65[0] / d65[1], 1.0, (1.0 - sum(d65)) / d65[1]]
    assert white == pytest.approx([aces[0] / aces[1], 1.0, (1.0 - sum(aces)) / aces[1]])
    assert adaptation(aces, d65, cone) @ there == pytest.approx(np.eye(3), abs=1e-14)


@pytest.mark.parametrize("known", KNOWN_PRIMARIES, ids=[p.name for p in KNOWN_PRIMARIES])
def test_known_primaries_are_recognised_by_numbers_and_by_matrix(known: Primaries) -> None:
    assert identify_chromaticities(np.asarray(known.chromaticities, np.float32)) is known
    for matrix in known_to_rec709(known):
        assert identify_matrix(matrix.round(6)) is known
        assert matrix @ np.ones(3) == pytest.approx(np.ones(3), abs=1e-12)


def test_no_two_known_primaries_are_taken_for_each_other() -> None:
    matrices = [m for known in KNOWN_PRIMARIES for m in (known_to_rec709(known)[0],)]
    for index, first in enumerate(matrices):
        for second in matrices[index + 1 :]:
            assert np.abs(first - second).max() > 1e-2


def test_unknown_primaries_under_d65_give_their_matrix_back() -> None:
    own = (0.66, 0.32, 0.25, 0.65, 0.14, 0.05, 0.3127, 0.3290)
    matrix = rgb_to_rgb(own, REC709.chromaticities)
    assert identify_matrix(matrix) is None
    derived = chromaticities_of(matrix)
    assert derived == pytest.approx(own, abs=1e-12)
    assert rgb_to_rgb(derived, REC709.chromaticities) == pytest.approx(matrix, abs=1e-12)


@pytest.mark.parametrize("values", [(), (0.1,) * 7, (np.nan,) * 8, (0.0,) * 8])
def test_numbers_that_are_no_primaries_are_not_recognised(values: tuple[float, ...]) -> None:
    assert identify_chromaticities(values) is None


def test_a_matrix_without_chromaticities_is_refused() -> None:
    with pytest.raises(ColourError, match="has no primaries"):
        chromaticities_of(np.zeros((3, 3)))


def test_the_inverse_is_the_inverse() -> None:
    matrix = known_to_rec709(AP1)[0]
    assert inverse(matrix) @ matrix == pytest.approx(np.eye(3), abs=1e-15 * 4)
