"""Every act of the counter, by every role, from every agency: permitted by the table, or refused as it says."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest

from services.case_file import CaseFile
from services.case_graph import DECISIONS, EDGES, NOTES
from services.case_record import Hand
from services.counter_desk import CounterDesk
from services.counter_notices import CorrectionItem
from services.counter_permits import BOTH, PERMITS
from services.counter_view import EVENTS
from services.errors import GuitaiError, NotFound, NotPermitted
from services.notice_desk import NoticeProof
from services.staffing import Actor, Role
from services.walk_ins import ApplicantShown
from services.window_desk import Brought, WindowDesk
from services.window_mandates import Shown
from tests.counter_office import (
    APPLICANT_NUMBER,
    BRANCH,
    CITY,
    FINE,
    HANDS_OVER,
    OFFICE,
    REASON,
    SIBLING,
    TAX,
    TAX_BRANCH,
    CounterOffice,
)

Call = Callable[[CounterOffice, Actor, CaseFile], object]
GROUND = "《行政许可法》第六十九条"
SHOWN = ApplicantShown(Shown("王秀英", APPLICANT_NUMBER), card_seen=True)
CALLS: dict[str, Call] = {
    "open_case": lambda o, a, f: o.counter.open_case(a, f.case.case_id, REASON),
    "claim": lambda o, a, f: o.counter.claim(a, f.case.case_id, f.version),
    "release": lambda o, a, f: o.counter.release(a, f.case.case_id, f.version),
    "reassign": lambda o, a, f: o.counter.reassign(a, f.case.case_id, f.version, o.second.member.staff_id, REASON),
    "check_materials": lambda o, a, f: o.counter.check_materials(a, f.case.case_id, f.version, FINE),
    "ask_corrections": lambda o, a, f: o.counter.ask_corrections(
        a, f.case.case_id, f.version, [CorrectionItem("floor_plan", words="缺少比例尺")]
    ),
    "accept": lambda o, a, f: o.counter.accept(a, f.case.case_id, f.version, FINE),
    "accept_with_gap": lambda o, a, f: o.counter.accept_with_gap(
        a, f.case.case_id, f.version, ["proof_of_premises"], date(2026, 11, 5), "promise"
    ),
    "refuse_acceptance": lambda o, a, f: o.counter.refuse_acceptance(
        a, f.case.case_id, f.version, "not_required", REASON
    ),
    "begin_special": lambda o, a, f: o.counter.begin_special(a, f.case.case_id, f.version, "inspection", REASON),
    "end_special": lambda o, a, f: o.counter.end_special(a, f.case.case_id, f.version, "合格"),
    "ask_extension": lambda o, a, f: o.counter.ask_extension(a, f.case.case_id, f.version, 5, REASON),
    "answer_extension": lambda o, a, f: o.counter.answer_extension(a, f.case.case_id, f.version, granted=True),
    "finish_step": lambda o, a, f: o.counter.finish_step(a, f.case.case_id, f.version, 1, "符合条件"),
    "decide": lambda o, a, f: o.counter.decide(a, f.case.case_id, f.version, "granted"),
    "terminate": lambda o, a, f: o.counter.terminate(a, f.case.case_id, f.version, REASON),
    "revoke_certificate": lambda o, a, f: o.counter.revoke_certificate(a, f.case.case_id, f.version, REASON, GROUND),
    "hand_over": lambda o, a, f: o.counter.hand_over(a, f.case.case_id, f.version, HANDS_OVER),
    "post": lambda o, a, f: o.counter.post(a, f.case.case_id, f.version, "中国邮政", "EMS12345"),
    "prove_delivery": lambda o, a, f: o.counter.prove_delivery(
        a, f.case.case_id, f.version, date(2026, 11, 2), "本人签收"
    ),
    "fail_delivery": lambda o, a, f: o.counter.fail_delivery(a, f.case.case_id, f.version, "收件人不在"),
    "bring_corrections": lambda o, a, f: o.window.bring_corrections(a, f.case.case_id, f.version, Brought()),
    "bring_gap": lambda o, a, f: o.window.bring_gap(a, f.case.case_id, f.version, Brought()),
    "fix_on_the_spot": lambda o, a, f: o.window.fix_on_the_spot(a, f.case.case_id, f.version, Brought()),
    "withdraw": lambda o, a, f: o.window.withdraw(a, f.case.case_id, f.version, SHOWN),
    "print_receipt": lambda o, a, f: o.window.print_receipt(a, f.case.case_id),
    "record_notice": lambda o, a, f: o.counter.record_notice(
        a, f.case.case_id, f.version, NoticeProof("2:acceptance", "window", True, "当面告知本人", date(2026, 11, 2))
    ),
}
PLACES = {"above": CITY, "own": OFFICE, "below": BRANCH, "sibling": SIBLING, "joint": TAX, "below joint": TAX_BRANCH}
NARROWER = {"finish_step": (Role.CLERK,), "decide": (Role.HEAD,)}
"""What the case at hand leaves of the table: the step is a clerk's, the decision the head's."""


def make_case(office: CounterOffice) -> CaseFile:
    """An accepted case in which the tax office has a step, in nobody's hands."""
    file = office.accept()
    office.counter.finish_step(office.clerk, file.case.case_id, file.version, 0, "齐全")
    office.give_back(office.clerk, file.case.case_id)
    return office.load(file.case.case_id)


def expected(name: str, role: Role, agency: UUID) -> str:
    """What the table says of one call."""
    permit = PERMITS[name]
    if role not in BOTH or agency in (BRANCH, SIBLING, TAX_BRANCH):
        return "NotFound"
    if agency == TAX:
        return "permitted" if name == "open_case" else "NotPermitted"
    return "permitted" if role in NARROWER.get(name, permit.roles) else "NotPermitted"


def find_outcome(call: Call, office: CounterOffice, actor: Actor, file: CaseFile) -> str:
    try:
        call(office, actor, file)
    except (NotFound, NotPermitted) as refused:
        return type(refused).__name__
    except GuitaiError:
        return "permitted"  # so far: the state or the hands do not allow it
    return "permitted"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", CALLS)
def test_an_act_is_permitted_by_the_table_or_refused(name: str, place: str) -> None:
    """Whoever does not read cases there is told that there is none; whoever reads them with the wrong role, that they may not."""
    told, says = {}, {}
    for role in Role:
        office = CounterOffice()
        file = make_case(office)
        actor = office.hire(PLACES[place], role)
        if expected(name, role, PLACES[place]) == "permitted" and name != "open_case":
            office.counter.open_case(actor, file.case.case_id, REASON)
            if PERMITS[name].in_hand or name == "finish_step":
                office.counter.claim(actor, file.case.case_id, file.version)
        told[role] = find_outcome(CALLS[name], office, actor, office.load(file.case.case_id))
        says[role] = expected(name, role, PLACES[place])
    assert told == says


def test_the_table_has_every_act_on_a_case() -> None:
    """A method that takes a case and is not in the table, or in no walk, would be ruled by nobody."""
    methods = {
        name
        for kind in (CounterDesk, WindowDesk)
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and {"actor", "case_id"} <= set(inspect.signature(method).parameters)
    } - {"act", "find_place"}
    assert methods == set(PERMITS) == set(CALLS)
    assert set(EVENTS) == set(PERMITS) - {"open_case"}


def test_every_edge_of_the_staff_has_an_act() -> None:
    """What the graph lets a clerk or head do, and nothing else, can be done at the counter."""
    theirs = {edge.event for edge in EDGES if {Hand.CLERK, Hand.HEAD} & set(edge.hands)}
    theirs |= {note.event for note in NOTES if {Hand.CLERK, Hand.HEAD} & set(note.hands)}
    others = {"rated", "complained", "refused", "extension_denied"}
    assert theirs - others == set(EVENTS.values())


def test_only_one_act_decides() -> None:
    """Of all acts, one makes a decision: it needs the case opened and in hand, and is never done to many."""
    assert [name for name, event in EVENTS.items() if event in DECISIONS] == ["decide"]
    permit = PERMITS["decide"]
    assert (permit.opened, permit.in_hand, permit.bulk, permit.own, permit.joint) == (True, True, False, False, False)


@pytest.mark.parametrize("name", sorted(set(CALLS)))
def test_nobody_acts_in_a_matter_of_their_own(name: str) -> None:
    """All but reading and giving back is refused to the applicant among the staff, whatever role they have."""
    office = CounterOffice()
    file = make_case(office)
    own = office.hire(OFFICE, Role.CLERK, Role.HEAD, number=APPLICANT_NUMBER)
    before = file.version
    try:
        CALLS[name](office, own, file)
        refused = ""
    except GuitaiError as error:
        refused = error.code
    assert (refused == "own_matter") is not PERMITS[name].own
    assert office.load(file.case.case_id).version == before
