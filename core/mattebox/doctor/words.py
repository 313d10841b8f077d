"""A report in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from mattebox.doctor.hosts import NAMES
from mattebox.doctor.report import Host, Report, SmallKey

SLOW = 2.0
"""From here on found against expected is worth a look; the timing itself scatters by half."""

_MILLI = 1000.0


def lines(report: Report, *, what_to_press: bool = True) -> Iterator[str]:
    """Everything but the faults, one thing a line.

    Args:
        report: what was found.
        what_to_press: whether hosts say what to do next, which nobody needs in an issue.
    """
    commit = "not known" if report.commit is None else report.commit
    yield f"mattebox {report.mattebox}, Python {report.python}, {report.platform}"
    yield f"  commit {commit}"
    yield f"  in {report.executable}, {report.cores} cores"
    for name, version in report.libraries.items():
        yield f"  {name} {version or 'missing'}"
    for device in report.devices:
        memory = f", {device['memory_mib']} MiB" if "memory_mib" in device else ""
        yield f"  device {device['name']}: {device['description']}{memory}"
    yield f"  {_onnxruntime(report)}"
    yield f"  OCIO config: {report.ocio['name']} ({report.ocio['source']})"
    yield f"  unmixing network: {report.unmixing or 'missing'}"
    yield f"  weights: {', '.join(report.weights) or 'none installed (mattebox weights list)'}"
    yield f"  ffmpeg: {report.ffmpeg or 'none (movies need it)'}"
    none = "none (--hint-keys needs it: pip install 'mattebox[flow]')"
    yield f"  optical flow: {report.flow or none}"
    usable = [tool["name"] for tool in report.hint_tools if not tool["why_not"]]
    yield f"  hint tools: {', '.join(usable) or 'none'}"
    others = [tool["name"] for tool in report.hint_tools if tool["why_not"]]
    if others:
        yield f"  not set up: {', '.join(others)} (mattebox hint list says why)"
    for host in report.hosts:
        yield from _host(host, what_to_press=what_to_press)
    lacking = [name for name in NAMES if name not in {host.name for host in report.hosts}]
    if lacking:
        yield f"not found on the PATH or in the usual folders: {', '.join(lacking)}"
    for key in report.small_keys:
        yield from _small_key(key)


def _onnxruntime(report: Report) -> str:
    runtime = report.onnxruntime
    if runtime is None:
        return "onnxruntime: none (ONNX weights need it: pip install 'mattebox[onnx]')"
    cuda = "" if runtime["cuda"] is None else f", CUDA {runtime['cuda']}"
    packages = " and ".join(runtime["packages"]) or "onnxruntime, not installed by pip"
    return f"{packages} {runtime['version']}{cuda}: {', '.join(report.onnx_providers)}"


def _host(host: Host, *, what_to_press: bool) -> Iterator[str]:
    yield f"{host.name} {host.version or 'of an unknown version'} ({host.where})"
    yield f"  works: {host.works}"
    if what_to_press:
        yield f"  next: {host.press}"


def _small_key(key: SmallKey) -> Iterator[str]:
    yield (
        f"small key on {key.device}: {key.frames} frames of 320x180 in {key.seconds:.1f} s, right "
        f"(MAD {key.mad:.1f}, expected {key.expected_mad:.1f}, x 1e3)"
    )
    found = f"  a frame computes for {key.frame_seconds * _MILLI:.0f} ms"
    if key.expected_frame_seconds is None or key.slowness is None:
        yield f"{found}; nothing to compare it with on {key.device}"
        return
    expected = f"{found}, expected {key.expected_frame_seconds * _MILLI:.0f} ms or less"
    if key.slowness < SLOW:
        yield f"{expected} by this machine's own arithmetic: as it should be"
        return
    yield f"{expected}: {key.slowness:.1f} times slower than its own arithmetic explains"
    yield "  other programs compute, memory is short or the processor held back: try again alone"
