"""``mattebox export``: a network as a file for other programs, compared with torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from mattebox.cli.output import Overwrite, say
from mattebox.cli.sizes import parse_size
from mattebox.errors import UnknownNameError, UsageError, WriteError
from mattebox.settings import EngineName, RefineMode, Refiner
from mattebox.whole_files import ONNX, TORCHSCRIPT, FileKind, OutputFile, refuse_inputs

if TYPE_CHECKING:
    from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement
    from mattebox.engines.networks.rvm import RobustVideoMatting, RvmRefiner
    from mattebox.export.checked_export import CheckedExport
    from mattebox.export.files import Provenance

export = typer.Typer(
    no_args_is_help=True, help="Write a network as a file for other programs, compared with torch."
)

DRIFT_FRAMES = 60
PRECISIONS = ("float32", "float16")

Weights = Annotated[
    str,
    typer.Argument(
        metavar="WEIGHTS", help="A weights file for torch, or a name of `mattebox weights list`."
    ),
]
Output = Annotated[
    Path, typer.Option("--output", "-o", help="The file; an earlier export is replaced.")
]
RefinerOption = Annotated[
    Refiner, typer.Option(help="RVM: guided filter: deep, fast, or what the weights hold.")
]
RefineModeOption = Annotated[RefineMode, typer.Option(help="BGMv2: which 4x4 cells it refines.")]
RefinePixelsOption = Annotated[
    int, typer.Option(min=16, help="BGMv2: pixels to refine in sampling mode.")
]
RefineThresholdOption = Annotated[
    float,
    typer.Option(min=0.0, max=1.0, help="BGMv2: error above which thresholding refines a cell."),
]


@export.command()
def onnx(  # noqa: PLR0917 - one parameter per option; nobody calls it by position
    weights: Weights,
    output: Output,
    size: Annotated[
        str | None,
        typer.Option(metavar="WxH", help="The only picture size to take. [default: any]"),
    ] = None,
    ratio: Annotated[
        float | None,
        typer.Option(
            help="Size of the coarse picture, part of the file. [default: RVM: an input of the "
            "file, or with --size 512 / longer side; BGMv2: 0.25, for 4K 0.125 is advised]"
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(
            help="Number type of pictures, states and weights: float32 or float16. The refiner "
            "computes in float32."
        ),
    ] = "float32",
    refiner: RefinerOption = Refiner.AUTO,
    refine_mode: RefineModeOption = RefineMode.SAMPLING,
    refine_pixels: RefinePixelsOption = 80_000,
    refine_threshold: RefineThresholdOption = 0.7,
    drift: Annotated[
        int, typer.Option(min=0, help="RVM: frames of a clip to compare, states handed on.")
    ] = DRIFT_FRAMES,
    overwrite: Overwrite = False,
) -> None:
    """Write a network as ONNX, with the inputs and outputs of the release's own files.

    The file is run in onnxruntime beside torch, at several picture sizes and over a clip, and the
    differences are printed. A file that does not answer as torch does is not kept (70). Needs
    `pip install 'mattebox[export]'`.

    **Any size**: `mattebox export onnx rvm_mobilenetv3 -o rvm.onnx`

    **One size, for TensorRT**: `mattebox export onnx rvm.pth -o rvm_hd.onnx --size 1920x1080`
    """
    from mattebox.export.files import needed

    if precision not in PRECISIONS:
        raise UnknownNameError("precision", precision, PRECISIONS)
    pixels = None if size is None else parse_size(size)
    _check_output(output, ONNX, overwrite=overwrite)
    for library in ("onnx", "onnxscript", "onnxruntime"):
        needed(library)

    from mattebox.cli.progress import ReadingProgress
    from mattebox.engines.networks.bgmv2 import BackgroundMatting
    from mattebox.engines.rvm import auto_ratio
    from mattebox.export.checked_export import export_checked_onnx

    network, provenance = _loaded(weights, refiner, output)
    is_recurrent = not isinstance(network, BackgroundMatting)
    if is_recurrent and pixels is not None and ratio is None:
        ratio = auto_ratio(*pixels)
    frames = drift if is_recurrent else 0
    with ReadingProgress("comparing", frames) as progress:
        checked = export_checked_onnx(
            network,
            output,
            size=pixels,
            ratio=ratio,
            precision=cast("Literal['float32', 'float16']", precision),
            refinement=_refinement(network, refine_mode, refine_pixels, refine_threshold),
            provenance=provenance,
            drift_frames=frames,
            on_frame=progress.advance,
        )
    _print_written(output, provenance)
    _print_checked(checked, "onnxruntime")


@export.command()
def torchscript(
    weights: Weights,
    output: Output,
    ratio: Annotated[
        float,
        typer.Option(help="Size of the coarse picture, part of the file; HD 0.25, 4K 0.125."),
    ] = 0.25,
    refiner: RefinerOption = Refiner.AUTO,
    refine_mode: RefineModeOption = RefineMode.SAMPLING,
    refine_pixels: RefinePixelsOption = 80_000,
    refine_threshold: RefineThresholdOption = 0.7,
    overwrite: Overwrite = False,
) -> None:
    """Write a network as TorchScript with one input and one output, for Nuke's Inference node.

    Takes any size: [1,3,H,W] (RVM) or [1,6,H,W] (BGMv2: frame, then plate), display-encoded, 0..1.
    Gives [1,4,H,W]: straight foreground RGB, display-encoded, and alpha. RVM has no memory in such
    a file: it sees every frame as the first. The file is run beside torch at several sizes; one
    that does not answer as torch does is not kept (70).

    `mattebox export torchscript rvm_mobilenetv3 -o rvm.pt --ratio 0.25`
    """
    _check_output(output, TORCHSCRIPT, overwrite=overwrite)

    import torch

    from mattebox.engines.networks.rvm import RobustVideoMatting
    from mattebox.export.checked_export import export_checked_torchscript

    network, provenance = _loaded(weights, refiner, output)
    checked = export_checked_torchscript(
        network,
        output,
        ratio=ratio,
        refinement=_refinement(network, refine_mode, refine_pixels, refine_threshold),
        provenance=provenance,
    )
    _print_written(output, provenance)
    _print_checked(checked, "the file in torch")
    say(
        f"written by torch {torch.__version__}; needs these {len(checked.operators)} operators: "
        + ", ".join(checked.operators)
    )
    if isinstance(network, RobustVideoMatting):
        say(
            "this file has no memory: each frame is matted as the first of a shot. `mattebox key` "
            "hands RVM's state from frame to frame; docs/export.md says what that is worth"
        )


def _loaded(
    asked: str, refiner: Refiner, output: Path
) -> tuple[RobustVideoMatting | BackgroundMatting, Provenance]:
    """The network with its weights, float32 on the CPU, and where they come from."""
    from mattebox.engines.checkpoints import load_bgmv2, load_rvm
    from mattebox.engines.onnx_files import OnnxNetwork
    from mattebox.export.files import Provenance
    from mattebox.weights.choose import choose_weights, know_weights

    chosen = choose_weights(asked, EngineName.RVM)
    refuse_inputs([output], [chosen.path])
    known = know_weights(chosen)
    checkpoint = known.file
    if isinstance(checkpoint, OnnxNetwork):
        raise UsageError(
            f"{chosen.path} is an ONNX file already",
            expected="weights for torch: .pth, .safetensors or TorchScript",
        )
    provenance = Provenance(checkpoint.network, checkpoint.sha256, known.licence)
    if checkpoint.network.startswith("rvm"):
        wanted = None if refiner is Refiner.AUTO else cast("RvmRefiner", refiner.value)
        return load_rvm(checkpoint, wanted), provenance
    return load_bgmv2(checkpoint), provenance


def _refinement(
    network: RobustVideoMatting | BackgroundMatting, mode: RefineMode, pixels: int, threshold: float
) -> Refinement | None:
    from mattebox.engines.networks.bgmv2 import BackgroundMatting, Refinement

    if not isinstance(network, BackgroundMatting):
        return None
    return Refinement(mode.value, pixels, threshold)


def _check_output(output: Path, kind: FileKind, *, overwrite: bool) -> None:
    """Refuse early what would be refused after minutes of work."""
    OutputFile(output, kind, overwrite=overwrite).check()
    if not output.absolute().parent.is_dir():
        raise WriteError(
            f"there is no folder {output.absolute().parent}",
            next_step="make it, or choose another place with -o",
            path=output,
        )


def _print_written(output: Path, provenance: Provenance) -> None:
    size = output.stat().st_size / 1e6
    say(f"{output}: {provenance.network}, {size:.1f} MB")
    say(
        f"weights sha256 {provenance.sha256}; their licence holds for this file, too: "
        f"{provenance.licence or 'not known'}"
    )


def _print_checked(checked: CheckedExport, runner: str) -> None:
    """Differences as tables, largest / mean of absolute values."""
    say(f"\n{runner} less torch, largest / mean difference:")
    say(_line("size", "ratio", "frames", "alpha", "foreground", "state", "other cells"))
    for row in checked.rows:
        say(
            _line(
                f"{row.width}x{row.height}",
                f"{row.ratio:.4g}",
                str(row.frames),
                _pair(row.alpha.most, row.alpha.mean),
                _pair(row.foreground.most, row.foreground.mean),
                "-" if row.state is None else _pair(row.state.most, row.state.mean),
                f"{row.other_cells} of {row.refined_cells}" if row.refined_cells else "-",
            )
        )
    if checked.clip is None or not checked.drift:
        return
    height, width, ratio = checked.clip
    say(f"\nover a clip of {width}x{height}, ratio {ratio:.4g}, each with its own state:")
    say(_line("frames", "", "", "alpha", "foreground", "state", ""))
    for part in checked.drift:
        say(
            _line(
                f"{part.first}-{part.last}",
                "",
                "",
                _pair(part.alpha.most, part.alpha.mean),
                _pair(part.foreground.most, part.foreground.mean),
                _pair(part.state.most, part.state.mean),
                "",
            )
        )


def _pair(most: float, mean: float) -> str:
    return f"{most:.1e} / {mean:.1e}"


def _line(*cells: str) -> str:
    widths = (10, 7, 8, 20, 20, 20, 12)
    columns = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return ("  " + "".join(columns)).rstrip()
