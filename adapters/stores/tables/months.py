"""Months that were closed, and their figures."""

from __future__ import annotations

from sqlalchemy import Table

from adapters.stores.tables.columns import id_column, json_column, metadata, moment_column, text_column

closed_months = Table(
    "closed_months", metadata, id_column("agency_id", key=True), text_column("month", key=True), text_column("digest"),
    id_column("record_id"), json_column("calendars"), json_column("mappings"), moment_column("closed_at"),
)  # fmt: skip
month_figures = Table(
    "month_figures", metadata, id_column("agency_id"), text_column("month"), text_column("service"),
    id_column("manager_id", nullable=True), json_column("figures"),
)  # fmt: skip
