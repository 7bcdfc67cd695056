"""The commands of ``python -m gateway mapping`` that publish: the operator's way, written into the books as nobody's with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.database import find_database
from gateway.cli.faults import tell_faults
from gateway.cli.store import home_option
from services.errors import InputRefused

if TYPE_CHECKING:
    from services.catalogue_files import Imported, MappingFile
    from services.publishing import PublishingDesk

keyring_option = click.option(
    "--keyring", type=click.Path(path_type=Path, dir_okay=False), help="The keys of the installation; else those of --home."
)  # fmt: skip
reason_option = click.option(
    "--reason", required=True, help="Why, in 4 to 500 characters; it stands in the books and is reviewed by people."
)
file_argument = click.Path(path_type=Path, exists=True, dir_okay=False)


@contextmanager
def open_desk(home: Path, keyring: Path | None) -> Iterator[PublishingDesk]:
    """The publishing desk on the database that the environment or the run in ``home`` names."""
    from adapters.clock import SharedClock, SystemClock
    from adapters.ids import make_id
    from adapters.mapping_files import load_vocabulary
    from adapters.stores.console_store import SqlConsoleStore
    from adapters.stores.keyring import Keyring
    from services.publishing import PublishingDesk

    clock_file = home / "run" / "clock.json"
    clock = SharedClock(clock_file) if keyring is None and clock_file.exists() else SystemClock()
    store = SqlConsoleStore(find_database(home), Keyring.load(keyring or home / "keyring.json"), clock, 1)
    try:
        yield PublishingDesk(store, load_vocabulary(), clock, lambda: make_id(clock.now()))
    except InputRefused as refused:
        told = ", ".join(f"{place} {rule}" for place, rule in (refused.detail or {}).items())
        raise click.ClickException(f"refused: {told}") from refused
    finally:
        store.close()


@click.command()
@home_option
@keyring_option
@reason_option
@click.argument("files", nargs=-1, required=True, type=file_argument)
@tell_faults
def publish(home: Path, keyring: Path | None, reason: str, files: tuple[Path, ...]) -> None:
    """Put mapping files in force, each with a higher version than any before; every process serves them within 2 s."""
    from adapters.mapping_files import read_mapping_file
    from services.catalogue_files import publish_files

    with open_desk(home, keyring) as desk:
        tell_imported(publish_files(desk, [read_mapping_file(file) for file in files], reason=reason))


@click.command()
@home_option
@keyring_option
@reason_option
@click.option("--to", type=int, help="The version to go back to; without it, the one that was in force before.")
@click.argument("service")
@tell_faults
def rollback(home: Path, keyring: Path | None, reason: str, to: int | None, service: str) -> None:
    """Put a version in force again that was before. At once; reviewed by people after."""
    with open_desk(home, keyring) as desk:
        event = desk.roll_back(None, service, to, reason=reason)
    click.echo(f"{service}: version {event.version} is in force")


@click.command()
@home_option
@keyring_option
@reason_option
@click.option("--sentence-zh", required=True, help="What citizens read, in Chinese.")
@click.option("--sentence-en", required=True, help="What citizens read, in English.")
@click.argument("service")
@tell_faults
def off(home: Path, keyring: Path | None, reason: str, sentence_zh: str, sentence_en: str, service: str) -> None:
    """Take no new business of one service; what is under way goes on. At once; reviewed by people after."""
    from services.model import Language

    with open_desk(home, keyring) as desk:
        desk.switch_off(None, service, {Language.ZH_CN: sentence_zh, Language.EN: sentence_en}, reason=reason)
    click.echo(f"{service}: off")


@click.command(name="on")
@home_option
@keyring_option
@click.option("--reason", default="", help="Why, if there is something to say.")
@click.argument("service")
@tell_faults
def switch_on(home: Path, keyring: Path | None, reason: str, service: str) -> None:
    """Take new business of a service again."""
    with open_desk(home, keyring) as desk:
        desk.switch_on(None, service, reason=reason)
    click.echo(f"{service}: on")


@click.command(name="import")
@home_option
@keyring_option
@click.option("--publish", "at_once", is_flag=True, help="Put changed files in force too; needs --reason.")
@click.option("--reason", default="", help="Why; it stands in the books.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@tell_faults
def import_(home: Path, keyring: Path | None, at_once: bool, reason: str, paths: tuple[Path, ...]) -> None:
    """Bring mapping files into the store (a folder, files, or config/mappings): new services are put in force, changed ones wait.

    A changed file needs a higher version; it then waits in the console for somebody of the agency's IT to publish it.
    """
    from services.catalogue_files import import_files, publish_files

    if at_once and not reason.strip():
        raise click.UsageError("--publish needs --reason")
    files = read_paths(paths)
    with open_desk(home, keyring) as desk:
        tell_imported((publish_files if at_once else import_files)(desk, files, reason=reason))


@click.command()
@home_option
@keyring_option
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@tell_faults
def export(home: Path, keyring: Path | None, folder: Path) -> None:
    """Write what is in force into a new folder, byte for byte as it was published, with the files that it refers to."""
    from adapters.mapping_files import write_files
    from services.catalogue_files import lay_out, list_served

    with open_desk(home, keyring) as desk:
        versions = list_served(desk.store)
    write_files(folder, lay_out(versions))
    click.echo(f"{len(versions)} services")


@click.command()
@home_option
@keyring_option
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@tell_faults
def drift(home: Path, keyring: Path | None, paths: tuple[Path, ...]) -> None:
    """Compare files (a folder, or config/mappings) with what is in force: one line for each difference, status 1 if there is one."""
    from services.catalogue_files import list_drift

    files = read_paths(paths)
    with open_desk(home, keyring) as desk:
        lines = list_drift(desk, files)
    for line in lines:
        click.echo(line)
    if lines:
        raise SystemExit(1)


@click.command()
@home_option
@keyring_option
@click.argument("service")
@tell_faults
def history(home: Path, keyring: Path | None, service: str) -> None:
    """What happened to a service's mapping, oldest first: number, moment, what, version, by whom, why."""
    with open_desk(home, keyring) as desk, desk.store.begin(tuple(desk.store.agency_tree().parents)) as tx:
        events = tx.mappings.list_events(service)
    if not events:
        raise click.ClickException(f"no mapping of {service} is kept")
    for event in events:
        who = str(event.by) if event.by else "operator"
        click.echo(f"{event.number}\t{event.at.isoformat()}\t{event.act}\t{event.version}\t{who}\t{event.reason}")


COMMANDS: tuple[click.Command, ...] = (publish, rollback, off, switch_on, import_, export, drift, history)


def read_paths(paths: Sequence[Path]) -> list[MappingFile]:
    """The mapping files of folders and files; those of ``config/mappings`` if none are named."""
    from adapters.mapping_files import MAPPINGS_FOLDER, read_mapping_file, read_mapping_folder

    found: list[MappingFile] = []
    for path in paths or (MAPPINGS_FOLDER,):
        found += read_mapping_folder(path) if path.is_dir() else [read_mapping_file(path)]
    return found


def tell_imported(imported: Sequence[Imported]) -> None:
    """One line for each file that was taken; the faults of the others to standard error, and status 1."""
    words = {"imported": "in force", "published": "in force", "proposed": "waits to be published", None: "as it was"}
    for one in imported:
        if not one.fault:
            click.echo(f"{one.place}: {words[one.act]}")
    faults = [one.fault for one in imported if one.fault]
    for fault in faults:
        click.echo(fault, err=True)
    if faults:
        raise SystemExit(1)
