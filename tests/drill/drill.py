"""The fault drill: a job is killed and starved at random moments, rerun, and must come out whole.

    python tests/drill/drill.py [--faults 500] [--frames 48] [--seed 1]

Every round starts ``mattebox key`` on the same job and does one thing to it: SIGKILL after a
random time, SIGKILL while a frame is being written, a file-size limit below one frame's size
(which is what a full disk looks like), a frame's file cut short or zeroed in its middle behind its
back, a second run of the same job beside it, a plate's frame that is another for a moment and then
itself again, or all times of all files an hour ahead, as after a clock that was set back. After the
last round the job is run undisturbed. Then no frame may be missing, cut short or stale, and all
bytes must equal those of a run that nobody disturbed. ``make drill`` runs it; the suite runs a
short one.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.support.chunks import CONTEXT, run_command
from tests.support.pictures import write_shot

LEAST_LIMIT, MOST_LIMIT = 200, 12_000  # bytes; a frame of the drill's shot is about 20 kB
QUICKEST, SLOWEST = 0.05, 1.2  # seconds until a kill: start-up to the middle of the frames
HEADER_BYTES = 4096
KINDS = (
    "kill",
    "kill while writing",
    "no room",
    "cut short",
    "spoilt inside",
    "two writers",
    "replaced while read",
    "clock back",
)


@dataclass(frozen=True)
class Outcome:
    """What was found after the last, undisturbed run.

    Attributes:
        faults: how many of each kind were done.
        lost: frames that are not there.
        stale: frames that ``check`` finds cut short, stale or with a wrong identity.
        differing: frames whose bytes are not those of the undisturbed run.
        left_over: unfinished files of killed processes.
    """

    faults: dict[str, int]
    lost: int
    stale: int
    differing: int
    left_over: int

    @property
    def is_whole(self) -> bool:
        return self.lost == self.stale == self.differing == 0


def drill(folder: Path, *, faults: int, frames: int, seed: int) -> Outcome:
    """Run the drill in an empty folder."""
    dice = random.Random(seed)
    shot = write_shot(folder / "in", range(1001, 1001 + frames))
    job = folder / "shot.json"
    asked = ["key", str(shot), "-o", str(folder / "undisturbed/s.####.exr"), "--threads", "1"]
    plate = ["--clean-plate", str(folder / "in/clean.exr")]
    _run([*asked, *plate, "--write-job", str(job)], folder)
    _run(["key", "--job", str(job)], folder)
    meant = {p.name: p.read_bytes() for p in (folder / "undisturbed").glob("s.*.exr")}
    out = folder / "out"
    disturbed = folder / "disturbed.json"
    disturbed.write_text(job.read_text().replace(str(folder / "undisturbed"), str(out)))
    done: collections.Counter[str] = collections.Counter()
    for number in range(faults):
        kind = KINDS[number % len(KINDS)]
        _disturb(kind, disturbed, out, folder, dice)
        done[kind] += 1
        if len(list(out.glob("s.*.exr"))) > 0.9 * frames:  # enough to do for the next round
            for path in sorted(out.glob("s.*.exr")):
                if dice.random() < 0.8:
                    path.unlink()
        _show(number + 1, faults)
    _run(["key", "--job", str(disturbed)], folder)
    found = {p.name: p.read_bytes() for p in out.glob("s.*.exr")}
    return Outcome(
        dict(done),
        lost=len(meant.keys() - found.keys()),
        stale=_stale(disturbed),
        differing=sum(found[name] != meant[name] for name in found.keys() & meant.keys()),
        left_over=len(list(out.glob(".mattebox-*"))),
    )


def _stale(job: Path) -> int:
    """How many frames of a job are there and not current, by its own check."""
    from mattebox.job import Job, PreparedJob
    from mattebox.pipeline.check import Fault, check

    prepared = Job.read(job)
    assert isinstance(prepared, PreparedJob)
    return sum(one.fault not in (None, Fault.MISSING) for one in check(prepared))


def _disturb(kind: str, job: Path, out: Path, folder: Path, dice: random.Random) -> None:
    written = sorted(out.glob("s.*.exr"))
    if kind in ("cut short", "spoilt inside") and written:
        _spoil(dice.choice(written), dice, cut=kind == "cut short")
    if kind == "clock back":
        ahead = time.time() + 3600.0
        for path in (*written, *(folder / "in").iterdir()):
            os.utime(path, (ahead, ahead))
    beside = None
    if kind == "two writers":
        beside = CONTEXT.Process(target=_limited, args=(["key", "--job", str(job)], folder, None))
        beside.start()
    limit = dice.randrange(LEAST_LIMIT, MOST_LIMIT) if kind == "no room" else None
    worker = CONTEXT.Process(target=_limited, args=(["key", "--job", str(job)], folder, limit))
    worker.start()
    if kind == "kill while writing":
        _wait_for_writing(out, worker, dice)
    elif kind == "replaced while read":
        _replace_for_a_moment(dice.choice(sorted((folder / "in").glob("shot.*.exr"))), worker, dice)
    elif kind != "no room":
        time.sleep(dice.uniform(QUICKEST, SLOWEST))
    if kind != "no room":
        worker.kill()
    worker.join(120)
    if beside is not None:
        time.sleep(dice.uniform(0.0, SLOWEST))
        beside.kill()
        beside.join(120)
    if kind == "no room" and worker.exitcode not in (0, 74):
        log = (folder / "drill.log").read_text()
        raise SystemExit(f"a full disk ended with {worker.exitcode}, not 74:\n{log}")


def _spoil(victim: Path, dice: random.Random, *, cut: bool) -> None:
    """Cut a frame short, or zero 512 bytes somewhere in it."""
    size = victim.stat().st_size
    at = dice.randrange(size)
    if cut:
        os.truncate(victim, at)
        return
    with victim.open("r+b") as stream:  # behind the header, by which it is known as ours
        stream.seek(min(max(at, HEADER_BYTES), max(0, size - 512)))
        stream.write(bytes(min(512, size)))


def _replace_for_a_moment(
    plate: Path, worker: multiprocessing.process.BaseProcess, dice: random.Random
) -> None:
    """Another frame under a plate's name, again and again while the worker reads, and then itself:
    the one that was keyed in between must not pass for the one that is there at the end."""
    other = dice.choice(sorted(plate.parent.glob("shot.*.exr"))).read_bytes()
    own = plate.read_bytes()
    ends = time.monotonic() + dice.uniform(QUICKEST, SLOWEST)
    try:
        while worker.is_alive() and time.monotonic() < ends:
            _put(plate, dice.choice((own, other)))
            time.sleep(dice.uniform(0.0, 0.03))
    finally:
        _put(plate, own)


def _put(path: Path, data: bytes) -> None:
    beside = path.with_name(f".{path.name}")
    beside.write_bytes(data)
    beside.replace(path)


def _wait_for_writing(
    out: Path, worker: multiprocessing.process.BaseProcess, dice: random.Random
) -> None:
    """Until the nth unfinished file lies there, and at most a few milliseconds more."""
    wanted = dice.randrange(1, 12)
    seen: set[str] = set()
    while worker.is_alive() and len(seen) < wanted:
        seen |= {path.name for path in out.glob(".mattebox-*")}
    time.sleep(dice.uniform(0.0, 0.004))


def _limited(arguments: list[str], folder: Path, limit: int | None) -> None:
    """In the worker: a file may not grow beyond ``limit`` bytes, as on a disk without room."""
    if limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    run_command(arguments, folder / "drill.log") if limit is None else _quietly(arguments)


def _quietly(arguments: list[str]) -> None:
    """A limit on files holds for the log as well."""
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    from mattebox.cli import main

    sys.argv = ["mattebox", *arguments]
    main()


def _run(arguments: list[str], folder: Path) -> None:
    worker = CONTEXT.Process(target=run_command, args=(arguments, folder / "run.log"))
    worker.start()
    worker.join(600)
    if worker.exitcode != 0:
        raise SystemExit(f"mattebox {' '.join(arguments)} ended with {worker.exitcode}:\n"
                         + (folder / "run.log").read_text())  # fmt: skip


def _show(done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done}/{total} faults", end="", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="The fault drill.")
    parser.add_argument("--faults", type=int, default=500)
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mattebox_drill_") as folder:
        found = drill(Path(folder), faults=asked.faults, frames=asked.frames, seed=asked.seed)
    kinds = ", ".join(f"{count} x {kind}" for kind, count in found.faults.items())
    print(f"seed {asked.seed}, {asked.frames} frames, {sum(found.faults.values())} faults: {kinds}")
    print(
        f"after a rerun: {found.lost} lost, {found.stale} stale, {found.differing} differing; "
        f"{found.left_over} unfinished files (hidden, gone after an hour)"
    )
    raise SystemExit(0 if found.is_whole else 1)


if __name__ == "__main__":
    main()
