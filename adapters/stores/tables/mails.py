"""Mailboxes of the supervision office, alerts that wait to be written of, and the mails made of them."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from adapters.stores.tables.columns import id_column, json_column, metadata, moment_column, text_column

supervision_mailboxes = Table(
    "supervision_mailboxes", metadata, id_column("agency_id", key=True), text_column("address", key=True)
)
alert_mail_lines = Table(
    "alert_mail_lines", metadata, id_column("agency_id", key=True), id_column("alert_id", key=True),
    Column("rise", Integer(), primary_key=True), moment_column("told_at"), id_column("mail_id", nullable=True),
)  # fmt: skip
alert_mails = Table(
    "alert_mails", metadata, id_column("agency_id", key=True), id_column("mail_id", key=True), moment_column("made_at"),
    moment_column("due_at"), json_column("left_to"), Column("tries", Integer(), nullable=False), text_column("state"),
)  # fmt: skip
