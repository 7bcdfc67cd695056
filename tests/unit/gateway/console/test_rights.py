"""Requests about one's own data and legal holds in the console: listed with a clock, read for a reason, answered once; lifted by somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.rights_record import RequestKind, RightsName, RightsRequest
from services.staffing import Role
from tests.unit.gateway.console.office import LEFT, NUMBER, ROOT, Browser, Office

REASON = "依本人请求核实"
LAW = "会计法 第二十三条"


@pytest.fixture
def office() -> Office:
    return Office()


def enter(office: Office, role: Role = Role.PRIVACY, at: UUID = ROOT) -> Browser:
    return office.enter(office.hire(at, role))


def file(office: Office, *, days: int = 30, kind: RequestKind = RequestKind.DELETION) -> RightsRequest:
    """As the web door does; due in so many days."""
    now, person = office.clock.now(), uuid4()
    asked = RightsRequest(
        office.new_id(),
        ROOT,
        person,
        kind,
        "web",
        now,
        (now + timedelta(days=days)).date(),
        {"about": "name", "words": "删除我的名字"},
    )
    with office.store.begin([ROOT]) as tx:
        return tx.rights.open(asked)


def load(office: Office, request: RightsRequest) -> RightsRequest:
    """As it stands."""
    with office.store.begin([ROOT]) as tx:
        found = tx.rights.load(request.request_id)
    assert found is not None
    return found


def test_list_has_the_clock_and_no_word(office: Office) -> None:
    """Late ones are red, those due soon orange; what was asked is not in it, and another agency's officer sees none."""
    late = file(office, days=-1)
    file(office, days=1)
    page = enter(office).get("/privacy/rights").text
    assert "tag red" in page
    assert "tag orange" in page
    assert "删除我的名字" not in page
    assert str(late.request_id) in page
    assert str(late.request_id) not in enter(office, at=LEFT).get("/privacy/rights").text


def test_words_are_read_for_a_reason_and_told(office: Office) -> None:
    """Without a reason nothing is shown; with one it is an act, and the citizen is told."""
    asked, officer = file(office), enter(office)
    path = f"/privacy/rights/{asked.request_id}"
    assert "删除我的名字" not in officer.get(path).text
    assert officer.post(path, {"reason": "短"}).status_code == 422
    assert "删除我的名字" in officer.post(path, {"reason": REASON}).text
    assert [act for act in office.acts if act.startswith("rights.")] == ["rights.read"]
    assert enter(office, at=LEFT).post(path, {"reason": REASON}).status_code == 404


def test_refusal_names_a_law_and_is_said_once(office: Office) -> None:
    """No article, no refusal; an old page changes nothing."""
    asked, officer = file(office), enter(office)
    path = f"/privacy/rights/{asked.request_id}/answer"
    form: dict[str, Any] = {"version": "1", "granted": "no", "words": "须依法留存", "law": "不行"}
    assert officer.post(path, form).status_code == 422
    assert load(office, asked).is_open
    assert officer.post(path, form | {"law": LAW}).status_code == 200
    assert officer.post(path, form | {"law": LAW}).status_code == 409
    after = load(office, asked)
    assert (after.state, after.events[-1].data) == (RightsName.REFUSED, {"words": "须依法留存", "law": LAW})


def test_closing_is_nobodys_to_answer(office: Office) -> None:
    """An account is closed by the worker alone."""
    asked = file(office, kind=RequestKind.CLOSING)
    form = {"version": "1", "granted": "no", "words": "须依法留存", "law": LAW}
    assert enter(office).post(f"/privacy/rights/{asked.request_id}/answer", form).status_code == 404


def test_hold_is_lifted_by_somebody_else(office: Office) -> None:
    """Placed with reason, authority and time; not lifted by whoever placed it; lifted once by another."""
    person = uuid4()
    office.know(person)
    head, officer = enter(office, Role.HEAD), enter(office)
    form = {"kind": "person", "value": NUMBER, "reason": REASON, "authority": "市监察委 〔2026〕1号", "days": "30"}
    assert head.post("/privacy/holds/place", form | {"days": "0"}).status_code == 422
    assert head.post("/privacy/holds/place", form).status_code == 200
    with office.store.begin([ROOT]) as tx:
        (hold,) = tx.rights.list_holds(5)
    assert hold.person_ids == (person,)
    path = f"/privacy/holds/{hold.hold_id}/lift"
    assert head.post(path, {"reason": REASON}).status_code == 409
    assert officer.post(path, {"reason": REASON}).status_code == 200
    assert officer.post(path, {"reason": REASON}).status_code == 409
    assert NUMBER not in officer.get("/privacy/holds").text


def test_hold_on_nobody_is_not_placed(office: Office) -> None:
    """A number of nobody, and no case, are told alike."""
    head = enter(office, Role.HEAD)
    form = {"value": NUMBER, "reason": REASON, "authority": "市监察委 〔2026〕1号", "days": "30"}
    for kind in ("person", "case"):
        assert head.post("/privacy/holds/place", form | {"kind": kind}).status_code == 404
