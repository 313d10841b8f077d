"""Plain keyers against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from mattebox.bench import baselines
from mattebox.bench.grain import FLOOR, GAIN, with_grain

GREEN = np.array([0.08, 0.43, 0.11], np.float32)
ALPHA = np.linspace(0.0, 1.0, 101, dtype=np.float32).reshape(1, -1)


def over(foreground: tuple[float, float, float], plate: np.ndarray) -> np.ndarray:
    """The ramp of alpha over a plate colour, 1x101x3."""
    alpha = ALPHA[..., None]
    return np.asarray(alpha * np.array(foreground) + (1 - alpha) * plate, np.float32)


def levelled(alpha: np.ndarray) -> np.ndarray:
    return np.clip((alpha - 0.03) / 0.94, 0.0, 1.0)


def test_neutral_smoke_keys_exactly_but_for_the_levels() -> None:
    keyed = baselines.colour_difference(over((0.5, 0.5, 0.5), GREEN), GREEN, key=1)
    assert keyed.shape == (1, 101, 4)
    assert keyed.dtype == np.float32
    assert keyed[..., 3] == pytest.approx(levelled(ALPHA), abs=1e-6)


def test_a_green_foreground_keeps_the_share_the_law_says() -> None:
    foreground = (0.1, 0.315, 0.2)  # excess 0.115 against the screen's 0.32
    keyed = baselines.colour_difference(over(foreground, GREEN), GREEN, key=1)
    assert keyed[..., 3] == pytest.approx(levelled(ALPHA * (1 - 0.115 / 0.32)), abs=1e-5)


def test_a_blue_screen_keys_as_a_green_one() -> None:
    swap = [0, 2, 1]
    source = over((0.5, 0.2, 0.1), GREEN)
    green = baselines.colour_difference(source, GREEN, key=1)
    blue = baselines.colour_difference(source[..., swap], GREEN[swap], key=2)
    assert np.array_equal(blue, green[..., [0, 2, 1, 3]])


def test_colour_is_what_the_plate_leaves_and_nothing_where_alpha_is_nothing() -> None:
    keyed = baselines.colour_difference(over((0.6, 0.3, 0.2), GREEN), GREEN, key=1)
    assert keyed[0, -1] == pytest.approx([0.6, 0.3, 0.2, 1.0])
    assert np.all(keyed[keyed[..., 3] == 0.0] == 0.0)
    assert keyed[..., :3].min() >= 0.0
    assert np.all(keyed[..., 1] <= np.maximum(keyed[..., 0], keyed[..., 2]))


def test_the_average_rule_changes_colour_and_not_alpha() -> None:
    """Cyan stays under the larger rule; the average takes its key channel down to the mean."""
    source = over((0.1, 0.5, 0.5), GREEN)
    larger = baselines.colour_difference(source, GREEN, 1)
    average = baselines.colour_difference(source, GREEN, 1, baselines.Despill.AVERAGE)
    assert np.array_equal(average[..., 3], larger[..., 3])
    assert larger[0, -1, :3] == pytest.approx([0.1, 0.5, 0.5])
    assert average[0, -1, :3] == pytest.approx([0.1, 0.3, 0.5])
    assert np.array_equal(average[..., [0, 2]], larger[..., [0, 2]])


@pytest.mark.parametrize(
    ("colour", "key"),
    [
        ((0.08, 0.43, 0.11), 1),
        ((0.07, 0.11, 0.43), 2),
        ((0.33, 0.27, 0.21), None),
        ((0, 0, 0), None),
    ],
)
def test_a_screen_is_known_by_its_saturation(
    colour: tuple[float, float, float], key: int | None
) -> None:
    assert baselines.key_channel(np.full((4, 4, 3), colour, np.float32)) == key


def test_a_plate_difference_rises_to_one_at_its_threshold() -> None:
    plate = np.full((1, 3, 3), 0.2, np.float32)
    source = plate + np.array([[[0.0, 0, 0], [0, 0.05, 0.02], [0, 0, -0.3]]], np.float32)
    keyed = baselines.plate_difference(source, plate, 0.1)
    assert keyed[0, :, 3] == pytest.approx([0.0, 0.5, 1.0], abs=1e-6)
    assert keyed[0, 1, :3] == pytest.approx([0.1, 0.15, 0.12], abs=1e-6)
    assert np.all(keyed[0, 0] == 0.0)


def test_the_best_plate_difference_is_that_which_made_the_truth() -> None:
    plate = np.full((8, 8, 3), 0.2, np.float32)
    source = plate + np.linspace(0, 0.3, 64, dtype=np.float32).reshape(8, 8, 1)
    made = baselines.DIFFERENCES[11]
    truth = baselines.plate_difference(source, plate, made)[..., 3]
    assert baselines.best_plate_difference([source], [truth], plate) == made


def test_two_passes_give_the_truth_back() -> None:
    foreground = (0.7, 0.2, 0.4)
    first, second = np.array([0.0, 0.1, 0.0]), np.array([0.9, 1.0, 0.2])
    keyed = baselines.triangulated(over(foreground, first), over(foreground, second), first, second)
    assert keyed[..., 3] == pytest.approx(ALPHA, abs=1e-6)
    assert keyed[..., :3] == pytest.approx(ALPHA[..., None] * np.array(foreground), abs=1e-6)


def test_grain_has_the_variance_its_model_says_and_comes_back_with_its_seed() -> None:
    flat = np.full((256, 256, 3), 0.4, np.float32)
    grainy = with_grain(flat, 5)
    expected = 0.4 * np.array(GAIN) + np.array(FLOOR)
    assert grainy.reshape(-1, 3).var(axis=0) == pytest.approx(expected, rel=0.05)
    assert grainy.mean(axis=(0, 1)) == pytest.approx([0.4] * 3, abs=2e-4)
    assert np.array_equal(grainy, with_grain(flat, 5))
    assert not np.array_equal(grainy, with_grain(flat, 6))
