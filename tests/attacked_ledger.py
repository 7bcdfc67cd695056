"""A ledger with people, placed in several batches, that a test attacks as a superuser and puts back as it was."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from adapters.ed25519 import Ed25519Signer
from adapters.stores.cells import seal_id
from adapters.stores.chains import identity_subject, person_subject
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.exposure_verify import Checking, verify
from adapters.stores.keyring import Keyring
from adapters.stores.ledger_checks import VerifyReport
from adapters.stores.sequencer import SqlSequencer
from services.chains import name_person
from services.checkpoint import Checkpoint, format_checkpoint
from services.cosignature import cosign_text
from services.exposure import Outcome
from services.signed_note import COSIGNATURE
from tests.contract.samples import NOW, Bench, make_person
from tests.contract.test_ledger import make_exposure
from tests.databases import Database
from tests.fakes import FakeClock
from tests.ledger_tables import LEDGER_TABLES
from tests.sequencer_process import LOG

WITNESS = Ed25519Signer("witness.example", bytes(range(1, 33)), COSIGNATURE)
NUMBER = "11010119900307001X"
_TABLES = (*LEDGER_TABLES, "chain_links", "persons")


class AttackedLedger:
    """Two people, she and another; her number was typed before she proved it. Four batches, the last with a record of hers at its end."""

    def __init__(self, database: Database, bench: Bench, ring: Path) -> None:
        self.database, self.bench, self.keyring = database, bench, Keyring.load(ring)
        self.clock = FakeClock(NOW)
        self.log = SqlExposureLog(database.urls["public"], self.clock)
        self.sequencer = SqlSequencer(database.urls["sequencer"], self.clock, LOG)
        (self.she, _), (self.other, _) = make_person(bench), make_person(bench)
        with bench.store.begin(bench.all) as tx:
            self.her_chain, self.others_chain = (
                tx.persons.load(self.she).chain_id,
                tx.persons.load(self.other).chain_id,
            )
            self.typed = tx.persons.find_chain(bench.city, NUMBER, NOW)
        self.place(self.her_chain, self.others_chain, self.typed)
        with bench.store.begin(bench.all) as tx:
            tx.persons.record_identity(self.she, "王小明", NUMBER, self.clock.now())
        self.place(self.others_chain, self.her_chain)
        (self.sent,) = self.log.append([make_exposure(bench.city, self.her_chain, self.others_chain)])
        self.log.append_outcome(self.sent, bench.city, Outcome.SENT, 200, None)
        self.place(self.others_chain)
        self.place(self.others_chain, self.her_chain)
        ((self.last,),) = self.execute("SELECT max(size) FROM ledger_checkpoints")
        ((self.sent_at,),) = self.execute("SELECT index FROM ledger_sequence WHERE record_id = %s", self.sent)
        self._cosign()

    def place(self, *chains: UUID) -> None:
        """A record for each chain, and places for all that waits."""
        for chain in chains:
            self.clock.advance(1)
            self.log.append([make_exposure(self.bench.city, chain)])
        self.sequencer.run()

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """As the superuser, without triggers and foreign keys."""
        with psycopg.connect(self.database.owner_url, autocommit=True) as owner:
            owner.execute("SET session_replication_role = replica")
            done = owner.execute(statement.encode(), values or None)
            return done.fetchall() if done.description else []

    def keep(self, name: str) -> None:
        """Copy everything aside."""
        self.execute(f"CREATE SCHEMA {name}")
        for table in _TABLES:
            self.execute(f"CREATE TABLE {name}.{table} AS TABLE {table}")

    def put_back(self, name: str) -> None:
        """Everything as it was copied: yesterday's backup."""
        self.execute(
            ";".join(f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {name}.{table}" for table in _TABLES)  # noqa: S608 - a test
        )

    def verify(self, state: Path | None = None, *, keys: bool = True) -> VerifyReport:
        """As the owner, with every key."""
        checking = Checking(LOG.key, [WITNESS.key], self.keyring if keys else None, state)
        return verify(self.database.owner_url, lambda _: None, checking=checking)

    def list_faults(self) -> list[str]:
        """What it finds."""
        return [str(fault) for fault in self.verify().faults]

    def relink(self, number: str | None = None) -> UUID:
        """Give her account, or her number, a new chain in place of the one it has, as somebody with the keys can."""
        subject, chain = identity_subject(number) if number else person_subject(self.she), uuid4()
        digest = self.keyring.lookup_hash(subject.purpose, subject.value)
        cell = seal_id(self.keyring, ("chain_links", "chain_cipher", digest.hex()), chain)
        self.execute("UPDATE chain_links SET chain_cipher = %s WHERE subject_hash = %s", cell, digest)
        return chain

    def unlink(self) -> None:
        """Delete the link of her account."""
        subject = person_subject(self.she)
        self.execute(
            "DELETE FROM chain_links WHERE subject_hash = %s", self.keyring.lookup_hash(subject.purpose, subject.value)
        )

    def close(self) -> None:
        """Connections."""
        self.log.close()
        self.sequencer.close()

    def _cosign(self) -> None:
        ((root,),) = self.execute("SELECT root FROM ledger_checkpoints WHERE size = %s", self.last)
        text = format_checkpoint(Checkpoint(LOG.key.name, int(str(self.last)), bytes(root)))  # type: ignore[call-overload]
        line = str(cosign_text(text, int(NOW.timestamp()), WITNESS)).removesuffix("\n")
        self.execute(
            "INSERT INTO ledger_cosignatures VALUES (%s, %s, %s, %s)",
            self.last,
            WITNESS.key.name,
            line,
            self.clock.now(),
        )


def name(chain: UUID) -> str:
    """How a chain stands in a fault."""
    return name_person(chain).hex()
