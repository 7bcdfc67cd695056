"""The shipped mappings into the store: what is new is put in force, what has changed waits to be published, faults are told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from adapters.clock import make_clock
from adapters.ids import make_id
from adapters.mapping_files import MAPPINGS_FOLDER, load_vocabulary, read_mapping_folder
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.keyring import Keyring
from gateway.launch.stack import Stack
from services.catalogue_files import Imported, import_files
from services.mapping_record import MappingAct
from services.publishing import PublishingDesk

REASON = "the files of this release"


def import_catalogue(stack: Stack, folder: Path = MAPPINGS_FOLDER) -> None:
    """Import before the apps start, as the console's role. A faulty file keeps no other out; each of its faults is one line."""
    clock = make_clock(stack.clock_file, "demo")
    store = SqlConsoleStore(stack.role_urls["console"], Keyring.load(stack.keyring_file), clock)
    try:
        desk = PublishingDesk(store, load_vocabulary(), clock, lambda: make_id(clock.now()))
        for line in describe_imports(import_files(desk, read_mapping_folder(folder), reason=REASON)):
            stack.report(line)
    finally:
        store.close()


def describe_imports(imported: Iterable[Imported]) -> list[str]:
    """What became of the files, in a few lines; every fault by its place."""
    done = list(imported)
    put_in_force = sum(one.act is MappingAct.IMPORTED for one in done)
    known = sum(one.act is None and not one.fault for one in done)
    lines = [f"the catalogue: {put_in_force} services put in force, {known} as they were"]
    for one in done:
        if one.act is MappingAct.PROPOSED:
            lines.append(f"{one.place}: changed; the new version waits to be published")
        lines += [f"NOT IMPORTED {line}" for line in one.fault.splitlines()]
    return lines
