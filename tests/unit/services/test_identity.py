"""Who one is: the number's own rules, possession beside knowledge, one account for one human."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric

from services.errors import (
    BackEndError,
    BackEndUnreachable,
    Conflict,
    IdentityNotProven,
    InputRefused,
    PersonMismatch,
    TooManyRequests,
)
from services.identity import ATTEMPTS_AN_HOUR, read_identity_number, same_name, tidy_phone
from services.model import Assurance, Caller, Language, PlatformName, RegisterEntry
from tests.unit.gateway.fakes_edge import WANG, City, build_city

TODAY = date(2026, 11, 24)


@pytest.fixture
def city() -> City:
    return build_city()


def sign_in(city: City, user: str = "wang", platform: PlatformName = PlatformName.WECHAT) -> Caller:
    desk = city.desk.sessions
    app = desk.find_app(platform, "wx1" if platform is PlatformName.WECHAT else "2021")
    return desk.sign_in(app, f"code-{user}", Language.ZH_CN, str(uuid4())).caller


def prove(city: City, caller: Caller, name: str = "王小明", face: str | None = None) -> Assurance:
    number = city.desk.identity.admit_attempt(caller, WANG)
    return city.desk.identity.prove_identity(caller, name, number, face).assurance


def make_number(first: str) -> str:
    return first + ric.calc_check_digit(first + "0")


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("11010119900307001", "form"),
        ("1101011990030700110", "form"),
        ("１10101199003070011", "form"),
        ("11010119900307001٣", "form"),
        ("110101199003070012", "checksum"),
        (make_number("11010119900231001"), "date"),
        (make_number("11010120991231001"), "date"),
        (make_number("11010117500101001"), "date"),
    ],
)
def test_numbers_that_cannot_be(number: str, rule: str) -> None:
    """Form, checksum and date refuse, and say which of them."""
    with pytest.raises(InputRefused) as refused:
        read_identity_number(number, TODAY)
    assert refused.value.detail == {"identity_number": rule}


def test_an_unknown_birth_place_is_no_refusal() -> None:
    """The published table of places is incomplete: it must not refuse a real citizen."""
    number = make_number("99999919900307001")
    assert read_identity_number(number, TODAY) == number


@given(st.text(max_size=25))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """No text makes the reader fail in another way."""
    with contextlib.suppress(InputRefused):
        assert read_identity_number(text, TODAY)[:17].isdigit()


def test_a_lower_case_x_counts() -> None:
    """People write the check character small."""
    number = next(n for n in (make_number(f"110101199003070{i:02d}") for i in range(100)) if n.endswith("X"))
    assert read_identity_number(number.lower(), TODAY) == number


@pytest.mark.parametrize(
    ("phone", "tidy"),
    [
        ("13800138001", "13800138001"), ("+86 138-0013-8001", "13800138001"), ("8613800138001", "13800138001"),
        ("+447911123456", "+447911123456"), ("abc", ""), ("", ""),
    ],
)  # fmt: skip
def test_phones_have_one_form(phone: str, tidy: str) -> None:
    """The country code of the mainland does not make another number."""
    assert tidy_phone(phone) == tidy


def test_names_are_compared_as_names() -> None:
    """Width, spaces, case and the kind of dot do not make another person; an empty name is nobody's."""
    assert same_name("买买提·吐尔逊", "买买提•吐尔逊")
    assert same_name("JOHN SMITH", "John  Smith")
    assert not same_name("王小明", "王小名")
    assert not same_name("", "")


def test_name_number_and_phone_together_prove(city: City) -> None:
    """The verified phone is the register's: real-name."""
    caller = sign_in(city)
    city.desk.identity.prove_phone(caller, "+86 13800138001")
    assert prove(city, caller) is Assurance.REAL_NAME


def test_a_face_proves_in_place_of_the_phone(city: City) -> None:
    """Somebody with another phone shows their face."""
    caller = sign_in(city)
    city.desk.identity.prove_phone(caller, "13900139000")
    with pytest.raises(IdentityNotProven):
        prove(city, caller, face="another face")
    assert prove(city, caller, face="same face") is Assurance.REAL_NAME


@dataclass
class WatchedFaceCheck:
    """Implements ``ports.FaceCheck``; keeps what it was asked."""

    answer: bool | BackEndError
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def verify(self, real_name: str, identity_number: str, evidence: str, request_id: str) -> bool:
        self.asked.append((real_name, identity_number, evidence))
        if isinstance(self.answer, BackEndError):
            raise self.answer
        return self.answer


def with_face(city: City, face: WatchedFaceCheck | None) -> None:
    city.desk = replace(city.desk, identity=replace(city.desk.identity, face=face))


@pytest.mark.parametrize("case", ["right", "wrong name", "not in register"])
def test_the_face_check_is_asked_whatever_was_wrong(city: City, case: str) -> None:
    """Neither the time of an answer nor a provider that is down tells a stranger whether name and number belong together."""
    if case == "not in register":
        city.register.entries.clear()
    name = "王大明" if case == "wrong name" else "王小明"
    for answer, error in ((False, IdentityNotProven), (BackEndUnreachable("down"), BackEndUnreachable)):
        face = WatchedFaceCheck(answer)
        with_face(city, face)
        with pytest.raises(error):
            prove(city, sign_in(city), name, face="face")
        assert face.asked == [(name, WANG, "face")]


@pytest.mark.parametrize("case", ["wrong name", "not in register"])
def test_a_face_does_not_replace_the_register(city: City, case: str) -> None:
    """Also a provider that says yes proves nobody whose name and number the register does not know."""
    face = WatchedFaceCheck(True)
    with_face(city, face)
    if case == "not in register":
        city.register.entries.clear()
    caller = sign_in(city)
    city.desk.identity.prove_phone(caller, "13800138001")
    with pytest.raises(IdentityNotProven):
        prove(city, caller, "王大明", face="face")
    assert face.asked


def test_no_face_is_looked_at_without_need(city: City) -> None:
    """Whose phone is the register's is not shown to the provider; without evidence it is asked nothing."""
    face = WatchedFaceCheck(True)
    with_face(city, face)
    caller = sign_in(city)
    with pytest.raises(IdentityNotProven):
        prove(city, caller)
    city.desk.identity.prove_phone(caller, "13800138001")
    assert prove(city, caller, face="face") is Assurance.REAL_NAME
    assert face.asked == []


def test_where_no_face_check_exists_a_face_proves_nothing(city: City) -> None:
    """The refusal is the usual one."""
    with_face(city, None)
    with pytest.raises(IdentityNotProven):
        prove(city, sign_in(city), face="same face")


def test_face_attempts_are_limited_like_all_others(city: City) -> None:
    """The provider is asked no more often than the number's attempts allow."""
    face = WatchedFaceCheck(False)
    with_face(city, face)
    for index in range(ATTEMPTS_AN_HOUR):
        with pytest.raises(IdentityNotProven):
            prove(city, sign_in(city, f"u{index}"), face=f"face {index}")
    with pytest.raises(TooManyRequests):
        prove(city, sign_in(city, "last"), face="face")
    assert len(face.asked) == ATTEMPTS_AN_HOUR


@pytest.mark.parametrize("case", ["wrong name", "wrong phone", "no phone", "not in register", "register without phone"])
def test_whatever_fails_the_answer_is_the_same(city: City, case: str) -> None:
    """The refusal never tells whether the name, the number or the phone was right."""
    caller = sign_in(city)
    if case != "no phone":
        city.desk.identity.prove_phone(caller, "13900139000" if case == "wrong phone" else "13800138001")
    if case == "not in register":
        city.register.entries.clear()
    if case == "register without phone":
        city.register.entries[WANG] = RegisterEntry("王小明", None)
    with pytest.raises(IdentityNotProven) as refused:
        prove(city, caller, "王大明" if case == "wrong name" else "王小明")
    assert refused.value.detail is None
    assert str(refused.value) == "identity_not_proven"


def test_two_log_ins_of_one_human_join(city: City) -> None:
    """The second log-in that proves the same number belongs to the first account, and the owner is told."""
    first, second = sign_in(city), sign_in(city, platform=PlatformName.ALIPAY)
    for caller in (first, second):
        city.desk.identity.prove_phone(caller, "13800138001")
        prove(city, caller)
    with city.store.begin(first.agencies) as tx:
        assert tx.persons.load_login(second.login_id).person_id == first.person_id
    tasks = [(task, subject) for task, _, subject in city.store.tables.queue]
    assert tasks == [("tell_new_login", first.login_id)]


def test_a_session_follows_its_joined_account(city: City) -> None:
    """After joining, the same token speaks for the joined person, real-name included."""
    first, token = sign_in(city), city.log_in(PlatformName.ALIPAY)
    city.desk.identity.prove_phone(first, "13800138001")
    prove(city, first)
    city.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=token)
    answer = city.send(
        "POST", "/v1/identity/real-name", {"real_name": "王小明", "identity_number": WANG}, token=token
    )  # fmt: skip
    assert answer.json == {"assurance": "real-name", "real_name_masked": "**明"}
    assert city.desk.sessions.recognise(token, Language.ZH_CN, "r").person_id == first.person_id


def test_a_proven_person_cannot_become_another(city: City) -> None:
    """A log-in that is proven stays that person's."""
    caller = sign_in(city)
    city.desk.identity.prove_phone(caller, "13800138001")
    prove(city, caller)
    other = make_number("11010119900307002")
    city.register.entries[other] = RegisterEntry("李秀英", "13800138001")
    with pytest.raises(PersonMismatch):
        city.desk.identity.prove_identity(caller, "李秀英", other, None)
    assert prove(city, caller) is Assurance.REAL_NAME


def test_attempts_are_limited_per_person(city: City) -> None:
    """A person has a few attempts an hour, whatever numbers they try."""
    caller = sign_in(city)
    for _ in range(ATTEMPTS_AN_HOUR):
        with pytest.raises(InputRefused):
            city.desk.identity.admit_attempt(caller, "110101199003070012")
    with pytest.raises(TooManyRequests):
        city.desk.identity.admit_attempt(caller, WANG)


def test_attempts_are_limited_per_number(city: City) -> None:
    """Many log-ins together have a few attempts at one number, and the limiter never sees the number."""
    for index in range(ATTEMPTS_AN_HOUR):
        city.desk.identity.admit_attempt(sign_in(city, f"u{index}"), WANG)
    with pytest.raises(TooManyRequests):
        city.desk.identity.admit_attempt(sign_in(city, "last"), WANG)
    assert WANG not in repr(city.limiter.spent)
    city.clock.advance(3600)
    assert city.desk.identity.admit_attempt(sign_in(city, "later"), WANG) == WANG


def test_the_loser_of_a_race_joins_the_winner(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two log-ins prove one number at the same moment: one records it, the other joins."""
    first, second = sign_in(city), sign_in(city, platform=PlatformName.ALIPAY)
    for caller in (first, second):
        city.desk.identity.prove_phone(caller, "13800138001")
    desk = city.desk.identity
    original = type(desk)._record
    raced: list[int] = []

    def record(self: object, caller: Caller, real_name: str, number: str) -> object:
        if not raced:
            raced.append(1)
            original(desk, first, real_name, number)
            raise Conflict
        return original(desk, caller, real_name, number)

    monkeypatch.setattr(type(desk), "_record", record)
    assert prove(city, second) is Assurance.REAL_NAME
    with city.store.begin(first.agencies) as tx:
        assert tx.persons.load_login(second.login_id).person_id == first.person_id


def test_evidence_without_a_number_is_refused(city: City) -> None:
    """What the platform gives must be a phone number."""
    with pytest.raises(InputRefused):
        city.desk.identity.prove_phone(replace(sign_in(city)), "nothing")
