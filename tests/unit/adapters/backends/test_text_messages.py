"""Rules of adapters/backends/text_messages.py against answers as told, and against the sandbox's provider on a real socket."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.serving import make_server

from adapters.backends.text_messages import TextMessageBackEnd
from adapters.boundary import transaction_scope
from adapters.http import HttpClient, HttpReply, HttpUnknown, HttpUnreachable
from adapters.sandbox.offices.text_messages import (
    FAILING,
    OFFICE,
    REFUSED,
    SIGN_NAME,
    SILENT,
    TEMPLATES,
    WITHDRAWN,
    create_text_messages,
)
from adapters.sandbox.shelf import Shelf
from services.errors import (
    BackEndError,
    BackEndGarbled,
    BackEndOutcomeUnknown,
    BackEndRefused,
    BackEndUnreachable,
    ConfigurationFault,
)
from services.model import BackEndAddress
from tests.fakes import FakeClock
from tests.unit.adapters.backends.fake_line import FakeLine, KnownSecrets, StillClock, reply

PHONE = "13800138001"
WORDS = {"code": "012345", "minutes": "5"}
OPTIONS = {"sign_name": SIGN_NAME} | {f"template_{name}": code for name, (code, _) in TEMPLATES.items()}


def make_provider(
    line: HttpClient, clock: Any = None, url: str = "http://sms.test/base", **changes: str
) -> TextMessageBackEnd:
    address = BackEndAddress(UUID(int=1), "text-messages", url, {"key": "key-file"}, {**OPTIONS, **changes})
    return TextMessageBackEnd(address, line, KnownSecrets(), clock or StillClock())


def say(http: int = 200, **body: Any) -> HttpReply:
    return reply(json.dumps(body).encode(), http)


def test_what_is_sent() -> None:
    """Code of the template, its few words and the telephone, signed over method, target, moment and body."""
    line = FakeLine([say(messageId="m-1", receiptNo="R1")])
    assert make_provider(line).send(PHONE, "sign_in_code", WORDS, "m-1") == "R1"
    (sent,) = line.sent
    assert (sent.purpose, sent.method, sent.url) == (
        "back_end:text-messages", "POST", "http://sms.test/base/v1/messages",
    )  # fmt: skip
    assert json.loads(sent.body) == {
        "messageId": "m-1", "phone": PHONE, "signName": SIGN_NAME, "templateCode": "SMS_480001", "templateParams": WORDS,
    }  # fmt: skip
    stamp = str(int(StillClock().now().timestamp()))
    signed = f"POST\n/base/v1/messages\n{stamp}\n{hashlib.sha256(sent.body).hexdigest()}"
    assert sent.headers["X-Timestamp"] == stamp
    assert sent.headers["X-Signature"] == hmac.new(b"k3y", signed.encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    ("status", "word"),
    [("DELIVERED", "delivered"), ("FAILED", "failed"), ("SENT", "sent"), ("QUEUED", "sent")],
)
def test_what_became_of_it(status: str, word: str) -> None:
    """Only the telephone's own receipt is a delivery."""
    assert make_provider(FakeLine([say(messageId="m-1", status=status)])).ask("m-1") == word


def test_one_that_the_provider_never_had_has_failed() -> None:
    """Nothing arrived there: nothing was sent."""
    assert make_provider(FakeLine([say(404, code="NO_SUCH_MESSAGE")])).ask("m-1") == "failed"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (say(messageId="m-2", receiptNo="R1"), BackEndGarbled),
        (say(messageId="m-1"), BackEndGarbled),
        (say(messageId="m-1", receiptNo="R1", more="x"), BackEndGarbled),
        (say(messageId="m-1", receiptNo=""), BackEndGarbled),
        (say(201, messageId="m-1", receiptNo="R1"), BackEndGarbled),
        (say(404, code="NO_SUCH_MESSAGE"), BackEndGarbled),
        (say(500, code="WHAT"), BackEndGarbled),
        (say(200, code="SYSTEM"), BackEndGarbled),
        (reply(b"<html>OK</html>"), BackEndGarbled),
        (reply(b'{"messageId":"m-1","receiptNo":"R1"'), BackEndGarbled),
        (reply(b"[]"), BackEndGarbled),
        (reply(b""), BackEndGarbled),
        (say(422, code="INVALID_NUMBER"), BackEndRefused),
        (say(500, code="SYSTEM"), BackEndRefused),
        (HttpUnreachable("x"), BackEndUnreachable),
        (HttpUnknown("x"), BackEndOutcomeUnknown),
    ],
)  # fmt: skip
def test_no_receipt(answer: HttpReply | Exception, error: type[BackEndError]) -> None:
    """What is no clear receipt is an error, and the error says nothing of what was sent."""
    with pytest.raises(error) as caught:
        make_provider(FakeLine([answer])).send(PHONE, "sign_in_code", WORDS, "m-1")
    assert PHONE not in str(caught.value)
    assert "012345" not in str(caught.value)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["m-1", "DELIVERED", "R1", "SYSTEM"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["messageId", "status", "receiptNo", "code", "x"]), inner)
    ),
    max_leaves=6,
)


@given(JSON_VALUES, st.sampled_from([200, 201, 302, 404, 422, 500]))
def test_any_answer(value: Any, status: int) -> None:
    """Whatever a provider says, it is delivered only by the one answer that says so, else an error of a back end."""
    line = FakeLine([reply(json.dumps(value).encode(), status)])
    try:
        word = make_provider(line).ask("m-1")
    except BackEndError:
        return
    assert word != "delivered" or value == {"messageId": "m-1", "status": "DELIVERED"}


@given(st.text(max_size=14).filter(lambda text: not (text.isascii() and len(text) == 11)))
def test_no_telephone(phone: str) -> None:
    """What is no mobile number is refused without a call."""
    line = FakeLine([])
    with pytest.raises(BackEndRefused):
        make_provider(line).send(phone, "sign_in_code", WORDS, "m-1")
    assert line.sent == []


def test_not_inside_a_transaction() -> None:
    """No connection of the store waits for a provider."""
    line = FakeLine([])
    with transaction_scope(), pytest.raises(RuntimeError):
        make_provider(line).send(PHONE, "sign_in_code", WORDS, "m-1")
    assert line.sent == []


def test_a_template_that_is_not_bound() -> None:
    """The missing option is named; nothing is sent."""
    line = FakeLine([])
    with pytest.raises(ConfigurationFault, match="template_case_notice"):
        make_provider(line, template_case_notice="").send(PHONE, "case_notice", {}, "m-1")
    with pytest.raises(ConfigurationFault, match="key"):
        TextMessageBackEnd(
            BackEndAddress(UUID(int=1), "text-messages", "http://x", {}), line, KnownSecrets(), StillClock()
        )
    assert line.sent == []


@dataclass
class Running:
    """The sandbox's provider at an address, and ours towards it."""

    url: str
    clock: FakeClock
    provider: TextMessageBackEnd

    def list_messages(self, phone: str = "") -> list[dict[str, Any]]:
        params = {"phone": phone} if phone else {}
        return list(requests.get(f"{self.url}/_sandbox/messages", params=params, timeout=5).json())

    def arrange(self, operation: str, behaviour: str) -> None:
        told = {"operation": operation, "behaviour": behaviour, "times": 1, "seconds": 0}
        requests.post(f"{self.url}/_sandbox/control/behaviour", json=told, timeout=5).raise_for_status()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    clock, shelf = FakeClock(), Shelf(tmp_path / "sms.sqlite3")
    server = make_server("127.0.0.1", 0, create_text_messages(shelf, clock, "k3y"), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    http = HttpClient(frozenset([url]), timeout_seconds=5)
    yield Running(url, clock, make_provider(http, clock, url))
    http.close()
    server.shutdown()
    thread.join()
    server.server_close()
    shelf.close()


def test_a_message_arrives_once(running: Running) -> None:
    """The same id is one message however often it is sent; after three seconds the telephone has it."""
    receipts = {running.provider.send(PHONE, "sign_in_code", WORDS, "m-1") for _ in range(3)}
    assert len(receipts) == 1
    assert running.provider.ask("m-1") == "sent"
    running.clock.advance(3)
    assert running.provider.ask("m-1") == "delivered"
    (kept,) = running.list_messages(PHONE)
    assert kept["text"].startswith("【演示市政务服务】验证码012345，5分钟")
    assert (kept["asked_to_send"], json.loads(kept["body"])["messageId"]) == (3, "m-1")
    assert running.list_messages("13800138002") == []
    with pytest.raises(BackEndRefused):
        running.provider.send("13800138002", "sign_in_code", WORDS, "m-1")


def test_magic_telephones(running: Running) -> None:
    """One is refused, one has withdrawn, one fails, of one nobody hears again."""
    for phone in (REFUSED, WITHDRAWN):
        with pytest.raises(BackEndRefused):
            running.provider.send(phone, "sign_in_code", WORDS, phone)
    for phone in (FAILING, SILENT):
        running.provider.send(phone, "sign_in_code", WORDS, phone)
    running.clock.advance(86_400)
    assert [running.provider.ask(phone) for phone in (REFUSED, FAILING, SILENT)] == ["failed", "failed", "sent"]


@pytest.mark.parametrize(
    ("behaviour", "error", "kept"),
    [
        ("timeout", BackEndOutcomeUnknown, 0),
        ("timeout_after_commit", BackEndOutcomeUnknown, 1),
        ("server_error", BackEndRefused, 0),
        ("frequency_limited", BackEndRefused, 0),
        ("garbled", BackEndGarbled, 1),
        ("html", BackEndGarbled, 1),
        ("unknown_field", BackEndGarbled, 1),
    ],
)
def test_a_provider_that_misbehaves(running: Running, behaviour: str, error: type[BackEndError], kept: int) -> None:
    """Whatever it answers, a second attempt under the same id leaves one message on the telephone."""
    running.arrange("send", behaviour)
    with pytest.raises(error):
        running.provider.send(PHONE, "sign_in_code", WORDS, "m-1")
    assert len(running.list_messages()) == kept
    running.provider.send(PHONE, "sign_in_code", WORDS, "m-1")
    assert len(running.list_messages()) == 1


def test_who_does_not_hold_the_key(running: Running) -> None:
    """A wrong signature, an old one and none at all are turned away."""
    body = json.dumps({"messageId": "m"}).encode()
    for headers in ({}, {"X-Timestamp": "1", "X-Signature": "0"}, {"X-Timestamp": "²", "X-Signature": "é"}):
        said = requests.post(
            f"{running.url}/v1/messages", data=body, timeout=5,
            headers={name: value.encode() for name, value in headers.items()},
        )  # fmt: skip
        assert said.status_code == 401
    late = FakeClock()
    late.advance(301)
    http = HttpClient(frozenset([running.url]))
    with pytest.raises(BackEndRefused):
        make_provider(http, late, running.url).ask("m-1")
    http.close()


def test_the_office_binds_itself_at_the_root() -> None:
    """The counter alone asks it, by a name that no mapping may use."""
    assert (OFFICE.back_ends, OFFICE.of_root) == ((), ("text-messages",))
