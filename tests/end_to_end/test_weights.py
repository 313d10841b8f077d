"""Weights from an empty machine to a keyed frame, with the installed command; docs/weights.md."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tests.end_to_end.conftest import COMMAND, Run
from tests.support.file_server import Cut, FileServer, Served, serving
from tests.support.pictures import header, write_shot

from mattebox.engines.checkpoints import build_network
from mattebox.weights.catalogue import Catalogue

PAGE = Path(__file__).parents[2] / "docs" / "weights.md"


@pytest.fixture(scope="session")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """rvm_mobilenetv3 with torch's own random weights: whole, and of no use."""
    path = tmp_path_factory.mktemp("weights") / "house_rvm.pth"
    with torch.random.fork_rng():
        torch.manual_seed(7)
        torch.save(dict(build_network("rvm_mobilenetv3").state_dict()), path)
    return path


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving() as running:
        yield running


@pytest.fixture
def sha256(
    server: FileServer, weights_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """An empty store, and a catalogue with the random weights as ``house_rvm``; their hash."""
    body = weights_file.read_bytes()
    server.files["/w/house_rvm.pth"] = Served(body)
    known = hashlib.sha256(body).hexdigest()
    catalogue = tmp_path / "house.toml"
    catalogue.write_text(
        f"""
        schema = 1

        [licences.LicenseRef-House]
        line = "for work of the house only"
        url = "https://house.invalid/licence"

        [[weights]]
        name = "house_rvm"
        network = "rvm_mobilenetv3"
        format = "pth"
        file = "house_rvm.pth"
        url = "{server.url("/w/house_rvm.pth")}"
        bytes = {len(body)}
        sha256 = "{known}"
        licence = "LicenseRef-House"
        source = "the house"
        """
    )
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("MATTEBOX_CATALOGUE", str(catalogue))
    monkeypatch.setenv("MATTEBOX_WEIGHTS", str(tmp_path / "store"))
    return known


@pytest.mark.slow
def test_from_an_empty_store_to_a_keyed_frame(
    server: FileServer, sha256: str, tmp_path: Path, mattebox: Run
) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1003))
    unread = mattebox("weights", "fetch", "house_rvm", stdin=subprocess.DEVNULL)
    assert unread.returncode == 64
    assert "for work of the house only" in unread.stderr
    assert "--accept-licence" in unread.stderr
    assert server.asked == []

    fetched = mattebox("weights", "fetch", "house_rvm", "--accept-licence")
    assert fetched.returncode == 0, fetched.stderr
    installed = tmp_path / "store" / "house_rvm.pth"
    assert str(installed) in fetched.stdout
    assert hashlib.sha256(installed.read_bytes()).hexdigest() == sha256

    # Accepted and there: neither the licence nor the server is asked again.
    again = mattebox("weights", "fetch", "house_rvm", stdin=subprocess.DEVNULL)
    assert again.returncode == 0
    assert "is installed already" in again.stdout
    assert again.stderr == ""
    assert len(server.asked) == 1

    path = mattebox("weights", "path", "house_rvm")
    assert (path.stdout, path.stderr) == (f"{installed}\n", "")
    verified = mattebox("weights", "verify")
    assert verified.returncode == 0
    assert "good" in verified.stdout

    keyed = mattebox(
        "key", shot, "-o", tmp_path / "out", "--engine", "rvm", "--weights", "house_rvm"
    )  # fmt: skip
    assert keyed.returncode == 0, keyed.stderr
    said = header(tmp_path / "out/shot.1002.exr")
    assert said["mattebox/weights"] == sha256
    assert said["mattebox/weightsLicence"] == "LicenseRef-House"
    assert len(server.asked) == 1


@pytest.mark.slow
def test_a_job_prepared_here_is_keyed_where_the_weights_lie_elsewhere(
    sha256: str,
    weights_file: Path,
    tmp_path: Path,
    mattebox: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shot = write_shot(tmp_path / "in", frames=range(1001, 1003))
    mine = tmp_path / "mine.pth"
    mine.write_bytes(weights_file.read_bytes())
    job = tmp_path / "job.json"
    written = mattebox(
        "key", shot, "-o", tmp_path / "out", "--weights", mine, "--write-job", job
    )  # fmt: skip
    assert written.returncode == 0, written.stderr
    assert json.loads(job.read_text())["prepared"]["weights"]["licence"] == "LicenseRef-House"
    mine.unlink()
    farm = tmp_path / "farm"
    farm.mkdir()
    (farm / "house_rvm.pth").write_bytes(weights_file.read_bytes())
    monkeypatch.setenv("MATTEBOX_WEIGHTS", str(farm))
    found = mattebox("key", "--job", job, "--frames", "1001")
    assert found.returncode == 0, found.stderr
    assert header(tmp_path / "out/shot.1001.exr")["mattebox/weights"] == sha256


def test_a_person_at_a_terminal_is_asked_once(
    server: FileServer, sha256: str, tmp_path: Path
) -> None:
    def answered(answer: bytes) -> subprocess.CompletedProcess[str]:
        ours, theirs = pty.openpty()
        os.write(ours, answer)
        try:
            return subprocess.run(
                [str(COMMAND), "weights", "fetch", "house_rvm"],
                stdin=theirs,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        finally:
            os.close(ours)
            os.close(theirs)

    assert answered(b"n\n").returncode == 64
    assert server.asked == []
    agreed = answered(b"y\n")
    assert agreed.returncode == 0, agreed.stderr
    assert "Do you accept it?" in agreed.stderr
    (tmp_path / "store" / "house_rvm.pth").unlink()
    assert "accept" not in answered(b"").stderr
    assert len(server.asked) == 2


@pytest.mark.usefixtures("sha256")
def test_a_broken_download_goes_on_where_it_stopped(server: FileServer, mattebox: Run) -> None:
    served = server.files["/w/house_rvm.pth"]
    served.faults = [Cut(2**20)]
    whole = mattebox("weights", "fetch", "house_rvm", "--accept-licence")
    assert whole.returncode == 0, whole.stderr
    assert server.asked[-1][1] == f"bytes={2**20}-"
    assert server.sent["/w/house_rvm.pth"] == len(served.body)


@pytest.mark.usefixtures("sha256")
def test_a_full_disk_is_74_and_nothing_stays(
    server: FileServer, tmp_path: Path, mattebox: Run
) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))

    done = mattebox(
        "weights", "fetch", "house_rvm", "--accept-licence", preexec_fn=small_files
    )  # fmt: skip
    assert done.returncode == 74, done.stderr
    assert "File too large" in done.stderr
    assert "MATTEBOX_WEIGHTS=FOLDER" in done.stderr
    assert [path.name for path in (tmp_path / "store").iterdir()] == [".mattebox"]


@pytest.mark.usefixtures("sha256")
def test_a_machine_without_network_installs_by_hand(
    server: FileServer, weights_file: Path, mattebox: Run
) -> None:
    done = mattebox(
        "weights", "fetch", "house_rvm", "--from", weights_file, "--accept-licence"
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert server.asked == []


def test_a_studio_s_mirror_serves_all_machines(
    server: FileServer, sha256: str, tmp_path: Path, mattebox: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files["/mirror/house_rvm.pth"] = server.files.pop("/w/house_rvm.pth")
    monkeypatch.setenv("MATTEBOX_WEIGHTS", server.url("/mirror/"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    done = mattebox("weights", "fetch", "house_rvm", "--accept-licence")
    assert done.returncode == 0, done.stderr
    installed = tmp_path / "home/mattebox/weights/house_rvm.pth"
    assert hashlib.sha256(installed.read_bytes()).hexdigest() == sha256
    listed = json.loads(mattebox("weights", "list", "--json").stdout)
    house = next(entry for entry in listed["weights"] if entry["name"] == "house_rvm")
    assert house["installed"] == str(installed)
    assert house["url"] == server.url("/mirror/house_rvm.pth")
    assert listed["mirror"] == server.url("/mirror")


@pytest.mark.usefixtures("sha256")
def test_the_list_shows_every_entry_its_licence_and_what_is_installed(
    weights_file: Path, tmp_path: Path, mattebox: Run
) -> None:
    (tmp_path / "store" / "house_rvm.pth").write_bytes(weights_file.read_bytes())
    done = mattebox("weights", "list")
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert rows["house_rvm"].split()[-1] == "yes"
    assert rows["rvm_mobilenetv3"].split()[-1] == "-"
    assert "15,217,721" in rows["rvm_mobilenetv3"]
    assert "GPL-3.0-only" in rows["rvm_mobilenetv3"]
    assert "confirmed" in rows["rvm_mobilenetv3"]
    assert "MIT" in rows["bgmv2_resnet50"]
    assert "unknown" in rows["bgmv2_resnet50"]
    document = json.loads(mattebox("weights", "list", "--json").stdout)
    assert [entry["name"] for entry in document["weights"]][-1] == "house_rvm"
    assert document["licences"]["MIT"]["url"].startswith("https://")


@pytest.mark.slow
@pytest.mark.usefixtures("sha256")
def test_verify_names_every_file_that_is_not_what_it_should_be(
    weights_file: Path, tmp_path: Path, mattebox: Run
) -> None:
    nothing = mattebox("weights", "verify")
    assert nothing.returncode == 0
    assert "no weights are installed" in nothing.stdout
    named = mattebox("weights", "verify", "house_rvm")
    assert named.returncode == 69
    assert "mattebox weights fetch house_rvm" in named.stderr
    whole = weights_file.read_bytes()
    (tmp_path / "store" / "house_rvm.pth").write_bytes(whole)
    (tmp_path / "store" / "rvm_resnet50.pth").write_bytes(whole)
    (tmp_path / "store" / "pytorch_resnet50.pth").write_bytes(whole)
    bad = mattebox("weights", "verify")
    assert bad.returncode == 69
    assert "2 weights cannot be used" in bad.stderr
    assert f"rvm_resnet50.pth is cut short: {len(whole):,} of 107,905,875 bytes" in bad.stderr
    assert "pytorch_resnet50.pth holds weights of rvm_mobilenetv3" in bad.stderr
    assert "`mattebox weights fetch rvm_resnet50`" in bad.stderr
    good = [line for line in bad.stdout.splitlines() if "good" in line]
    assert len(good) == 1
    assert "house_rvm" in good[0]


def test_path_of_what_is_not_installed_prints_nothing_and_is_69(mattebox: Run) -> None:
    done = mattebox("weights", "path", "rvm_mobilenetv3")
    assert (done.returncode, done.stdout) == (69, "")
    assert "mattebox weights fetch rvm_mobilenetv3" in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("sha256")
def test_doctor_names_what_is_installed(weights_file: Path, tmp_path: Path, mattebox: Run) -> None:
    installed = tmp_path / "store" / "house_rvm.pth"
    installed.write_bytes(weights_file.read_bytes())
    assert json.loads(mattebox("doctor", "--json").stdout)["weights"] == [str(installed)]


@pytest.mark.slow
def test_every_command_of_the_page_runs(
    server: FileServer,
    weights_file: Path,
    sha256: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As they stand there, but for the places, and with random weights under the official name."""
    house = (tmp_path / "house.toml").read_text()
    ours = house.replace('name = "house_rvm"', 'name = "rvm_mobilenetv3"')
    (tmp_path / "house.toml").write_text(ours.replace("house_rvm.pth", "rvm_mobilenetv3.pth"))
    server.files["/w/rvm_mobilenetv3.pth"] = Served(weights_file.read_bytes())
    write_shot(tmp_path, frames=range(1001, 1003))
    (tmp_path / "rvm_mobilenetv3.pth").write_bytes(weights_file.read_bytes())
    places = {
        "/mnt/studio/weights": str(tmp_path / "store"),
        "https://mirror.studio.example": server.url("").rstrip("/"),
        "/weights\n": "/w\n",
        "/media/stick": str(tmp_path),
    }
    monkeypatch.setenv("PATH", f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("MATTEBOX_WEIGHTS")
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    for number, block in enumerate(blocks):
        # Each place of weights begins empty, but for the last block, which goes on with them.
        home = tmp_path / f"home{min(number, len(blocks) - 2)}"
        monkeypatch.setenv("XDG_DATA_HOME", str(home))
        commands = block
        for there, here in places.items():
            commands = commands.replace(there, here)
        done = subprocess.run(
            ["bash", "-e", "-c", commands],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}{done.stderr}"
    assert header(tmp_path / "keyed/shot.1002.exr")["mattebox/weights"] == sha256
    assert len([path for path, _ in server.asked if path == "/w/rvm_mobilenetv3.pth"]) == 3


def test_the_page_s_own_catalogue_is_one() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    entry = Catalogue.read().extended(text, "the page").named("house_rvm")
    assert entry.certainty == "confirmed"
