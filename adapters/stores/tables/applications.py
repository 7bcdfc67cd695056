"""Applications and their events."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, Table

from adapters.stores.tables.columns import bytes_column, id_column, metadata, moment_column, text_column

applications = Table(
    "applications", metadata, id_column("agency_id", key=True), id_column("application_id", key=True),
    text_column("service"), Column("mapping_version", Integer(), nullable=False), id_column("person_id"),
    id_column("login_id"), bytes_column("applicant_cipher"), bytes_column("inputs_cipher"),
    bytes_column("chain_cipher", nullable=True), text_column("platform"),
    text_column("app"), text_column("application_no"), moment_column("created_at"),
    Column("business_on", Date(), nullable=False),
)  # fmt: skip
application_events = Table(
    "application_events", metadata, id_column("agency_id", key=True), id_column("application_id", key=True),
    Column("version", Integer(), primary_key=True), text_column("name"), text_column("state"), moment_column("at"),
    bytes_column("data_cipher"),
)  # fmt: skip
