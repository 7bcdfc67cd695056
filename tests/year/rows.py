"""Rows of the government store, written many at a time with ``COPY``: what the stores write one by one, in the same form.

``tests/unit/year`` holds them against what ``services/case_events.py`` writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from adapters.stores.cases import NAME, NUMBER, number_of
from adapters.stores.cells import seal_json
from adapters.stores.keyring import Keyring
from services.alert_record import PlannedAlert
from services.case_record import Case, CaseEvent

CASE = (
    "agency_id", "case_id", "service", "mapping_version", "case_no", "channel", "app", "organisation_id", "delivery",
    "received_at", "received_on", "business_on", "name_hash", "number_hash", "applicant_cipher", "inputs_cipher",
)  # fmt: skip
EVENT = ("agency_id", "case_id", "version", "name", "state", "hand", "at", "staff_id", "data_cipher")


def copy_rows(
    connection: psycopg.Connection[Any], table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Append rows to a table."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def make_case_row(ring: Keyring, case: Case) -> tuple[object, ...]:
    """The row of a case of an organisation, as ``SqlCaseStore.open`` writes it."""
    applicant = seal_json(ring, ("cases", "applicant_cipher", case.case_id), dict(case.applicant))
    inputs = seal_json(ring, ("cases", "inputs_cipher", case.case_id), dict(case.inputs))
    hashes = ring.lookup_hash(NAME, case.applicant["name"]), ring.lookup_hash(NUMBER, number_of(case))
    return (
        case.agency_id, case.case_id, case.service, case.mapping_version, case.case_no, str(case.channel), case.app,
        case.organisation_id, case.delivery, case.received_at, case.received_on, case.business_on, *hashes, applicant,
        inputs,
    )  # fmt: skip


def make_event_row(ring: Keyring, agency_id: UUID, event: CaseEvent) -> tuple[object, ...]:
    """The row of an event, as ``SqlCaseStore.append`` writes it."""
    place = ("case_events", "data_cipher", f"{event.case_id}:{event.version}")
    return (
        agency_id, event.case_id, event.version, event.name, str(event.state), str(event.hand), event.at, event.staff_id,
        seal_json(ring, place, dict(event.data)),
    )  # fmt: skip


PLAN = ("agency_id", "case_id", "clock", "rung", "lead_agency_id", "due_at", "service", "case_no", "staff_id")
STAGES = """
CREATE TEMPORARY TABLE moved (case_id uuid, at timestamptz);
CREATE TEMPORARY TABLE fresh (LIKE planned_alerts);
"""
REPLAN = (
    "DELETE FROM planned_alerts USING moved WHERE planned_alerts.case_id = moved.case_id AND due_at > moved.at",
    """
    INSERT INTO planned_alerts SELECT * FROM fresh WHERE NOT EXISTS (
        SELECT FROM alerts told WHERE (told.agency_id, told.case_id, told.clock, told.rung)
            = (fresh.agency_id, fresh.case_id, fresh.clock, fresh.rung)
    ) ON CONFLICT DO NOTHING
    """,
    "TRUNCATE moved, fresh",
)
"""``AlertStore.replan`` for many cases: what lies ahead of each is put aside and planned anew, what was told or is due stays."""


def stage_plans(connection: psycopg.Connection[Any]) -> None:
    """Make the tables in which a connection's plans wait for ``replan_all``."""
    connection.execute(STAGES)


def replan_all(
    connection: psycopg.Connection[Any],
    moved: Sequence[tuple[UUID, datetime]],
    planned: Iterable[PlannedAlert],
) -> None:
    """Plan these cases anew, each as of its own moment."""
    copy_rows(connection, "moved", ("case_id", "at"), moved)
    copy_rows(connection, "fresh", PLAN, map(make_plan_row, planned))
    for statement in REPLAN:
        connection.execute(statement)


def make_plan_row(plan: PlannedAlert) -> tuple[object, ...]:
    """The row of a planned alert."""
    return (
        plan.agency_id, plan.case_id, plan.clock, str(plan.rung), plan.lead_agency_id, plan.due_at, plan.service,
        plan.case_no, plan.staff_id,
    )  # fmt: skip
