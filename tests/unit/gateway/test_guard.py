"""Lock 4 of the door: what leaves is recorded or published, whatever a client, a route or the ledger does."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from flask import Response

from gateway.app import CompleteResponse
from gateway.arrival import Audience
from gateway.exposing import exposed, in_room
from gateway.guard import MAY_LEAVE, read_body, run_application
from gateway.schemas.identity import AccountReply
from services.doors import PLATFORMS
from services.errors import RequestIncomplete, RequestTooLarge
from services.exposure import Direction
from services.model import PlatformName
from tests.unit.gateway.fakes_edge import City, build_city


@pytest.fixture
def city() -> City:
    return build_city()


def is_published(city: City, body: bytes) -> bool:
    return hashlib.sha256(body).hexdigest() in city.guard.publication.manifest().values()


def add_route(city: City, path: str, view: Any, methods: Sequence[str] = ("GET",)) -> None:
    """Add a route to a running app, as a careless colleague would."""
    app = city.guard.application
    app._got_first_request = False  # type: ignore[attr-defined]
    app.add_url_rule(path, endpoint=path, view_func=view, methods=methods)  # type: ignore[attr-defined]


def test_a_reply_to_a_session_is_recorded_before_it_leaves(city: City) -> None:
    """Everything that a session is shown stands in the ledger with its status, headers and fields."""
    token = city.log_in()
    answer = city.send("GET", "/v1/account", token=token)
    shown = city.shown()[-1]
    assert (shown.status, shown.content) == (200, answer.body)
    assert shown.disclosure.fields == {"assurance"}
    assert "content-type" in shown.headers


def test_an_error_to_a_session_is_recorded(city: City) -> None:
    """A session's 404 for a path that does not exist is recorded as an error shown."""
    token = city.log_in()
    answer = city.send("GET", "/v1/no-such-thing", token=token)
    assert answer.status == 404
    assert (city.shown()[-1].content, city.shown()[-1].disclosure.fields) == (answer.body, frozenset({"error"}))
    assert answer.json["request_id"] == answer.headers["x-request-id"]


def test_nothing_leaves_when_the_ledger_is_down(city: City) -> None:
    """With the ledger unavailable a session gets the fixed 503 and nothing else."""
    token = city.log_in()
    city.log.down = True
    answer = city.send("GET", "/v1/account", token=token)
    assert (answer.status, answer.json["code"]) == (503, "exposure_unavailable")
    assert is_published(city, answer.body)


def test_nothing_is_done_when_what_was_entered_cannot_be_recorded(city: City) -> None:
    """The entry is recorded before the handler runs: with the ledger down no phone number is asked for."""
    token = city.log_in()
    city.log.down = True
    before = len(city.platforms[PlatformName.WECHAT].told)
    answer = city.send("POST", "/v1/identity/phone", {"evidence": "13800138001"}, token=token)
    assert answer.status == 503
    assert len(city.platforms[PlatformName.WECHAT].told) == before


def test_the_manifest_is_in_the_ledger_before_a_published_body_leaves() -> None:
    """An anonymous 404 waits for the publication leaf; without a ledger only the fixed 503 leaves."""
    city = build_city()
    assert city.send("GET", "/nowhere").status == 404
    assert city.log.publications[0][2] == city.guard.publication.manifest()
    assert city.send("GET", "/nowhere").status == 404
    assert len(city.log.publications) == 1


def test_an_anonymous_error_is_fixed_by_code_and_language(city: City) -> None:
    """Two anonymous callers get the same bytes for the same error; the request id is in the header alone."""
    one, two = city.send("GET", "/v1/account"), city.send("GET", "/v1/payments?cursor=x")
    assert one.status == two.status == 401
    assert one.body == two.body
    assert one.json["request_id"] is None
    assert one.headers["x-request-id"] != two.headers["x-request-id"]
    english = city.send("GET", "/v1/account", headers={"Accept-Language": "en-GB,en;q=0.8"})
    assert english.json["message"] != one.json["message"]
    assert is_published(city, english.body)


def test_a_route_that_says_nothing_is_refused(city: City) -> None:
    """Default deny: a view without @exposed cannot show a session anything, and the refusal is recorded."""
    token = city.log_in()
    add_route(city, "/v1/silent", lambda: CompleteResponse(b'{"secret":1}', content_type="application/json"))
    answer = city.send("GET", "/v1/silent", token=token)
    assert answer.status == 500
    assert b"secret" not in answer.body
    assert city.shown()[-1].status == 500


def test_an_unpublished_body_does_not_leave_without_a_session(city: City) -> None:
    """A forgotten public route shows the fixed 500."""
    add_route(city, "/leak", lambda: CompleteResponse(b"hello", content_type="text/plain"))
    answer = city.send("GET", "/leak")
    assert answer.status == 500
    assert answer.body != b"hello"


@pytest.mark.parametrize(
    "body",
    [
        b'{"assurance":"phone","phone_masked":null,"real_name_masked":null,"identity_number":"110101199003070011"}',
        b'{"assurance":"phone","phone_masked":"13800138001","real_name_masked":null}',
        '{"assurance":"phone","phone_masked":null,"real_name_masked":"王小明"}'.encode(),
        b'{"assurance":"phone","assurance":"13800138001","phone_masked":null,"real_name_masked":null}',
        b'{"assurance":"{\\"a\\":1}","phone_masked":null,"real_name_masked":null}',
        '{"\u0430ssurance":"phone","phone_masked":null,"real_name_masked":null}'.encode(),
        '{"assurance":"phone","phone_masked":"\uff11\uff13\uff18****\uff18\uff10\uff10\uff11","real_name_masked":null}'.encode(),
        '{"assurance":"phone","phone_masked":null,"real_name_masked":"\u738b\u200b\u5c0f\u660e"}'.encode(),
        b"[]",
        b"not json",
    ],
)
def test_a_reply_that_holds_more_than_its_schema_is_refused(city: City, body: bytes) -> None:
    """Undeclared fields, unmasked values, double keys, nested text, letters and digits that only look right get the fixed 500, and nothing of them leaves."""
    token = city.log_in()
    view = exposed("manage_account", in_room("account", "manage_account"), shows=AccountReply)(
        lambda: CompleteResponse(body, content_type="application/json")
    )
    add_route(city, "/v1/too-much", view)
    answer = city.send("GET", "/v1/too-much", token=token)
    assert answer.status == 500
    assert is_published(city, answer.body)
    assert city.shown()[-1].content == answer.body


def test_a_reply_outside_the_budget_is_refused(city: City) -> None:
    """The catalogue's room may not show a phone number, masked or not."""
    token = city.log_in()
    view = exposed("browse_services", in_room("catalogue", "browse_services"), shows=AccountReply)(
        lambda: CompleteResponse(
            b'{"assurance":"phone","phone_masked":"138****8001","real_name_masked":null}',
            content_type="application/json",
        )
    )
    add_route(city, "/v1/over", view)
    assert city.send("GET", "/v1/over", token=token).status == 500


def test_a_generator_is_refused(city: City) -> None:
    """A public reply is complete bytes: a stream could be anything by the time it is read."""
    token = city.log_in()

    def stream() -> Iterator[bytes]:
        yield b'{"assurance":"phone","phone_masked":null,"real_name_masked":null}'

    view = exposed("manage_account", in_room("account", "manage_account"), shows=AccountReply)(
        lambda: CompleteResponse(stream(), content_type="application/json")
    )
    add_route(city, "/v1/stream", view)
    assert city.send("GET", "/v1/stream", token=token).status == 500


def test_an_exception_leaves_as_the_fixed_500(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever a view raises, its message reaches neither the caller nor the log."""
    token = city.log_in()

    def explode() -> Response:
        raise RuntimeError("13800138001")

    add_route(city, "/v1/explode", explode)
    answer = city.send("GET", "/v1/explode", token=token)
    assert answer.status == 500
    assert b"13800138001" not in answer.body
    output = capsys.readouterr()
    assert "13800138001" not in output.err + output.out


def test_an_application_that_raises_is_caught_by_the_guard() -> None:
    """The guard stands outside Flask: an exception in the framework itself is answered too."""
    city = build_city()

    def broken(*_: Any) -> list[bytes]:
        raise MemoryError

    city.guard.application = broken
    answer = city.send("GET", "/v1/account")
    assert answer.status == 500
    assert is_published(city, answer.body)


def test_a_request_that_cannot_be_read_gets_the_fixed_500(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what fails before the request is known (a clock that cannot be read) does not get past the guard."""

    def fail() -> None:
        raise RuntimeError("no time")

    monkeypatch.setattr(city.guard, "_new_id", fail)
    answer = city.send("GET", "/v1/account")
    assert (answer.status, answer.json["code"]) == (500, "internal")
    assert is_published(city, answer.body)


def test_a_broken_log_changes_nothing(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """With standard error gone the citizen is still served, and a fault is still the fixed 500."""
    token = city.log_in()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr("gateway.guard._log", type("Log", (), {"info": fail, "error": fail})())
    assert city.send("GET", "/v1/account", token=token).status == 200
    city.guard.application = fail  # type: ignore[assignment]
    assert city.send("GET", "/v1/account", token=token).status == 500


def test_only_allow_listed_headers_leave(city: City) -> None:
    """Cookies, ETags and headers of a careless route stay inside."""
    token = city.log_in()

    def chatty() -> Response:
        reply = CompleteResponse(
            b'{"assurance":"phone","phone_masked":null,"real_name_masked":null}', content_type="application/json"
        )
        reply.headers["X-Person"] = "13800138001"
        reply.set_cookie("id", "13800138001")
        reply.set_etag("abc")
        return reply

    add_route(
        city, "/v1/chatty", exposed("manage_account", in_room("account", "manage_account"), shows=AccountReply)(chatty)
    )
    answer = city.send("GET", "/v1/chatty", token=token)
    assert answer.status == 200
    assert not {"x-person", "set-cookie", "etag"} & set(answer.headers)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("value", ["text/html; charset=utf-8; name=13800138001", "application/json\r\nX: y", "x" * 99])
def test_a_header_value_of_another_form_stays(value: str) -> None:
    """An allowed name does not carry a free text out."""
    assert not MAY_LEAVE["content-type"].fullmatch(value)
    assert not MAY_LEAVE["retry-after"].fullmatch(value)


def test_head_counts_as_get(city: City) -> None:
    """HEAD is recorded like GET, has its headers, and no body."""
    token = city.log_in()
    got, head = city.send("GET", "/v1/account", token=token), city.send("HEAD", "/v1/account", token=token)
    assert head.body == b""
    assert head.headers["content-length"] == got.headers["content-length"]
    assert city.shown()[-1].content == got.body


def test_options_is_a_fixed_answer(city: City) -> None:
    """OPTIONS says the same everywhere and reaches no route."""
    one, two = city.send("OPTIONS", "/v1/account"), city.send("OPTIONS", "/nowhere")
    assert (one.status, one.body) == (two.status, two.body) == (204, b"")
    assert one.headers["allow"] == two.headers["allow"]
    assert "access-control-allow-origin" not in one.headers


def test_a_body_over_the_limit_is_refused_and_recorded(city: City) -> None:
    """413, with the session recorded; nothing was parsed."""
    token = city.log_in()
    answer = city.send("POST", "/v1/identity/phone", raw=b'{"evidence":"' + b"x" * 5000 + b'"}', token=token)
    assert (answer.status, answer.json["code"]) == (413, "request_too_large")
    assert city.shown()[-1].status == 413
    assert city.entered()[-1].disclosure.fields == {"unlisted"}
    anonymous = city.send("POST", "/v1/identity/phone", raw=b"x" * 5000)
    assert anonymous.status == 413
    assert is_published(city, anonymous.body)


class Endless(io.RawIOBase):
    """A body that never ends."""

    def read(self, size: int = -1) -> bytes:
        return b"x" * size


class Broken(io.RawIOBase):
    """A connection that breaks."""

    def read(self, size: int = -1) -> bytes:
        raise OSError(size)


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        ({"CONTENT_LENGTH": "abc"}, RequestIncomplete),
        ({"CONTENT_LENGTH": "-1"}, RequestIncomplete),
        ({"CONTENT_LENGTH": "+5"}, RequestIncomplete),
        ({"CONTENT_LENGTH": "9" * 30}, RequestIncomplete),
        ({"CONTENT_LENGTH": "50"}, RequestIncomplete),
        ({"CONTENT_LENGTH": "5", "HTTP_TRANSFER_ENCODING": "chunked"}, RequestIncomplete),
        ({"CONTENT_LENGTH": "11", "wsgi.input": Endless()}, RequestTooLarge),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": Endless()}, RequestTooLarge),
        ({"CONTENT_LENGTH": "5", "wsgi.input": Broken()}, RequestIncomplete),
    ],
)
def test_a_body_that_lies_about_its_length_is_a_fault(environ: dict[str, Any], fault: type[Exception]) -> None:
    """Lengths that are no numbers, do not fit, or come twice are faults; an endless body is cut at the limit."""
    body, found = read_body({"wsgi.input": io.BytesIO(b"12345"), **environ}, 10)
    assert isinstance(found, fault)
    assert len(body) <= 10


def test_a_chunked_body_within_the_limit_is_read() -> None:
    """Chunked bodies arrive whole."""
    assert read_body({"wsgi.input": io.BytesIO(b"12345"), "HTTP_TRANSFER_ENCODING": "chunked"}, 10) == (b"12345", None)


def test_a_request_id_is_taken_only_if_it_is_a_uuid(city: City) -> None:
    """A caller's id goes through every hop; a text in its place does not."""
    mine = "0190a1b2-0000-7000-8000-000000000001"
    assert city.send("GET", "/x", headers={"X-Request-Id": mine}).headers["x-request-id"] == mine
    for bad in ("13800138001", mine.upper(), mine + "\n", ""):
        assert city.send("GET", "/x", headers={"X-Request-Id": bad}).headers["x-request-id"] != bad


def test_a_written_reply_is_refused() -> None:
    """The old ``write`` of WSGI would send bytes before they are recorded."""

    def app(_: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])(b"early")
        return []

    with pytest.raises(Exception, match="piece by piece"):
        run_application(app, {})


def test_a_published_body_with_a_session_is_recorded_too(city: City) -> None:
    """The documentation read from inside an app is recorded for the person who read it."""
    token = city.log_in()
    before = len(city.shown())
    assert city.send("GET", "/docs", token=token).status == 200
    assert [one.disclosure.service for one in city.shown()[before:]] == ["catalogue"]


def test_a_bad_token_does_not_close_the_documentation(city: City) -> None:
    """Published bodies are for everybody, also for somebody whose session ended."""
    assert city.send("GET", "/openapi.json", token="x" * 43).status == 200


def test_several_audiences_get_one_record_each(city: City) -> None:
    """A refusal at log-in that names no platform is recorded for each of them."""
    answer = city.send("POST", "/v1/sessions", {"platform": "qq", "app_id": "wx1", "code": "code-x"})
    assert answer.status == 422
    assert answer.json["detail"]["fields"] == [{"path": "platform", "rule": "form"}]
    assert {one.disclosure.platform for one in city.shown()} == set(PLATFORMS)
    assert Audience(PlatformName.WECHAT, "unknown").account == "unknown"


def test_the_content_of_an_entry_is_method_target_and_body(city: City) -> None:
    """The digest of an entry covers what was sent, with its address."""
    token = city.log_in()
    city.send("GET", "/v1/exposure?cursor=0190a1b2-0000-7000-8000-000000000001", token=token)
    entered = city.records(Direction.ENTERED_IN_CLIENT)[-1]
    assert entered.content == b"GET /v1/exposure?cursor=0190a1b2-0000-7000-8000-000000000001\n"
    assert entered.disclosure.fields == {"counters"}


def test_error_bodies_fit_their_own_table(city: City) -> None:
    """Every fixed body passes the table by which errors are recorded."""
    from gateway.errors import make_error_table  # noqa: PLC0415
    from gateway.recording import derive_shown  # noqa: PLC0415

    for name in city.guard.publication.manifest():
        if name.startswith("error/"):
            body = city.guard.publication.body(name).body
            assert derive_shown(make_error_table(), body) == {"error"}, name
            assert json.loads(body)["request_id"] is None
