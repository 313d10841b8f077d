"""``mattebox doctor``: what this machine has, what is wrong with it, and the cure of each fault."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mattebox import __version__
from mattebox.cli.output import say
from mattebox.commit import commit
from mattebox.doctor.report import REPORT_VERSION, Fault, Host, Report, SmallKey
from mattebox.engines.onnx_runtime import OnnxRuntime, find_runtime
from mattebox.errors import UsageError
from mattebox.matte.unmixing.weights_file import WEIGHTS, weights_sha256
from mattebox.plain_text import harmless

INSTALL_AGAIN = f"pip install --force-reinstall mattebox-{__version__}-py3-none-any.whl"
"""From the file: no package index has Mattebox."""

LIBRARIES = ("numpy", "torch", "OpenImageIO", "opencolorio", "fileseq", "pydantic", "safetensors")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON, for hosts.")] = False,
    for_issue: Annotated[
        bool,
        typer.Option(
            "--report",
            help="A report for an issue, without names of people, machines and projects.",
        ),
    ] = False,
    copy: Annotated[
        bool, typer.Option("--copy", help="The same, to paste: it goes to the clipboard.")
    ] = False,
    key: Annotated[
        bool | None,
        typer.Option(
            "--key/--no-key",
            help="Key a small shot: right, and how fast? Default: yes, but with --json no.",
        ),
    ] = None,
) -> None:
    """Show versions, devices, OCIO config, weights and hosts, and the cure for every fault found.

    For each host it says what works with it and what to press next. A small shot is keyed and
    held against its truth and against the time that it should take here.

    Ends with 69 where a fault stands in the way of keying, else with 0.
    """
    from mattebox.doctor.clipboard import copy_text

    if as_json and (for_issue or copy):
        raise UsageError("--json and --report are two reports", next_step="give one of them")
    with_key = not as_json if key is None else key
    if with_key and sys.stderr.isatty():
        say("looking around, and keying a small shot: some seconds", err=True)
    report = examine(with_key=with_key)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    elif for_issue or copy:
        text = issue_text(report)
        if for_issue:
            say(text)
        if copy:
            copy_text(text)
            say("the report is on the clipboard: read it, then paste it into the issue")
    else:
        _print(report)
    if report.faults:
        raise typer.Exit(69)


def examine(*, with_key: bool = False) -> Report:
    """Look at this machine; never raises for what it finds.

    Args:
        with_key: also key the shipped shot on each device.
    """
    faults: list[Fault] = []
    runtime = _onnxruntime(faults)
    devices = _devices(faults)
    return Report(
        version=REPORT_VERSION,
        mattebox=__version__,
        commit=commit(),
        python=platform.python_version(),
        executable=sys.executable,
        platform=platform.platform(),
        cores=os.cpu_count() or 1,
        libraries=_libraries(faults),
        devices=devices,
        onnx_providers=[] if runtime is None else list(runtime.providers),
        onnxruntime=None if runtime is None else asdict(runtime),
        ocio=_ocio(faults),
        unmixing=_unmixing(faults),
        weights=_weights(faults),
        ffmpeg=_ffmpeg(faults),
        flow=_flow(),
        hint_tools=_hint_tools(faults),
        hosts=_hosts(),
        small_keys=_small_keys(devices, faults) if with_key else [],
        faults=faults,
    )


def issue_text(report: Report) -> str:
    """The report as an issue wants it: plain, whole, and of nobody."""
    from mattebox.doctor.anonymous import Secrets, anonymous
    from mattebox.doctor.words import lines

    shown = anonymous(report, Secrets.of_this_machine())
    faults = [f"fault: {fault.what}" for fault in shown.faults]
    return "\n".join([*lines(shown, what_to_press=False), *(faults or ["no faults found"])])


def _libraries(faults: list[Fault]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
            faults.append(Fault(f"{name} is not installed", INSTALL_AGAIN))
    return found


def _devices(faults: list[Fault]) -> list[dict[str, Any]]:
    devices: list[dict[str, Any]] = [{"name": "cpu", "description": platform.processor() or "cpu"}]
    if importlib.util.find_spec("torch") is None:
        return devices
    import torch

    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            devices.append(
                {
                    "name": f"cuda:{index}",
                    "description": properties.name,
                    "memory_mib": properties.total_memory // 2**20,
                    "cuda": torch.version.cuda,
                }
            )
    elif torch.version.cuda is not None and Path("/dev/nvidiactl").exists():
        hidden = f" (CUDA_VISIBLE_DEVICES={visible!r})" if visible is not None else ""
        faults.append(
            Fault(
                f"an NVIDIA driver is here, and torch {torch.__version__} sees no device{hidden}",
                "check nvidia-smi, CUDA_VISIBLE_DEVICES, and that the driver supports CUDA "
                f"{torch.version.cuda}",
            )
        )
    elif torch.version.cuda is None and Path("/dev/nvidiactl").exists():
        faults.append(
            Fault(
                f"torch {torch.__version__} is a CPU build on a machine with an NVIDIA driver",
                "install a CUDA build of torch (pytorch.org/get-started)",
            )
        )
    return devices


def _onnxruntime(faults: list[Fault]) -> OnnxRuntime | None:
    """The onnxruntime that is installed; None is no fault, since torch runs every engine."""
    from mattebox.errors import DeviceError

    try:
        runtime = find_runtime()
    except DeviceError as error:
        faults.append(Fault(error.message, error.next_step or "install it again"))
        return None
    if runtime is None:
        return None
    clash = runtime.clash()
    if clash is not None:
        faults.append(
            Fault(clash, f"pip uninstall {' '.join(runtime.packages)}, then install one of them")
        )
    mismatch = runtime.mismatch(_torch_cuda())
    if mismatch is not None:
        faults.append(Fault(mismatch, "install the onnxruntime-gpu made for torch's CUDA major"))
    return runtime


def _torch_cuda() -> str | None:
    """The CUDA version torch is built for, or None."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    return torch.version.cuda


def _ocio(faults: list[Fault]) -> dict[str, str]:
    from mattebox.errors import MatteboxError
    from mattebox.pipeline.colour import choose_config

    try:
        config = choose_config(None)
    except MatteboxError as error:
        faults.append(Fault(error.message, error.next_step or "set $OCIO to a readable config"))
        return {"name": "", "source": f"$OCIO={os.environ.get('OCIO', '')}"}
    return {"name": config.name, "source": config.source}


def _unmixing(faults: list[Fault]) -> str | None:
    """SHA-256 of the solver's own weights, which come with the package; None where lost."""
    try:
        return weights_sha256()
    except OSError as error:
        faults.append(
            Fault(
                f"the unmixing weights {WEIGHTS} cannot be read: {error.strerror}",
                INSTALL_AGAIN,
            )
        )
        return None


def _weights(faults: list[Fault]) -> list[str]:
    """Installed weights, by their paths."""
    from mattebox.errors import MatteboxError
    from mattebox.weights.catalogue import Catalogue
    from mattebox.weights.store import Store

    try:
        catalogue, store = Catalogue.read(), Store.from_environment()
    except MatteboxError as error:
        faults.append(Fault(error.message, error.next_step or "unset the variable"))
        return []
    found = (store.find(entry) for entry in catalogue.entries.values())
    return [str(path) for path in found if path is not None]


def _ffmpeg(faults: list[Fault]) -> str | None:
    """The version of ffmpeg; None, which is no fault, where there is none."""
    from mattebox.errors import MatteboxError
    from mattebox.ffmpeg import find_programs, version_of

    try:
        programs = find_programs()
        return None if programs is None else version_of(programs.ffmpeg)
    except MatteboxError as error:
        faults.append(Fault(error.message, error.next_step or "install ffmpeg anew"))
        return None


def _flow() -> str | None:
    from mattebox.flow.dense import opencv_package

    return opencv_package()


def _hint_tools(faults: list[Fault]) -> list[dict[str, Any]]:
    """Matting tools of others by name, and why one cannot be used, which is no fault here."""
    from mattebox.errors import MatteboxError
    from mattebox.hints import open_tool, read_recipes

    try:
        tools = [open_tool(name) for name in read_recipes()]
    except MatteboxError as error:
        faults.append(Fault(error.message, error.next_step or "correct the recipe"))
        return []
    return [{"name": tool.recipe.name, "why_not": tool.faults()} for tool in tools]


def _hosts() -> list[Host]:
    from mattebox.doctor.hosts import find_hosts

    return find_hosts()


def _small_keys(devices: list[dict[str, Any]], faults: list[Fault]) -> list[SmallKey]:
    """The shipped shot on the CPU, and on CUDA where a card is seen."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "OpenImageIO")):
        return []  # told as a fault already
    from mattebox.cli.small_key import small_key

    names = dict.fromkeys(str(device["name"]).partition(":")[0] for device in devices)
    keys = []
    for name in names:
        tried = small_key(name)
        if isinstance(tried, Fault):
            faults.append(tried)
        else:
            keys.append(tried)
    return keys


def _print(report: Report) -> None:
    from rich.console import Console

    from mattebox.doctor.words import lines

    console = Console(highlight=False)
    for line in lines(report):
        console.print(harmless(line), soft_wrap=True, markup=False)
    for fault in report.faults:
        told = harmless(f"fault: {fault.what}\n  cure: {fault.cure}")
        console.print(told, style="red", markup=False)
    if not report.faults:
        console.print("no faults found")
