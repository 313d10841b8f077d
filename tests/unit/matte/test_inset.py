from __future__ import annotations

import pytest
import torch

from mattebox.matte.inset import FAR, NEAR, unlit


def seen(rows: slice, columns: slice) -> torch.Tensor:
    known = torch.zeros(1, 1, 90, 160)
    known[..., rows, columns] = 0.3
    return known


def test_a_screen_that_ends_within_the_picture_lights_what_is_near_it() -> None:
    found = unlit(seen(slice(40, 50), slice(60, 80)))
    assert found is not None
    assert found.shape == (1, 1, 90, 160)
    assert float(found[..., 40:50, 60:80].max()) == 0.0
    beside = found[0, 0, 45, 79:]  # to the right, from its last column on; 19 columns apart
    assert bool((beside.diff() >= 0.0).all())
    assert float(beside[int(19 * NEAR)]) == 0.0
    assert float(beside[int(19 * FAR) + 1 :].min()) == 1.0
    torch.testing.assert_close(found, found.flip(-2), atol=1e-6, rtol=0.0)


def test_what_is_in_front_of_it_is_lit() -> None:
    known = seen(slice(20, 70), slice(40, 120))
    known[..., 30:, 60:100] = 0.0  # a person
    found = unlit(known)
    assert found is not None
    assert float(found[..., 20:70, 40:120].max()) == 0.0


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        (slice(0, 50), slice(60, 80)),
        (slice(40, 90), slice(60, 80)),
        (slice(40, 50), slice(0, 80)),
        (slice(40, 50), slice(60, 160)),
        (slice(0, 90), slice(0, 160)),
        (slice(0, 0), slice(0, 0)),
    ],
)
def test_a_screen_that_goes_on_beyond_the_picture_may_light_all_of_it(
    rows: slice, columns: slice
) -> None:
    assert unlit(seen(rows, columns)) is None
