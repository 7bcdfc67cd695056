"""Services, versions of their mappings, events that say which is served, the counter that processes poll."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, Table

from adapters.stores.tables.columns import bytes_column, id_column, json_column, metadata, moment_column, text_column

mapped_services = Table(
    "mapped_services", metadata, id_column("agency_id", key=True), text_column("service", key=True),
)  # fmt: skip
mapping_versions = Table(
    "mapping_versions", metadata, id_column("agency_id", key=True), text_column("service", key=True),
    Column("version", Integer(), primary_key=True), bytes_column("content"), text_column("digest"),
    moment_column("made_at"), id_column("made_by", nullable=True),
)  # fmt: skip
mapping_documents = Table(
    "mapping_documents", metadata, id_column("agency_id", key=True), text_column("service", key=True),
    Column("version", Integer(), primary_key=True), text_column("path", key=True), bytes_column("content"),
)  # fmt: skip
mapping_events = Table(
    "mapping_events", metadata, id_column("agency_id", key=True), text_column("service", key=True),
    Column("number", Integer(), primary_key=True), text_column("act"), Column("version", Integer(), nullable=False),
    moment_column("at"), id_column("by", nullable=True), text_column("reason"), json_column("data"),
)  # fmt: skip
catalogue_version = Table(
    "catalogue_version", metadata, Column("only_row", Boolean(), primary_key=True),
    Column("version", BigInteger(), nullable=False),
)  # fmt: skip
