"""Stories of people whose phone in the population register is an old one: the face proves them, and nothing else in its place."""

from __future__ import annotations

from typing import Any

from adapters.stores.exposure_export import export_records
from gateway.demo.phone import Person, Phone
from gateway.launch.loopback import Reply, send
from tests.journeys.books import require_balance
from tests.journeys.city import City
from tests.journeys.errands import bind_bill, enter_household, enter_person, issue_bill, sign_in

OLD_PHONE = "13600000000"


def enter_moved_person(city: City) -> Person:
    """Somebody whose number in the register is an old one."""
    person = enter_person(city)
    told = {"identity_number": person.identity_number, "name": person.real_name, "phone": OLD_PHONE}
    city.control("register", "persons", told)
    return person


def show_face(city: City, person: Person, *, live: bool = True) -> str:
    """The provider's screen on the phone: evidence of this person's face, or of their picture."""
    told = {"identity_number": person.identity_number, "live": live}
    return str(city.control("face", "phone/face", told)["evidence"])


def prove(phone: Phone, person: Person | None = None, **more: str) -> Reply:
    """Ask for real-name, as oneself or as somebody else."""
    who = person or phone.person
    told = {"real_name": who.real_name, "identity_number": who.identity_number, **more}
    return phone.send("POST", "/identity/real-name", told)


def code_of(reply: Reply) -> tuple[int, Any, Any]:
    """What a refusal lets one know."""
    told = reply.json()
    return reply.status, told["code"], told["detail"]


def read_questions(city: City, person: Person) -> list[str]:
    """The results that the provider's books have for a person."""
    books = send("GET", f"{city.url('face')}/_sandbox/questions").json()
    return [line["result"] for line in books if line["identityNumber"] == person.identity_number]


def test_a_face_opens_the_water_bill_to_whom_the_old_phone_keeps_out(city: City) -> None:
    """Phone evidence alone is refused; with the face the same person binds, pays, and the bill is written off."""
    phone = sign_in(city, "alipay", enter_moved_person(city))
    household_no = enter_household(city, "water")
    service = {"service": "water-bill", "household_no": household_no}
    assert phone.send("POST", "/households", service).json()["code"] == "assurance_too_low"
    assert code_of(prove(phone)) == (403, "identity_not_proven", None)
    proven = prove(phone, face_evidence=show_face(city, phone.person))
    assert (proven.status, proven.json()["assurance"]) == (200, "real-name")
    errand = bind_bill(city, phone, "water", household_no, issue_bill(city, "water", household_no))
    errand.order_and_pay()
    errand.await_state("written_off")
    require_balance(city, errand.payment_id)
    assert read_questions(city, phone.person) == ["MATCH"]


def test_evidence_counts_as_what_it_is(city: City) -> None:
    """What the person sent is in the ledger as name, number and face evidence; the evidence itself is nowhere in it."""
    phone = sign_in(city, "wechat", enter_moved_person(city))
    evidence = show_face(city, phone.person)
    prove(phone, face_evidence=evidence)
    records = export_records(city.stack.owner_url)
    entered = [one.leaf for one in records if one.leaf["direction"] == "entered_in_client"]
    assert entered[-1]["fields"] == ["face_evidence", "identity_number", "real_name"]
    assert entered[-1]["purpose"] == "prove_identity"
    assert not [one for one in records if evidence in repr(one)]


def test_stolen_evidence_proves_nobody_a_second_time(city: City) -> None:
    """Evidence that was used, however soon, raises no other log-in to the same person."""
    victim = sign_in(city, "wechat", enter_moved_person(city))
    evidence = show_face(city, victim.person)
    assert prove(victim, face_evidence=evidence).status == 200
    thief = sign_in(city, "alipay")
    assert code_of(prove(thief, victim.person, face_evidence=evidence)) == (403, "identity_not_proven", None)
    assert thief.call("GET", "/account")["assurance"] == "phone"
    assert read_questions(city, victim.person) == ["MATCH", "EVIDENCE_USED"]


def test_whatever_is_wrong_with_a_face_the_answer_is_the_same(city: City) -> None:
    """A picture, somebody else's face, evidence that is too old or invented: one refusal, and the level stays."""
    phone, other = sign_in(city, "wechat", enter_moved_person(city)), enter_person(city)
    late = show_face(city, phone.person)
    city.pass_time(301)
    wrong = [late, show_face(city, phone.person, live=False), show_face(city, other), "FACE.invented"]
    answers = {code_of(prove(phone, face_evidence=evidence)) for evidence in wrong}
    assert answers == {(403, "identity_not_proven", None)}
    assert phone.call("GET", "/account")["assurance"] == "phone"
    assert read_questions(city, phone.person) == ["EVIDENCE_EXPIRED", "NO_MATCH", "NO_MATCH", "NO_MATCH"]


def test_a_provider_that_does_not_answer_as_agreed_proves_nobody(city: City) -> None:
    """Doubt is an error, never a yes; with fresh evidence the person succeeds afterwards."""
    phone = sign_in(city, "wechat", enter_moved_person(city))
    for behaviour in ("unknown_result", "timeout_after_commit", "html"):
        city.arrange("face", "verify", behaviour)
        refused = prove(phone, face_evidence=show_face(city, phone.person))
        assert refused.status in (502, 503, 504), refused.body
        assert phone.call("GET", "/account")["assurance"] == "phone"
    assert prove(phone, face_evidence=show_face(city, phone.person)).status == 200


def test_attempts_by_face_are_limited_per_person_and_per_number(city: City) -> None:
    """After a few tries an hour neither another face nor another log-in is looked at."""
    victim = enter_moved_person(city)
    phone = sign_in(city, "wechat")
    tries = [prove(phone, victim, face_evidence=f"FACE.guess{index}") for index in range(6)]
    assert [code_of(one)[1] for one in tries] == ["identity_not_proven"] * 5 + ["too_many_requests"]
    other = prove(sign_in(city, "alipay"), victim, face_evidence="FACE.guess")
    assert other.json()["code"] == "too_many_requests"
    assert len(read_questions(city, victim)) == 5
