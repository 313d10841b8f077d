"""Train the unmixing network: `python -m training.train --minutes 540` on a CPU, less on a GPU.

Draws its own scenes in processes beside it, resumes from its checkpoint, and writes after every
report: checkpoint.pt (all state), unmixing.safetensors (the averaged weights, as the package
holds them) and log.csv (the learning curve).
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.process import BaseProcess, parent_process
from pathlib import Path
from queue import Empty, Full

import torch
from torch import multiprocessing
from torch.multiprocessing import Queue

from mattebox.matte.unmixing.answer import Answer, answer
from mattebox.matte.unmixing.features import Scene
from mattebox.matte.unmixing.network import UnmixingNetwork, seen
from mattebox.matte.unmixing.weights import network_of
from training.compose import Truth, add_footage, compose, footage_of
from training.evaluate import HeldOut, written_weights
from training.losses import losses
from training.pool import EVERY_KIND, Pool, start_drawing
from training.rendering import RENDERED
from training.screens import Dice

BETAS = (0.9, 0.98)
WEIGHT_DECAY = 1e-4
LARGEST_GRADIENT = 1.0
AVERAGE = 0.998
WARM_UP = 200
LARGEST_BACKLOG = 40  # files of the pool waiting, 34 MB each
WARM_UP_BEFORE_RECORDING = 4


@dataclass
class Run:
    """State of a training run; what a checkpoint holds."""

    network: UnmixingNetwork
    average: UnmixingNetwork
    optimiser: torch.optim.Optimizer
    step: int = 0
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        partial = path.with_suffix(".tmp")
        torch.save(
            {
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "seconds": self.seconds,
            },
            partial,
        )
        partial.rename(path)

    def restore(self, path: Path) -> None:
        held = torch.load(path, map_location="cpu", weights_only=True)
        self.network.load_state_dict(held["network"])
        self.average.load_state_dict(held["average"])
        recorded = [group["capturable"] for group in self.optimiser.param_groups]
        self.optimiser.load_state_dict(held["optimiser"])
        for group, own in zip(self.optimiser.param_groups, recorded, strict=True):
            group["capturable"] = own  # a checkpoint of a GPU goes on on a CPU, and back
        self.step, self.seconds = held["step"], held["seconds"]


def predicted(
    network: UnmixingNetwork, scene: Scene, *, reduced: bool
) -> tuple[Answer, torch.Tensor]:
    """The network on a batch, and its coarse alpha [N,1,H/4,W/4].

    ``reduced``: its convolutions in bfloat16.
    """
    with torch.no_grad():
        given = seen(scene)
    device = given.stacked.device.type
    with torch.autocast(device, torch.bfloat16, enabled=reduced, cache_enabled=False):
        said = network(given)
    return answer(network, given, said), said.looked.coarse


def main() -> None:
    asked = _arguments()
    torch.manual_seed(asked.seed)
    device = torch.device(asked.device)
    if device.type == "cpu":
        torch.set_num_threads(asked.threads)
    else:
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
    out = Path(asked.out)
    out.mkdir(parents=True, exist_ok=True)
    processes, stop = start_drawing(
        Path(asked.pool),
        processes=asked.processes,
        size=asked.drawn,
        first_file=asked.first_file,
        backlog=LARGEST_BACKLOG if asked.remove else None,
    )
    try:
        train(asked, device, out)
    finally:
        stop.set()
        for process in processes:
            process.terminate()


def train(asked: argparse.Namespace, device: torch.device, out: Path) -> None:
    """The loop: until the minutes are over, with a cosine from ``--rate`` to a hundredth of it."""
    began = time.perf_counter()
    run = _begun(asked, device)
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        run.restore(checkpoint)
    held_out = HeldOut(device, asked.held_out, footage_of(asked)) if asked.held_out else None
    beside: Queue[Batch] | None = None
    composer: Composer | None = None
    if device.type == "cpu":
        context = multiprocessing.get_context("spawn")
        beside = context.Queue(4)
        seed = asked.seed + run.step
        process = context.Process(target=_compose_beside, args=(asked, seed, beside), daemon=True)
        process.start()
        received = partial(_received, beside, process)
        step = _Step(run, received, device, reduced=asked.reduced)
    else:
        composer = Composer(asked, device, asked.seed + run.step)
        step = _Step(run, composer.batch, device, reduced=asked.reduced)
        if asked.record and not asked.subsampled:  # restoring colours waits for the device
            step.record()
    started, first = time.perf_counter(), run.step
    while True:
        share = min(1.0, (time.perf_counter() - began) / (60.0 * asked.minutes))
        rate = asked.rate * min(1.0, (run.step - first + 1) / WARM_UP)
        rate *= 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * share)) if asked.decay else 1.0
        step.take(rate)
        run.step += 1
        if run.step % asked.every == 0 or share >= 1.0:
            alpha, comp, count = step.means()
            took = time.perf_counter() - started
            run.seconds += took
            line = {
                "step": run.step,
                "minutes": round(run.seconds / 60.0, 2),
                "rate": f"{rate:.2e}",
                "drawn": 0 if composer is None else composer.pool.drawn,
                "mad": round(alpha, 3),
                "comp": round(comp, 3),
                **(held_out.judged(run.average) if held_out is not None else {}),
            }
            _log(out / "log.csv", line)
            print(
                " ".join(f"{k} {v}" for k, v in line.items()), f"{count / took:.1f}/s", flush=True
            )
            run.save(checkpoint)
            written_weights(run.average, out / "unmixing.safetensors")
            started = time.perf_counter()
        if composer is not None:
            composer.refresh()
        if share >= 1.0:
            return


@dataclass(frozen=True)
class Batch:
    """Composed scenes, their truth, and [N,3,1,1] colours to comp them over."""

    scene: Scene
    truth: Truth
    backdrop: torch.Tensor


class Composer:
    """Makes batches from a pool of drawn scenes, and one of rendered scenes, on their device."""

    def __init__(self, asked: argparse.Namespace, device: torch.device, seed: int) -> None:
        self.pool = Pool(Path(asked.pool), device, asked.drawn, asked.capacity)
        _fill(self.pool, asked.least, remove=asked.remove)
        self._rendered = None
        if asked.rendered is not None:
            without = tuple(EVERY_KIND.index(kind) for kind in asked.rendered_without)
            self._rendered = Pool(
                Path(asked.rendered), device, asked.drawn, asked.capacity, without
            )
            _fill(self._rendered, 0)
            if len(self._rendered) == 0:  # nothing renders beside this: it would wait for ever
                raise SystemExit(
                    f"--rendered {asked.rendered}: no scenes of {asked.drawn} pixels are there; "
                    "python -m training.render makes them"
                )
        self._dice, self._asked, self._made = _dice(device, seed), asked, 0

    def batch(self) -> Batch:
        """The next one; waits for no device."""
        count = self._asked.batch
        with torch.no_grad():
            layers, kinds = self._picked(2 * count)
            scene, truth = compose(
                self._dice, layers, kinds, self._asked.crop, footage_of(self._asked)
            )
            return Batch(scene, truth, self._dice.uniform(count, 0.0, 1.2, 3))

    def _picked(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """So many scenes of both pools, mixed, and their kinds."""
        if self._rendered is None:
            return self.pool.picked(count, self._dice)
        rendered = round(self._asked.rendered_share * count)
        drawn = self.pool.picked(count - rendered, self._dice)
        both = zip(drawn, self._rendered.picked(rendered, self._dice), strict=True)
        layers, kinds = (torch.cat(parts) for parts in both)
        order = self._dice.order(count)
        return layers[order], kinds[order]

    def refresh(self) -> None:
        """Take in what was drawn or rendered meanwhile, now and then. Call once a step."""
        self._made += 1
        if self._made % self._asked.refresh == 0:
            self.pool.refresh(1, remove=self._asked.remove)
            if self._rendered is not None:
                self._rendered.refresh(4)


def _compose_beside(asked: argparse.Namespace, seed: int, batches: Queue[Batch]) -> None:
    """A process of its own on a CPU: composing takes as long as half a step of training."""
    torch.set_num_threads(1)
    composer = Composer(asked, torch.device("cpu"), seed)
    batches.cancel_join_thread()
    while _put(batches, composer.batch()):
        composer.refresh()


def _put(batches: Queue[Batch], batch: Batch) -> bool:
    """Waits for a place; False where the process that trains was stopped: nobody takes any more."""
    training = parent_process()
    while training is not None and training.is_alive():
        try:
            batches.put(batch, timeout=1.0)
        except Full:
            continue
        return True
    return False


def _received(batches: Queue[Batch], process: BaseProcess) -> Batch:
    """The next batch of the process that composes; ends with it where it has failed."""
    while True:
        try:
            return batches.get(timeout=1.0)
        except Empty:
            if not process.is_alive():
                raise SystemExit(
                    "the process that composes scenes has ended; its error stands above"
                ) from None


class _Step:
    """One step of training: compose, predict, correct. On a GPU recorded once and replayed.

    A step is some thousand small operations; started one by one they keep a GPU waiting.
    """

    def __init__(
        self, run: Run, next_batch: Callable[[], Batch], device: torch.device, *, reduced: bool
    ) -> None:
        self._run, self._next_batch, self._reduced = run, next_batch, reduced
        self._sums = torch.zeros(2, device=device)
        self._count = 0
        self._graph: torch.cuda.CUDAGraph | None = None

    def take(self, rate: float) -> None:
        """One step at this learning rate."""
        for group in self._run.optimiser.param_groups:
            group["lr"].fill_(rate)
        if self._graph is None:
            self._compute()
        else:
            self._graph.replay()
        self._count += 1

    def record(self) -> None:
        """Take some steps, then record one."""
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM_UP_BEFORE_RECORDING):
                self.take(1e-4)
        torch.cuda.current_stream().wait_stream(beside)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._compute()
        self.means()

    def means(self) -> tuple[float, float, int]:
        """Errors of alpha and comp (x 1e3) since the last call, and over how many steps."""
        alpha, comp = (1e3 * self._sums / max(self._count, 1)).tolist()
        if not math.isfinite(alpha):
            raise SystemExit("training diverged: the error of alpha is not finite")
        count, self._count = self._count, 0
        self._sums.zero_()
        return alpha, comp, count

    def _compute(self) -> None:
        network, average = self._run.network, self._run.average
        given = self._next_batch()
        said, coarse = predicted(network, given.scene, reduced=self._reduced)
        found = losses(given.scene, given.truth, said, coarse, given.backdrop)
        self._run.optimiser.zero_grad(set_to_none=True)
        found.total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        for weights in network.parameters():
            if weights.grad is not None:  # a scene beyond arithmetic teaches nothing
                weights.grad.nan_to_num_(0.0, 0.0, 0.0)
        self._run.optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(  # one launch in place of one per layer
                list(average.parameters()), list(network.parameters()), 1.0 - AVERAGE
            )
            self._sums += torch.stack([found.alpha.nanmean(), found.comp.nanmean()])


def _begun(asked: argparse.Namespace, device: torch.device) -> Run:
    """A network with random weights, or those of ``--start``; its average and its optimiser."""
    one, two, three, four = (int(width) for width in asked.widths.split(","))
    widths = (one, two, three, four)
    network, average = (UnmixingNetwork(widths).on(device) for _ in range(2))
    if asked.start is not None:
        network.load_state_dict(network_of(Path(asked.start), footage_of(asked).part).state_dict())
    average.load_state_dict(network.state_dict())
    optimiser = torch.optim.AdamW(
        network.parameters(),
        lr=torch.tensor(asked.rate, device=device),
        betas=BETAS,
        weight_decay=WEIGHT_DECAY,
        capturable=device.type == "cuda",
    )
    return Run(network, average, optimiser)


def _fill(pool: Pool, least: int, *, remove: bool = False) -> None:
    """Take in all that a pool's folder has, and wait until that is so many scenes."""
    began = time.perf_counter()
    while pool.refresh(remove=remove) or len(pool) < least:
        if len(pool) < least:
            time.sleep(0.2)
    print(f"{len(pool)} scenes after {time.perf_counter() - began:.0f} s", flush=True)


def _dice(device: torch.device, seed: int) -> Dice:
    if device.type == "cuda":  # recorded work follows the device's own generator
        torch.cuda.manual_seed(seed)
        return Dice(torch.cuda.default_generators[device.index or 0], device)
    return Dice(torch.Generator(device).manual_seed(seed), device)


def _log(path: Path, line: dict[str, object]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(line))
        if fresh:
            writer.writeheader()
        writer.writerow(line)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=540.0, help="of this call, drawing included"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--out", default="training/runs/unmixing", help="checkpoint, weights, log")
    parser.add_argument("--pool", default="training/runs/pool", help="drawn scenes, kept")
    parser.add_argument("--rendered", help="a pool of training.render to take scenes from too")
    parser.add_argument("--rendered-share", type=float, default=0.5, help="of all scenes, 0..1")
    parser.add_argument(
        "--rendered-without", nargs="*", default=[], choices=RENDERED, help="kinds left out"
    )
    parser.add_argument("--remove", action="store_true", help="delete drawn files once taken in")
    parser.add_argument("--processes", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--first-file", type=int, default=0)
    parser.add_argument("--drawn", type=int, default=224, help="side of a drawn scene in pixels")
    parser.add_argument("--crop", type=int, default=192, help="side of a training picture")
    parser.add_argument("--capacity", type=int, default=4000, help="scenes held in memory")
    parser.add_argument(
        "--least", type=int, default=480, help="scenes drawn before training begins"
    )
    parser.add_argument(
        "--refresh", type=int, default=40, help="steps between new files of the pool"
    )
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="of arithmetic on a CPU: a second gains a tenth, where a second run goes as fast",
    )
    add_footage(parser)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--no-decay", dest="decay", action="store_false")
    parser.add_argument("--start", help="weights file to begin with where there is no checkpoint")
    parser.add_argument("--widths", default="24,40,64,80")
    parser.add_argument("--reduced", action="store_true", help="convolutions in bfloat16")
    parser.add_argument("--no-record", dest="record", action="store_false", help="no CUDA graph")
    parser.add_argument("--every", type=int, default=250, help="steps between reports")
    parser.add_argument("--held-out", type=int, default=0, help="scenes that judge each report")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
