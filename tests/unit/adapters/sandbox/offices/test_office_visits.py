"""Every office of applications, look-ups and information by a plain client on real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes import FakeClock
from tests.unit.adapters.sandbox.offices.errands import ERRANDS, NO, ROAD, Reply, ask
from tests.unit.adapters.sandbox.offices.street import Street, open_street

LOCKED = sorted(set(ERRANDS) - {"job-centre"})
WITH_BOOK = {
    "tax-declarations": {"incomeYuan": "190000.00"},
    "business-register": {"premises": "演示市东城区朝内大街78号"},
    "social-assistance": {"householdSize": 4},
    "medical-claims": {"totalFen": 1_230_001},
    "birth-registry": {"order": "2"},
    "residence-register": {"reason": "RENT"},
}
"""Offices that keep applications and speak JSON, each with another content of the same number."""


@pytest.mark.parametrize("office", sorted(ERRANDS))
def test_every_operation(street: Street, office: str) -> None:
    """An office answers each of its operations to who has its secrets."""
    for errand in ERRANDS[office][1]:
        reply = street.run(office, errand)
        assert reply.status == 200, (errand.operation, reply.body)
        assert b"RespCode" not in reply.body or b"<RespCode>0000</RespCode>" in reply.body


@pytest.mark.parametrize("office", LOCKED)
def test_refuses_strangers(street: Street, office: str) -> None:
    """Without secrets, and with any one of them wrong, every operation is refused and nothing is taken."""
    known = street.running.credentials[office]
    for errand in ERRANDS[office][1]:
        assert _is_refused(ask(street.url(office), errand.method, errand.path, errand.body, errand.headers))
        for name in known.keys() - {"result_key", "institution_id"}:
            assert _is_refused(street.run(office, errand, {**known, name: "wrong"})), (errand.operation, name)
    if office in WITH_BOOK:
        assert street.control(office, "applications") == []


def _is_refused(reply: Reply) -> bool:
    return reply.status == 401 or b"<RespCode>4010</RespCode>" in reply.body


@pytest.mark.parametrize("office", sorted(ERRANDS))
def test_canaries_are_served(street: Street, office: str) -> None:
    """What an office says of the person of the errands holds canaries, and all canaries of it that it can serve here are listed."""
    listed = set(street.control(office, "canaries"))
    said = b"".join(street.run(office, errand).body for errand in ERRANDS[office][1])
    text = said.decode("gbk" if office == "labour-office" else "utf-8")
    assert [canary for canary in listed if canary in text], "a leak test would look for nothing"
    assert all(len(canary) >= 6 for canary in listed)


@pytest.mark.parametrize("office", sorted(WITH_BOOK))
def test_a_number_names_one_application(street: Street, office: str) -> None:
    """The same number with the same content gives the same answer, with other content a refusal, and one application is kept."""
    submit = next(errand for errand in ERRANDS[office][1] if errand.operation == "submit")
    first, again = street.run(office, submit), street.run(office, submit)
    assert first.body == again.body
    changed = type(submit)(
        submit.operation, submit.method, submit.path, submit.body | WITH_BOOK[office], submit.headers
    )
    refused = street.run(office, changed)
    assert b"NUMBER_REUSED" in refused.body or b'"2003"' in refused.body
    assert [one["number"] for one in street.control(office, "applications")] == [NO]


def test_a_number_names_one_application_in_xml(street: Street) -> None:
    """The labour office's answer to a repetition is the same but for nothing; a changed capital is refused with 4090."""
    submit = ERRANDS["labour-office"][1][0]
    assert street.run("labour-office", submit).body == street.run("labour-office", submit).body
    changed = type(submit)("submit", "POST", "/gateway", submit.body.replace(b"2000000.00", b"3000000.00"))
    assert b"<RespCode>4090</RespCode>" in street.run("labour-office", changed).body


@pytest.mark.parametrize("office", sorted(WITH_BOOK))
def test_a_timeout_after_commit_has_committed(street: Street, office: str) -> None:
    """Silence after the effect leaves an application in the book; silence before it leaves none."""
    submit = next(errand for errand in ERRANDS[office][1] if errand.operation == "submit")
    street.arrange(office, "submit", "timeout")
    with pytest.raises(OSError):
        street.run(office, submit)
    assert street.control(office, "applications") == []
    street.arrange(office, "submit", "timeout_after_commit")
    with pytest.raises(OSError):
        street.run(office, submit)
    assert [one["number"] for one in street.control(office, "applications")] == [NO]


def test_books_survive_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    """An application that was taken in is found after the sandbox was stopped and started again, under the same secrets."""
    submit, find = ERRANDS["medical-claims"][1][:2]
    with open_street(tmp_path / "home", clock, {"medical-claims"}) as street:
        taken = street.run("medical-claims", submit)
    with open_street(tmp_path / "home", clock, {"medical-claims"}) as street:
        assert street.run("medical-claims", find).json() == taken.json()


def test_an_expired_token_is_refused(street: Street, clock: FakeClock) -> None:
    """A token of the tax bureau lives ten minutes by the shared clock, and no longer."""
    dress, errands = ERRANDS["tax-declarations"]
    credentials, url = street.running.credentials["tax-declarations"], street.url("tax-declarations")
    headers = dress(credentials, url, b"")
    clock.advance(599)
    assert ask(url, "POST", errands[0].path, errands[0].body, headers).status == 200
    clock.advance(1)
    assert ask(url, "POST", errands[0].path, errands[0].body, headers).status == 401


@pytest.mark.parametrize(
    ("change", "value"), [("X-Road-Client", "CN/GOV/1/other"), ("X-Road-Client", ""), ("X-Road-Id", "")]
)
def test_the_bus_wants_its_headers(street: Street, change: str, value: str) -> None:
    """The security server refuses an unknown client and a message without its id, and repeats both of a good one."""
    errand = ERRANDS["residence-register"][1][0]
    good = street.run("residence-register", errand)
    assert (good.headers["x-road-id"], good.headers["x-road-client"]) == (ROAD["X-Road-Id"], ROAD["X-Road-Client"])
    spoiled = type(errand)(errand.operation, errand.method, errand.path, errand.body, {**ROAD, change: value})
    assert street.run("residence-register", spoiled).status == 403


@pytest.mark.parametrize("office", sorted(ERRANDS))
def test_unlisted_fields_are_refused(street: Street, office: str) -> None:
    """An office takes no field that its form does not have."""
    for errand in ERRANDS[office][1]:
        if not isinstance(errand.body, dict):
            continue
        more = type(errand)(errand.operation, errand.method, errand.path, {**errand.body, "extra": "1"}, errand.headers)
        reply = street.run(office, more)
        assert b"BAD_REQUEST" in reply.body or b'"1001"' in reply.body


def test_a_decision_is_never_replaced(street: Street) -> None:
    """Granted is the end: another decision is a conflict, one on an unknown number is a 404, a wrong state a 400."""
    office = "business-register"
    street.run(office, ERRANDS[office][1][0])
    street.control(office, f"applications/{NO}/result", {"state": "granted"})
    path = f"/_sandbox/applications/{NO}/result"
    assert ask(street.url(office), "POST", path, {"state": "refused"}).status == 409
    assert ask(street.url(office), "POST", path, {"state": "maybe"}).status == 400
    assert ask(street.url(office), "POST", "/_sandbox/applications/none/result", {"state": "granted"}).status == 404
