"""Rules of adapters/http.py, over real sockets on the loopback address."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http import HttpClient, HttpError, HttpReply, HttpUnknown, HttpUnreachable, origin_of
from services.errors import ConfigurationFault

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Peer:
    """A server that keeps what it reads and answers with fixed bytes, perhaps byte by byte."""

    def __init__(self, answer: bytes, pause_seconds: float = 0.0) -> None:
        self.answer, self.pause_seconds = answer, pause_seconds
        self.received: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with closing(connection):
                self.received.append(read_request(connection))
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        pieces = [self.answer[at : at + 1] for at in range(len(self.answer))] if self.pause_seconds else [self.answer]
        for piece in pieces:
            try:
                connection.sendall(piece)
            except OSError:
                return
            time.sleep(self.pause_seconds)

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


def read_request(connection: socket.socket) -> bytes:
    found = b""
    while b"\r\n\r\n" not in found:
        piece = connection.recv(65_536)
        if not piece:
            return found
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def peer(answer: bytes, pause_seconds: float = 0.0) -> Iterator[Peer]:
    made = Peer(answer, pause_seconds)
    try:
        yield made
    finally:
        made.stop()


def send(found: Peer, target: str = "/a?b=c", *, timeout_seconds: float = 1.0, max_bytes: int = 100) -> HttpReply:
    client = HttpClient(frozenset({found.url}), timeout_seconds, max_bytes)
    with closing(client):
        return client.send("test", "POST", found.url + target, {"Content-Type": "application/json"}, b"{}")


def test_exactly_these_bytes_leave() -> None:
    """Method, target, headers and body are the caller's; only host, length, identity encoding and user agent are added."""
    with peer(OK) as found:
        assert send(found, "/a/%2F..%20x?b=%7B%E7%8E%8B&c=") == HttpReply(200, {"content-length": "5"}, b"hello")
        head, _, body = found.received[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /a/%2F..%20x?b=%7B%E7%8E%8B&c= HTTP/1.1"
    assert sorted(line.split(b":")[0].lower() for line in lines[1:]) == [
        b"accept-encoding", b"content-length", b"content-type", b"host", b"user-agent",
    ]  # fmt: skip
    assert b"User-Agent: guitai" in lines
    assert body == b"{}"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x17F), max_size=20))
def test_a_target_travels_unchanged_or_not_at_all(tail: str) -> None:
    """Whatever stands after the slash, the server reads exactly that or nothing is sent."""
    target = "/" + tail
    with peer(OK) as found:
        try:
            send(found, target)
        except ConfigurationFault:
            assert found.received == []
        else:
            assert found.received[0].split(b"\r\n")[0] == f"POST {target} HTTP/1.1".encode()


def test_the_callers_user_agent_is_replaced() -> None:
    """There is one user agent, whatever a caller names."""
    with peer(OK) as found:
        client = HttpClient(frozenset({found.url}))
        client.send("test", "GET", found.url + "/", {"user-agent": "somebody"})
        client.close()
        assert b"somebody" not in found.received[0]
        assert found.received[0].lower().count(b"user-agent:") == 1


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    """A 302 comes back as it is; its location is never contacted."""
    with (
        peer(OK) as elsewhere,
        peer(b"HTTP/1.1 302 x\r\nLocation: %b/\r\nContent-Length: 0\r\n\r\n" % elsewhere.url.encode()) as found,
    ):
        assert send(found).status == 302
        assert elsewhere.received == []


def test_a_cookie_is_never_returned() -> None:
    """What a server sets in one answer does not travel with the next request."""
    with peer(b"HTTP/1.1 200 OK\r\nConnection: close\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n") as found:
        client = HttpClient(frozenset({found.url}))
        for _ in range(2):
            client.send("test", "GET", found.url + "/", {})
        client.close()
        assert all(b"cookie" not in request.lower() for request in found.received)


def test_no_proxy_and_no_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """``HTTP_PROXY`` and the like change nothing."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with peer(OK) as found:
        assert send(found).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"a" * 1000,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
    ],
    ids=["nothing", "garbage", "short", "open chunks", "short chunk", "too large", "encoded"],
)
def test_an_incomplete_or_oversized_answer_is_unknown(answer: bytes) -> None:
    """Bytes left, so without a complete answer of bounded size the outcome is unknown."""
    with peer(answer) as found, pytest.raises(HttpUnknown):
        send(found)


def test_chunks_and_empty_answers_are_complete() -> None:
    """A chunked answer is put together; 204 has an empty body."""
    with peer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n") as found:
        assert send(found).body == b"hello"
    with peer(b"HTTP/1.1 204 No Content\r\n\r\n") as found:
        assert send(found).body == b""


def test_a_header_that_came_twice_is_joined_by_a_comma() -> None:
    """Two headers of one name are visible as such."""
    with peer(b"HTTP/1.1 200 OK\r\nA: b\r\na: c\r\nContent-Length: 0\r\n\r\n") as found:
        assert send(found).headers["a"] == "b, c"


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * 90]
)
def test_a_drip_does_not_hold_a_thread(head: bytes) -> None:
    """A peer that sends byte by byte, in the body or already in the headers, is cut off at the call's deadline."""
    started = time.monotonic()
    with peer(head + b"x" * 90, pause_seconds=0.05) as found, pytest.raises(HttpUnknown):
        send(found, timeout_seconds=0.4)
    assert time.monotonic() - started < 1.5


def test_a_closed_port_is_unreachable() -> None:
    """No byte left if nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with pytest.raises(HttpUnreachable):
        HttpClient(frozenset({url})).send("test", "GET", url + "/", {})


def test_a_failed_tls_handshake_is_unreachable() -> None:
    """A peer that does not speak TLS never sees the request."""
    with peer(b"HTTP/1.1 200 OK\r\n\r\n") as found:
        url = found.url.replace("http:", "https:")
        with pytest.raises(HttpUnreachable):
            HttpClient(frozenset({url}), timeout_seconds=1).send("test", "GET", url + "/secret", {})
        assert all(b"secret" not in request for request in found.received)


def test_silence_after_the_request_is_unknown() -> None:
    """A peer that reads the request and says nothing until the deadline may have done what was asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(HttpUnknown):
            HttpClient(frozenset({url}), timeout_seconds=0.2).send("test", "GET", url + "/", {})


def test_it_can_be_mocked_by_responses() -> None:
    """``responses`` intercepts the session, so that others can test against it without sockets."""
    with responses.RequestsMock() as mocked:
        mocked.get("https://a.test/x?y=z", body=b"hello", status=201)
        reply = HttpClient(frozenset({"https://a.test"})).send("test", "GET", "https://a.test/x?y=z", {})
        assert (reply.status, reply.body) == (201, b"hello")


@pytest.mark.parametrize(
    "url",
    [
        "http://other.test/",
        "https://a.test:444/",
        "http://a.test/",
        "ftp://a.test/",
        "https://u:p@a.test/",
        "https:///x",
        "https://a.test/#x",
    ],
)
def test_an_origin_outside_the_list_is_refused(url: str) -> None:
    """Host, port and scheme must all be listed; credentials and fragments are never part of an address."""
    with pytest.raises(ConfigurationFault):
        HttpClient(frozenset({"https://a.test"})).prepare("test", "GET", url, {})


def test_each_purpose_has_its_own_list() -> None:
    """An origin that is allowed for one purpose is not allowed for another."""
    client = HttpClient({"wechat": {"https://a.test"}, "alipay": {"https://b.test"}}.__getitem__)
    client.prepare("wechat", "GET", "https://A.test:443/", {})
    with pytest.raises(ConfigurationFault):
        client.prepare("alipay", "GET", "https://a.test/", {})


def test_origins_are_compared_in_one_form() -> None:
    """Case and the default port do not matter."""
    assert origin_of("HTTPS://A.Test/x?y") == origin_of("https://a.test:443") == "https://a.test:443"


def test_a_failure_says_nothing_of_the_request() -> None:
    """The message names the purpose and the kind, no address, target or body."""
    with peer(b"") as found:
        client = HttpClient(frozenset({found.url}))
        with pytest.raises(HttpError) as caught:
            client.send("purpose", "POST", found.url + "/secret?secret=1", {"A": "secret"}, b"secret")
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None
