"""What a host needs to know of a knob, or of an input, to show it."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple


class Kind(enum.Enum):
    """How a knob is shown, and the Python type of its value."""

    CHOICE = "choice"
    """One of ``choices``: a str."""
    CHOICES = "choices"
    """Any of ``choices``: a tuple of str."""
    NUMBER = "number"
    """A float in ``minimum``..``maximum``."""
    INTEGER = "integer"
    """An int in ``minimum``..``maximum``; 0 stands for the core's own default."""
    FLAG = "flag"
    """A bool."""
    COLOUR = "colour"
    """Three floats above 0, linear Rec.709."""
    TEXT = "text"
    """A str that the core reads: a word or a number."""


class Input(NamedTuple):
    """A picture that goes into a key beside the plate.

    Attributes:
        name: the job file's entry.
        label: for people.
        group: the panel or tab it stands in.
        is_matte: whether it is ``FILE[:channel]``, else a file or a sequence.
        help: one sentence.
    """

    name: str
    label: str
    group: str
    is_matte: bool
    help: str

    @property
    def offset(self) -> str:
        """Name of the knob that moves its numbers."""
        return f"{self.name}_offset"

    @property
    def hold(self) -> str:
        """Name of the knob that has the picture before serve where there is none."""
        return f"{self.name}_hold"


OFFSET_HELP = "What is added to the number of a plate's frame to find the picture of this input"
HOLD_HELP = (
    "Where this input has no picture of a number, the one before serves, or its first: mattes on "
    "twos, a single one"
)


class Parameter(NamedTuple):
    """One setting of the core.

    Attributes:
        name: as in a job file's ``settings``.
        label: for people.
        group: the panel or tab it stands in.
        kind: how it is shown.
        default: of the type that ``kind`` says.
        help: one or two sentences.
        unit: of numbers; empty where there is none.
        minimum, maximum: inclusive; None where there is no bound.
        choices: what may be chosen.
    """

    name: str
    label: str
    group: str
    kind: Kind
    default: Any
    help: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def tip(self) -> str:
        """Help and unit, as a tooltip says it."""
        return f"{self.help} ({self.unit})" if self.unit else self.help

    def written(self, value: Any) -> Any:
        """A host's value as the job file has it.

        Numbers to six digits, since hosts hold 0.7 as 0.699999988; a text that was emptied is its
        default again.
        """
        if self.kind is Kind.COLOUR:
            return ",".join(f"{part:.6g}" for part in value)
        if self.kind is Kind.CHOICES:
            return [choice for choice in self.choices if choice in value]
        if self.kind is Kind.INTEGER:
            return int(value) or None
        if self.kind is Kind.NUMBER:
            return float(f"{value:.6g}")
        if self.kind is Kind.TEXT:
            return value.strip() or self.default or None
        return value
