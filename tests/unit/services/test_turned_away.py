"""Whom a platform turns away is counted once, by the day in China, and told of another channel; nobody is named."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import pytest

from gateway.errors import explain_error
from gateway.words import load_wording
from services.census_record import Ground, Occasion, TurnedAway
from services.errors import (
    LoginCodeRefused,
    PlatformAccountBlocked,
    PlatformOutcomeUnknown,
    PlatformRefused,
    StoreUnavailable,
)
from services.model import Language, PlatformName
from services.turned_away import KNOCK, count_turned_away
from tests.fake_city import City as Payers
from tests.fake_store import FakeStore
from tests.fakes import FakeClock
from tests.unit.gateway.fakes_edge import City, build_city

W = PlatformName.WECHAT
AGES = (date(2000, 1, 1), date(2100, 1, 1))


def read(store: FakeStore) -> list[TurnedAway]:
    """All counts."""
    agencies = tuple({one.agency_id for one in store.tables.counter.turned_away.values()})
    with store.begin(agencies) as tx:
        return tx.census.list_turned_away(agencies, *AGES)


@pytest.fixture
def city() -> City:
    return build_city()


def sign_in(city: City, code: str) -> None:
    """Somebody opens the mini-program."""
    desk = city.desk.sessions
    desk.sign_in(desk.find_app(W, "wx1"), code, Language.ZH_CN, str(uuid4()))


def test_a_blocked_account_at_the_sign_in(city: City) -> None:
    """Counted by platform and ground; a refusal without a ground of the account is another ground."""
    for behaviour, kind in (("blocked", PlatformAccountBlocked), ("40013", PlatformRefused)):
        city.platforms[W].script.plan("identify", behaviour)
        with pytest.raises(kind):
            sign_in(city, "code-wang")
    found = read(city.store)
    assert {(one.platform, one.occasion, one.ground, one.count) for one in found} == {
        (W, Occasion.SIGN_IN, Ground.ACCOUNT, 1), (W, Occasion.SIGN_IN, Ground.REFUSED, 1),
    }  # fmt: skip
    assert {one.agency_id for one in found} == {city.desk.sessions.find_app(W, "wx1").agency_id}


def test_a_used_code_and_the_census_turn_nobody_away(city: City) -> None:
    """A code that is no longer good is asked for again; the census's knock is no person."""
    with pytest.raises(LoginCodeRefused):
        sign_in(city, "nonsense")
    city.platforms[W].script.plan("identify", "blocked")
    with pytest.raises(PlatformAccountBlocked):
        sign_in(city, f"{KNOCK}0123")
    assert read(city.store) == []


@pytest.mark.parametrize(
    ("behaviour", "ground", "kind"),
    [("blocked", Ground.ACCOUNT, PlatformAccountBlocked), ("NO_AUTH", Ground.REFUSED, PlatformRefused)],
)
def test_a_refused_payment_is_counted_once(behaviour: str, ground: Ground, kind: type[PlatformRefused]) -> None:
    """However often the same key is sent again, which is refused in the same way."""
    payers = Payers()
    payers.add_bill()
    wang = payers.add_citizen()
    payers.platforms[W].script.plan("place_order", behaviour)
    for _ in range(3):
        with pytest.raises(PlatformRefused) as refused:
            payers.pay(wang)
        assert type(refused.value) is kind
    [one] = read(payers.store)
    assert (one.platform, one.occasion, one.ground, one.count) == (W, Occasion.PAYMENT, ground, 1)


def test_an_order_that_was_there_turned_nobody_away() -> None:
    """A repeated order that the platform refuses because it has it already is not counted."""
    payers = Payers()
    payers.add_bill()
    wang = payers.add_citizen()
    payers.platforms[W].script.plan("place_order", "timeout_after")
    with pytest.raises(PlatformOutcomeUnknown):
        payers.pay(wang)
    [order_no] = payers.platforms[W].orders
    payers.platforms[W].pay(order_no)
    payers.pay(wang)
    assert read(payers.store) == []


def test_the_day_is_that_of_china() -> None:
    """Half past midnight in Beijing is the new day."""
    store, agency = FakeStore(), uuid4()
    clock = FakeClock(datetime(2026, 11, 24, 16, 30, tzinfo=UTC))
    count_turned_away(store, clock, agency, W, Occasion.SIGN_IN, PlatformAccountBlocked("40226"))
    assert [one.day for one in read(store)] == [date(2026, 11, 25)]


def test_a_store_that_is_away_keeps_nobody_from_being_told() -> None:
    """The refusal reaches the person all the same; that one is not counted."""
    store = FakeStore()
    store.down = True
    with pytest.raises(StoreUnavailable), store.begin([]):
        pass
    count_turned_away(
        store, FakeClock(datetime(2026, 11, 24, tzinfo=UTC)), uuid4(), W, Occasion.SIGN_IN, PlatformRefused("x")
    )
    store.down = False
    assert read(store) == []


@pytest.mark.parametrize("refused", [PlatformAccountBlocked("40226"), PlatformRefused("x")])
def test_each_is_told_of_another_channel(refused: PlatformRefused) -> None:
    """The fixed sentence names the government's own website and the window, in both languages."""
    _, code = explain_error(refused)
    wording = load_wording()
    chinese, english = (wording.say_error(code, language) for language in (Language.ZH_CN, Language.EN))
    assert "政务服务网站" in chinese
    assert "窗口" in chinese
    assert "website" in english
    assert "window" in english
