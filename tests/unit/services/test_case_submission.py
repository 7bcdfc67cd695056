"""Handing in: one draft is one case with one number and one reply, for whoever may act at that moment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.case_drafts import save_draft
from services.case_errors import CaseMoved, MandateEnded, MaterialsMissing
from services.case_events import Move
from services.case_graph import START
from services.case_numbers import is_well_formed
from services.case_opening import UNNUMBERED, list_desks, open_case
from services.case_record import CaseState, Hand, MandateKind
from services.case_submission import is_answered, submit_case
from services.errors import (
    AssuranceTooLow,
    BackEndUnreachable,
    IdempotencyKeyReused,
    InputRefused,
    NotFound,
    NotPermitted,
    ServiceOff,
    StoreUnavailable,
)
from services.mapping import Input
from services.model import JsonValue, Language
from services.payment_graph import EdgeUnknown
from services.till import find_cause
from tests.case_samples import STEPS, make_case_mapping, say
from tests.fake_applicants import COMPANY, CONTENT, LI, WANG, ZHAO, Counter


@pytest.fixture
def counter() -> Counter:
    return Counter()


def test_a_draft_becomes_a_case(counter: Counter) -> None:
    """It has the draft's id, a number of our form, what was stated, promised and uploaded, and the request that caused it."""
    draft_id = counter.draft(later=[], address="一路2号", delivery="post")
    reply = counter.submit(draft_id)
    file = counter.file(draft_id)
    assert file.state is CaseState.RECEIVED
    assert is_well_formed(counter.desk.number_format, file.case.case_no)
    assert reply == {
        "case_id": str(draft_id), "case_no": file.case.case_no, "service": counter.mapping.id, "state": "received",
        "message": "已收到申请材料，受理单位正在核对材料是否齐全。", "received_at": "2026-11-02T02:00:02Z",
        "received_on": "2026-11-02",
    }  # fmt: skip
    assert file.case.inputs == {"company_name": "小明早点", "premises": "一路1号"}
    assert set(file.materials) == {"floor_plan", "proof_of_premises", "promise"}
    assert file.materials["promise"]["vouched"]
    assert not file.materials["floor_plan"]["vouched"]
    assert file.events[0].data["address"] == "一路2号"
    assert find_cause(file.events) == counter.wang.request_id


def test_the_person_applies_for_themselves(counter: Counter) -> None:
    """Their own matter has no agent, no mandate, and their own chain."""
    case = counter.file(counter.open()).case
    assert case.applicant == {"kind": "person", "name": "王小明", "identity_number": WANG, "phone": "13800138001"}
    assert (case.agent, case.mandate_id, case.organisation_id, case.opened_by) == (None, None, None, None)
    assert case.principal_chain_id == case.chain_id == counter.wang.chain_id


def test_the_case_is_on_the_desk_and_the_house_looks_at_it(counter: Counter) -> None:
    """Lines and jobs are written in the same transaction, with the number."""
    draft_id = counter.open()
    line = counter.house.tables.counter.lines[counter.agency, draft_id]
    assert (line.case_no, line.waits_for, line.due_clock) == (
        counter.file(draft_id).case.case_no,
        "clerk",
        "completeness",
    )
    assert set(counter.house.jobs) == {("work_on_case", draft_id), ("tell_case", draft_id)}
    assert ("watch_case", counter.agency, draft_id) in counter.house.tables.due


def test_one_key_gives_one_reply(counter: Counter) -> None:
    """The same bytes, though the case went on meanwhile and the answer is asked for in another language."""
    draft_id = counter.draft()
    first = submit_case(counter.door, counter.wang, draft_id, 1, "k")
    counter.move(draft_id, "accepted", on="2026-11-02")
    again = replace(counter.wang, language=Language.EN)
    assert submit_case(counter.door, again, draft_id, 1, "k") == first
    assert is_answered(counter.door, counter.wang, draft_id, 1, "k")
    assert not is_answered(counter.door, counter.wang, draft_id, 1, "other")


def test_a_draft_is_one_case_by_whatever_key(counter: Counter) -> None:
    """Handing it in twice opens nothing twice and takes no second number."""
    draft_id = counter.draft()
    assert counter.submit(draft_id, key="a") == counter.submit(draft_id, key="b")
    assert counter.names(draft_id) == ["case_received"]
    assert list(counter.house.tables.counter.counters.values()) == [1]


@pytest.mark.parametrize("key", ["", "x" * 129, "ключ", "a\nb"])
def test_a_key_has_a_form(counter: Counter, key: str) -> None:
    """1 to 128 printable ASCII characters."""
    with pytest.raises(InputRefused) as refused:
        counter.submit(counter.draft(), key=key)
    assert refused.value.detail == {"Idempotency-Key": "form"}


def test_a_key_that_came_with_something_else_is_refused(counter: Counter) -> None:
    """Another draft, or another version of it, is another request."""
    draft_id = counter.draft()
    counter.submit(draft_id)
    with pytest.raises(IdempotencyKeyReused):
        counter.submit(counter.draft())


def test_after_an_error_the_same_key_may_be_sent_again(counter: Counter) -> None:
    """What was refused opened nothing, and took no number."""
    draft_id = save_draft(counter.door, counter.wang, counter.mapping.id, CONTENT).draft.draft_id
    with pytest.raises(MaterialsMissing) as refused:
        counter.submit(draft_id)
    assert refused.value.detail == {"materials": ["proof_of_premises", "floor_plan"]}
    assert not counter.house.tables.counter.counters
    for name in ("proof_of_premises", "floor_plan"):
        counter.add_file(draft_id, name)
    assert counter.submit(draft_id)["state"] == "received"


@pytest.mark.parametrize(
    ("changed", "error", "detail"),
    [
        ({"inputs": {}}, InputRefused, {"inputs.company_name": "required"}),
        ({"delivery": None}, InputRefused, {"delivery": "required"}),
        ({"delivery": "post"}, InputRefused, {"address": "required"}),
        ({"promises": []}, MaterialsMissing, {"materials": ["promise"]}),
    ],
)
def test_a_draft_that_lacks_something_is_not_handed_in(
    counter: Counter, changed: Any, error: type[Exception], detail: JsonValue
) -> None:
    """Everything that the service needs is there, or each thing that is not is named."""
    with pytest.raises(error) as refused:
        counter.submit(counter.draft(**changed))
    assert getattr(refused.value, "detail", None) == detail


def test_a_secondary_material_may_come_later_where_the_service_says_so() -> None:
    """容缺受理: named by the applicant, only what is secondary, and only with gap_days."""
    open_one = Counter()
    draft_id = save_draft(
        open_one.door, open_one.wang, open_one.mapping.id, {**CONTENT, "later": ["proof_of_premises"]}
    ).draft.draft_id
    open_one.add_file(draft_id)
    open_one.submit(draft_id)
    assert open_one.file(draft_id).events[0].data["later"] == ["proof_of_premises"]
    strict = Counter(gap_days=None)
    with pytest.raises(InputRefused):
        save_draft(strict.door, strict.wang, strict.mapping.id, {**CONTENT, "later": ["proof_of_premises"]})


def test_what_a_colleague_changed_is_not_handed_in_unseen(counter: Counter) -> None:
    """The hand-in names the version that was shown; another one is told, and nothing is opened."""
    draft_id = counter.draft()
    save_draft(counter.door, counter.wang, counter.mapping.id, {**CONTENT, "delivery": "electronic"}, draft_id, 1)
    with pytest.raises(CaseMoved):
        counter.submit(draft_id, version=1)
    assert counter.submit(draft_id, version=2, key="again")["state"] == "received"


def test_somebody_elses_draft_is_not_handed_in(counter: Counter) -> None:
    """It does not exist; nor does the case that it became."""
    draft_id, li = counter.draft(), counter.add_citizen(LI)
    with pytest.raises(NotFound):
        counter.submit(draft_id, li)
    counter.submit(draft_id)
    with pytest.raises(NotFound):
        counter.submit(draft_id, li, key="b")


def test_the_service_must_be_open_and_the_person_known(counter: Counter) -> None:
    """Between saving and handing in it may have been switched off; and a session that is known less well than the account is not enough."""
    draft_id = counter.draft()
    with pytest.raises(AssuranceTooLow):
        counter.submit(draft_id, replace(counter.wang, assurance=counter.wang.assurance.PHONE))
    off: Any = counter.desk.catalogue.switched_off
    off[counter.mapping.id] = {Language.ZH_CN: "暂停"}
    with pytest.raises(ServiceOff):
        counter.submit(draft_id, key="b")


def test_receipt_outside_office_hours_counts_from_the_next_working_day(counter: Counter) -> None:
    """19:00 on a Friday in Beijing is received on Monday, though it was handed in on Friday."""
    counter.clock.at = datetime(2026, 11, 6, 11, 0, tzinfo=UTC)
    case = counter.file(counter.open()).case
    assert (case.received_on.isoformat(), case.business_on.isoformat()) == ("2026-11-09", "2026-11-06")


def with_prefill(counter_changes: dict[str, Any] | None = None) -> Counter:
    """A service that takes the name from the account and the shop sign from the office."""
    mapping = make_case_mapping(**(counter_changes or {}))
    inputs = {
        "company_name": Input("company_name", "text", say("字号"), prefilled_from="back_end.sign"),
        "holder": Input("holder", "text", say("姓名"), prefilled_from="account.real_name"),
    }
    return Counter(mapping=replace(mapping, inputs=inputs))


def test_what_the_government_has_is_filled_in_at_the_hand_in() -> None:
    """From account and office, and never from the draft: whoever sends it is refused."""
    counter = with_prefill()
    counter.office.answers["prefill"] = {"values": {"sign": "小明面馆"}}
    with pytest.raises(InputRefused) as refused:
        save_draft(counter.door, counter.wang, counter.mapping.id, {"inputs": {"holder": "张三"}})
    assert refused.value.detail == {"inputs.holder": "prefilled"}
    case_id = counter.open(inputs={})
    assert counter.file(case_id).case.inputs == {"company_name": "小明面馆", "holder": "王小明"}


def test_an_office_that_does_not_answer_opens_nothing() -> None:
    """The draft stays as it is, and no number is taken."""
    counter = with_prefill()
    counter.office.script.plan("prefill", "unreachable")
    draft_id = counter.draft(inputs={})
    with pytest.raises(BackEndUnreachable):
        counter.submit(draft_id)
    assert not counter.house.tables.counter.cases
    counter.office.answers["prefill"] = {"values": {"sign": "小明面馆"}}
    assert counter.submit(draft_id)["state"] == "received"


# organisations


@pytest.fixture
def company(counter: Counter) -> Any:
    """Zhao is the legal representative, Li an agent."""
    made = counter.add_company()
    zhao, li = counter.add_citizen(ZHAO), counter.add_citizen(LI)
    counter.authorise(made, zhao, ZHAO, MandateKind.LEGAL_REPRESENTATIVE)
    mandate = counter.authorise(made, li, LI)
    return made, zhao, li, mandate


def for_company(made: Any, mandate: Any = None) -> dict[str, JsonValue]:
    """The applicant of a draft."""
    named = {"mandate_id": str(mandate.mandate_id)} if mandate else {}
    return {"applicant": {"kind": "organisation", "organisation_id": str(made.organisation_id)}, **named}


def test_an_agent_hands_in_for_the_organisation(counter: Counter, company: Any) -> None:
    """The case names the organisation, who acts for it and by which mandate; its chain is the organisation's."""
    made, _, li, mandate = company
    case = counter.file(counter.open(li, **for_company(made, mandate))).case
    assert case.applicant["credit_code"] == COMPANY
    assert (case.agent or {})["name"] == "李丽"
    assert (case.agent or {})["as"] == "agent"
    assert (case.mandate_id, case.organisation_id) == (mandate.mandate_id, made.organisation_id)
    assert case.principal_chain_id == made.chain_id


def test_a_colleague_hands_in_what_another_began(counter: Counter, company: Any) -> None:
    """It is one case; whoever hands it in acts."""
    made, zhao, li, _ = company
    draft_id = counter.draft(li, **for_company(made))
    first = counter.submit(draft_id, zhao, key="a")
    assert counter.file(draft_id).case.person_id == zhao.person_id
    assert counter.submit(draft_id, li, key="b")["case_no"] == first["case_no"]


def test_a_mandate_that_was_revoked_hands_nothing_in(counter: Counter, company: Any) -> None:
    """Not between saving and handing in, nor for a service that it never reached."""
    made, _, li, mandate = company
    draft_id = counter.draft(li, **for_company(made, mandate))
    counter.revoke(mandate)
    with pytest.raises(MandateEnded):
        counter.submit(draft_id, li)
    assert not counter.house.tables.counter.cases


def test_nobody_applies_for_a_company_without_a_mandate(counter: Counter, company: Any) -> None:
    """Naming it is not enough."""
    draft_id = counter.draft(**for_company(company[0]))
    with pytest.raises(NotPermitted):
        counter.submit(draft_id)


def test_a_company_that_is_out_of_business_applies_for_nothing(counter: Counter, company: Any) -> None:
    """The register is asked at the hand-in."""
    made, _, li, mandate = company
    draft_id = counter.draft(li, **for_company(made, mandate))
    counter.register.entries[COMPANY] = replace(counter.register.entries[COMPANY], status="revoked")
    with pytest.raises(InputRefused) as refused:
        counter.submit(draft_id, li)
    assert refused.value.detail == {"applicant.organisation_id": "not_in_business"}


# opening, whoever brings it


def test_only_an_applicant_or_a_clerk_opens_a_case(counter: Counter) -> None:
    """The house, the clock and a back end begin nothing, and nothing begins with another event."""
    case = replace(counter.file(counter.open()).case, case_no=UNNUMBERED, case_id=uuid4())
    for move in (Move(START, Hand.HOUSE, {}), Move(START, Hand.BACK_END, {}), Move("granted", Hand.CLERK, {})):
        with counter.house.begin((counter.agency,)) as tx, pytest.raises(EdgeUnknown):
            open_case(counter.desk, tx, case, move)


class Listening:
    """A transaction that notes which of its stores' methods are called, in order."""

    def __init__(self, tx: Any, told: list[str]) -> None:
        self.tx, self.told = tx, told

    def __getattr__(self, part: str) -> Any:
        return ListeningStore(getattr(self.tx, part), self.told)


class ListeningStore:
    """One store of it."""

    def __init__(self, store: Any, told: list[str]) -> None:
        self.store, self.told = store, told

    def __getattr__(self, name: str) -> Any:
        self.told.append(name)
        return getattr(self.store, name)


def test_the_number_is_the_last_thing_before_the_insert(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read, checked or planned while others wait for the count."""
    told: list[str] = []
    begin = counter.house.begin

    @contextmanager
    def listen(agencies: Any) -> Iterator[Any]:
        with begin(agencies) as tx:
            yield Listening(tx, told)

    draft_id = counter.draft()
    monkeypatch.setattr(counter.house, "begin", listen)
    counter.submit(draft_id)
    opened = told.index("next_number")
    assert told[opened : opened + 2] == ["next_number", "open"]
    assert told[opened + 2 :] == ["replan", "record_reply"]
    assert {"save", "schedule", "enqueue", "list_of", "current"} <= set(told[:opened])


def test_a_case_that_is_not_opened_gives_its_number_back(counter: Counter) -> None:
    """The count is rolled back with everything else, so the next case has the next number."""
    first = counter.file(counter.open()).case
    case = replace(first, case_id=uuid4(), case_no=UNNUMBERED)

    def open_and_fail() -> None:
        with counter.house.begin((counter.agency,)) as tx:
            assert open_case(counter.desk, tx, case, Move(START, Hand.CLERK, {})).case.case_no[17:-1] == "000002"
            raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        open_and_fail()
    counter.clock.advance(5)
    assert counter.file(counter.open()).case.case_no[17:-1] == "000002"


def test_a_case_of_several_agencies_is_worked_on_with_all_of_them() -> None:
    """The lead agency first, then each that has a step."""
    joint = replace(STEPS[1], agency="demo-tax-office")
    counter = Counter(steps=(STEPS[0], joint, STEPS[2]))
    tax: UUID = counter.directory.agency_id("demo-tax-office")
    assert list_desks(counter.desk, counter.mapping) == (counter.agency, tax)


def test_the_reply_is_canonical(counter: Counter) -> None:
    """Sorted keys, no spaces, UTF-8: so that the same reply is the same bytes everywhere."""
    reply = submit_case(counter.door, counter.wang, counter.draft(), 1, "k")
    assert reply == json.dumps(json.loads(reply), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
