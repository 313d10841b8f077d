"""The job bundle, as values and as Open Job Description and Deadline's client read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.farm_tools import ask, openjd_command, python_with
from tests.unit.farm.conftest import Submit

from mattebox.errors import UsageError, WriteError
from mattebox.farm.chunks import Chunks
from mattebox.farm.openjd import asset_references, template, values, write_bundle
from mattebox.farm.submission import Inputs, Submission
from mattebox.job import Job

READ_BY_DEADLINE = """
import json, sys
from deadline.client.job_bundle.loader import read_yaml_or_json_object
from deadline.client.job_bundle.parameters import read_job_bundle_parameters
from deadline.client.job_bundle.submission import AssetReferences
folder = sys.argv[1]
read = read_job_bundle_parameters(folder)
assets = read_yaml_or_json_object(folder, "asset_references", required=True)
print(json.dumps({
    "values": {p["name"]: p.get("value", p.get("default")) for p in read},
    "assets": AssetReferences.from_dict(assets).to_dict(),
}))
"""


def step(submission: Submission, name: str) -> dict[str, Any]:
    (found,) = [step for step in template(submission)["steps"] if step["name"] == name]
    return dict(found)


def amounts(submission: Submission, name: str) -> dict[str, int]:
    listed = step(submission, name)["hostRequirements"]["amounts"]
    return {amount["name"]: amount["min"] for amount in listed}


def chunks_of(bundle: Path, **changed: str) -> list[str]:
    """The tasks of the step Key, as Open Job Description's own library cuts them."""
    model = pytest.importorskip("openjd.model", reason="openjd-cli is in the development group")
    document = yaml.safe_load((bundle / "template.yaml").read_text(encoding="utf-8"))
    decoded = model.decode_job_template(template=document, supported_extensions=["TASK_CHUNKING"])
    given = json.loads((bundle / "openjd_values.json").read_text(encoding="utf-8")) | changed
    job = model.create_job(
        job_template=decoded,
        job_parameter_values=model.preprocess_job_parameters(
            job_template=decoded,
            job_parameter_values=given,
            job_template_dir=bundle,
            current_working_dir=bundle,
        ),
    )
    (key,) = [one for one in job.steps if one.name == "Key"]
    tasks = model.StepParameterSpaceIterator(space=key.parameterSpace)
    return [task["Chunk"].value for task in tasks]


def test_three_steps_wait_for_each_other(submit: Submit) -> None:
    steps = template(submit())["steps"]
    assert [one["name"] for one in steps] == ["Analyse", "Key", "Check"]
    assert [one.get("dependencies") for one in steps] == [
        None,
        [{"dependsOn": "Analyse"}],
        [{"dependsOn": "Key"}],
    ]


def test_a_gpu_is_asked_for_where_frames_are_computed_and_only_there(submit: Submit) -> None:
    gpu = {"amount.worker.gpu": 1, "amount.worker.gpu.memory": 6144}
    plain = {"amount.worker.vcpu": 4, "amount.worker.memory": 8192}
    assert amounts(submit(), "Key") == amounts(submit(), "Analyse") == plain | gpu
    assert amounts(submit(), "Check") == plain | {"amount.worker.vcpu": 1}
    assert amounts(submit(device="cpu"), "Key") == plain


@pytest.mark.parametrize("device", ["auto", "cuda:1"])
def test_a_device_that_differs_between_workers_is_refused(submit: Submit, device: str) -> None:
    with pytest.raises(UsageError, match=f"device is {device}") as caught:
        submit(device=device)
    assert caught.value.exit_code == 64


def test_a_task_is_asked_to_stop_and_has_longer_than_a_frame_may_take(submit: Submit) -> None:
    for name in ("Analyse", "Key", "Check"):
        action = step(submit(), name)["script"]["actions"]["onRun"]
        assert action["cancelation"]["mode"] == "NOTIFY_THEN_TERMINATE"
        assert action["cancelation"]["notifyPeriodInSeconds"] > 10
    key = step(submit(), "Key")["script"]["actions"]["onRun"]
    assert key["timeout"] == 600 + 60 * 25


def test_chunks_do_not_adapt_to_how_long_they_take(submit: Submit) -> None:
    (parameter,) = step(submit(), "Key")["parameterSpace"]["taskParameterDefinitions"]
    assert parameter["chunks"] == {
        "defaultTaskCount": "{{Param.ChunkSize}}",
        "rangeConstraint": "CONTIGUOUS",
    }


def test_the_session_is_told_where_shares_lie_and_the_worker_is_asked_for_its_gpu(
    submit: Submit,
) -> None:
    (session,) = template(submit())["jobEnvironments"]
    entered = session["script"]["actions"]["onEnter"]["args"]
    assert entered == ["farm", "worker", "--path-mapping", "{{Session.PathMappingRulesFile}}"]
    (worker,) = step(submit(), "Key")["stepEnvironments"]
    assert worker["script"]["actions"]["onEnter"]["args"][:3] == ["farm", "worker", "--job"]
    assert [
        name for name in ("Analyse", "Check") if "stepEnvironments" in step(submit(), name)
    ] == []


def test_further_words_of_the_command_stand_before_its_arguments(submit: Submit) -> None:
    action = step(submit(command=("rez-env", "mattebox", "--")), "Check")["script"]["actions"]
    assert action["onRun"]["args"][:3] == ["mattebox", "--", "check"]


def test_frames_keep_the_names_of_the_plate_where_the_output_is_a_folder(submit: Submit) -> None:
    arguments = step(submit(output_name=None), "Key")["script"]["actions"]["onRun"]["args"]
    assert arguments[arguments.index("--output") + 1] == "{{Param.OutputDir}}/"


def test_what_the_job_reads_and_writes_is_listed(submit: Submit) -> None:
    inputs = Inputs((Path("/b.exr"), Path("/a.exr")), (Path("/luts"),))
    assert asset_references(submit(inputs=inputs))["assetReferences"] == {
        "inputs": {"filenames": ["/a.exr", "/b.exr"], "directories": ["/luts"]},
        "outputs": {"directories": ["/shows/demo/keyed"]},
        "referencedPaths": [],
    }


def test_frames_that_fit_into_no_parameter_are_refused(submit: Submit) -> None:
    with pytest.raises(UsageError, match="the Frames are") as caught:
        values(submit(frames=tuple(range(1001, 2001, 2))))
    assert caught.value.expected is not None
    assert "1024" in caught.value.expected


def test_the_bundle_is_written_twice_with_equal_bytes(submit: Submit, tmp_path: Path) -> None:
    written = write_bundle(submit(), tmp_path / "a" / "bundle")
    first = {path.name: path.read_bytes() for path in written}
    assert sorted(first) == [
        "asset_references.yaml",
        "job.json",
        "openjd_values.json",
        "parameter_values.yaml",
        "template.yaml",
    ]
    assert {p.name: p.read_bytes() for p in write_bundle(submit(), tmp_path / "b")} == first
    assert Job.read(tmp_path / "b" / "job.json") == submit().job


def test_a_folder_that_cannot_be_made_is_an_error(submit: Submit, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(WriteError, match="could not be written: Not a directory"):
        write_bundle(submit(), tmp_path / "file" / "bundle")


def test_the_template_passes_openjd_check_and_needs_no_more_than_chunking(
    submit: Submit, tmp_path: Path
) -> None:
    for device in ("cpu", "cuda"):
        write_bundle(submit(device=device), tmp_path)
        told = ask(
            openjd_command(), "check", tmp_path / "template.yaml", "--extensions", "TASK_CHUNKING"
        )
        assert "passes validation checks" in told


def test_openjd_cuts_the_span_at_our_borders(submit: Submit, tmp_path: Path) -> None:
    write_bundle(submit(), tmp_path)
    assert chunks_of(tmp_path) == ["1000-1024", "1025-1049", "1050-1074"]
    write_bundle(submit(frames=(1030, 1031, 2000)), tmp_path)
    assert chunks_of(tmp_path) == ["1025-1049", "2000-2024"]
    write_bundle(submit(frames=(-3, 3), chunks=Chunks(10)), tmp_path)
    assert chunks_of(tmp_path) == ["-10--1", "0-9"]
    frames = range(1001, 1051)
    write_bundle(submit(frames=tuple(frames), chunks=Chunks.whole(frames)), tmp_path)
    assert chunks_of(tmp_path) == ["1001-1050"]


def test_a_person_may_change_frames_chunk_and_output(submit: Submit, tmp_path: Path) -> None:
    write_bundle(submit(), tmp_path)
    changed = {"Frames": "1010-1020", "ChunkSize": "15", "OutputDir": "/elsewhere"}
    assert chunks_of(tmp_path, **changed) == [
        f"{first}-{first + 14}" for first in range(1000, 1075, 15)
    ]


def test_deadline_reads_the_bundle(submit: Submit, tmp_path: Path) -> None:
    python = python_with("deadline", "MATTEBOX_DEADLINE_PYTHON", "deadline")
    write_bundle(submit(), tmp_path)
    read = json.loads(ask(python, "-c", READ_BY_DEADLINE, tmp_path))
    assert read["values"]["Frames"] == "1001-1050"
    assert read["values"]["OutputDir"] == "/shows/demo/keyed"
    assert read["values"]["JobFile"] == str(tmp_path / "job.json")
    assert read["values"]["ChunkSize"] == 25
    assert read["assets"] == asset_references(submit())
