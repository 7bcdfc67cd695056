"""The dead-man switch: looks every so often, believes what it has seen four times, tells the supervision office by itself.

It shares nothing with the sweeper but the note that it reads: a process of its own, no queue, no worker, its own mail, its own diary.
Times that are told come from the clock port; how often it looks, and how many looks are believed, goes by the looks themselves, so that a
clock that was moved ahead (a machine that slept, a demo) raises no alarm before the sweeper had its turn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.errors import StoreUnavailable
from services.mail_port import Mail, MailFault
from services.ports import Clock
from services.watch import Lookout, Trouble, TroubleKind, WatchTerms, find_troubles
from services.watch_diary import Diary, Outage, Page, begin_outage, end_outage, forget_old, list_due, note_told
from services.watch_words import write_letter

BELIEVED = 4
"""So many looks in a row make an outage, or its end."""
PATIENT_AFTER, PATIENT_LOOKS = 10, 20
"""After so many failures in a row the mail server is asked only every so many looks."""
Report = Callable[[str, str], None]
"""Told of every turn: what happened, and of which outage or kind of mail fault."""


@dataclass
class Watchman:
    """``mailboxes`` are those of the settings; without them those of the store, as they were known last."""

    lookout: Lookout
    mail: Mail
    diary: Diary
    clock: Clock
    terms: WatchTerms
    mailboxes: tuple[str, ...] = ()
    believed: int = BELIEVED
    report: Report = lambda _what, _which: None
    page: Page | None = None
    bad: Counter[str] = field(default_factory=Counter)
    good: Counter[str] = field(default_factory=Counter)
    failures: int = 0

    def look(self) -> None:
        """One look, and the letters that follow from it. Raises nothing that a store, a mail server or a diary can cause."""
        now = self.clock.now()
        before = self.page if self.page is not None else self.diary.read()
        seen, blind = self._see(now)
        page = self._judge(before, seen, now, blind=blind)
        self._keep(replace(page, mailboxes=self._find_mailboxes(page, blind=blind)), before)
        self._tell(now)

    def _see(self, now: datetime) -> tuple[dict[str, Trouble], bool]:
        """What is wrong, by key; and whether nothing else could be seen."""
        try:
            troubles = find_troubles(self.lookout.look(), self.terms, now)
        except StoreUnavailable:
            return {str(TroubleKind.STORE): Trouble(TroubleKind.STORE)}, True
        return {trouble.key: trouble for trouble in troubles}, False

    def _judge(self, page: Page, seen: dict[str, Trouble], now: datetime, *, blind: bool) -> Page:
        """Count looks; what has been seen often enough begins or ends. A blind look says nothing of what it could not see."""
        for key, trouble in seen.items():
            self.bad[key] += 1
            self.good[key] = 0
            known = page.outages.get(key)
            if self.bad[key] >= self.believed or (known is not None and known.ended_at is None):
                if known is None or known.ended_at is not None:
                    self.report("begins", key)
                page = begin_outage(page, trouble, now)
        for key in set(self.bad) | set(page.outages):
            if key in seen or (blind and key != TroubleKind.STORE):
                continue
            self.good[key] += 1
            self.bad[key] = 0
            known = page.outages.get(key)
            if self.good[key] >= self.believed and known is not None and known.ended_at is None:
                self.report("ends", key)
                page = end_outage(page, key, now)
        return forget_old(page, now)

    def _find_mailboxes(self, page: Page, *, blind: bool) -> tuple[str, ...]:
        if self.mailboxes:
            return self.mailboxes
        if blind:
            return page.mailboxes
        try:
            return self.lookout.list_mailboxes() or page.mailboxes
        except StoreUnavailable:
            return page.mailboxes

    def _keep(self, page: Page, before: Page) -> None:
        """What cannot be written down is remembered as long as this process lives."""
        self.page = page
        if page == before:
            return
        try:
            self.diary.write(page)
        except OSError:
            self.report("not_written", "diary")

    def _tell(self, now: datetime) -> None:
        """Send what is due; what was handed over is noted at once, so that a killed watchman repeats one letter at most, under its name."""
        for outage in list_due(self.page or Page(), now):
            page = self.page or Page()
            if not page.mailboxes:
                self.report("no_mailbox", outage.trouble.key)
                continue
            if self._waits_for_mail():
                continue
            if self._send(outage, page.mailboxes, now):
                self._keep(note_told(page, outage, now), page)

    def _waits_for_mail(self) -> bool:
        """Whether this look spares a mail server that has failed many times."""
        if self.failures < PATIENT_AFTER:
            return False
        self.failures += 1
        return self.failures % PATIENT_LOOKS != 0

    def _send(self, outage: Outage, to: tuple[str, ...], now: datetime) -> bool:
        try:
            refused = self.mail.send(write_letter(outage, to, now))
        except MailFault as fault:
            self.failures += 1
            self.report("not_sent", fault.code)
            return False
        self.failures = 0
        self.report("told", outage.trouble.key)
        if refused:
            self.report("recipients_refused", outage.trouble.key)
        return True
