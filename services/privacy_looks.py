"""Who saw what of whom: the privacy officer looks at one person's records across the platforms, for a ground of the law and a stated reason.

The act commits before anything is read of the ledger, the auditor sees it, and whoever was looked up is told as of any other look. By a number
of a case or an order only the records of that matter are shown, unless the whole is asked for. Of nobody, of somebody who left nothing, and of a
matter out of reach the answer is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.application_files import list_topmost, read_number
from services.case_errors import OwnMatter
from services.catalogue import Catalogue
from services.console_ports import ConsoleStore, ConsoleTransaction, PersonKey
from services.doors import PLATFORMS
from services.errors import InputRefused
from services.exposure_survey import SeenRecord
from services.exposure_view import explain_record
from services.model import JsonValue, Language, PlatformName
from services.ports import Clock, ExposureReader, RateLimiter
from services.privacy_room import OFFICERS
from services.reading_notes import append_look, name_holders
from services.reading_record import Subject, case_read, person_read
from services.staff_rules import read_reason
from services.staffing import Act, Actor

LOOK = "privacy.look"
LOOKS_AN_HOUR = 30
PAGE, MOST = 500, 2000


class Ground(StrEnum):
    """Why one person's records may be looked at; the article of the Personal Information Protection Law stands in ``ARTICLES``."""

    COPY = "copy"
    CORRECT = "correct"
    ERASE = "erase"
    COMPLAINT = "complaint"
    BREACH = "breach"
    SUPERVISE = "supervise"


ARTICLES: Mapping[Ground, str] = {
    Ground.COPY: "个人信息保护法第四十五条",
    Ground.CORRECT: "个人信息保护法第四十六条",
    Ground.ERASE: "个人信息保护法第四十七条",
    Ground.COMPLAINT: "个人信息保护法第五十条",
    Ground.BREACH: "个人信息保护法第五十七条",
    Ground.SUPERVISE: "个人信息保护法第五十二条",
}


class LookKey(StrEnum):
    """By what somebody is found: what belongs to one human alone (a telephone may be of several)."""

    IDENTITY_NUMBER = "identity_number"
    CASE_NO = "case_no"
    ORDER_NO = "order_no"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for, and why. ``whole``: also what is about other matters than the case or order."""

    key: LookKey
    value: str
    ground: Ground
    reason: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class SeenLine:
    """One record in plain words, with the account of the platform under which it was seen, and whose service it was."""

    record: SeenRecord
    account: str
    agency_id: UUID


@dataclass(frozen=True, slots=True)
class Found:
    """Whose chains are read: accounts, the number if it is known, and the one matter to which it is limited."""

    persons: tuple[UUID, ...] = ()
    number: str = ""
    matter: UUID | None = None
    read: tuple[Subject, ...] = ()
    is_reached: bool = True


@dataclass(frozen=True, slots=True)
class PrivacyLooks:
    """``reader`` is one that the console's role may use."""

    store: ConsoleStore
    reader: ExposureReader
    limiter: RateLimiter
    clock: Clock
    new_id: Callable[[], UUID]
    words: Catalogue

    def look(self, actor: Actor, asked: Asked, language: Language = Language.ZH_CN) -> Mapping[str, Sequence[SeenLine]]:
        """By platform what it may have seen, newest first, of agencies in reach; an empty mapping where nobody was found.

        Raises ``NotPermitted``, ``InputRefused``, ``OwnMatter``, ``TooManyRequests``, ``StoreUnavailable``.
        """
        agencies = actor.reach_as(*OFFICERS)
        told, value = read_reason(asked.reason), read_value(asked.key, asked.value)
        self.limiter.spend("privacy-look", str(actor.member.staff_id), LOOKS_AN_HOUR, 3600)
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            found = self._find(tx, agencies, asked.key, value)
            if found.number and tx.staff.identity_matches(actor.member.staff_id, [found.number]):
                raise OwnMatter(detail={"rule": "own_matter"})
            chains = tx.accounts.list_chains(found.persons, found.number) if found.is_reached else []
            self._note(tx, actor, agencies, asked, told, found)
        if not chains:
            return {}
        matter = None if asked.whole else found.matter
        return {str(one): tuple(self._read(chains, one, frozenset(agencies), matter, language)) for one in PLATFORMS}

    def _find(self, tx: ConsoleTransaction, agencies: Sequence[UUID], key: LookKey, value: str) -> Found:
        if key is LookKey.CASE_NO:
            return self._find_case(tx, agencies, value)
        if key is LookKey.ORDER_NO:
            order = tx.privacy.find_order(value)
            if order is None or order.agency_id not in agencies or order.person_id is None:
                return Found(is_reached=False)
            mine = tuple(tx.privacy.list_joined(order.person_id))
            return Found(mine, "", order.payment_id, tuple(person_read(one) for one in mine))
        persons = tuple(tx.people.find_persons(PersonKey.IDENTITY_NUMBER, value))
        return Found(persons, value, None, tuple(name_holders(persons, value)))

    def _find_case(self, tx: ConsoleTransaction, agencies: Sequence[UUID], case_no: str) -> Found:
        row = tx.cases.find_by_number(case_no)
        if row is None:
            return Found(is_reached=False)
        case = row[0]
        desks = {case.agency_id, *(line.agency_id for line in tx.cases.load_lines(case.case_id))}
        if not desks & set(agencies):
            return Found(is_reached=False)
        number = case.applicant.get("identity_number", "")
        persons = tx.people.find_persons(PersonKey.IDENTITY_NUMBER, number) if number else []
        if case.person_id is not None and not persons:
            persons = tx.privacy.list_joined(case.person_id)
        read = (case_read(case.case_id), *(person_read(one) for one in persons))
        return Found(tuple(persons), number, case.case_id, read)

    def _note(
        self, tx: ConsoleTransaction, actor: Actor, agencies: Sequence[UUID], asked: Asked, told: str, found: Found
    ) -> None:
        detail: dict[str, JsonValue] = {
            "by": asked.key.value, "ground": asked.ground.value, "article": ARTICLES[asked.ground], "whole": asked.whole,
            "found": bool(found.persons or found.matter),
        }  # fmt: skip
        subject = str(found.persons[0]) if found.persons else str(found.matter or "")
        read = found.read
        for agency_id in list_topmost(actor, agencies):
            at, staff_id = self.clock.now(), actor.member.staff_id
            act = Act(self.new_id(), agency_id, at, staff_id, LOOK, "person", subject, told, detail)
            append_look(tx, actor, act, read, self.new_id)
            read = ()

    def _read(
        self,
        chains: Sequence[UUID],
        platform: PlatformName,
        agencies: frozenset[UUID],
        matter: UUID | None,
        language: Language,
    ) -> Iterator[SeenLine]:
        before, left = None, MOST
        while left > 0:
            page = self.reader.list_of_chains(chains, platform, PAGE, before)
            for leaf in page:
                agency_id = UUID(str(leaf["agency"]))
                if agency_id in agencies and (matter is None or leaf.get("subject") == str(matter)):
                    yield SeenLine(explain_record(self.words, leaf, language), str(leaf["account"]), agency_id)
            if len(page) < PAGE:
                return
            before, left = UUID(str(page[-1]["id"])), left - len(page)


def read_value(key: LookKey, value: str) -> str:
    """What is looked for, in its one form. Raises ``InputRefused``."""
    if key is LookKey.IDENTITY_NUMBER:
        return read_number(PersonKey.IDENTITY_NUMBER, value)
    text = value.strip()
    if not 6 <= len(text) <= 64 or not text.isprintable():
        raise InputRefused(detail={"value": f"not_{key.value}"})
    return text
