"""What is over its time goes in batches, and no more; what a legal hold names stays; every table with a person in it has its class."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.stores.retention_classes import SqlRetention
from services.errors import ConfigurationFault
from services.retention_rules import end_retention, plan_retention, read_retention
from services.rights_record import HoldKind, RequestKind, RightsEvent, RightsName
from tests.contract.closing_town import RULES, Town, close, made, settle, town
from tests.contract.samples import GAS
from tests.contract.test_ledger import make_exposure

ON_ONE_POSTGRES = True
FIXTURES = made, town
DAYS = {one.name: timedelta(days=one.days or 0) for one in RULES.classes}
ELSEWHERE = {
    "alert_mails", "alert_mail_lines", "alerts", "alert_events", "staff", "staff_events", "staff_roles", "staff_identities",
    "cash_till_events", "slowness_events", "supervision_mailboxes",
}  # fmt: skip
"""Tables with cells that hold nothing of a citizen's: what the staff and the office did."""


def find(town: Town) -> SqlRetention:
    """On the worker's role."""
    return SqlRetention(town.worker.engine, town.ring)


def count_salts(town: Town) -> int:
    """Those that are there."""
    return len(town.execute("SELECT 1 FROM exposure_salts WHERE salt IS NOT NULL"))


def test_old_salts_go_in_batches(town: Town) -> None:
    """Nothing before their time; then batch after batch, young ones stay; a plan changes nothing, and proofs hold."""
    for _ in range(5):
        town.log.append([make_exposure(town.bench.city, uuid4())])
    retention, store = find(town), town.clock
    assert end_retention(retention, RULES, store.now())["salts"] == 0
    store.advance((DAYS["salts"] + timedelta(days=1)).total_seconds())
    town.log.append([make_exposure(town.bench.city, uuid4())])
    due = {one.name: one for one in plan_retention(retention, RULES, store.now())}
    assert (due["salts"].rows, due["salts"].held, count_salts(town)) == (5, False, 6)
    assert end_retention(retention, RULES, store.now(), 2)["salts"] == 5
    assert count_salts(town) == 1
    assert end_retention(retention, RULES, store.now())["salts"] == 0


@pytest.mark.parametrize("kind", [HoldKind.PERSON, HoldKind.SERVICE])
def test_held_salts_stay(town: Town, kind: HoldKind) -> None:
    """Salts of a held person's chains, or of a held service, stay till the hold ends; others go."""
    human, other = settle(town), uuid4()
    town.log.append([make_exposure(town.bench.city, other)])
    town.clock.advance((DAYS["salts"] + timedelta(days=1)).total_seconds())
    persons, service = ([human.person_id], None) if kind is HoldKind.PERSON else ([], GAS)
    town.hold(kind, *persons, service=service)
    kept = 4 if kind is HoldKind.PERSON else count_salts(town)
    retention = find(town)
    (due,) = [one for one in plan_retention(retention, RULES, town.clock.now()) if one.name == "salts"]
    assert due.held
    end_retention(retention, RULES, town.clock.now())
    assert count_salts(town) == kept
    town.clock.advance(timedelta(days=31).total_seconds())
    end_retention(retention, RULES, town.clock.now())
    assert count_salts(town) == 0


def test_log_of_a_closed_account_goes_later(town: Town) -> None:
    """What happened to an account that was closed long ago goes; that of a living one stays."""
    human, other = settle(town), settle(town)
    close(town, human)
    query = "SELECT 1 FROM person_events WHERE person_id = %s"
    town.clock.advance((DAYS["account-events"] - timedelta(days=1)).total_seconds())
    end_retention(find(town), RULES, town.clock.now())
    assert town.execute(query, human.person_id)
    town.clock.advance(timedelta(days=2).total_seconds())
    end_retention(find(town), RULES, town.clock.now(), 2)
    assert not town.execute(query, human.person_id)
    assert town.execute(query, other.person_id)


def test_words_of_an_answered_request_go(town: Town) -> None:
    """Kind and dates stay, words go; those of a request that is under way stay."""
    human = settle(town)
    done, waiting = town.ask(human, RequestKind.CORRECTION), town.ask(human, RequestKind.DELETION)
    with town.begin_console() as store:
        store.append(
            done, RightsEvent(2, RightsName.REFUSED, town.clock.now(), uuid4(), {"words": "须留存", "law": "法"})
        )
    town.clock.advance((DAYS["requests"] + timedelta(days=1)).total_seconds())
    assert end_retention(find(town), RULES, town.clock.now())["requests"] == 1
    after = town.load(done)
    assert (after.detail, after.state, after.events[-1].data) == ({}, RightsName.REFUSED, {})
    assert town.load(waiting).detail == {"words": "x"}


def test_held_draft_stays(town: Town) -> None:
    """The sweep of drafts leaves what a hold names."""
    human = settle(town)
    town.execute("DELETE FROM case_drafts WHERE person_id <> %s", human.person_id)
    town.clock.advance(timedelta(days=91).total_seconds())
    town.hold(HoldKind.PERSON, human.person_id)
    assert town.worker.forget_drafts(town.clock.now(), 10) == 0
    town.clock.advance(timedelta(days=31).total_seconds())
    assert town.worker.forget_drafts(town.clock.now(), 10) == 1


def test_every_table_with_a_person_has_its_class(town: Town) -> None:
    """Whatever has an encrypted cell, a keyed hash or an account's id stands in one class of the table."""
    rows = town.execute(
        "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public' AND (column_name LIKE '%%_cipher'"
        " OR column_name IN ('person_id', 'chain_id', 'salt', 'person_ids', 'principal_person_id', 'holder_id'))"
        " AND table_name NOT IN (SELECT inhrelid::regclass::text FROM pg_inherits)"
        " AND table_name NOT IN (SELECT viewname FROM pg_views)"
    )
    listed = {table for one in RULES.classes for table in one.tables}
    assert {row.table_name for row in rows} - listed - ELSEWHERE == set()
    existing = {row.tablename for row in town.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    assert listed <= existing


@pytest.mark.parametrize(
    ("before", "after"),
    [("    days: 1096\n    then: erased\n    duty: salts", "    then: erased\n    duty: salts"),
     ("    duty: salts\n", ""), ("tables: [exposure_salts]", "tables: [persons]"), ("answer_days: 15", "answer_days: 0")],
    ids=["no days", "no duty", "a table twice", "no time to answer"],
)  # fmt: skip
def test_table_that_contradicts_itself_is_refused(tmp_path: Path, before: str, after: str) -> None:
    """A class that is erased says when and how, and a table has one class."""
    text = Path("config/retention.yaml").read_text("utf-8")
    assert before in text
    (tmp_path / "retention.yaml").write_text(text.replace(before, after, 1), "utf-8")
    with pytest.raises(ConfigurationFault):
        read_retention(tmp_path / "retention.yaml")
