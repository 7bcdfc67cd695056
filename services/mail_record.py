"""Mail to the supervision office beside its inbox: which alerts wait to be written of, and the mails made of them.

A line waits from the transaction in which its alert was told (or went up). The job ``mail_alert`` gathers the lines of one office into
one mail, claims it, sends it, and says what became of it. ``docs/watching.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class MailState(StrEnum):
    """What became of a mail."""

    SENDING = "sending"
    """Claimed; the mail server has not taken it for everybody yet."""
    SENT = "sent"
    REFUSED = "refused"
    """The mail server will not have it, for good."""
    GIVEN_UP = "given_up"
    """Tried for days in vain."""
    NOBODY = "nobody"
    """No mailbox is known for the office, or this installation sends no mail."""


@dataclass(frozen=True, slots=True)
class MailLine:
    """An alert that the office of ``agency_id`` is to be written of. ``rise``: how often it had gone up by then."""

    agency_id: UUID
    alert_id: UUID
    rise: int
    told_at: datetime


@dataclass(frozen=True, slots=True)
class AlertMail:
    """One mail to one office. ``left_to`` are the mailboxes that have not taken it yet; ``due_at``: when it may be tried (again)."""

    mail_id: UUID
    agency_id: UUID
    made_at: datetime
    due_at: datetime
    left_to: tuple[str, ...]
    tries: int = 0
    state: MailState = MailState.SENDING


class MailStore(Protocol):
    """Lines and mails, within one transaction."""

    def put(self, line: MailLine) -> None:
        """Let a line wait; the same line again changes nothing."""
        ...

    def list_mailboxes(self, agency_id: UUID) -> tuple[str, ...]:
        """Those of the agency's supervision office, else of the nearest agency above that has any."""
        ...

    def gather(self, mail: AlertMail, limit: int) -> list[MailLine]:
        """Keep a new mail and give it the lines that wait for its office, the oldest first; without any, nothing is kept.

        Two at once never get the same line.
        """
        ...

    def take_due(self, agency_id: UUID, now: datetime, until: datetime) -> AlertMail | None:
        """An unfinished mail whose time has come, put off till ``until`` so that nobody else takes it meanwhile; its tries go up."""
        ...

    def list_lines(self, mail: AlertMail) -> list[MailLine]: ...
    def keep(self, mail: AlertMail) -> None:
        """Put the mail's new state in the place of the old one."""
        ...

    def last_made_at(self, agency_id: UUID) -> datetime | None:
        """When the office's latest mail was made."""
        ...

    def find_next(self, agency_id: UUID) -> datetime | None:
        """When the next unfinished mail may be tried; None if there is none."""
        ...

    def is_waiting(self, agency_id: UUID) -> bool:
        """Whether a line waits that no mail has."""
        ...
