"""What a Mattebox group remembers: the artist's choices and what was keyed with them.

They lie on the node group itself, so that they survive in files that are saved by a Blender
without the add-on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ..parameter import HOLD_HELP, OFFSET_HELP, Input, Kind, Parameter
from ..parameters import INPUTS, PARAMETERS
from ..patterns import frames_on_disk, is_pattern, pattern_of, split_channel
from ..request import ENGINES, SCREEN_CHOICES

NOT_SHOWN = ("engine", "screen", "overscan")
"""Engine and screen have widgets of their own; Blender has no pixels outside the display window."""

SHOWN = tuple(parameter for parameter in PARAMETERS if parameter.name not in NOT_SHOWN)
"""The core's settings that become properties one to one."""

ENGINE_HELP = {
    "screen": "Green, blue or any saturated screen, or a clean plate; needs no weights",
    "rvm": "People before any background; remembers the frames before",
    "bgmv2": "People and objects before a clean plate",
    "hint": "A matte from elsewhere, solved again at its edges",
    "onnx-matte": "Another network from an ONNX file",
}

SCREEN_HELP = {
    "automatic": "Found in the clip where the engine works against a screen",
    "clip": "Found in the clip",
    "green": "Green, as screens are painted",
    "blue": "Blue, as screens are painted",
    "colour": "The colour below",
}


PROPERTIES: dict[Kind, Any] = {
    Kind.CHOICE: bpy.props.EnumProperty,
    Kind.CHOICES: bpy.props.EnumProperty,
    Kind.NUMBER: bpy.props.FloatProperty,
    Kind.INTEGER: bpy.props.IntProperty,
    Kind.FLAG: bpy.props.BoolProperty,
    Kind.COLOUR: bpy.props.FloatVectorProperty,
    Kind.TEXT: bpy.props.StringProperty,
}


def _enum(choices: Any, helps: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
    return [(c, c.replace("-", " ").capitalize(), (helps or {}).get(c, "")) for c in choices]


listeners: list[Callable[[Any], None]] = []
"""Are called with a group when one of its knobs is turned."""


def _turned(settings: Any, _context: Any = None) -> None:
    for hear in listeners:
        hear(settings.id_data)


def _property(parameter: Parameter) -> Any:
    """The Blender property of a setting."""
    common: dict[str, Any] = {"name": parameter.label, "description": parameter.tip.rstrip(".")}
    common["update"] = _turned
    bounds: dict[str, Any] = {}
    if parameter.minimum is not None:
        bounds["min"] = parameter.minimum
    if parameter.maximum is not None:
        bounds["max"] = parameter.maximum
    kind, default = parameter.kind, parameter.default
    if kind is Kind.CHOICE:
        common["items"] = _enum(parameter.choices)
    elif kind is Kind.CHOICES:
        common["items"], common["options"], default = (
            _enum(parameter.choices),
            {"ENUM_FLAG"},
            set(default),
        )
    elif kind is Kind.NUMBER:
        common.update(bounds, precision=3)
    elif kind is Kind.INTEGER:
        common.update({name: int(value) for name, value in bounds.items()})
    elif kind is Kind.COLOUR:
        common.update(subtype="COLOR", size=3, min=0.001, soft_max=1.0)
    return PROPERTIES[kind](default=default, **common)


def _file(name: str, description: str) -> Any:
    return bpy.props.StringProperty(name=name, description=description, subtype="FILE_PATH")


def _frames(name: str, description: str) -> Any:
    """A file, or a sequence by one of its files."""
    return bpy.props.StringProperty(
        name=name, description=description, subtype="FILE_PATH", update=_name_the_sequences
    )


def _name_the_sequences(settings: Any, context: Any) -> None:
    """Write #### where the artist chose a frame of several: decided here once, since a machine
    that only renders has none of them, and must find the same results."""
    for name in (one.name for one in INPUTS):
        path, channel = split_channel(getattr(settings, name))
        file = re.split(r"[\\/]", path)[-1]
        pattern = pattern_of(bpy.path.abspath(path))
        if file and len(frames_on_disk(pattern)) > 1 and not is_pattern(file):
            sequence = path[: -len(file)] + Path(pattern).name
            setattr(settings, name, f"{sequence}:{channel}" if channel else sequence)
    _turned(settings)


def _picture(one: Input) -> Any:
    channel = ", with :channel behind it where it is not A" if one.is_matte else ""
    return _frames(one.label, f"{one.help} A file or one frame of a sequence{channel}")


def _timing(one: Input) -> dict[str, Any]:
    """How the numbers of an input go with the plate's."""
    return {
        one.offset: bpy.props.IntProperty(
            name=f"{one.label} offset", description=OFFSET_HELP, update=_turned
        ),
        one.hold: bpy.props.BoolProperty(
            name=f"{one.label} hold", description=HOLD_HELP, update=_turned
        ),
    }


_ANNOTATIONS: dict[str, Any] = {
    "is_mattebox": bpy.props.BoolProperty(options={"HIDDEN"}),
    "source": bpy.props.EnumProperty(
        name="Source",
        description="What is keyed",
        items=[
            ("IMAGE", "Clip", "A picture sequence, a movie or one picture"),
            ("RENDER", "This scene's render", "The scene's own frames, rendered for the key"),
        ],
    ),
    "image": bpy.props.PointerProperty(
        type=bpy.types.Image,
        name="Clip",
        description="The picture sequence, movie or picture to key, in its own colour space",
    ),
    "frame_offset": bpy.props.IntProperty(
        name="Offset",
        description="Frame number of the file that shows at scene frame 0",
    ),
    "part": bpy.props.StringProperty(
        name="Part",
        description="Part or layer of the clip that is keyed, where its files hold several: "
        "ViewLayer.Combined. Empty: found by its name",
        update=_turned,
    ),
    **{one.name: _picture(one) for one in INPUTS},
    **{name: knob for one in INPUTS for name, knob in _timing(one).items()},
    "engine": bpy.props.EnumProperty(
        name="Engine",
        description="How the first alpha is found",
        items=_enum(ENGINES, ENGINE_HELP),
        default="screen",
        update=_turned,
    ),
    "screen": bpy.props.EnumProperty(
        name="Screen",
        description="Colour of the screen",
        items=_enum(SCREEN_CHOICES, SCREEN_HELP),
        default="automatic",
        update=_turned,
    ),
    "screen_colour": bpy.props.FloatVectorProperty(
        name="Screen colour",
        description="Scene-linear, as the eyedropper picks it",
        subtype="COLOR",
        size=3,
        min=0.0001,
        soft_max=1.0,
        default=(0.08, 0.4, 0.1),
        update=_turned,
    ),
    "weights": bpy.props.StringProperty(
        name="Weights",
        description="A file, or a name of `mattebox weights list`; empty: the engine's own",
    ),
    "network_config": _file("Network config", "How the network is fed (engine onnx-matte)"),
    "cuts": bpy.props.StringProperty(
        name="Cuts",
        description="First frames of new scenes in the clip's numbers: 1040,1100",
    ),
    "device": bpy.props.StringProperty(
        name="Device", description="auto, cpu, cuda or cuda:n", default="auto"
    ),
    "folder": bpy.props.StringProperty(
        name="Results",
        description="Folder of the keyed frames; // is the folder of this file",
        subtype="DIR_PATH",
        default="//mattebox/",
    ),
    "when_rendering": bpy.props.EnumProperty(
        name="When rendering",
        description="What happens where a frame that is needed is missing or stale",
        items=[
            ("REFUSE", "Refuse", "Do not render; say which frames"),
            ("KEY", "Key them", "Key the missing frames first"),
        ],
    ),
    "frames": bpy.props.EnumProperty(
        name="Frames",
        description="Which frames Key computes; current ones are skipped",
        items=[
            ("CLIP", "Whole clip", "All frames of the clip"),
            ("SCENE", "Scene range", "The scene's frame range"),
            ("CURRENT", "Current frame", "The frame that is shown"),
        ],
    ),
    "live": bpy.props.BoolProperty(
        name="Live",
        description="Key the current frame again when a knob was changed, by a process that "
        "keeps running. With proxy 2 or 4 it shows almost at once",
    ),
    # What is shown, and the clip's range for machines that do not have it.
    "shown_digest": bpy.props.StringProperty(options={"HIDDEN"}),
    "shown_proxy": bpy.props.IntProperty(default=1, options={"HIDDEN"}),
    "clip_first": bpy.props.IntProperty(options={"HIDDEN"}),
    "clip_last": bpy.props.IntProperty(default=-1, options={"HIDDEN"}),
    "status": bpy.props.StringProperty(options={"HIDDEN"}),
}

MatteboxSettings = type(
    "MatteboxSettings",
    (bpy.types.PropertyGroup,),
    {
        "__doc__": "The settings of one Mattebox group.",
        "__annotations__": {
            **_ANNOTATIONS,
            **{parameter.name: _property(parameter) for parameter in SHOWN},
        },
    },
)


def register() -> None:
    bpy.utils.register_class(MatteboxSettings)
    bpy.types.CompositorNodeTree.mattebox = bpy.props.PointerProperty(type=MatteboxSettings)


def unregister() -> None:
    del bpy.types.CompositorNodeTree.mattebox
    bpy.utils.unregister_class(MatteboxSettings)
