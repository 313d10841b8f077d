"""RVM gives the release's numbers on seeded weights (tolerances are each case's own)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast, get_args

import pytest
import torch
from tests.unit.engines.seeded import Difference, Goldens, shapes

from mattebox.engines.checkpoints import NetworkName, RvmName, load_rvm
from mattebox.engines.networks.rvm import RobustVideoMatting, RvmRefiner
from mattebox.engines.networks.rvm_decoder import RvmState

FRAME_BY_FRAME = (
    "rvm_mobilenetv3__288x512_r1",
    "rvm_mobilenetv3__540x960_r0.25",
    "rvm_mobilenetv3__1080x1920_r0.25",
    "rvm_mobilenetv3__540x960_r0.25_fast_guided_filter",
    "rvm_resnet50__256x256_r1",
)
SEGMENTATION = "_segmentation"
"""Ending of cases of the head that no engine runs."""
CHUNK = "rvm_mobilenetv3__540x960_r0.25_chunk"
TWO_CLIPS = "rvm_mobilenetv3__batch2_chunk2_144x256_r0.5"


def network_for(goldens: Goldens, case: str) -> RobustVideoMatting:
    is_fast = goldens.cases[case].get("refiner") == "fast_guided_filter"
    refiner: RvmRefiner = "fast" if is_fast else "deep"
    return load_rvm(goldens.checkpoint(goldens.cases[case]["model"]), refiner)


def frames_of(goldens: Goldens, case: str) -> list[torch.Tensor]:
    given = goldens.cases[case]["input"]
    frames = [
        goldens.frame(given["label"], given["height"], given["width"], index)
        for index in range(given["frames"])
    ]
    hashes = [hashlib.sha256(frame.numpy().tobytes()).hexdigest()[:16] for frame in frames]
    assert hashes == goldens.cases[case]["input_sha256_16"]
    return frames


def within(difference: Difference | None, case: Any) -> bool:
    assert difference is not None
    tolerance = case["tolerance"]
    most, mean = float(tolerance["max_abs"]), float(tolerance["mean_abs"])
    return difference.most <= most and difference.mean <= mean


def assert_state(goldens: Goldens, case: str, state: RvmState) -> None:
    golden = goldens.file(case)
    for name, map_ in zip(("r1", "r2", "r3", "r4"), state.maps, strict=True):
        difference = goldens.difference(golden, f"after/{name}", map_)
        assert within(difference, goldens.cases[case]), (name, difference)


@pytest.mark.shared
def test_all_rvm_cases_are_tested(goldens: Goldens) -> None:
    ours = {case for case in goldens.cases if case.startswith("rvm_")}
    assert {*FRAME_BY_FRAME, CHUNK, TWO_CLIPS} == {
        case for case in ours if not case.endswith(SEGMENTATION)
    }


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("network", [*get_args(RvmName), "bgmv2_mobilenetv2", "bgmv2_resnet50"])
def test_names_shapes_and_seeded_values_are_the_release_s(
    goldens: Goldens, shared: Path, network: NetworkName
) -> None:
    assert_manifest(goldens, shared, network)


def assert_manifest(goldens: Goldens, shared: Path, network: NetworkName) -> None:
    listed = json.loads((shared / "specs" / f"{network}.params.json").read_text())["tensors"]
    ours = shapes(network)
    assert {entry["name"]: tuple(entry["shape"]) for entry in listed} == ours
    tensors = goldens.checkpoint(network).tensors
    hashes = {
        entry["name"]: hashlib.sha256(tensors[entry["name"]].numpy().tobytes()).hexdigest()[:16]
        for entry in listed
    }
    assert hashes == {entry["name"]: entry["seeded_sha256_16"] for entry in listed}


@pytest.mark.slow
@pytest.mark.shared
def test_resnet101_s_names_shapes_and_seeded_values(goldens: Goldens, shared: Path) -> None:
    assert_manifest(goldens, shared, "bgmv2_resnet101")


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("case", FRAME_BY_FRAME)
def test_alpha_foreground_and_state_of_every_frame(goldens: Goldens, case: str) -> None:
    network, golden = network_for(goldens, case), goldens.file(case)
    state: RvmState | None = None
    for index, frame in enumerate(frames_of(goldens, case)):
        matte = network(frame, state, goldens.cases[case]["downsample_ratio"])
        state = matte.state
        for name, ours in (("fgr", matte.foreground), ("pha", matte.alpha)):
            assert list(ours.shape) == goldens.cases[case]["output_shapes"][name]
            difference = goldens.difference(golden, f"frame{index}/{name}", ours)
            assert within(difference, goldens.cases[case]), (index, name, difference)
    assert state is not None
    assert_state(goldens, case, state)


@pytest.mark.shared
def test_three_frames_as_one_chunk_are_the_three_frames(goldens: Goldens) -> None:
    single = cast("str", goldens.cases[CHUNK]["same_as"])
    network, golden = network_for(goldens, single), goldens.file(single)
    chunk = torch.stack(frames_of(goldens, single), dim=1)
    matte = network(chunk, None, 0.25)
    assert list(matte.alpha.shape) == goldens.cases[CHUNK]["output_shapes"]["pha"]
    for index in range(3):
        for name, ours in (("fgr", matte.foreground), ("pha", matte.alpha)):
            difference = goldens.difference(golden, f"frame{index}/{name}", ours[:, index])
            assert within(difference, goldens.cases[CHUNK]), (index, name, difference)
    assert_state(goldens, single, matte.state)


@pytest.mark.shared
def test_two_clips_in_one_batch_do_not_mix(goldens: Goldens) -> None:
    case = goldens.cases[TWO_CLIPS]
    given = case["input"]
    clips = torch.stack(
        [
            torch.cat(
                [
                    goldens.frame(label, given["height"], given["width"], index)
                    for index in range(given["frames"])
                ]
            )
            for label in given["labels"]
        ]
    )
    network = network_for(goldens, TWO_CLIPS)
    golden = goldens.file(TWO_CLIPS)
    matte = network(clips, None, case["downsample_ratio"])
    for name, ours in (("fgr", matte.foreground), ("pha", matte.alpha)):
        difference = goldens.difference(golden, f"all/{name}", ours)
        assert within(difference, case), (name, difference)
    assert_state(goldens, TWO_CLIPS, matte.state)
