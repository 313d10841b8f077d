"""``mattebox weights``: which weights there are, and having them on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mattebox.cli.licences import have_accepted
from mattebox.cli.output import Overwrite, cell, say
from mattebox.errors import RunInterruptedError, UsageError, WeightsError

if TYPE_CHECKING:
    from rich.table import Table

    from mattebox.weights.catalogue import Catalogue, Entry
    from mattebox.weights.store import Store

weights = typer.Typer(no_args_is_help=True, help="Weights of networks: list, fetch, verify, path.")

LIST_VERSION = 1
_WIDTH_WHEN_PIPED = 1000  # columns; a file has no width to keep to

Names = Annotated[
    list[str], typer.Argument(metavar="NAME...", help="Names of `mattebox weights list`.")
]


@weights.command("list")
def list_weights(
    as_json: Annotated[
        bool, typer.Option("--json", help="All that is known, as JSON on standard output.")
    ] = False,
) -> None:
    """Show all weights that are known, their licences, and which are installed.

    The column *sha256* says how sure the hash is: confirmed by two or more independent projects,
    seen once, or unknown. `MATTEBOX_CATALOGUE=FILE` adds entries of your own.

    `mattebox weights list`
    """
    from mattebox.weights.catalogue import Catalogue
    from mattebox.weights.store import Store

    catalogue, store = Catalogue.read(), Store.from_environment()
    if as_json:
        typer.echo(json.dumps(_document(catalogue, store), indent=1))
        return
    _print(_list_table(catalogue, store))
    for name in sorted({entry.licence for entry in catalogue.entries.values()}):
        say(f"{name}: {catalogue.licences[name].line}\n  {catalogue.licences[name].url}")


@weights.command()
def fetch(
    names: Names,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Install this file, copied by hand, instead of downloading."),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licences that are shown.")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds without a byte after which a download is ended.")
    ] = 30.0,
    overwrite: Overwrite = False,
) -> None:
    """Download weights, check them and install them. The only command that uses the network.

    Each licence is shown once and has to be accepted. A download that broke off goes on where it
    stopped. `MATTEBOX_WEIGHTS` names a folder to install to, or a mirror (http://, https://,
    file://) to fetch from. What is installed and good is left alone.

    **The default of engine rvm**: `mattebox weights fetch rvm_mobilenetv3`

    **On a machine without network**: `mattebox weights fetch rvm_mobilenetv3 --from FILE`
    """
    from mattebox.cli.progress import DownloadProgress
    from mattebox.weights.catalogue import Catalogue
    from mattebox.weights.download import Patience
    from mattebox.weights.fetch import install
    from mattebox.weights.store import Store

    catalogue, store = Catalogue.read(), Store.from_environment()
    entries = [catalogue.named(name) for name in dict.fromkeys(names)]
    if source is not None and len(entries) > 1:
        raise UsageError(
            f"--from names one file, and {len(entries)} weights were asked for",
            next_step="install them one by one",
        )
    _have_accepted(entries, catalogue, store, accepted=accept_licence)
    for entry in entries:
        try:
            with DownloadProgress(entry.name) as progress:
                installed = install(
                    entry,
                    store,
                    source=source,
                    patience=Patience(stall=timeout),
                    on_bytes=progress,
                    overwrite=overwrite,
                )
        except KeyboardInterrupt as error:
            raise RunInterruptedError(
                f"fetching {entry.name} was interrupted",
                next_step="run the same command again; where the server can send the rest, what "
                "has arrived is kept",
            ) from error
        was = "is installed already" if installed.was_there else "is installed"
        say(
            f"{entry.name} {was}: {installed.path} ({installed.checked.bytes:,} bytes, "
            f"checked by {installed.checked.known_by})"
        )


@weights.command()
def verify(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME...]", help="Only these. [default: all that are installed]"),
    ] = None,
) -> None:
    """Check installed weights: size, sha256 and, where the hash is not confirmed, what they hold.

    Ends with 69 where one is wrong, or named and not installed.

    `mattebox weights verify`
    """
    from mattebox.weights.catalogue import Catalogue
    from mattebox.weights.fetch import check_installed
    from mattebox.weights.store import Store

    catalogue, store = Catalogue.read(), Store.from_environment()
    wanted = [catalogue.named(name) for name in dict.fromkeys(names or catalogue.entries)]
    table = _table("name", "file", "bytes", "checked by", "result")
    faults: list[WeightsError] = []
    for entry in wanted:
        path = store.find(entry)
        if path is None:
            if names:
                faults.append(_absent(entry, store))
                table.add_row(entry.name, "-", "-", "-", "not installed")
            continue
        try:
            checked = check_installed(entry, store, path)
        except WeightsError as error:
            faults.append(error)
            table.add_row(entry.name, cell(str(path)), "-", "-", "BAD")
        else:
            row = (entry.name, cell(str(path)), f"{checked.bytes:,}", checked.known_by, "good")
            table.add_row(*row)
    if not table.row_count:
        say(f"no weights are installed in {_folders(store)}")
        return
    _print(table)
    if faults:
        raise _together(faults)


@weights.command("path")
def print_path(
    name: Annotated[str, typer.Argument(help="A name of `mattebox weights list`.")],
) -> None:
    """Print where weights are installed, and nothing else, for scripts; 69 where they are not.

    `mattebox weights path rvm_mobilenetv3`
    """
    from mattebox.weights.catalogue import Catalogue
    from mattebox.weights.store import Store

    entry, store = Catalogue.read().named(name), Store.from_environment()
    found = store.find(entry)
    if found is None:
        raise _absent(entry, store)
    say(str(found))


def _have_accepted(
    entries: Iterable[Entry], catalogue: Catalogue, store: Store, *, accepted: bool
) -> None:
    """Show each licence that was not accepted before and have it accepted.

    Raises UsageError where it is not.
    """
    open_ones = {
        entry.licence: catalogue.licence(entry)
        for entry in entries
        if store.find(entry) is None
        and not store.has_accepted(entry.licence, catalogue.licence(entry))
    }
    for name, licence in open_ones.items():
        covered = ", ".join(entry.name for entry in entries if entry.licence == name)
        have_accepted(
            name,
            licence,
            covers=covered,
            accepted=accepted,
            nothing="nothing was fetched",
        )
        store.accept(name, licence)


def _absent(entry: Entry, store: Store) -> WeightsError:
    return WeightsError(
        f"the weights {entry.name} are not installed (looked in {_folders(store)})",
        next_step=f"mattebox weights fetch {entry.name}",
    )


def _together(faults: list[WeightsError]) -> WeightsError:
    """One error of several, each with its own next step."""
    if len(faults) == 1:
        return faults[0]
    told = "\n".join(f"- {fault}" for fault in faults)
    return WeightsError(f"{len(faults)} weights cannot be used:\n{told}")


def _folders(store: Store) -> str:
    return ", ".join(map(str, store.folders))


def _document(catalogue: Catalogue, store: Store) -> dict[str, Any]:
    """What ``list --json`` prints. Keys are only ever added."""
    from mattebox.weights.network_faults import shown

    return {
        "version": LIST_VERSION,
        "folders": [str(folder) for folder in store.folders],
        "mirror": None if store.mirror is None else shown(store.mirror),
        "licences": {name: terms.model_dump() for name, terms in catalogue.licences.items()},
        "weights": [
            entry.model_dump()
            | {
                "url": shown(store.address(entry)),
                "installed": None if (found := store.find(entry)) is None else str(found),
            }
            for entry in catalogue.entries.values()
        ],
    }


def _list_table(catalogue: Catalogue, store: Store) -> Table:
    table = _table("name", "network", "format", "bytes", "licence", "sha256", "installed")
    for entry in catalogue.entries.values():
        table.add_row(
            entry.name,
            entry.network,
            f"{entry.format} {entry.precision}",
            "unknown" if entry.bytes is None else f"{entry.bytes:,}",
            entry.licence,
            entry.certainty,
            "-" if store.find(entry) is None else "yes",
        )
    return table


def _table(*columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, justify="right" if column == "bytes" else "left", overflow="fold")
    return table


def _print(table: Table) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(width=_WIDTH_WHEN_PIPED, highlight=False)
    console.print(table)
