"""Staff, their roles and events, and what they did and read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table

from adapters.stores.tables.columns import bytes_column, id_column, json_column, metadata, moment_column, text_column

staff = Table(
    "staff", metadata, id_column("agency_id", key=True), id_column("staff_id", key=True), text_column("login"),
    text_column("name"), moment_column("created_at"), moment_column("suspended_at", nullable=True),
    text_column("subject", nullable=True), bytes_column("password_cipher", nullable=True),
    bytes_column("one_time_cipher", nullable=True), Column("last_step", BigInteger()),
)  # fmt: skip
staff_roles = Table(
    "staff_roles", metadata, id_column("agency_id", key=True), id_column("grant_id", key=True), id_column("staff_id"),
    text_column("role"), moment_column("since_at"), moment_column("until_at", nullable=True),
    id_column("deputising_for", nullable=True),
)  # fmt: skip
staff_events = Table(
    "staff_events", metadata, id_column("agency_id", key=True), id_column("event_id", key=True), id_column("staff_id"),
    text_column("name"), moment_column("at"), id_column("by", nullable=True), json_column("data"),
)  # fmt: skip
staff_identities = Table(
    "staff_identities", metadata, id_column("agency_id", key=True), id_column("staff_id", key=True),
    bytes_column("identity_hash"), moment_column("set_at"),
)  # fmt: skip
acts = Table(
    "acts", metadata, id_column("agency_id", key=True), id_column("act_id", key=True), moment_column("at"),
    id_column("staff_id", nullable=True), text_column("act"), text_column("subject_kind"), text_column("subject_id"),
    bytes_column("reason_cipher"), json_column("detail"),
)  # fmt: skip
