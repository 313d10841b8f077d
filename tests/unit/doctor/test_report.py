"""What `mattebox doctor` says: of the solver's own weights, to people, to hosts, in an issue."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace

import pytest

from mattebox import __version__
from mattebox.cli import doctor
from mattebox.cli.doctor import examine, issue_text
from mattebox.doctor.report import Fault, Host, Report
from mattebox.doctor.words import lines
from mattebox.matte.unmixing.weights_file import weights_sha256


def test_the_unmixing_weights_are_named_by_their_digest() -> None:
    faults: list[Fault] = []
    assert doctor._unmixing(faults) == weights_sha256()
    assert faults == []


def test_lost_unmixing_weights_are_a_fault_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> str:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(doctor, "weights_sha256", lost)
    faults: list[Fault] = []
    assert doctor._unmixing(faults) is None
    (fault,) = faults
    assert "unmixing.safetensors" in fault.what
    assert "No such file" in fault.what
    assert "reinstall" in fault.cure


@pytest.fixture(scope="module")
def report() -> Report:
    """This machine's own, with a host and a fault that tell too much."""
    blender = Host(
        "Blender", "4.5.1", "/opt/client x/blender", "the add-on in /opt/client x", "press Key"
    )
    fault = Fault("/mnt/client x/a.ocio cannot be read", "set $OCIO")
    return replace(examine(), hosts=[blender], faults=[fault])


def test_hosts_are_told_with_what_works_and_what_to_press(report: Report) -> None:
    told = "\n".join(lines(report))
    assert "Blender 4.5.1 (/opt/client x/blender)\n  works: the add-on in" in told
    assert "  next: press Key" in told
    assert "not found on the PATH or in the usual folders: Nuke, Open Job Description" in told


def test_an_issues_report_has_all_that_helps_and_no_path(report: Report) -> None:
    text = issue_text(report)
    for words in (
        f"mattebox {__version__}",
        "commit ",
        "torch ",
        "fault: ",
        "Blender 4.5.1 (<path",
    ):
        assert words in text
    for secret in ("client", sys.prefix, "press Key", "set $OCIO"):
        assert secret not in text


def test_hosts_read_the_report_as_plain_values(report: Report) -> None:
    read = json.loads(json.dumps(asdict(report)))
    assert read["version"] == 1
    assert read["hosts"][0]["press"] == "press Key"
    assert read["small_keys"] == []
    assert set(read) >= {"commit", "faults", "weights", "devices"}


@pytest.mark.slow
def test_the_command_keys_a_small_shot_and_its_report_names_nobody() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mattebox", "doctor", "--report"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 69)
    assert "small key on cpu: 8 frames of 320x180 in " in done.stdout
    assert "a frame computes for " in done.stdout
    assert "in <environment>" in done.stdout
    assert sys.prefix not in done.stdout
