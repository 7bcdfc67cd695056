"""Who may do what with a case at the counter: one line an act. Pure.

Roles are those of the lead agency (and of agencies above it); a joint agency's staff read the case and do their own step, nothing else.
AL stands for the Administrative Licensing Law (行政许可法). ``docs/counter.md`` says the same for people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.case_errors import CaseInOtherHands, CaseMoved, NotAllowedNow, OwnMatter
from services.case_file import CaseFile
from services.case_record import CaseEvent, Hand
from services.model import JsonValue
from services.staffing import Actor, Role

CLERK, HEAD = (Role.CLERK,), (Role.HEAD,)
BOTH = (Role.CLERK, Role.HEAD)
QUIET = frozenset(
    {
        "document_made", "notice_told", "receipt_printed", "rated", "complained", "clock_recomputed", "decision_awaited",
        "recording_started", "recording_delayed",
    }
)  # fmt: skip
"""Events that change nothing of what a clerk judges: a page shown before them still holds."""
DEPUTY = "deputising_for"
"""The key under which an event names in whose stead it was made."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What an act needs. ``act`` is its code in the book of acts.

    ``in_hand``: the case must be claimed by this person. ``opened``: this person has opened it, and nobody else has changed it since.
    ``own``: may be done in a matter of one's own. ``joint``: also by an agency that has a step in the case. ``bulk``: see ``BULK``.
    """

    act: str
    roles: tuple[Role, ...]
    in_hand: bool = False
    opened: bool = False
    own: bool = False
    joint: bool = False
    bulk: bool = False


PERMITS: Mapping[str, Permit] = {
    "open_case": Permit("case.open", BOTH, own=True, joint=True),
    "claim": Permit("case.claim", BOTH, bulk=True),
    "release": Permit("case.release", BOTH, in_hand=True, own=True, bulk=True),
    "reassign": Permit("case.reassign", HEAD),
    "check_materials": Permit("case.check_materials", CLERK, in_hand=True, opened=True),
    "ask_corrections": Permit("case.ask_corrections", CLERK, in_hand=True, opened=True),
    "accept": Permit("case.accept", CLERK, in_hand=True, opened=True, bulk=True),
    "accept_with_gap": Permit("case.accept_with_gap", CLERK, in_hand=True, opened=True),
    "refuse_acceptance": Permit("case.refuse_acceptance", CLERK, in_hand=True, opened=True),
    "begin_special": Permit("case.begin_special", CLERK, in_hand=True, bulk=True),
    "end_special": Permit("case.end_special", CLERK, in_hand=True, bulk=True),
    "ask_extension": Permit("case.ask_extension", CLERK, in_hand=True, opened=True),
    "answer_extension": Permit("case.answer_extension", HEAD, opened=True),
    "finish_step": Permit("case.finish_step", BOTH, opened=True, joint=True, bulk=True),
    "decide": Permit("case.decide", BOTH, in_hand=True, opened=True),
    "terminate": Permit("case.terminate", CLERK, in_hand=True, opened=True),
    "revoke_certificate": Permit("case.revoke_certificate", HEAD, opened=True),
    "hand_over": Permit("case.hand_over", CLERK),
    "post": Permit("case.post", CLERK),
    "prove_delivery": Permit("case.prove_delivery", CLERK),
    "fail_delivery": Permit("case.fail_delivery", CLERK),
    "bring_corrections": Permit("case.bring_corrections", CLERK),
    "bring_gap": Permit("case.bring_gap", CLERK),
    "fix_on_the_spot": Permit("case.fix_on_the_spot", CLERK),
    "withdraw": Permit("case.withdraw", CLERK),
    "print_receipt": Permit("case.print_receipt", CLERK),
    "record_notice": Permit("case.record_notice", CLERK),
}
"""Every act on one case, by the name of its method; who opens one for a walk-in, lists and searches is ruled in those methods."""
BULK = frozenset(name for name, permit in PERMITS.items() if permit.bulk)
"""What may be done to selected cases alike, each under all its rules. A decision never is; acceptance only of cases that were opened."""


def require_unmoved(file: CaseFile, seen_version: int) -> None:
    """Raise ``CaseMoved`` unless the case still is what was shown at ``seen_version``: a form sent twice, two clerks at once."""
    if not 1 <= seen_version <= file.version or find_news(file, seen_version):
        raise CaseMoved(detail={"version": file.version})


def require_opened(file: CaseFile, opened: int | None, staff_id: UUID) -> None:
    """Raise ``CaseMoved`` unless this person opened the case and nobody else changed it since. ``opened``: the version then, if at all."""
    news = find_news(file, opened or 0)
    if opened is None or any(event.staff_id != staff_id for event in news):
        raise CaseMoved(detail={"rule": "open_first", "version": file.version})


def find_news(file: CaseFile, since: int) -> list[CaseEvent]:
    """What happened after a version that a clerk must know."""
    later = (event for event in file.events if event.version > since and event.name not in QUIET)
    return [event for event in later if not _repeats(file, event)]


def _repeats(file: CaseFile, event: CaseEvent) -> bool:
    """Whether a register was asked again and said what it had said before: the page shows it already."""
    if event.name != "material_fetched":
        return False
    name, said = event.data["name"], _what_was_said(event)
    before = [one for one in file.all_of(event.name) if one.version < event.version and one.data["name"] == name]
    return bool(before) and _what_was_said(before[-1]) == said


def _what_was_said(fetched: CaseEvent) -> dict[str, JsonValue]:
    """A register's answer without the moment at which it was given."""
    data = {key: value for key, value in fetched.data.items() if key != "request_id"}
    checks = [{key: value for key, value in check.items() if key != "at"} for check in data.get("checks") or ()]
    return {**data, "checks": checks}


def require_in_hand(file: CaseFile, staff_id: UUID) -> None:
    """Raise ``CaseInOtherHands`` unless this person has claimed the case."""
    if file.claimed_by != staff_id:
        rule = "not_claimed" if file.claimed_by is None else "claimed_by_another"
        raise CaseInOtherHands(detail={"rule": rule})


def list_hands(actor: Actor, roles: Iterable[Role], agency: UUID) -> frozenset[UUID]:
    """The person who acts and, if they do so only as a deputy, those for whom they do."""
    wanted = set(roles)
    held = [one for one in actor.roles if one.role in wanted and actor.tree.reaches(one.agency_id, agency)]
    own = frozenset({actor.member.staff_id})
    if any(one.deputising_for is None for one in held):
        return own
    return own | {one.deputising_for for one in held if one.deputising_for is not None}


def list_hands_behind(event: CaseEvent) -> frozenset[UUID]:
    """Who made an event, and for whom as a deputy."""
    principals = frozenset(UUID(str(one)) for one in event.data.get(DEPUTY) or ())
    return principals | (frozenset({event.staff_id}) if event.staff_id is not None else frozenset())


def require_other_hands(rule: str, event: CaseEvent | None, hands: frozenset[UUID]) -> None:
    """Raise ``OwnMatter`` if whoever acts made this event, as themselves or as a deputy, or is the deputy of who did."""
    if event is not None and hands & list_hands_behind(event):
        raise OwnMatter(detail={"rule": rule})


def choose_hand(actor: Actor, roles: tuple[Role, ...], agency: UUID) -> Hand:
    """As what somebody acts who may act as either: as a clerk if they are one, else as the head. They hold one of ``roles``."""
    as_clerk = Role.CLERK in roles and actor.holds(Role.CLERK, agency)
    return Hand.CLERK if as_clerk else Hand.HEAD


def refuse_now(rule: str, **detail: JsonValue) -> NotAllowedNow:
    """The refusal of what the case's state, time or service does not allow; ``rule`` is a code that the console has words for."""
    return NotAllowedNow(detail={"rule": rule, **detail})
