"""Calendars of working days, in versions."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, Integer, Table

from adapters.stores.tables.columns import metadata, moment_column, text_column

calendar_versions = Table(
    "calendar_versions", metadata, text_column("region", key=True), Column("version", Integer(), primary_key=True),
    Column("published_from", Date(), nullable=False), Column("published_until", Date(), nullable=False),
    text_column("digest"), moment_column("made_at"), text_column("reason"),
)  # fmt: skip
calendar_days = Table(
    "calendar_days", metadata, text_column("region", key=True), Column("version", Integer(), primary_key=True),
    Column("day", Date(), primary_key=True), Column("working", Boolean(), nullable=False), text_column("name"),
    text_column("source"),
)  # fmt: skip
