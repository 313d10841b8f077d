"""``mattebox bench engines``: how many frames per second every network answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mattebox.cli.bench_rows import JsonFile, MarkdownFile, Threads, chosen
from mattebox.cli.output import FigureFiles, Overwrite, console_beside, say
from mattebox.cli.sizes import parse_size
from mattebox.errors import UsageError

if TYPE_CHECKING:
    from mattebox.bench.engines import Case, Precision

Name = TypeVar("Name", bound=str)

CPU_SIZES = "1280x720,1920x1080"
CUDA_SIZES = f"{CPU_SIZES},3840x2160"


def engines(
    networks: Annotated[
        str | None,
        typer.Option(
            help="Only these, joined by commas: rvm_mobilenetv3, rvm_resnet50, "
            "bgmv2_mobilenetv2, bgmv2_resnet50, bgmv2_resnet101. [default: all]"
        ),
    ] = None,
    sizes: Annotated[
        str | None,
        typer.Option(
            metavar="WxH,...",
            help=f"Picture sizes. [default: {CPU_SIZES}, on CUDA also 3840x2160]",
        ),
    ] = None,
    backends: Annotated[
        str, typer.Option(help="torch, onnx; torch in float32 always runs, to compare with.")
    ] = "torch,onnx",
    precisions: Annotated[
        str | None,
        typer.Option(help="float32, float16 (CUDA only). [default: float32, on CUDA both]"),
    ] = None,
    frames: Annotated[int, typer.Option(min=1, help="Timed frames of each row.")] = 3,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:n.")] = "auto",
    threads: Threads = 1,
    json_file: JsonFile = None,
    markdown_file: MarkdownFile = None,
    overwrite: Overwrite = False,
) -> None:
    """Measure how fast every network answers, beside the official code's published figures.

    Each network runs with seeded random weights on torch and on onnxruntime, at the settings of
    the published figures. On CUDA the peak memory is shown, too. ONNX files are made on the way,
    for which `pip install 'mattebox[export]'` is needed.

    The defaults take about three minutes on one CPU core. 4K takes two to five times as long per
    frame as HD.

    Ends with 69 where a row could not be measured; its note says why.

    **Two small networks**: `mattebox bench engines --networks rvm_mobilenetv3,bgmv2_mobilenetv2`
    """
    import tempfile

    import torch

    from mattebox.bench.engine_table import Machine, document, markdown, rich_table
    from mattebox.bench.engines import BACKENDS, NETWORKS, measure_network
    from mattebox.devices import choose_device, use_deterministic_arithmetic
    from mattebox.engines.onnx_runtime import find_runtime

    figures = FigureFiles(json_file, markdown_file, (), overwrite=overwrite)
    computer = choose_device(device)
    wanted_networks = _in_order(networks or ",".join(NETWORKS), NETWORKS, kind="network")
    wanted_backends = _in_order(backends, BACKENDS, kind="backend")
    wanted_precisions = _precisions(precisions, computer.kind)
    said = sizes or (CPU_SIZES if computer.kind == "cpu" else CUDA_SIZES)
    wanted_sizes = list(dict.fromkeys(map(parse_size, said.split(","))))
    use_deterministic_arithmetic(threads)
    runtime = find_runtime()
    machine = Machine(
        computer.description,
        threads,
        frames,
        torch.__version__,
        None if runtime is None else runtime.version,
    )
    rows = []
    with tempfile.TemporaryDirectory(prefix="mattebox_bench_") as folder:
        for network in wanted_networks:
            for size in wanted_sizes:
                rows += measure_network(
                    network,
                    size,
                    Path(folder),
                    backends=wanted_backends,
                    precisions=wanted_precisions,
                    device=computer.torch,
                    frames=frames,
                    on_case=_announce,
                )
    console_beside(json_file).print(rich_table(rows, machine))
    figures.write(lambda: document(rows, machine), lambda: markdown(rows, machine))
    if any(row.note for row in rows):
        raise typer.Exit(69)


def _announce(case: Case) -> None:
    """Says on standard error what is being measured: a row may take a minute."""
    height, width = case.size
    say(f"{case.network} {width}x{height}: {case.backend}, {case.precision}", err=True)


def _in_order(text: str, known: Sequence[Name], *, kind: str) -> list[Name]:
    """Names joined by commas, in our order. Raises UnknownNameError for another name."""
    names = chosen(text, known, kind=kind)
    return [name for name in known if name in names]


def _precisions(text: str | None, kind: str) -> list[Precision]:
    from mattebox.bench.engines import PRECISIONS

    if text is None:
        return ["float32"] if kind == "cpu" else list(PRECISIONS)
    found = _in_order(text, PRECISIONS, kind="precision")
    if kind == "cpu" and "float16" in found:
        raise UsageError(
            "float16 is measured on CUDA alone, and the device is a CPU",
            next_step="leave --precisions out, or say --device cuda",
        )
    return found
