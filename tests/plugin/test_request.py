"""A node's request: the job the core reads, and the folder its frames lie in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mattebox.inputs import inputs
from mattebox.job import Job
from mattebox.settings import KeySettings
from mattebox.shot.open_input import open_input
from mattebox_plugin.request import (
    JOB_FILE,
    SCREEN_CHOICES,
    Request,
    screen_text,
)

PLAIN = Request(
    name="Mattebox1",
    root="/show/shot/matte",
    plate="/show/shot/plate/hair.####.exr",
    pictures={"clean_plate": "/show/shot/plate/clean.exr"},
    settings={"engine": "screen"},
)

FULL = replace(
    PLAIN,
    pictures={
        "clean_plate": "/show/shot/plate/clean.exr",
        "hint": "/show/shot/mattes/rough.####.exr:A",
        "inside": "/show/shot/mattes/in.####.exr",
        "outside": "/show/shot/mattes/out.exr:mask.R",
        "protect": "/show/shot/mattes/prop.####.exr:R",
    },
    part="ViewLayer.Combined",
    offset={"hint": -1000, "inside": 2},
    hold=("hint",),
    weights="/show/nets/rvm.safetensors",
    network_config="/show/nets/net.toml",
    cuts=(1040, 1100),
    in_space="ACEScg",
    out_space="ACEScg",
    config="/studio/ocio/config.ocio",
    device="cuda:1",
    settings={"engine": "hint", "gamma": 1.2, "passes": ["fg"]},
)


def test_the_core_takes_the_job_of_a_plain_request() -> None:
    job = Job.checked(PLAIN.job())
    assert job.plate == PLAIN.plate
    assert job.output == PLAIN.output
    assert job.clean_plate == PLAIN.pictures["clean_plate"]
    assert job.settings == KeySettings()
    assert job.prepared is None


def test_the_core_takes_the_job_of_a_request_with_everything() -> None:
    job = Job.checked(FULL.job())
    found = {
        name: (matte.pattern, matte.channel)
        for name in ("hint", "inside", "outside", "protect")
        if (matte := getattr(job, name)) is not None
    }
    assert found == {
        "hint": ("/show/shot/mattes/rough.####.exr", "A"),
        "inside": ("/show/shot/mattes/in.####.exr", None),
        "outside": ("/show/shot/mattes/out.exr", "mask.R"),
        "protect": ("/show/shot/mattes/prop.####.exr", "R"),
    }
    assert (job.weights, job.network_config) == (FULL.weights, FULL.network_config)
    assert (job.part, job.offset, job.hold) == (FULL.part, FULL.offset, FULL.hold)
    assert (job.cuts, job.device) == (FULL.cuts, FULL.device)
    assert job.colour.model_dump(exclude_none=True) == {
        "config": FULL.config, "in_space": "ACEScg", "out_space": "ACEScg"
    }  # fmt: skip
    assert (job.settings.engine, job.settings.gamma) == ("hint", 1.2)


def others(**changes: str | None) -> dict[str, Any]:
    """The pictures of ``FULL``, changed; None takes one away."""
    chosen = {**FULL.pictures, **changes}
    return {"pictures": {name: file for name, file in chosen.items() if file is not None}}


CHANGES: list[dict[str, Any]] = [
    {"plate": "/show/shot/plate/hair_v2.####.exr"},
    others(clean_plate=None),
    others(hint="/show/shot/mattes/rough.####.exr:R"),
    others(inside=None),
    others(outside="/show/shot/mattes/other.exr:mask.R"),
    others(protect="/show/shot/mattes/prop.####.exr"),
    others(later="/show/shot/mattes/later.exr"),
    {"part": None},
    {"offset": {"hint": -1000}},
    {"hold": ()},
    {"weights": "rvm_resnet50"},
    {"network_config": "/show/nets/other.toml"},
    {"cuts": (1040,)},
    {"in_space": None},
    {"out_space": "ACES2065-1"},
    {"config": "/studio/ocio/other.ocio"},
    {"device": "cpu"},
    {"settings": {"engine": "hint", "gamma": 1.3, "passes": ["fg"]}},
]


def test_every_entry_is_changed_below_but_name_and_place() -> None:
    changed = {name for change in CHANGES for name in change}
    assert changed == set(Request.__dataclass_fields__) - {"name", "root"}


@pytest.mark.parametrize("change", CHANGES, ids=[next(iter(change)) for change in CHANGES])
def test_another_entry_is_another_folder(change: dict[str, Any]) -> None:
    other = replace(FULL, **change)
    assert other.digest != FULL.digest
    assert other.folder != FULL.folder


def test_a_digest_is_what_it_was_when_pictures_were_entries_of_their_own() -> None:
    assert Request(name="a", root="/r", plate="/r/p.####.exr").digest == "269259d5f0fa"
    given = {"clean_plate": "/r/c.exr", "protect": "/r/m.exr:Y"}
    full = Request(
        name="a", root="/r", plate="/r/p.####.exr", pictures=given, weights="/w/x.pth",
        config="/o/c.ocio", settings={"gamma": 1.2},
    )  # fmt: skip
    assert full.digest == "811e9aa3642a"


@pytest.mark.parametrize(
    ("settings", "shown", "passes"),
    [
        ({}, {"fg", "spill", "net", "conf"}, None),
        ({}, {"spill", "Image"}, ["spill"]),
        ({"passes": ["fg", "plate"]}, {"fg", "spill"}, ["fg"]),
        ({"passes": []}, {"fg"}, []),
    ],
)
def test_a_look_has_the_passes_that_are_shown_and_asked_for(
    settings: dict[str, Any], shown: set[str], passes: list[str] | None
) -> None:
    whole = replace(PLAIN, settings={"gamma": 1.2, **settings})
    look = whole.with_passes_of(shown)
    assert look.settings == {"gamma": 1.2} | ({} if passes is None else {"passes": passes})
    assert (look.digest == whole.digest) == (passes == settings.get("passes"))


def test_the_digest_is_twelve_digits_and_knows_no_name() -> None:
    assert re.fullmatch("[0-9a-f]{12}", FULL.digest)
    other = replace(FULL, name="Mattebox2")
    assert other.digest == FULL.digest
    assert other.folder != FULL.folder


def test_the_order_of_the_settings_is_no_other_setting() -> None:
    turned = dict(reversed(list(FULL.settings.items())))
    assert replace(FULL, settings=turned).digest == FULL.digest


def test_a_project_that_is_moved_keeps_its_frames() -> None:
    def moved(text: str | None) -> str | None:
        return text and text.replace("/show/", "/mnt/other/")

    files = ("root", "plate", "network_config", "weights")
    changes: dict[str, Any] = {name: moved(getattr(FULL, name)) for name in files}
    changes["pictures"] = {name: moved(file) for name, file in FULL.pictures.items()}
    there = replace(FULL, **changes)
    assert there.digest == FULL.digest
    assert there.folder.name == FULL.folder.name
    alone = replace(FULL, plate="/mnt/other/shot/plate/hair.####.exr")
    assert alone.digest != FULL.digest


def test_a_config_counts_by_its_name_since_every_machine_has_it_elsewhere() -> None:
    assert replace(FULL, config="/opt/aces/config.ocio").digest == FULL.digest
    assert replace(FULL, config="ocio://cg-config-v2.2.0").digest != FULL.digest


def test_the_digest_is_the_same_in_another_process() -> None:
    words = (
        "from mattebox_plugin.request import Request; print(Request(name='a', root='/r',"
        "plate='/r/in/ä.####.exr', settings={'gamma': 1.1, 'engine': 'screen'}).digest)"
    )
    here = Request(
        name="b", root="/r", plate="/r/in/ä.####.exr", settings={"engine": "screen", "gamma": 1.1}
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", words],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"},
    )
    assert done.stdout.split() == [here.digest]


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("Mattebox1", "Mattebox1"),
        ("hero hair", "hero_hair"),
        ("a/b\\c:d", "a_b_c_d"),
        ("Überblendung_ß", "Überblendung_ß"),
        ("../../etc", "etc"),
        (".hidden.", "hidden"),
        ("<*?|>", "mattebox"),
        ("", "mattebox"),
    ],
)
def test_a_nodes_name_is_a_folders_name(name: str, folder: str) -> None:
    request = replace(PLAIN, name=name)
    assert request.folder == Path(PLAIN.root) / f"{folder}_{PLAIN.digest}"


@pytest.mark.parametrize(
    ("plate", "frames"),
    [
        ("shot.####.exr", "shot.####.exr"),
        ("shot.%04d.dpx", "shot.%04d.exr"),
        ("shot_#####.png", "shot_#####.exr"),
        ("still.tif", "still.####.exr"),
        ("shot.1001.exr", "shot.1001.####.exr"),
    ],
)
def test_frames_have_the_plates_name_and_the_core_finds_them_there(
    plate: str, frames: str, tmp_path: Path
) -> None:
    from mattebox.sequences import parse_pattern

    request = replace(PLAIN, root=str(tmp_path), plate=f"/in/{plate}")
    assert request.output == str(request.folder / frames)
    read = parse_pattern(request.output)
    assert read.numbers is None
    for frame in (7, 1001, 123456, -5):
        assert request.frame_path(frame) == read.path(frame)


def test_the_inputs_of_a_frame_are_its_files() -> None:
    assert [str(path) for path in FULL.inputs(1002)] == [
        "/show/shot/plate/hair.1002.exr",
        "/show/shot/plate/clean.exr",
        "/show/shot/mattes/rough.0002.exr",
        "/show/shot/mattes/in.1004.exr",
        "/show/shot/mattes/out.exr",
        "/show/shot/mattes/prop.1002.exr",
    ]


def test_an_input_that_holds_is_the_file_that_the_core_takes(tmp_path: Path) -> None:
    for number in (5, 7, 10):
        (tmp_path / f"rough.{number:04d}.exr").touch()
    pictures = {"hint": f"{tmp_path}/rough.####.exr:A"}
    request = replace(FULL, pictures=pictures, offset={"hint": -1000}, hold=("hint",))
    job = Job.checked(request.job())
    (what,) = (one for one in inputs() if one.name == "hint")
    found = open_input(job, what)
    assert found is not None
    for frame in range(1000, 1015):
        assert request.picture("hint", frame) == found.path(frame)


def test_a_written_job_is_the_core_s_to_read_and_nothing_else_is_left(tmp_path: Path) -> None:
    request = replace(FULL, root=str(tmp_path / "new" / "root"))
    path = request.write()
    assert path == request.folder / JOB_FILE
    assert Job.read(path) == Job.checked(request.job())
    assert request.write() == path  # and once more over it
    assert [one.name for one in request.folder.iterdir()] == [JOB_FILE]


def test_a_job_with_umlauts_is_utf_8(tmp_path: Path) -> None:
    request = replace(PLAIN, root=str(tmp_path), plate="/in/Größe.####.exr")
    written = json.loads(request.write().read_bytes().decode("utf-8"))
    assert written["plate"] == "/in/Größe.####.exr"


def test_a_job_that_cannot_be_put_in_place_leaves_what_was_there(tmp_path: Path) -> None:
    request = replace(PLAIN, root=str(tmp_path))
    (request.folder / JOB_FILE / "in the way").mkdir(parents=True)
    with pytest.raises(OSError):  # noqa: PT011 - each system has a number of its own
        request.write()
    assert [one.name for one in request.folder.iterdir()] == [JOB_FILE]


def test_a_value_that_is_no_json_leaves_the_earlier_job_whole(tmp_path: Path) -> None:
    request = replace(PLAIN, root=str(tmp_path))
    before = request.write().read_bytes()
    broken = replace(request, settings={"engine": object()})
    path = request.folder / JOB_FILE
    with pytest.raises(TypeError):
        broken.write()
    assert path.read_bytes() == before


@pytest.mark.parametrize("engine", ["screen", "bgmv2", "rvm", "hint"])
@pytest.mark.parametrize("has_clean_plate", [True, False])
@pytest.mark.parametrize("choice", SCREEN_CHOICES)
def test_every_screen_choice_is_one_the_core_takes(
    choice: str, has_clean_plate: bool, engine: str
) -> None:
    screen = screen_text(choice, (0.05, 0.4, 0.1), engine=engine, has_clean_plate=has_clean_plate)
    settings = {"engine": engine, "screen": screen}
    values = {"plate": "p.####.exr", "output": "o", "settings": settings}
    if has_clean_plate:
        values["clean_plate"] = "c.exr"
    if engine == "hint":
        values["hint"] = {"pattern": "h.exr", "channel": None}
    assert Job.checked(values).settings.model_dump()["screen"] == screen
    picked = {"clip": "auto", "green": "green", "blue": "blue", "colour": "0.05,0.4,0.1"}
    if choice != "automatic":
        assert screen == picked[choice]
    else:
        assert (screen == "auto") == (engine in ("screen", "bgmv2") and not has_clean_plate)
