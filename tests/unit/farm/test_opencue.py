"""The XML for Cuebot, and the same job as OpenCue's own library writes it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.support.farm_tools import ask, python_with
from tests.unit.farm.conftest import Submit

from mattebox.errors import UsageError
from mattebox.farm.opencue import PIECE, Booking, spec, write_job
from mattebox.farm.submission import Submission
from mattebox.job import Job

BOOKING = Booking(show="demo", shot="sh010", user="artist", uid=1000)

WRITTEN_BY_OPENCUE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from outline.cuerun import OutlineLauncher
from outline.depend import DependType
from outline.loader import load_json
outline = load_json(sys.stdin.read())
analyse, key, check = outline.get_layers()
key.depend_on(analyse, DependType.LayerOnLayer)
check.depend_on(key, DependType.LayerOnLayer)
launcher = OutlineLauncher(outline, show="demo", shot="sh010", user="artist", nomail=True)
print(launcher.serialize(use_pycuerun=False))
"""

CUTS_LIKE_CUEBOT = """
import sys
from FileSequence import FrameSet
frames = FrameSet(sys.argv[1]).getAll()
size = int(sys.argv[2])
print(" ".join("%d-%d" % (frames[i], frames[i:i + size][-1]) for i in range(0, len(frames), size)))
"""

THEIRS_ALONE = {"uid", "priority", "outputs", "facility"}
"""Elements that OpenCue's library adds, or fills from the machine it runs on."""


def written(submission: Submission) -> ET.Element:
    text = spec(submission, BOOKING, job_file="/shows/demo/farm/job.json")
    return ET.fromstring(text.split("\n", 2)[2])


def layer(root: ET.Element, name: str) -> ET.Element:
    found = root.find(f"job/layers/layer[@name='{name}']")
    assert found is not None
    return found


def outline(root: ET.Element) -> str:
    """The same job in the words of OpenCue's library."""
    layers = [
        {
            "module": "outline.modules.shell.Shell",
            "name": one.attrib["name"],
            "type": one.attrib["type"],
            "command": one.findtext("cmd"),
            "range": one.findtext("range"),
            "chunk": int(one.findtext("chunk") or 0),
            "cores": float(one.findtext("cores") or 0),
            "threadable": one.findtext("threadable") == "True",
            "memory": one.findtext("memory"),
            "service": one.findtext("services/service"),
        }
        | (
            {
                "gpus": int(one.findtext("gpus") or 0),
                "gpu_memory": one.findtext("gpu_memory"),
                "tags": one.findtext("tags"),
            }
            if one.find("gpus") is not None
            else {}
        )
        for one in root.iter("layer")
    ]
    return json.dumps({"name": root.find("job").attrib["name"], "layers": layers})  # type: ignore[union-attr]


def told(element: ET.Element) -> list[object]:
    """An element as plain values: tag, attributes, text, children in order."""
    children = [told(child) for child in element if child.tag not in THEIRS_ALONE]
    return [element.tag, sorted(element.attrib.items()), (element.text or "").strip(), children]


def test_the_key_layer_is_cut_at_our_borders_and_given_its_piece(submit: Submit) -> None:
    key = layer(written(submit()), "key")
    assert (key.findtext("range"), key.findtext("chunk")) == ("1000-1074", "25")
    command = key.findtext("cmd") or ""
    assert command.endswith(f"--frames 1001-1050 --chunk {PIECE}")
    assert "--output '/shows/demo/keyed/sh010.####.exr'" in command


def test_a_gpu_is_booked_for_the_layers_that_need_one(submit: Submit) -> None:
    root = written(submit())
    gpus = {one.attrib["name"]: one.findtext("gpus") for one in root.iter("layer")}
    assert gpus == {"analyse": "1", "key": "1", "check": None}
    assert layer(root, "key").findtext("gpu_memory") == "6144m"
    assert layer(written(submit(device="cpu")), "key").find("gpus") is None


def test_layers_wait_for_each_other(submit: Submit) -> None:
    depends = [
        (one.findtext("deplayer"), one.findtext("onlayer"))
        for one in written(submit()).iter("depend")
    ]
    assert depends == [("key", "analyse"), ("check", "key")]


def test_words_with_blanks_and_signs_reach_the_shell_whole(submit: Submit) -> None:
    root = written(submit(command=("/opt/my tools/mattebox", "&"), output_folder="/a b"))
    command = layer(root, "check").findtext("cmd") or ""
    assert command.startswith("'/opt/my tools/mattebox' '&' check '/a b/sh010.####.exr'")


def test_the_name_becomes_one_that_xml_allows(submit: Submit) -> None:
    job = written(submit(name="sh010 <key> & co")).find("job")
    assert job is not None
    assert job.attrib["name"] == "sh010_key_co"


def test_a_show_without_name_is_refused(submit: Submit) -> None:
    with pytest.raises(UsageError, match="--show is empty"):
        spec(submit(), Booking(" ", "sh010", "artist", 1), job_file="job.json")


def test_the_job_file_lies_beside_the_xml(submit: Submit, tmp_path: Path) -> None:
    xml, job = write_job(submit(), BOOKING, tmp_path / "cue")
    assert (xml.name, Job.read(job)) == ("opencue.xml", submit().job)
    assert f"--job {job} " in xml.read_text(encoding="utf-8")


def test_opencue_writes_the_same_job(submit: Submit) -> None:
    python = python_with("outline", "MATTEBOX_OPENCUE_PYTHON", "opencue-pyoutline")
    for device in ("cuda", "cpu"):
        root = written(submit(device=device))
        answer = ask(python, "-W", "ignore", "-c", WRITTEN_BY_OPENCUE, text=outline(root))
        theirs = ET.fromstring(answer.split('.dtd">', 1)[1])
        assert answer.split('.dtd">', 1)[0].endswith("cjsl-1.15")
        assert told(root) == told(theirs)


def test_opencue_reads_the_span_and_cuts_it_at_our_borders(submit: Submit) -> None:
    python = python_with("outline", "MATTEBOX_OPENCUE_PYTHON", "opencue-pyoutline")
    span = submit(frames=(1030, 1031, 2000)).span
    cut = ask(python, "-W", "ignore", "-c", CUTS_LIKE_CUEBOT, span, 25)
    assert cut.split() == ["1025-1049", "2000-2024"]
