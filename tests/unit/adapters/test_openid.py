"""Sign-in at an OpenID provider, over real sockets, against one with its own crypto that lies in every way that it can."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from werkzeug.serving import make_server

from adapters.http import HttpClient
from adapters.openid import OpenIdClient, OpenIdProvider, derive
from adapters.sandbox.openid import ALGORITHMS, CLAIM_LIES, LIES, Client, IdentityHouse
from services.errors import BackEndError, BackEndGarbled, BackEndOutcomeUnknown, BackEndUnreachable, NotSignedIn
from tests.fakes import FakeClock, FakeRevocations

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CALLBACK = "https://console.example.gov.cn/sign-in/provider/answer"
PASSWORD = "s3cret:with/odd&signs"
GARBLED = {"html", "server_error", "strange_endpoint", "wrong_issuer_in_discovery"}


class Bench:
    """A provider on a loopback port and our side of it."""

    def __init__(self, algorithm: str = "RS256") -> None:
        self.clock = FakeClock()
        self.server = make_server("127.0.0.1", 0, self.serve, threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.house = IdentityHouse(
            self.issuer, Client("console", PASSWORD, CALLBACK), ["zhang", "li"], self.clock, algorithm
        )
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()
        self.http = HttpClient(frozenset([self.issuer]))
        self.ours = self.make_side()

    def serve(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return self.house.wsgi(environ, start)

    def make_side(self, secret: str = PASSWORD) -> OpenIdProvider:
        return OpenIdProvider(
            OpenIdClient(self.issuer, "console", secret, CALLBACK), self.http, FakeRevocations(self.clock), self.clock
        )

    def seed(self) -> str:
        return f"{int(self.clock.now().timestamp())}.{secrets.token_hex(32)}"

    def agree(self, address: str, subject: str = "zhang") -> dict[str, str]:
        """What a person does in the browser at the provider; what the browser then brings to our callback."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        reply = requests.post(
            f"{self.issuer}/authorize", data={**asked, "subject": subject}, allow_redirects=False, timeout=5
        )
        assert reply.status_code == 303, reply.text
        brought = urlsplit(reply.headers["Location"])
        assert f"{brought.scheme}://{brought.netloc}{brought.path}" == CALLBACK
        return {name: values[0] for name, values in parse_qs(brought.query).items()}

    def walk(self, subject: str = "zhang") -> str:
        seed = self.seed()
        return self.ours.finish(seed, self.agree(self.ours.start(seed), subject))

    def stop(self) -> None:
        self.http.close()
        self.server.shutdown()
        self.thread.join(5)
        self.server.server_close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.stop()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_whole_walk(algorithm: str) -> None:
    """Out with a challenge, back with a code, and the subject of a token that holds, under each algorithm."""
    bench = Bench(algorithm)
    try:
        assert [bench.walk("zhang"), bench.walk("li")] == ["zhang", "li"]
    finally:
        bench.stop()


def test_what_the_browser_carries_away(bench: Bench) -> None:
    """Code flow, PKCE with S256, state and nonce; the verifier and the seed stay here, and no two walks share anything."""
    seed, other = bench.seed(), bench.seed()
    address, second = (urlsplit(bench.ours.start(one)) for one in (seed, other))
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "scope", "code_challenge_method")} == {
        "response_type": "code", "client_id": "console", "redirect_uri": CALLBACK, "scope": "openid", "code_challenge_method": "S256",
    }  # fmt: skip
    assert derive(seed, "verifier") not in address.query
    assert seed not in address.query
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", derive(seed, "verifier"))
    theirs = parse_qs(second.query)
    assert not {asked[name] for name in ("state", "nonce", "code_challenge")} & {
        theirs[name][0] for name in ("state", "nonce", "code_challenge")
    }


@pytest.mark.parametrize("lie", sorted(LIES))
def test_no_lie_is_believed(bench: Bench, lie: str) -> None:
    """Whatever the provider, or somebody in its place, gets wrong: not signed in, or an answer that is not as agreed."""
    if lie not in ("strange_endpoint", "wrong_issuer_in_discovery"):
        assert bench.walk() == "zhang"
    bench.house.lie = lie
    with pytest.raises(BackEndGarbled if lie in GARBLED else NotSignedIn):
        bench.walk()


def test_every_lie_about_a_claim_is_tried() -> None:
    """The table of lies and the names of lies are one."""
    assert set(CLAIM_LIES) <= LIES


def test_a_truth_after_a_lie_is_believed(bench: Bench) -> None:
    """A failed sign-in spoils nothing."""
    bench.house.lie = "wrong_nonce"
    with pytest.raises(NotSignedIn):
        bench.walk()
    bench.house.lie = None
    assert bench.walk() == "zhang"


def test_a_code_or_an_answer_serves_once(bench: Bench) -> None:
    """Replayed with its own seed it is refused here; with another seed it never was an answer to that."""
    seed, other = bench.seed(), bench.seed()
    answer = bench.agree(bench.ours.start(seed))
    assert bench.ours.finish(seed, answer) == "zhang"
    asked = len(bench.house.received)
    for replayed in (seed, other):
        with pytest.raises(NotSignedIn):
            bench.ours.finish(replayed, answer)
    assert len(bench.house.received) == asked, "a replay does not even reach the provider"


def test_somebody_else_s_code_is_worth_nothing_in_one_s_own_walk(bench: Bench) -> None:
    """A code that was stolen and put into another browser's answer lacks that browser's verifier."""
    victim, thief = bench.seed(), bench.seed()
    stolen = bench.agree(bench.ours.start(victim))
    own = bench.agree(bench.ours.start(thief), "li")
    with pytest.raises(NotSignedIn):
        bench.ours.finish(thief, {**own, "code": stolen["code"]})


@pytest.mark.parametrize(
    "change",
    [
        {"state": ""},
        {"state": "é"},
        {"code": ""},
        {"code": "x" * 5000},
        {"error": "access_denied"},
        {"iss": "https://evil.example"},
        {"iss": ""},
    ],
    ids=str,
)
def test_an_answer_that_does_not_hold_is_not_taken_to_the_provider(bench: Bench, change: dict[str, str]) -> None:
    """Wrong state (another's sign-in), no code, an error, another provider's name (mix-up): refused before the code is used."""
    seed = bench.seed()
    answer = bench.agree(bench.ours.start(seed))
    asked = len(bench.house.received)
    with pytest.raises(NotSignedIn):
        bench.ours.finish(seed, answer | change)
    assert len(bench.house.received) == asked


@pytest.mark.parametrize("seed", ["", "x", "0000000000." + "a" * 64, "9999999999." + "a" * 64, "12." + "a" * 64])
def test_a_seed_that_is_not_ours_or_too_old_is_refused(bench: Bench, seed: str) -> None:
    """Also one from the future."""
    with pytest.raises(NotSignedIn):
        bench.ours.finish(seed, {"state": derive(seed, "state"), "code": "c", "iss": bench.issuer})


def test_a_seed_lasts_ten_minutes(bench: Bench) -> None:
    """A sign-in that was left open is begun anew."""
    seed = bench.seed()
    bench.ours.start(seed)
    bench.clock.advance(601)
    with pytest.raises(NotSignedIn):
        bench.ours.finish(seed, bench.agree(bench.ours.start(seed)))


def test_a_changed_key_is_asked_for_once_a_minute(bench: Bench) -> None:
    """The provider rotates its keys and staff still come in; a made-up key id does not make us ask again and again."""
    bench.walk()
    bench.house.change_key()
    with pytest.raises(NotSignedIn):
        bench.walk()
    bench.clock.advance(60)
    assert bench.walk() == "zhang"
    bench.house.lie = "unknown_key"
    asked = [kind for kind, _ in bench.house.received].count("keys")
    for _ in range(3):
        with pytest.raises(NotSignedIn):
            bench.walk()
    assert [kind for kind, _ in bench.house.received].count("keys") == asked


def test_our_password_travels_as_the_rfc_says(bench: Bench) -> None:
    """RFC 6749, section 2.3.1: form-encoded in a Basic header, never in the body; a wrong one lets nobody in."""
    bench.walk()
    form = dict(bench.house.received[-2][1] if bench.house.received[-1][0] == "keys" else bench.house.received[-1][1])
    assert set(form) == {"grant_type", "code", "redirect_uri", "code_verifier"}
    wrong, seed = bench.make_side("wrong"), bench.seed()
    with pytest.raises(BackEndError):
        wrong.finish(seed, bench.agree(wrong.start(seed)))


def test_a_provider_that_is_away_is_said_to_be(bench: Bench) -> None:
    """Nothing that can be mistaken for a refusal; what was asked stays out of the message."""
    away = OpenIdProvider(
        OpenIdClient("http://127.0.0.1:1", "console", PASSWORD, CALLBACK), HttpClient(frozenset(["http://127.0.0.1:1"])),
        FakeRevocations(bench.clock), bench.clock,
    )  # fmt: skip
    with pytest.raises((BackEndUnreachable, BackEndOutcomeUnknown)) as caught:
        away.start(bench.seed())
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(OpenIdClient(bench.issuer, "console", PASSWORD, CALLBACK))


def test_the_provider_asks_for_what_it_should(bench: Bench) -> None:
    """The emulator itself refuses a walk without PKCE, nonce or with another callback: it is no easier than a real one."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(bench.ours.start(bench.seed())).query).items()}
    for name in ("code_challenge", "nonce", "state", "redirect_uri", "scope", "client_id", "response_type"):
        less = {key: value for key, value in asked.items() if key != name}
        assert requests.get(f"{bench.issuer}/authorize?{urlencode(less)}", timeout=5).status_code == 400
    page = requests.get(f"{bench.issuer}/authorize?{urlencode(asked)}", timeout=5)
    assert 'value="zhang"' in page.text
