"""Persons, logins, their events, households, bindings, links to chain ids."""

from __future__ import annotations

from sqlalchemy import Column, SmallInteger, Table

from adapters.stores.tables.columns import bytes_column, id_column, json_column, metadata, moment_column, text_column

persons = Table(
    "persons", metadata, id_column("agency_id", key=True), id_column("person_id", key=True),
    Column("assurance", SmallInteger(), nullable=False), moment_column("created_at"),
    bytes_column("phone_cipher", nullable=True), bytes_column("real_name_cipher", nullable=True),
    bytes_column("identity_cipher", nullable=True), bytes_column("identity_hash", nullable=True), bytes_column("phone_hash", nullable=True),
    id_column("joined_into", nullable=True),
)  # fmt: skip
logins = Table(
    "logins", metadata, id_column("agency_id", key=True), id_column("login_id", key=True), id_column("person_id"),
    text_column("platform"), text_column("app"), bytes_column("user_hash"), bytes_column("user_cipher"),
    bytes_column("union_cipher", nullable=True), moment_column("created_at"),
    moment_column("revoked_at", nullable=True),
)  # fmt: skip
person_events = Table(
    "person_events", metadata, id_column("agency_id", key=True), id_column("event_id", key=True),
    id_column("person_id"), text_column("name"), moment_column("at"), json_column("data"),
)  # fmt: skip
chain_links = Table(
    "chain_links", metadata, id_column("agency_id", key=True), bytes_column("subject_hash", key=True),
    bytes_column("chain_cipher"), moment_column("created_at"),
)  # fmt: skip
households = Table(
    "households", metadata, id_column("agency_id", key=True), id_column("household_id", key=True),
    text_column("service"), bytes_column("household_hash"), bytes_column("household_no_cipher"),
    bytes_column("holder_name_cipher"), bytes_column("address_cipher"), moment_column("created_at"),
)  # fmt: skip
household_bindings = Table(
    "household_bindings", metadata, id_column("agency_id", key=True), id_column("household_id", key=True),
    id_column("person_id", key=True), moment_column("bound_at"), moment_column("unbound_at", nullable=True),
)  # fmt: skip
