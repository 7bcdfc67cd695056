"""What ``exposure verify`` makes of a ledger: sound, or changed by somebody who may do anything in the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
import rfc8785
from click.testing import CliRunner

from adapters.ids import make_id
from adapters.stores.exposure_log import SqlExposureLog
from adapters.stores.exposure_verify import STEP, Progress, verify
from adapters.stores.ledger_checks import MOST_FAULTS, LedgerFault, VerifyReport
from gateway.cli import main
from services.errors import ConfigurationFault, StoreUnavailable
from services.exposure import Direction, Outcome, Trail
from tests.contract.test_ledger import make_exposure
from tests.databases import Database
from tests.fakes import FakeClock
from tests.ledger_tables import EMPTY_LEDGER

_FORGET = (
    "DELETE FROM exposure_pending p WHERE NOT EXISTS (SELECT 1 FROM exposure_records r WHERE r.record_id = p.record_id)"
)
"""What is left of records that are gone: the last trace of those without a place."""


def write_leaf(leaf: str) -> str:
    """A statement that writes this SQL expression as the leaf, with the hash that fits."""
    return f"UPDATE exposure_records SET leaf = {leaf}, leaf_hash = sha256('\\x00'::bytea || {leaf})"  # noqa: S608 - a test


class Ledger:
    """A ledger with one request of each kind, which a superuser may change."""

    def __init__(self, database: Database) -> None:
        self.database, self.agency = database, uuid4()
        self.execute("INSERT INTO agencies VALUES (%s, 'city', NULL, '{}')", self.agency)
        self.clock = FakeClock()
        self.log = SqlExposureLog(database.urls["public"], self.clock)
        self.log.publish(self.agency, "0.1.0", {"/a": "1"})
        (self.sent,) = self.log.append([make_exposure(self.agency, uuid4(), uuid4())])
        self.clock.advance(1)
        self.log.append_outcome(self.sent, self.agency, Outcome.SENT, 200, None)
        trail, request_id = Trail(), str(uuid4())
        for direction in (Direction.ENTERED_IN_CLIENT, Direction.RECEIVED_FROM_PLATFORM):
            self.log.append([make_exposure(self.agency, direction=direction, trail=trail, request_id=request_id)])
        self.typed = trail.left[0][1]
        self.log.attribute(trail, uuid4())

    def execute(self, statement: LiteralString | str, *values: Any) -> list[Any]:
        """As the superuser. ``{outcome}`` and its like stand for the ids of the one record of that kind."""
        with psycopg.connect(self.database.owner_url, autocommit=True) as owner:
            done = owner.execute(statement.encode(), values)
            return done.fetchall() if done.description else []

    def find(self, kind: str) -> UUID:
        """The one record of a kind, or one of the two that have a name."""
        if kind in ("sent", "typed"):
            return self.sent if kind == "sent" else self.typed
        ((found,),) = self.execute("SELECT record_id FROM exposure_records WHERE kind = %s", kind)
        return UUID(str(found))

    def rewrite(self, record_id: UUID, **changed: Any) -> None:
        """Write another leaf in place of a record's, canonical and with its hash: what a careful forger does."""
        ((leaf,),) = self.execute("SELECT leaf FROM exposure_records WHERE record_id = %s", record_id)
        data = rfc8785.dumps(json.loads(leaf) | changed)
        digest = hashlib.sha256(b"\x00" + data).digest()
        self.execute(
            "UPDATE exposure_records SET leaf = %s, leaf_hash = %s WHERE record_id = %s", data, digest, record_id
        )

    def verify(self, role: str = "") -> list[LedgerFault]:
        """The faults that are found, as the owner or under a role."""
        url = self.database.urls[role] if role else self.database.owner_url
        return verify(url, lambda _: None).faults


@pytest.fixture
def ledger(database: Database) -> Iterator[Ledger]:
    """The module's database with nothing in it but this ledger."""
    made = Ledger(database)
    yield made
    made.log.close()
    made.execute(EMPTY_LEDGER)
    made.execute("DELETE FROM agencies")


def test_sound_ledger_has_no_fault(ledger: Ledger) -> None:
    """Worker and owner read all of it and find nothing; progress is told."""
    told: list[Progress] = []
    for url in (ledger.database.urls["worker"], ledger.database.owner_url):
        report = verify(url, told.append)
        assert (report.faults, report.records) == ([], 6)
    assert told == [(6, 6), (6, 6)]


@pytest.mark.parametrize("role", ["public", "console", "sequencer"])
def test_role_that_cannot_read_all_is_told_so(ledger: Ledger, role: str) -> None:
    """Whoever may not see the salts cannot say that none is missing."""
    with pytest.raises(ConfigurationFault, match="worker"):
        ledger.verify(role)


@pytest.mark.parametrize(
    ("kind", "damage", "place", "what"),
    [
        ("sent", "UPDATE exposure_records SET leaf = convert_to(replace(convert_from(leaf, 'UTF8'), 'amount', 'anount'), 'UTF8')",
         "exposure_records", "hash does not fit"),
        ("sent", write_leaf("leaf || '\\x20'::bytea"), "exposure_records", "not canonical"),
        ("sent", write_leaf("'[]'::bytea"), "exposure_records", "not a JSON object"),
        ("sent", "UPDATE exposure_records SET leaf = '\\xff'", "exposure_records", "not a JSON object"),
        ("sent", "UPDATE exposure_records SET service = 'water-bill'", "exposure_records", "column service"),
        ("sent", "UPDATE exposure_records SET platform = 'alipay'", "exposure_records", "column platform"),
        ("sent", "UPDATE exposure_records SET direction = 'shown_in_client'", "exposure_records", "column direction"),
        ("sent", "UPDATE exposure_records SET at = at + interval '1 s'", "exposure_records", "column at"),
        ("sent", "UPDATE exposure_records SET kind = 'publication'", "exposure_records", "column kind"),
        ("sent", "UPDATE exposure_records SET agency_id = gen_random_uuid()", "exposure_records", "column agency"),
        ("outcome", "UPDATE exposure_records SET of_id = gen_random_uuid()", "exposure_records", "column of_id"),
        ("sent", "UPDATE exposure_persons SET chain_id = gen_random_uuid()", "exposure_records", "persons of the record differ"),
        ("sent", "DELETE FROM exposure_persons", "exposure_records", "persons of the record differ"),
        ("sent", "INSERT INTO exposure_persons SELECT agency_id, gen_random_uuid(), record_id, platform FROM exposure_records",
         "exposure_records", "persons of the record differ"),
        ("sent", "UPDATE exposure_persons SET platform = 'alipay'", "exposure_records", "another platform"),
        ("typed", "UPDATE exposure_persons SET chain_id = gen_random_uuid()", "exposure_records", "index differs"),
        ("typed", "DELETE FROM exposure_persons", "exposure_records", "index differs"),
        ("typed", "UPDATE exposure_persons SET attributed_by = NULL", "exposure_records", "persons of the record differ"),
        ("typed", "UPDATE exposure_persons SET attributed_by = record_id", "exposure_persons", "attribution that the row names"),
        ("typed", ("INSERT INTO exposure_persons SELECT agency_id, gen_random_uuid(), record_id, platform, record_id"
         " FROM exposure_records"), "exposure_records", "more than one person"),
        ("sent", "DELETE FROM exposure_salts", "exposure_records", "salt is missing"),
        ("sent", "UPDATE exposure_salts SET salt = sha256(salt)", "exposure_records", "to which the leaf commits"),
        ("sent", "DELETE FROM exposure_records", "exposure_salts", "a salt without its record"),
        ("sent", "DELETE FROM exposure_records", "exposure_persons", "record is missing"),
        ("sent", "DELETE FROM exposure_records", "exposure_records", "this outcome speaks of is missing"),
        ("typed", "DELETE FROM exposure_records", "exposure_records", "attributed record"),
        ("attribution", "DELETE FROM exposure_records", "exposure_persons", "attribution that the row names"),
        ("publication", "DELETE FROM exposure_records", "exposure_publications", "record is missing"),
        ("publication", "DELETE FROM exposure_publications", "exposure_records", "does not stand once"),
        ("publication", "UPDATE exposure_publications SET release = '0.2.0'", "exposure_records", "another release"),
        ("publication", "UPDATE exposure_publications SET manifest_digest = ''", "exposure_records", "another manifest"),
        ("outcome", "INSERT INTO exposure_salts SELECT agency_id, record_id, sha256('x') FROM exposure_records",
         "exposure_salts", "a salt without its record"),
    ],
)  # fmt: skip
def test_each_change_is_found_and_its_place_named(
    ledger: Ledger, kind: str, damage: str, place: str, what: str
) -> None:
    """A superuser edits, deletes or inserts one row of one table: the table and the record are named."""
    record_id = ledger.find(kind)
    ledger.execute(f"{damage} WHERE record_id = %s", record_id)
    found = ledger.verify()
    assert [fault for fault in found if fault.place == place and what in fault.what], found
    assert str(found[0]).startswith(
        ("exposure_records ", "exposure_persons ", "exposure_salts ", "exposure_publications ", "exposure_pending ")
    )


def test_swapped_salts_are_found(ledger: Ledger) -> None:
    """Two records whose salts changed places are both named: each leaf commits to its own."""
    ledger.execute(
        "UPDATE exposure_salts s SET salt = o.salt FROM exposure_salts o WHERE s.record_id = ANY(%s) AND o.record_id = ANY(%s)"
        " AND s.record_id <> o.record_id", [ledger.sent, ledger.typed], [ledger.sent, ledger.typed],
    )  # fmt: skip
    assert {fault.record_id for fault in ledger.verify()} == {ledger.sent, ledger.typed}


@pytest.mark.parametrize(
    ("kind", "changed", "what"),
    [
        ("sent", {"value": "13800138001"}, "members of its kind"),
        ("sent", {"v": 3}, "unknown format"),
        ("sent", {"direction": "whispered"}, "direction"),
        ("sent", {"salt_hash": "0" * 64}, "to which the leaf commits"),
        ("sent", {"nonce": "short"}, "not 32 bytes"),
        ("sent", {"concerned": {"a": 1}}, "persons"),
        ("outcome", {"outcome": "maybe"}, "outcome is unknown"),
        ("attribution", {"records": []}, "each once"),
        ("attribution", {"records": "all"}, "each once"),
        ("attribution", {"chain": None}, "index differs"),
        ("attribution", {"request_id": "another"}, "not of the same request"),
        ("publication", {"bodies": [1]}, "another manifest"),
        ("publication", {"bodies": {"/a": "2"}}, "another manifest"),
    ],
)
def test_leaf_that_was_rewritten_with_care_is_found(
    ledger: Ledger, kind: str, changed: dict[str, Any], what: str
) -> None:
    """A canonical leaf with a hash that fits must still be of its kind, and agree with the rows beside it."""
    record_id = ledger.find(kind)
    ledger.rewrite(record_id, **changed)
    found = ledger.verify()
    assert {fault.record_id for fault in found} == {record_id}
    assert any(what in fault.what for fault in found), found


def test_outcome_follows_what_was_sent(ledger: Ledger) -> None:
    """An outcome of something typed, one that came before its record, and a second one of the same record are faults."""
    ledger.log.append_outcome(ledger.typed, ledger.agency, Outcome.SENT, 200, None)
    ledger.clock.advance(-3600)
    (late,) = ledger.log.append([make_exposure(ledger.agency)])
    ledger.clock.advance(-3600)
    ledger.log.append_outcome(late, ledger.agency, Outcome.SENT, 200, None)
    ledger.log.append_outcome(ledger.sent, ledger.agency, Outcome.REFUSED, None, None)
    found = " ".join(fault.what for fault in ledger.verify())
    for what in ("was not sent", "is older", "more than one outcome"):
        assert what in found


def test_attribution_is_only_of_records_that_named_nobody(ledger: Ledger) -> None:
    """A record with an actor, of another platform or of another request cannot be given to somebody else by an attribution."""
    one = make_exposure(ledger.agency).disclosure
    ledger.log.attribute(Trail([(one, ledger.sent)]), uuid4())
    found = " ".join(fault.what for fault in ledger.verify())
    assert "names its persons itself" in found
    assert "not of the same request" in found


def test_erased_salt_is_no_fault(ledger: Ledger) -> None:
    """The worker may erase a salt and must say when; every leaf still verifies. It cannot remove the row."""
    with psycopg.connect(ledger.database.urls["worker"]) as worker:
        worker.execute("SELECT set_config('guitai.agencies', %s, true)", [str(ledger.agency)])
        erase = "UPDATE exposure_salts SET salt = NULL, erased_at = %s WHERE record_id = %s"
        assert worker.execute(erase, [ledger.clock.now(), ledger.sent]).rowcount == 1
    assert ledger.verify() == []
    for statement in ("DELETE FROM exposure_salts", "UPDATE exposure_salts SET record_id = record_id"):
        with (
            psycopg.connect(ledger.database.urls["worker"]) as worker,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            worker.execute(statement.encode())
    with pytest.raises(psycopg.errors.CheckViolation):
        ledger.execute("UPDATE exposure_salts SET salt = NULL WHERE record_id = %s", ledger.typed)


def test_record_of_the_first_format_still_verifies(ledger: Ledger) -> None:
    """Leaves are never rewritten: one that does not commit to its salt is read as what it was."""
    ((leaf,),) = ledger.execute("SELECT leaf FROM exposure_records WHERE record_id = %s", ledger.sent)
    body = {name: value for name, value in json.loads(leaf).items() if name != "salt_hash"} | {"v": 1}
    data = rfc8785.dumps(body)
    digest = hashlib.sha256(b"\x00" + data).digest()
    ledger.execute(
        "UPDATE exposure_records SET leaf = %s, leaf_hash = %s WHERE record_id = %s", data, digest, ledger.sent
    )
    assert ledger.verify() == []


@pytest.mark.parametrize(
    "steps",
    [
        ["DELETE FROM exposure_records WHERE {sent} IN (record_id, of_id)", "DELETE FROM exposure_persons WHERE record_id = {sent}",
         "DELETE FROM exposure_salts WHERE record_id = {sent}"],
        ["DELETE FROM exposure_records WHERE kind = 'outcome'"],
        ["DELETE FROM exposure_records WHERE kind = 'attribution'", "DELETE FROM exposure_persons WHERE record_id = {typed}",
         "DELETE FROM exposure_persons WHERE attributed_by IS NOT NULL"],
        ["DELETE FROM exposure_records WHERE kind = 'publication'", "DELETE FROM exposure_publications"],
        ["DELETE FROM exposure_records", "DELETE FROM exposure_persons", "DELETE FROM exposure_salts",
         "DELETE FROM exposure_publications"],
    ],
)  # fmt: skip
def test_what_cannot_be_seen_before_it_has_its_place(ledger: Ledger, steps: list[str]) -> None:
    """Said in docs/exposure.md, and true: what goes with all its rows while it waits leaves no trace; without its last step each is found."""
    steps = [*steps, _FORGET]
    for step in steps[:-1]:
        ledger.execute(step.format(sent=f"'{ledger.sent}'", typed=f"'{ledger.typed}'"))
    assert ledger.verify()
    ledger.execute(steps[-1].format(sent=f"'{ledger.sent}'", typed=f"'{ledger.typed}'"))
    assert ledger.verify() == []


def test_forger_with_the_writers_own_code_is_not_seen(ledger: Ledger) -> None:
    """The other half of the same sentence: a record made up with all its rows is like any other."""
    ledger.log.append([make_exposure(ledger.agency, uuid4())])
    assert ledger.verify() == []


def test_row_of_another_agency_is_seen_by_the_owner(ledger: Ledger) -> None:
    """The worker sees the agencies that exist: to it the record is missing; the owner names it."""
    ledger.execute("UPDATE exposure_records SET agency_id = gen_random_uuid() WHERE record_id = %s", ledger.sent)
    assert any("column agency" in fault.what for fault in ledger.verify())
    assert any("missing" in fault.what for fault in ledger.verify("worker"))


def test_forged_row_with_a_date_of_its_own_is_found(ledger: Ledger) -> None:
    """An id that was made at another moment than the record says, or that no clock could make, is named."""
    for forged in (make_id(ledger.clock.now() - timedelta(days=9)), UUID(int=(1 << 128) - 1)):
        ledger.execute(
            "INSERT INTO exposure_records SELECT agency_id, %s, at, kind, platform, direction, service, of_id, leaf, leaf_hash"
            " FROM exposure_records WHERE record_id = %s", forged, ledger.sent,
        )  # fmt: skip
        found = [fault.what for fault in ledger.verify() if fault.record_id == forged]
        assert "column id differs from the leaf" in found
        assert "the id was not made at the moment of the record" in found


def test_pages_are_read_to_the_end(ledger: Ledger) -> None:
    """A ledger longer than a page is read in pages, and a fault in the last one is found."""
    for _ in range(3):
        ledger.log.append([make_exposure(ledger.agency, uuid4()) for _ in range(STEP // 2)])
    (last,) = ledger.log.append([make_exposure(ledger.agency, uuid4())])
    told: list[Progress] = []
    assert verify(ledger.database.owner_url, told.append).faults == []
    total = 6 + 3 * (STEP // 2) + 1
    assert told == [(STEP, total), (total, total)]
    ledger.execute("DELETE FROM exposure_salts WHERE record_id = %s", last)
    assert [fault.record_id for fault in ledger.verify()] == [last]


def test_ledger_that_does_not_answer_is_unavailable() -> None:
    """No database, no verdict."""
    with pytest.raises(StoreUnavailable):
        verify("postgresql://nobody:x@127.0.0.1:1/nothing", lambda _: None)


def test_report_keeps_the_first_faults_and_counts_all() -> None:
    """Memory does not grow with the number of faults."""
    report = VerifyReport()
    report.add(LedgerFault("exposure_salts", UUID(int=1), UUID(int=n), "x") for n in range(MOST_FAULTS + 5))
    assert (len(report.faults), report.fault_count) == (MOST_FAULTS, MOST_FAULTS + 5)
    assert report.faults[0].record_id == UUID(int=0)


def test_command_says_by_its_status_whether_the_ledger_holds(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """0 and one line, or 1 with the place of each fault before it; progress goes to standard error alone."""
    monkeypatch.setenv("GUITAI_DATABASE_URL", ledger.database.owner_url)
    sound = CliRunner().invoke(main, ["exposure", "verify"])
    assert (sound.exit_code, sound.stdout) == (0, "6 records, 0 faults\n")
    first, *unseen = sound.stderr.splitlines()
    assert (first, [line.split()[0] for line in unseen]) == ("6 of 6 leaves, 100 %", ["not", "not"])
    ledger.execute("DELETE FROM exposure_salts WHERE record_id = %s", ledger.sent)
    broken = CliRunner().invoke(main, ["exposure", "verify"])
    first, last = broken.stdout.splitlines()
    assert (broken.exit_code, last) == (1, "6 records, 1 faults")
    assert first.startswith(f"exposure_records {ledger.agency} {ledger.sent}: ")
    monkeypatch.setenv("GUITAI_DATABASE_URL", ledger.database.urls["sequencer"])
    refused = CliRunner().invoke(main, ["exposure", "verify"])
    assert (refused.exit_code, "Traceback" in refused.output, refused.stdout) == (1, False, "")
