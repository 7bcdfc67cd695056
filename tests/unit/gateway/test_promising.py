"""The promise beside each recorded reply: of this request's leaves those of the session's person, and no condition of the reply."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.ed25519 import Ed25519Signer, verify_ed25519
from gateway.guard import keep_headers
from gateway.promising import LEFT_OUT, PROMISES, Promiser, gather_written, note_written, select_leaves
from services.exposure import Direction, Disclosure, Exposure, Outcome
from services.leaves import Leaf, read_leaf
from services.membership import list_persons
from services.model import PlatformApp, PlatformName, PlatformUser
from services.promises import MAX_LEAVES, Promise, open_promise, read_header
from tests.fake_leaves import AT, LeafLog
from tests.fake_platform import FakePlatform
from tests.unit.gateway.fakes_edge import Answer, City, build_city

SIGNER = Ed25519Signer("ledger.example/promise", b"\x05" * 32)
NAME = "guitai-promise"


class TalkingPlatform(FakePlatform):
    """Leaves in the ledger what the door would."""

    log: LeafLog

    def identify(self, app: PlatformApp, code: str, disclosure: Disclosure) -> PlatformUser:
        (sent,) = self.log.append([Exposure(Direction.SENT_TO_SERVER, disclosure, b"GET /")])
        received = Exposure(Direction.RECEIVED_FROM_PLATFORM, disclosure, b"200", 200)
        self.log.append_outcome(sent, disclosure.agency_id, Outcome.SENT, 200, received)
        return super().identify(app, code, disclosure)


class BrokenSigner:
    """A key store that does not answer."""

    key = SIGNER.key

    def sign(self, message: bytes) -> bytes:
        raise OSError(len(message))


@pytest.fixture
def city() -> City:
    return build_promising(SIGNER)


def build_promising(signer: Any) -> City:
    """A city that promises."""
    log = LeafLog(note_written)
    made = build_city(log=log, promiser=Promiser(signer, lambda size: uuid4().bytes * (size // 16)))
    platform = TalkingPlatform(PlatformName.WECHAT, made.clock.now)
    platform.log = log
    made.platforms[PlatformName.WECHAT] = platform
    return made


def open_answer(answer: Answer) -> Promise:
    """The promise of a reply."""
    return open_promise(read_header(answer.headers[NAME]), SIGNER.key, verify_ed25519)


def leaves_of(city: City) -> list[Leaf]:
    """All leaves so far."""
    assert isinstance(city.log, LeafLog)
    return city.log.leaves


def sign_in(city: City) -> Answer:
    """The reply to a log-in."""
    return city.send("POST", "/v1/sessions", {"platform": "wechat", "app_id": "wx1", "code": "code-wang"})


def test_a_log_in_is_promised_whole(city: City) -> None:
    """What was typed, sent, received, said of the call, attributed and shown: each leaf of the request, and all are hers."""
    answer = sign_in(city)
    promise, leaves = open_answer(answer), leaves_of(city)
    assert list(promise.leaf_hashes) == [leaf.leaf_hash for leaf in leaves]
    assert [leaf.direction or leaf.kind for leaf in leaves] == [
        "entered_in_client", "sent_to_server", "outcome", "received_from_platform", "attribution", "shown_in_client",
    ]  # fmt: skip
    assert promise.is_of(city.log.attributions[0][0])
    assert (promise.origin, promise.at, promise.delay) == ("ledger.example", int(AT.timestamp()), 60)


def test_each_reply_promises_its_own_request(city: City) -> None:
    """Of two requests each has its leaves; errors too; the header's name stands in the record that came before it."""
    token = sign_in(city).json["token"]
    before = len(leaves_of(city))
    first = city.send("GET", "/v1/account", token=token)
    second = city.send("GET", "/v1/no-such-thing", token=token)
    one, two = leaves_of(city)[before:]
    assert open_answer(first).leaf_hashes == (one.leaf_hash,)
    assert (second.status, open_answer(second).leaf_hashes) == (404, (two.leaf_hash,))
    assert all("guitai-promise" in read_leaf(leaf.data)["headers"] for leaf in (one, two))
    assert open_answer(first).commitment != open_answer(second).commitment


def test_what_is_anothers_is_not_promised_to_her(city: City) -> None:
    """A leaf of somebody else's that the same request writes stands in no promise of hers; what concerns both does."""
    mine, other = uuid4(), uuid4()
    token = sign_in(city).json["token"]
    city.send("GET", "/v1/account", token=token)
    shown = city.shown()[-1]
    log = LeafLog()
    for actor, concerned in ((mine, ()), (other, ()), (other, (mine,)), (None, ())):
        told = shown.disclosure
        log.append([Exposure(shown.direction, _told(told, actor, concerned), b"")])
    chosen = select_leaves([(leaf, None) for leaf in log.leaves], mine)
    assert chosen == [log.leaves[0], log.leaves[2]]
    assert all(mine in list_persons(read_leaf(leaf.data)) for leaf in chosen)


def _told(told: Disclosure, actor: UUID | None, concerned: tuple[UUID, ...]) -> Disclosure:
    return replace(told, actor=actor, concerned=concerned)


def test_without_a_session_nothing_is_promised(city: City) -> None:
    """A published reply, a refused log-in, an unknown token, a method that is answered at once: no header."""
    refused = city.send("POST", "/v1/sessions", {"platform": "wechat", "app_id": "wx1", "code": "used"})
    replies = [
        refused, city.send("GET", "/v1/no-such-thing"), city.send("GET", "/v1/account", token="x" * 43),
        city.send("OPTIONS", "/v1/account"), city.send("GET", "/openapi.json"),
    ]  # fmt: skip
    assert [reply.status for reply in replies] == [401, 404, 401, 204, 200]
    assert not [reply for reply in replies if NAME in reply.headers]


def test_a_route_cannot_promise(city: City) -> None:
    """A header of that name from inside the app does not leave; without a key there is none, in the record neither."""
    bare = build_city(log=LeafLog(note_written))
    token = bare.log_in()
    answer = bare.send("GET", "/v1/account", token=token)
    assert NAME not in answer.headers
    assert "guitai-promise" not in bare.shown()[-1].headers
    assert keep_headers([("Guitai-Promise", "AAAA")]) == ()


def test_a_ledger_that_is_down_promises_what_is_durable_and_no_more(city: City) -> None:
    """The fixed 503 goes out; what was typed before the ledger failed is promised, the reply is not."""
    token = sign_in(city).json["token"]
    city.log.down = True
    answer = city.send("GET", "/v1/account", token=token)
    assert (answer.status, NAME in answer.headers) == (503, False)


def test_a_signer_that_fails_keeps_no_reply_back() -> None:
    """The reply leaves as it would; that its promise is missing is counted."""
    city, failed = build_promising(BrokenSigner()), PROMISES.labels("failed")._value.get()
    answer = sign_in(city)
    assert (answer.status, NAME in answer.headers) == (201, False)
    assert PROMISES.labels("failed")._value.get() == failed + 1


def test_a_promise_is_bounded() -> None:
    """Of more leaves than fit, the first are promised and the others counted: a header that a proxy refuses would cost the reply."""
    log, chain, left_out = LeafLog(note_written), uuid4(), LEFT_OUT._value.get()
    told = _told(build_disclosure(), chain, ())
    with gather_written() as written:
        log.append([Exposure(Direction.SHOWN_IN_CLIENT, told, b"")] * (MAX_LEAVES + 3))
    note_written(written)  # outside of a request nobody gathers
    value = Promiser(SIGNER, bytes).promise(written, chain)
    assert value is not None
    assert len(value) < 4_000
    promise = open_promise(read_header(value), SIGNER.key, verify_ed25519)
    assert promise.leaf_hashes == tuple(leaf.leaf_hash for leaf in log.leaves[:MAX_LEAVES])
    assert LEFT_OUT._value.get() == left_out + 3


def build_disclosure() -> Disclosure:
    """Any."""
    return Disclosure(uuid4(), PlatformName.WECHAT, "app", "account", 1, "manage_account", "law", {}, str(uuid4()))
