"""Command-line options made from inputs and settings, so that none is written down twice."""

from __future__ import annotations

import enum
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from mattebox.inputs import Input, InputKind, inputs
from mattebox.settings import Knob, knobs

INPUTS, COLOUR, RUNNING = "Inputs", "Colour", "Running"
PANELS = (None, INPUTS, COLOUR, RUNNING)
"""Panels that come before those of the settings; None holds what has no panel."""

ENGINE_DEFAULT = (
    "hint where --hint or --hint-keys is given, rvm where --weights are, screen where a screen or "
    "clean plate is or the picture shows a screen, else rvm"
)
"""Of the command line alone: jobs and hosts say which."""

ALIASES = {"clean_plate": "--background"}
"""Second names of inputs: engine triangulate has two backgrounds."""


FORMS = {
    InputKind.SHOT: " FILE[:layer].",
    InputKind.BACKGROUND: " FILE[:layer], one file, a sequence, or a colour R,G,B.",
    InputKind.MATTE: " FILE[:channel].",
    InputKind.KEYS: " FILE[:channel].",
}


@dataclass(frozen=True)
class JobOption:
    """One option that says an entry of the job.

    Attributes:
        place: the entry: ``("hint",)``, ``("settings", "gamma")``.
        flags: the option's names, the first one for messages.
        help: for people.
        panel: where help shows it.
        type: of the option's value.
        read: from that to the entry.
    """

    place: tuple[str, ...]
    flags: tuple[str, ...]
    help: str
    panel: str
    type: Any = str
    read: Callable[[Any], Any] = lambda value: value

    @property
    def name(self) -> str:
        return self.place[-1]


def job_options() -> tuple[JobOption, ...]:
    """All of them: inputs but the plate, which is an argument, then the rest, then settings."""
    given = [_of_input(one) for one in inputs() if one.name != "plate"]
    return (*given, *_OTHERS, *map(_of_knob, knobs()))


def with_job_options(command: Callable[..., None]) -> Callable[..., None]:
    """Replace the command's ``**said`` by one typed option per entry of the job.

    Every option's default is None, so that the command can tell what the user said from what
    they left alone; the true default stands in the help.
    """
    signature = inspect.signature(command)
    annotations = dict(typing.get_type_hints(command, include_extras=True))
    own = [
        parameter.replace(annotation=annotations[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in signature.parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    ]
    made = [
        inspect.Parameter(
            option.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[option.type | None, _typer_option(option)],
        )
        for option in job_options()
    ]
    parameters = sorted([*own, *made], key=_panel_order)

    def wrapped(**values: Any) -> None:
        command(**values)

    wrapped.__doc__ = command.__doc__
    wrapped.__name__ = command.__name__
    wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {one.name: one.annotation for one in parameters}
    return wrapped


def said_flags(said: Mapping[str, Any]) -> list[str]:
    """The options that the user gave, by their names."""
    return [one.flags[0].split("/")[0] for one in job_options() if said[one.name] is not None]


def job_values(said: Mapping[str, Any]) -> dict[str, Any]:
    """What the user said, in the form that a job is read from."""
    values: dict[str, Any] = {"colour": {}, "settings": {}}
    for option in job_options():
        value = said[option.name]
        if value is not None:
            place = values[option.place[0]] if len(option.place) > 1 else values
            place[option.name] = option.read(value)
    return values


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _matte(text: str) -> dict[str, str | None]:
    from mattebox.sequences import split_channel

    pattern, channel = split_channel(text)
    return {"pattern": pattern, "channel": channel}


def _input_names(text: str) -> list[str]:
    """Names of inputs as options or as jobs write them."""
    return [word.removeprefix("--").replace("-", "_") for word in _words(text)]


def _offsets(text: str) -> dict[str, Any]:
    """``hint=-1000,clean-plate=4``. What is no whole number is left to the job's own check."""
    pairs = (word.partition("=")[::2] for word in _words(text))
    return {_input_names(name)[0] if name else name: number for name, number in pairs}


def _cuts(text: str) -> list[int]:
    from mattebox.sequences import parse_frames

    return list(parse_frames(text))


def _of_input(one: Input) -> JobOption:
    flags = [f"--{one.name.replace('_', '-')}"]
    if one.name in ALIASES:
        flags.append(ALIASES[one.name])
    read = _matte if one.kind in (InputKind.MATTE, InputKind.KEYS) else str
    return JobOption((one.name,), (*flags,), f"{one.help}{FORMS[one.kind]}", INPUTS, read=read)


_OTHERS = (
    JobOption(
        ("part",),
        ("--part",),
        "Part or layer of the plate, and of other inputs that have it.",
        INPUTS,
    ),
    JobOption(
        ("layers",),
        ("--layers",),
        "Layers of the plate to pass through: depth,id.",
        INPUTS,
        read=_words,
    ),
    JobOption(("view",), ("--view",), "Named view of the plate and of other inputs.", INPUTS),
    JobOption(
        ("timecode",),
        ("--timecode",),
        "Number the frames of movies by their timecode, not from 1.",
        INPUTS,
        bool,
    ),
    JobOption(
        ("hint_invert",),
        ("--hint-invert",),
        "The hint is 1 where the background is: invert it.",
        INPUTS,
        bool,
    ),
    JobOption(
        ("hint_label",),
        ("--hint-label",),
        "The hint is a map of labels: the code of the one that is the subject.",
        INPUTS,
        int,
    ),
    JobOption(
        ("offset",),
        ("--offset",),
        "What is added to a frame's number to find its picture in an input: hint=-1000.",
        INPUTS,
        read=_offsets,
    ),
    JobOption(
        ("hold",),
        ("--hold",),
        "Inputs that hold: where they have no picture of a number, the one before serves.",
        INPUTS,
        read=_input_names,
    ),
    JobOption(
        ("weights",),
        ("--weights", "--model"),
        "Weights of a network: a file, or a name of `mattebox weights list`. "
        "[default: rvm_mobilenetv3 for rvm, bgmv2_resnet50 for bgmv2]",
        INPUTS,
    ),
    JobOption(
        ("network_config",),
        ("--model-config", "--network-config"),
        "How the network is fed: TOML or JSON (engine onnx-matte).",
        INPUTS,
    ),
    JobOption(
        ("cuts",),
        ("--cuts",),
        "First frames of new scenes, 1040,1100: nothing is remembered across.",
        INPUTS,
        read=_cuts,
    ),
    JobOption(
        ("colour", "in_space"),
        ("--in-space",),
        "Colour space of the plate; default: found out.",
        COLOUR,
    ),
    JobOption(
        ("colour", "out_space"),
        ("--out-space",),
        "Linear space of the result; default: the plate's, linearised.",
        COLOUR,
    ),
    JobOption(
        ("colour", "clean_plate_space"),
        ("--clean-plate-space",),
        "Colour space of the clean plate; default: found out.",
        COLOUR,
    ),
    JobOption(
        ("colour", "plate2_space"),
        ("--plate2-space",),
        "Colour space of --plate2; default: found out.",
        COLOUR,
    ),
    JobOption(
        ("colour", "background2_space"),
        ("--background2-space",),
        "Colour space of --background2; default: found out.",
        COLOUR,
    ),
    JobOption(
        ("colour", "config"),
        ("--ocio",),
        "OCIO config: a file or ocio://name; default: $OCIO.",
        COLOUR,
    ),
    JobOption(("device",), ("--device",), "auto, cpu, cuda or cuda:n. [default: auto]", RUNNING),
    JobOption(
        ("threads",),
        ("--threads",),
        "CPU threads for arithmetic. [default: cores, at most 8]",
        RUNNING,
        int,
    ),
)


def _of_knob(knob: Knob) -> JobOption:
    flag = f"{knob.flag}/--no-{knob.flag[2:]}" if knob.annotation is bool else knob.flag
    unit = "" if knob.unit is None else f" ({knob.unit})"
    is_list = typing.get_origin(knob.annotation) is tuple and knob.words is None
    return JobOption(
        ("settings", knob.name),
        (flag,),
        knob.help + unit + _default(knob),
        knob.group,
        _option_type(knob),
        _words if is_list else lambda value: value,
    )


def _option_type(knob: Knob) -> Any:
    """The plain type an option of this knob has on the command line."""
    if knob.words is not None:
        return str
    annotation = knob.annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
    return str if typing.get_origin(annotation) is tuple else annotation


def _default(knob: Knob) -> str:
    default = knob.default
    if isinstance(default, tuple):
        default = ",".join(default)
    elif isinstance(default, enum.Enum):
        default = default.value
    elif isinstance(default, float):
        default = f"{default:g}"
    if knob.name == "engine":
        default = ENGINE_DEFAULT
    return "" if default is None else f" [default: {default}]"


def _typer_option(option: JobOption) -> Any:
    return typer.Option(
        *option.flags, help=option.help, rich_help_panel=option.panel, show_default=False
    )


def _panel_order(parameter: inspect.Parameter) -> int:
    (shown,) = parameter.annotation.__metadata__
    panel = shown.rich_help_panel
    return PANELS.index(panel) if panel in PANELS else len(PANELS)
