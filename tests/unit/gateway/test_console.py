"""The console: closed by default, entered with a key, counts without persons."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from markupsafe import escape

from gateway.app import create_console_app
from gateway.console.gate import HOURS, Gate
from gateway.console.overview import STATES
from gateway.console.rooms import OPEN_ENDPOINTS, SESSION_COOKIE, ConsoleDesk
from gateway.routes.health import RollCall
from services.errors import CacheUnavailable, StoreUnavailable
from services.model import Language, PaymentState
from tests.fakes import FakeClock, FakeLimiter, FakeRevocations
from tests.unit.gateway.fakes_edge import CATALOGUE

KEY = "a key of more than sixteen bytes"


class Counts:
    """Implements ``ports.OverviewReader``."""

    down = False

    def count_payments(self, since: datetime) -> list[tuple[str, str, int, int]]:
        if self.down:
            raise StoreUnavailable
        return [("gas-bill", "written_off", 12, 123456), ("<b>", "refund_abnormal", 1, 5)]

    def count_exposures(self, since: datetime) -> list[tuple[str, str, str, int]]:
        return [("wechat", "sent_to_server", "platform_user", 7)]


class Broken:
    """A dependency that does not answer."""

    name = "redis"

    def ping(self) -> None:
        raise OSError("secret address")


class Room:
    """A console with a browser."""

    def __init__(self, key: str | None = KEY, *, secure: bool = False) -> None:
        self.clock, self.counts = FakeClock(), Counts()
        self.limiter = FakeLimiter(self.clock)
        self.revocations = FakeRevocations(self.clock)
        self.gate = Gate(key.encode() if key else None, self.clock, secrets.token_bytes, self.revocations)
        desk = ConsoleDesk(
            self.counts, CATALOGUE, RollCall([Broken()]), self.gate, self.limiter, self.clock, "0.1.0", secure
        )  # fmt: skip
        self.app = create_console_app(desk)
        self.browser: FlaskClient = self.app.test_client()

    def sign_out(self) -> int:
        page = self.browser.get("/").get_data(as_text=True)
        token = re.search(r'name="token" value="([0-9a-f]+)"', page)
        return self.browser.post("/sign-out", data={"token": token.group(1) if token else ""}).status_code

    def sign_in(self, key: str = KEY, token: str | None = None) -> int:
        page = self.browser.get("/sign-in").get_data(as_text=True)
        found = re.search(r'name="token" value="([0-9a-f]+)"', page)
        given = token if token is not None else found.group(1) if found else ""
        return self.browser.post("/sign-in", data={"key": key, "token": given}).status_code


@pytest.fixture
def room() -> Room:
    return Room()


def test_every_page_but_the_sign_in_needs_the_key(room: Room) -> None:
    """Default deny, walked over all routes, unknown addresses included."""
    for rule in room.app.url_map.iter_rules():
        if rule.endpoint not in OPEN_ENDPOINTS:
            method = "POST" if "POST" in (rule.methods or ()) else "GET"
            answer = room.browser.open(rule.rule, method=method)
            assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in"), rule
    assert room.browser.get("/anything").status_code == 303


def test_the_key_opens(room: Room) -> None:
    """With the key there is an overview, Chinese first."""
    assert room.sign_in() == 303
    page = room.browser.get("/").get_data(as_text=True)
    assert "燃气缴费" in page
    assert "1,234.56" in page
    assert "平台用户编号" in page


@pytest.mark.parametrize("key", ["", "wrong", KEY + "x", KEY[:-1], "钥匙" * 10])
def test_another_key_does_not(room: Room, key: str) -> None:
    """Nearly the key is not the key."""
    assert room.sign_in(key) == 403
    assert room.browser.get("/").status_code == 303


@pytest.mark.parametrize("key", [None, "short"])
def test_without_a_real_key_nobody_gets_in(key: str | None) -> None:
    """No key, or one that could be guessed, opens nothing, not even to itself."""
    room = Room(key)
    assert room.sign_in(key or "") == 403
    assert not room.gate.admits(room.gate.issue())


def test_a_form_of_another_site_is_refused(room: Room) -> None:
    """A sign-in or sign-out without our own token does nothing."""
    assert room.sign_in(token="0" * 64) == 403
    assert room.sign_in() == 303
    assert room.browser.post("/sign-out", data={"token": "x"}).status_code == 403
    assert room.browser.get("/").status_code == 200


def test_signing_out_ends_it(room: Room) -> None:
    """After signing out the browser is outside again."""
    room.sign_in()
    assert room.sign_out() == 303
    assert room.browser.get("/").status_code == 303


def test_a_copy_of_a_signed_out_cookie_opens_nothing(room: Room) -> None:
    """Whoever kept the cookie is outside too; another session goes on."""
    room.sign_in()
    kept = room.browser.get_cookie(SESSION_COOKIE)
    other = room.gate.issue()
    assert kept
    assert room.gate.admits(kept.value)
    assert room.sign_out() == 303
    room.browser.set_cookie(SESSION_COOKIE, kept.value)
    assert room.browser.get("/").headers["Location"] == "/sign-in"
    assert not room.gate.admits(kept.value)
    assert room.gate.admits(other)


def test_without_the_cache_nobody_is_let_in(room: Room) -> None:
    """Whether a session was signed out cannot be asked: 503, not the page; signing out says that it failed and can be repeated."""
    room.sign_in()
    kept = room.browser.get_cookie(SESSION_COOKIE)
    assert kept
    token = room.gate.form_token(kept.value)
    room.revocations.down = True
    for answer in (room.browser.get("/"), room.browser.post("/sign-out", data={"token": token})):
        assert (answer.status_code, answer.get_data()) == (503, b"503")
    with pytest.raises(CacheUnavailable):
        room.gate.end(kept.value)
    assert room.browser.get("/sign-in").status_code == 200
    room.revocations.down = False
    assert room.browser.post("/sign-out", data={"token": token}).status_code == 303
    assert not room.gate.admits(kept.value)


def test_attempts_are_limited(room: Room) -> None:
    """Wrong keys are told that they are too many; they do not keep out who has the right one."""
    for _ in range(10):
        assert room.sign_in("wrong") == 403
    assert room.sign_in("wrong") == 429
    assert room.sign_in() == 303
    assert room.browser.get("/").status_code == 200
    room.clock.advance(60)
    assert room.sign_in("wrong") == 403


def test_a_cache_that_is_down_admits_nobody(room: Room) -> None:
    """Neither a wrong key, nor the right one: whether its session was signed out cannot be asked."""
    room.limiter.down = room.revocations.down = True
    assert room.sign_in("wrong") == 503
    room.sign_in()
    assert room.browser.get("/").status_code == 503


def test_a_session_ends(room: Room) -> None:
    """Four hours by the clock port."""
    room.sign_in()
    room.clock.advance(HOURS * 3600 - 1)
    assert room.browser.get("/").status_code == 200
    room.clock.advance(1)
    assert room.browser.get("/").status_code == 303


@pytest.mark.parametrize("change", [0, 5, 20, -1])
def test_a_changed_cookie_is_worth_nothing(room: Room, change: int) -> None:
    """No part of a cookie can be altered; one sealed with another key neither."""
    cookie = room.gate.issue()
    altered = list(cookie)
    altered[change] = "0" if altered[change] != "0" else "1"
    assert room.gate.admits(cookie)
    assert not room.gate.admits("".join(altered))
    assert not Gate(b"another key of sixteen bytes", room.clock, bytes, room.revocations).admits(cookie)


def test_cookies_and_headers_are_strict() -> None:
    """HttpOnly, SameSite=Strict, Secure behind HTTPS, a policy without scripts, nothing cached."""
    room = Room(secure=True)
    answer = room.browser.get("/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Secure"))
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script" not in answer.get_data(as_text=True)
    assert " style=" not in answer.get_data(as_text=True)


def test_what_comes_from_the_store_is_escaped(room: Room) -> None:
    """A name with markup in it stays a name."""
    room.sign_in()
    page = room.browser.get("/").get_data(as_text=True)
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


def test_a_dependency_that_fails_is_named_without_its_message(room: Room) -> None:
    """Health says which, not what the exception said."""
    room.sign_in()
    page = room.browser.get("/").get_data(as_text=True)
    assert "redis" in page
    assert "secret address" not in page


def test_without_the_store_the_page_says_so(room: Room) -> None:
    """503 with a sentence, not a stack trace."""
    room.sign_in()
    room.counts.down = True
    answer = room.browser.get("/")
    assert answer.status_code == 503
    assert "暂时无法读取数据" in answer.get_data(as_text=True)


def test_every_state_has_a_word() -> None:
    """A new state of a payment needs a word for the finance office."""
    assert set(STATES) == set(PaymentState)


def test_a_direction_has_the_citizen_s_words(room: Room) -> None:
    """The privacy officer reads what the citizen reads: the words of the vocabulary."""
    room.sign_in()
    page = room.browser.get("/").get_data(as_text=True)
    for language in Language:
        assert str(escape(CATALOGUE.direction("sent_to_server", language))) in page
