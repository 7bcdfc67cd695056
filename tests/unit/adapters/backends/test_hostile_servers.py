"""Every shipped mapping that speaks over HTTP against a server that says anything at all, on real sockets.

HTML, half an answer, another charset, 40 MB, a redirect, an unknown field, nothing at all: each is the right error, in bounded time and
memory, and nothing of what came stands in a message or a log.
"""

from __future__ import annotations

import logging
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from adapters.backends.breaker import Breakers
from adapters.backends.factory import Surroundings, make_back_end
from services.counter_shapes import shape_mapping
from services.errors import BackEndError, BackEndGarbled, BackEndOutcomeUnknown, BackEndUnreachable
from services.mapping import BackEndSpec, Call, Operation, ServiceMapping
from services.model import BackEndAddress
from tests.unit.adapters.backends.fake_line import CATALOGUE, StillClock
from tests.unit.adapters.backends.test_against_companies import open_line, say


def mapping_connector(service: str) -> str:
    return CATALOGUE.service(service).back_end.connector


SERVICES = sorted(name for name, mapping in CATALOGUE.services.items() if mapping.back_end.connector != "sql")
ONE_OF_EACH = sorted({mapping_connector(name): name for name in SERVICES}.values())
TOKENS = ("client-credentials", "login")
TYPES = {"soap": "text/xml; charset=utf-8", "xml": "text/xml", "rest": "application/json"}


class Anything(Mapping[str, str]):
    """Binds every secret and every option of an address to something that fits."""

    def __init__(self, value: str = "") -> None:
        self._value = value

    def __getitem__(self, key: str) -> str:
        return self._value or {"x_road_client": "CN/GOV/1/2", "x_road_service": "CN/GOV/1/2/s"}.get(key, "110101")

    def __contains__(self, key: object) -> bool:
        return key != "ca"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class AnySecret:
    """One value for all."""

    def read(self, _name: str) -> bytes:
        return b"k3y"


def hurry(spec: BackEndSpec) -> BackEndSpec:
    """The same, with calls of less than half a second."""

    def cut(call: Call) -> Call:
        return replace(call, timeout_seconds=0.4)

    operations: dict[str, Operation] = {
        name: replace(one, calls=tuple(map(cut, one.calls))) for name, one in spec.operations.items()
    }
    return replace(spec, operations=operations)


def ask(service: str, answer: bytes, *, linger: float = 0) -> tuple[BackEndError, Call, ServiceMapping]:
    """What the first question of a service ends in."""
    mapping = CATALOGUE.service(service)
    mapping = replace(mapping, back_end=hurry(mapping.back_end))
    shapes = shape_mapping(mapping)
    name, operation = next(iter(mapping.back_end.operations.items()))
    with say(answer, linger=linger) as url, open_line(url) as line:
        addresses = {
            one: BackEndAddress(UUID(int=1), one, url, Anything("x"), Anything()) for one in mapping.connections()
        }
        back_end = make_back_end(mapping, addresses, Surroundings(line, AnySecret(), StillClock(), Breakers()))
        with pytest.raises(BackEndError) as caught:
            back_end.call(name, shapes[name].takes, "req-1")
    return caught.value, operation.calls[0], mapping


def http(body: bytes, content_type: str, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>CANARY</body></html>",
        b'{"CANARY": "CANARY"}',
        b"<CANARY><a>CANARY</a></CANARY>",
        b'{"CANARY": "CAN',
        "{'名': 'CANARY'}".encode("gbk"),
        "CANARY名".encode("utf-16"),
        b"",
        b"\x00\xff" * 50,
    ],
    ids=["html", "unknown field", "other xml", "truncated", "gbk", "utf-16", "empty", "noise"],
)
def test_nonsense(service: str, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """It is garbled, or no token was to be had for it; nothing of it is told."""
    with caplog.at_level(logging.DEBUG):
        error, _, mapping = ask(service, http(body, TYPES[mapping_connector(service)]))
    expected = BackEndUnreachable if mapping.back_end.authentication.scheme in TOKENS else BackEndGarbled
    assert isinstance(error, expected)
    assert "CANARY" not in str(error) + caplog.text
    assert error.__cause__ is None


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "status", ["301 Moved", "307 Temporary Redirect", "500 Internal Server Error", "204 No Content"]
)
def test_other_answers(service: str, status: str) -> None:
    """A redirect is not followed, a server error without a code that is known is no answer."""
    location = b"" if status[0] != "3" else b"Location: http://127.0.0.1:1/\r\n"
    answer = b"HTTP/1.1 " + status.encode() + b"\r\n" + location + b"Content-Length: 0\r\n\r\n"
    error, _, mapping = ask(service, answer)
    assert isinstance(error, BackEndUnreachable if mapping.back_end.authentication.scheme in TOKENS else BackEndGarbled)


@pytest.mark.parametrize("service", ONE_OF_EACH)
def test_forty_megabytes(service: str) -> None:
    """No more than the cap is ever held."""
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 41943040\r\n\r\n" + b"{" * 41_943_040
    tracemalloc.start()
    error, _, mapping = ask(service, big)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * 1_048_576
    assert isinstance(
        error, BackEndUnreachable if mapping.back_end.authentication.scheme in TOKENS else BackEndOutcomeUnknown
    )


@pytest.mark.parametrize("service", ONE_OF_EACH)
def test_nothing_until_the_time_is_over(service: str) -> None:
    """Silence ends at the call's own time."""
    error, _, mapping = ask(service, b"", linger=5)
    assert isinstance(
        error, BackEndUnreachable if mapping.back_end.authentication.scheme in TOKENS else BackEndOutcomeUnknown
    )
