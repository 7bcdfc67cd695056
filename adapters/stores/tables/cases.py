"""Cases, their events, their numbers, their lines on the desks; drafts and the index of files."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, Table

from adapters.stores.tables.columns import bytes_column, id_column, metadata, moment_column, text_column

cases = Table(
    "cases", metadata, id_column("agency_id", key=True), id_column("case_id", key=True), text_column("service"),
    Column("mapping_version", Integer(), nullable=False), text_column("case_no"), text_column("channel"),
    text_column("app"), id_column("person_id", nullable=True), id_column("login_id", nullable=True),
    id_column("organisation_id", nullable=True), id_column("mandate_id", nullable=True),
    id_column("opened_by", nullable=True), text_column("delivery"), moment_column("received_at"),
    Column("received_on", Date(), nullable=False), Column("business_on", Date(), nullable=False),
    bytes_column("name_hash"), bytes_column("number_hash"), bytes_column("applicant_cipher"),
    bytes_column("agent_cipher", nullable=True), bytes_column("inputs_cipher"),
    bytes_column("chain_cipher", nullable=True), bytes_column("principal_chain_cipher", nullable=True),
)  # fmt: skip
case_events = Table(
    "case_events", metadata, id_column("agency_id", key=True), id_column("case_id", key=True),
    Column("version", Integer(), primary_key=True), text_column("name"), text_column("state"), text_column("hand"),
    moment_column("at"), id_column("staff_id", nullable=True), bytes_column("data_cipher"),
)  # fmt: skip
case_counters = Table(
    "case_counters", metadata, id_column("agency_id", key=True), text_column("period", key=True),
    Column("number", BigInteger(), nullable=False),
)  # fmt: skip
desk_lines = Table(
    "desk_lines", metadata, id_column("agency_id", key=True), id_column("case_id", key=True),
    id_column("lead_agency_id"), text_column("service"), text_column("case_no"), text_column("state"),
    Column("version", Integer(), nullable=False), text_column("waits_for"), Column("step", Integer(), nullable=False),
    Column("due_on", Date()), Column("urgent_on", Date(), nullable=False), text_column("due_clock"),
    Column("provisional", Boolean(), nullable=False), id_column("claimed_by", nullable=True),
    moment_column("received_at"), moment_column("updated_at"), Column("closed", Boolean(), nullable=False),
    bytes_column("name_hash"), bytes_column("number_hash"),
)  # fmt: skip
case_drafts = Table(
    "case_drafts", metadata, id_column("agency_id", key=True), id_column("draft_id", key=True), id_column("person_id"),
    id_column("login_id"), text_column("service"), Column("mapping_version", Integer(), nullable=False),
    text_column("channel"), bytes_column("content_cipher"), Column("version", Integer(), nullable=False),
    moment_column("created_at"), moment_column("updated_at"), moment_column("submitted_at", nullable=True),
)  # fmt: skip
stored_files = Table(
    "stored_files", metadata, id_column("agency_id", key=True), id_column("file_id", key=True), id_column("owner"),
    text_column("material"), text_column("digest"), text_column("media_type"),
    Column("size_bytes", BigInteger(), nullable=False), bytes_column("title_cipher"), moment_column("uploaded_at"),
    text_column("uploaded_by"),
)  # fmt: skip
