"""Real processes: every one serves a new version within two seconds; a publisher that is killed leaves the old or the new one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.errors import StoreUnavailable
from services.mapping_record import MappingEvent, MappingInForce
from services.staffing import Act
from tests.contract.offices import Offices, name_service, open_sql_offices, write_file
from tests.databases import Database
from tests.fakes import ROOT

SERVER = """
import sys, time
from adapters.mapping_files import load_vocabulary
from adapters.stores.catalogue_shelf import LiveCatalogueShelf
url, service = sys.argv[1:]
shelf, told = LiveCatalogueShelf(url, load_vocabulary()), None
while True:
    version = shelf.services[service].version
    if version != told:
        told = version
        print(f"{version} {time.time()}", flush=True)
    time.sleep(0.02)
"""
PUBLISHER = """
import sys, time
from pathlib import Path
from adapters.clock import SystemClock
from adapters.ids import make_id
from adapters.mapping_files import load_vocabulary
from adapters.stores.console_store import SqlConsoleStore
from adapters.stores.keyring import Keyring
from services.publishing import PublishingDesk
from tests.contract.offices import write_file
url, ring, service, first, pause = sys.argv[1:]
clock = SystemClock()

class Pausing(SqlConsoleStore):
    def begin(self, agencies):
        from contextlib import contextmanager
        @contextmanager
        def paused():
            with SqlConsoleStore.begin(self, agencies) as tx:
                yield tx
                if float(pause):
                    print("before the commit", flush=True)
                    time.sleep(float(pause))
        return paused()

desk = PublishingDesk(Pausing(url, Keyring.load(Path(ring)), clock), load_vocabulary(), clock, lambda: make_id(clock.now()))
print("ready", flush=True)
for version in range(int(first), int(first) + 1000):
    desk.publish_file(write_file(service, version), {}, reason="test")
    print(version, flush=True)
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def offices(database: Database, keys: Path) -> Iterator[Offices]:
    """Under the console's role."""
    with open_sql_offices(database, keys) as made:
        yield made


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def read_line(process: subprocess.Popen[str], wanted: str) -> str:
    """The next line of what a process says that begins so; its log goes the same way."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(wanted):
            return line
    raise AssertionError(f"{wanted} was never said")


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


def test_every_process_serves_a_new_version_within_two_seconds(database: Database, offices: Offices) -> None:
    """Two of the public app and a worker, from the commit on, without a restart; and back again."""
    name = name_service()
    offices.publish_first(name)
    servers = [start(SERVER, database.urls[role], name) for role in ("public", "public", "worker")]
    try:
        for server in servers:
            read_line(server, "1 ")
        offices.desk.publish_file(write_file(name, 2), {}, reason="test")
        published = time.time()
        late = [float(read_line(server, "2 ").split()[1]) - published for server in servers]
        offices.desk.roll_back(None, name, reason="test")
        back = time.time()
        late += [float(read_line(server, "1 ").split()[1]) - back for server in servers]
    finally:
        for server in servers:
            end(server)
    assert max(late) < 2


def read(offices: Offices, service: str) -> tuple[list[MappingEvent], MappingInForce | None, list[Act]]:
    """Events, what is served, and acts of one service."""
    with offices.store.begin(tuple(offices.tree.parents)) as tx:
        served = next((row for row in tx.mappings.list_in_force() if row.service == service), None)
        return tx.mappings.list_events(service), served, tx.acts.list_acts(500, None, subject_id=service)


def test_a_publisher_killed_before_its_commit_leaves_the_old_version(
    database: Database, offices: Offices, keys: Path
) -> None:
    """Everything is written and nothing is there: no event, no act, and the version can be published again."""
    name = name_service()
    offices.publish_first(name)
    publisher = start(PUBLISHER, database.urls["console"], str(keys / "ring"), name, "2", "30")
    read_line(publisher, "before the commit")
    end(publisher)
    events, served, acts = read(offices, name)
    assert served is not None
    assert (len(events), served.version, len(acts)) == (1, 1, 1)
    deadline = time.monotonic() + 10
    while True:  # the server notices the broken connection in its own time
        try:
            offices.desk.publish_file(write_file(name, 2), {}, reason="again")
        except StoreUnavailable:
            assert time.monotonic() < deadline
            continue
        break
    assert read(offices, name)[1] is not None
    assert len(read(offices, name)[0]) == 2


def test_a_publisher_killed_at_any_moment_leaves_the_old_or_the_new(
    database: Database, offices: Offices, keys: Path
) -> None:
    """What it said is there; the one after it is there whole or not at all; events, acts and what is served agree."""
    name = name_service()
    offices.publish_first(name)
    for pause in (0.0, 0.013, 0.029, 0.071, 0.13, 0.31):
        events, _, _ = read(offices, name)
        first = events[-1].version + 1
        publisher = start(PUBLISHER, database.urls["console"], str(keys / "ring"), name, str(first), "0")
        read_line(publisher, "ready")
        read_line(publisher, str(first))
        time.sleep(pause)
        publisher.kill()
        said = [first, *(int(line) for line in publisher.communicate(timeout=10)[0].split())]
        time.sleep(0.3)
        events, served, acts = read(offices, name)
        assert served is not None
        assert served.version == events[-1].version
        assert served.version in (said[-1], said[-1] + 1)
        assert [event.version for event in events] == list(range(1, len(events) + 1))
        assert len(acts) == min(len(events), 500)
