"""What the bench's commands share: keying shots row by row, and showing the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mattebox.cli.output import console_beside, say
from mattebox.errors import UnknownNameError

if TYPE_CHECKING:
    from mattebox.bench.candidates import Candidate
    from mattebox.bench.quality import Row
    from mattebox.bench.shots import BenchShot

Threads = Annotated[int, typer.Option(min=1, help="CPU threads for arithmetic.")]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write all figures as JSON; - for stdout.")
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", help="Write the table as Markdown.")
]
Pictures = Annotated[
    Path | None,
    typer.Option(
        help="Folder for each row's worst frame: plate, truth, alpha, error x 4, over grey."
    ),
]


def keyed_rows(
    folders: Sequence[Path],
    *,
    frames: str | None,
    methods: str | None,
    weights: Sequence[Path],
    threads: int,
    pictures: Path | None,
    overwrite: bool,
) -> Iterator[Row]:
    """Key the shots in the folders; rows come as they are done.

    Args:
        folders: each with a manifest.
        frames: those to measure as people write them, or None for all.
        methods: names joined by commas, or None for all; the plain rows that they are judged by
            are always there.
        weights: checkpoints of networks that take part.
        threads: for arithmetic.
        pictures: folder for worst frames, or None.
        overwrite: whether pictures may replace files of others.
    """
    import tempfile

    from mattebox.bench.candidates import OWN, PLAIN
    from mattebox.bench.pictures import write_worst
    from mattebox.bench.quality import measure_candidates
    from mattebox.bench.shots import read_shot
    from mattebox.sequences import parse_frames

    wanted = None if methods is None else chosen(methods, [*PLAIN, *OWN], kind="method")
    asked = None if frames is None else parse_frames(frames)
    # All manifests are read before the first frame is keyed: a typing slip costs no minutes.
    for shot in [read_shot(folder) for folder in folders]:
        with tempfile.TemporaryDirectory(prefix="mattebox_bench_") as folder:
            candidates = _candidates(shot, Path(folder), wanted, weights, threads)
            yield from measure_candidates(
                shot,
                _announced(shot, candidates),
                asked=asked,
                on_worst=None
                if pictures is None
                else partial(write_worst, pictures, overwrite=overwrite),
            )


def _candidates(
    shot: BenchShot, folder: Path, wanted: set[str] | None, weights: Sequence[Path], threads: int
) -> list[Candidate]:
    """Those wanted, and the plain ones that these are judged by."""
    from mattebox.bench.candidates import plain_candidates
    from mattebox.bench.methods import own_candidates

    own = list(own_candidates(shot, folder, weights=weights, threads=threads))
    taken = [c for c in own if wanted is None or c.method in wanted]
    judges = {c.judged_by for c in taken}
    plain = [
        c
        for c in plain_candidates(shot)
        if wanted is None or c.method in wanted or c.name in judges
    ]
    return [*plain, *taken]


def _announced(shot: BenchShot, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Says on standard error what is being keyed: a row may take minutes."""
    for candidate in candidates:
        say(f"{shot.name}: {candidate.method}, {candidate.plate}", err=True)
        yield candidate


def chosen(names: str, known: Sequence[str], *, kind: str) -> set[str]:
    """Names joined by commas. Raises UnknownNameError for one that is not ``known``."""
    found = [name.strip() for name in names.split(",")]
    for name in found:
        if name not in known:
            raise UnknownNameError(kind, name, known)
    return set(found)


def print_rows(rows: list[Row], json_file: Path | None) -> int:
    """Print the table where JSON is not; returns how many rows are harmed."""
    from mattebox.bench.table import rich_table

    console = console_beside(json_file)
    console.print(rich_table(rows))
    own = [row for row in rows if row.judged_by is not None]
    harmed = sum(bool(row.harms) for row in own)
    console.print(f"{harmed} of {len(own)} rows harmed", highlight=False)
    return harmed
