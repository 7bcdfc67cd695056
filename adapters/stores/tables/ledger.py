"""The exposure ledger. It is written by ``exposure_log`` on its own connection and by ``chain_leaves``, read here."""

from __future__ import annotations

from sqlalchemy import Table

from adapters.stores.tables.columns import bytes_column, id_column, metadata, moment_column, text_column

exposure_records = Table(
    "exposure_records", metadata, id_column("agency_id", key=True), id_column("record_id", key=True),
    moment_column("at"), text_column("kind"), text_column("platform"), text_column("direction"),
    text_column("service"), id_column("of_id", nullable=True), bytes_column("leaf"), bytes_column("leaf_hash"),
)  # fmt: skip
exposure_persons = Table(
    "exposure_persons", metadata, id_column("agency_id", key=True), id_column("chain_id", key=True),
    id_column("record_id", key=True), text_column("platform"), id_column("attributed_by", nullable=True),
)  # fmt: skip
exposure_pending = Table(
    "exposure_pending", metadata, id_column("agency_id", key=True), id_column("record_id", key=True),
)  # fmt: skip
exposure_salts = Table(
    "exposure_salts", metadata, id_column("agency_id", key=True), id_column("record_id", key=True),
    bytes_column("salt", nullable=True), moment_column("erased_at", nullable=True),
)  # fmt: skip
exposure_publications = Table(
    "exposure_publications", metadata, id_column("agency_id", key=True), text_column("release", key=True),
    bytes_column("manifest_digest", key=True), id_column("record_id"),
)  # fmt: skip
