"""Rules of adapters/backends/face.py: one word is a yes, a few are a no, everything else is no answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.backends.face import FaceBackEnd
from adapters.boundary import transaction_scope
from adapters.http import HttpReply, HttpUnknown, HttpUnreachable
from services.errors import (
    BackEndError,
    BackEndGarbled,
    BackEndOutcomeUnknown,
    BackEndRefused,
    BackEndUnreachable,
    ConfigurationFault,
)
from services.model import BackEndAddress
from tests.unit.adapters.backends.fake_line import FakeLine, KnownSecrets, make_address, reply

NAME, NUMBER, EVIDENCE = "王小明", "110101199003070011", "FACE.abc"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("MATCH"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["result", "transactionNo", "x"]), inner)
    ),
    max_leaves=6,
)


def ask(*answers: HttpReply | Exception) -> bool:
    line = FakeLine(list(answers))
    found = FaceBackEnd(make_address("face-check"), line, KnownSecrets()).verify(NAME, NUMBER, EVIDENCE, "req-1")
    assert len(line.sent) == 1
    sent = line.sent[0]
    assert (sent.purpose, sent.method, sent.url) == (
        "back_end:face-check", "POST", "http://back-end.test/base/face/verify",
    )  # fmt: skip
    assert json.loads(sent.body) == {"realName": NAME, "identityNumber": NUMBER, "evidence": EVIDENCE}
    assert (sent.headers["Authorization"], sent.headers["X-Request-Id"]) == ("Bearer k3y", "req-1")
    return found


def say(result: Any, **more: Any) -> HttpReply:
    return reply(json.dumps({"result": result, "transactionNo": "T1"} | more).encode())


@pytest.mark.parametrize(
    ("result", "proven"),
    [("MATCH", True), ("NO_MATCH", False), ("EVIDENCE_USED", False), ("EVIDENCE_EXPIRED", False)],
)
def test_results(result: str, proven: bool) -> None:
    """Only a match proves; used and expired evidence prove nothing."""
    assert ask(say(result)) is proven


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (say("match"), BackEndGarbled),
        (say("PERHAPS"), BackEndGarbled),
        (say(True), BackEndGarbled),
        (say(None), BackEndGarbled),
        (say(["MATCH"]), BackEndGarbled),
        (say("MATCH", score="0.99"), BackEndGarbled),
        (say("MATCH", transactionNo=""), BackEndGarbled),
        (say("MATCH", transactionNo=7), BackEndGarbled),
        (reply(b'{"result": "MATCH"}'), BackEndGarbled),
        (reply(b'{"result": "NO_MATCH", "result": "MATCH", "transactionNo": "T1"}'), BackEndGarbled),
        (reply(b'{"result": "MATCH", "transactionNo": "T1"}', 201), BackEndGarbled),
        (reply(b'{"result": "MATCH", "transactionNo": "T1"}', 500), BackEndGarbled),
        (reply(b'{"result": "MATCH", "transac'), BackEndGarbled),
        (reply(b'"MATCH"'), BackEndGarbled),
        (reply(b"<html>MATCH</html>"), BackEndGarbled),
        (reply(b""), BackEndGarbled),
        (reply(b"", 302), BackEndGarbled),
        (reply(b'{"code": "SYSTEM"}', 500), BackEndRefused),
        (reply(b'{"code": "UNAUTHORIZED"}', 401), BackEndRefused),
        (reply(b'{"code": ["SYSTEM"]}', 500), BackEndGarbled),
        (HttpUnreachable("x"), BackEndUnreachable),
        (HttpUnknown("x"), BackEndOutcomeUnknown),
    ],
)
def test_doubts_are_errors(answer: HttpReply | Exception, error: type[BackEndError]) -> None:
    """Whatever is not exactly an answer as agreed is an error of the provider, and says nothing of what was asked or told."""
    with pytest.raises(error) as caught:
        ask(answer)
    assert not [word for word in (NAME, NUMBER, EVIDENCE, "PERHAPS", "0.99") if word in str(caught.value)]


@given(st.integers(200, 599), JSON_VALUES)
def test_nothing_else_is_a_yes(status: int, body: Any) -> None:
    """Of all answers only a 200 with exactly the match and a transaction number proves somebody."""
    line = FakeLine([reply(json.dumps(body).encode(), status)])
    try:
        proven = FaceBackEnd(make_address("face-check"), line, KnownSecrets()).verify(NAME, NUMBER, EVIDENCE, "r")
    except BackEndError:
        proven = False
    assert not proven or (status == 200 and set(body) == {"result", "transactionNo"} and body["result"] == "MATCH")


def test_a_name_that_cannot_be_written_is_not_asked_for() -> None:
    """Half a character cannot travel: nothing is sent."""
    line = FakeLine()
    with pytest.raises(BackEndRefused, match="unwritable_value"):
        FaceBackEnd(make_address("face-check"), line, KnownSecrets()).verify("\ud800", NUMBER, EVIDENCE, "r")
    assert line.sent == []


def test_not_inside_a_transaction() -> None:
    """The provider is not asked while a transaction is open."""
    face = FaceBackEnd(make_address("face-check"), FakeLine(), KnownSecrets())
    with transaction_scope(), pytest.raises(RuntimeError):
        face.verify(NAME, NUMBER, EVIDENCE, "r")


def test_key_is_needed_at_start() -> None:
    """A provider without its key stops the start."""
    address = make_address("face-check")
    with pytest.raises(ConfigurationFault):
        FaceBackEnd(BackEndAddress(address.agency_id, "face-check", address.url), FakeLine(), KnownSecrets())
