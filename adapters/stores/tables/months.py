"""Months that were closed, their figures, and the seals of what happened in them."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, Table

from adapters.stores.tables.columns import (
    bytes_column,
    id_column,
    json_column,
    metadata,
    moment_column,
    text_column,
)

closed_months = Table(
    "closed_months", metadata, id_column("agency_id", key=True), text_column("month", key=True), text_column("digest"),
    id_column("record_id"), json_column("calendars"), json_column("mappings"), moment_column("closed_at"),
    Column("form", Integer()),
)  # fmt: skip
month_figures = Table(
    "month_figures", metadata, id_column("agency_id"), text_column("month"), text_column("service"),
    id_column("manager_id", nullable=True), json_column("figures"),
)  # fmt: skip
month_seals = Table(
    "month_seals", metadata, id_column("agency_id", key=True), text_column("month", key=True),
    text_column("service", key=True), Column("happened_on", Date(), primary_key=True), text_column("kind", key=True),
    Column("leaves", Integer(), nullable=False), bytes_column("mark"),
)  # fmt: skip
