"""Rules of authentication.py, tokens.py and http_line.py: who we are, by every scheme, and what a 401 means."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from adapters.backends.authentication import carry_basic
from adapters.backends.http_line import HttpLine
from adapters.backends.rest.wire import RestWire
from adapters.backends.wire import Facts
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable
from adapters.tls import TlsIdentity
from services.errors import BackEndOutcomeUnknown, BackEndUnreachable, ConfigurationFault
from services.expressions import compile_expression
from services.mapping import Authentication, BackEndSpec, Call
from services.model import BackEndAddress
from services.reply_shape import plant_reply
from services.translation import Request
from tests.authorities import Authority
from tests.fakes import FakeClock
from tests.unit.adapters.backends.fake_line import FakeLine, Sent, reply
from tests.unit.adapters.backends.sql.registry import Passwords

OK = reply(b"{}")
FACTS = Facts("req-1", "call-1", "see_bills", "case-1")
CREDENTIALS = Authentication("client-credentials", secret="word", user="id", path="/token", scope="a b")
LOGIN = Authentication(
    "login", secret="word", user="id", path="/login", header="X-Token", prefix="T",
    request=compile_expression("{name: user, pass: secret, unit: options.unit}", ""),
    token=compile_expression("body.data.token", ""), expires_in=compile_expression("body.data.seconds", ""),
)  # fmt: skip
TWO = ("client-credentials", "login")


def call(*, writes: bool = False) -> Call:
    return Call(
        name="ask", back_end="b", writes=writes, timeout_seconds=5, reply=plant_reply(["x?"]),
        response=compile_expression("body", ""), path="/x",
    )  # fmt: skip


def open_line(
    authentication: Authentication, line: HttpClient, clock: FakeClock | None = None, *, secrets: Mapping[str, bytes] | None = None,
    bound: tuple[str, ...] = ("word",), url: str = "https://b.test/base", bus: str = "", **options: str,
) -> HttpLine:  # fmt: skip
    nothing = compile_expression("`null`", "")
    spec = BackEndSpec(
        name="b", connector="rest", unit="", encoding="UTF-8", authentication=authentication, success=nothing, error=nothing,
        echo=(), operations={}, bus=bus,
    )  # fmt: skip
    address = BackEndAddress(
        UUID(int=1), "b", url, {name: name for name in bound}, {"id": "s6BhdRkqt3", "unit": "U1", **options}
    )
    known = {"word": b"gX1fBat3bV"} if secrets is None else dict(secrets)
    return HttpLine(spec, address, line, Passwords(**known), clock or FakeClock(), RestWire(spec))


def ask(line: HttpLine, *, writes: bool = False) -> None:
    line.exchange(call(writes=writes), Request("/x", {"a": 1}, {}), FACTS, 5)


def token(text: str = "2YotnFZFEjr1zCsicMWpAA", **change: object) -> HttpReply:
    """The example of RFC 6749 §4.4.3."""
    return reply(
        json.dumps(
            {"access_token": text, "token_type": "example"} | {"token_type": "Bearer", "expires_in": 3600} | change
        ).encode()
    )


def logged_in(text: str = "t-1", seconds: object = 3600) -> HttpReply:
    return reply(json.dumps({"data": {"token": text, "seconds": seconds}}).encode())


def give(scheme: str, text: str, seconds: object = 3600) -> HttpReply:
    return token(text, expires_in=seconds) if scheme == "client-credentials" else logged_in(text, seconds)


def show(sent: Sent) -> str | None:
    return sent.headers.get("X-Token") or sent.headers.get("Authorization")


def of_scheme(scheme: str) -> Authentication:
    return CREDENTIALS if scheme == "client-credentials" else LOGIN


def test_the_example_of_rfc_6749() -> None:
    """§4.4.2: Basic with client id and secret, grant type and scope in the form; §7.1: the token as bearer."""
    line = FakeLine([token(), OK])
    ask(open_line(CREDENTIALS, line))
    first, second = line.sent
    assert (first.method, first.url) == ("POST", "https://b.test/base/token")
    assert first.headers["Authorization"] == "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"
    assert first.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert first.body == b"grant_type=client_credentials&scope=a+b"
    assert second.headers["Authorization"] == "Bearer 2YotnFZFEjr1zCsicMWpAA"


def test_id_and_secret_are_form_encoded_first() -> None:
    """RFC 6749 §2.3.1: a colon or a space in either cannot be taken for something else."""
    line = FakeLine([token(), OK])
    ask(open_line(CREDENTIALS, line, secrets={"word": "s p:%名".encode()}, id="i:d"))
    assert line.sent[0].headers["Authorization"] == carry_basic("i%3Ad", "s+p%3A%25%E5%90%8D")["Authorization"]


def test_a_log_in_of_the_back_end_s_own() -> None:
    """The mapping's request is given secret, user and options; its token goes in the mapping's header."""
    line = FakeLine([logged_in(), OK])
    ask(open_line(LOGIN, line))
    assert json.loads(line.sent[0].body) == {"name": "s6BhdRkqt3", "pass": "gX1fBat3bV", "unit": "U1"}
    assert line.sent[0].url == "https://b.test/base/login"
    assert line.sent[1].headers["X-Token"] == "T t-1"
    assert "Authorization" not in line.sent[1].headers


@pytest.mark.parametrize("scheme", TWO)
def test_a_token_is_used_until_shortly_before_its_end(scheme: str) -> None:
    """By the clock port; the last half minute is left out."""
    line, clock = FakeLine([give(scheme, "one"), OK, OK, give(scheme, "two"), OK]), FakeClock()
    opened = open_line(of_scheme(scheme), line, clock)
    ask(opened)
    clock.advance(3600 - 31)
    ask(opened)
    clock.advance(2)
    ask(opened)
    assert [str(show(sent)).split()[-1] for sent in line.sent if sent.url.endswith("/x")] == ["one", "one", "two"]


@pytest.mark.parametrize("scheme", TWO)
@pytest.mark.parametrize("writes", [True, False])
def test_a_401_drops_the_token_once(scheme: str, *, writes: bool) -> None:
    """Nothing was done, so the same request goes again with a new token, also a write; a second 401 is the answer."""
    refused = reply(b'{"code":"UNAUTHORIZED"}', 401)
    line = FakeLine([give(scheme, "one"), refused, give(scheme, "two"), OK])
    ask(open_line(of_scheme(scheme), line), writes=writes)
    assert line.sent[1].body == line.sent[3].body
    assert [str(show(sent)).split()[-1] for sent in line.sent if sent.url.endswith("/x")] == ["one", "two"]
    again = FakeLine([give(scheme, "one"), refused, give(scheme, "two"), refused])
    said = open_line(of_scheme(scheme), again).exchange(call(), Request("/x", None, {}), FACTS, 5)
    assert said["status"] == 401
    assert again.answers == []


def test_a_401_to_a_fixed_key_is_the_answer() -> None:
    """Asking again with the same key makes no sense."""
    line = FakeLine([reply(b"{}", 401)])
    said = open_line(Authentication("bearer", secret="word"), line).exchange(call(), Request("/x", None, {}), FACTS, 5)
    assert said["status"] == 401


@pytest.mark.parametrize(
    "answer",
    [
        HttpUnreachable("x"),
        HttpUnknown("x"),
        reply(b'{"error":"invalid_client"}', 401),
        reply(b'{"error":"invalid_scope"}', 400),
        reply(b"<html>CANARY</html>"),
        reply(b"", 302),
        token(token_type="mac"),
        token(token_type=None),
        token("CANARY\r\nX-Evil: 1"),
        token(""),
        token("名"),
        token(expires_in=0),
        token(expires_in=-5),
        token(expires_in=1.5),
        token(expires_in=True),
        token(expires_in="soon"),
        reply(b"[]"),
    ],
    ids=str,
)
@pytest.mark.parametrize("writes", [True, False])
def test_without_a_token_nothing_was_done(answer: HttpReply | Exception, *, writes: bool) -> None:
    """Whatever goes wrong in the fetch: the call itself never left."""
    line = FakeLine([answer])
    with pytest.raises(BackEndUnreachable) as caught:
        ask(open_line(CREDENTIALS, line), writes=writes)
    assert "CANARY" not in str(caught.value)
    assert len(line.sent) == 1


@pytest.mark.parametrize(
    "answer", [reply(b"{}"), reply(b'{"data":{"token":7,"seconds":1}}'), reply(b'{"data":{"token":"a"}}', 403)]
)
def test_without_a_log_in_nothing_was_done(answer: HttpReply) -> None:
    """The same for a back end's own."""
    with pytest.raises(BackEndUnreachable):
        ask(open_line(LOGIN, FakeLine([answer])))


@pytest.mark.parametrize(("life", "used"), [(None, 300), ("100", 90), (20, 18), (10**12, 86_400 - 30)])
def test_how_long_a_token_is_used(life: object, used: int) -> None:
    """Five minutes where it is not told, a tenth less where it is short, a day at most."""
    line, clock = FakeLine([token("one", expires_in=life), OK, OK, token("two"), OK]), FakeClock()
    opened = open_line(CREDENTIALS, line, clock)
    ask(opened)
    clock.advance(used - 1)
    ask(opened)
    clock.advance(1)
    ask(opened)
    assert line.answers == []


def test_one_fetches_and_the_others_wait() -> None:
    """Sixteen threads at once ask for one token."""
    fetched = []

    class Slow(FakeLine):
        def send(
            self, purpose: str, method: str, url: str, headers: Mapping[str, str], body: bytes = b"",
            timeout_seconds: float | None = None, identity: TlsIdentity | None = None,
        ) -> HttpReply:  # fmt: skip
            if url.endswith("/token"):
                fetched.append(1)
                threading.Event().wait(0.05)
                return token()
            return OK

    opened = open_line(CREDENTIALS, Slow())
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _number: ask(opened), range(32)))
    assert len(fetched) == 1


def test_a_call_that_was_sent_is_in_doubt_as_ever() -> None:
    """Only the fetch is harmless."""
    with pytest.raises(BackEndOutcomeUnknown):
        ask(open_line(CREDENTIALS, FakeLine([token(), HttpUnknown("x")])), writes=True)


def test_simple_schemes() -> None:
    """Nothing; a bearer key, also in a header of the back end's own; RFC 7617's example for Basic."""
    for authentication, header, value in [
        (Authentication("none"), "Authorization", None),
        (Authentication("bearer", secret="word"), "Authorization", "Bearer gX1fBat3bV"),
        (Authentication("bearer", secret="word", header="X-Key"), "X-Key", "gX1fBat3bV"),
        (Authentication("bearer", secret="word", header="X-Key", prefix="Key"), "X-Key", "Key gX1fBat3bV"),
        (
            Authentication("basic", secret="word", user="id"),
            "Authorization",
            carry_basic("s6BhdRkqt3", "gX1fBat3bV")["Authorization"],
        ),
    ]:
        line = FakeLine([OK])
        ask(open_line(authentication, line))
        assert line.sent[0].headers.get(header) == value
    assert carry_basic("Aladdin", "open sesame") == {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}
    assert carry_basic("test", "123£") == {"Authorization": "Basic dGVzdDoxMjPCow=="}


def test_purpose_and_case_go_along() -> None:
    """With the request's id; what is not known is not sent."""
    line = FakeLine([OK, OK])
    opened = open_line(Authentication("none"), line)
    ask(opened)
    named = ("X-Request-Id", "X-Purpose", "X-Case-Number")
    assert [line.sent[0].headers.get(name) for name in named] == ["req-1", "see_bills", "case-1"]
    opened.exchange(call(), Request("/x", None, {}), Facts("req-2", "call-2"), 5)
    assert [line.sent[1].headers.get(name) for name in named] == ["req-2", None, None]


def test_a_call_over_the_bus() -> None:
    """X-Road for REST 1.0 §4.1 and §4.3: the service's id in the path, each part encoded; client, message and issue as headers."""
    line = FakeLine([OK])
    ask(open_line(
        Authentication("none"), line, bus="x-road", x_road_client="CN/GOV/110101/counter", x_road_service="CN/GOV/110102/地址/move in",
    ))  # fmt: skip
    sent = line.sent[0]
    assert sent.url == "https://b.test/base/r1/CN/GOV/110102/%E5%9C%B0%E5%9D%80/move%20in/x"
    assert {name: value for name, value in sent.headers.items() if name.startswith("X-Road")} == {
        "X-Road-Client": "CN/GOV/110101/counter", "X-Road-Id": "call-1", "X-Road-Issue": "case-1",
    }  # fmt: skip


@pytest.mark.parametrize(
    "options", [{}, {"x_road_client": "CN/GOV/1"}, {"x_road_client": "CN/GOV/1", "x_road_service": "CN/GOV/2"}]
)
def test_the_bus_needs_its_identifiers(options: dict[str, str]) -> None:
    """At the start."""
    with pytest.raises(ConfigurationFault, match="x_road"):
        open_line(Authentication("none"), FakeLine(), bus="x-road", **options)  # type: ignore[arg-type] # all of them options


def test_a_client_certificate_goes_with_every_call() -> None:
    """Also with the fetch of a token; never in what is kept of a call."""
    authority = Authority()
    certificate, key = authority.issue_client("counter")
    secrets = {"word": b"w", "chain": certificate, "private": key, "ca": authority.certificate}
    shown: list[TlsIdentity | None] = []

    class Watching(FakeLine):
        def send(
            self, purpose: str, method: str, url: str, headers: Mapping[str, str], body: bytes = b"",
            timeout_seconds: float | None = None, identity: TlsIdentity | None = None,
        ) -> HttpReply:  # fmt: skip
            shown.append(identity)
            return super().send(purpose, method, url, headers, body, timeout_seconds)

    authentication = Authentication(
        "client-credentials", secret="word", user="id", path="/token", certificate="chain", key="private"
    )
    ask(open_line(authentication, Watching([token(), OK]), secrets=secrets, bound=tuple(secrets)))
    assert shown == [TlsIdentity(certificate, key, authority.certificate)] * 2


@pytest.mark.parametrize(
    ("authentication", "change"),
    [
        (CREDENTIALS, {"bound": ()}),
        (CREDENTIALS, {"secrets": {}}),
        (CREDENTIALS, {"secrets": {"word": b""}}),
        (CREDENTIALS, {"secrets": {"word": b"a\nb"}}),
        (CREDENTIALS, {"secrets": {"word": b"\xff"}}),
        (CREDENTIALS, {"id": ""}),
        (Authentication("bearer", secret="word"), {"secrets": {"word": b"a b"}}),
        (Authentication("basic", secret="word", user="id"), {"id": "a:b"}),
        (Authentication("login", secret="word", user="id", path="/login"), {}),
        (Authentication("none", certificate="word", key="word"), {}),
        (Authentication("none", certificate="word", key="word"), {"url": "http://b.test"}),
        (Authentication("none"), {"bound": ("ca",), "secrets": {"ca": b"no PEM"}}),
    ],
)  # fmt: skip
def test_what_is_missing_or_unusable_stops_the_start(authentication: Authentication, change: dict[str, object]) -> None:
    """A secret that is not bound, empty, or of a form that its header cannot hold; a user that is no option; PEM that is none."""
    with pytest.raises(ConfigurationFault) as caught:
        open_line(authentication, FakeLine(), **change)  # type: ignore[arg-type]
    assert "gX1fBat3bV" not in str(caught.value)
