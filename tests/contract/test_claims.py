"""The contracts of ``ClaimStore``, ``IdempotencyStore`` and ``JobQueue``."""

from __future__ import annotations

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from adapters.boundary import refuse_inside_transaction
from services.errors import NotFound
from tests.contract.samples import NOW, Bench


def test_claim_has_one_owner(bench: Bench) -> None:
    """The first owner holds a claim until it releases it; only the owner can."""
    key, one, two = str(uuid4()), uuid4(), uuid4()
    with bench.store.begin(bench.all) as tx:
        assert tx.claims.take(bench.gas, "open_order", key, one, NOW) == one
    with bench.store.begin(bench.all) as tx:
        assert tx.claims.take(bench.gas, "open_order", key, two, NOW) == one
        assert tx.claims.take(bench.gas, "open_order", key, one, NOW) == one
        assert tx.claims.take(bench.gas, "notice", key, two, NOW) == two
        assert tx.claims.take(bench.water, "open_order", key, two, NOW) == two
        tx.claims.release(bench.gas, "open_order", key, two)
        assert tx.claims.take(bench.gas, "open_order", key, two, NOW) == one
        tx.claims.release(bench.gas, "open_order", key, one)
        assert tx.claims.take(bench.gas, "open_order", key, two, NOW) == two


def test_who_has_a_claim_can_be_asked(bench: Bench) -> None:
    """Asking claims nothing; the answer is the owner of this kind and agency, or nobody."""
    key, owner = str(uuid4()), uuid4()
    with bench.store.begin(bench.all) as tx:
        assert tx.claims.find(bench.gas, "platform_order", key) is None
        assert tx.claims.take(bench.gas, "platform_order", key, owner, NOW) == owner
        assert tx.claims.find(bench.gas, "platform_order", key) == owner
        assert tx.claims.find(bench.gas, "notice", key) is None
        assert tx.claims.find(bench.water, "platform_order", key) is None


def test_a_transaction_is_marked_as_open(bench: Bench) -> None:
    """While a transaction is open nothing may be called outside, and afterwards it may: door and connectors rely on the mark."""
    refuse_inside_transaction()
    with bench.store.begin(bench.all), pytest.raises(RuntimeError):
        refuse_inside_transaction()
    refuse_inside_transaction()


def test_claims_at_once_agree(bench: Bench) -> None:
    """Many that claim the same key at once learn the same owner."""
    key, seen, ready = str(uuid4()), [], threading.Barrier(6)

    def claim() -> None:
        own = uuid4()
        ready.wait()
        with bench.store.begin(bench.all) as tx:
            seen.append((own, tx.claims.take(bench.gas, "open_order", key, own, NOW)))

    threads = [threading.Thread(target=claim) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({owner for _, owner in seen}) == 1
    assert sum(own == owner for own, owner in seen) == 1


def test_claim_is_undone_with_its_transaction(bench: Bench) -> None:
    """A claim of a transaction that failed does not exist."""
    key, one, two = str(uuid4()), uuid4(), uuid4()

    def claim_and_fail() -> None:
        with bench.store.begin(bench.all) as tx:
            tx.claims.take(bench.gas, "open_order", key, one, NOW)
            tx.persons.load(one)

    with pytest.raises(NotFound):
        claim_and_fail()
    with bench.store.begin(bench.all) as tx:
        assert tx.claims.take(bench.gas, "open_order", key, two, NOW) == two


def test_key_gives_the_first_reply(bench: Bench) -> None:
    """The first body and the first reply of an idempotency key stay in force, for one person."""
    key, person, other = str(uuid4()), uuid4(), uuid4()
    one, two = uuid4(), uuid4()
    with bench.store.begin(bench.all) as tx:
        assert tx.idempotency.take(bench.city, person, key, "d1", one, NOW) == (one, "d1", None)
    with bench.store.begin(bench.all) as tx:
        assert tx.idempotency.take(bench.city, person, key, "d2", two, NOW) == (one, "d1", None)
        assert tx.idempotency.record_reply(bench.city, person, key, b"first \x00") == b"first \x00"
        assert tx.idempotency.record_reply(bench.city, person, key, b"second") == b"first \x00"
    with bench.store.begin(bench.all) as tx:
        assert tx.idempotency.take(bench.city, person, key, "d2", two, NOW) == (one, "d1", b"first \x00")
        assert tx.idempotency.take(bench.city, other, key, "d2", two, NOW) == (two, "d2", None)


def test_jobs_are_asked_for_without_error(bench: Bench) -> None:
    """Asking for the same waiting job twice, or scheduling it anew, is no error and spoils no transaction."""
    subject: UUID = uuid4()
    with bench.store.begin(bench.all) as tx:
        tx.jobs.enqueue("write_off_payment", bench.gas, subject)
        tx.jobs.enqueue("write_off_payment", bench.gas, subject)
        tx.jobs.schedule("confirm_payment", bench.gas, subject, NOW)
        tx.jobs.schedule("confirm_payment", bench.gas, subject, NOW + timedelta(minutes=1))
        assert tx.claims.take(bench.gas, "login", str(subject), subject, NOW) == subject


def test_only_a_given_reply_answers(bench: Bench) -> None:
    """A key answers the request whose reply it holds: not before the reply, not another body, key or person; asking claims nothing."""
    key, person, payment = str(uuid4()), uuid4(), uuid4()
    with bench.store.begin(bench.all) as tx:
        assert not tx.idempotency.is_answered(bench.city, person, key, "digest")
        assert tx.idempotency.take(bench.city, person, key, "digest", payment, NOW) == (payment, "digest", None)
        assert not tx.idempotency.is_answered(bench.city, person, key, "digest")
        tx.idempotency.record_reply(bench.city, person, key, b"reply")
    with bench.store.begin(bench.all) as tx:
        assert tx.idempotency.is_answered(bench.city, person, key, "digest")
        assert not tx.idempotency.is_answered(bench.city, person, key, "another")
        assert not tx.idempotency.is_answered(bench.city, person, key + "x", "digest")
        assert not tx.idempotency.is_answered(bench.city, uuid4(), key, "digest")
