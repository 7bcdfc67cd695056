"""Rules of the door: what must hold before a byte leaves, and what is recorded of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import requests
import responses

from adapters.boundary import transaction_scope
from adapters.platforms.door import CALLS, OUTCOMES_LOST, PlatformRequest
from adapters.platforms.wire import make_reply_table, make_table
from services.errors import (
    ConfigurationFault,
    ExposureOverBudget,
    ExposureUnavailable,
    ExposureUndeclared,
    PlatformOutcomeUnknown,
    PlatformUnreachable,
)
from services.exposure import Direction, Outcome, Trail, reply_content, request_content
from services.model import PlatformName
from tests.unit.adapters.platforms.desk import EVERYTHING, WECHAT_URL, Desk, explain

TABLE = make_table(
    "test",
    {
        "path": ("protocol", "/pay"),
        "query:mchid": ("merchant_id", "[0-9]{10}"),
        "header:content-type": ("protocol", "application/json"),
        "body:amount.total": ("amount", "[0-9]+"),
        "body:note.code": ("protocol", "[a-z]+"),
    },
)
REPLY = make_reply_table("test", {"body:prepay_id": "platform_order"})
DECLARED = frozenset({"protocol", "merchant_id", "amount"})
SECRET = "王小明"


def request(**changes: Any) -> PlatformRequest:
    made = PlatformRequest(
        PlatformName.WECHAT, "test", "POST", WECHAT_URL, "/pay?mchid=1600000001", {"Content-Type": "application/json"},
        b'{"amount":{"total":8640}}', TABLE, REPLY,
    )  # fmt: skip
    return replace(made, **changes)


def send(
    desk: Desk, made: PlatformRequest, declared: frozenset[str] = DECLARED, budget: frozenset[str] = EVERYTHING
) -> Any:
    return desk.context.door.send(made, explain(PlatformName.WECHAT, budget).declaring(declared))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_trail_gathers_what_was_sent_and_what_came_back(desk: Desk) -> None:
    """Who exchanges a code for a person can say afterwards whose the request and the answer were."""
    trail = Trail()
    told = replace(explain(PlatformName.WECHAT, EVERYTHING).declaring(DECLARED), actor=None, trail=trail)
    with responses.RequestsMock() as mocked:
        mocked.add("POST", f"{WECHAT_URL}/pay", json={"prepay_id": "1"})
        desk.context.door.send(request(), told)
    assert trail.left[0][1] == desk.log.records[0][0]
    assert [one.fields for one, _ in trail.left] == [DECLARED, {"platform_order"}]


def test_the_record_is_committed_before_the_bytes_leave(desk: Desk) -> None:
    """When the platform reads the request, its record stands already; the outcome and the answer's names follow."""
    seen = []

    def answer(found: Any) -> tuple[int, dict[str, str], str]:
        seen.append((list(desk.log.records), found.body, found.path_url))
        return 200, {}, '{"prepay_id": "1", "new": 2}'

    with responses.RequestsMock() as mocked:
        mocked.add_callback("POST", f"{WECHAT_URL}/pay", answer)
        reply = send(desk, request())
    [(records, body, target)] = seen
    [(record_id, exposure)] = records
    assert exposure.content == request_content("POST", target, body)
    assert exposure.disclosure.fields == DECLARED
    [(of, outcome, status, received)] = desk.log.outcomes
    assert (of, outcome, status) == (record_id, Outcome.SENT, 200)
    assert received is not None
    assert received.direction is Direction.RECEIVED_FROM_PLATFORM
    assert received.disclosure.fields == {"platform_order", "unlisted"}
    assert received.content == reply_content(200, reply.body)


HIDDEN = {
    "a body field": {"body": json.dumps({"amount": {"total": 1}, "name": SECRET}).encode()},
    "a nested text": {"body": json.dumps({"amount": {"total": 1}, "note": json.dumps({"name": SECRET})}).encode()},
    "a nested text in the declared place": {"body": json.dumps({"amount": {"total": json.dumps([SECRET])}}).encode()},
    "an item of an array": {"body": json.dumps({"amount": [{"total": 1}, {"name": SECRET}]}).encode()},
    "a name of a key": {"body": json.dumps({"amount": {"total": 1}, SECRET: {}}).encode()},
    "a homoglyph of a key": {"body": json.dumps({"\u0430mount": {"total": 1}, "amount": {"total": 1}}).encode()},
    "a key with a dot": {"body": json.dumps({"amount.total": 1}).encode()},
    "a key that stands twice": {"body": b'{"amount":{"total":1,"total":2}}'},
    "a declared place": {"body": json.dumps({"amount": {"total": SECRET}}).encode()},
    "full-width digits": {"body": json.dumps({"amount": {"total": "\uff11\uff12"}}).encode()},
    "a line end": {"body": json.dumps({"amount": {"total": "1\n"}}).encode()},
    "a query field": {"target": "/pay?mchid=1600000001&name=%E7%8E%8B"},
    "a query field that stands twice": {"target": "/pay?mchid=1600000001&mchid=name"},
    "the path": {"target": "/pay/name?mchid=1600000001"},
    "an encoded path": {"target": "/p%61y?mchid=1600000001"},
    "a fragment": {"target": "/pay?mchid=1600000001#name"},
    "a header": {"headers": {"Content-Type": "application/json", "X-Name": "name"}},
    "a header of the client": {"headers": {"Content-Type": "application/json", "Connection": "name"}},
    "a parameter of the media type": {"headers": {"Content-Type": "application/json; name=name"}},
    "a body of another kind": {"headers": {"Content-Type": "text/plain"}, "body": b"name"},
    "a body that is not JSON": {"body": b'{"amount":{"total":1}} name'},
}


@pytest.mark.parametrize("changes", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_was_not_declared_never_leaves(desk: Desk, changes: dict[str, Any]) -> None:
    """Wherever a value hides, nothing is recorded and nothing is sent, and the refusal does not repeat it."""
    with responses.RequestsMock(), pytest.raises(ExposureUndeclared) as caught:
        send(desk, request(**changes))
    assert desk.log.records == []
    assert SECRET not in str(caught.value)


def test_the_literal_of_the_adapter_must_agree_with_the_table(desk: Desk) -> None:
    """A field in the bytes that the adapter's own list lacks, or the other way round, stops the request."""
    for declared in (DECLARED - {"amount"}, DECLARED | {"phone"}):
        with responses.RequestsMock(), pytest.raises(ExposureUndeclared):
            send(desk, request(), declared)
    assert desk.log.records == []


def test_a_field_outside_the_budget_never_leaves(desk: Desk) -> None:
    """The service's budget is the last word, though adapter and table agree."""
    with responses.RequestsMock(), pytest.raises(ExposureOverBudget):
        send(desk, request(), budget=EVERYTHING - {"amount"})
    assert desk.log.records == []


def test_without_a_ledger_nothing_leaves(desk: Desk) -> None:
    """If the record cannot commit, no connection is even tried."""
    desk.log.down = True
    with responses.RequestsMock(), pytest.raises(ExposureUnavailable):
        send(desk, request())


def test_inside_a_transaction_nothing_leaves(desk: Desk) -> None:
    """A call while a transaction is open is a fault of ours and is refused before anything is recorded."""
    with responses.RequestsMock(), transaction_scope(), pytest.raises(RuntimeError):
        send(desk, request())
    assert desk.log.records == []


def test_a_disclosure_for_another_platform_opens_nothing(desk: Desk) -> None:
    """What was explained for Alipay does not let bytes out to WeChat."""
    with responses.RequestsMock(), pytest.raises(ExposureUndeclared):
        desk.context.door.send(request(), explain(PlatformName.ALIPAY).declaring(DECLARED))
    assert desk.log.records == []


def test_an_address_that_is_not_allowed_is_not_recorded_as_seen(desk: Desk) -> None:
    """An origin outside the allow-list is refused before the record."""
    with responses.RequestsMock(), pytest.raises(ConfigurationFault):
        send(desk, request(origin="https://evil.example"))
    assert desk.log.records == []


def test_a_failure_to_connect_is_recorded_as_refused(desk: Desk) -> None:
    """No byte left: the attempt is a record, its outcome is refused, and the caller may repeat."""
    with responses.RequestsMock() as mocked:
        mocked.post(f"{WECHAT_URL}/pay", body=requests.ConnectionError())
        with pytest.raises(PlatformUnreachable):
            send(desk, request())
    assert [outcome[1:] for outcome in desk.log.outcomes] == [(Outcome.REFUSED, None, None)]


def test_an_answer_without_an_end_is_recorded_as_unknown(desk: Desk) -> None:
    """Bytes may have arrived: the outcome is unknown and the caller must ask."""
    with responses.RequestsMock() as mocked:
        mocked.post(f"{WECHAT_URL}/pay", body=b"x" * 2_000_000)
        with pytest.raises(PlatformOutcomeUnknown):
            send(desk, request())
    assert [outcome[1:] for outcome in desk.log.outcomes] == [(Outcome.UNKNOWN, None, None)]


def test_each_attempt_is_a_record_of_its_own(desk: Desk) -> None:
    """Sending the same bytes twice is two records with two outcomes."""
    with responses.RequestsMock() as mocked:
        mocked.post(f"{WECHAT_URL}/pay", body=b"{}")
        send(desk, request())
        send(desk, request())
    assert len(desk.log.records) == len(desk.log.outcomes) == 2
    assert len({record_id for record_id, _ in desk.log.records}) == 2


def test_an_answer_counts_though_its_outcome_cannot_be_recorded(desk: Desk) -> None:
    """The ledger may fail after the record was made; a paid order must not be lost for that."""

    def answer(found: Any) -> tuple[int, dict[str, str], str]:
        desk.log.down = True
        return 200, {}, "{}"

    with responses.RequestsMock() as mocked:
        mocked.add_callback("POST", f"{WECHAT_URL}/pay", answer)
        assert send(desk, request()).status == 200
    assert len(desk.log.records) == 1
    assert desk.log.outcomes == []


@pytest.mark.parametrize(
    "body", [b"<html>", b"[" * 50_000, b'{"a":1,"a":2}', b"\xff"], ids=["html", "deep", "double", "bytes"]
)
def test_an_answer_that_cannot_be_read_is_recorded_as_unlisted(desk: Desk, body: bytes) -> None:
    """The platform's bytes are not ours to refuse: what has no name is unlisted, and the answer comes back."""
    with responses.RequestsMock() as mocked:
        mocked.post(f"{WECHAT_URL}/pay", body=body, status=502)
        assert send(desk, request()).body == body
    received = desk.log.outcomes[0][3]
    assert received is not None
    assert received.disclosure.fields == {"unlisted"}


def test_each_attempt_is_counted_and_so_is_a_lost_outcome(desk: Desk) -> None:
    """By platform, operation and outcome alone: no label names a person."""
    labels = (request().platform, request().operation)

    def count() -> tuple[float, float, float]:
        sent, refused = (CALLS.labels(*labels, outcome)._value.get() for outcome in (Outcome.SENT, Outcome.REFUSED))
        return sent, refused, OUTCOMES_LOST.labels(*labels)._value.get()

    def answer(found: Any) -> tuple[int, dict[str, str], str]:
        desk.log.down = True
        return 200, {}, "{}"

    before = count()
    with responses.RequestsMock() as mocked:
        mocked.post(f"{WECHAT_URL}/pay", body=requests.ConnectionError())
        with pytest.raises(PlatformUnreachable):
            send(desk, request())
    with responses.RequestsMock() as mocked:
        mocked.add_callback("POST", f"{WECHAT_URL}/pay", answer)
        send(desk, request())
    assert count() == tuple(one + 1 for one in before)
