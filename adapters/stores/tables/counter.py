"""Around cases: organisations and mandates, ratings and complaints, attempts to tell people, revoked slips."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Identity, Integer, Table

from adapters.stores.tables.columns import (
    bytes_column,
    id_column,
    json_column,
    metadata,
    moment_column,
    text_column,
)

organisations = Table(
    "organisations", metadata, id_column("agency_id", key=True), id_column("organisation_id", key=True),
    text_column("credit_code"), text_column("name"), bytes_column("chain_cipher", nullable=True),
    moment_column("recorded_at"),
)  # fmt: skip
mandates = Table(
    "mandates", metadata, id_column("agency_id", key=True), id_column("mandate_id", key=True), text_column("kind"),
    bytes_column("principal_cipher"), bytes_column("principal_hash"),
    bytes_column("principal_chain_cipher", nullable=True), id_column("organisation_id", nullable=True),
    id_column("principal_person_id", nullable=True), bytes_column("agent_cipher"), bytes_column("agent_hash"),
    id_column("agent_person_id", nullable=True), json_column("services"), moment_column("valid_from"),
    moment_column("valid_until", nullable=True), text_column("recorded_by"), moment_column("recorded_at"),
    bytes_column("proof_cipher"), moment_column("revoked_at", nullable=True), text_column("revoked_by", nullable=True),
)  # fmt: skip
ratings = Table(
    "ratings", metadata, id_column("agency_id", key=True), id_column("rating_id", key=True), text_column("about"),
    id_column("subject"), text_column("service"), text_column("channel"), Column("level", Integer(), nullable=False),
    json_column("tags"), bytes_column("words_cipher"), id_column("person_id", nullable=True),
    id_column("staff_id", nullable=True), moment_column("rated_at"),
)  # fmt: skip
rating_sums = Table(
    "rating_sums", metadata, id_column("agency_id", key=True), Column("year", Integer(), primary_key=True),
    text_column("service", key=True), id_column("staff_id", key=True), json_column("levels"), moment_column("through_at"),
    id_column("through_id"),
)  # fmt: skip
rating_tallies = Table(
    "rating_tallies", metadata, Column("year", Integer(), primary_key=True), moment_column("tallied_until")
)
struck_ratings = Table(
    "struck_ratings", metadata, id_column("agency_id", key=True), text_column("service", key=True),
    id_column("staff_id", key=True), Column("rated_at", DateTime(timezone=True), primary_key=True),
    id_column("rating_id", key=True),
)  # fmt: skip
complaints = Table(
    "complaints", metadata, id_column("agency_id", key=True), id_column("complaint_id", key=True), text_column("kind"),
    text_column("about"), id_column("subject"), text_column("service"), text_column("case_no"), text_column("channel"),
    id_column("person_id", nullable=True), json_column("against"), id_column("rating_id", nullable=True),
    bytes_column("words_cipher"), moment_column("filed_at"), Column("due_on", Date(), nullable=False),
    text_column("state"),
)  # fmt: skip
complaints_against = Table(
    "complaints_against", metadata, id_column("agency_id", key=True), id_column("staff_id", key=True),
    id_column("complaint_id", key=True),
)  # fmt: skip
complaint_events = Table(
    "complaint_events", metadata, id_column("agency_id", key=True), id_column("complaint_id", key=True),
    Column("version", Integer(), primary_key=True), text_column("name"), text_column("state"), moment_column("at"),
    id_column("staff_id", nullable=True), bytes_column("data_cipher"),
)  # fmt: skip
notice_attempts = Table(
    "notice_attempts", metadata, id_column("agency_id", key=True), id_column("case_id", key=True),
    text_column("notice", key=True), text_column("rung", key=True), Column("attempt", Integer(), primary_key=True),
    text_column("outcome", key=True), moment_column("at"), bytes_column("proof_cipher"),
    Column("number", BigInteger(), Identity(always=True), nullable=False),
)  # fmt: skip
revoked_slips = Table(
    "revoked_slips", metadata, id_column("agency_id", key=True), text_column("slip_id", key=True),
    bytes_column("reason_cipher"), moment_column("revoked_at"),
)  # fmt: skip
