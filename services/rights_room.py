"""The privacy officer's list of what citizens ask about their own data, and legal holds. PIPL articles 46, 47 and 50.

Whoever answers reads the words of the request, so the look is an act that is told to the citizen like any other. A refusal names the law that
requires keeping. Of a legal hold nobody lifts what they placed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.application_files import list_topmost, read_number
from services.case_clocks import calendar_of
from services.case_errors import OwnMatter
from services.console_ports import ConsoleStore, ConsoleTransaction, PersonKey
from services.errors import Conflict, InputRefused, NotFound
from services.model import JsonValue
from services.ports import Clock
from services.reading_notes import append_look, name_holders
from services.retention_rules import RetentionRules
from services.rights import REGION, Urgency, judge_urgency
from services.rights_record import JUDGED, HoldKind, LegalHold, RightsEvent, RightsName, RightsRequest
from services.staff_rules import read_reason
from services.staffing import Act, Actor, Role

OFFICERS = (Role.PRIVACY,)
HOLDERS = (Role.PRIVACY, Role.HEAD)
READ, ANSWER, PLACE, LIFT = "rights.read", "rights.answer", "hold.place", "hold.lift"
LISTED = 200
LONGEST_HOLD = timedelta(days=3 * 366)
SERVICE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LAW = re.compile(r"《[^》]{2,60}》.{0,60}|.{2,60}第[一二三四五六七八九十百零\d]+条.{0,40}")


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request as the list shows it: no word of it."""

    request: RightsRequest
    urgency: Urgency


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """What somebody orders to keep: ``value`` is a number of a card, of a case, or the name of a service."""

    kind: str
    value: str
    reason: str
    authority: str
    days: int


@dataclass(frozen=True, slots=True)
class RightsRoom:
    """All raise ``NotPermitted``, ``InputRefused``, ``StoreUnavailable``. ``store`` is the console's."""

    store: ConsoleStore
    rules: RetentionRules
    clock: Clock
    new_id: Callable[[], UUID]

    def list_open(self, actor: Actor) -> list[RequestLine]:
        """What is under way, the most urgent first."""
        agencies = actor.reach_as(*OFFICERS)
        now = self.clock.now()
        with self.store.begin(agencies) as tx:
            calendar = calendar_of(tx, REGION)
            return [
                RequestLine(replace(one, detail={}), judge_urgency(one, now, self.rules.urgent_days, calendar))
                for one in tx.rights.list_open(LISTED)
                if one.agency_id in agencies
            ]

    def read(self, actor: Actor, request_id: UUID, reason: str) -> RightsRequest:
        """The words of a request, for a reason; noted, and told to whoever asked. Raises ``NotFound``."""
        told = read_reason(reason)
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            asked = self._find(tx, actor, request_id)
            self._note(tx, actor, READ, asked, told, {})
            return asked

    def answer(
        self, actor: Actor, request_id: UUID, version: int, *, granted: bool, words: str, law: str = ""
    ) -> RightsRequest:
        """Say what was done, or why not and which law requires keeping. Raises ``NotFound``, ``Conflict`` if it was answered meanwhile."""
        told, now = read_reason(words), self.clock.now()
        if not granted and not LAW.fullmatch(law.strip()):
            raise InputRefused(detail={"law": "name_the_article"})
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            asked = self._find(tx, actor, request_id)
            if not asked.is_open or asked.version != version:
                raise Conflict(detail={"rule": "changed"})
            name = RightsName.ANSWERED if granted else RightsName.REFUSED
            data: dict[str, JsonValue] = {"words": told} | ({} if granted else {"law": law.strip()})
            self._note(tx, actor, ANSWER, asked, told, {"granted": granted})
            event = RightsEvent(asked.version + 1, name, now, actor.member.staff_id, data)
            tx.rights.append(asked, event)
            return replace(asked, events=(*asked.events, event))

    def list_holds(self, actor: Actor) -> list[LegalHold]:
        """Every hold, those in force first."""
        agencies = actor.reach_as(*HOLDERS)
        with self.store.begin(agencies) as tx:
            return [one for one in tx.rights.list_holds(LISTED) if one.agency_id in agencies]

    def place_hold(self, actor: Actor, asked: HoldAsked) -> LegalHold:
        """Order to keep, from now on. Raises ``NotFound`` for nobody and no case."""
        agencies, now = actor.reach_as(*HOLDERS), self.clock.now()
        reason, authority = read_reason(asked.reason), read_reason(asked.authority)
        if not 0 < asked.days <= LONGEST_HOLD.days:
            raise InputRefused(detail={"days": "not_a_time"})
        try:
            kind = HoldKind(asked.kind)
        except ValueError:
            raise InputRefused(detail={"kind": "not_a_choice"}) from None
        agency_id, who = list_topmost(actor, agencies)[0], actor.member.staff_id
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            service, persons, case_no = self._find_held(tx, kind, asked.value.strip())
            words = {"reason": reason, "authority": authority, "case_no": case_no}
            hold = LegalHold(
                self.new_id(), agency_id, kind, service, persons, words, now + timedelta(days=asked.days), who, now
            )
            tx.rights.place_hold(hold)
            detail: dict[str, JsonValue] = {
                "kind": str(kind),
                "until": hold.until_at.isoformat(),
                "service": service or "",
            }
            tx.acts.append(Act(self.new_id(), agency_id, now, who, PLACE, "hold", str(hold.hold_id), reason, detail))
        return hold

    def lift_hold(self, actor: Actor, hold_id: UUID, reason: str) -> None:
        """End it before its time. Raises ``OwnMatter`` for whoever placed it, ``Conflict`` if it has ended, ``NotFound``."""
        agencies, now, told = actor.reach_as(*HOLDERS), self.clock.now(), read_reason(reason)
        who = actor.member.staff_id
        with self.store.begin(tuple(actor.tree.parents)) as tx:
            hold = tx.rights.load_hold(hold_id)
            if hold is None or hold.agency_id not in agencies:
                raise NotFound
            if hold.placed_by == who:
                raise OwnMatter(detail={"rule": "two_people"})
            if not hold.holds(now) or not tx.rights.lift_hold(hold_id, who, now, told):
                raise Conflict(detail={"rule": "changed"})
            tx.acts.append(Act(self.new_id(), hold.agency_id, now, who, LIFT, "hold", str(hold_id), told, {}))

    def _find(self, tx: ConsoleTransaction, actor: Actor, request_id: UUID) -> RightsRequest:
        """A request that somebody has to judge, in reach."""
        asked = tx.rights.load(request_id)
        if asked is None or asked.kind not in JUDGED or asked.agency_id not in actor.reach_as(*OFFICERS):
            raise NotFound
        return asked

    def _note(
        self, tx: ConsoleTransaction, actor: Actor, act: str, asked: RightsRequest, reason: str, detail: dict[str, JsonValue]
    ) -> None:  # fmt: skip
        made = Act(
            self.new_id(), asked.agency_id, self.clock.now(), actor.member.staff_id, act, "person", str(asked.person_id),
            reason, {"request": str(asked.request_id), **detail},
        )  # fmt: skip
        append_look(tx, actor, made, name_holders([asked.person_id]), self.new_id)

    def _find_held(
        self, tx: ConsoleTransaction, kind: HoldKind, value: str
    ) -> tuple[str | None, tuple[UUID, ...], str]:
        if kind is HoldKind.SERVICE:
            if not SERVICE.fullmatch(value) or len(value) > 80:
                raise InputRefused(detail={"value": "form"})
            return value, (), ""
        if kind is HoldKind.CASE:
            row = tx.cases.find_by_number(value)
            if row is None:
                raise NotFound
            case = row[0]
            number = case.applicant.get("identity_number") or ""
            theirs = tx.people.find_persons(PersonKey.IDENTITY_NUMBER, number) if number else []
            persons = dict.fromkeys([*([case.person_id] if case.person_id else []), *theirs])
            if not persons:
                raise NotFound
            return None, tuple(persons), value
        found = tx.people.find_persons(PersonKey.IDENTITY_NUMBER, read_number(PersonKey.IDENTITY_NUMBER, value))
        if not found:
            raise NotFound
        return None, tuple(found), ""


def is_over(hold: LegalHold, now: datetime) -> bool:
    """Whether its time ended by itself."""
    return hold.lifted_at is None and now >= hold.until_at
