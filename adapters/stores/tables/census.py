"""What the census found, indicators entered by hand, counts of people whom a platform turned away."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, Table

from adapters.stores.tables.columns import id_column, json_column, metadata, moment_column, text_column

census_lines = Table(
    "census_lines", metadata, id_column("agency_id", key=True), id_column("run_id", key=True),
    text_column("service", key=True), text_column("platform", key=True), Column("version", Integer(), nullable=False),
    moment_column("at"), Column("reachable", Boolean(), nullable=False), Column("current", Boolean(), nullable=False),
    Column("faultless", Boolean(), nullable=False), json_column("findings"),
)  # fmt: skip
organisational_indicators = Table(
    "organisational_indicators", metadata, id_column("agency_id", key=True), id_column("entry_id", key=True),
    text_column("kind"), Column("value", BigInteger(), nullable=False), Column("as_of", Date(), nullable=False),
    text_column("source"), text_column("reason"), id_column("corrects", nullable=True), id_column("entered_by", nullable=True),
    moment_column("entered_at"),
)  # fmt: skip
turned_away = Table(
    "turned_away", metadata, id_column("agency_id", key=True), Column("day", Date(), primary_key=True),
    text_column("platform", key=True), text_column("occasion", key=True), text_column("ground", key=True),
    Column("count", BigInteger(), nullable=False),
)  # fmt: skip
