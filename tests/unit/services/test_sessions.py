"""Signing in, one person's log-ins, and cutting one off."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from services.errors import (
    AssuranceTooLow,
    CacheUnavailable,
    InputRefused,
    LastLogin,
    LoginCodeRefused,
    LoginCutOff,
    NotFound,
    NotSignedIn,
    SessionExpired,
    TooManyRequests,
)
from services.exposure import Trail
from services.mapping import disclose
from services.model import Assurance, Caller, Language, PlatformName
from services.sessions import (
    CODES_A_MINUTE,
    SIGN_INS_A_MINUTE,
    SIGN_INS_OF_A_LOGIN,
    SignedIn,
    require_assurance,
)
from tests.unit.gateway.fakes_edge import City, build_city

ZH = Language.ZH_CN


@pytest.fixture
def city() -> City:
    return build_city()


def sign_in(city: City, user: str = "wang", platform: PlatformName = PlatformName.WECHAT) -> SignedIn:
    desk = city.desk.sessions
    app = desk.find_app(platform, "wx1" if platform is PlatformName.WECHAT else "2021")
    return desk.sign_in(app, f"code-{user}", ZH, str(uuid4()))


def join(city: City, first: Caller, second: Caller) -> None:
    """The second log-in proves to be the same human as the first."""
    with city.store.begin(first.agencies) as tx:
        tx.persons.join(second.person_id, first.person_id, city.clock.now())


def trail_of(city: City) -> Trail:
    """A request that has left one record of its app so far."""
    app = city.desk.sessions.find_app(PlatformName.WECHAT, "wx1")
    told = disclose(
        city.desk.catalogue.room("sign-in"), platform=app.platform, agency_id=app.agency_id, account=app.app,
        purpose="sign_in", request_id="r",
    )  # fmt: skip
    return Trail([(told, uuid4())])


def test_a_log_in_that_is_cut_off_is_its_owners_all_the_same(city: City) -> None:
    """Who it was is known although nobody is let in: the owner sees that somebody tried on their log-in."""
    wechat, alipay = sign_in(city), sign_in(city, platform=PlatformName.ALIPAY)
    join(city, alipay.caller, wechat.caller)
    city.desk.sessions.cut_off(replace(alipay.caller), wechat.caller.login_id)
    trail, app = trail_of(city), city.desk.sessions.find_app(PlatformName.WECHAT, "wx1")
    (left,) = trail.left
    with pytest.raises(LoginCutOff):
        city.desk.sessions.sign_in(app, "code-wang", ZH, "r", trail)
    assert city.log.attributions[-1] == (alipay.caller.chain_id, [left])
    assert trail.left == []


def test_a_first_sign_in_opens_a_person(city: City) -> None:
    """A platform user who was never here becomes an anonymous person with one log-in."""
    signed = sign_in(city)
    assert signed.new_login
    assert signed.caller.assurance is Assurance.ANONYMOUS


def test_signing_in_again_is_the_same_person(city: City) -> None:
    """The same platform user is the same person with a second session."""
    first, again = sign_in(city), sign_in(city)
    assert not again.new_login
    assert (first.caller.person_id, first.caller.login_id) == (again.caller.person_id, again.caller.login_id)
    assert first.token != again.token


def test_an_unknown_app_is_refused(city: City) -> None:
    """An app id of somebody else signs nobody in."""
    with pytest.raises(InputRefused):
        city.desk.sessions.find_app(PlatformName.WECHAT, "wx-other")
    with pytest.raises(InputRefused):
        city.desk.sessions.find_app(PlatformName.ALIPAY, "wx1")


def test_a_refused_code_makes_nothing(city: City) -> None:
    """A code that the platform does not accept leaves no person and no session."""
    app = city.desk.sessions.find_app(PlatformName.WECHAT, "wx1")
    with pytest.raises(LoginCodeRefused):
        city.desk.sessions.sign_in(app, "used", ZH, "r", trail_of(city))
    assert city.log.attributions == []
    assert city.store.tables.persons == {}
    assert city.sessions.saved == {}


def test_sign_ins_are_limited_per_app(city: City) -> None:
    """A whole city in a morning is fewer; the other platform's app goes on."""
    for _ in range(SIGN_INS_A_MINUTE):
        city.limiter.spend("sign-in", "wechat-main", SIGN_INS_A_MINUTE, 60)
    with pytest.raises(TooManyRequests):
        sign_in(city)
    assert sign_in(city, platform=PlatformName.ALIPAY).session.app == "alipay-main"


def test_refused_codes_do_not_keep_others_out(city: City) -> None:
    """They are counted by themselves: as many as the city's log-ins, and somebody with a good code still gets in."""
    app = city.desk.sessions.find_app(PlatformName.WECHAT, "wx1")
    for _ in range(SIGN_INS_A_MINUTE + 1):
        with pytest.raises(LoginCodeRefused):
            city.desk.sessions.sign_in(city.desk.sessions.find_app(PlatformName.WECHAT, "wx1"), "used", ZH, "r")
    assert sign_in(city).session.app == app.app


def test_one_phone_does_not_use_up_what_the_city_has(city: City) -> None:
    """Somebody who signs in again and again is alone in being refused, and the records of the refused attempt are theirs."""
    for _ in range(SIGN_INS_OF_A_LOGIN):
        sign_in(city)
    before = len(city.log.attributions)
    with pytest.raises(TooManyRequests):
        city.desk.sessions.sign_in(
            city.desk.sessions.find_app(PlatformName.WECHAT, "wx1"), "code-wang", ZH, "r", trail_of(city)
        )
    assert len(city.log.attributions) == before + 1
    assert sign_in(city, "li").session.app == "wechat-main"


def test_questions_to_a_platform_are_limited(city: City) -> None:
    """Before the platform closes its door on us, we stop asking; nothing is asked or recorded then."""
    city.limiter.spent["sign-in-code", "wechat-main"] = [city.clock.now()] * CODES_A_MINUTE
    with pytest.raises(TooManyRequests):
        city.desk.sessions.find_app(PlatformName.WECHAT, "wx1")
    assert city.desk.sessions.find_app(PlatformName.ALIPAY, "2021").app == "alipay-main"


def test_a_token_of_nobody_is_not_signed_in(city: City) -> None:
    """A token that was never given out is worth nothing."""
    with pytest.raises(NotSignedIn):
        city.desk.sessions.recognise("x" * 43, ZH, "r")


def test_a_session_ends_by_the_clock_port(city: City) -> None:
    """The end of a session is a moment of ours, not a timer of the cache."""
    token = sign_in(city).token
    city.clock.advance(720 * 60 - 1)
    assert city.desk.sessions.recognise(token, ZH, "r")
    city.clock.advance(1)
    with pytest.raises(SessionExpired):
        city.desk.sessions.recognise(token, ZH, "r")


def test_without_the_cache_nobody_is_recognised(city: City) -> None:
    """Redis down is default deny."""
    token = sign_in(city).token
    city.sessions.down = True
    with pytest.raises(CacheUnavailable):
        city.desk.sessions.recognise(token, ZH, "r")


def test_signing_out_ends_one_session(city: City) -> None:
    """Other sessions of the same log-in go on."""
    one, other = sign_in(city), sign_in(city)
    city.desk.sessions.sign_out(one.caller)
    with pytest.raises(NotSignedIn):
        city.desk.sessions.recognise(one.token, ZH, "r")
    assert city.desk.sessions.recognise(other.token, ZH, "r")


def test_another_platform_is_only_another_channel(city: City) -> None:
    """The list of log-ins says of another platform that it is not this one, and nothing more."""
    wechat, alipay = sign_in(city), sign_in(city, platform=PlatformName.ALIPAY)
    join(city, wechat.caller, alipay.caller)
    logins, events = city.desk.sessions.list_logins(wechat.caller)
    assert sorted(login.this_platform for login in logins) == [False, True]
    assert "alipay" not in repr(logins) + repr(events)
    assert [login.current for login in logins if login.this_platform] == [True]


def test_a_log_in_that_is_cut_off_dies_at_once(city: City) -> None:
    """Cut off on one phone, dead on the other, and it cannot sign in again."""
    wechat, alipay = sign_in(city), sign_in(city, platform=PlatformName.ALIPAY)
    join(city, wechat.caller, alipay.caller)
    caller = replace(wechat.caller)
    city.desk.sessions.cut_off(caller, alipay.caller.login_id)
    with pytest.raises(NotSignedIn):
        city.desk.sessions.recognise(alipay.token, ZH, "r")
    with pytest.raises(LoginCutOff):
        sign_in(city, platform=PlatformName.ALIPAY)
    city.desk.sessions.let_in_again(caller, alipay.caller.login_id)
    assert sign_in(city, platform=PlatformName.ALIPAY).caller.person_id == wechat.caller.person_id


def test_cutting_off_holds_when_the_cache_fails(city: City) -> None:
    """The store knows first, so a session that Redis still has is refused all the same."""
    wechat, alipay = sign_in(city), sign_in(city, platform=PlatformName.ALIPAY)
    join(city, wechat.caller, alipay.caller)
    city.sessions.down = True
    with pytest.raises(CacheUnavailable):
        city.desk.sessions.cut_off(wechat.caller, alipay.caller.login_id)
    city.sessions.down = False
    with pytest.raises(SessionExpired):
        city.desk.sessions.recognise(alipay.token, ZH, "r")


def test_somebody_elses_log_in_does_not_exist(city: City) -> None:
    """The answer for another's log-in is the answer for none."""
    mine, other = sign_in(city), sign_in(city, "li")
    for login_id in (other.caller.login_id, uuid4()):
        with pytest.raises(NotFound):
            city.desk.sessions.cut_off(mine.caller, login_id)
        with pytest.raises(NotFound):
            city.desk.sessions.let_in_again(mine.caller, login_id)


def test_the_last_log_in_stays(city: City) -> None:
    """Nobody locks themselves out for good."""
    mine = sign_in(city)
    with pytest.raises(LastLogin):
        city.desk.sessions.cut_off(mine.caller, mine.caller.login_id)


def test_assurance_is_ordered(city: City) -> None:
    """A higher level includes the lower ones; the refusal names the level that is needed."""
    caller = replace(sign_in(city).caller, assurance=Assurance.PHONE)
    require_assurance(caller, Assurance.PHONE)
    with pytest.raises(AssuranceTooLow) as refused:
        require_assurance(caller, Assurance.REAL_NAME)
    assert refused.value.detail == {"required": "real-name"}
