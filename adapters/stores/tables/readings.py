"""Who read whose material, and the delays of telling it."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from adapters.stores.tables.columns import bytes_column, id_column, metadata, moment_column, text_column

case_readings = Table(
    "case_readings", metadata, id_column("agency_id", key=True), id_column("reading_id", key=True), moment_column("at"),
    id_column("staff_id"), id_column("reader_agency_id"), text_column("act"), text_column("about"),
    id_column("subject_id", nullable=True), bytes_column("key_hash", nullable=True),
    bytes_column("reason_hash", nullable=True), bytes_column("told_cipher"), id_column("delay_id", nullable=True),
)  # fmt: skip
looks_to_audit = Table(
    "looks_to_audit", metadata, id_column("agency_id", key=True), text_column("kind", key=True), text_column("act", key=True),
    id_column("reading_id", key=True), id_column("staff_id"), id_column("reader_agency_id"),
    id_column("subject_id", nullable=True),
)  # fmt: skip
reading_delays = Table(
    "reading_delays", metadata, id_column("agency_id", key=True), id_column("delay_id", key=True), id_column("case_id"),
    text_column("case_no"), id_column("reader_id"), text_column("ground"), bytes_column("order_cipher"),
    moment_column("until_at"), id_column("asked_by"), moment_column("asked_at"),
)  # fmt: skip
reading_delay_events = Table(
    "reading_delay_events", metadata, id_column("agency_id", key=True), id_column("delay_id", key=True),
    Column("version", Integer(), primary_key=True), text_column("state"), moment_column("at"), id_column("staff_id"),
    bytes_column("data_cipher"),
)  # fmt: skip
