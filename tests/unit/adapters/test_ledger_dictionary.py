"""Somebody has the whole ledger but its salts, and a dictionary of telephone numbers that holds the true one."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from adapters.stores.exposure_log import SqlExposureLog
from tests.contract.test_ledger import make_exposure
from tests.databases import Database
from tests.fakes import FakeClock
from tests.ledger_tables import LEDGER_TABLES

TRUE = "13800061234"
DICTIONARY = [f"138{number:08d}" for number in range(100_000)]


def write_body(number: str) -> bytes:
    """The bytes in which the number went out; whoever tries knows all of them but the number."""
    return f'{{"phone":"{number}"}}'.encode()


class Stolen:
    """Every stored byte string and every hexadecimal word in a leaf: what a copy of the database without salts is good for."""

    def __init__(self, database: Database) -> None:
        self.values, self.salts = set[bytes](), list[bytes]()
        with psycopg.connect(database.owner_url) as owner:
            for table in LEDGER_TABLES:
                for row in owner.execute(f"SELECT * FROM {table}".encode()).fetchall():  # noqa: S608 - our own names
                    cells = [bytes(one) for one in row if isinstance(one, (bytes, memoryview))]
                    if table == "exposure_salts":
                        self.salts += cells
                    else:
                        self.values |= set(cells)
            leaves = owner.execute("SELECT leaf FROM exposure_records").fetchall()
        for (leaf,) in leaves:
            body = json.loads(leaf)
            words = [*body.values(), *body.get("concerned", ())]
            self.values |= {
                bytes.fromhex(word.replace("-", "")) for word in words if isinstance(word, str) and is_hex(word)
            }

    def try_all(self, keys: list[bytes]) -> Iterator[str]:
        """Numbers of which a hash stands in the ledger: plain, as a leaf, and keyed with each key; bare and as the whole body."""
        for number in DICTIONARY:
            for content in (number.encode(), write_body(number)):
                tries = [hmac.digest(key, content, "sha256") for key in keys]
                tries += [hashlib.sha256(content).digest(), hashlib.sha256(b"\x00" + content).digest()]
                if not self.values.isdisjoint(tries):
                    yield number


def is_hex(word: str) -> bool:
    """Whether a word is written as bytes or as an id."""
    bare = word.replace("-", "")
    return len(bare) in {32, 64} and set(bare) <= set("0123456789abcdef")


@pytest.fixture(scope="module")
def stolen(database: Database) -> Stolen:
    """A ledger in which the true number was sent once."""
    agency = uuid4()
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("INSERT INTO agencies VALUES (%s, 'city', NULL, '{}')", [agency])
    log = SqlExposureLog(database.urls["public"], FakeClock())
    log.append([make_exposure(agency, uuid4(), content=write_body(TRUE))])
    log.close()
    return Stolen(database)


def test_a_dictionary_finds_no_number_in_the_ledger(stolen: Stolen) -> None:
    """Of 100,000 numbers none can be told to be the one that was sent, with no key and with every byte string of the ledger as the key."""
    assert len(stolen.values) > 5
    assert list(stolen.try_all([b"", *sorted(stolen.values)])) == []


def test_with_the_salt_the_same_dictionary_finds_it(stolen: Stolen) -> None:
    """The salt alone is what stands between: with it the number is found, so once it is destroyed nobody finds it any more."""
    assert list(stolen.try_all(stolen.salts)) == [TRUE]
