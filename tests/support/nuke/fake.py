"""A strict stand-in for the module ``nuke``, made from published knob lists.

It refuses what Nuke refuses: knobs that do not exist, values that a menu does not have, calls from
another thread than the main one, windows where there are none, deleted nodes. A name that is not
here raises AttributeError. Renders read and write real files.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from tests.support.nuke import fake_knobs
from tests.support.nuke.fake_nodes import Gizmo, Group, Node, Root, build
from tests.support.nuke.knob_lists import KNOBS
from tests.support.nuke.tcl_replay import replay

from mattebox_plugin.patterns import numbered

if TYPE_CHECKING:
    from tests.support.nuke.fake_pictures import Picture

PATIENCE_SECONDS = 120.0
PLUGIN = "mattebox_plugin.nuke_host"


MODULE_NAMES = [
    "root",
    "thisNode",
    "thisKnob",
    "toNode",
    "allNodes",
    "createNode",
    "delete",
    "nodePaste",
    "execute",
    "frame",
    "views",
    "filename",
    "message",
    "choice",
    "ask",
    "tprint",
    "pluginPath",
    "menu",
    "Layer",
    "addBeforeRender",
    "addBeforeFrameRender",
    "addKnobChanged",
    "executeInMainThread",
    "scriptSaveAs",
]
"""Functions of the module that this stand-in has."""


class ProgressTask:
    """Nuke's progress window; it goes when the object does."""

    shown: ClassVar[list[ProgressTask]] = []
    cancelled = False

    def __init__(self, title: str) -> None:
        self.title = title
        self.messages: list[str] = []
        self.progress: list[int] = []
        ProgressTask.shown.append(self)

    def setProgress(self, share: int) -> None:  # noqa: N802 - Nuke's name
        assert type(share) is int, f"progress is an int, not {share!r}"
        assert 0 <= share <= 100, share
        self.progress.append(share)

    def setMessage(self, text: str) -> None:  # noqa: N802 - Nuke's name
        assert type(text) is str, text
        self.messages.append(text)

    def isCancelled(self) -> bool:  # noqa: N802 - Nuke's name
        when = FakeNuke.cancel_when
        return when is not None and when(self)


class Undo:
    """Whether changes are remembered."""

    depth = 0

    @classmethod
    def disable(cls) -> None:
        cls.depth += 1

    @classmethod
    def enable(cls) -> None:
        cls.depth -= 1
        assert cls.depth >= 0, "Undo is enabled more often than disabled"


class Menu:
    """A menu: what was added, by its path."""

    def __init__(self, commands: dict[str, tuple[str, str]], path: str) -> None:
        self._commands = commands
        self._path = path

    def addMenu(self, name: str) -> Menu:  # noqa: N802 - Nuke's name
        return Menu(self._commands, f"{self._path}/{name}")

    def addCommand(self, name: str, command: str, *, icon: str = "") -> None:  # noqa: N802
        compile(command, name, "exec")
        self._commands[f"{self._path}/{name}"] = (command, icon)


class FakeNuke:
    """One Nuke: a script, a thread that owns it, and the module that plug-ins import."""

    cancel_when: Callable[[ProgressTask], bool] | None = None

    def __init__(self, *, has_window: bool) -> None:
        self.main_thread = threading.current_thread()
        self.module: Any = ModuleType("nuke")
        self.queue: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self.messages: list[str] = []
        self.printed: list[str] = []
        self.log: list[tuple[str, str]] = []
        self.commands: dict[str, tuple[str, str]] = {}
        self.layers: dict[str, list[str]] = {}
        self.callbacks: dict[str, list[tuple[Callable[[], None], str]]] = {}
        self.plugin_path: list[str] = []
        self.current_frame = 1
        self.executed: list[tuple[str, int]] = []
        self.cancel_render_at: int | None = None
        self.working_names: tuple[str, ...] = ()
        self.asked: list[tuple[str, str, tuple[str, ...]]] = []
        self.chooses: int | None = 0
        self.agrees = True
        self._this: list[tuple[Node, fake_knobs.Knob | None]] = []
        self._changing: set[tuple[str, str]] = set()
        self.root_node = Root(self, "Root", None, "Root")
        self.places: list[Group] = [self.root_node]
        self._fill_module(has_window=has_window)

    def check_thread(self) -> None:
        if threading.current_thread() is not self.main_thread:
            raise RuntimeError("Nuke's script was touched from another thread")

    # What a test does as an artist would.

    def press(self, node: Node, button: str) -> None:
        """Press a button of a node."""
        body = node.user_knobs[button].text
        with self.this(node, node[button]):
            exec(body, {"nuke": self.module})

    def read(self, pattern: str, first: int, last: int, colorspace: str) -> Node:
        """A Read, as dropped into the script."""
        read = self.create("Read")
        for name, value in (("file", pattern), ("colorspace", colorspace)):
            read[name].setValue(value)
        for name, frame in (("first", first), ("last", last), ("origfirst", first)):
            read[name].setValue(frame)
        return read

    def create(self, node_class: str) -> Node:
        """A node, as from the menu."""
        self.check_thread()
        place = self.places[-1]
        if node_class in KNOBS:
            kind = Group if node_class == "Group" else Node
            return kind(self, node_class, place, self.free_name(place, f"{node_class}1"))
        for folder in self.plugin_path:
            path = Path(folder) / f"{node_class}.gizmo"
            if path.is_file():
                (text,) = replay(path.read_text(encoding="utf-8"))
                return build(self, text, place, node_class)
        raise RuntimeError(f"{node_class}: Unknown command")

    def picture(self, node: Node, frame: int) -> Picture:
        """What the Viewer would show."""
        from tests.support.nuke.fake_pictures import picture

        self.check_thread()
        return picture(self, node, frame)

    def wait(self, until: Callable[[], bool]) -> None:
        """Be Nuke's event loop until something holds."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not until():
            self.work_off()
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.01)
        self.work_off()

    def work_off(self) -> None:
        """Do what other threads asked the main one to do."""
        while self.queue:
            call, words = self.queue.pop(0)
            call(*words)

    def start(self, folder: Path) -> None:
        """Start up as with a folder in NUKE_PATH. ``plug_in`` is this Nuke's own ``nuke_host``."""
        for name in [name for name in sys.modules if name == "nuke" or name.startswith(PLUGIN)]:
            del sys.modules[name]
        package = sys.modules.get("mattebox_plugin")
        if package is not None and hasattr(package, "nuke_host"):
            del package.nuke_host
        sys.modules["nuke"] = self.module
        self.plugin_path.append(str(folder))
        scripts = ["init.py", "menu.py"] if self.module.GUI else ["init.py"]
        for script in scripts:
            path = folder / script
            exec(
                compile(path.read_text(encoding="utf-8"), str(path), "exec"),
                {"__file__": str(path)},
            )
        self.plug_in: Any = sys.modules.get(PLUGIN)

    # What nodes need of their script.

    def free_name(self, place: Group, wanted: str) -> str:
        """The name, or the first of ``wanted1``, ``wanted2`` that nobody has."""
        taken = {one.name() for one in place.members}
        if wanted not in taken:
            return wanted
        stem = wanted.rstrip("0123456789")
        return next(f"{stem}{n}" for n in range(1, 10000) if f"{stem}{n}" not in taken)

    def evaluate(self, node: Node, expression: str, frame: int) -> float:
        """An expression of a knob, by Tcl's own rules: ``parent.x`` is a knob of the group."""
        import tkinter as tk  # here, since a Python may be built without it

        def value(found: re.Match[str]) -> str:
            return str(node.group.knobs_by_name[found[1]].for_expression(frame))

        text = re.sub(r"\bparent\.(\w+)", value, expression)
        return float(tk.Tcl().eval(f"expr {{{text}}}"))

    def knob_changed(self, node: Node, knob: fake_knobs.Knob) -> None:
        key = (node.fullName(), knob.name())
        if not self.module.GUI or key in self._changing:
            return
        self._changing.add(key)
        try:
            self.call("knobChanged", node, knob)
        finally:
            self._changing.discard(key)

    def call(self, when: str, node: Node, knob: fake_knobs.Knob | None = None) -> None:
        """Run the callbacks of an event."""
        for call, node_class in self.callbacks.get(when, []):
            if node_class in ("*", node.node_class):
                with self.this(node, knob):
                    call()

    @contextmanager
    def this(self, node: Node, knob: fake_knobs.Knob | None = None) -> Iterator[None]:
        self._this.append((node, knob))
        try:
            yield
        finally:
            self._this.pop()

    # The module.

    def _fill_module(self, *, has_window: bool) -> None:
        module: Any = self.module
        module.GUI = has_window
        module.rawArgs = ["nuke"]
        module.NUKE_VERSION_MAJOR, module.NUKE_VERSION_STRING = 15, "15.1v3"
        module.INPUTS, module.HIDDEN_INPUTS, module.WRITE_NON_DEFAULT_ONLY = 1, 2, 4
        module.Node, module.Group, module.Gizmo = Node, Group, Gizmo
        module.File_Knob, module.PyScript_Knob = fake_knobs.File_Knob, fake_knobs.PyScript_Knob
        module.ProgressTask, module.Undo = ProgressTask, Undo
        module.nodes = _Nodes(self)
        for name in MODULE_NAMES:
            setattr(module, name, getattr(self, f"_{name}"))

    def _root(self) -> Root:
        self.check_thread()
        return self.root_node

    def _thisNode(self) -> Node:  # noqa: N802 - after Nuke's name
        self.check_thread()
        return self._this[-1][0]

    def _thisKnob(self) -> fake_knobs.Knob | None:  # noqa: N802
        return self._this[-1][1]

    def _toNode(self, name: str) -> Node | None:  # noqa: N802
        return self.root_node.node(name)

    def _allNodes(self) -> list[Node]:  # noqa: N802
        return self.places[-1].nodes()

    def _createNode(self, node_class: str, *, inpanel: bool = True) -> Node:  # noqa: ARG002, N802
        return self.create(node_class)

    def _scriptSaveAs(self, path: str, _overwrite: int = 0) -> None:  # noqa: N802
        self.root_node["name"].setValue(path)

    def _delete(self, node: Node) -> None:
        node.check()
        node.group.members.remove(node)
        for other in node.group.members:
            other.connected = [None if one is node else one for one in other.connected]
        node.is_gone = True

    def _nodePaste(self, path: str) -> Node | None:  # noqa: N802
        self.check_thread()
        made = [
            build(self, text, self.places[-1])
            for text in replay(Path(path).read_text(encoding="utf-8"))
        ]
        return made[-1] if made else None

    def _frame(self) -> int:
        self.check_thread()
        return self.current_frame

    def _views(self) -> list[str]:
        return ["main"]

    def _filename(self, node: Node) -> str | None:
        node.check()
        knob = node["file"]
        assert isinstance(knob, fake_knobs.File_Knob)
        return knob.evaluated() or None

    def _message(self, text: str) -> None:
        self.check_thread()
        if not self.module.GUI:
            raise RuntimeError("there is no window for a message")
        self.messages.append(text)

    def _choice(self, title: str, prompt: str, options: list[str]) -> int | None:
        self.check_thread()
        assert self.module.GUI, "there is no window for a menu"
        self.asked.append((title, prompt, tuple(options)))
        return self.chooses

    def _ask(self, text: str) -> bool:
        self.check_thread()
        assert self.module.GUI, "there is no window for a question"
        self.asked.append(("ask", text, ()))
        return self.agrees

    def _tprint(self, *words: object) -> None:
        self.printed.append(" ".join(map(str, words)))

    def _pluginPath(self) -> list[str]:  # noqa: N802
        return list(self.plugin_path)

    def _menu(self, name: str) -> Menu:
        if not self.module.GUI:
            raise RuntimeError("there are no menus without a window")
        return Menu(self.commands, name)

    def _Layer(self, name: str, channels: list[str]) -> None:  # noqa: N802
        assert all(channel.startswith(f"{name}.") for channel in channels), channels
        self.layers[name] = channels

    def _add(self, when: str, call: Callable[[], None], node_class: str) -> None:
        self.callbacks.setdefault(when, []).append((call, node_class))

    def _addBeforeRender(self, call: Callable[[], None], *, nodeClass: str = "*") -> None:  # noqa: N802, N803
        self._add("beforeRender", call, nodeClass)

    def _addBeforeFrameRender(self, call: Callable[[], None], *, nodeClass: str = "*") -> None:  # noqa: N802, N803
        self._add("beforeFrameRender", call, nodeClass)

    def _addKnobChanged(self, call: Callable[[], None], *, nodeClass: str = "*") -> None:  # noqa: N802, N803
        self._add("knobChanged", call, nodeClass)

    def _executeInMainThread(self, call: Callable[..., Any], args: Any = ()) -> None:  # noqa: N802
        if not self.module.GUI:
            raise RuntimeError("there is no event loop without a window")
        self.queue.append((call, args if isinstance(args, tuple) else (args,)))

    def _execute(
        self, write: Node, first: int, last: int, step: int = 1, views: list[str] | None = None
    ) -> None:
        from tests.support.nuke.fake_pictures import picture, write_exr

        self.check_thread()
        assert write.Class() == "Write", write.Class()
        assert views in (None, ["main"]), views
        self.call("beforeRender", write)
        before = self.current_frame
        try:
            for frame in range(first, last + 1, step):
                self.current_frame = frame
                if frame == self.cancel_render_at:
                    raise RuntimeError("Cancelled")
                self.call("beforeFrameRender", write)
                shown = picture(self, write.input(0), frame)
                target = Path(numbered(str(write["file"].value()), frame))
                write_exr(target, shown, str(write["channels"].value()))
                self.executed.append((write.name(), frame))
        finally:
            self.current_frame = before


class _Nodes:
    """``nuke.nodes``: one constructor for each class."""

    def __init__(self, host: FakeNuke) -> None:
        self._host = host

    def __getattr__(self, node_class: str) -> Callable[..., Node]:
        def make(**knobs: Any) -> Node:
            node = self._host.create(node_class)
            for name, value in knobs.items():
                node[name].setValue(value)
            return node

        return make
