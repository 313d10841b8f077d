"""Every knob of a key, once: unit, range, default, help.

The command line, the job file, its schema, the reference documentation and the hosts' panels
are made from ``KeySettings``; nothing about a knob is written anywhere else.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from mattebox.values import COLOUR, Colour, Preroll, Ratio, ScreenSaid, Stops, Words


class EngineName(enum.StrEnum):
    """Ways to get the first alpha."""

    SCREEN = "screen"
    RVM = "rvm"
    BGMV2 = "bgmv2"
    HINT = "hint"
    TRIANGULATE = "triangulate"
    ONNX_MATTE = "onnx-matte"


class Precision(enum.StrEnum):
    """Number type inside a network. The solver always works in float32."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


class Backend(enum.StrEnum):
    """What runs a network; ``auto`` takes what the weights file is made for."""

    AUTO = "auto"
    TORCH = "torch"
    ONNX = "onnx"


class Provider(enum.StrEnum):
    """What onnxruntime computes with; ``auto`` follows the device."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"


class Refiner(enum.StrEnum):
    """RVM's guided filter: learned or not; ``auto`` takes what the weights hold."""

    AUTO = "auto"
    DEEP = "deep"
    FAST = "fast"


class RefineMode(enum.StrEnum):
    """Which 4x4 cells BGMv2 refines at full resolution."""

    SAMPLING = "sampling"
    THRESHOLDING = "thresholding"
    FULL = "full"


class Solver(enum.StrEnum):
    """Whether alpha is solved again in linear light after the engine."""

    AUTO = "auto"
    OFF = "off"


class SpillRule(enum.StrEnum):
    """What counts as spill, and what is taken.

    ``learned`` takes light of the screen's hue, as much as the unmixing network finds, between
    nothing and all that stands above the smallest channel; where no network runs it is ``hue``.
    ``hue`` and ``hue-average`` take light of the screen's hue until the key channel meets the
    larger, or the mean, of the others; ``limit`` and ``limit-average`` cut the key channel alone,
    as keyers of the field do.
    """

    LEARNED = "learned"
    HUE = "hue"
    HUE_AVERAGE = "hue-average"
    LIMIT = "limit"
    LIMIT_AVERAGE = "limit-average"


class Shadows(enum.StrEnum):
    """What becomes of the subject's shadow on the screen."""

    KEEP = "keep"
    REMOVE = "remove"


class Markers(enum.StrEnum):
    """What becomes of small islands of the matte away from the subject."""

    KEEP = "keep"
    REMOVE = "remove"


class SourceAlpha(enum.StrEnum):
    """What an alpha channel of the plate means."""

    IGNORE = "ignore"
    INSIDE = "inside"
    MULTIPLY = "multiply"


class PlateFit(enum.StrEnum):
    """Whether a clean plate is fitted to the shot."""

    AUTO = "auto"
    OFF = "off"


class NonFinite(enum.StrEnum):
    """What to do with NaN and Inf pixels."""

    REPAIR = "repair"
    ERROR = "error"


class PixelType(enum.StrEnum):
    """Number type of the written EXR."""

    HALF = "half"
    FLOAT = "float"


class Proxy(enum.StrEnum):
    """How many pixels of the plate, on a side, become one."""

    FULL = "1"
    HALF = "2"
    QUARTER = "4"

    @property
    def factor(self) -> int:
        """The same as a number."""
        return int(self.value)


class Pass(enum.StrEnum):
    """Layers of the written EXR beside the premultiplied RGBA."""

    FG = "fg"
    SPILL = "spill"
    NET = "net"
    CONF = "conf"
    PLATE = "plate"


def _knob(group: str, help_text: str, *, unit: str | None = None, **field: Any) -> Any:
    """A pydantic field that carries what a panel needs: the group it stands in and the unit."""
    return Field(description=help_text, json_schema_extra={"group": group, "unit": unit}, **field)


class KeySettings(BaseModel):
    """How a shot is keyed. Everything here decides pixels and is part of the fingerprint."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    engine: EngineName = _knob(
        "Key",
        "How the first alpha is found.",
        default=EngineName.SCREEN,
    )
    screen: ScreenSaid = _knob(
        "Key",
        "Screen colour: auto, green, blue, R,G,B (scene-linear, out-space primaries) or "
        "#rrggbb (sRGB). Also switches despill on.",
        default=None,
    )
    solver: Solver = _knob(
        "Key",
        "Solve alpha again in linear light against the plate (auto), or keep the engine's (off).",
        default=Solver.AUTO,
    )
    register_plate: PlateFit = _knob(
        "Plate",
        "Move a clean plate into place where the shot shows how, frame by frame if it moves; and "
        "the second take (triangulate) onto the first where they do not register.",
        default=PlateFit.AUTO,
    )
    match_exposure: PlateFit = _knob(
        "Plate",
        "Bring the plate to the shot's exposure and white, and to each frame's where it flickers.",
        default=PlateFit.AUTO,
    )
    exposure: Stops = _knob(
        "Network",
        "Exposure of the picture shown to a network: auto (once per shot) or stops. "
        "The written pixels keep theirs.",
        unit="stops",
        default="auto",
    )
    ratio: Ratio = _knob(
        "Network",
        "Size of the network's coarse picture relative to the frame: auto or a number in (0, 1].",
        default="auto",
    )
    precision: Precision = _knob(
        "Network", "Number type inside the network.", default=Precision.FLOAT32
    )
    backend: Backend = _knob(
        "Network",
        "What runs a network: torch, onnx (onnxruntime), or auto: what its weights file is made "
        "for.",
        default=Backend.AUTO,
    )
    provider: Provider = _knob(
        "Network",
        "What onnxruntime computes with: cpu, cuda, tensorrt, or auto: the device's own.",
        default=Provider.AUTO,
    )
    refiner: Refiner = _knob(
        "Network", "RVM's guided filter; auto takes what the weights hold.", default=Refiner.AUTO
    )
    refine_mode: RefineMode = _knob(
        "Network", "Which 4x4 cells BGMv2 refines.", default=RefineMode.SAMPLING
    )
    refine_pixels: int | None = _knob(
        "Network",
        "Pixels BGMv2 refines in sampling mode; default 80000 up to HD, 320000 above.",
        unit="pixels",
        default=None,
        ge=16,
    )
    refine_threshold: float = _knob(
        "Network",
        "Error above which BGMv2 refines a cell in thresholding mode.",
        default=0.7,
        ge=0.0,
        le=1.0,
    )
    preroll: Preroll = _knob(
        "Network",
        "Frames that a network with memory (rvm) reads before the first one asked for. whole, "
        "or auto: from the scene's first, so that chunks have the bytes of the whole clip. A "
        "number is faster; with 24, people agree within 1/2048.",
        unit="frames",
        default="whole",
    )
    shadows: Shadows = _knob(
        "Matte",
        "Soft shadows on the background: keep them as black in the matte, or remove them. A black "
        "veil is a shadow to this.",
        default=Shadows.KEEP,
    )
    markers: Markers = _knob(
        "Matte",
        "Tracking markers and other small islands of the matte away from the subject: keep or "
        "remove them. What flies off the subject is an island too.",
        default=Markers.KEEP,
    )
    source_alpha: SourceAlpha = _knob(
        "Matte",
        "The plate's own alpha: ignore it, inside (alpha is at least this), or multiply.",
        default=SourceAlpha.IGNORE,
    )
    clip_black: float = _knob(
        "Matte", "Alpha at or below this becomes 0.", default=0.0, ge=0.0, lt=1.0
    )
    clip_white: float = _knob(
        "Matte", "Alpha at or above this becomes 1.", default=1.0, gt=0.0, le=1.0
    )
    gamma: float = _knob(
        "Matte",
        "Bends alpha between the clips; above 1 makes it denser.",
        default=1.0,
        gt=0.0,
        le=10.0,
    )
    erode: float = _knob(
        "Matte",
        "Shrinks the matte; negative values grow it.",
        unit="pixels",
        default=0.0,
        ge=-64.0,
        le=64.0,
    )
    blur: float = _knob(
        "Matte", "Softens the matte (Gaussian sigma).", unit="pixels", default=0.0, ge=0.0, le=64.0
    )
    despill: float = _knob(
        "Spill",
        "Share of the screen's light taken out of the foreground. Works where a screen colour or "
        "a screen-coloured plate is known.",
        default=1.0,
        ge=0.0,
        le=1.0,
    )
    spill_rule: SpillRule = _knob(
        "Spill",
        "learned takes as much light of the screen's hue as the unmixing network finds; hue takes "
        "it down to the larger of the other channels, hue-average down to their mean; limit and "
        "limit-average cut the key channel alone.",
        default=SpillRule.LEARNED,
    )
    spill_bias: Annotated[Colour, COLOUR] = _knob(
        "Spill",
        "A colour that counts as free of spill, such as skin or hair: R,G,B in linear Rec.709.",
        default="1,1,1",
    )
    spill_restore: float = _knob(
        "Spill", "Share of the luminance taken that is given back.", default=0.0, ge=0.0, le=1.0
    )
    spill_replace: Annotated[Colour, COLOUR] = _knob(
        "Spill",
        "Colour of the light that is given back: R,G,B in linear Rec.709.",
        default="1,1,1",
    )
    non_finite: NonFinite = _knob(
        "Output",
        "NaN and Inf pixels: repair from their neighbours (up to 0.1 % of a frame), or error.",
        default=NonFinite.REPAIR,
    )
    passes: tuple[Pass, ...] = _knob(
        "Output",
        "Layers written beside the premultiplied RGBA: fg, spill, net, conf, plate.",
        default=(Pass.FG, Pass.SPILL, Pass.NET, Pass.CONF),
    )
    pixel_type: PixelType = _knob(
        "Output", "Number type of the written EXR.", default=PixelType.HALF
    )
    overscan: bool = _knob(
        "Output",
        "Keep pixels outside the display window; else data window = display window.",
        default=False,
    )
    proxy: Proxy = _knob(
        "Output",
        "Key a smaller picture as a preview: 2 or 4 pixels on a side become one, and the frames "
        "are written at that size. 1 keys every pixel.",
        default=Proxy.FULL,
    )

    @property
    def before_finishing(self) -> KeySettings:
        """These, with all that comes after the solve (``FINISHING``) as if nobody had said it."""
        plain = {name: getattr(_PLAIN, name) for name in FINISHING}
        return self.model_copy(update=plain)


FINISHING = (
    "shadows",
    "markers",
    "source_alpha",
    "clip_black",
    "clip_white",
    "gamma",
    "erode",
    "blur",
    "despill",
    "spill_rule",
    "spill_bias",
    "spill_restore",
    "spill_replace",
    "passes",
    "pixel_type",
)
"""Knobs that work on an alpha that is solved: neither the analysis of a shot nor a network, nor the
solver, depends on one of them."""

_PLAIN = KeySettings()


@dataclass(frozen=True)
class Knob:
    """One setting, as command lines, panels and documents need it."""

    name: str
    group: str
    help: str
    unit: str | None
    default: Any
    annotation: Any
    words: Words | None
    """How the value is said, where it is said as a text."""

    @property
    def is_colour(self) -> bool:
        """Whether the text is R,G,B, so that a panel shows a colour."""
        return self.words is COLOUR

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


def knobs() -> tuple[Knob, ...]:
    """All knobs in the order in which a panel shows them."""
    listed = []
    for name, info in KeySettings.model_fields.items():
        extra = info.json_schema_extra
        assert isinstance(extra, dict)
        listed.append(
            Knob(
                name=name,
                group=str(extra["group"]),
                help=info.description or "",
                unit=None if extra["unit"] is None else str(extra["unit"]),
                default=info.default,
                annotation=info.annotation,
                words=next((rule for rule in info.metadata if isinstance(rule, Words)), None),
            )
        )
    return tuple(listed)
