"""Mails to the supervision office go when they have been finished for long, with their lines; what is tried or waits stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import psycopg
import pytest

from adapters.ids import make_id
from adapters.stores.transaction import SqlStore
from services.alert_mail import MailHouse
from services.mail_record import AlertMail, MailLine, MailState
from tests.case_samples import MORNING
from tests.contract.case_houses import Houses, open_sql_houses
from tests.databases import Database

UNTIL = MORNING - timedelta(days=30)
BEFORE, AFTER = UNTIL - timedelta(days=1), UNTIL + timedelta(days=1)


@pytest.fixture(scope="module")
def made(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    """The stores under each role."""
    with open_sql_houses(database, tmp_path_factory.mktemp("house")) as houses:
        yield houses


@pytest.fixture
def houses(database: Database, made: Houses) -> Houses:
    """Without mails, and without what else is forgotten."""
    with psycopg.connect(database.owner_url) as owner:
        for table in ("alert_mail_lines", "alert_mails", "claims", "idempotency_keys"):
            owner.execute(psycopg.sql.SQL("DELETE FROM {}").format(psycopg.sql.Identifier(table)))
    return made


def worker_of(houses: Houses) -> SqlStore:
    """The worker's role."""
    assert isinstance(houses.worker, SqlStore)
    return houses.worker


def write(houses: Houses, state: MailState, made_at: datetime, lines: int = 2) -> AlertMail:
    """A mail of some lines that came to this."""
    mail = AlertMail(make_id(made_at), houses.gas, made_at, made_at, ("duty@city.example.gov.cn",), 1)
    with cast("MailHouse", houses.worker).begin(houses.all) as tx:
        for _ in range(lines):
            tx.mails.put(MailLine(houses.gas, make_id(made_at), 0, made_at))
        assert len(tx.mails.gather(mail, lines)) == lines
        tx.mails.keep(replace(mail, state=state))
    return mail


def list_mails(database: Database) -> set[UUID]:
    """Those that are left."""
    with psycopg.connect(database.owner_url) as owner:
        mails = {row[0] for row in owner.execute("SELECT mail_id FROM alert_mails")}
        told = {row[0] for row in owner.execute("SELECT mail_id FROM alert_mail_lines WHERE mail_id IS NOT NULL")}
    assert told <= mails, "no line outlives its mail"
    return mails


@pytest.mark.parametrize("state", [one for one in MailState if one is not MailState.SENDING])
def test_a_finished_mail_goes_with_its_lines(database: Database, houses: Houses, state: MailState) -> None:
    """Whatever became of it, once it is old; the younger one stays with its lines."""
    write(houses, state, BEFORE)
    young = write(houses, state, AFTER)
    assert worker_of(houses).forget_finished(UNTIL, 100) == 3
    assert list_mails(database) == {young.mail_id}


def test_what_is_tried_or_waits_stays(database: Database, houses: Houses) -> None:
    """A mail that is still tried, and a line that no mail has, are not forgotten however old they are."""
    tried = write(houses, MailState.SENDING, BEFORE)
    with cast("MailHouse", houses.worker).begin(houses.all) as tx:
        tx.mails.put(MailLine(houses.water, make_id(BEFORE), 0, BEFORE))
    assert worker_of(houses).forget_finished(UNTIL, 100) == 0
    assert list_mails(database) == {tried.mail_id}
    with cast("MailHouse", houses.worker).begin(houses.all) as tx:
        assert tx.mails.is_waiting(houses.water)


def test_batches_are_bounded(database: Database, houses: Houses) -> None:
    """A mail of many lines goes over several batches, its lines first: what is left of it is never without them."""
    write(houses, MailState.SENT, BEFORE, lines=5)
    gone = [worker_of(houses).forget_finished(UNTIL, 2) for _ in range(4)]
    assert gone == [2, 2, 2, 0]
    assert list_mails(database) == set()


def test_the_database_itself_keeps_what_is_tried(database: Database, houses: Houses) -> None:
    """Even a worker that forgets too much deletes neither an unfinished mail nor a line that waits."""
    tried = write(houses, MailState.SENDING, BEFORE)
    with psycopg.connect(database.urls["worker"]) as worker:
        worker.execute("SELECT set_config('guitai.agencies', %s, true)", (str(houses.gas),))
        assert worker.execute("SELECT count(*) FROM alert_mails").fetchone() == (1,)
        assert worker.execute("DELETE FROM alert_mails").rowcount == 0
    assert list_mails(database) == {tried.mail_id}
