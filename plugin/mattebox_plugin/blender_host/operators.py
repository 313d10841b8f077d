"""What an artist can press: add a node, key, stop, check Mattebox, write a farm job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

from ..hint_tools import HintTool
from ..mattebox_command import BrokenError, NotFoundError, ask, examine, find
from ..patterns import frames_on_disk, pattern_of
from ..run import Phase, Progress
from . import hint, key, preferences
from .frames import file_frames
from .group import add_to, is_mattebox, make_group
from .node_request import request_of
from .source import SourceError
from .versions import make_compositor

POLL_SECONDS = 0.1

FAULTS = (SourceError, NotFoundError, BrokenError, OSError)
"""What stands in the way of a key; their text is for people."""


def active_group(context: Any) -> Any:
    """The Mattebox group of the active node, or None."""
    node = getattr(context, "active_node", None)
    group = getattr(node, "node_tree", None)
    return group if group is not None and is_mattebox(group) else None


class MatteboxOperator(bpy.types.Operator):
    """What our operators share: the group they work on."""

    bl_options = {"REGISTER"}

    __annotations__ = {
        "group": bpy.props.StringProperty(
            name="Group", description="Node group; empty: the active node's", options={"HIDDEN"}
        ),
    }

    def found_group(self, context: Any) -> Any:
        """The group that is meant. Raises SourceError."""
        group = bpy.data.node_groups.get(self.group) if self.group else active_group(context)
        if group is None or not is_mattebox(group):
            named = (
                f"{self.group!r} is not a Mattebox group" if self.group else "no node is selected"
            )
            raise SourceError(f"{named}: add one with Add > Mattebox in the compositor")
        return group


class MATTEBOX_OT_add(bpy.types.Operator):
    """Add a Mattebox node, with the clip of the selected Image node if there is one"""

    bl_idname = "mattebox.add"
    bl_label = "Mattebox"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: Any) -> set[str]:
        space = context.space_data
        editor = space if space is not None and space.type == "NODE_EDITOR" else None
        tree = getattr(editor, "edit_tree", None) or make_compositor(context.scene)
        selected = context.active_node if editor is not None else None
        group = make_group()
        take_clip(group, getattr(selected, "image", None), selected)
        node = add_to(tree, group)
        if editor is not None:
            node.location = editor.cursor_location
            for other in tree.nodes:
                other.select = other == node
        tree.nodes.active = node
        return {"FINISHED"}


def take_clip(group: Any, image: Any, node: Any = None) -> None:
    """Let a group key an image, with the timing of the Image node that shows it."""
    if image is None or image.source not in ("SEQUENCE", "MOVIE", "FILE"):
        return
    settings = group.mattebox
    settings.image = image
    if node is not None:
        settings.frame_offset = node.frame_offset + 1 - node.frame_start
    elif image.source == "FILE":
        pattern = pattern_of(bpy.path.abspath(image.filepath))
        if len(frames_on_disk(pattern)) > 1:
            image.source = "SEQUENCE"


class BesideOperator(MatteboxOperator):
    """What operators share that have the core work beside Blender."""

    _working: key.Keying | hint.Making | None = None
    _timer: Any = None

    def begin(self, context: Any) -> key.Keying | hint.Making:
        """Start the core. Raises ``FAULTS``."""
        raise NotImplementedError

    def execute(self, context: Any) -> set[str]:
        """Without an interface: stay until it is done."""
        raise NotImplementedError

    def invoke(self, context: Any, event: Any) -> set[str]:
        """With an interface: the core works beside it."""
        if bpy.app.background:
            return self.execute(context)
        try:
            self._working = self.begin(context)
        except FAULTS as fault:
            return self._refuse(fault)
        manager = context.window_manager
        self._timer = manager.event_timer_add(POLL_SECONDS, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: Any, event: Any) -> set[str]:
        assert self._working is not None
        if event.type == "ESC":
            # The frame in hand may take its ten seconds; the artist has the interface at once.
            self._working.stop()
            _finish_later(self._working)
            self._leave(context)
            self.report({"WARNING"}, "Mattebox: stopped; finished frames are kept")
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        progress = self._working.poll()
        context.window_manager.progress_update(int(100 * progress.share))
        context.workspace.status_text_set(f"{progress.line}   (Esc stops)")
        if not progress.phase.is_over:
            return {"PASS_THROUGH"}
        self._working.finish()
        self._leave(context)
        answer = self._report(progress)
        if progress.phase is Phase.DONE:
            self.go_on()
        return answer

    def go_on(self) -> None:
        """What comes after a core that ended well."""

    def cancel(self, context: Any) -> None:
        """Blender closes the window or the file."""
        if self._working is not None:
            self._working.kill()
        self._leave(context)

    def _leave(self, context: Any) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        context.workspace.status_text_set(None)
        redraw(context)

    def _refuse(self, fault: Exception) -> set[str]:
        self.report({"ERROR"}, f"Mattebox: {fault}")
        return {"CANCELLED"}

    def _report(self, progress: Progress) -> set[str]:
        for warning in progress.warnings:
            self.report({"WARNING"}, f"Mattebox: {warning}")
        if progress.phase is Phase.FAILED:
            self.report({"ERROR"}, f"Mattebox: {progress.error}")
            return {"CANCELLED"}
        self.report({"INFO"}, progress.line)
        return {"FINISHED"} if progress.phase is Phase.DONE else {"CANCELLED"}


class MATTEBOX_OT_key(BesideOperator):
    """Key the clip. Frames that are on disk and current are skipped; Esc stops"""

    bl_idname = "mattebox.key"
    bl_label = "Key"

    __annotations__ = {
        "frames": bpy.props.EnumProperty(
            name="Frames",
            items=[
                ("PANEL", "As the panel says", ""),
                ("CLIP", "Whole clip", ""),
                ("SCENE", "Scene range", ""),
                ("CURRENT", "Current frame", ""),
            ],
        ),
        "force": bpy.props.BoolProperty(name="Again", description="Compute current frames again"),
        "then": bpy.props.EnumProperty(
            items=[("NOTHING", "Nothing", ""), ("IMAGE", "Image", ""), ("ANIMATION", "All", "")],
            description="What is rendered when the frames are there",
            options={"HIDDEN", "SKIP_SAVE"},
        ),
        "keyed": bpy.props.StringProperty(
            description="Groups that were keyed for that render", options={"HIDDEN", "SKIP_SAVE"}
        ),
    }

    def execute(self, context: Any) -> set[str]:
        """Without an interface: stay until it is done."""
        try:
            group = self.found_group(context)
            progress = key.key_now(
                group,
                context.scene,
                self._numbers(group, context),
                force=self.force,
                is_warm=self._which(group) == "CURRENT",
            )
        except FAULTS as fault:
            return self._refuse(fault)
        return self._report(progress)

    def begin(self, context: Any) -> key.Keying:
        group = self.found_group(context)
        return key.start(
            group,
            context.scene,
            self._numbers(group, context),
            force=self.force,
            is_warm=self._which(group) == "CURRENT",
        )

    def go_on(self) -> None:
        if self.then != "NOTHING":
            animation = self.then == "ANIMATION"
            bpy.ops.mattebox.render("INVOKE_DEFAULT", animation=animation, keyed=self.keyed)

    def _numbers(self, group: Any, context: Any) -> tuple[int, ...]:
        return file_frames(group, context.scene, self._which(group))

    def _which(self, group: Any) -> str:
        return str(group.mattebox.frames if self.frames == "PANEL" else self.frames)


def _finish_later(keying: key.Keying | hint.Making) -> None:
    """Wait for a run that was asked to stop; then show the frames that it finished."""

    def poll() -> float | None:
        if not keying.poll().phase.is_over:
            return POLL_SECONDS
        keying.finish()
        return None

    bpy.app.timers.register(poll, first_interval=POLL_SECONDS)


def redraw(context: Any) -> None:
    """Draw every compositor again: its panel shows the status of frames."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "NODE_EDITOR":
                area.tag_redraw()


class MATTEBOX_OT_make_hint(BesideOperator):
    """Have a matting tool make mattes of the whole clip, and key with them as hint; Esc stops"""

    bl_idname = "mattebox.make_hint"
    bl_label = "Make hint"

    __annotations__ = {
        "tool": bpy.props.StringProperty(name="Tool", description="As of `mattebox hint list`"),
        "accept_licence": bpy.props.BoolProperty(
            name="Accept its licence", description="Once; it is remembered", options={"SKIP_SAVE"}
        ),
    }

    def execute(self, context: Any) -> set[str]:
        """Without an interface: stay until it is done."""
        try:
            making = self.begin(context)
        except FAULTS as fault:
            return self._refuse(fault)
        making.run.wait()
        return self._report(making.finish())

    def begin(self, context: Any) -> hint.Making:
        group = self.found_group(context)
        return hint.start(group, context.scene, self.tool, accept_licence=self.accept_licence)


class MATTEBOX_OT_hint_tools(MatteboxOperator):
    """Choose a matting tool that is set up on this machine, to make the hint"""

    bl_idname = "mattebox.hint_tools"
    bl_label = "Make with a tool"

    def execute(self, context: Any) -> set[str]:
        try:
            group = self.found_group(context)
            tools = hint.menu()
        except FAULTS as fault:
            self.report({"ERROR"}, f"Mattebox: {fault}")
            return {"CANCELLED"}
        if not tools:
            self.report(
                {"WARNING"},
                "Mattebox: no matting tool is set up here; `mattebox hint list` says which are "
                "known",
            )
            return {"CANCELLED"}
        self.report({"INFO"}, f"tools: {', '.join(tool.name for tool in tools)}")
        if not bpy.app.background:
            context.window_manager.popup_menu(
                lambda menu, _: _draw_tools(menu.layout, group.name, tools), title="Make hint"
            )
        return {"FINISHED"}


def _draw_tools(layout: Any, group_name: str, tools: Sequence[HintTool]) -> None:
    """An entry for each tool; one whose licence nobody accepted says it, and what a press means."""
    layout.operator_context = "INVOKE_DEFAULT"
    for tool in tools:
        text = tool.title
        if not tool.accepted:
            layout.label(text=tool.terms)
            text = f"Accept that, and make the hint with {tool.title}"
        entry = layout.operator("mattebox.make_hint", text=text)
        entry.group, entry.tool = group_name, tool.name
        entry.accept_licence = not tool.accepted


class MATTEBOX_OT_check(bpy.types.Operator):
    """Show which Mattebox is found, its version and devices, and the cure of every fault"""

    bl_idname = "mattebox.check"
    bl_label = "Check Mattebox"

    def execute(self, context: Any) -> set[str]:
        try:
            mattebox = find(preferences.mattebox_python())
            health = examine(mattebox)
        except (NotFoundError, BrokenError) as fault:
            self.report({"ERROR"}, f"Mattebox: {fault}")
            return {"CANCELLED"}
        lines = [*health.lines, f"found by {mattebox.source}: {' '.join(mattebox.command)}"]
        for line in lines:
            self.report({"WARNING"} if ". Cure: " in line else {"INFO"}, line)
        if not bpy.app.background:
            context.window_manager.popup_menu(
                lambda menu, _: [menu.layout.label(text=line) for line in lines],
                title="Mattebox",
                icon="ERROR" if health.faults else "CHECKMARK",
            )
        return {"CANCELLED"} if health.faults else {"FINISHED"}


class MATTEBOX_OT_write_job(MatteboxOperator):
    """Write an Open Job Description bundle that keys this node's clip on a farm"""

    bl_idname = "mattebox.write_job"
    bl_label = "Write farm job"

    __annotations__ = {
        "directory": bpy.props.StringProperty(
            name="Folder", description="Folder of the bundle", subtype="DIR_PATH"
        ),
        "device": bpy.props.EnumProperty(
            name="Device",
            description="What the farm's machines compute with",
            items=[("cpu", "CPU", ""), ("cuda", "GPU (CUDA)", "")],
            default="cuda",
        ),
    }

    def invoke(self, context: Any, event: Any) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: Any) -> set[str]:
        try:
            group = self.found_group(context)
            request, source = request_of(group, context.scene)
            if source.is_written:
                raise SourceError(
                    "a farm keys files: render the clip or the scene to EXR first, and choose that"
                )
            job, folder = request.write(), Path(bpy.path.abspath(self.directory))
            words = ["--job", str(job), "-o", str(folder), "--device", self.device]
            words += ["--name", request.name]
            ask(find(preferences.mattebox_python()), ["farm", "openjd", *words])
        except FAULTS as fault:
            self.report({"ERROR"}, f"Mattebox: {fault}")
            return {"CANCELLED"}
        self.report({"INFO"}, f"Mattebox: the bundle is in {folder}")
        return {"FINISHED"}


CLASSES = (
    MATTEBOX_OT_add,
    MATTEBOX_OT_key,
    MATTEBOX_OT_make_hint,
    MATTEBOX_OT_hint_tools,
    MATTEBOX_OT_check,
    MATTEBOX_OT_write_job,
)
