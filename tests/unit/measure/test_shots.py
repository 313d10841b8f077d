"""The ruler against figures measured earlier, by other code, on rendered shots."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mattebox.frames import read_frame
from mattebox.measure.accuracy import Accuracy
from mattebox.measure.metrics import Convention

Picture = NDArray[np.float32]

pytestmark = pytest.mark.shared

# shared/shots/README.md: hair, exact plate; hair, `plate_offset`; smoke_glass, exact plate.
# MAD, MSE, Grad, Conn, dtSSD, comp over grey, comp over red; as printed there.
PUBLISHED = [
    ("hair", "plate", ("15.1", "0.97", "0.78", "1.47", "3.40", "4.2", "7.0")),
    ("hair", "plate_offset", ("36.7", "2.56", "0.87", "1.83", "3.64", "6.6", "10.9")),
    ("smoke_glass", "plate", ("43.4", "7.46", "3.61", "8.38", "5.87", "10.4", "15.1")),
]


def read(folder: Path, shot: str, name: str, frame: int) -> Picture:
    picture = read_frame(folder / shot / name / f"{shot}_{name}.{frame:04d}.exr")
    return picture.placed(picture.display_window)


def colour_difference_key(source: Picture, plate: Picture) -> Picture:
    """The linear colour difference as it was keyed then: alpha is 1 less the share of the plate's
    green excess that is left, premultiplied RGBA with green held under red and blue."""
    excess, of_plate = (p[..., 1] - np.maximum(p[..., 0], p[..., 2]) for p in (source, plate))
    alpha = np.clip(1.0 - excess / of_plate, 0.0, 1.0)
    colour = np.maximum(source - (1.0 - alpha[..., None]) * plate, 0.0)
    colour[..., 1] = np.minimum(colour[..., 1], np.maximum(colour[..., 0], colour[..., 2]))
    return np.concatenate([colour, alpha[..., None]], axis=2)


@pytest.mark.slow
@pytest.mark.parametrize(("shot", "plate_pass", "printed"), PUBLISHED)
def test_the_colour_difference_measures_as_in_the_shots_table(
    shared: Path, shot: str, plate_pass: str, printed: tuple[str, ...]
) -> None:
    shots = shared / "shots"
    plate = read(shots, shot, plate_pass, 1)[..., :3]
    accuracy = Accuracy()
    for frame in range(1, 25):
        source = read(shots, shot, "green_spill_grain", frame)[..., :3]
        accuracy.add(colour_difference_key(source, plate), read(shots, shot, "fg", frame))
    mean = accuracy.summary().mean
    figures = (mean.mad, mean.mse, mean.grad, mean.conn, mean.dtssd, mean.comp_grey, mean.comp_red)
    for figure, text in zip(figures, printed, strict=True):
        last_digit = 10.0 ** -len(text.partition(".")[2])
        assert figure == pytest.approx(float(text), abs=0.51 * last_digit)


@pytest.mark.slow
def test_rounding_to_8_bits_moves_a_key_by_less_than_half_a_percent(shared: Path) -> None:
    shots = shared / "shots"
    plate = read(shots, "hair", "plate", 1)[..., :3]
    exact, rounded = Accuracy(), Accuracy(Convention.RVM_LR_8BIT)
    for frame in (1, 2, 3):
        key = colour_difference_key(read(shots, "hair", "green_spill_grain", frame)[..., :3], plate)
        for accuracy in (exact, rounded):
            accuracy.add(key, read(shots, "hair", "fg", frame))
    assert rounded.summary().mean.mad == pytest.approx(exact.summary().mean.mad, rel=5e-3)
