"""What lies in the database, read as its owner: nothing personal in clear, no row of another agency, links that can be erased."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from adapters.stores.connection import StoreFault
from adapters.stores.keyring import CiphertextRefused
from adapters.stores.payments import ERASED
from services.errors import NotFound, StoreUnavailable
from services.model import PaymentEvent, PaymentState, PlatformName, PlatformUser
from tests.contract.samples import GAS, NOW, Bench, make_event, make_payment, make_person
from tests.contract.stores import open_sql_bench
from tests.databases import Database

CANARIES = (
    "o-openid-canary", "u-unionid-canary", "13812345678", "欧阳金丝雀", "110101199003077777", "HOUSE-60817", "幸福路九十九号",
    "BILL-60817", "2031-02", "idem-key-canary", "body-digest-canary", "reply-canary", "claim-canary",
)  # fmt: skip


@pytest.fixture(scope="module")
def real(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The store on PostgreSQL."""
    with open_sql_bench(database, tmp_path_factory.mktemp("keys")) as made:
        yield made


def read_everything(database: Database, without: str = "") -> str:
    """Every row of every table of ours, as text; bytes also as the text that they may be. ``without``: how the names of others begin."""
    seen = []
    with psycopg.connect(database.owner_url) as owner:
        tables = [
            row[0]
            for row in owner.execute(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
            )
        ]
        for table in (one for one in tables if not without or not one.startswith(without)):
            for row in owner.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))):
                seen += [cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell) for cell in row]
    return "\n".join(seen)


def test_no_personal_field_lies_in_clear(database: Database, real: Bench) -> None:
    """A search through the whole database for every personal value that went in finds none of them."""
    openid, unionid, phone, name, identity, house, address, bill, period, key, digest, reply, claim = CANARIES
    with real.store.begin(real.all) as tx:
        person = tx.persons.open_person(real.city, NOW)
        tx.persons.add_login(person, PlatformName.WECHAT, "wechat-main", PlatformUser(openid, unionid), NOW)
        tx.persons.record_phone(person.person_id, phone, NOW)
        tx.persons.record_identity(person.person_id, name, identity, NOW)
        tx.households.bind(real.gas, GAS, house, name, address, person.person_id, NOW)
        payment = make_payment(real, person.person_id, household_no=house, bill_no=bill, bill_period=period)
        tx.payments.open(payment, make_event(payment, 1))
        tx.idempotency.take(real.city, person.person_id, key, digest, payment.payment_id, NOW)
        tx.idempotency.record_reply(real.city, person.person_id, key, reply.encode())
        tx.claims.take(real.gas, "open_order", claim, payment.payment_id, NOW)
    everything = read_everything(database)
    assert str(payment.order_no) in everything
    assert [canary for canary in CANARIES if canary in everything] == []
    beside_the_ledger = read_everything(
        database, "exposure_"
    )  # its leaves name chains, and nothing says whose they are
    for chain in (person.chain_id, payment.payer_chain_id, payment.holder_chain_id):
        assert str(chain) not in beside_the_ledger
        assert chain.bytes.decode("utf-8", "replace") not in beside_the_ledger


@pytest.mark.parametrize("name", ["phone", "household_no", "buyer_id", "openid"])
def test_event_data_takes_no_personal_name(real: Bench, name: str) -> None:
    """The data of an event is not encrypted, so a personal name in it is refused."""
    payment = make_payment(real)
    event = PaymentEvent(payment.payment_id, 1, "opened", PaymentState.INTENDED, NOW, {name: "x"})
    with pytest.raises(ValueError, match=name), real.store.begin(real.all) as tx:
        tx.payments.open(payment, event)


def test_versions_have_no_gap(real: Bench) -> None:
    """An event that skips a version is a fault of ours and is refused."""
    payment, other = make_payment(real), make_payment(real)
    with real.store.begin(real.all) as tx:
        for one in (payment, other):
            tx.payments.open(one, make_event(one, 1))
        for version in (2, 3, 4):  # another payment's events fill no gap
            tx.payments.append(real.gas, make_event(other, version))
    for version in (3, 4, 5, 7):
        with pytest.raises(ValueError, match="gap"), real.store.begin(real.all) as tx:
            tx.payments.append(real.gas, make_event(payment, version))
    with real.store.begin(real.all) as tx:
        found = tx.payments.load(payment.payment_id)
        tx.payments.append(real.gas, make_event(payment, 2))
        tx.payments.append(real.gas, make_event(payment, 3))
    assert found is not None
    assert [event.version for event in found[1]] == [1]


def test_writing_for_another_agency_is_refused(real: Bench) -> None:
    """Row security refuses a row of an agency that the transaction does not name, without telling the row."""
    payment = make_payment(real, agency_id=real.water)
    with pytest.raises(StoreFault) as fault, real.store.begin([real.gas]) as tx:
        tx.payments.open(payment, make_event(payment, 1))
    assert payment.order_no not in str(fault.value) + repr(fault.value.__cause__)


def test_no_agency_means_no_row(database: Database, real: Bench) -> None:
    """A connection that names no agency sees nothing in any business table."""
    make_person(real)
    with psycopg.connect(database.urls["public"]) as connection:
        for table in ("persons", "logins", "payments", "payment_events", "claims", "households", "exposure_records"):
            rows = connection.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(table))).fetchall()
            assert rows == [], table


def test_moved_ciphertext_is_refused(database: Database, real: Bench) -> None:
    """Who swaps two people's encrypted names in the database gets an error, not the other's name."""
    first, _ = make_person(real)
    second, _ = make_person(real)
    with real.store.begin(real.all) as tx:
        tx.persons.record_phone(first, "13800000001", NOW)
        tx.persons.record_phone(second, "13800000002", NOW)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "UPDATE persons SET phone_cipher = (SELECT phone_cipher FROM persons WHERE person_id = %s) WHERE person_id = %s",
            [first, second],
        )
    with pytest.raises(CiphertextRefused), real.store.begin(real.all) as tx:
        tx.persons.load(second)


def test_link_can_be_erased(database: Database, real: Bench) -> None:
    """After the links are erased a payment is still there, but nothing leads from it to the ledger's records."""
    payment = make_payment(real)
    person_id, _ = make_person(real)
    with real.store.begin(real.all) as tx:
        tx.payments.open(payment, make_event(payment, 1))
    with psycopg.connect(database.urls["worker"]) as worker:
        worker.execute("SELECT set_config('guitai.agencies', %s, true)", [f"{real.gas},{real.city}"])
        worker.execute("UPDATE payments SET chains_cipher = NULL WHERE payment_id = %s", [payment.payment_id])
        worker.execute("DELETE FROM chain_links")
    with real.store.begin(real.all) as tx:
        found = tx.payments.load(payment.payment_id)
        assert found is not None
        assert found[0] == replace(payment, payer_chain_id=ERASED, holder_chain_id=ERASED)
        with pytest.raises(NotFound):
            tx.persons.load(person_id)


def test_store_that_is_gone_is_unavailable(tmp_path_factory: pytest.TempPathFactory, database: Database) -> None:
    """A lost connection in the middle of a transaction is StoreUnavailable; the next transaction works."""

    def break_off(bench: Bench) -> None:
        with bench.store.begin(bench.all) as tx:
            tx.claims.take(bench.gas, "login", "x", UUID(int=1), NOW)
            with psycopg.connect(database.owner_url, autocommit=True) as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'guitai' AND datname = current_database()"
                )
            tx.claims.take(bench.gas, "login", "y", UUID(int=1), NOW)

    with open_sql_bench(database, tmp_path_factory.mktemp("keys"), pool_size=1) as bench:
        with pytest.raises(StoreUnavailable):
            break_off(bench)
        with bench.store.begin(bench.all) as tx:
            own = uuid4()
            assert tx.claims.take(bench.gas, "login", "x", own, NOW) == own


def test_full_pool_is_unavailable_in_time(tmp_path_factory: pytest.TempPathFactory, database: Database) -> None:
    """A transaction that finds no free connection within two seconds is StoreUnavailable."""
    with (
        open_sql_bench(database, tmp_path_factory.mktemp("keys"), pool_size=1) as bench,
        bench.store.begin(bench.all),
        pytest.raises(StoreUnavailable),
        bench.store.begin(bench.all),
    ):
        pass
