"""What nvidia-smi says of a card, added up."""

from __future__ import annotations

import pytest

from benchmarks.device import Looks, looks_of
from mattebox.errors import DeviceError


def test_busy_time_is_the_share_that_each_look_tells_of_the_time_before_it() -> None:
    seen = [(10.0, "0, 500\n"), (10.5, "100, 2500\n"), (11.0, "50, 1500\n")]
    assert looks_of(seen) == Looks(busy=0.75, memory=2000.0)


@pytest.mark.parametrize(
    ("seen", "said"), [([], "nothing"), ([(0.0, "[N/A], 500\n")], r"\[N/A\], 500")]
)
def test_a_card_that_tells_no_numbers_is_not_said_to_be_idle(
    seen: list[tuple[float, str]], said: str
) -> None:
    with pytest.raises(DeviceError, match=said):
        looks_of(seen)
