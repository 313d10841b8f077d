"""Runs inside a real Nuke, as ``nuke -t live_driver.py WORK PLATE KEYED``.

Adds the node, keys, renders, breaks frames, bakes, and writes ``report.json`` into WORK. Every
check says what it saw, so that a report from a machine we do not have is worth reading.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nuke

FRAMES = (1, 2, 3)


class Live:
    """One script: a Read, a node, and what was found."""

    def __init__(self, work: Path, plate: str, keyed: Path) -> None:
        from mattebox_plugin import nuke_host

        self.host = nuke_host
        self.work = work
        self.keyed = keyed
        self.checks: list[dict[str, Any]] = []
        (work / "project").mkdir()
        nuke.scriptSaveAs((work / "project/comp.nk").as_posix(), 1)
        nuke.root()["colorManagement"].setValue("Nuke")
        read = self.reader(plate, raw=False)
        self.default_space = read["colorspace"].value()
        read["colorspace"].setValue("linear")
        self.node = nuke.createNode("Mattebox", inpanel=False)
        self.node.setInput(0, read)

    def run(self) -> None:
        """All checks, in an order in which each leaves the script as it was."""
        steps: list[tuple[str, Callable[[], Any]]] = [
            ("a render is refused before the first key", lambda: self.refused("not been keyed")),
            ("a range is keyed", self.key),
            ("the frames are the command line's, byte for byte", self.same_bytes),
            ("what could only be assumed", self.facts),
            ("the node shows the file's pixels", self.same_pixels),
            ("it renders", self.render),
            ("a frame that is cut short stops a render", self.cut_short),
            ("a knob that was turned stops a render", self.turned),
            ("a graded plate is rendered and keyed", self.graded),
            ("the script keeps what is attached", self.opened_again),
            ("troubleshoot", lambda: [f.what for f in self.host._troubleshoot.found(self.node)]),
            ("it is baked to a group", self.baked),
        ]
        for name, step in steps:
            try:
                self.checks.append({"name": name, "ok": True, "saw": step()})
            except Exception:  # noqa: BLE001 - whatever a Nuke we do not have may raise
                trace = traceback.format_exc()
                self.checks.append({"name": name, "ok": False, "saw": trace})

    def reader(self, file: str, *, raw: bool) -> nuke.Node:
        read = nuke.nodes.Read(file=file)
        for name in ("first", "origfirst"):
            read[name].setValue(FRAMES[0])
        for name in ("last", "origlast"):
            read[name].setValue(FRAMES[-1])
        read["raw"].setValue(raw)
        return read

    def writer(self, name: str) -> nuke.Node:
        write = nuke.nodes.Write()
        write["file_type"].setValue("exr")
        write["file"].setValue(f"{self.work.as_posix()}/{name}.####.exr")
        write["channels"].setValue("all")
        write["raw"].setValue(True)
        write.setInput(0, self.node)
        return write

    def refused(self, words: str) -> str:
        write = self.writer("refused")
        said = ""
        try:
            nuke.execute(write, FRAMES[0], FRAMES[-1])
        except RuntimeError as error:
            said = str(error)
        finally:
            nuke.delete(write)
        if words not in said:
            raise RuntimeError(f"the render was not refused as it should be: {said!r}")
        return said

    def key(self) -> str:
        self.host.key_range(self.node)
        return str(self.node["status"].value())

    def same_bytes(self) -> list[str]:
        folder = Path(str(self.node["result"].value())).parent
        ours = {path.name: path.read_bytes() for path in folder.glob("*.exr")}
        theirs = {path.name: path.read_bytes() for path in self.keyed.glob("*.exr")}
        different = sorted(n for n in {*ours, *theirs} if ours.get(n) != theirs.get(n))
        if different or not ours:
            raise RuntimeError(f"other bytes: {different}, {sorted(ours)}, {sorted(theirs)}")
        return sorted(ours)

    def facts(self) -> dict[str, Any]:
        read = self.inside("Result")
        plate = self.node.input(0)
        assert plate is not None
        return {
            "class": self.node.Class(),
            "pipes": self.node.maximumInputs(),
            "channels": self.node.channels(),
            "result": nuke.filename(read),
            "range": [read["first"].value(), read["last"].value()],
            "plate's space": [self.default_space, plate["colorspace"].value()],
            "working space": nuke.root()["workingSpaceLUT"].value(),
            "knobs that are written": self.node.writeKnobs(nuke.WRITE_NON_DEFAULT_ONLY),
            "layers": nuke.layers(self.node),
        }

    def same_pixels(self) -> dict[str, Any]:
        """The node beside a plain raw Read of the same files."""
        plain = self.reader(str(self.node["result"].value()), raw=True)
        saw = {}
        for channel in ("rgba.red", "rgba.alpha", "fg.green", "spill.blue", "net.alpha"):
            pair = [node.sample(channel, 160.5, 90.5) for node in (self.node, plain)]  # type: ignore[call-overload]
            saw[channel] = pair
            if pair[0] != pair[1]:
                raise RuntimeError(f"{channel}: {pair}")
        nuke.delete(plain)
        return saw

    def render(self) -> list[str]:
        nuke.execute(self.writer("comp"), FRAMES[0], FRAMES[-1])
        names = sorted(path.name for path in self.work.glob("comp.*.exr"))
        if len(names) != len(FRAMES):
            raise RuntimeError(f"rendered {names}")
        return names

    def cut_short(self) -> str:
        path = Path(str(self.node["result"].value()).replace("####", "0002"))
        whole = path.read_bytes()
        path.write_bytes(whole[:-100])
        try:
            return self.refused("frame 2 cannot be rendered")
        finally:
            path.write_bytes(whole)

    def turned(self) -> str:
        self.node["gamma"].setValue(1.5)
        try:
            return self.refused("stale 1-3")
        finally:
            self.node["gamma"].setValue(1.0)

    def graded(self) -> list[str]:
        read = self.node.input(0)
        grade = nuke.nodes.Grade()
        grade["multiply"].setValue(0.5)
        grade.setInput(0, read)
        self.node.setInput(0, grade)
        self.host.key_frame(self.node)
        self.node.setInput(0, read)
        nuke.delete(grade)
        self.host.refresh(self.node)
        rendered = sorted((self.work / "project/mattebox/inputs").rglob("*.exr"))
        if len(rendered) != len(FRAMES):
            raise RuntimeError(f"rendered {rendered}")
        return [path.name for path in rendered]

    def opened_again(self) -> dict[str, Any]:
        name, knobs = self.node.fullName(), ("result", "result_digest", "has_result", "status")
        before = {knob: self.node[knob].value() for knob in knobs}
        script = (self.work / "project/comp.nk").as_posix()
        nuke.scriptSaveAs(script, 1)
        nuke.scriptClear()
        nuke.scriptOpen(script)
        found = nuke.toNode(name)
        if found is None:
            raise RuntimeError(f"{name} is gone; there are {[n.name() for n in nuke.allNodes()]}")
        self.node = found
        after = {knob: self.node[knob].value() for knob in knobs}
        if before != after:
            raise RuntimeError(f"before {before}, after {after}")
        return after

    def baked(self) -> list[str]:
        name = f"{self.node.name()}_baked"
        self.host.bake(self.node)
        group = nuke.toNode(name)
        if not isinstance(group, nuke.Group):
            raise TypeError(f"{name} is {group}; there are {[n.name() for n in nuke.allNodes()]}")
        return [f"{node.Class()} {node.name()}" for node in group.nodes()]

    def inside(self, name: str) -> nuke.Node:
        found = self.node.node(name) if isinstance(self.node, nuke.Group) else None
        if found is None:
            raise RuntimeError(f"there is no {name} in {self.node.Class()}")
        return found


def main() -> None:
    work, plate, keyed = sys.argv[-3:]
    report: dict[str, Any] = {"nuke": nuke.NUKE_VERSION_STRING, "python": sys.version}
    try:
        live = Live(Path(work), plate, Path(keyed))
        live.run()
        report["checks"] = live.checks
    except Exception:  # noqa: BLE001 - as above
        report["checks"] = [{"name": "start", "ok": False, "saw": traceback.format_exc()}]
    text = json.dumps(report, indent=2, default=repr)
    Path(work, "report.json").write_text(text, encoding="utf-8")


main()
