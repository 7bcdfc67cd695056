"""Mail as the services know it: a letter to offices, how it may fail, and the plug for whatever sends it.

A letter holds nothing personal: it may pass other people's machines in clear. It tells that there is something to look at, and where.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail. ``name`` is its own for ever (letters, digits, ``.``, ``-``): the Message-ID is made of it, so that the same letter sent
    twice can be known as one. ``answers`` are the names of the letters that it follows. ``at`` is its date, by the clock port.
    """

    name: str
    to: tuple[str, ...]
    subject: str
    text: str = field(repr=False)
    at: datetime
    answers: tuple[str, ...] = ()


NAME = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
"""What a letter's name may be."""


class MailFault(Exception):
    """A letter was not handed over. ``retryable``: later it may be. The message never holds an address or what a server said.

    ``MailUnreachable``: it did not arrive. ``MailOutcomeUnknown``: it may have arrived; the same letter may be sent again under its
    name. ``MailRefused``: the server will not have it as it is.
    """

    retryable = True
    code = "mail_failed"


class MailUnreachable(MailFault):
    """No connection, no answer, no TLS, no log-in, or the server says later."""

    code = "mail_unreachable"


class MailOutcomeUnknown(MailFault):
    """The connection ended after the text had been sent and before it was acknowledged (RFC 1047)."""

    code = "mail_outcome_unknown"


class MailRefused(MailFault):
    """No recipient, the sender or the text is accepted, for good."""

    code = "mail_refused"
    retryable = False


class Mail(Protocol):
    """A way to send letters."""

    def send(self, letter: Letter) -> Mapping[str, bool]:
        """Hand a letter over; gives the recipients that were refused while others were accepted: address → for good, or else for now.

        Raises ``MailUnreachable``, ``MailOutcomeUnknown``, ``MailRefused``.
        """
        ...
