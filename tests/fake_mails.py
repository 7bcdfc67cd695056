"""Mail to the supervision office, in memory: lines, mails, mailboxes; and a mail server that does what a test tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from adapters.boundary import refuse_inside_transaction
from services.mail_port import Letter, MailFault
from services.mail_record import AlertMail, MailLine, MailState


@dataclass
class MailTables:
    """Everything that a commit keeps. ``boxes`` and ``parents`` are the directory's."""

    lines: dict[tuple[UUID, UUID, int], tuple[MailLine, UUID | None]] = field(default_factory=dict)
    mails: dict[UUID, AlertMail] = field(default_factory=dict)
    boxes: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    parents: dict[UUID, UUID] = field(default_factory=dict)

    def snapshot(self) -> MailTables:
        """The tables as they are."""
        return MailTables(dict(self.lines), dict(self.mails), dict(self.boxes), dict(self.parents))


class FakeMails:
    """Implements ``mail_record.MailStore``."""

    def __init__(self, tables: MailTables, agencies: frozenset[UUID]) -> None:
        self.tables, self.agencies = tables, agencies

    def put(self, line: MailLine) -> None:
        self._require(line.agency_id)
        self.tables.lines.setdefault((line.agency_id, line.alert_id, line.rise), (line, None))

    def list_mailboxes(self, agency_id: UUID) -> tuple[str, ...]:
        place: UUID | None = agency_id
        while place is not None:
            if self.tables.boxes.get(place):
                return tuple(sorted(self.tables.boxes[place]))
            place = self.tables.parents.get(place)
        return ()

    def gather(self, mail: AlertMail, limit: int) -> list[MailLine]:
        self._require(mail.agency_id)
        waiting = self._waiting(mail.agency_id)[:limit]
        for line in waiting:
            self.tables.lines[line.agency_id, line.alert_id, line.rise] = line, mail.mail_id
        if waiting:
            self.tables.mails[mail.mail_id] = mail
        return waiting

    def take_due(self, agency_id: UUID, now: datetime, until: datetime) -> AlertMail | None:
        due = [mail for mail in self._unfinished(agency_id) if mail.due_at <= now]
        if not due:
            return None
        first = min(due, key=lambda mail: (mail.due_at, mail.mail_id))
        self.tables.mails[first.mail_id] = replace(first, due_at=until, tries=first.tries + 1)
        return self.tables.mails[first.mail_id]

    def list_lines(self, mail: AlertMail) -> list[MailLine]:
        mine = [line for line, owner in self.tables.lines.values() if owner == mail.mail_id]
        return sorted((line for line in mine if line.agency_id in self.agencies), key=_order)

    def keep(self, mail: AlertMail) -> None:
        self._require(mail.agency_id)
        if self.tables.mails[mail.mail_id].state is MailState.SENDING:
            self.tables.mails[mail.mail_id] = mail

    def last_made_at(self, agency_id: UUID) -> datetime | None:
        return max((mail.made_at for mail in self._mine(agency_id)), default=None)

    def find_next(self, agency_id: UUID) -> datetime | None:
        return min((mail.due_at for mail in self._unfinished(agency_id)), default=None)

    def is_waiting(self, agency_id: UUID) -> bool:
        return bool(self._waiting(agency_id))

    def _waiting(self, agency_id: UUID) -> list[MailLine]:
        free = [line for line, owner in self.tables.lines.values() if owner is None]
        return sorted((line for line in free if line.agency_id == agency_id and agency_id in self.agencies), key=_order)

    def _mine(self, agency_id: UUID) -> list[AlertMail]:
        return [one for one in self.tables.mails.values() if one.agency_id == agency_id and agency_id in self.agencies]

    def _unfinished(self, agency_id: UUID) -> list[AlertMail]:
        return [mail for mail in self._mine(agency_id) if mail.state is MailState.SENDING]

    def _require(self, agency_id: UUID) -> None:
        if agency_id not in self.agencies:
            raise AssertionError("row-level security: this transaction does not act for that agency")


def _order(line: MailLine) -> tuple[datetime, UUID, int]:
    return line.told_at, line.alert_id, line.rise


@dataclass
class FakeMailServer:
    """Implements ``mail_port.Mail``. ``faults`` are raised by the next sendings, one each; ``refused`` goes with the next success."""

    sent: list[Letter] = field(default_factory=list)
    faults: list[MailFault] = field(default_factory=list)
    refused: dict[str, bool] = field(default_factory=dict)

    def send(self, letter: Letter) -> Mapping[str, bool]:
        refuse_inside_transaction()
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(letter)
        refused, self.refused = self.refused, {}
        return {address: for_good for address, for_good in refused.items() if address in letter.to}
