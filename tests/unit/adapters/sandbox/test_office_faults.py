"""How any office misbehaves, whatever it speaks."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from defusedxml.ElementTree import fromstring
from werkzeug.serving import make_server
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from adapters.sandbox.canaries import add_canaries, make_canary, make_identity_canary, make_phone_canary
from adapters.sandbox.office_faults import UNKNOWN_FIELD, UNKNOWN_VALUE, OfficeFaults
from adapters.sandbox.routing import Router
from adapters.sandbox.serving import QuietHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BODIES = {
    "application/json; charset=utf-8": json.dumps({"a": "值", "b": [1]}, ensure_ascii=False),
    "text/xml; charset=GBK": '<?xml version="1.0" encoding="GBK"?><Response><A>值</A></Response>',
    "application/soap+xml; charset=utf-8": (
        '<e:Envelope xmlns:e="urn:e"><e:Body><q:R xmlns:q="urn:q"><q:a>值</q:a></q:R></e:Body></e:Envelope>'
    ),
    "text/plain; charset=utf-8": "1|值\n2|数\n",
}


class Office:
    """An office with one operation that counts what it did."""

    def __init__(self, content_type: str) -> None:
        self.done = 0
        self.content_type = content_type
        self.charset = "gbk" if "GBK" in content_type else "utf-8"
        faults = OfficeFaults(("ask",), ("batch_window",))
        self.router = Router()
        self.router.add("GET", "/ask", lambda request: faults.run("ask", request, self._act, self._say))
        faults.add_control(self.router)
        add_canaries(self.router, lambda: ["B", "A", "A"])

    def _act(self) -> Response:
        self.done += 1
        return Response(BODIES[self.content_type].encode(self.charset), content_type=self.content_type)

    def _say(self, fault: str) -> Response:
        return Response(f"no: {fault}", status=503)


@pytest.fixture(params=sorted(BODIES))
def office(request: pytest.FixtureRequest) -> Office:
    """One for each way of speaking."""
    return Office(request.param)


def meet(office: Office, behaviour: str, **more: object) -> Response:
    """The answer of a call under a behaviour."""
    client = Client(office.router)
    told = {"operation": "ask", "behaviour": behaviour, **more}
    assert client.post("/_sandbox/control/behaviour", json=told).status_code == 200
    return client.get("/ask")


def test_without_behaviour(office: Office) -> None:
    """The ordinary answer, and one behaviour is met once."""
    meet(office, "html")
    plain = Client(office.router).get("/ask")
    assert plain.get_data().decode(office.charset) == BODIES[office.content_type]


@pytest.mark.parametrize(
    ("behaviour", "words"), [("server_error", "no: server_error"), ("batch_window", "no: batch_window")]
)
def test_refusals_have_no_effect(office: Office, behaviour: str, words: str) -> None:
    """The office says so in its own words, and did nothing."""
    assert meet(office, behaviour).get_data(as_text=True) == words
    assert office.done == 0


@pytest.mark.parametrize("behaviour", ["timeout", "silent"])
def test_silence_without_effect(office: Office, behaviour: str) -> None:
    """No answer, and nothing was done."""
    with pytest.raises(ConnectionResetError):
        meet(office, behaviour)
    assert office.done == 0


def test_silence_after_the_effect(office: Office) -> None:
    """No answer, and it was done."""
    with pytest.raises(ConnectionResetError):
        meet(office, "timeout_after_commit")
    assert office.done == 1


def test_html_redirect_empty_huge(office: Office) -> None:
    """A web page, a way elsewhere, nothing, forty megabytes: after the effect."""
    page = meet(office, "html")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    elsewhere = meet(office, "redirect")
    assert (elsewhere.status_code, elsewhere.headers["Location"][:4]) == (302, "http")
    assert meet(office, "empty").get_data() == b""
    assert len(meet(office, "huge").get_data()) == 40 * 1024 * 1024
    assert office.done == 4


def test_half_a_body(office: Office) -> None:
    """With an honest length, or with that of the whole."""
    whole = BODIES[office.content_type].encode(office.charset)
    assert meet(office, "truncated").get_data() == whole[: len(whole) // 2]
    short = meet(office, "cut_off")
    assert int(short.headers["Content-Length"]) == len(whole)


def test_another_charset(office: Office) -> None:
    """Other bytes under the old label, which do not read as they should."""
    answer = meet(office, "wrong_charset")
    assert answer.headers["Content-Type"] == office.content_type
    whole = BODIES[office.content_type].encode(office.charset)
    assert answer.get_data() != whole
    assert answer.get_data().decode("utf-8" if office.charset == "gbk" else "gbk") == BODIES[office.content_type]


def test_an_unknown_field(office: Office) -> None:
    """One field, element or column more, in a body that still reads."""
    body = meet(office, "unknown_field").get_data().decode(office.charset)
    if "json" in office.content_type:
        assert json.loads(body) == json.loads(BODIES[office.content_type]) | {UNKNOWN_FIELD: UNKNOWN_VALUE}
    elif "plain" in office.content_type:
        assert body.splitlines() == [f"1|值|{UNKNOWN_VALUE}", f"2|数|{UNKNOWN_VALUE}"]
    else:
        root = fromstring(body.partition("?>")[2] if body.startswith("<?") else body)
        place = root[0][0] if "soap" in office.content_type else root
        assert (place[-1].tag, place[-1].text) == (UNKNOWN_FIELD, UNKNOWN_VALUE)


def test_an_unknown_word_is_refused() -> None:
    """A behaviour or an operation that the office does not have."""
    client = Client(Office("text/plain; charset=utf-8").router)
    for told in ({"operation": "ask", "behaviour": "sulk"}, {"operation": "answer", "behaviour": "html"}):
        assert client.post("/_sandbox/control/behaviour", json=told).status_code == 400


def test_canaries_are_listed_once_with_the_unknown_value() -> None:
    """Sorted, without repetition; what ``unknown_field`` adds is one of them."""
    listed = Client(Office("text/plain; charset=utf-8").router).get("/_sandbox/canaries").get_json()
    assert listed == ["A", "B", UNKNOWN_VALUE]


def test_canaries_follow_from_their_owner() -> None:
    """The same owner has the same, another has others; none is a number that a person can have."""
    assert make_identity_canary("x") == make_identity_canary("x") != make_identity_canary("y")
    assert make_identity_canary("x").startswith("990000")
    assert len(make_identity_canary("x")) == 18
    assert make_phone_canary("x").startswith("199")
    assert len(make_phone_canary("x")) == 11
    assert make_canary("DK", "x", 10) != make_canary("DA", "x", 10)[:2] + make_canary("DK", "x", 10)[2:]


@contextmanager
def serve(app: WSGIApplication) -> Iterator[int]:
    """On a real socket."""
    logging.getLogger("guitai.sandbox").setLevel(logging.CRITICAL)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_silence_ends_when_the_client_hangs_up() -> None:
    """Sixty seconds of nothing hold a thread only as long as somebody waits."""
    office = Office("text/plain; charset=utf-8")
    freed = threading.Event()
    inner = office.router

    def watch(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return inner(environ, start_response)
        finally:
            freed.set()

    Client(inner).post("/_sandbox/control/behaviour", json={"operation": "ask", "behaviour": "silent"})
    with serve(watch) as port:
        peer = socket.create_connection(("127.0.0.1", port), 5)
        peer.sendall(b"GET /ask HTTP/1.1\r\nHost: x\r\n\r\n")
        peer.settimeout(0.4)
        with pytest.raises(TimeoutError):
            peer.recv(1)
        assert not freed.is_set()
        peer.close()
        assert freed.wait(5)


def test_silence_ends_by_itself() -> None:
    """After its seconds the connection ends without a byte."""
    office = Office("text/plain; charset=utf-8")
    told = {"operation": "ask", "behaviour": "silent", "seconds": 0.3}
    Client(office.router).post("/_sandbox/control/behaviour", json=told)
    with serve(office.router) as port, socket.create_connection(("127.0.0.1", port), 5) as peer:
        started = time.monotonic()
        peer.sendall(b"GET /ask HTTP/1.1\r\nHost: x\r\n\r\n")
        assert peer.recv(1) == b""
        assert 0.2 < time.monotonic() - started < 5


def test_a_request_without_a_socket_does_not_wait() -> None:
    """In process there is nobody to hang up."""
    faults = OfficeFaults(("ask",))
    faults.behaviours.arrange("ask", "silent")
    with pytest.raises(ConnectionResetError):
        faults.run("ask", Request({"REQUEST_METHOD": "GET"}), lambda: Response(""), lambda _: Response(""))
