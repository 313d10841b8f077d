"""What Mattebox must know of a network it has never seen: the config of the ``onnx-matte`` engine.

One TOML or JSON file per network, told apart by its content. It says how a picture goes in and how
the alpha comes out; docs/onnx.md has examples.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mattebox.documents import NotTextError, OddValueError, json_of, read_text, toml_of
from mattebox.errors import InputError, JobError

Three = tuple[float, float, float]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PictureInput(_Part):
    """How the display-encoded picture, RGB 0..1, becomes the network's input."""

    input: str | None = Field(default=None, description="Its name; default: the file's first.")
    channels: Literal["RGB", "BGR"] = Field(default="RGB", description="Their order.")
    white: float = Field(
        default=1.0, gt=0.0, description="What 1.0 becomes before mean and std: 1 or 255."
    )
    mean: Three = Field(default=(0.0, 0.0, 0.0), description="Taken off, per channel.")
    std: Three = Field(default=(1.0, 1.0, 1.0), description="Divided by after that.")

    @model_validator(mode="after")
    def _std_is_above_zero(self) -> Self:
        if min(self.std) <= 0.0:
            raise ValueError(f"std {list(self.std)} must lie above 0")
        return self


class SizeRule(_Part):
    """The size at which the network sees the picture; the aspect is kept as far as it goes."""

    fixed: tuple[int, int] | None = Field(
        default=None,
        description="Width and height, whatever the frame's; the picture is stretched.",
    )
    longer: int | None = Field(default=None, ge=1, description="Pixels of the longer side.")
    shorter: int | None = Field(default=None, ge=1, description="Pixels of the shorter side.")
    multiple: int = Field(default=1, ge=1, description="Both sides are multiples of this.")

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        given = [name for name in ("fixed", "longer", "shorter") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are given; one of them decides")
        if self.fixed is not None and min(self.fixed) < 1:
            raise ValueError(f"fixed {list(self.fixed)} must lie above 0")
        return self

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width for the network, for a frame of this height and width."""
        if self.fixed is not None:
            return self.fixed[1], self.fixed[0]
        scale = 1.0
        if self.longer is not None:
            scale = self.longer / max(height, width)
        elif self.shorter is not None:
            scale = self.shorter / min(height, width)
        step = self.multiple
        rows, columns = (max(round(side * scale / step), 1) * step for side in (height, width))
        return rows, columns


class AlphaOutput(_Part):
    """Where the alpha is, and what its numbers mean."""

    output: str | None = Field(default=None, description="Its name; default: the file's first.")
    curve: Literal["none", "sigmoid"] = Field(
        default="none", description="sigmoid where the network answers with logits."
    )
    opaque: float = Field(default=1.0, gt=0.0, description="The value that means opaque: 1 or 255.")


class SecondInput(_Part):
    """A second picture: a trimap (made from the hint) or the clean plate."""

    kind: Literal["trimap", "plate"]
    input: str | None = Field(
        default=None, description="Its name; without one it is joined to the picture's channels."
    )


class NetworkConfig(_Part):
    """A network that turns one picture into one alpha."""

    picture: PictureInput = PictureInput()
    size: SizeRule = SizeRule()
    alpha: AlphaOutput = AlphaOutput()
    second: SecondInput | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """From a TOML or JSON file. Raises InputError, or JobError with all faults at once."""
        try:
            text = read_text(path)
        except (OSError, NotTextError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise InputError(
                f"the network's config {path} cannot be read: {reason}",
                next_step="check --model-config",
                path=path,
            ) from error
        try:
            values = json_of(text) if text.lstrip().startswith("{") else toml_of(text)
            return cls.model_validate(values)
        except ValidationError as error:
            raise JobError([_fault(entry) for entry in error.errors()], path=path) from error
        except OddValueError as error:
            raise JobError([str(error)], path=path) from error
        except ValueError as error:
            raise JobError([f"neither TOML nor JSON: {error}"], path=path) from error


def read_network_config(path: str | None) -> NetworkConfig | None:
    """The config a job names, or None where it names none. Raises as ``NetworkConfig.read``."""
    return None if path is None else NetworkConfig.read(Path(path))


def _fault(entry: Any) -> str:
    """One pydantic error as a sentence: where, what, which value."""
    where = ".".join(str(part) for part in entry["loc"])
    if entry["type"] == "extra_forbidden":
        return f"{where}: unknown entry"
    if entry["type"] == "missing":
        return f"{where}: missing"
    message = str(entry["msg"]).removeprefix("Value error, ")
    if entry["type"] == "value_error":
        return f"{where}: {message}"
    return f"{where}: {message} (found {entry['input']!r})"
