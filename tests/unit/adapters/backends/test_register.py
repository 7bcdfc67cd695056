"""Rules of adapters/backends/register.py: name and phone of a number, and nothing else."""

from __future__ import annotations

import json

import pytest

from adapters.backends.register import RegisterBackEnd
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
from services.model import BackEndAddress, RegisterEntry
from tests.unit.adapters.backends.fake_line import FakeLine, KnownSecrets, make_address, reply

NUMBER = "110101199003070011"


def ask(*answers: HttpReply | Exception) -> RegisterEntry | None:
    line = FakeLine(list(answers))
    found = RegisterBackEnd(make_address("register"), line, KnownSecrets()).find(NUMBER, "req-1")
    assert json.loads(line.sent[0].body) == {"identityNumber": NUMBER}
    assert NUMBER not in line.sent[0].url
    assert line.sent[0].headers["X-Request-Id"] == "req-1"
    return found


def test_entry() -> None:
    """Name and phone are taken; the address and date of birth that come along are not."""
    body = {"name": "王小明", "phone": "13800138001", "address": "canary", "birthDate": "19900307"}
    assert ask(reply(json.dumps(body).encode())) == RegisterEntry("王小明", "13800138001")


def test_no_phone() -> None:
    """A person without a phone in the register has none; an empty text is not a phone."""
    assert ask(reply(b'{"name": "x", "phone": null}')) == RegisterEntry("x", None)
    with pytest.raises(BackEndGarbled):
        ask(reply(b'{"name": "x", "phone": ""}'))


def test_absent() -> None:
    """Only the register's own word means that there is no such person; a bare 404 may be a wrong address."""
    assert ask(reply(b'{"code": "NO_SUCH_PERSON"}', 404)) is None
    with pytest.raises(BackEndGarbled):
        ask(reply(b'{"message": "not found"}', 404))
    with pytest.raises(BackEndGarbled):
        ask(reply(b'{"code": "NO_SUCH_PERSON"}', 200))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(b'{"code": "SYSTEM"}', 500), BackEndRefused),
        (reply(b'{"code": "UNAUTHORIZED"}', 401), BackEndRefused),
        (reply(b'{"code": ["SYSTEM"]}', 500), BackEndGarbled),
        (reply(b"<html>", 200), BackEndGarbled),
        (reply(b'{"name": "x"}', 200), BackEndGarbled),
        (reply(b'{"name": "x", "name": "y", "phone": "13800138001"}', 200), BackEndGarbled),
        (reply('{"name": "x", "phone": "13800138001", "王小明": 1}'.encode(), 200), BackEndGarbled),
        (reply(b'{"name": 5, "phone": "13800138001"}', 200), BackEndGarbled),
        (reply(b"", 302), BackEndGarbled),
        (HttpUnreachable("x"), BackEndUnreachable),
        (HttpUnknown("x"), BackEndOutcomeUnknown),
    ],
)
def test_other_answers(answer: HttpReply | Exception, error: type[BackEndError]) -> None:
    """Anything but an entry as agreed is an error of the register, without a word of what it said."""
    with pytest.raises(error) as caught:
        ask(answer)
    assert "王小明" not in str(caught.value)
    assert NUMBER not in str(caught.value)


def test_not_inside_a_transaction() -> None:
    """The register is not asked while a transaction is open."""
    register = RegisterBackEnd(make_address("register"), FakeLine(), KnownSecrets())
    with transaction_scope(), pytest.raises(RuntimeError):
        register.find(NUMBER, "r")


def test_key_is_needed_at_start() -> None:
    """A register without its key stops the start."""
    address = make_address("register")
    with pytest.raises(ConfigurationFault):
        RegisterBackEnd(BackEndAddress(address.agency_id, "register", address.url), FakeLine(), KnownSecrets())
