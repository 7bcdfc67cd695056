"""Alerts by mail, beside the console: asked for in the transaction that tells an alert, sent by the job ``mail_alert``, office by office.

The job's subject is the office. It gathers everything that waits for it into one mail and leaves some minutes between two, so that an
outage that is made up for fills no mailbox. A mail is claimed and committed before it is sent; a worker that is killed in between leaves
one that is sent again under the same Message-ID. No mail, no server and no mailbox ever hold up an alert: the inbox has it in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.alert_mail_words import Told, write_alert_letter
from services.alert_record import Alert, AlertStore
from services.mail_port import Mail, MailFault
from services.mail_record import AlertMail, MailLine, MailState, MailStore
from services.mapping import Texts
from services.ports import Clock, Directory, JobQueue

TASK = "mail_alert"
LEASE = timedelta(minutes=10)
"""How long one try of a mail may take before another worker may try it; longer than ``adapters.mail`` lets it."""
BETWEEN = timedelta(minutes=5)
"""So long after one mail to an office the next one is made."""
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))
"""After so many tries in vain the next one follows; the last goes on."""
GIVEN_UP_AFTER = timedelta(days=3)
MOST_LINES = 1000
MOST_MAILS = 20
"""In one job."""


class MailTransaction(Protocol):
    """The part of a transaction that asking for mail needs."""

    mails: MailStore
    jobs: JobQueue


class AlertMailTransaction(MailTransaction, Protocol):
    """What the job needs beside it."""

    alerts: AlertStore


class MailHouse(Protocol):
    """The worker's store. Raises ``StoreUnavailable``."""

    def begin(self, agencies: Sequence[UUID]) -> AbstractContextManager[AlertMailTransaction]: ...


@dataclass(frozen=True, slots=True)
class MailRoom:
    """What the worker needs. ``mail`` is None where no mail is sent; ``title_of`` a service's title, as it is known now.

    ``console_url`` is where the letters lead, if it is known.
    """

    house: MailHouse
    directory: Directory
    clock: Clock
    new_id: Callable[[], UUID]
    title_of: Callable[[str], Texts]
    mail: Mail | None = None
    console_url: str | None = None


def ask_mail(tx: MailTransaction, alert: Alert, now: datetime) -> None:
    """In the transaction that tells an alert, or moves it up: let the office on whose desk it lies be written to."""
    tx.mails.put(MailLine(alert.level_agency_id, alert.alert_id, alert.escalations, now))
    tx.jobs.enqueue(TASK, alert.level_agency_id, alert.level_agency_id)


def mail_alert(room: MailRoom, agency_id: UUID, _subject: UUID, _request_id: str) -> int:
    """Job: send what is due to one office; gives how many mails were finished. Raises ``StoreUnavailable``."""
    finished = 0
    for _ in range(MOST_MAILS):
        mail = _take(room, agency_id)
        if mail is None:
            break
        done = _send(room, mail)
        with room.house.begin((agency_id,)) as tx:
            tx.mails.keep(done)
        finished += done.state is not MailState.SENDING
    _plan_next(room, agency_id)
    return finished


def _take(room: MailRoom, agency_id: UUID) -> AlertMail | None:
    """An unfinished mail whose time has come, else a new one of what waits; claimed when this returns."""
    now = room.clock.now()
    with room.house.begin((agency_id,)) as tx:
        mail = tx.mails.take_due(agency_id, now, now + LEASE)
        if mail is not None or not _may_make(tx.mails, agency_id, now):
            return mail
        boxes = tx.mails.list_mailboxes(agency_id)
        fresh = AlertMail(room.new_id(), agency_id, now, now + LEASE, boxes, 1)
        return fresh if tx.mails.gather(fresh, MOST_LINES) else None


def _may_make(mails: MailStore, agency_id: UUID, now: datetime) -> bool:
    last = mails.last_made_at(agency_id)
    return last is None or not timedelta(0) <= now - last < BETWEEN


def _send(room: MailRoom, mail: AlertMail) -> AlertMail:
    """One try; the mail as it is afterwards."""
    now = room.clock.now()
    if room.mail is None or not mail.left_to:
        return replace(mail, state=MailState.NOBODY)
    letter = write_alert_letter(_read_lines(room, mail), mail, room.console_url)
    try:
        refused = room.mail.send(letter)
    except MailFault as fault:
        if not fault.retryable:
            return replace(mail, state=MailState.REFUSED)
        return _put_off(mail, mail.left_to, now)
    left = tuple(address for address, for_good in refused.items() if not for_good)
    return _put_off(mail, left, now) if left else replace(mail, left_to=(), state=MailState.SENT)


def _put_off(mail: AlertMail, left: tuple[str, ...], now: datetime) -> AlertMail:
    if now - mail.made_at > GIVEN_UP_AFTER:
        return replace(mail, left_to=left, state=MailState.GIVEN_UP)
    wait = WAITS[min(max(mail.tries, 1), len(WAITS)) - 1]
    return replace(mail, left_to=left, due_at=now + wait)


def _read_lines(room: MailRoom, mail: AlertMail) -> list[Told]:
    """The alerts of a mail with the titles of their services; the same whenever it is asked for, as long as nobody renames a service."""
    with room.house.begin(room.directory.all_agencies()) as tx:
        lines = tx.mails.list_lines(mail)
        found = [(line, loaded[0]) for line in lines if (loaded := tx.alerts.load(line.alert_id)) is not None]
    return [Told(alert.planned, line.rise, room.title_of(alert.planned.service)) for line, alert in found]


def _plan_next(room: MailRoom, agency_id: UUID) -> None:
    """The job comes again when the next try is due, or when the next mail may be made."""
    with room.house.begin((agency_id,)) as tx:
        moments = [tx.mails.find_next(agency_id)]
        if tx.mails.is_waiting(agency_id):
            last = tx.mails.last_made_at(agency_id)
            moments.append((last or room.clock.now()) + BETWEEN)
        planned = [at for at in moments if at is not None]
        if planned:
            tx.jobs.schedule(TASK, agency_id, agency_id, min(planned))
