"""How often a frame keeps a GPU waiting: counted by a stub, so that it holds where none is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.conftest import REPOSITORY
from tests.support.keying import keyed
from tests.support.transfers import CountingTransfers, Transfer

from mattebox.matte.unmixing import inference
from mattebox.pipeline.keyer import FrameKeyer

HAIR = REPOSITORY / "examples" / "fixture_hair"
PIXELS = 320 * 180
SENDING = "pipeline/keyer.py:_uploaded"
BESIDE: dict[str, dict[str, object]] = {
    "clean plate": {"clean_plate": HAIR / "plate/fixture_hair_plate.0001.exr"},
    "estimate": {"screen": "auto"},
    "hint": {
        "engine": "hint",
        "screen": "auto",
        "hint": {"pattern": str(HAIR / "fg/fixture_hair_fg.####.exr"), "channel": "A"},
    },
}


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Transfer]]:
    """What each of a frame's steps sends, brings and waits for, the last time it was taken."""
    found: dict[str, list[Transfer]] = {}

    def counted(name: str) -> Any:
        step = getattr(FrameKeyer, name)

        def run(keyer: FrameKeyer, *args: Any) -> Any:
            with CountingTransfers() as counting:
                done = step(keyer, *args)
            found[name] = counting.seen
            return done

        return run

    for name in ("see", "solve", "finish"):
        monkeypatch.setattr(FrameKeyer, name, counted(name))
    # The device that the stub stands for takes a frame at once; strips look at what they hold.
    monkeypatch.setattr(inference, "_in_strips", inference._at_once)
    return found


def key_hair(tmp_path: Path, **values: object) -> None:
    done = keyed(
        HAIR / "green_spill_grain/fixture_hair_green_spill_grain.####.exr",
        tmp_path / "out",
        colour={"in_space": "lin_rec709_scene"},
        threads=1,  # what is counted is one thread's
        **values,
    )
    assert done.error is None
    assert done.tally.done == 8


@pytest.mark.parametrize("given", BESIDE)
def test_a_frame_goes_to_the_device_and_comes_back_once(
    given: str, steps: dict[str, list[Transfer]], tmp_path: Path
) -> None:
    key_hair(tmp_path, **BESIDE[given])
    sent = {"plate": Transfer("up", 3 * PIXELS, SENDING)}
    if given == "hint":
        sent["hint"] = Transfer("up", PIXELS, SENDING)
    seen, solved, finished = (steps[name] for name in ("see", "solve", "finish"))
    assert [one for one in seen if one.kind == "up"] == list(sent.values())
    # The light of the frame, told by tiles of it, decides whether the background is lit anew.
    waited = [one for one in seen if one.kind != "up"]
    assert all(one.place == "matte/background_exposure.py:frame_gain" for one in waited)
    assert len(waited) <= 1
    assert sum(one.values for one in waited) < PIXELS // 8
    # What an outline encloses is filled in memory: a mask goes there and back.
    closed = "matte/interior.py:closed_alpha"
    assert solved == [Transfer("down", PIXELS, closed), Transfer("up", PIXELS, closed)]
    # Layers, five numbers, and where something is: together, and waited for by the writer.
    assert [one.kind for one in finished] == ["down"] * 3
    assert [one.values for one in finished] == [12 * PIXELS, 5, PIXELS]
