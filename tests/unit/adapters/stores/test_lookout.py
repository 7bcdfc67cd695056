"""What the watchman's role sees of a store, and to whom it writes: the mailboxes of the accounts document."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.ids import make_id
from adapters.stores.connection import open_engine, scoped
from adapters.stores.directory import import_accounts
from adapters.stores.lookout import SqlLookout
from adapters.stores.mails import SqlMailStore
from services.alert_record import SweepRun
from services.errors import ConfigurationFault, StoreUnavailable
from services.watch import LedgerSighting, Sighting
from tests.contract.samples import ACCOUNTS
from tests.databases import Database
from tests.ledger_tables import EMPTY_LEDGER

CITY, GAS, SECOND = "supervision@city.example", "supervision@gas.example", "duty@city.example"
AT = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def write_boxes(database: Database, **boxes: Any) -> dict[str, UUID]:
    """Import the accounts with these mailboxes by slug; the ids of the agencies."""
    document = copy.deepcopy(dict(ACCOUNTS))
    for entry in document["agencies"]:
        if entry["slug"] in boxes:
            entry["supervision_mail"] = boxes[entry["slug"]]
    import_accounts(database.owner_url, document)
    with psycopg.connect(database.owner_url) as owner:
        return dict(owner.execute("SELECT slug, agency_id FROM agencies").fetchall())


@pytest.fixture
def lookout(database: Database) -> Iterator[SqlLookout]:
    write_boxes(database, city=[], gas=[], water=[])
    with closing(SqlLookout(database.urls["watch"])) as made:
        yield made


def find_boxes(database: Database, agency: UUID) -> tuple[str, ...]:
    engine = open_engine(database.urls["worker"], 1)
    try:
        with scoped(engine, ()) as connection:
            return SqlMailStore(connection).list_mailboxes(agency)
    finally:
        engine.dispose()


def test_mail_goes_to_the_nearest_mailbox_up_the_tree(database: Database, lookout: SqlLookout) -> None:
    """An office's own, else the city's; the watchman writes to the root's, or to all if it has none."""
    ids = write_boxes(database, gas=[GAS])
    assert lookout.list_mailboxes() == (GAS,)
    assert find_boxes(database, ids["water"]) == ()
    write_boxes(database, city=[CITY, SECOND, CITY])
    assert lookout.list_mailboxes() == (SECOND, CITY)
    assert find_boxes(database, ids["gas"]) == (GAS,)
    assert find_boxes(database, ids["water"]) == (SECOND, CITY)


def test_an_import_replaces_the_list_that_it_names(database: Database, lookout: SqlLookout) -> None:
    """Whoever was taken out is written to no more; an agency without the key keeps its list."""
    write_boxes(database, city=[CITY, SECOND], gas=[GAS])
    ids = write_boxes(database, city=[SECOND])
    assert lookout.list_mailboxes() == (SECOND,)
    assert find_boxes(database, ids["gas"]) == (GAS,)


@pytest.mark.parametrize(
    "boxes",
    ["a@b.cn", ["nobody"], ["a@b.cn\r\nBcc: x@y.cn"], [3], [None], {"a@b.cn": 1}, ["a@b.cn"] * 21],
    ids=range(7),
)
def test_what_is_no_list_of_addresses_is_not_imported(database: Database, lookout: SqlLookout, boxes: object) -> None:
    """The fault names the place and not the address."""
    with pytest.raises(ConfigurationFault, match=r"agencies\[0\]: supervision_mail is not a list of mail addresses"):
        write_boxes(database, city=boxes)
    assert lookout.list_mailboxes() == ()


def test_the_sighting_is_the_note_the_calendars_and_one_yes_or_no(database: Database, lookout: SqlLookout) -> None:
    """Of each region the newest version counts; a closed case's deadline beyond it does not."""
    assert lookout.look() == Sighting(None, {}, provisional=False, ledger=LedgerSighting(None))
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("INSERT INTO alert_sweeps VALUES (true, %s, %s, 3, 1)", [AT, AT])
        for version, until in ((1, "2026-12-31"), (2, "2027-12-31")):
            owner.execute(
                "INSERT INTO calendar_versions VALUES ('CN', %s, '2004-01-01', %s, repeat('a', 64), %s, 'test')",
                [version, until, AT],
            )
    assert lookout.look() == Sighting(SweepRun(AT, AT, 3, 1), {"CN": date(2027, 12, 31)}, ledger=LedgerSighting(None))
    with closing(SqlLookout(database.urls["public"])) as operations:
        assert operations.look() == lookout.look()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("DELETE FROM alert_sweeps")
        owner.execute("DELETE FROM calendar_versions")


def test_the_ledgers_log_is_seen_without_its_records(database: Database, lookout: SqlLookout) -> None:
    """The oldest of what waits, of any agency; the sequencer's look; the oldest checkpoint past the newest that this witness cosigned.

    A row without a record waits for nothing, and an id beyond the calendar blinds nobody.
    """
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("INSERT INTO exposure_pending VALUES (%s, %s)", [uuid4(), UUID(int=0)])
        for record_id in (UUID(int=(1 << 128) - 1), *(make_id(AT + timedelta(seconds=one)) for one in (5, 3, 9))):
            row = [uuid4(), record_id]
            owner.execute("INSERT INTO exposure_pending VALUES (%s, %s)", row)
            owner.execute(
                "INSERT INTO exposure_records VALUES (%s, %s, %s, 'exposure', '', '', '', NULL, '', %s)",
                [*row, AT, bytes(32)],
            )
        owner.execute("INSERT INTO ledger_beats VALUES (true, %s, 7)", [AT])
        for size in (0, 3, 7):
            owner.execute(
                "INSERT INTO ledger_checkpoints VALUES (%s, %s, '', %s)",
                [size, bytes(32), AT + timedelta(minutes=size)],
            )
        owner.execute("INSERT INTO ledger_cosignatures VALUES (0, 'w', '', %s), (7, 'other', '', %s)", [AT, AT])
    waiting = AT + timedelta(seconds=3)
    assert lookout.look().ledger == LedgerSighting(AT, waiting)
    for role in ("watch", "public", "console"):
        with closing(SqlLookout(database.urls[role], "w")) as witnessed:
            assert witnessed.look().ledger == LedgerSighting(AT, waiting, AT + timedelta(minutes=3))
    with closing(SqlLookout(database.urls["watch"], "other")) as done:
        assert done.look().ledger == LedgerSighting(AT, waiting)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(EMPTY_LEDGER)


def test_a_store_that_cannot_be_reached_is_said_to_be_away(database: Database) -> None:
    """Whatever is wrong with the way there, the watchman hears one word."""
    away = database.urls["watch"].rpartition("@")[0] + "@127.0.0.1:1/nowhere"
    with closing(SqlLookout(away)) as lookout:
        for ask in (lookout.look, lookout.list_mailboxes):
            with pytest.raises(StoreUnavailable):
                ask()
