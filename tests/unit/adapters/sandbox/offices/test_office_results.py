"""Results that an office pushes: signed, repeated until acknowledged, and kept until there is an address."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from adapters.backends.late import open_result
from services.errors import NoticeRefused
from services.expressions import compile_expression
from tests.fakes import FakeClock
from tests.unit.adapters.sandbox.offices.errands import ERRANDS, NO
from tests.unit.adapters.sandbox.offices.street import OFFICE_OF, Street, load_mapping

OFFICE = "social-assistance"


class Inbound:
    """The counter's door for pushed results, as plain as can be: keeps what comes, answers what it is told."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.url = ""

    def wait_for(self, number: int) -> None:
        """Until so many messages have come."""
        until = time.monotonic() + 10
        while len(self.received) < number:
            assert time.monotonic() < until, "no message came"
            time.sleep(0.01)


@contextmanager
def open_inbound() -> Iterator[Inbound]:
    inbound = Inbound()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, answer = inbound.answers.pop(0) if inbound.answers else (200, b"OK")
            inbound.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    inbound.url = f"http://127.0.0.1:{server.server_port}/v1/results/demo-civil-office/social-benefits"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield inbound
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def inbound() -> Iterator[Inbound]:
    with open_inbound() as opened:
        yield opened


def decide(street: Street, state: str = "granted") -> None:
    street.control(OFFICE, f"applications/{NO}/result", {"state": state})


def wait_for_state(street: Street, state: str) -> None:
    """Until the office has noted what its first attempt came to: before that, the next one has no time yet."""
    until = time.monotonic() + 10
    while [(one["state"], one["attempt"]) for one in street.control(OFFICE, "results")] != [(state, 1)]:
        assert time.monotonic() < until, "the message has another state"
        time.sleep(0.01)


def test_a_decision_is_pushed_once(street: Street, inbound: Inbound, clock: FakeClock) -> None:
    """The message is signed over timestamp, line feed and raw body, and after its acknowledgement it never comes again."""
    street.control(OFFICE, "control/inbound", {"url": inbound.url})
    street.run(OFFICE, ERRANDS[OFFICE][1][0])
    decide(street)
    inbound.wait_for(1)
    headers, body = inbound.received[0]
    key = street.running.credentials[OFFICE]["result_key"].encode()
    moment = headers["x-timestamp"]
    assert moment == str(int(clock.now().timestamp()))
    assert headers["x-signature"] == hmac.digest(key, moment.encode() + b"\n" + body, hashlib.sha256).hex()
    wait_for_state(street, "acknowledged")
    street.control(OFFICE, "control/inbound", {"url": inbound.url})
    clock.advance(100_000)
    time.sleep(0.2)
    assert len(inbound.received) == 1


@pytest.mark.parametrize("answer", [(500, b""), (200, b"NO"), (200, b""), (404, b"OK"), (302, b"OK")])
def test_what_is_not_acknowledged_comes_again(
    street: Street, inbound: Inbound, clock: FakeClock, answer: tuple[int, bytes]
) -> None:
    """Anything but 200 and OK means again, by the shared clock, with a new timestamp and the same content."""
    inbound.answers = [answer]
    street.control(OFFICE, "control/inbound", {"url": inbound.url})
    street.run(OFFICE, ERRANDS[OFFICE][1][0])
    decide(street)
    inbound.wait_for(1)
    wait_for_state(street, "waiting")
    clock.advance(5)
    inbound.wait_for(2)
    (first, content), (second, again) = inbound.received
    assert content == again
    assert int(second["x-timestamp"]) == int(first["x-timestamp"]) + 5


def test_a_decision_waits_for_an_address(street: Street, inbound: Inbound) -> None:
    """What was decided before there was an inbound address is sent as soon as there is one."""
    street.run(OFFICE, ERRANDS[OFFICE][1][0])
    decide(street)
    assert street.control(OFFICE, "results") == []
    street.control(OFFICE, "control/inbound", {"url": inbound.url, "key": "another"})
    inbound.wait_for(1)
    headers, body = inbound.received[0]
    assert (
        headers["x-signature"]
        == hmac.digest(b"another", headers["x-timestamp"].encode() + b"\n" + body, "sha256").hex()
    )


@pytest.mark.parametrize("state", ["pending", "accepted"])
def test_what_is_no_decision_is_not_pushed(street: Street, inbound: Inbound, state: str) -> None:
    """Only a decision is told."""
    street.control(OFFICE, "control/inbound", {"url": inbound.url})
    street.run(OFFICE, ERRANDS[OFFICE][1][0])
    decide(street, state)
    assert street.control(OFFICE, "results") == []


@pytest.mark.parametrize(
    ("state", "outputs"),
    [("granted", {"monthly_allowance": 255_000, "first_month": "2026-12"}), ("refused", None)],
)
def test_the_mapping_reads_the_message(
    street: Street, inbound: Inbound, state: str, outputs: dict[str, object] | None
) -> None:
    """The counter believes the office's message and no changed one; it takes number, reference, state and outputs, no canary."""
    street.control(OFFICE, "control/inbound", {"url": inbound.url})
    street.run(OFFICE, ERRANDS[OFFICE][1][0])
    decide(street, state)
    inbound.wait_for(1)
    headers, body = inbound.received[0]
    late = load_mapping("social-benefits").late
    assert late is not None
    key = street.running.credentials[OFFICE]["result_key"].encode()
    told = open_result(late, key, headers, body, street.clock.now())
    with pytest.raises(NoticeRefused):
        open_result(late, key, headers, body.replace(b"DB2026", b"DB2027"), street.clock.now())
    with pytest.raises(NoticeRefused):
        open_result(late, b"another", headers, body, street.clock.now())
    assert told["application_no"] == NO
    assert (told["reference"], told["state"], told["outputs"]) == ("DB20261124000001", state, outputs)
    text = json.dumps(told, ensure_ascii=False)
    assert not [canary for canary in street.control(OFFICE, "canaries") if canary in text]


def test_the_launcher_is_told_who_pushes(street: Street) -> None:
    """``inbound`` of ``bindings.json`` names address, agency and service of each mapping whose results are pushed, and no other."""
    pushed = [name for name in OFFICE_OF if (late := load_mapping(name).late) and late.arrives == "pushed"]
    assert street.running.bindings["inbound"] == [
        {"address": street.url(OFFICE_OF[name]), "agency": load_mapping(name).agency, "service": name}
        for name in pushed
    ]


def test_a_word_that_is_no_decision_has_no_state() -> None:
    """A result that the mapping does not know gives no state, and so no result at all."""
    source = load_mapping("social-benefits").raw["late"]
    assert isinstance(source, dict)
    expression = compile_expression(str(source["response"]), "yuan")
    assert expression.search({"body": {"result": "MAYBE"}})["state"] is False
