"""The catalogue is data: the official entries hold together, and an own file is told its faults."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from mattebox.engines.checkpoints import NetworkName, RvmName
from mattebox.errors import InputError, UnknownNameError
from mattebox.weights.catalogue import DEFAULTS, OWN_CATALOGUE, Catalogue, Network

OWN = """
schema = 1

[licences.LicenseRef-House]
line = "for work of the house only"
url = "https://house.invalid/licence"

[[weights]]
name = "house_rvm"
network = "rvm_resnet50"
format = "safetensors"
file = "house_rvm.safetensors"
url = "https://house.invalid/w/house_rvm.safetensors"
licence = "LicenseRef-House"
source = "the house"
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own.toml"
    monkeypatch.setenv(OWN_CATALOGUE, str(path))
    return path


def faults_of(own: Path, text: str) -> str:
    own.write_text(text)
    with pytest.raises(InputError) as fault:
        Catalogue.read()
    assert fault.value.exit_code == 66
    assert str(own) in str(fault.value)
    return str(fault.value)


def test_the_catalogue_knows_the_networks_that_files_are_told_apart_as() -> None:
    names = {name for part in get_args(NetworkName) for name in (get_args(part) or (part,))}
    assert set(get_args(Network)) == names


def test_every_network_has_its_plain_pth_under_its_own_name() -> None:
    entries = Catalogue.read().entries
    for network in get_args(Network):
        assert entries[network].network == network
        assert entries[network].format == "pth"


def test_the_default_of_an_engine_is_one_of_its_networks() -> None:
    entries = Catalogue.read().entries
    for engine, name in DEFAULTS.items():
        assert entries[name].network.startswith(engine)


def test_official_addresses_are_https_releases_and_end_in_the_file_s_name() -> None:
    for entry in Catalogue.read().entries.values():
        assert entry.url.startswith("https://github.com/PeterL1n/")
        assert entry.url.endswith(f"/releases/download/v1.0.0/{entry.file}")


def test_a_network_s_files_carry_its_repository_s_licence() -> None:
    catalogue = Catalogue.read()
    for entry in catalogue.entries.values():
        rvm = entry.network in get_args(RvmName)
        assert entry.licence == ("GPL-3.0-only" if rvm else "MIT")
        assert ("RobustVideoMatting" in entry.url) == rvm
        assert catalogue.licence(entry).url.startswith("https://github.com/PeterL1n/")


def test_a_confirmed_hash_has_a_size_beside_it_and_an_unknown_one_is_absent() -> None:
    entries = Catalogue.read().entries.values()
    assert {entry.certainty for entry in entries} == {"confirmed", "seen once", "unknown"}
    for entry in entries:
        if entry.certainty == "confirmed":
            assert entry.bytes is not None
        assert (entry.sha256 is None) == (entry.certainty == "unknown")


def test_the_size_of_a_file_follows_from_its_number_type() -> None:
    """A slip in a row of figures shows: half the bytes a number, the same count of numbers."""
    entries = Catalogue.read().entries
    for network in get_args(RvmName):
        for ending in ("onnx", "torchscript"):
            whole, half = (
                entries[f"{network}{precision}.{ending}"].bytes for precision in ("", "_fp16")
            )
            if whole is not None and half is not None:
                assert 0.49 < half / whole < 0.52


def test_an_entry_is_found_by_the_hash_of_its_file() -> None:
    catalogue = Catalogue.read()
    sha256 = catalogue.entries["rvm_resnet50"].sha256
    assert sha256 is not None
    assert catalogue.with_sha256(sha256) is catalogue.entries["rvm_resnet50"]
    assert catalogue.with_sha256("0" * 64) is None


def test_a_mistyped_name_proposes_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'rvm_resnet50'") as fault:
        Catalogue.read().named("rvm_resnet5")
    assert "mattebox weights list" in str(fault.value)


def test_an_own_catalogue_adds_to_the_official_one(own: Path) -> None:
    own.write_text(OWN)
    catalogue = Catalogue.read()
    entry = catalogue.named("house_rvm")
    assert entry.certainty == "unknown"
    assert catalogue.licence(entry).line == "for work of the house only"
    assert "rvm_mobilenetv3" in catalogue.entries


def test_an_own_entry_vouches_for_the_hash_it_gives(own: Path) -> None:
    own.write_text(OWN + f'sha256 = "{"a" * 64}"\n')
    assert Catalogue.read().named("house_rvm").certainty == "confirmed"


def test_an_own_entry_replaces_an_official_one_of_its_name(own: Path) -> None:
    own.write_text(OWN.replace('"house_rvm"', '"rvm_resnet50"'))
    assert Catalogue.read().named("rvm_resnet50").source == "the house"


def test_all_faults_of_an_own_catalogue_are_told_at_once(own: Path) -> None:
    said = faults_of(
        own,
        OWN.replace('"rvm_resnet50"', '"rvm_resnet5"')
        .replace('"house_rvm.safetensors"', '"../house_rvm.safetensors"')
        .replace('source = "the house"\n', 'sha = "x"\nbytes = -1\n'),
    )
    assert "has 5 faults" in said
    for part in (
        "house_rvm.network: Input should be 'rvm_mobilenetv3'",
        "found 'rvm_resnet5'",
        "house_rvm.file",
        "'../house_rvm.safetensors'",
        "house_rvm.bytes: Input should be greater than 0 (found -1)",
        "house_rvm.source: missing",
        "house_rvm.sha: unknown entry",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema = ", "is not TOML"),
        ("schema = 2\nweights = []", "schema: Input should be 1 (found 2)"),
        (OWN.replace("schema = 1", ""), "schema: missing"),
        (OWN.replace('"LicenseRef-House"', '"BSD"'), "there is no [licences.'BSD'] table"),
        (OWN + 'certainty = "confirmed"\n', "no sha256 and certainty 'confirmed'"),
        (OWN + OWN[OWN.index("[[weights]]") :], "name 'house_rvm' is listed 2 times"),
        (
            OWN.replace('file = "house_rvm.safetensors"', 'file = "rvm_resnet50.pth"'),
            "file 'rvm_resnet50.pth' is listed 2 times",
        ),
        (OWN.replace("https://house.invalid/w", "ftp://house.invalid/w"), "house_rvm.url"),
    ],
)
def test_a_faulty_own_catalogue_says_what_is_wrong(own: Path, text: str, words: str) -> None:
    assert words in faults_of(own, text)


def test_an_own_catalogue_that_is_not_there_names_the_variable(own: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file") as fault:
        Catalogue.read()
    assert OWN_CATALOGUE in str(fault.value)
