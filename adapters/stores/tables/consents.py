"""Consents as events, and the texts of purposes."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from adapters.stores.tables.columns import id_column, metadata, moment_column, text_column

consent_events = Table(
    "consent_events", metadata, id_column("agency_id", key=True), id_column("event_id", key=True), id_column("person_id"),
    text_column("service"), text_column("purpose"), text_column("platform"), Column("number", Integer(), nullable=False),
    text_column("name"), text_column("version"), text_column("channel"), moment_column("at"),
    id_column("by_staff_id", nullable=True),
)  # fmt: skip
purpose_texts = Table(
    "purpose_texts", metadata, text_column("version", key=True), text_column("service"), text_column("purpose"),
    text_column("platform"), text_column("content"), moment_column("since"),
)  # fmt: skip
