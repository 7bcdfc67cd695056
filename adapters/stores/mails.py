"""Mail to the supervision office: lines that wait, and the mails made of them. Nothing here is personal, so nothing is encrypted."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from adapters.stores.tables.mails import alert_mail_lines, alert_mails
from services.mail_record import AlertMail, MailLine, MailState

_NEAREST = text("""
    WITH RECURSIVE up AS (
        SELECT agency_id, parent_id, 0 AS step FROM agencies WHERE agency_id = :agency_id
        UNION ALL SELECT above.agency_id, above.parent_id, up.step + 1 FROM agencies above JOIN up ON above.agency_id = up.parent_id
    ), known AS (SELECT up.step, box.address FROM up JOIN supervision_mailboxes box USING (agency_id))
    SELECT address FROM known WHERE step = (SELECT min(step) FROM known) ORDER BY address
""")

_GATHER = text("""
    WITH oldest AS MATERIALIZED (
        SELECT agency_id, alert_id, rise FROM alert_mail_lines WHERE agency_id = :agency_id AND mail_id IS NULL
        ORDER BY told_at, alert_id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE alert_mail_lines line SET mail_id = :mail_id FROM oldest
    WHERE (line.agency_id, line.alert_id, line.rise) = (oldest.agency_id, oldest.alert_id, oldest.rise)
""")
_TAKE = text("""
    WITH first AS MATERIALIZED (
        SELECT agency_id, mail_id FROM alert_mails WHERE agency_id = :agency_id AND state = 'sending' AND due_at <= :at
        ORDER BY due_at, mail_id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE alert_mails mail SET due_at = :until, tries = mail.tries + 1 FROM first
    WHERE (mail.agency_id, mail.mail_id) = (first.agency_id, first.mail_id)
    RETURNING mail.agency_id, mail.mail_id, mail.made_at, mail.due_at, mail.left_to, mail.tries, mail.state
""")
"""Chosen apart from the change: in a subquery the planner may choose again for each row, and give more than the limit."""


class SqlMailStore:
    """``mail_record.MailStore`` within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, line: MailLine) -> None:
        row = insert(alert_mail_lines).values(
            agency_id=line.agency_id, alert_id=line.alert_id, rise=line.rise, told_at=line.told_at
        )
        self._connection.execute(row.on_conflict_do_nothing())

    def list_mailboxes(self, agency_id: UUID) -> tuple[str, ...]:
        return tuple(self._connection.execute(_NEAREST, {"agency_id": agency_id}).scalars())

    def gather(self, mail: AlertMail, limit: int) -> list[MailLine]:
        """See the port; lines that another worker holds are left to it."""
        row = {"agency_id": mail.agency_id, "mail_id": mail.mail_id}
        if not self._connection.execute(_GATHER, row | {"most": limit}).rowcount:
            return []
        self._connection.execute(insert(alert_mails).values(**row, made_at=mail.made_at, **_moving(mail)))
        return self.list_lines(mail)

    def take_due(self, agency_id: UUID, now: datetime, until: datetime) -> AlertMail | None:
        row = self._connection.execute(_TAKE, {"agency_id": agency_id, "at": now, "until": until}).first()
        return None if row is None else _read_mail(row)

    def list_lines(self, mail: AlertMail) -> list[MailLine]:
        cells = alert_mail_lines.c
        rows = select(alert_mail_lines).where(cells.agency_id == mail.agency_id, cells.mail_id == mail.mail_id)
        ordered = rows.order_by(cells.told_at, cells.alert_id, cells.rise)
        return [
            MailLine(row.agency_id, row.alert_id, row.rise, row.told_at) for row in self._connection.execute(ordered)
        ]

    def keep(self, mail: AlertMail) -> None:
        cells = alert_mails.c
        mine = update(alert_mails).where(cells.agency_id == mail.agency_id, cells.mail_id == mail.mail_id)
        self._connection.execute(mine.where(cells.state == "sending").values(**_moving(mail)))

    def last_made_at(self, agency_id: UUID) -> datetime | None:
        newest = select(func.max(alert_mails.c.made_at)).where(alert_mails.c.agency_id == agency_id)
        return self._connection.execute(newest).scalar()

    def find_next(self, agency_id: UUID) -> datetime | None:
        cells = alert_mails.c
        first = select(func.min(cells.due_at)).where(cells.agency_id == agency_id, cells.state == "sending")
        return self._connection.execute(first).scalar()

    def is_waiting(self, agency_id: UUID) -> bool:
        cells = alert_mail_lines.c
        found = exists().where(cells.agency_id == agency_id, cells.mail_id.is_(None))
        return bool(self._connection.execute(select(found)).scalar())


def _moving(mail: AlertMail) -> dict[str, Any]:
    return {"due_at": mail.due_at, "left_to": list(mail.left_to), "tries": mail.tries, "state": str(mail.state)}


def _read_mail(row: Row[Any]) -> AlertMail:
    return AlertMail(
        row.mail_id, row.agency_id, row.made_at, row.due_at, tuple(row.left_to), row.tries, MailState(row.state)
    )  # fmt: skip
