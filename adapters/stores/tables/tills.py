"""Clerks' tills and their events."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, Table

from adapters.stores.tables.columns import bytes_column, id_column, json_column, metadata, moment_column, text_column

cash_tills = Table(
    "cash_tills", metadata, id_column("agency_id", key=True), id_column("till_id", key=True), id_column("staff_id"),
    Column("number", Integer(), nullable=False), moment_column("opened_at"), Column("business_on", Date(), nullable=False),
)  # fmt: skip
cash_till_events = Table(
    "cash_till_events", metadata, id_column("agency_id", key=True), id_column("till_id", key=True),
    Column("version", Integer(), primary_key=True), text_column("name"), text_column("state"), moment_column("at"),
    id_column("staff_id"), json_column("data"), bytes_column("words_cipher", nullable=True),
)  # fmt: skip
