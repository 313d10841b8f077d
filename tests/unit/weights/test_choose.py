"""What --weights means: a path, a name, or the engine's default; told without any network."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from mattebox.errors import WeightsError
from mattebox.settings import EngineName
from mattebox.weights.catalogue import OWN_CATALOGUE, Catalogue
from mattebox.weights.choose import choose_weights, know_weights, located_weights
from mattebox.weights.store import WEIGHTS, Store

RVM, BGMV2 = EngineName.RVM, EngineName.BGMV2


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store, and a working folder beside it."""
    place, work = tmp_path / "weights", tmp_path / "work"
    place.mkdir()
    work.mkdir()
    monkeypatch.setenv(WEIGHTS, str(place))
    monkeypatch.chdir(work)
    return place


@pytest.fixture
def own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rvm_pth: bytes) -> None:
    """A catalogue with the random weights under a name and a licence of its own."""
    path = tmp_path / "own.toml"
    path.write_text(
        f"""
        schema = 1
        [licences.LicenseRef-House]
        line = "for work of the house"
        url = "https://house.invalid/licence"
        [[weights]]
        name = "house"
        network = "rvm_mobilenetv3"
        format = "pth"
        file = "house.pth"
        url = "https://house.invalid/house.pth"
        sha256 = "{hashlib.sha256(rvm_pth).hexdigest()}"
        licence = "LicenseRef-House"
        source = "the house"
        """
    )
    monkeypatch.setenv(OWN_CATALOGUE, str(path))


def refused(asked: str | None, engine: EngineName = RVM) -> WeightsError:
    with pytest.raises(WeightsError) as fault:
        choose_weights(asked, engine)
    assert fault.value.exit_code == 69
    return fault.value


def test_a_file_that_is_there_is_that_file_whatever_the_catalogue_says(folder: Path) -> None:
    (folder / "rvm_resnet50.pth").write_bytes(b"installed")
    Path("rvm_resnet50").write_bytes(b"here")
    chosen = choose_weights("rvm_resnet50", RVM)
    assert chosen.path.read_bytes() == b"here"
    assert chosen.entry is None
    Path("rvm_resnet50").unlink()
    Path("rvm_resnet50").mkdir()  # a folder is no weights
    assert choose_weights("rvm_resnet50", RVM).path == folder / "rvm_resnet50.pth"


def test_a_name_is_the_installed_file_of_that_name(folder: Path) -> None:
    (folder / "rvm_mobilenetv3_fp32.onnx").write_bytes(b"")
    chosen = choose_weights("rvm_mobilenetv3.onnx", RVM)
    assert chosen.path == folder / "rvm_mobilenetv3_fp32.onnx"
    assert chosen.entry == Catalogue.read().named("rvm_mobilenetv3.onnx")


def test_a_name_that_is_not_installed_says_how_to_install_it(folder: Path) -> None:
    fault = refused("rvm_resnet50")
    assert fault.next_step == "mattebox weights fetch rvm_resnet50"
    assert str(folder) in fault.message


@pytest.mark.parametrize(
    ("engine", "name", "file"),
    [
        (RVM, "rvm_mobilenetv3", "rvm_mobilenetv3.pth"),
        (BGMV2, "bgmv2_resnet50", "pytorch_resnet50.pth"),
    ],
)
def test_without_a_name_it_is_the_engine_s_default(
    folder: Path, engine: EngineName, name: str, file: str
) -> None:
    fault = refused(None, engine)
    assert f"--engine {engine} needs weights" in fault.message
    assert f"mattebox weights fetch {name}" in str(fault.next_step)
    (folder / file).write_bytes(b"")
    assert choose_weights(None, engine).path == folder / file


def test_an_engine_for_any_network_has_no_default(folder: Path) -> None:
    fault = refused(None, EngineName.ONNX_MATTE)
    assert "--engine onnx-matte needs weights" in fault.message


def test_another_network_of_the_engine_that_is_installed_is_proposed(folder: Path) -> None:
    (folder / "rvm_resnet50.pth").write_bytes(b"")
    assert "--weights rvm_resnet50, which is installed" in str(refused(None).next_step)


def test_a_mistyped_name_proposes_the_nearest(folder: Path) -> None:
    fault = refused("rvm_mobilenetv2")
    assert "there is no weights file rvm_mobilenetv2" in fault.message
    assert "did you mean 'rvm_mobilenetv3'" in str(fault.next_step)


@pytest.mark.usefixtures("own_catalogue")
def test_the_licence_follows_the_name_and_the_hash(folder: Path, rvm_pth: bytes) -> None:
    (folder / "house.pth").write_bytes(rvm_pth)
    named = know_weights(choose_weights("house", RVM))
    assert named.licence == "LicenseRef-House"
    assert named.file.network == "rvm_mobilenetv3"
    assert named.file.sha256 == hashlib.sha256(rvm_pth).hexdigest()
    Path("copy.pth").write_bytes(rvm_pth)
    assert know_weights(choose_weights("copy.pth", RVM)).licence == "LicenseRef-House"


def test_a_file_that_nobody_knows_has_no_licence(folder: Path, rvm_pth: bytes) -> None:
    Path("copy.pth").write_bytes(rvm_pth)
    assert know_weights(choose_weights("copy.pth", RVM)).licence is None


def test_a_file_of_unknown_hash_keeps_the_licence_it_was_installed_with(
    folder: Path, rvm_pth: bytes
) -> None:
    (folder / "pytorch_resnet50.pth").write_bytes(rvm_pth)
    entry = Catalogue.read().named("bgmv2_resnet50")
    sha256 = hashlib.sha256(rvm_pth).hexdigest()
    Store.from_environment().note_receipt(
        folder / "pytorch_resnet50.pth", entry, sha256=sha256, source="a stick"
    )
    Path("copy.pth").write_bytes(rvm_pth)
    assert know_weights(choose_weights("copy.pth", BGMV2)).licence == "MIT"


@pytest.mark.usefixtures("own_catalogue")
def test_an_installed_file_that_is_not_its_entry_is_refused(folder: Path, rvm_pth: bytes) -> None:
    (folder / "rvm_mobilenetv3.pth").write_bytes(rvm_pth)
    with pytest.raises(
        WeightsError, match="is not the rvm_mobilenetv3 it is installed as"
    ) as hash_:
        know_weights(choose_weights(None, RVM))
    assert hash_.value.next_step == "mattebox weights verify rvm_mobilenetv3"
    (folder / "pytorch_resnet50.pth").write_bytes(rvm_pth)
    with pytest.raises(WeightsError, match="it holds rvm_mobilenetv3"):
        know_weights(choose_weights(None, BGMV2))


def test_a_file_given_by_its_path_needs_no_store(
    folder: Path, rvm_pth: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("copy.pth").write_bytes(rvm_pth)
    monkeypatch.setenv(WEIGHTS, str(folder / "not mounted"))
    assert know_weights(choose_weights("copy.pth", RVM)).licence is None


@pytest.mark.usefixtures("own_catalogue")
def test_a_prepared_job_finds_its_weights_on_another_machine(folder: Path, rvm_pth: bytes) -> None:
    sha256 = hashlib.sha256(rvm_pth).hexdigest()
    elsewhere = Path("elsewhere.pth")
    with pytest.raises(WeightsError, match=r"elsewhere.pth is not there"):
        located_weights(elsewhere, sha256)
    elsewhere.write_bytes(b"another file by now")
    with pytest.raises(WeightsError, match=r"elsewhere.pth has the sha256") as fault:
        located_weights(elsewhere, sha256)
    assert sha256 in str(fault.value)
    (folder / "house.pth").write_bytes(rvm_pth)
    assert located_weights(elsewhere, sha256) == folder / "house.pth"
    elsewhere.write_bytes(rvm_pth)
    assert located_weights(elsewhere, sha256) == elsewhere
