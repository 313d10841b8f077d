"""``mattebox doctor``: what this machine has, what is wrong with it, and the cure of each fault."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from mattebox import __version__
from mattebox.engines.onnx_runtime import OnnxRuntime, find_runtime
from mattebox.matte.unmixing.weights_file import WEIGHTS, weights_sha256

LIBRARIES = ("numpy", "torch", "OpenImageIO", "opencolorio", "fileseq", "pydantic", "safetensors")
REPORT_VERSION = 1


@dataclass(frozen=True)
class Fault:
    """Something that will get in the way, and what to do about it."""

    what: str
    cure: str


@dataclass(frozen=True)
class Report:
    """What was found. Hosts read it as JSON; keys are only ever added."""

    version: int
    mattebox: str
    python: str
    executable: str
    platform: str
    cores: int
    libraries: dict[str, str | None]
    devices: list[dict[str, Any]]
    onnx_providers: list[str]
    onnxruntime: dict[str, Any] | None
    ocio: dict[str, str]
    unmixing: str | None
    weights: list[str]
    ffmpeg: str | None
    flow: str | None
    hint_tools: list[dict[str, Any]]
    faults: list[Fault] = field(default_factory=list)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON, for hosts.")] = False,
) -> None:
    """Show versions, devices, OCIO config and weights, and the cure for every fault found.

    Ends with 69 where a fault stands in the way of keying, else with 0.
    """
    report = examine()
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        _print(report)
    if report.faults:
        raise typer.Exit(69)


def examine() -> Report:
    """Look at this machine; never raises for what it finds."""
    faults: list[Fault] = []
    runtime = _onnxruntime(faults)
    return Report(
        version=REPORT_VERSION,
        mattebox=__version__,
        python=platform.python_version(),
        executable=sys.executable,
        platform=platform.platform(),
        cores=os.cpu_count() or 1,
        libraries=_libraries(faults),
        devices=_devices(faults),
        onnx_providers=[] if runtime is None else list(runtime.providers),
        onnxruntime=None if runtime is None else asdict(runtime),
        ocio=_ocio(faults),
        unmixing=_unmixing(faults),
        weights=_weights(faults),
        ffmpeg=_ffmpeg(faults),
        flow=_flow(),
        hint_tools=_hint_tools(faults),
        faults=faults,
    )


def _libraries(faults: list[Fault]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
            faults.append(Fault(f"{name} is not installed", "pip install --upgrade mattebox"))
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
                "pip install --force-reinstall mattebox",
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


def _onnx_row(report: Report) -> str:
    runtime = report.onnxruntime
    if runtime is None:
        return "onnxruntime: none (ONNX weights need it: pip install 'mattebox[onnx]')"
    cuda = "" if runtime["cuda"] is None else f", CUDA {runtime['cuda']}"
    packages = " and ".join(runtime["packages"]) or "onnxruntime, not installed by pip"
    return f"{packages} {runtime['version']}{cuda}: {', '.join(report.onnx_providers)}"


def _print(report: Report) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"mattebox {report.mattebox}, Python {report.python}, {report.platform}")
    for name, version in report.libraries.items():
        console.print(f"  {name} {version or 'missing'}")
    for device in report.devices:
        memory = f", {device['memory_mib']} MiB" if "memory_mib" in device else ""
        console.print(f"  device {device['name']}: {device['description']}{memory}")
    console.print(f"  {_onnx_row(report)}")
    console.print(f"  OCIO config: {report.ocio['name']} ({report.ocio['source']})")
    console.print(f"  unmixing network: {report.unmixing or 'missing'}", soft_wrap=True)
    none = "none installed (mattebox weights list)"
    console.print(f"  weights: {', '.join(report.weights) or none}", soft_wrap=True)
    console.print(f"  ffmpeg: {report.ffmpeg or 'none (movies need it)'}")
    none = "none (--hint-keys needs it: pip install 'mattebox[flow]')"
    console.print(f"  optical flow: {report.flow or none}", soft_wrap=True, markup=False)
    usable = [tool["name"] for tool in report.hint_tools if not tool["why_not"]]
    others = [tool["name"] for tool in report.hint_tools if tool["why_not"]]
    console.print(f"  hint tools: {', '.join(usable) or 'none'}", soft_wrap=True)
    if others:
        why = f"  not set up: {', '.join(others)} (mattebox hint list says why)"
        console.print(why, soft_wrap=True, markup=False)
    for fault in report.faults:
        console.print(f"fault: {fault.what}\n  cure: {fault.cure}", style="red", markup=False)
    if not report.faults:
        console.print("no faults found")
