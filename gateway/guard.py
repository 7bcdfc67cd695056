"""The outermost callable of the public app: lock 4 of the door. Nothing leaves that is neither recorded nor published.

With a session every reply is recorded before its bytes leave, errors too. Without one only a body whose digest stands in the
manifest leaves. A reply is complete bytes. No exception gets past: a server would print it, with what it holds.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from gateway.arrival import ENVIRON_KEY, Arrival
from gateway.errors import ReplyRefused
from gateway.logging import describe_exception, get_logger
from gateway.metrics import REPLIES_REFUSED, REQUESTS, SECONDS
from gateway.promising import HEADER, gather_written
from gateway.publication import PublishedBody
from gateway.recording import Recorder, Reply
from gateway.schemas.fields import UUID_FORM
from gateway.words import choose_language
from services.errors import ConsentMissing, ExposureUnavailable, GuitaiError, RequestIncomplete, RequestTooLarge
from services.model import Language

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
METHOD_FORM = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}")
"""A token (RFC 9110, section 5.6.2): such a method is digested as it came, known or not."""
MAY_LEAVE = {
    "content-type": re.compile(r"application/json|text/(html|plain|css); charset=utf-8|image/svg\+xml"),
    "retry-after": re.compile(r"[0-9]{1,5}"),
    "allow": re.compile(r"[A-Z, ]{3,60}"),
    "content-language": re.compile(r"zh-CN|en"),
}
"""Headers of a reply that may leave and the form of their values; all others stay. Nothing personal fits into them."""
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
FIXED_HEADERS = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", CONTENT_POLICY),
)
ALLOW = ("Allow", "GET, HEAD, POST, DELETE, OPTIONS")
RETRY_AFTER_SECONDS = 10
PIECE = 65_536
"""How much of a body is read at a time: memory is taken for what comes, not for what was announced."""
UNREAD = Arrival(str(UUID(int=0)), "OTHER", "", "", b"", "", "", Language.ZH_CN)
"""Stands for a request that could not even be read, a fault of ours: it gets the fixed 500."""
_log = get_logger("guard")


class Guard:
    """Wraps the Flask app. ``new_id`` makes request ids, ``max_body_bytes`` bounds what is read, ``name`` is the app's in counters.

    ``limit_of``: another bound for a route that takes files (``gateway/body_limits.py``).
    """

    def __init__(
        self, application: Application, recorder: Recorder, *, new_id: Callable[[], UUID], max_body_bytes: int,
        name: str = "public", limit_of: Callable[[Environ], int] | None = None,
    ) -> None:  # fmt: skip
        self.application = application
        self.recorder = recorder
        self.publication = recorder.publication
        self._new_id = new_id
        self._limit_of = limit_of or (lambda _: max_body_bytes)
        self._name = name

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        began = time.monotonic()
        arrival = UNREAD
        with gather_written() as written:
            try:
                arrival = self._receive(environ)
                with self.recorder.catalogue.hold():
                    reply = self._answer(environ, arrival)
            except Exception as error:  # noqa: BLE001 - nothing may get past; see the module's docstring
                note_fault("guard_failed", request_id=arrival.request_id, **describe_exception(error))
                reply = self._fixed("internal", arrival)
        promise = self.recorder.promise(arrival, written)
        with suppress(Exception):  # a log or a counter that fails must not undo what was decided
            self._note(arrival, reply, time.monotonic() - began)
        return self._send(arrival, reply, promise, start_response)

    def _receive(self, environ: Environ) -> Arrival:
        body, fault = read_body(environ, self._limit_of(environ))
        claimed = environ.get("HTTP_X_REQUEST_ID", "")
        query = environ.get("QUERY_STRING", "")
        path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
        method = environ.get("REQUEST_METHOD", "")
        return Arrival(
            request_id=claimed if re.fullmatch(UUID_FORM, claimed) else str(self._new_id()),
            method=method if METHOD_FORM.fullmatch(method) else "OTHER",
            target=f"{path}?{query}" if query else path,
            query=query,
            body=body,
            content_type=environ.get("CONTENT_TYPE", ""),
            authorization=environ.get("HTTP_AUTHORIZATION", ""),
            language=choose_language(environ.get("HTTP_ACCEPT_LANGUAGE", "")),
            fault=fault,
        )

    def _answer(self, environ: Environ, arrival: Arrival) -> Reply:
        if arrival.method == "OPTIONS" and not (arrival.authorization and arrival.entered_anything()):
            return self._clear(arrival, self._published(self.publication.body("options"), ALLOW))
        inner = {**environ, ENVIRON_KEY: arrival, "wsgi.input": io.BytesIO(arrival.body)}
        inner["CONTENT_LENGTH"] = str(len(arrival.body))
        inner.pop("HTTP_TRANSFER_ENCODING", None)
        if "//" in inner.get("PATH_INFO", ""):
            inner["PATH_INFO"] = "/"  # the router would drop the empty part; no address of ours has one
        if arrival.method == "HEAD":
            inner["REQUEST_METHOD"] = "GET"
        try:
            reply = advise_retry(run_application(self.application, inner))
        except Exception as error:  # noqa: BLE001 - the same
            note_fault(
                "request_failed", request_id=arrival.request_id, route=arrival.route, **describe_exception(error)
            )
            reply = self._fixed("internal", arrival)
        return self._clear(arrival, reply)

    def _clear(self, arrival: Arrival, reply: Reply) -> Reply:
        """The reply if it may leave, else a fixed one."""
        try:
            if not arrival.audience:
                return self._clear_published(arrival, reply)
            self.recorder.record_shown(arrival, reply)
        except ExposureUnavailable:
            REPLIES_REFUSED.labels(arrival.route, "ledger").inc()
            return self._fixed("exposure_unavailable", arrival)
        except ConsentMissing:
            return self._refuse(arrival, "consent", "consent_missing")
        except GuitaiError as error:
            note_fault("reply_refused", request_id=arrival.request_id, route=arrival.route, error=type(error).__name__,
                       reason=str(error))  # fmt: skip
            return self._refuse(arrival, type(error).__name__)
        except Exception as error:  # noqa: BLE001 - what could not be read was not recorded, so it must not leave
            note_fault("reply_refused", request_id=arrival.request_id, route=arrival.route, **describe_exception(error))
            return self._refuse(arrival, type(error).__name__)
        return reply

    def _clear_published(self, arrival: Arrival, reply: Reply) -> Reply:
        self.publication.ensure_announced()
        if self.publication.holds(reply.body):
            return reply
        note_fault("unpublished_reply", request_id=arrival.request_id, route=arrival.route)
        REPLIES_REFUSED.labels(arrival.route, "unpublished").inc()
        return self._fixed("internal", arrival)

    def _refuse(self, arrival: Arrival, reason: str, code: str = "internal") -> Reply:
        """A fixed error in place of a reply that must not leave; it is shown too, so it is recorded too."""
        REPLIES_REFUSED.labels(arrival.route, reason).inc()
        fixed = self._fixed(code, arrival)
        arrival.tell([self.recorder.tell_of_nothing()])
        try:
            self.recorder.record_shown(arrival, fixed)
        except GuitaiError:
            return self._fixed("exposure_unavailable", arrival)
        return fixed

    def _fixed(self, code: str, arrival: Arrival) -> Reply:
        return self._published(self.publication.error(code, arrival.language))

    @staticmethod
    def _published(body: PublishedBody, *more: tuple[str, str]) -> Reply:
        return advise_retry(Reply(body.status, (("Content-Type", body.content_type), *more), body.body))

    def _note(self, arrival: Arrival, reply: Reply, seconds: float) -> None:
        method = (
            arrival.method if arrival.method in METHODS else "OTHER"
        )  # counters and logs are not for outsiders' words
        REQUESTS.labels(self._name, arrival.route, method, reply.status).inc()
        SECONDS.labels(self._name, arrival.route).observe(seconds)
        _log.info(
            "request", app=self._name, route=arrival.route, method=method, status=reply.status,
            seconds=round(seconds, 6), request_id=arrival.request_id, session=bool(arrival.audience),
            platform=arrival.audience[0].platform if arrival.audience else None,
        )  # fmt: skip

    @staticmethod
    def _send(arrival: Arrival, reply: Reply, promise: str | None, start_response: StartResponse) -> Iterable[bytes]:
        headers = [*reply.headers, *FIXED_HEADERS, ("X-Request-Id", arrival.request_id)]
        if promise is not None:
            headers.append((HEADER, promise))
        if reply.status != 204:
            headers.append(("Content-Length", str(len(reply.body))))
        start_response(f"{reply.status} {REASONS.get(reply.status, 'Error')}", headers)
        return [b"" if arrival.method == "HEAD" else reply.body]


REASONS = {200: "OK", 201: "Created", 204: "No Content"}


def advise_retry(reply: Reply) -> Reply:
    """A 503 says when it is worth trying again (RFC 9110, section 15.6.4), unless it says so already."""
    if reply.status != 503 or any(name.lower() == "retry-after" for name, _ in reply.headers):
        return reply
    return replace(reply, headers=(*reply.headers, ("Retry-After", str(RETRY_AFTER_SECONDS))))


def note_fault(event: str, **values: Any) -> None:
    """Write a fault to the log; a log that cannot be written changes nothing."""
    with suppress(Exception):
        _log.error(event, **values)


def run_application(application: Application, environ: Environ) -> Reply:
    """Run a WSGI callable to its end. Raises ``ReplyRefused`` for anything but complete bytes and plain headers."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Callable[[bytes], None]:
        started[:] = [(status, headers)]
        return _refuse_write

    produced = application(environ, start_response)
    try:
        if not isinstance(produced, list | tuple) or not all(isinstance(part, bytes) for part in produced):
            raise ReplyRefused("a reply that is not complete bytes")
        if not started:
            raise ReplyRefused("a reply without a status")
        status, headers = started[0]
        return Reply(int(status.split(" ", 1)[0]), keep_headers(headers), b"".join(produced))
    finally:
        close = getattr(produced, "close", None)
        if close is not None:
            close()


def _refuse_write(_: bytes) -> None:
    raise ReplyRefused("a reply that is written piece by piece")


def keep_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers that may leave, with values of the allowed form."""
    return tuple(
        (name, value)
        for name, value in headers
        if (form := MAY_LEAVE.get(name.lower())) is not None and form.fullmatch(value)
    )


def read_body(environ: Environ, limit: int) -> tuple[bytes, GuitaiError | None]:
    """The whole body, or what was read of it and the fault: over the limit, a bad Content-Length, a body that ends early.

    Content-Length beside Transfer-Encoding is refused (RFC 9112, section 6.1: request smuggling).
    """
    stated = environ.get("CONTENT_LENGTH") or ""
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    framed = environ.get("SERVER_PROTOCOL", "") not in ("HTTP/1.0", "HTTP/1.1")  # HTTP/2 ends a body without a length
    if not chunked and not stated and not framed:
        return b"", None
    if (chunked and stated) or (stated and not re.fullmatch(r"[0-9]{1,18}", stated)):
        return b"", RequestIncomplete()
    wanted = min(int(stated), limit + 1) if stated else limit + 1
    body = _read_fully(environ["wsgi.input"], wanted)
    if body is None:
        return b"", RequestIncomplete()
    if len(body) > limit:
        return body[:limit], RequestTooLarge()
    return body, RequestIncomplete() if stated and len(body) != int(stated) else None


def _read_fully(stream: Any, wanted: int) -> bytes | None:
    """At most ``wanted`` bytes, or None if the client went away in the middle."""
    parts: list[bytes] = []
    missing = wanted
    while missing > 0:
        try:
            part = stream.read(min(missing, PIECE))
        except Exception:  # noqa: BLE001 - servers raise what they like when a connection breaks
            return None
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
