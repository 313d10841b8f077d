"""What `mattebox doctor` says of the solver's own weights."""

from __future__ import annotations

import pytest

from mattebox.cli import doctor
from mattebox.cli.doctor import Fault
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
