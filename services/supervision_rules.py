"""What the supervision office may do with an alert, whose desk it lies on, and what it finds. Pure.

Nobody supervises what they have worked on themselves, nor in the stead of somebody who has. A level that did not acknowledge in time
has lost the alert to the level above: it may still write notes, no more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.alert_facts import FEE_OF_PAYMENT
from services.alert_record import Alert, AlertEvent, AlertState, Rung
from services.case_errors import CaseInOtherHands, CaseMoved, NotAllowedNow, OwnMatter
from services.case_file import CaseFile
from services.counter_permits import list_hands_behind
from services.staffing import Actor, AgencyTree, Role

SUPERVISORS = (Role.SUPERVISOR,)
URGENCY = (Rung.PASSED, Rung.RED, Rung.LATE, Rung.FACT, Rung.ORANGE)
"""The rungs, the worst first."""
CAUSES = ("idle", "workload", "waiting", "system", "applicant", "justified", "mistaken")
"""What the supervision office may find: nobody worked on it; too much work; another office; a system; the applicant; good reasons;
an alert that should not have been."""
S = AlertState
ASKS = ("contacted", "answered")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the supervision office and what came back. ``to``: None for whoever works at the late agency."""

    text: str
    asked_at: datetime
    asked_by: UUID | None
    to: UUID | None
    answer: str
    answered_at: datetime | None
    answered_by: UUID | None


def list_asked(events: Sequence[AlertEvent]) -> tuple[Asked, ...]:
    """The questions of an alert with their answers, oldest first: an answer belongs to the question before it."""
    found: list[Asked] = []
    for event in events:
        text = str(event.data.get("text", ""))
        if event.name == "contacted":
            to = event.data.get("to")
            found.append(Asked(text, event.at, event.staff_id, UUID(str(to)) if to else None, "", None, None))
        elif event.name == "answered" and found:
            last = found[-1]
            found[-1] = Asked(last.text, last.asked_at, last.asked_by, last.to, text, event.at, event.staff_id)
    return tuple(found)


def find_seat(tree: AgencyTree, seats: Collection[UUID], level: UUID) -> UUID | None:
    """On whose desk an alert of a level lies: the nearest agency at or above it that has supervision of its own."""
    seen: UUID | None = level
    while seen is not None:
        if seen in seats:
            return seen
        seen = tree.parents.get(seen)
    return None


def find_level(tree: AgencyTree, alert: Alert) -> UUID:
    """The level that has an alert: where an agency was moved in the tree, and the old level is none above it any more, its own again."""
    own = alert.planned.agency_id
    return alert.level_agency_id if tree.reaches(alert.level_agency_id, own) else own


def list_levels(actor: Actor, seats: Collection[UUID]) -> tuple[UUID, ...]:
    """The levels whose alerts are the actor's own work: where they hold the role, and agencies below that have no supervision."""
    own = {held.agency_id for held in actor.roles if held.role in SUPERVISORS}
    reached = actor.agencies_as(*SUPERVISORS)
    return tuple(level for level in reached if find_seat(actor.tree, {*seats, *own}, level) in own)


def list_workers(file: CaseFile) -> frozenset[UUID]:
    """Everybody who has worked on a case, themselves or by a deputy."""
    return frozenset().union(*(list_hands_behind(event) for event in file.events)) | (
        frozenset({file.claimed_by}) if file.claimed_by else frozenset()
    )


def find_offers(actor: Actor, alert: Alert) -> frozenset[str]:
    """What the actor, whose role reaches the alert's agency, may do with it now."""
    if not actor.holds_any(SUPERVISORS, find_level(actor.tree, alert)):
        return frozenset({"note"})
    if alert.state is S.CLOSED:
        return frozenset({"note", "reopen"})
    mine = alert.handler == actor.member.staff_id and alert.state is S.ACKNOWLEDGED
    return frozenset({"note", "delegate", *(("contact", "close") if mine else ("acknowledge",))})


def require_offer(actor: Actor, alert: Alert, name: str, seen_version: int | None) -> None:
    """Raise ``CaseMoved`` if it is not as it was shown, ``CaseInOtherHands`` or ``NotAllowedNow`` for what cannot be done now.

    Whoever acknowledges what they have in hand already is told so, and not that somebody acted meanwhile: that was they themselves.
    """
    mine = alert.state is S.ACKNOWLEDGED and alert.handler == actor.member.staff_id
    if seen_version is not None and alert.version != seen_version and not (mine and name == "acknowledge"):
        raise CaseMoved(detail={"version": alert.version})
    if name in find_offers(actor, alert):
        return
    if not actor.holds_any(SUPERVISORS, find_level(actor.tree, alert)):
        raise CaseInOtherHands(detail={"rule": "went_up"})
    if name in ("contact", "close") and alert.state is not S.CLOSED:
        rule = "acknowledge_first" if alert.state is S.OPEN else "with_a_colleague"
        raise CaseInOtherHands(detail={"rule": rule})
    raise NotAllowedNow(detail={"state": str(alert.state), "asked": name, "rule": f"alert_{alert.state}"})


def is_of_payment(alert: Alert) -> bool:
    """Whether no case is behind an alert: it is about money that was taken, and its ``case_no`` is the receipt's number."""
    return alert.planned.clock.partition(":")[0] == FEE_OF_PAYMENT


def withhold_words(event: AlertEvent) -> AlertEvent:
    """An event as somebody sees it who has a part in the case: what was asked and answered, never what was noted or found about them."""
    return event if event.name in ASKS else replace(event, data={})


def require_no_part(hands: frozenset[UUID], workers: frozenset[UUID]) -> None:
    """Raise ``OwnMatter`` for somebody who has worked on it (``list_workers``), or stands in for somebody who has."""
    if hands & workers:
        raise OwnMatter(detail={"rule": "own_work"})


def sort_by_urgency(alerts: Iterable[Alert]) -> list[Alert]:
    """The worst rung first; within one what has been due for longest."""
    return sorted(alerts, key=lambda one: (URGENCY.index(one.planned.rung), one.planned.due_at, one.alert_id))


def group_by_case(alerts: Iterable[Alert]) -> list[tuple[Alert, ...]]:
    """The alerts of each case at each agency together, the worst first; the case with the worst alert first."""
    found: dict[tuple[UUID, UUID], list[Alert]] = {}
    for one in sort_by_urgency(alerts):
        found.setdefault((one.planned.case_id, one.planned.agency_id), []).append(one)
    return [tuple(group) for group in found.values()]


class Hands(StrEnum):
    """In whose hands what is shown lies, in the order in which somebody looks at it."""

    NOBODY = "nobody"
    """Not acknowledged: it goes up unless somebody takes it in hand."""
    ANSWERED = "answered"
    """In the reader's hands, and the case manager has answered."""
    MINE = "mine"
    OTHERS = "others"


def sort_by_hands(
    groups: Iterable[tuple[Alert, ...]], me: UUID, answered: Collection[UUID]
) -> dict[Hands, list[tuple[Alert, ...]]]:
    """The cases of an inbox by whose hands they lie in, each in the order that they had; hands without a case are left out."""
    found: dict[Hands, list[tuple[Alert, ...]]] = {hands: [] for hands in Hands}
    for group in groups:
        found[_find_hands(group, me, answered)].append(group)
    return {hands: cases for hands, cases in found.items() if cases}


def _find_hands(group: tuple[Alert, ...], me: UUID, answered: Collection[UUID]) -> Hands:
    """Of a case whose alerts lie in several, the first that applies."""
    if any(one.state is S.OPEN for one in group):
        return Hands.NOBODY
    mine = [one for one in group if one.handler == me and one.state is S.ACKNOWLEDGED]
    if any(one.alert_id in answered for one in mine):
        return Hands.ANSWERED
    return Hands.MINE if mine else Hands.OTHERS


def find_next_of(group: tuple[Alert, ...], hands: Hands | None, me: UUID, answered: Collection[UUID]) -> Alert:
    """The alert of a case to go on with: the worst of those for which it lies in these hands; None: whatever hands it was closed by."""
    for one in group:
        mine = one.handler == me and one.state is S.ACKNOWLEDGED
        fits = {
            Hands.NOBODY: one.state is S.OPEN, Hands.ANSWERED: mine and one.alert_id in answered, Hands.MINE: mine,
            Hands.OTHERS: True, None: True,
        }[hands]  # fmt: skip
        if fits:
            return one
    return group[0]


def count_rungs(alerts: Iterable[Alert]) -> Mapping[Rung, int]:
    """How many there are of each rung; every rung is named."""
    rungs = [one.planned.rung for one in alerts]
    return {rung: rungs.count(rung) for rung in URGENCY}
