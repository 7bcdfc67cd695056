"""Agencies, platform apps, merchant accounts, back ends: read by every role, written by ``import_accounts`` alone."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Table

from adapters.stores.tables.columns import id_column, json_column, metadata, moment_column, text_column

agencies = Table(
    "agencies", metadata, id_column("agency_id", key=True), text_column("slug"), id_column("parent_id", nullable=True),
    json_column("name"),
)  # fmt: skip
platform_apps = Table(
    "platform_apps", metadata, id_column("agency_id", key=True), text_column("app", key=True), text_column("platform"),
    text_column("app_id"), text_column("api_url"), json_column("secrets"), json_column("options"),
)  # fmt: skip
merchant_accounts = Table(
    "merchant_accounts", metadata, id_column("agency_id", key=True), text_column("account", key=True),
    text_column("platform"), text_column("app_id"), text_column("merchant_id"), text_column("mode"),
    text_column("sub_merchant_id", nullable=True), text_column("pay_url"), text_column("payee"),
    json_column("secrets"), json_column("options"), moment_column("valid_from", nullable=True),
    moment_column("valid_until", nullable=True),
)  # fmt: skip
back_ends = Table(
    "back_ends", metadata, id_column("agency_id", key=True), text_column("name", key=True), text_column("url"),
    json_column("secrets"), json_column("options"),
)  # fmt: skip
directory_version = Table(
    "directory_version", metadata, Column("only_row", Boolean(), primary_key=True),
    Column("version", BigInteger(), nullable=False),
)  # fmt: skip
