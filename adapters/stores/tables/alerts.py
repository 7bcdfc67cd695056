"""What the supervision office is told: planned alerts, alerts, their events, and the sweeper's sign of life."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table

from adapters.stores.tables.columns import bytes_column, id_column, metadata, moment_column, text_column

planned_alerts = Table(
    "planned_alerts", metadata, id_column("agency_id", key=True), id_column("case_id", key=True),
    text_column("clock", key=True), text_column("rung", key=True), id_column("lead_agency_id"), moment_column("due_at"),
    text_column("service"), text_column("case_no"), id_column("staff_id", nullable=True),
)  # fmt: skip
alerts = Table(
    "alerts", metadata, id_column("agency_id", key=True), id_column("alert_id", key=True), id_column("case_id"),
    text_column("clock"), text_column("rung"), id_column("lead_agency_id"), moment_column("due_at"),
    text_column("service"), text_column("case_no"), id_column("staff_id", nullable=True), moment_column("sent_at"),
    text_column("state"), id_column("level_agency_id"), Column("escalations", Integer(), nullable=False),
    moment_column("escalate_at", nullable=True), Column("version", Integer(), nullable=False),
    id_column("handler", nullable=True), id_column("asked_of", nullable=True), moment_column("asked_at", nullable=True),
)  # fmt: skip
alert_events = Table(
    "alert_events", metadata, id_column("agency_id", key=True), id_column("alert_id", key=True),
    Column("version", Integer(), primary_key=True), text_column("name"), text_column("state"), moment_column("at"),
    id_column("staff_id", nullable=True), bytes_column("data_cipher"),
)  # fmt: skip
alert_sweeps = Table(
    "alert_sweeps", metadata, Column("only_one", Boolean(), primary_key=True), moment_column("ran_at"),
    moment_column("swept_until"), Column("told", BigInteger(), nullable=False),
    Column("escalated", BigInteger(), nullable=False),
)  # fmt: skip
