"""The fuzz: files of every kind that is read, with bytes and values changed at random.

    python tests/drill/fuzz.py [--cases 2000] [--seed 1]

Every case changes a good file (a frame, a frame's header alone, a job or another config, weights,
an OCIO config) and reads it as the commands do, in a process of its own. What is allowed is a
result, or an error of Mattebox in harmless words. An exception of any other kind, a process that
ends, one that takes longer than a minute or more memory than it may, is a fault, and the changed
file is kept. ``make fuzz`` runs it; the suite runs a small slice.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import resource
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.support.chunks import CONTEXT
from tests.support.pictures import plate_pixels, write_exr, write_shot

LONGEST_SECONDS = 60.0
MEMORY_BYTES = 4 << 30
"""What a process may take beyond what it has when it begins."""

AT_ONCE = 2
HEADER_BYTES = 500
"""Of the frames that are changed: about as long is their header."""

ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 2**31, 2**63, 10**400, 1e308, -1e308, 5e-324, float("nan"), float("inf"),
    "", " ", "a\0b", "\ud800", "x" * 300, "x" * 100_000, "../../..", "/dev/zero", "\x1b[31m",
    "a\nopenjd_env: X=1", "%s%n", "[/red]", "{}", [], {}, [[]], "nan", "1,2,3", "1e999,0,0",
)  # fmt: skip
ODD_BYTES = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\n",
    b"\x1b[2J",
    b"-1",
    b"1e999",
    b"\xff\xff\xff\x7f",
)


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: for people.
        files: good ones that are changed.
        change: a good file's bytes to other bytes.
        read: what is done with the changed file.
    """

    name: str
    files: tuple[Path, ...]
    change: Callable[[bytes, random.Random], bytes]
    read: Callable[[Path], object]


@dataclass(frozen=True)
class Fault:
    """A case that went wrong: its number, its kind, what happened, the changed file."""

    number: int
    kind: str
    what: str
    file: Path


def fuzz(folder: Path, *, cases: int, seed: int) -> tuple[Counter[str], list[Fault]]:
    """Run cases in an empty folder; how each kind's ended, and the faults."""
    made(folder)
    ended: Counter[str] = Counter()
    faults: list[Fault] = []
    shares = [range(first, cases, AT_ONCE) for first in range(AT_ONCE)]
    workers = [_Worker(folder, seed, share) for share in shares if share]
    while workers:
        for worker in list(workers):
            for number, kind, what in worker.told():
                name = "refused" if what.startswith("refused") else "read"
                if what not in ("read", "refused"):
                    kept = folder / f"fault_{number}{Path(worker.file(number)).suffix}"
                    shutil.copy(worker.file(number), kept)
                    faults.append(Fault(number, kind, what, kept))
                    name = "faulty"
                ended[f"{kind} {name}"] += 1
            if worker.is_done:
                workers.remove(worker)
        time.sleep(0.02)
    return ended, faults


class _Worker:
    """A process that runs cases one after another, and a new one where it ends before its time."""

    def __init__(self, folder: Path, seed: int, numbers: range) -> None:
        self._folder, self._seed, self._left = folder, seed, list(numbers)
        self._kinds = [kind.name for kind in kinds(folder)]
        self._start()

    def _start(self) -> None:
        self._here, there = CONTEXT.Pipe(duplex=False)
        arguments = (self._folder, self._seed, list(self._left), there)
        self._process = CONTEXT.Process(target=run_cases, args=arguments)
        self._process.start()
        there.close()
        self._since = time.monotonic()

    def file(self, number: int) -> Path:
        """The changed file of a case."""
        return next(self._folder.glob(f"case_{number}.*"))

    @property
    def is_done(self) -> bool:
        if not self._left:
            self._process.join()
        return not self._left

    def told(self) -> Iterator[tuple[int, str, str]]:
        """The cases that ended since the last call."""
        try:
            while self._here.poll():
                yield self._ended(self._here.recv())
        except EOFError:
            self._process.join()
            if self._left:
                yield self._ended(f"the process ended with {self._process.exitcode}")
                self._restart()
        if self._left and time.monotonic() - self._since > LONGEST_SECONDS:
            self._process.kill()
            self._process.join()
            yield self._ended(f"it took longer than {LONGEST_SECONDS:g} s")
            self._restart()

    def _ended(self, what: str) -> tuple[int, str, str]:
        number = self._left.pop(0)
        self._since = time.monotonic()
        return number, self._kinds[number % len(self._kinds)], what

    def _restart(self) -> None:
        if self._left:
            self._start()


def run_cases(folder: Path, seed: int, numbers: list[int], answers: Connection) -> None:
    """In a worker: run cases, and say of each how it ended."""
    known = kinds(folder)
    load_libraries()
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY_BYTES, taken + MEMORY_BYTES))
    for number in numbers:
        answers.send(ended(known[number % len(known)], folder, number, seed))
    answers.close()


def ended(kind: Kind, folder: Path, number: int, seed: int) -> str:
    """Run one case: ``read``, ``refused``, or what went wrong."""
    from mattebox.errors import MatteboxError
    from mattebox.plain_text import harmless

    dice = random.Random(f"{seed} {number}")
    good = dice.choice(kind.files)
    path = folder / f"case_{number}{good.suffix}"
    path.write_bytes(kind.change(good.read_bytes(), dice))
    try:
        kind.read(path)
    except MatteboxError as error:
        if error.exit_code == MatteboxError.exit_code:
            return f"it calls itself a fault of ours: {error}"
        if str(error) != harmless(str(error)):
            return f"its words are not harmless: {error!r}"
        path.unlink()
        return "refused"
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is a fault
        return "".join(traceback.format_exception(error)[-6:])
    path.unlink()
    return "read"


def load_libraries() -> None:
    """What cases import, before memory is counted."""
    import mattebox.engines.checkpoints
    import mattebox.engines.onnx_files
    import mattebox.engines.torch_files
    import mattebox.pipeline.colour  # noqa: F401


def changed_bytes(data: bytes, dice: random.Random, within: int | None = None) -> bytes:
    """Bytes overwritten, put in, taken out or doubled, and files cut short."""
    held = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5, 20))):
        at = dice.randrange(min(len(held), within or len(held)) or 1)
        match dice.randrange(6):
            case 0:
                held[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                odd = dice.choice(ODD_BYTES)
                held[at : at + len(odd)] = odd
            case 2:
                held[at:at] = dice.choice(ODD_BYTES) * dice.choice((1, 1, 64))
            case 3:
                del held[at : at + dice.choice((1, 4, 100))]
            case 4:
                held[at : at + 4] = dice.randrange(2**32).to_bytes(4, "little")
            case _:
                held[at:at] = held[at : at + dice.choice((8, 64))]
    if within is None and dice.random() < 0.1:
        del held[dice.randrange(len(held) or 1) :]
    return bytes(held)


def changed_header(data: bytes, dice: random.Random) -> bytes:
    return changed_bytes(data, dice, HEADER_BYTES)


def changed_text(data: bytes, dice: random.Random) -> bytes:
    """A value of a JSON file by an odd one, its nesting made deep; or bytes, as of any file."""
    if not data.startswith(b"{") or dice.random() < 0.4:
        return changed_bytes(data, dice)
    values = json.loads(data)
    for _ in range(dice.choice((1, 1, 3))):
        place, name = dice.choice(list(_places(values)))
        place[name] = copy.deepcopy(dice.choice(ODD_VALUES))
    if dice.random() < 0.05:
        return b'{"plate":' * 50_000 + b"1" + b"}" * 50_000
    return json.dumps(values).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every entry of nested values, as its holder and its name in it."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for name, one in list(entries):
        yield value, name
        if isinstance(one, (dict, list)):
            yield from _places(one)


def kinds(folder: Path) -> list[Kind]:
    """All kinds; their good files are those of ``made``."""
    good = folder / "good"

    def like(*patterns: str) -> tuple[Path, ...]:
        return tuple(sorted(path for pattern in patterns for path in good.glob(pattern)))

    frames, configs = like("*.exr", "*.png", "*.dpx"), like("*.json", "*.toml")
    return [
        Kind("frame", frames, changed_bytes, read_as_frame),
        Kind("header", like("*.exr"), changed_header, read_as_frame),
        Kind("job", configs, changed_text, read_as_config),
        Kind("weights", like("*.pth", "*.safetensors", "*.onnx"), changed_bytes, read_as_weights),
        Kind("OCIO config", like("*.ocio"), changed_text, read_as_ocio),
    ]


def made(folder: Path) -> None:
    """Good files of every kind, in ``good``."""
    import onnx
    import PyOpenColorIO as ocio
    import safetensors.torch
    import torch

    from mattebox.frames import write_frame, write_png
    from mattebox.images import Frame, Window
    from mattebox.job import Job

    good = folder / "good"
    shot = write_shot(good / "shot", range(1001, 1003))
    for name, options in (("zip", {}), ("float", {"pixel_type": "float"})):
        write_exr(good / f"{name}.exr", plate_pixels(1), **options, comment="c" * 30)
    names = ("R", "G", "B", "A", "fg.R", "fg.G", "fg.B", "depth.Z")
    pixels = plate_pixels(2)[..., [0, 1, 2, 0, 1, 2, 0, 1]]
    window = Window(0, 0, pixels.shape[1], pixels.shape[0])
    write_frame(
        good / "keyed.exr", Frame(pixels, names, window, window, 1.0, {"mattebox/job": "a"})
    )
    write_png(good / "look.png", (pixels[..., :3].clip(0, 1) * 255).astype("uint8"))
    clean = str(shot.parent / "clean.exr")
    Job.checked({"plate": str(shot), "output": f"{folder}/out/", "clean_plate": clean}).write(
        good / "job.json"
    )
    rule = {"source_path_format": "POSIX", "source_path": "/a", "destination_path": "/b"}
    (good / "mapping.json").write_text(json.dumps({"path_mapping_rules": [rule]}))
    (good / "network.toml").write_text('[alpha]\noutput = "a"\ncurve = "sigmoid"\nopaque = 1.0\n')
    (good / "catalogue.toml").write_text(
        'schema = 1\n[licences.MIT]\nline = "free"\nurl = "https://a.b"\n[[weights]]\nname = "a"\n'
        'network = "rvm_mobilenetv3"\nformat = "pth"\nprecision = "float32"\nfile = "a.pth"\n'
        'url = "https://a.b/a"\ncertainty = "unknown"\nlicence = "MIT"\nsource = "us"\n'
    )
    tensors = {f"layer.{n}.weight": torch.arange(24.0).view(2, 3, 4) + n for n in range(6)}
    torch.save(tensors, good / "net.pth")
    torch.save(tensors, good / "old.pth", _use_new_zipfile_serialization=False)
    safetensors.torch.save_file(tensors, good / "net.safetensors")
    value = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 4, 4])
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    answer = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 3, 4, 4])
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", [value], [answer])),
              good / "net.onnx")  # fmt: skip
    raw = ocio.Config.CreateFromBuiltinConfig("cg-config-v2.1.0_aces-v1.3_ocio-v2.3")
    (good / "cg.ocio").write_text(raw.serialize())


def read_as_frame(path: Path) -> None:
    """As plate, matte and keyed frame, the way each is looked at."""
    from mattebox.frames import (
        is_sealed,
        read_attributes_if_whole,
        read_attributes_only,
        read_frame,
        read_header,
        read_matte,
    )

    is_sealed(path)
    read_attributes_only(path)
    read_attributes_if_whole(path)
    _any_of((read_header, read_frame, read_matte, _read_all_layers), path)


def _any_of(readers: Sequence[Callable[[Path], object]], path: Path) -> None:
    """Read a file in every way; raises the last refusal where all refuse it."""
    from mattebox.errors import MatteboxError
    from mattebox.plain_text import harmless

    faults: list[MatteboxError] = []
    for read in readers:
        try:
            read(path)
        except MatteboxError as error:
            faults.append(error)
    for fault in faults:
        if str(fault) != harmless(str(fault)) or fault.exit_code == MatteboxError.exit_code:
            raise fault
    if len(faults) == len(readers):
        raise faults[-1]


def _read_all_layers(path: Path) -> None:
    from mattebox.frames import read_frame, read_header

    read_frame(path, layers=read_header(path).main.layers)


def read_as_config(path: Path) -> None:
    """A job and what stands beside it; each good file is one of them, and read as all."""
    import os

    from mattebox.farm.path_mapping import PathMapping
    from mattebox.hints.recipe import read_recipe
    from mattebox.job import Job
    from mattebox.network_config import NetworkConfig
    from mattebox.shot import Shot
    from mattebox.weights.catalogue import OWN_CATALOGUE, Catalogue

    def catalogue(path: Path) -> None:
        os.environ[OWN_CATALOGUE] = str(path)
        Catalogue.read()

    def job(path: Path) -> None:
        found = Job.read(path)
        Shot.open(PathMapping().here(found)).read(1001)

    def recipe(path: Path) -> None:
        read_recipe(path.read_text("utf-8", errors="replace"), path)

    _any_of((job, PathMapping.read, NetworkConfig.read, catalogue, recipe), path)


def read_as_weights(path: Path) -> None:
    from mattebox.engines.weights_file import read_weights

    read_weights(path)


def read_as_ocio(path: Path) -> None:
    """The config of a plate, found and applied as for a key."""
    import torch

    from mattebox.events import CollectingReporter
    from mattebox.job import Job
    from mattebox.pipeline.colour import open_colour, resolve_colour
    from mattebox.shot import Shot

    plate = path.parent / "good/shot/shot.####.exr"
    for space in (None, "ACEScg", "sRGB - Texture"):
        said = {"config": str(path), "in_space": space}
        settings = {"engine": "screen", "screen": "green"}
        job = Job.checked(
            {"plate": str(plate), "output": "out/", "colour": said, "settings": settings}
        )
        colour = open_colour(job, resolve_colour(job, Shot.open(job), CollectingReporter()))
        colour.to_out(torch.full((1, 3, 4, 4), 0.5))


def main() -> None:
    parser = argparse.ArgumentParser(description="The fuzz.")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for the files of faults")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mattebox_fuzz_") as folder:
        ended_so, faults = fuzz(Path(folder), cases=asked.cases, seed=asked.seed)
        if asked.keep is not None and faults:
            asked.keep.mkdir(parents=True, exist_ok=True)
            for fault in faults:
                shutil.copy(fault.file, asked.keep)
    for fault in faults:
        print(f"case {fault.number} ({fault.kind}):\n{fault.what}")
    counts = ", ".join(f"{count} x {name}" for name, count in sorted(ended_so.items()))
    print(f"seed {asked.seed}, {asked.cases} cases in {time.monotonic() - began:.0f} s: {counts}")
    print(f"{len(faults)} faults")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
