"""Rotating the keys of cells and of look-ups under cases: nothing is lost and everything is still found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from adapters.stores.keyring import Keyring, add_key, create_keyring
from adapters.stores.rotation import ROW_IDS, list_cells, rotate_cells
from tests.case_samples import MORNING, make_draft
from tests.contract.case_book_samples import (
    make_attempt,
    make_complaint,
    make_file,
    make_mandate,
    make_organisation,
    make_rating,
)
from tests.contract.case_houses import open_sql_houses
from tests.databases import Database

TABLES = (
    "cases", "case_events", "case_drafts", "stored_files", "organisations", "mandates", "ratings", "complaints",
    "complaint_events", "notice_attempts", "revoked_slips",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _empty(database: Database) -> None:
    """No cell of another test, which would be under a ring of its own."""
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(map(sql.Identifier, TABLES))))


def list_key_ids(database: Database) -> dict[str, set[bytes]]:
    """The key ids in the cells of each table."""
    found: dict[str, set[bytes]] = {}
    with psycopg.connect(database.owner_url) as owner:
        for table in (one for one in ROW_IDS if one.name in TABLES):
            for name in list_cells(table):
                query = sql.SQL("SELECT DISTINCT substring({0}, 1, 4) FROM {1} WHERE {0} IS NOT NULL")
                rows = owner.execute(query.format(sql.Identifier(name), sql.Identifier(table.name)))
                found.setdefault(table.name, set()).update(bytes(row[0]) for row in rows)
    return found


def test_rotation_loses_nothing_of_a_case(database: Database, tmp_path: Path) -> None:
    """After it every cell of every table is under the new key, and each store gives what it was given."""
    path = tmp_path / "keys.json"
    create_keyring(path)
    with open_sql_houses(database, tmp_path, Keyring.load(path)) as houses:
        case, event = houses.open_case(agent={"name": "李娜", "identity_number": "1", "phone": "2", "as": "agent"})
        draft, rating, mandate = make_draft(houses.gas), make_rating(houses.gas), make_mandate(houses.gas)
        file, body = make_file(houses.gas, draft.draft_id), make_organisation(houses.gas)
        complaint, filed = make_complaint(houses.gas)
        attempt = make_attempt(houses.gas, case.case_id)
        with houses.public.begin([houses.gas]) as tx:
            tx.drafts.save(draft)
            tx.files.add(file)
            tx.mandates.record_organisation(body)
            tx.mandates.add(mandate)
            tx.ratings.rate(rating)
            tx.ratings.file_complaint(complaint, filed)
        with houses.worker.begin([houses.gas]) as tx:
            tx.notices.add(attempt)
            tx.slips.revoke(houses.gas, "slip", "撤销", MORNING)
    old = Keyring.load(path).current_key_id
    assert list_key_ids(database) == {name: {old} for name in TABLES}
    add_key(path)
    new = Keyring.load(path)
    assert rotate_cells(database.owner_url, new, lambda _: None, batch=1) >= len(TABLES)
    assert list_key_ids(database) == {name: {new.current_key_id} for name in TABLES}
    with open_sql_houses(database, tmp_path, new) as houses, houses.public.begin([houses.gas]) as tx:
        assert tx.cases.load(case.case_id) == (case, [event])
        assert tx.drafts.load(draft.draft_id) == draft
        assert tx.files.load(file.file_id) == file
        assert tx.mandates.find_organisation(body.credit_code) == body
        assert tx.mandates.load(mandate.mandate_id) == mandate
        assert tx.ratings.find_rating("case", rating.subject) == rating
        assert tx.ratings.load(complaint.complaint_id) == (complaint, [filed])
        assert tx.notices.list_of(case.case_id) == [attempt]


def test_what_was_hashed_under_an_older_key_is_found(database: Database, tmp_path: Path) -> None:
    """After the look-up key has changed too, older cases and mandates are found by name and number beside newer ones."""
    path = tmp_path / "keys.json"
    create_keyring(path)
    name, number = f"周{uuid4().hex[:6]}", uuid4().hex[:18]
    whose = {"kind": "person", "name": name, "identity_number": number, "phone": ""}
    agent = {"name": "李娜", "identity_number": number}
    with open_sql_houses(database, tmp_path, Keyring.load(path)) as houses:
        older, _ = houses.open_case(applicant=whose)
        first = make_mandate(houses.gas, agent=agent, principal=whose)
        with houses.public.begin([houses.gas]) as tx:
            tx.mandates.add(first)
    ring = json.loads(path.read_text("utf-8"))
    ring["lookup"]["keys"]["0badcafe"] = "5a" * 32
    ring["lookup"]["current"] = "0badcafe"
    path.write_text(json.dumps(ring), "utf-8")
    with open_sql_houses(database, tmp_path, Keyring.load(path)) as houses:
        newer, _ = houses.open_case(applicant=whose)
        second = replace(first, mandate_id=uuid4())
        with houses.public.begin([houses.gas]) as tx:
            tx.mandates.add(second)
            both = {older.case_id, newer.case_id}
            assert {row[0].case_id for row in tx.cases.list_of_numbers([number], 5)} == both
            assert {line.case_id for line in tx.cases.find_by_name([houses.gas], name, 5)} == both
            assert {line.case_id for line in tx.cases.find_by_number_of([houses.gas], number, 5)} == both
            mandates = {first.mandate_id, second.mandate_id}
            assert {one.mandate_id for one in tx.mandates.list_of_number(number)} == mandates
            assert {one.mandate_id for one in tx.mandates.list_of_principal_number(number)} == mandates
