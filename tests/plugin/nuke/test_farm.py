"""The node's key as a farm job, and its frames when they come back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.plugin.nuke.conftest import keyed_by_hand, keyer, part
from tests.support.nuke.fake import FakeNuke


def test_a_job_names_its_device(nuke: FakeNuke, plate: str) -> None:
    nuke.press(keyer(nuke, plate), "export_job")
    assert len(nuke.messages) == 1
    assert "the device is auto" in nuke.messages[0]
    assert "choose cpu or cuda (Network tab)" in nuke.messages[0]


@pytest.mark.slow
def test_a_graded_plate_is_rendered_and_the_bundle_reads_the_render(
    nuke: FakeNuke, plate: str, project: Path
) -> None:
    node = keyer(nuke, plate)
    grade = nuke.create("Grade")
    grade.setInput(0, node.input(0))
    node.setInput(0, grade)
    node["device"].setValue("cpu")
    node["farm_folder"].setValue(f"{project.as_posix()}/to the farm")
    node["farm_chunk"].setValue("2")
    nuke.press(node, "export_job")
    assert len(nuke.messages) == 1
    assert "deadline bundle submit" in nuke.messages[0]
    assert node["status"].value() == f"job written: {project.as_posix()}/to the farm"

    bundle = project / "to the farm"
    assert sorted(path.name for path in bundle.iterdir()) == [
        "asset_references.yaml",
        "job.json",
        "openjd_values.json",
        "parameter_values.yaml",
        "template.yaml",
    ]
    wanted = part("node_request").request_of(node)
    job = json.loads((bundle / "job.json").read_text(encoding="utf-8"))
    assert job["plate"] == wanted.request.plate
    assert job["device"] == "cpu"
    assert job["colour"]["out_space"] == "Linear Rec.709 (sRGB)"
    values = yaml.safe_load((bundle / "parameter_values.yaml").read_text(encoding="utf-8"))
    chosen = {one["name"]: one["value"] for one in values["parameterValues"]}
    assert str(chosen["Frames"]) == "1-3"
    assert Path(chosen["OutputDir"]) == wanted.request.folder
    assert [frame for _, frame in nuke.executed] == [1, 2, 3]


@pytest.mark.slow
def test_the_farms_frames_are_the_nodes_own(nuke: FakeNuke, plate: str) -> None:
    """A worker keys the bundle's job; the node finds the frames and trusts what they say."""
    node = keyer(nuke, plate)
    node["device"].setValue("cpu")
    nuke.press(node, "export_job")
    job = part("node_request").request_of(node).request.folder / "job" / "job.json"
    worker = [sys.executable, "-m", "mattebox", "key", "--job", str(job), "--frames", "2"]
    done = subprocess.run(worker, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    nuke.press(node, "refresh")
    assert node["status"].value() == "1 of 3 frames current (1-3); missing 1,3"
    assert node["has_result"].value()


def test_an_update_without_frames_shows_the_plate(nuke: FakeNuke, plate: str) -> None:
    node = keyer(nuke, plate)
    nuke.press(node, "refresh")
    assert node["status"].value() == "0 of 3 frames current (1-3); missing 1-3"
    assert nuke.picture(node, 1)["rgba.green"].mean() > 0.1


def test_going_back_to_earlier_settings_finds_their_frames_again(
    nuke: FakeNuke, plate: str
) -> None:
    node = keyer(nuke, plate)
    keyed_by_hand(node, 1, 2, 3, fingerprint="a" * 32)
    nuke.press(node, "refresh")
    first = node["result"].value()
    node["gamma"].setValue(1.5)
    keyed_by_hand(node, 1, fingerprint="b" * 32)
    nuke.press(node, "refresh")
    assert node["result"].value() != first
    assert node["result_fingerprint"].value() == "b" * 32
    assert node["status"].value() == "1 of 3 frames current (1-3); missing 2-3"
    node["gamma"].setValue(1.0)
    nuke.press(node, "refresh")
    assert (node["result"].value(), node["result_fingerprint"].value()) == (first, "a" * 32)
