"""Requests of citizens about their own data, what became of them, and legal holds."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, Date, Integer, Table, Uuid

from adapters.stores.tables.columns import bytes_column, id_column, metadata, moment_column, text_column

rights_requests = Table(
    "rights_requests", metadata, id_column("agency_id", key=True), id_column("request_id", key=True),
    id_column("person_id"), text_column("kind"), text_column("channel"), bytes_column("detail_cipher", nullable=True),
    moment_column("asked_at"), Column("due_on", Date(), nullable=False),
)  # fmt: skip
rights_events = Table(
    "rights_events", metadata, id_column("agency_id", key=True), id_column("request_id", key=True),
    Column("version", Integer(), primary_key=True), text_column("name"), moment_column("at"),
    id_column("staff_id", nullable=True), bytes_column("data_cipher", nullable=True),
)  # fmt: skip
rights_open = Table(
    "rights_open", metadata, id_column("agency_id", key=True), id_column("person_id", key=True),
    text_column("kind", key=True), id_column("request_id"),
)  # fmt: skip
legal_holds = Table(
    "legal_holds", metadata, id_column("agency_id", key=True), id_column("hold_id", key=True), text_column("kind"),
    text_column("service", nullable=True), Column("person_ids", ARRAY(Uuid()), nullable=False),
    bytes_column("words_cipher"), moment_column("until_at"), id_column("placed_by"), moment_column("placed_at"),
    id_column("lifted_by", nullable=True), moment_column("lifted_at", nullable=True),
    bytes_column("lifted_cipher", nullable=True), moment_column("told_at", nullable=True),
)  # fmt: skip
