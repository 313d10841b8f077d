"""The rows of ``bench engines`` for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mattebox.bench.engines import Speed
from mattebox.bench.published import SOURCES, Published, published_for

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = (
    "network",
    "size",
    "backend",
    "precision",
    "ms/frame",
    "CPU ms",
    "frames/s",
    "to torch float32",
    "peak MiB",
    "official frames/s",
    "note",
)
_TEXTS = {"network", "size", "backend", "precision", "official frames/s", "note"}


@dataclass(frozen=True)
class Machine:
    """What the rows were measured on.

    Attributes:
        device: ``cpu``, or a CUDA device with its name.
        threads: of the CPU, for arithmetic.
        frames: timed frames of each row.
        torch: its version.
        onnxruntime: its version, or None where there is none.
    """

    device: str
    threads: int
    frames: int
    torch: str
    onnxruntime: str | None

    @property
    def kind(self) -> str:
        """``cpu`` or ``cuda``."""
        return self.device.split(":")[0]


def legend(rows: Sequence[Speed], machine: Machine) -> str:
    """What was measured and how, and where the official figures are from."""
    backends = f"torch {machine.torch}"
    if machine.onnxruntime is not None:
        backends += f", onnxruntime {machine.onnxruntime}"
    how = (
        f"{machine.device}, threads: {machine.threads}; {backends}. Medians of {machine.frames} "
        "frames, all cases of a network and size taking turns; each frame is waited for. The "
        "network alone: no files, colour or solving. 'CPU ms' is what the process computed "
        "meanwhile, all threads together. 'to torch float32' is how many times as fast, frame by "
        "frame beside it."
    )
    used = dict.fromkeys(figure.source for row in rows for figure in official(row, machine))
    return "\n".join([how, *(f"Official ({source}): {SOURCES[source]}." for source in used)])


def official(row: Speed, machine: Machine) -> tuple[Published, ...]:
    """The official torch code's figures beside a row of torch."""
    case = row.case
    if case.backend != "torch":
        return ()
    return published_for(case.network, case.size, case.precision, machine.kind)


def cells(row: Speed, machine: Machine) -> tuple[str, ...]:
    """One row as text, in the order of ``HEADINGS``."""
    case = row.case
    beside = (
        f"{_digits(figure.frames_per_second)} ({figure.machine}, {figure.source})"
        for figure in official(row, machine)
    )
    return (
        case.network,
        f"{case.size[1]}x{case.size[0]}",
        case.backend,
        case.precision,
        _digits(None if row.median is None else 1000.0 * row.median),
        _digits(None if row.cpu_median is None else 1000.0 * row.cpu_median),
        _digits(row.frames_per_second),
        "-" if row.ratio is None else f"{row.ratio:.2f}",
        "-" if row.peak_bytes is None else f"{row.peak_bytes / 2**20:.0f}",
        ", ".join(beside) or "-",
        row.note,
    )


def rich_table(rows: Sequence[Speed], machine: Machine) -> Table:
    """The table for a terminal."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    caption = legend(rows, machine)
    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0), caption=caption, caption_justify="left")
    for heading in HEADINGS:
        table.add_column(
            heading, justify="left" if heading in _TEXTS else "right", no_wrap=heading != "note"
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in cells(row, machine)))
    return table


def markdown(rows: Sequence[Speed], machine: Machine) -> str:
    """The table as Markdown, with its legend."""
    rules = ["---" if heading in _TEXTS else "---:" for heading in HEADINGS]
    lines = [HEADINGS, rules, *(cells(row, machine) for row in rows)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return table + "\n\n" + legend(rows, machine).replace("\n", "\n\n") + "\n"


def document(rows: Sequence[Speed], machine: Machine) -> dict[str, Any]:
    """All figures as JSON values."""
    return {
        "kind": "mattebox/bench-engines",
        "version": 1,
        "device": machine.device,
        "threads": machine.threads,
        "torch": machine.torch,
        "onnxruntime": machine.onnxruntime,
        "sources": SOURCES,
        "rows": [
            {
                "network": row.case.network,
                "backend": row.case.backend,
                "precision": row.case.precision,
                "width": row.case.size[1],
                "height": row.case.size[0],
                "seconds": list(row.seconds),
                "cpu_seconds": list(row.cpu_seconds),
                "median_seconds": row.median,
                "frames_per_second": row.frames_per_second,
                "ratio": row.ratio,
                "peak_bytes": row.peak_bytes,
                "note": row.note,
                "official": [
                    {
                        "frames_per_second": figure.frames_per_second,
                        "machine": figure.machine,
                        "source": figure.source,
                    }
                    for figure in official(row, machine)
                ],
            }
            for row in rows
        ],
    }


def _digits(value: float | None) -> str:
    """Three digits that matter."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
