"""Consents as events: given, withdrawn, refused, asked again. What is in force is read from them alone. Pure. PIPL articles 14 to 16.

A consent belongs to one person, one purpose of one service, one platform, and to one text word for word (its version is the text's
SHA-256). Each event has the next number of its matter, so of two that are written at once one is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from services.errors import ConsentMissing
from services.exposure import Disclosure


class ConsentName(StrEnum):
    """What may happen to a consent."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    ASKED_AGAIN = "asked_again"


ENDED = frozenset({ConsentName.WITHDRAWN, ConsentName.REFUSED})


@dataclass(frozen=True, slots=True, order=True)
class ConsentMatter:
    """For what consent is asked: a purpose of a service, inside one platform."""

    service: str
    purpose: str
    platform: str


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One thing that happened. ``channel``: through which door (a platform, ``web``, ``window``); ``by``: a clerk who wrote it down."""

    event_id: UUID
    agency_id: UUID
    person_id: UUID
    matter: ConsentMatter
    number: int
    name: ConsentName
    version: str
    channel: str
    at: datetime
    by: UUID | None = None


@dataclass(frozen=True, slots=True)
class ConsentState:
    """How one matter stands. ``number`` of the newest event, 0 for none; ``version`` is the text that it speaks of."""

    name: ConsentName | None = None
    number: int = 0
    version: str = ""

    def allows(self, version: str) -> bool:
        """Whether exactly this text was agreed to, and still is."""
        return self.name is ConsentName.GIVEN and bool(version) and self.version == version


NOTHING = ConsentState()


def fold_consents(events: Iterable[ConsentEvent]) -> ConsentState:
    """How a matter stands after its events, in whatever order they come; of accounts that were joined, all of them.

    The highest number counts. Before a join two accounts counted apart: a withdrawal that is not older than the other account's consent
    ends it.
    """
    known = list(events)
    if not known:
        return NOTHING
    last = max(known, key=lambda one: (one.number, one.name in ENDED, one.at, one.event_id))
    later = [one for one in known if one.name in ENDED and one.person_id != last.person_id and one.at >= last.at]
    if last.name is ConsentName.GIVEN and later:
        last_end = max(later, key=lambda one: (one.at, one.event_id))
        return ConsentState(last_end.name, last.number, last_end.version)
    return ConsentState(last.name, last.number, last.version)


@dataclass(frozen=True, slots=True)
class PurposeText:
    """One version of what is told of a purpose: canonical JSON, kept word for word. ``version`` is its SHA-256 in lower-case hex."""

    matter: ConsentMatter
    version: str
    text: str


@dataclass(frozen=True, slots=True)
class KeptText:
    """A text as the store keeps it, since when."""

    text: PurposeText
    since: datetime


class ConsentStore(Protocol):
    """Consents and the texts of purposes within one transaction, which must have been begun with all agencies."""

    def hold(self, person_id: UUID) -> tuple[UUID, UUID]:
        """Agency and id of the account that this person is by now, held till the end of the transaction. Raises ``NotFound``."""
        ...

    def list_of(self, person_id: UUID, matter: ConsentMatter | None = None) -> list[ConsentEvent]:
        """Every event of this account and of all that were joined with it, by number; of one matter or of all."""
        ...

    def append(self, event: ConsentEvent) -> None:
        """Raises ``VersionTaken`` if this number of the matter was written by another."""

    def keep(self, texts: Sequence[PurposeText], at: datetime) -> None:
        """Keep those texts that are not kept yet."""

    def find_texts(self, versions: Sequence[str]) -> list[KeptText]:
        """The texts of these versions, as far as they are kept."""
        ...

    def list_outdated(self, current: Sequence[PurposeText], limit: int) -> list[ConsentEvent]:
        """Consents, as their newest event, that were given to another text than the one in force for their matter. Only the worker's role may."""
        ...

    def erase(self, person_id: UUID) -> int:
        """Delete every event of this account and of all that were joined with it; how many. Only the worker's role may."""
        ...


class ConsentGate(Protocol):
    """What door and guard ask before anything of a purpose that rests on consent may be seen."""

    def require(self, disclosure: Disclosure) -> None:
        """Raise ``ConsentMissing`` unless the person has agreed to this very text, and has not withdrawn it; ``StoreUnavailable``."""


class NobodyAgreed:
    """``ConsentGate`` of a process without one: what rests on consent does not leave."""

    def require(self, disclosure: Disclosure) -> None:
        """Raise ``ConsentMissing`` for every purpose that rests on consent."""
        if disclosure.consent:
            raise ConsentMissing(
                f"{disclosure.service}: {disclosure.purpose} rests on consent, and nobody can say whose"
            )
