"""Whether an applicant was told, as the platforms and the provider of text messages keep it: once each, with the least content."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from adapters.clock import SHANGHAI
from gateway.demo.examination import CASE_SECONDS, Matter
from gateway.demo.journey import require
from gateway.demo.phone import Phone
from gateway.demo.web import read_texts
from gateway.launch.loopback import send
from services.doors import PLATFORMS

LAST_DIGITS = 4
"""How much of a case's number a message outside our own doors shows."""
A_MINUTE = timedelta(minutes=1)


def read_messages(phone: Phone) -> list[dict[str, Any]]:
    """The messages that a platform delivered to this phone."""
    query = urlencode({"app_id": phone.app_id, "user": phone.person.user})
    found: list[dict[str, Any]] = send("GET", f"{phone.sandbox_url}/_sandbox/phone/messages?{query}").json()
    return found


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened between two moments of the clock: by the minute and the case's last digits its messages are known."""

    matter: Matter
    begun: datetime
    done: datetime
    reachable: bool
    """Whether the person was in a platform's app at all when it happened."""

    def is_about(self, message: dict[str, Any]) -> bool:
        """Whether a message tells of it."""
        told = str(message)
        return self.matter.applicant.case_no[-LAST_DIGITS:] in told and any(one in told for one in self._minutes())

    def _minutes(self) -> Iterator[str]:
        at = self.begun.replace(second=0, microsecond=0)
        while at <= self.done:
            local = at.astimezone(SHANGHAI)
            yield f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
            at += A_MINUTE

    def count(self) -> tuple[int, int]:
        """Messages through platforms, and text messages. Raises ``StepFailed`` if one says more than it may."""
        messages = [one for phone in list_phones(self.matter) for one in read_messages(phone) if self.is_about(one)]
        person = self.matter.applicant.phone.person
        texts = [one for one in read_texts(self.matter.stage.texts, person.phone) if self.is_about(one)]
        for told in map(str, messages):
            require(self.matter.applicant.case_no not in told, "a message has the whole number of the case")
            require(person.real_name not in told and person.phone not in told, "a message names the person")
        return len(messages), len(texts)


def list_phones(matter: Matter) -> list[Phone]:
    """This person's phones with a platform's app, as far as they have signed in there."""
    user, phones = matter.applicant.phone.person.user, matter.stage.phones.items()
    mine = [one for (owner, door), one in phones if owner == user and door in PLATFORMS]
    return [one for one in mine if one.signed_in_at is not None]


def await_first(notice: Notice) -> None:
    """The first rung is climbed before the clock moves on."""
    deadline = time.monotonic() + CASE_SECONDS
    while notice.count() == (0, 0):
        require(time.monotonic() < deadline, "nobody was told")
        time.sleep(0.2)


def check_told_once(notice: Notice) -> None:
    """A notice with legal effect that nobody has read: one message through a platform, a day later one text message, no more."""
    with notice.matter.journey.step("the notice was told by the ladder, once on each rung") as told:
        deadline, wanted = time.monotonic() + CASE_SECONDS, (1 if notice.reachable else 0, 1)
        while notice.count() != wanted and time.monotonic() < deadline:
            time.sleep(0.2)
        messages, texts = notice.count()
        require((messages, texts) == wanted, f"{messages} messages through platforms, {texts} text messages")
        told.append(
            f"{messages} through a platform, {texts} by text; the last {LAST_DIGITS} digits of the number in each"
        )
