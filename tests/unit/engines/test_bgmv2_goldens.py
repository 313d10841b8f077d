"""BGMv2 gives the release's numbers on seeded weights, and refines the same cells."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tests.unit.engines.seeded import Difference, Goldens

from mattebox.engines.checkpoints import Bgmv2Name, load_bgmv2
from mattebox.engines.networks.bgmv2 import Refinement

MOBILE = (
    "512x512_s0.25_sampling80000",
    "512x512_s0.25_sampling15072",
    "512x512_s0.25_thresholding0.7",
    "512x512_s0.25_thresholding0.1",
    "512x512_s0.25_full",
    "544x960_s0.25_sampling80000",
    "544x960_s0.25_sampling16528",
    "544x960_s0.25_thresholding0.7",
    "544x960_s0.25_full",
    "544x960_s0.125_sampling80000",
    "512x512_s0.25_thresholding0.99_none",
    "544x960_s0.25_thresholding0.1136",
    "436x700_s0.25_thresholding0.2845",
    "512x512_s0.5_sampling15328",
)
RESNET50 = (
    "512x512_s0.25_sampling80000",
    "512x512_s0.25_sampling15280",
    "512x512_s0.25_full",
    "544x960_s0.25_sampling80000",
    "544x960_s0.25_sampling17392",
    "544x960_s0.25_full",
    "512x512_s0.25_thresholding0.7042",
    "512x512_s0.25_thresholding0.4982",
    "544x960_s0.25_thresholding0.7171",
)
REFINED = tuple(f"bgmv2_mobilenetv2__{case}" for case in MOBILE) + tuple(
    f"bgmv2_resnet50__{case}" for case in RESNET50
)
BASE = ("bgmv2_mobilenetv2__base_256x256", "bgmv2_mobilenetv2__base_250x330")
CELLS_THAT_MAY_DIFFER = 2
"""Entries of the map at places where two errors are nearly equal (the goldens' own rule)."""

CELL_BY_CELL = Refinement("thresholding", threshold=-1.0, dense_share=1.0)

Array = npt.NDArray[Any]


def pair(goldens: Goldens, case: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Source and plate, with their hashes checked."""
    given, hashes = goldens.cases[case]["input"], goldens.cases[case]["input_sha256_16"]
    size = (given["height"], given["width"])
    source = goldens.frame(given["label"], *size)
    plate = goldens.frame(given["label"], *size, subject=False)
    for name, frame in (("src", source), ("bgr", plate)):
        assert hashlib.sha256(frame.numpy().tobytes()).hexdigest()[:16] == hashes[name]
    return source, plate


def assert_within(difference: Difference, case: Any, name: str) -> None:
    tolerance = case["tolerance"]
    assert difference.most <= tolerance["max_abs"], (name, difference)
    assert difference.mean <= tolerance["mean_abs"], (name, difference)


@pytest.mark.shared
def test_all_bgmv2_cases_are_tested(goldens: Goldens) -> None:
    assert {*REFINED, *BASE} == {case for case in goldens.cases if case.startswith("bgmv2_")}


@pytest.mark.shared
@pytest.mark.parametrize("case", BASE)
def test_base_network(goldens: Goldens, case: str) -> None:
    network = load_bgmv2(goldens.checkpoint("bgmv2_mobilenetv2"))
    golden = goldens.file(case)
    source, plate = pair(goldens, case)
    coarse = network.base(source, plate)
    foreground = (coarse.residual + source).clamp(0.0, 1.0)
    ours = {"pha": coarse.alpha, "fgr": foreground, "err": coarse.error, "hid": coarse.hidden}
    for name, picture in ours.items():
        difference = goldens.difference(golden, name, picture)
        assert difference is not None
        assert_within(difference, goldens.cases[case], name)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize(
    "dense_share", [pytest.param(1 / 6, id="as shipped"), pytest.param(1.0, id="cell by cell")]
)
@pytest.mark.parametrize("case", REFINED)
def test_refined_matte(goldens: Goldens, case: str, dense_share: float) -> None:
    options, golden = goldens.cases[case]["options"], goldens.file(case)
    model: Bgmv2Name = goldens.cases[case]["model"]
    refinement = Refinement(
        options["refine_mode"],
        options.get("refine_sample_pixels", 80_000),
        options.get("refine_threshold", 0.7),
        dense_share,
    )
    source, plate = pair(goldens, case)
    matte = load_bgmv2(goldens.checkpoint(model))(
        source, plate, options["backbone_scale"], refinement
    )

    bits = np.unpackbits(golden["ref_sm/bits"])[: matte.refined.numel()]
    differs = bits.reshape(matte.refined.shape).astype(bool) != matte.refined.numpy()
    assert differs.sum() <= CELLS_THAT_MAY_DIFFER
    assert differs.sum() == 0, "no case differs on the machines known so far"

    coarse = matte.coarse
    ours = {
        "pha": matte.alpha,
        "fgr": matte.foreground,
        "pha_sm": coarse.alpha,
        "fgr_sm": matte.coarse_foreground,
        "err_sm": coarse.error,
    }
    for name, picture in ours.items():
        difference = goldens.difference(golden, name, picture)
        if difference is None:
            assert name.endswith("_sm"), f"the case has no golden {name}"
            continue
        assert_within(difference, goldens.cases[case], name)


@pytest.mark.slow
@pytest.mark.shared
def test_resnet101_full_is_every_cell_refined(goldens: Goldens) -> None:
    network = load_bgmv2(goldens.checkpoint("bgmv2_resnet101"))
    source = goldens.frame("plate", 128, 160)
    plate = goldens.frame("plate", 128, 160, subject=False)
    full = network(source, plate, 0.25, Refinement("full"))
    every = network(source, plate, 0.25, CELL_BY_CELL)
    assert bool(every.refined.all())
    torch.testing.assert_close(every.alpha, full.alpha, rtol=0, atol=2e-6)
    torch.testing.assert_close(every.foreground, full.foreground, rtol=0, atol=2e-6)
    spread = full.alpha.std()
    assert spread > 0.05, "a flat alpha would prove nothing"
