"""How much of the screen's light is taken out of a pixel, rule by rule."""

from __future__ import annotations

import pytest
import torch

from mattebox.matte.statistics import Triple
from mattebox.matte.unmixing.spill import spill_strength

HUE = torch.tensor([1.0, 0.2, 0.3]).view(1, 3, 1, 1)


def each_rule(colour: Triple, hue: torch.Tensor = HUE) -> list[float]:
    """The strength by every rule alone: nothing, down to the larger, the mean, the smaller."""
    pixel = torch.tensor(colour).view(1, 3, 1, 1)
    one_hot = torch.eye(4).view(4, 4, 1, 1)
    found = [spill_strength(pixel, hue, one_hot[rule : rule + 1]) for rule in range(4)]
    return [float(one) for one in found]


def test_each_rule_takes_what_brings_the_first_channel_down_to_its_own() -> None:
    nothing, larger, mean, smaller = each_rule((0.9, 0.3, 0.5))
    assert nothing == 0.0
    assert larger == pytest.approx(0.4 / 0.7)
    assert mean == pytest.approx((0.6 + 0.4) / (0.8 + 0.7))
    assert smaller == pytest.approx(0.6 / 0.8)


@pytest.mark.parametrize("colour", [(0.5, 0.5, 0.5), (0.2, 0.3, 0.4), (0.0, 0.0, 0.0)], ids=str)
def test_where_the_telling_channel_exceeds_none_there_is_no_spill(colour: Triple) -> None:
    assert each_rule(colour) == [0.0, 0.0, 0.0, 0.0]


def test_on_a_secondary_screen_the_darkest_channel_tells() -> None:
    hue = torch.tensor([0.1, 1.0, 0.9]).view(1, 3, 1, 1)
    grey, light = 0.4, 0.25
    spilled = tuple(grey + light * float(value) for value in hue.flatten())
    _, larger, mean, smaller = each_rule((spilled[0], spilled[1], spilled[2]), hue)
    assert larger == pytest.approx(light, rel=1e-5)
    assert mean == pytest.approx(light, rel=1e-5)
    assert smaller == pytest.approx(light, rel=1e-5)
    assert each_rule((0.5, 0.2, 0.3), hue) == [0.0, 0.0, 0.0, 0.0]
