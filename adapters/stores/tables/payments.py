"""Payments, their events, claims, idempotency keys, work that is due later."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Integer, Table

from adapters.stores.tables.columns import bytes_column, id_column, json_column, metadata, moment_column, text_column

payments = Table(
    "payments", metadata, id_column("agency_id", key=True), id_column("payment_id", key=True), text_column("service"),
    Column("mapping_version", Integer(), nullable=False), id_column("person_id"), id_column("login_id"),
    id_column("household_id"), bytes_column("details_cipher"), bytes_column("chains_cipher", nullable=True),
    Column("amount_fen", BigInteger(), nullable=False), text_column("platform"), text_column("app"),
    text_column("account"), text_column("payee"), text_column("order_no"), text_column("sequence_no"),
    text_column("refund_no"), text_column("description"), moment_column("created_at"), moment_column("expires_at"),
    Column("business_on", Date(), nullable=False),
)  # fmt: skip
payment_events = Table(
    "payment_events", metadata, id_column("agency_id", key=True), id_column("payment_id", key=True),
    Column("version", Integer(), primary_key=True), text_column("name"), text_column("state"), moment_column("at"),
    json_column("data"),
)  # fmt: skip
claims = Table(
    "claims", metadata, id_column("agency_id", key=True), text_column("kind", key=True),
    bytes_column("key_hash", key=True), id_column("owner_id"), moment_column("claimed_at"),
)  # fmt: skip
idempotency_keys = Table(
    "idempotency_keys", metadata, id_column("agency_id", key=True), id_column("person_id", key=True),
    bytes_column("key_hash", key=True), id_column("payment_id"), bytes_column("digest_cipher"),
    bytes_column("reply_cipher", nullable=True), moment_column("claimed_at"),
)  # fmt: skip
due_work = Table(
    "due_work", metadata, id_column("agency_id", key=True), text_column("task", key=True),
    id_column("subject_id", key=True), moment_column("due_at"),
)  # fmt: skip
