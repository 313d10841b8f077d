"""How soon a turned knob shows in a Blender with a window: *Live*, from the turn to the picture."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.grainy import write_plates
from benchmarks.preview import FRAME, FRAMES
from benchmarks.shapes import Canvas
from mattebox.errors import ToolError

REPOSITORY = Path(__file__).resolve().parents[1]
BLENDER, SCREEN = "blender", "xvfb-run"
VARIABLE = "MATTEBOX_BLENDER"
"""Names another Blender than the one on the path."""

OUTPUTS = (("Image",), ("Image", "Foreground", "Spill", "Confidence"))
"""Of the node, that are connected: its picture, and all that have a pass of their own."""

SECONDS_ALLOWED = 1200
_TOLD = 1500  # characters of what Blender said last that are handed on


@dataclass(frozen=True)
class Turned:
    """How soon turned knobs of one node showed.

    Attributes:
        proxy: of the node.
        outputs: that were connected.
        rested, keyed, loaded: seconds from each turn until the core was asked, until the node had
            the frame, and until its pixels were in Blender's memory.
    """

    proxy: int
    outputs: tuple[str, ...]
    rested: tuple[float, ...]
    keyed: tuple[float, ...]
    loaded: tuple[float, ...]


def measure_window(
    folder: Path, size: Canvas, proxies: tuple[int, ...], changes: int
) -> list[Turned]:
    """Turn knobs of the matte and the spill in a real Blender under a screen of its own.

    Args:
        folder: where plates, frames and Blender's settings go.
        size: of the plates.
        proxies: of the node, 1 for full frames.
        changes: of a knob, with each proxy.

    Raises:
        ToolError: there is no Blender, or no screen for it, or it failed.
    """
    blender = os.environ.get(VARIABLE) or shutil.which(BLENDER)
    if blender is None or shutil.which(SCREEN) is None:
        raise ToolError(
            f"there is no {BLENDER if blender is None else SCREEN} on this machine",
            next_step=f"install a Blender and Xvfb (Debian: apt-get install blender xvfb "
            f"python3-numpy), or name a Blender in {VARIABLE}",
        )
    plate = write_plates(folder, size, FRAMES, ["linear"])["linear"]
    rows = []
    for outputs in OUTPUTS:
        orders = {
            "repository": str(REPOSITORY),
            "plate": str(plate).replace("####", "0001"),
            "frame": FRAME,
            "frames": FRAMES,
            "outputs": outputs,
            "results": str(folder / f"results_{len(outputs)}"),
            "proxies": proxies,
            "changes": changes,
        }
        found = _turned(blender, folder, orders)
        for proxy in proxies:
            of_proxy = [one for one in found if one["proxy"] == proxy]
            rows.append(
                Turned(
                    proxy,
                    outputs,
                    *(tuple(one[n] for one in of_proxy) for n in ("rested", "keyed", "loaded")),
                )
            )
    return rows


def run_in_window(
    blender: str,
    script: Path,
    words: Sequence[Path],
    folder: Path,
    *,
    seconds: float,
    options: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a script in a Blender with a window, on a screen of its own.

    Args:
        blender: the program.
        script: what it runs, with ``words`` after ``--``.
        folder: for its settings and temporary files.
        seconds: after which it is ended, and subprocess.TimeoutExpired raised.
        options: of Blender.
        variables: of its environment, beside what it cannot do without.
    """
    screen = (SCREEN, "-a", "-s", "-screen 0 1280x800x24")
    window = ("--factory-startup", *options, "--window-geometry", "0", "0", "1280", "800")
    runs = ("--python-exit-code", "3", "--python", str(script), "--", *map(str, words))
    return subprocess.run(  # noqa: S603 - the user's own Blender
        [*screen, blender, *window, *runs],
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        | {
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "TMPDIR": str(folder),
            "BLENDER_USER_CONFIG": str(folder / "config"),
            "BLENDER_USER_SCRIPTS": str(folder / "scripts"),
            "MATTEBOX_PYTHON": sys.executable,
            **(variables or {}),
        },
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def _turned(blender: str, folder: Path, orders: dict[str, object]) -> list[dict[str, float]]:
    """What a Blender says of each turn."""
    asked, answer = folder / "orders.json", folder / "answer.json"
    answer.unlink(missing_ok=True)
    asked.write_text(json.dumps(orders), encoding="utf-8")
    script = Path(__file__).with_name("window_blender.py")
    try:
        done = run_in_window(blender, script, (asked, answer), folder, seconds=SECONDS_ALLOWED)
    except subprocess.TimeoutExpired:
        raise ToolError(
            f"{blender} was not done after {SECONDS_ALLOWED} s",
            next_step="ask for fewer --changes or a larger proxy",
        ) from None
    told = (done.stdout + done.stderr)[-_TOLD:]
    if not answer.is_file():
        raise ToolError(f"{blender} ended with {done.returncode}: {told}")
    said = json.loads(answer.read_text(encoding="utf-8"))
    if said["fault"] is not None:
        raise ToolError(f"Blender {said['blender']}: {told}{said['fault']}")
    turned: list[dict[str, float]] = said["turned"]
    return turned


def window_markdown(rows: list[Turned]) -> str:
    """The rows as a table: medians, and the worst of the whole way."""
    head = (
        "| proxy | connected | turns | until it rested, s | keyed, s | in memory, s | worst, s | "
        "median after the rest, s |"
    )
    lines = [head, "|---:|---|---:|---:|---:|---:|---:|---:|"]
    for row in rows:
        after = [whole - rest for whole, rest in zip(row.loaded, row.rested, strict=True)]
        seconds = " | ".join(
            f"{value:.2f}"
            for value in (
                statistics.median(row.rested),
                statistics.median(row.keyed),
                statistics.median(row.loaded),
                max(row.loaded),
                statistics.median(after),
            )
        )
        lines.append(f"| {row.proxy} | {', '.join(row.outputs)} | {len(row.loaded)} | {seconds} |")
    return "\n".join(lines) + "\n"
