"""Signing in: one answer to all that is wrong, a code serves once, throttling that does not lock the right person out for ever."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from services.errors import (
    CacheUnavailable,
    Conflict,
    InputRefused,
    NotSignedIn,
    SessionExpired,
    StoreUnavailable,
    TooManyRequests,
)
from services.staff_sign_in import ATTEMPTS, IDLE, ONE_TIME_PASSWORD, SESSION, WINDOW_SECONDS, Admission, mark_temporary
from services.staffing import Role, RoleHeld, StaffMember
from tests.unit.gateway.console.office import CHILD, CODES, LEFT, PASSWORD, ROOT, Office

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def member(office: Office) -> StaffMember:
    return office.hire(LEFT, Role.CLERK, login="clerk.wu")


def come_in(office: Office, member: StaffMember, address: str = HERE, device: str = "") -> str:
    return office.sign_in.sign_in(member.login, PASSWORD, office.code_of(member), address, device).token


def admit(office: Office, token: str) -> Admission:
    return office.sign_in.admit(token, "r")


def test_the_right_three_let_in_and_leave_an_act(office: Office, member: StaffMember) -> None:
    """Login, password and code give a session whose roles come from the store; the act names the person and no value."""
    admission = admit(office, come_in(office, member))
    assert admission.actor.holds(Role.CLERK, CHILD)
    assert not admission.has_duty
    assert [(act.act, act.staff_id, dict(act.detail)) for act in office.store.books.acts] == [
        ("staff.sign_in", member.staff_id, {"method": "local"})
    ]


@pytest.mark.parametrize("login", ["clerk.wu", " Clerk.WU "])
def test_a_login_has_one_form(office: Office, member: StaffMember, login: str) -> None:
    """Case and surrounding spaces do not keep anybody out."""
    assert office.sign_in.sign_in(login, PASSWORD, office.code_of(member), HERE)


@pytest.mark.parametrize("wrong", ["login", "password", "code", "no code", "suspended", "nul", "other's code"])
def test_whatever_is_wrong_the_answer_and_the_work_are_the_same(
    office: Office, member: StaffMember, wrong: str
) -> None:
    """Unknown login, wrong password, wrong code, suspended: the same error without a word, after one hashing and no act."""
    login, password, code = member.login, PASSWORD, office.code_of(member)
    if wrong == "suspended":
        office.store.books.members[member.staff_id] = StaffMember(
            member.staff_id, LEFT, member.login, member.name, member.created_at, office.clock.now()
        )
    login = {"login": "nobody", "nul": "a\0b"}.get(wrong, login)
    password = "wrong password" if wrong == "password" else password
    code = {"code": "000000" if code != "000000" else "000001", "no code": "", "other's code": "１２３４５６"}.get(
        wrong, code
    )
    with pytest.raises(NotSignedIn) as caught:
        office.sign_in.sign_in(login, password, code, HERE)
    assert (type(caught.value), str(caught.value), caught.value.detail) == (NotSignedIn, "not_signed_in", None)
    assert office.hasher.verified == 1
    assert office.acts == []
    assert office.sessions.saved == {}


def test_a_code_serves_once(office: Office, member: StaffMember) -> None:
    """Whoever looked over a shoulder is too late, also within the leeway of a step; the next step serves again."""
    code = office.code_of(member)
    come_in(office, member)
    with pytest.raises(NotSignedIn):
        office.sign_in.sign_in(member.login, PASSWORD, code, HERE)
    office.clock.advance(30)
    with pytest.raises(NotSignedIn):
        office.sign_in.sign_in(member.login, PASSWORD, code, HERE)
    assert come_in(office, member)


def test_a_wrong_password_does_not_use_the_code_up(office: Office, member: StaffMember) -> None:
    """A slip of the finger costs no half minute."""
    with pytest.raises(NotSignedIn):
        office.sign_in.sign_in(member.login, "slip of a finger", office.code_of(member), HERE)
    assert come_in(office, member)


@pytest.mark.parametrize(("seconds", "serves"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(office: Office, member: StaffMember, seconds: int, serves: bool) -> None:
    """RFC 6238, section 5.2: one step either way and no more."""
    secret = office.store.books.secrets[member.staff_id]
    code = CODES.code_at(secret, office.clock.now() + timedelta(seconds=seconds))
    if serves:
        assert office.sign_in.sign_in(member.login, PASSWORD, code, HERE)
    else:
        with pytest.raises(NotSignedIn):
            office.sign_in.sign_in(member.login, PASSWORD, code, HERE)


@pytest.mark.parametrize("login", ["clerk.wu", "nobody.here"])
def test_guessing_is_throttled_whether_the_login_exists_or_not(office: Office, member: StaffMember, login: str) -> None:
    """After ten attempts from wherever the eleventh is not even compared; the answer does not tell whether there is such a login."""
    for number in range(ATTEMPTS):
        with pytest.raises(NotSignedIn):
            office.sign_in.sign_in(login, "guess", "123456", f"203.0.113.{number}")
    worked = office.hasher.verified
    with pytest.raises(TooManyRequests):
        office.sign_in.sign_in(login, "guess", "123456", "203.0.113.99")
    assert office.hasher.verified == worked


def test_an_attacker_does_not_lock_the_right_person_out(office: Office, member: StaffMember) -> None:
    """A browser that came in before has a count of its own; any other one is let in again when the window has passed."""
    device = office.sign_in.sign_in(member.login, PASSWORD, office.code_of(member), HERE).device
    office.clock.advance(60)
    for number in range(ATTEMPTS * 2):
        with pytest.raises((NotSignedIn, TooManyRequests)):
            office.sign_in.sign_in(member.login, "guess", "123456", f"203.0.113.{number}")
    with pytest.raises(TooManyRequests):
        come_in(office, member, ELSEWHERE)
    assert come_in(office, member, ELSEWHERE, device)
    office.clock.advance(WINDOW_SECONDS)
    assert come_in(office, member, ELSEWHERE)


@pytest.mark.parametrize("forged", ["", "0" * 32 + "." + "0" * 64, "a" * 32 + "." + "b" * 72, "x", "." * 200])
def test_a_device_cannot_be_made_up(office: Office, member: StaffMember, forged: str) -> None:
    """Only what we gave to this login's browser has a count of its own, and that count is limited too."""
    other = office.hire(LEFT, login="clerk.li")
    theirs = office.sign_in.sign_in(other.login, PASSWORD, office.code_of(other), HERE).device
    for device in (forged, theirs):
        for _ in range(ATTEMPTS):
            with pytest.raises((NotSignedIn, TooManyRequests)):
                office.sign_in.sign_in(member.login, "guess", "123456", HERE, device)
    with pytest.raises(TooManyRequests):
        office.sign_in.sign_in(member.login, "guess", "123456", HERE, forged)


def test_a_session_ends_by_idleness_and_by_its_length(office: Office, member: StaffMember) -> None:
    """Half an hour without anything done ends it; what is done goes on for ten hours and no longer."""
    token = come_in(office, member)
    office.clock.advance(IDLE.total_seconds() - 1)
    admit(office, token)
    office.clock.advance(IDLE.total_seconds() - 1)
    office.sign_in.admit(token, "r", active=False)
    office.clock.advance(1)
    with pytest.raises(NotSignedIn):
        admit(office, token)
    office.clock.advance(60)
    token, began = come_in(office, member), office.clock.now()
    while office.clock.now() - began < SESSION - timedelta(minutes=20):
        office.clock.advance(1200)
        admit(office, token)
    office.clock.advance(1200)
    with pytest.raises(NotSignedIn):
        admit(office, token)


def test_a_suspended_member_s_session_is_over_even_if_redis_kept_it(office: Office, member: StaffMember) -> None:
    """Whether somebody is suspended is read from the store on every request."""
    token = come_in(office, member)
    gone = StaffMember(member.staff_id, LEFT, member.login, member.name, member.created_at, office.clock.now())
    office.store.books.members[member.staff_id] = gone
    with pytest.raises(SessionExpired):
        admit(office, token)


def test_roles_are_those_of_this_moment(office: Office, member: StaffMember) -> None:
    """A role that ended an instant ago is gone from the very next request."""
    held = RoleHeld(
        UUID(int=77), member.staff_id, ROOT, Role.AUDITOR, office.clock.now(), office.clock.now() + timedelta(hours=1)
    )
    office.store.books.roles[held.grant_id] = held
    token = come_in(office, member)
    assert admit(office, token).actor.holds(Role.AUDITOR, LEFT)
    office.clock.advance(1200)
    admit(office, token)
    office.clock.advance(1200)
    admit(office, token)
    office.clock.advance(1200)
    assert not admit(office, token).actor.holds(Role.AUDITOR, LEFT)


def test_without_redis_or_the_store_nobody_comes_in(office: Office, member: StaffMember) -> None:
    """Default deny: what cannot be asked is a no."""
    token = come_in(office, member)
    office.sessions.down = True
    with pytest.raises(CacheUnavailable):
        admit(office, token)
    office.sessions.down, office.store.down = False, True
    with pytest.raises(StoreUnavailable):
        admit(office, token)
    office.store.down, office.limiter.down = False, True
    with pytest.raises(CacheUnavailable):
        come_in(office, member)


def test_if_the_act_cannot_be_written_there_is_no_session(office: Office, member: StaffMember) -> None:
    """Nobody is in without a trace."""
    office.store.acts_down = True
    with pytest.raises(StoreUnavailable):
        come_in(office, member)
    assert office.sessions.saved == {}


def first_day(office: Office) -> tuple[StaffMember, str]:
    """A new member and their one-time password, as an administrator made them."""
    return office.staff.add(None, LEFT, "new.member", "新人")


def test_the_first_sign_in_leads_to_a_password_and_an_authenticator(office: Office) -> None:
    """With a one-time password one may set one's own and enrol, and nothing else; after both the duty is done."""
    member, once = first_day(office)
    token = office.sign_in.sign_in(member.login, once, "", HERE).token
    assert admit(office, token).must_set_password
    token = office.sign_in.change_password(admit(office, token), once, "a password of my own")
    admission = admit(office, token)
    assert (admission.must_set_password, admission.must_enrol) == (False, True)
    secret, address, sealed = office.sign_in.start_enrolment(admission, token)
    assert address.startswith("otpauth://totp/")
    code = CODES.code_at(secret, office.clock.now())
    office.sign_in.finish_enrolment(admission, token, secret, sealed, code)
    assert not admit(office, token).has_duty
    with pytest.raises(NotSignedIn):
        office.sign_in.sign_in(member.login, "a password of my own", code, HERE)
    office.clock.advance(30)
    code = CODES.code_at(secret, office.clock.now())
    assert office.sign_in.sign_in(member.login, "a password of my own", code, HERE)


def test_a_one_time_password_ends_after_three_days(office: Office) -> None:
    """What nobody fetched opens nothing."""
    member, once = first_day(office)
    office.clock.advance(ONE_TIME_PASSWORD.total_seconds())
    with pytest.raises(NotSignedIn):
        office.sign_in.sign_in(member.login, once, "", HERE)


def test_a_secret_that_we_did_not_make_for_this_session_is_not_kept(office: Office) -> None:
    """The form cannot bring somebody else's secret, nor the right secret with a wrong code."""
    member, once = first_day(office)
    token = office.sign_in.sign_in(member.login, once, "", HERE).token
    token = office.sign_in.change_password(admit(office, token), once, "a password of my own")
    admission = admit(office, token)
    secret, _, sealed = office.sign_in.start_enrolment(admission, token)
    mine = CODES.make_secret()
    right, theirs = CODES.code_at(secret, office.clock.now()), CODES.code_at(mine, office.clock.now())
    for tried in ((mine, sealed, theirs), (secret, "", right), (secret, sealed, "abcdef")):
        with pytest.raises(InputRefused):
            office.sign_in.finish_enrolment(admission, token, *tried)
    assert not office.store.books.secrets.get(member.staff_id)


def test_an_authenticator_is_enrolled_once(office: Office, member: StaffMember) -> None:
    """Whoever finds an open session cannot replace the authenticator."""
    token = come_in(office, member)
    with pytest.raises(Conflict):
        office.sign_in.start_enrolment(admit(office, token), token)


@pytest.mark.parametrize("fresh", ["short", "aaaaaaaaaaaaaaaa", "my clerk.wu password", "x" * 129, PASSWORD])
def test_a_weak_or_unchanged_password_is_refused(office: Office, member: StaffMember, fresh: str) -> None:
    """Twelve characters, six different ones, no login in it, not the old one."""
    with pytest.raises(InputRefused):
        office.sign_in.change_password(admit(office, come_in(office, member)), PASSWORD, fresh)


def test_setting_a_password_needs_the_present_one_and_ends_the_other_sessions(
    office: Office, member: StaffMember
) -> None:
    """An open browser is not enough, and whoever shares the account is out."""
    token = come_in(office, member)
    office.clock.advance(60)
    other = come_in(office, member, ELSEWHERE)
    with pytest.raises(InputRefused):
        office.sign_in.change_password(admit(office, token), "not the present one", "something new and long")
    fresh = office.sign_in.change_password(admit(office, token), PASSWORD, "something new and long")
    for ended in (token, other):
        with pytest.raises(NotSignedIn):
            admit(office, ended)
    assert admit(office, fresh).session.created_at < office.clock.now()


def test_the_provider_lets_in_whom_it_knows_and_we_know_too() -> None:
    """A subject that nobody is bound to, or whose member is suspended, is the same refusal; a known one needs no code of ours."""
    office = Office(provider=True)
    member = office.hire(LEFT, Role.CLERK)
    office.staff.bind_subject(None, member.staff_id, "subject-1")
    office.store.books.secrets.pop(member.staff_id)
    token = office.sign_in.sign_in_by_provider("seed", {"code": "subject-1"}, HERE).token
    assert not admit(office, token).has_duty
    office.staff.suspend(None, member.staff_id)
    for subject in ("subject-1", "subject-2"):
        with pytest.raises(NotSignedIn):
            office.sign_in.sign_in_by_provider("seed", {"code": subject}, HERE)


def test_where_local_accounts_are_off_a_right_password_is_worth_nothing() -> None:
    """In production the provider is the only door, unless it is stated otherwise."""
    office = Office(local=False, provider=True)
    member = office.hire(LEFT)
    with pytest.raises(NotSignedIn):
        come_in(office, member)
    with pytest.raises(NotSignedIn):
        Office().sign_in.sign_in_by_provider("seed", {"code": "x"}, HERE)


def test_a_deputy_s_role_lasts_only_while_the_principal_s_does(office: Office, member: StaffMember) -> None:
    """Never more than the one deputised for: suspended, revoked or out of date, and the deputy's is gone too."""
    deputy = office.hire(LEFT)
    own = next(held for held in office.store.books.roles.values() if held.staff_id == member.staff_id)
    until = office.clock.now() + timedelta(days=7)
    office.staff.name_deputy(None, own.grant_id, deputy.staff_id, until)
    token = come_in(office, deputy)
    assert admit(office, token).actor.holds(Role.CLERK, CHILD)
    gone = StaffMember(member.staff_id, LEFT, member.login, member.name, member.created_at, office.clock.now())
    office.store.books.members[member.staff_id] = gone
    assert admit(office, token).actor.roles == ()
    office.store.books.members[member.staff_id] = member
    assert admit(office, token).actor.roles
    office.store.books.roles.pop(own.grant_id)
    assert admit(office, token).actor.roles == ()


def test_what_is_kept_of_a_one_time_password_is_told_from_a_lasting_one() -> None:
    """The mark of a one-time password cannot be taken for an argon2 hash."""
    office = Office()
    assert not mark_temporary("$argon2id$x", office.clock.now()).startswith("$argon2")
