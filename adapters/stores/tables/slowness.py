"""Patterns of slowness, their evidence, and what was written beside them."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from adapters.stores.tables.columns import (
    bytes_column,
    id_column,
    json_column,
    metadata,
    moment_column,
    text_column,
)

slowness_runs = Table(
    "slowness_runs", metadata, id_column("agency_id", key=True), text_column("month", key=True),
    Column("rule", Integer(), nullable=False), Column("tests", Integer(), nullable=False),
    Column("shown", Integer(), nullable=False), moment_column("at"),
)  # fmt: skip
slowness_patterns = Table(
    "slowness_patterns", metadata, id_column("agency_id", key=True), id_column("pattern_id", key=True),
    text_column("month"), text_column("service"), id_column("manager_id"), text_column("kind"),
    Column("number", Integer(), nullable=False), Column("rule", Integer(), nullable=False), json_column("terms"),
    Column("tests", Integer(), nullable=False), json_column("figures"), moment_column("shown_at"),
)  # fmt: skip
slowness_evidence = Table(
    "slowness_evidence", metadata, id_column("agency_id", key=True), id_column("pattern_id", key=True),
    id_column("case_id", key=True), text_column("case_no"), Column("place", Integer(), nullable=False),
    json_column("course"), json_column("numbers"),
)  # fmt: skip
slowness_events = Table(
    "slowness_events", metadata, id_column("agency_id", key=True), id_column("pattern_id", key=True),
    Column("version", Integer(), primary_key=True), text_column("name"), text_column("state"), moment_column("at"),
    id_column("staff_id", nullable=True), bytes_column("data_cipher"),
)  # fmt: skip
