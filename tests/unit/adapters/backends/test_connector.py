"""Rules of adapters/backends/connector.py: what is sent, and what is known afterwards."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from adapters.backends.connector import CALLS
from adapters.backends.factory import LINES
from adapters.boundary import transaction_scope
from adapters.http import HttpReply, HttpUnknown, HttpUnreachable
from config.back_end_schema import BACK_END
from config.shapes import Choice
from services.errors import (
    BackEndError,
    BackEndGarbled,
    BackEndOutcomeUnknown,
    BackEndRefused,
    BackEndUnreachable,
    ConfigurationFault,
)
from tests.unit.adapters.backends.fake_line import (
    CATALOGUE,
    OPTIONS,
    WRITE_OFF,
    FakeLine,
    connect,
    join,
    make_address,
    reply,
)

RECEIPT = {"result": "OK", "receiptNo": "RQ1", "serialNo": "s" * 32, "amountYuan": "150.00"}


def test_a_write_off_on_the_line() -> None:
    """Method, address, key, request id and body are exactly those of the company's interface."""
    line = FakeLine([reply(json.dumps(RECEIPT).encode())])
    assert connect("gas-bill", line).call("write_off", WRITE_OFF, "req-1") == {"reference": "RQ1"}
    sent = line.sent[0]
    assert (sent.purpose, sent.method) == ("back_end:gas-company", "POST")
    assert sent.url == "http://back-end.test/base/api/write-offs"
    assert sent.headers == {
        "Authorization": "Bearer k3y", "X-Request-Id": "req-1", "Accept": "application/json",
        "Content-Type": "application/json",
    }  # fmt: skip
    assert sent.timeout_seconds == 5
    assert json.loads(sent.body)["amountYuan"] == "150.00"


def test_a_question_has_no_body() -> None:
    """A GET has neither body nor content type."""
    line = FakeLine([reply(b'{"customerNo":"1","name":"n","address":"a"}')])
    connect("gas-bill", line).call("find_household", {"household_no": "1"}, "req-1")
    assert line.sent[0].body == b""
    assert "Content-Type" not in line.sent[0].headers


@pytest.mark.parametrize("operation", ["write_off", "list_bills"])
@pytest.mark.parametrize(
    ("failure", "error"), [(HttpUnreachable("x"), BackEndUnreachable), (HttpUnknown("x"), BackEndOutcomeUnknown)]
)
def test_no_answer(operation: str, failure: Exception, error: type[Exception]) -> None:
    """No connection is safe to repeat; a sent request without its answer is not."""
    with pytest.raises(error) as caught:
        connect("gas-bill", FakeLine([failure, failure])).call(operation, WRITE_OFF, "r")
    assert type(caught.value) is error
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("service", ["gas-bill", "water-bill"])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html><body>Maintenance</body></html>"),
        (200, b""),
        (200, b'{"result":"OK","receiptNo":"RQ1","ser'),
        (200, b'<?xml version="1.0" encoding="GBK"?><Response><RespCode>AAAA'),
        (200, "{'名': '值'}".encode("gbk")),
        (200, b"\xff\xfe\x00"),
        (200, b"[" * 100_000),
        (200, b"<a>" * 100_000 + b"</a>" * 100_000),
        (302, b""),
        (204, b""),
        (502, b"<html>Bad Gateway</html>"),
        (200, b"null"),
        (200, b"NaN"),
    ],
)
def test_hostile_answers_to_a_write(service: str, status: int, body: bytes) -> None:
    """HTML, nothing, half an answer, another charset, depth, a redirect: doubt about the write, and no crash."""
    with pytest.raises(BackEndGarbled):
        connect(service, FakeLine([reply(body, status)])).call("write_off", WRITE_OFF, "r")


def test_nothing_leaves_inside_a_transaction() -> None:
    """A call while a transaction is open is refused before anything is sent (rule 7 of the house)."""
    line = FakeLine([reply(b"{}")])
    with transaction_scope(), pytest.raises(RuntimeError):
        connect("gas-bill", line).call("list_bills", WRITE_OFF, "r")
    assert line.sent == []


def test_unwritable_value_is_never_sent() -> None:
    """A character that GBK does not have is refused by name, and nothing is sent."""
    line = FakeLine([])
    with pytest.raises(BackEndRefused) as caught:
        connect("water-bill", line).call("find_household", {"household_no": "2008😀"}, "r")
    assert caught.value.reason == "unwritable_value"
    assert line.sent == []


@pytest.mark.parametrize("service", ["gas-bill", "water-bill"])
def test_missing_secret_or_option_stops_the_start(service: str) -> None:
    """A secret or an option that the environment does not bind shows at start, by name, not at a citizen's request."""
    mapping = CATALOGUE.service(service)
    address = make_address(mapping.back_end.name, **OPTIONS)
    unusable = [replace(address, secrets={}), replace(address, secrets={"api_key": "gone", "mac_key": "gone"})]
    if service == "water-bill":
        unusable.append(replace(address, options={"institution_id": "x"}))
        unusable.append(replace(address, options=OPTIONS | {"company_id": "\x00"}))
    for wrong in unusable:
        with pytest.raises(ConfigurationFault):
            join(mapping, wrong, FakeLine())


def test_each_call_has_its_own_number() -> None:
    """Two calls of one request are told apart: an answer to the first is not believed for the second."""
    line = FakeLine([HttpUnknown("x"), HttpUnknown("x")])
    back_end = connect("water-bill", line)
    for _ in range(2):
        with pytest.raises(BackEndOutcomeUnknown):
            back_end.call("list_bills", {"household_no": "1"}, "same-request")
    assert line.sent[0].body != line.sent[1].body


def test_every_connector_of_the_schema_exists() -> None:
    """A mapping can name exactly the connectors that exist."""
    named = BACK_END.required["connector"]
    assert isinstance(named, Choice)
    assert set(named.words) == set(LINES)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (reply(json.dumps(RECEIPT).encode()), "answered"),
        (reply(b"<html>"), "garbled"),
        (HttpUnreachable("x"), "unreachable"),
        (HttpUnknown("x"), "outcome_unknown"),
    ],
)
def test_each_call_is_counted(answer: HttpReply | Exception, result: str) -> None:
    """By back end, operation and what came of it."""
    counter = CALLS.labels("gas-company", "write_off", result)
    before = counter._value.get()
    with suppress(BackEndError):
        connect("gas-bill", FakeLine([answer])).call("write_off", WRITE_OFF, "r")
    assert counter._value.get() == before + 1


def test_operators_read_the_place_and_nothing_of_the_answer() -> None:
    """One line for a call that failed: service, back end, operation, result, rule; no byte of what was said or asked."""
    with capture_logs() as logs, suppress(BackEndGarbled):
        connect("gas-bill", FakeLine([reply(b"<html>Meyer 13800138001</html>")])).call("write_off", WRITE_OFF, "r-1")
    (line,) = logs
    named = {name: line[name] for name in ("event", "service", "dependency", "operation", "result", "request_id")}
    assert named == {
        "event": "back_end_failed", "service": "gas-bill", "dependency": "gas-company", "operation": "write_off",
        "result": "garbled", "request_id": "r-1",
    }  # fmt: skip
    assert line["fault"].startswith("gas-company, write_off: ")
    told = json.dumps(line, ensure_ascii=False)
    assert not [value for value in ("html", "Meyer", "13800138001", *map(str, WRITE_OFF.values())) if value in told]


@pytest.mark.parametrize(
    ("code", "lines"), [("NO_SUCH_CUSTOMER", 0), ("NOTHING_OWED", 0), ("UNAUTHORIZED", 1), ("SYSTEM", 1)]
)
def test_a_no_about_the_citizens_business_is_no_fault(code: str, lines: int) -> None:
    """An operator reads of noes that are about the way between the systems, not of a mistyped number."""
    with capture_logs() as logs, suppress(BackEndRefused, BackEndOutcomeUnknown):
        connect("gas-bill", FakeLine([reply(json.dumps({"code": code}).encode(), 409)])).call(
            "write_off", WRITE_OFF, "r"
        )
    assert len(logs) == lines
