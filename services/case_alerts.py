"""Planning what the supervision office will be told of a case: after every event, in its transaction; ``docs/supervision.md``."""

from __future__ import annotations

from datetime import datetime

from services.alert_facts import plan_facts
from services.alert_plan import plan_alerts
from services.alert_record import PlannedAlert
from services.case_clocks import calendar_of, terms_of
from services.case_desk import CaseDesk
from services.case_file import CaseFile
from services.case_ports import CaseTransaction
from services.mapping import ServiceMapping


def replan_alerts(desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping, now: datetime) -> None:
    """Plan anew what lies ahead of ``now``: by the clocks that run, and by what the latest event lacks.

    To be called after the event was appended: who appends holds the case, and so no older calendar comes after a newer one.
    """
    tx.alerts.replan(file.case.case_id, list_planned(desk, tx, file, mapping), now)


def list_planned(
    desk: CaseDesk, tx: CaseTransaction, file: CaseFile, mapping: ServiceMapping
) -> tuple[PlannedAlert, ...]:
    """What is planned for a case as it is now, by the calendar in force."""
    terms = terms_of(mapping)
    calendar = calendar_of(tx, terms.region)
    timed = plan_alerts(file, terms, calendar, desk.directory.agency_id, desk.orange_percent)
    return (*timed, *plan_facts(file, mapping.fees))
