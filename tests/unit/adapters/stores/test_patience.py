"""A server that accepts and never answers holds nobody: the wait ends on our side, and the connection with it."""

from __future__ import annotations

import time
from typing import ClassVar

import psycopg
import pytest

from adapters.stores.connection import PatientConnection, open_engine, reporting_unavailability
from services.errors import StoreUnavailable
from tests.databases import Database


class Impatient(PatientConnection):
    """For a test that does not want to wait."""

    patience_seconds: ClassVar[float] = 0.3


def test_a_wait_without_an_answer_ends(database: Database) -> None:
    """The error is the one of a lost connection, in time; the connection is broken, so that no pool gives it out again."""
    connection = Impatient.connect(database.owner_url, autocommit=True)
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT pg_sleep(5)")
    assert time.monotonic() - began < 2
    assert connection.broken


def test_a_refusal_by_the_server_does_not_break_the_connection(database: Database) -> None:
    """A lock that was not had in time is an answer."""
    with psycopg.connect(database.owner_url) as holder, Impatient.connect(database.owner_url) as connection:
        holder.execute("LOCK TABLE payments IN ACCESS EXCLUSIVE MODE")
        connection.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("SELECT 1 FROM payments")
        connection.rollback()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_engines_are_patient_not_endless(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection of a store's pool has this patience; the store is unavailable then, and back at the next question."""
    monkeypatch.setattr(PatientConnection, "patience_seconds", 0.3)
    engine = open_engine(database.urls["public"])
    try:
        with pytest.raises(StoreUnavailable), reporting_unavailability(), engine.begin() as connection:
            connection.exec_driver_sql("SELECT pg_sleep(5)")
        with engine.begin() as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
    finally:
        engine.dispose()
