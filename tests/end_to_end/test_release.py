"""`make release` in a fresh clone, and each artifact installed and run where nothing else is.

One build serves all tests here. It makes an empty environment with the wheel, the core of both
hosts below; the package index is all that it asks the network for.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from tests.conftest import REPOSITORY
from tests.hosts.conftest import NEWEST_FIRST, install, python_of
from tests.support.git import git

from mattebox import __version__
from mattebox.cli.small_key import EXPECTED_MAD
from mattebox.matte.unmixing.weights_file import weights_sha256
from release.installed import Environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("git") is None or shutil.which("make") is None,
        reason="git or make is not installed; this runs where both are",
    ),
]

NAME = f"mattebox-{__version__}"
PLACEHOLDER = "$Format:%H$\n"
NOT_OF_THE_PROJECT = shutil.ignore_patterns(
    ".git", ".venv*", ".bpy", ".hints", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info",
    "build", "dist", "out",
)  # fmt: skip


@dataclass(frozen=True)
class Released:
    """A clone in which ``make release`` ran, and what it said."""

    clone: Path
    said: str

    @property
    def folder(self) -> Path:
        """Where the artifacts lie."""
        return self.clone / "dist" / NAME

    @property
    def environment(self) -> Environment:
        """The wheel in an empty environment."""
        return Environment(self.clone / "build/release")

    @property
    def commit(self) -> str:
        return git(self.clone, "rev-parse", "HEAD")

    @property
    def wheel(self) -> Path:
        return self.folder / f"{NAME}-py3-none-any.whl"

    @property
    def source_archive(self) -> Path:
        return self.folder / f"{NAME}.tar.gz"


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def make_release(clone: Path) -> str:
    """The project as it stands here, committed, and `make release` with this environment's tools.

    ``-o`` tells make that the environment is ready, whatever the times of the clone's files.
    """
    shutil.copytree(REPOSITORY, clone, ignore=NOT_OF_THE_PROJECT)
    (clone / "core/mattebox/commit.txt").write_text(PLACEHOLDER)  # git archive has replaced it
    git(clone, "init", "--quiet")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=All")
    ready = f"{Path(sys.prefix).as_posix()}/.ready"
    return run(["make", "release", f"VENV={Path(sys.prefix).as_posix()}", "-o", ready], clone)


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Released:
    """One release, also where tests run in several processes."""
    own = tmp_path_factory.getbasetemp()
    place = own if worker_id == "master" else own.parent
    clone, said = place / "a fresh clone", place / "make_release.txt"
    with FileLock(place / "release.lock"):
        if not said.is_file():
            shutil.rmtree(clone, ignore_errors=True)
            said.write_text(make_release(clone), encoding="utf-8")
    return Released(clone, said.read_text(encoding="utf-8"))


def test_everything_is_there_with_its_checksum_and_the_clone_is_clean(released: Released) -> None:
    lines = (released.folder / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert sorted(sums) == sorted(
        [
            *(released.wheel.name, released.source_archive.name),
            *(f"{NAME}.cdx.json", f"{NAME}-licences.txt"),
            *(f"mattebox_{host}-{__version__}.zip" for host in ("blender", "nuke")),
        ]
    )
    assert {path.name for path in released.folder.iterdir()} == {*sums, "SHA256SUMS"}
    for name, expected in sums.items():
        assert hashlib.sha256((released.folder / name).read_bytes()).hexdigest() == expected
        assert f"{expected}  {name}" in released.said
    assert released.commit in released.said
    assert git(released.clone, "status", "--porcelain") == ""


def test_the_same_commit_gives_the_same_bytes(released: Released, tmp_path: Path) -> None:
    """Elsewhere, later, for another user, with a time of the build's own."""
    other = tmp_path / "another"
    git(tmp_path, "clone", "--quiet", str(released.clone), str(other))
    script = "import os, sys, pathlib; from release.archives import build_archives; os.umask(0o77);"
    script += "build_archives(pathlib.Path.cwd(), pathlib.Path(sys.argv[1]))"
    run([sys.executable, "-c", script, str(tmp_path / "built")], other, SOURCE_DATE_EPOCH="1")
    built = sorted((tmp_path / "built").iterdir())
    assert len(built) == 4
    for path in built:
        assert path.read_bytes() == (released.folder / path.name).read_bytes(), path.name


def test_the_source_archive_builds_the_same_wheel_without_git(
    released: Released, tmp_path: Path
) -> None:
    with tarfile.open(released.source_archive) as archive:
        archive.extractall(tmp_path, filter="data")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)]
    run(build, tmp_path / NAME, PATH="/nowhere")
    assert (tmp_path / released.wheel.name).read_bytes() == released.wheel.read_bytes()


def test_the_wheel_says_what_it_is_and_keys_the_demo(released: Released, tmp_path: Path) -> None:
    command = released.environment.python.with_name("mattebox")
    assert run([str(command), "--version"], tmp_path).splitlines() == [
        f"mattebox {__version__}",
        f"commit {released.commit[:12]}",
        f"unmixing weights {weights_sha256()[:12]}",
    ]
    assert "against the truth: MAD" in run([str(command), "demo", "-o", "demo"], tmp_path)
    assert len(list((tmp_path / "demo/keyed").glob("hair.*.exr"))) == 8


def test_the_doctor_is_well_where_nothing_else_is(released: Released, tmp_path: Path) -> None:
    python = str(released.environment.python)
    said = run([python, "-m", "mattebox", "doctor", "--report"], tmp_path, PATH="/nowhere")
    assert f"  commit {released.commit}\n" in said
    assert "  in <environment>" in said
    assert f"right (MAD {EXPECTED_MAD}, expected {EXPECTED_MAD}, x 1e3)" in said
    assert "onnxruntime: none" in said
    assert "optical flow: none" in said
    assert "ffmpeg: none" in said
    assert str(tmp_path) not in said
    assert str(released.clone) not in said


def test_the_bill_of_materials_is_what_is_installed(released: Released) -> None:
    bill = json.loads((released.folder / f"{NAME}.cdx.json").read_text("utf-8"))
    main = bill["metadata"]["component"]
    assert (main["name"], main["version"]) == ("mattebox", __version__)
    assert main["properties"] == [{"name": "mattebox:commit", "value": released.commit}]
    (weights,) = [one for one in bill["components"] if one["type"] == "machine-learning-model"]
    assert weights["hashes"] == [{"alg": "SHA-256", "content": weights_sha256()}]
    listed = {(one["name"], one["version"]) for one in bill["components"] if one != weights}
    installed = {(one.name, one.version) for one in released.environment.distributions()}
    assert listed == installed - {("mattebox", __version__)}
    assert len(listed) > 20
    assert [one["name"] for one in bill["components"] if not one.get("licenses")] == []
    assert str(released.clone) not in json.dumps(bill)


def test_everybodys_licence_is_there_by_name_and_in_full(released: Released) -> None:
    text = (released.folder / f"{NAME}-licences.txt").read_text("utf-8")
    for one in released.environment.distributions():
        if one.name != "mattebox":
            head = re.escape(f"{one.name} {one.version}: ")
            (found,) = re.findall(rf"^{head}(.+)\n=+\n(.+)", text, re.MULTILINE)
            assert found[1].startswith("--- "), one.name  # a file with its terms
    for words in ("MIT License", "Apache License", "Redistribution and use in source and binary"):
        assert words in text


def test_the_blender_zip_is_installed_and_keys_with_the_wheel(
    released: Released, fixture_hair: Path, tmp_path: Path
) -> None:
    for version in NEWEST_FIRST:
        try:
            python_of(version)
            break
        except pytest.skip.Exception:
            if version == NEWEST_FIRST[-1]:
                raise
    (tmp_path / "user").mkdir()
    package = released.folder / f"mattebox_blender-{__version__}.zip"
    blender = install(version, package, tmp_path / "user")  # Blender's own validation, too
    shot = tmp_path / "shot"
    (shot / "plate").mkdir(parents=True)
    for frame in (2, 3):
        source = fixture_hair / f"green_spill_grain/fixture_hair_green_spill_grain.{frame:04d}.exr"
        shutil.copy(source, shot / f"plate/hair.{frame:04d}.exr")
    shutil.copy(shot / "plate/hair.0002.exr", shot / "plate/hair.0001.exr")
    shutil.copy(fixture_hair / "plate/fixture_hair_plate.0001.exr", shot / "background.0001.exr")
    ran = blender.try_run(
        "shot.key_and_composite",
        environ={"MATTEBOX_PYTHON": str(released.environment.python)},
        folder=shot,
        first=2,
        last=3,
    )
    assert ran.code == 0, ran.text
    assert ran.answer["status"] == "Mattebox: done 2 of 2 frames"


IN_NUKE = """
import sys
from pathlib import Path
from tests.support.nuke.fake import FakeNuke

folder, shot, script = sys.argv[1:]
host = FakeNuke(has_window=True)
host.start(Path(folder))
linear = "default (linear)"
host.working_names = ("linear", linear)
host.root_node["workingSpaceLUT"].setValue("linear")
host.root_node["name"].setValue(script)
node = host.create("Mattebox")
node.setInput(0, host.read(shot, 1, 2, linear))
host.press(node, "key_range")
running = sys.modules["mattebox_plugin.nuke_host.key"].running
host.wait(lambda: not running)
print(node["status"].value(), host.messages, Path(sys.modules["mattebox_plugin"].__file__).parent)
"""


def test_the_nuke_zips_one_folder_keys_with_the_wheel(
    released: Released, fixture_hair: Path, tmp_path: Path
) -> None:
    """In the strict stand-in for Nuke, which finds the plug-in in the zip's folder alone."""
    with zipfile.ZipFile(released.folder / f"mattebox_nuke-{__version__}.zip") as archive:
        archive.extractall(tmp_path)
    folder = tmp_path / "mattebox_nuke"
    said = run(
        [
            *(sys.executable, "-c", IN_NUKE, str(folder)),
            f"{fixture_hair}/green_spill_grain/fixture_hair_green_spill_grain.####.exr",
            f"{tmp_path.as_posix()}/comp.nk",
        ],
        REPOSITORY,
        PYTHONPATH=str(folder),
        MATTEBOX_PYTHON=str(released.environment.python),
    )
    assert said.splitlines()[-1] == f"2 of 2 frames current (1-2) [] {folder / 'mattebox_plugin'}"
