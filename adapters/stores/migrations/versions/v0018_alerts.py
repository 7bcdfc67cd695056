"""Planned alerts, alerts and their events; the sweeper's sign of life.

What is told once is one unique key: (agency, case, clock, rung) of ``alerts``. A plan becomes an alert in one transaction of the worker,
which alone may write alerts; nobody may change what an alert says of its case, or delete one.
"""

from __future__ import annotations

from adapters.stores.migrations.statements import grant, protect, run

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PLANNED = """
CREATE TABLE planned_alerts (
    agency_id uuid NOT NULL REFERENCES agencies,
    case_id uuid NOT NULL,
    clock text NOT NULL,
    rung text NOT NULL CHECK (rung IN ('orange', 'red', 'passed', 'late', 'fact')),
    lead_agency_id uuid NOT NULL REFERENCES agencies,
    due_at timestamptz NOT NULL,
    service text NOT NULL,
    case_no text NOT NULL,
    staff_id uuid,
    PRIMARY KEY (agency_id, case_id, clock, rung)
);
CREATE INDEX planned_alerts_due ON planned_alerts (due_at, case_id, clock, rung);
CREATE INDEX planned_alerts_of_case ON planned_alerts (case_id);
COMMENT ON TABLE planned_alerts IS 'what will be told at due_at unless the case moves on before: written anew at each event';
"""

ALERTS = """
CREATE TABLE alerts (
    agency_id uuid NOT NULL REFERENCES agencies,
    alert_id uuid NOT NULL,
    case_id uuid NOT NULL,
    clock text NOT NULL,
    rung text NOT NULL CHECK (rung IN ('orange', 'red', 'passed', 'late', 'fact')),
    lead_agency_id uuid NOT NULL REFERENCES agencies,
    due_at timestamptz NOT NULL,
    service text NOT NULL,
    case_no text NOT NULL,
    staff_id uuid,
    sent_at timestamptz NOT NULL CHECK (sent_at >= due_at),
    state text NOT NULL CHECK (state IN ('open', 'acknowledged', 'closed')),
    level_agency_id uuid NOT NULL REFERENCES agencies,
    escalations integer NOT NULL CHECK (escalations >= 0),
    escalate_at timestamptz,
    version integer NOT NULL CHECK (version > 0),
    handler uuid,
    asked_of uuid,
    asked_at timestamptz,
    PRIMARY KEY (agency_id, alert_id),
    CONSTRAINT told_once UNIQUE (agency_id, case_id, clock, rung)
);
CREATE INDEX alerts_of_id ON alerts (alert_id);
CREATE INDEX alerts_of_case ON alerts (case_id, alert_id);
CREATE INDEX alerts_inbox ON alerts (agency_id, state, alert_id);
CREATE INDEX alerts_inbox_of_rung ON alerts (agency_id, state, rung, alert_id);
CREATE INDEX alerts_inbox_of_level ON alerts (level_agency_id, state, rung, alert_id);
CREATE INDEX alerts_inbox_of_service ON alerts (agency_id, service, state, alert_id);
CREATE INDEX alerts_inbox_of_staff ON alerts (staff_id, state, alert_id) WHERE staff_id IS NOT NULL;
CREATE INDEX alerts_asked ON alerts (agency_id, asked_at, alert_id) WHERE asked_at IS NOT NULL;
CREATE INDEX alerts_to_escalate ON alerts (escalate_at, alert_id) WHERE state = 'open' AND escalate_at IS NOT NULL;
COMMENT ON CONSTRAINT told_once ON alerts IS 'each rung of each clock of a case is told once: the insert is the claim';
CREATE TABLE alert_events (
    agency_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    state text NOT NULL,
    at timestamptz NOT NULL,
    staff_id uuid,
    data_cipher bytea NOT NULL,
    PRIMARY KEY (agency_id, alert_id, version),
    FOREIGN KEY (agency_id, alert_id) REFERENCES alerts
);
"""

SWEEPS = """
CREATE TABLE alert_sweeps (
    only_one boolean PRIMARY KEY CHECK (only_one),
    ran_at timestamptz NOT NULL,
    swept_until timestamptz NOT NULL,
    told bigint NOT NULL,
    escalated bigint NOT NULL
);
COMMENT ON TABLE alert_sweeps IS 'the sweeper''s sign of life: its latest run, one row; no agency''s and nothing of a case in it';
"""

PLAN = "SELECT, INSERT, UPDATE (lead_agency_id, due_at, service, case_no, staff_id), DELETE"
CLAIM = "SELECT (agency_id, case_id, clock, rung)"
MOVING = "UPDATE (state, level_agency_id, escalations, escalate_at, version, handler, asked_of, asked_at)"


def upgrade() -> None:
    """Expand. Only the worker tells; citizens' processes plan, and see of an alert that it was told."""
    for script in (PLANNED, ALERTS, SWEEPS):
        run(script)
    for table in ("planned_alerts", "alerts", "alert_events"):
        protect(table)
    grant("planned_alerts", public=PLAN, worker=PLAN, console=PLAN)
    grant("alerts", public=CLAIM, worker=f"SELECT, INSERT, {MOVING}", console=f"SELECT, {MOVING}")
    grant("alert_events", worker="SELECT, INSERT", console="SELECT, INSERT")
    grant("alert_sweeps", worker="SELECT, INSERT, UPDATE", console="SELECT")
