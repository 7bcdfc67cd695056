"""What stands around every route of the citizen API: who may call, what it is about, what was entered, what may be shown.

``@exposed`` is the only way to make a view that answers a session. It says purpose, schemas and a teller, which finds the service
and the persons concerned *before* the view runs; what was entered is recorded then. A view without it has its replies refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast
from urllib.parse import parse_qsl

import flask_smorest
from flask import Response, current_app, request
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from gateway.arrival import Arrival, Told, current_arrival
from gateway.desk import Desk
from gateway.recording import is_file
from services.errors import ExposureUndeclared, InputRefused
from services.exposure import locate_body
from services.mapping import ServiceMapping
from services.model import Caller

View = TypeVar("View", bound=Callable[..., Any])
SchemaOf = Callable[[ServiceMapping], type[Schema]]
Teller = Callable[[Desk, Caller, Arrival, Mapping[str, Any]], Sequence[Told]]
RULES = {
    "Missing data for required field.": "required",
    "Unknown field.": "unknown_field",
    "Field may not be null.": "null",
}


class StrictParser(FlaskParser):
    """Refuses unknown fields everywhere but in headers, and says which field broke which rule, never with its value."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - webargs declares it like this
        **dict.fromkeys(("json", "query", "querystring", "form", "path", "view_args", "files", "cookies"), RAISE),
        "headers": EXCLUDE,
    }

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        raise InputRefused(detail=name_faults(error.messages)) from None

    def load_json(self, req: Any, schema: Any) -> Any:
        """The body; digits beyond Python's own limit are a ``ValueError`` of their own."""
        try:
            return super().load_json(req, schema)
        except (ValueError, RecursionError):
            raise InputRefused(detail={"body": "json"}) from None

    def _handle_invalid_json_error(self, *_: Any, **__: Any) -> NoReturn:
        raise InputRefused(detail={"body": "json"}) from None


def name_faults(messages: Any) -> dict[str, object]:
    """Path and rule of every refused field. A name that is not ours is not repeated: it came from the request."""
    faults: dict[str, object] = {}
    for place, found in messages.items():
        where = "body" if place == "json" else place
        if not isinstance(found, dict):
            faults[where] = "form"
            continue
        for name, reasons in found.items():
            reason = reasons[0] if isinstance(reasons, list) and reasons else ""
            rule = RULES.get(str(reason), str(reason))
            if rule == "unknown_field":
                faults[where] = rule
            else:
                faults[str(name)] = rule if re.fullmatch("[a-z_]{1,40}", rule) else "form"
    return faults


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose parser is strict."""

    ARGUMENTS_PARSER = StrictParser()


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a route says of itself, for the guard, for the tests and for the documentation.

    ``asks_of``, ``asks_query_of`` and ``shows_of`` give the schemas of one service in one version, once the teller knows which; the
    others are then what is the same for every service. ``takes``: the body is one file, counted as this word, of ``takes_bytes`` at most.
    """

    purpose: str
    asks: type[Schema] | None = None
    asks_query: type[Schema] | None = None
    shows: type[Schema] | None = None
    teller: Teller | None = None
    asks_headers: type[Schema] | None = None
    open: bool = False
    published: bool = False
    asks_of: SchemaOf | None = None
    asks_query_of: SchemaOf | None = None
    shows_of: SchemaOf | None = None
    takes: str | None = None
    takes_bytes: int = 0


def exposed(
    purpose: str,
    teller: Teller,
    *,
    asks: type[Schema] | None = None,
    asks_query: type[Schema] | None = None,
    shows: type[Schema] | None = None,
    asks_headers: type[Schema] | None = None,
    asks_of: SchemaOf | None = None,
    asks_query_of: SchemaOf | None = None,
    shows_of: SchemaOf | None = None,
    takes: str | None = None,
    takes_bytes: int = 0,
) -> Callable[[View], View]:
    """Make a view that answers a session; stands directly under ``route``."""
    spoken = Spoken(
        purpose, asks, asks_query, shows, teller, asks_headers, asks_of=asks_of, asks_query_of=asks_query_of,
        shows_of=shows_of, takes=takes, takes_bytes=takes_bytes,
    )  # fmt: skip

    def decorate(view: View) -> View:
        @wraps(view)
        def answer(*args: Any, **kwargs: Any) -> Any:
            announce_request(current_arrival(), spoken, kwargs)
            return view(*args, **kwargs)

        return cast("View", mark(answer, spoken))

    return decorate


def mark(view: Callable[..., Any], spoken: Spoken) -> Callable[..., Any]:
    """Attach what a route says of itself."""
    view.spoken = spoken  # type: ignore[attr-defined]  # a function may carry attributes; marshmallow's decorators do the same
    return view


def spoken_of(view: Callable[..., Any] | None) -> Spoken | None:
    """What a view says of itself, or None."""
    return getattr(view, "spoken", None)


def announce_request(arrival: Arrival, spoken: Spoken, values: Mapping[str, Any]) -> None:
    """Find out what the request is about, record what was entered, refuse what no schema asks for; in this order."""
    desk = current_desk()
    arrival.asks, arrival.asks_query, arrival.shows = spoken.asks, spoken.asks_query, spoken.shows
    assert arrival.caller is not None  # noqa: S101 - the blueprint's check ran before
    try:
        arrival.tell(cast("Teller", spoken.teller)(desk, arrival.caller, arrival, values))
    except Exception:  # whatever kept the teller from its answer, what was entered was seen
        if not arrival.told:
            arrival.tell([desk.recorder.tell_of_nothing()])
        apply_service(arrival, spoken)
        desk.recorder.record_entered(arrival)
        refuse_unasked(arrival, spoken)
        refuse_unknown_to_any(arrival, spoken)
        raise
    apply_service(arrival, spoken)
    desk.recorder.record_entered(arrival)
    refuse_unasked(arrival, spoken)
    desk.recorder.require_consents(arrival)


def refuse_unasked(arrival: Arrival, spoken: Spoken) -> None:
    """Refuse a body or query that no schema asks for, a body that is not JSON, a name that stands twice, a header that is needed.

    All of it before the answer of the teller counts: a request of the wrong form is told so, whatever it is about.
    """
    if spoken.takes is not None and not is_file(arrival.content_type):
        raise InputRefused(detail={"body": "media_type" if arrival.body else "required"})
    if arrival.body and spoken.asks is None and spoken.takes is None:
        raise InputRefused(detail={"body": "unknown_field"})
    if arrival.query and spoken.asks_query is None and spoken.asks_query_of is None:
        raise InputRefused(detail={"query": "unknown_field"})
    if arrival.body and spoken.takes is None:
        refuse_other_media(arrival)
    names = [name for name, _ in parse_qsl(arrival.query, keep_blank_values=True)]
    if len(set(names)) != len(names):
        raise InputRefused(detail={"query": "twice"})
    if spoken.asks_headers is not None and (faults := spoken.asks_headers().validate(dict(request.headers))):
        raise InputRefused(detail=name_faults({"headers": faults}))


def apply_service(arrival: Arrival, spoken: Spoken) -> None:
    """From here on the request is held against the schemas of the service that the teller named, in its version."""
    what = arrival.told[0].what if arrival.told else None
    if not isinstance(what, ServiceMapping):
        return
    arrival.asks = spoken.asks_of(what) if spoken.asks_of else arrival.asks
    arrival.asks_query = spoken.asks_query_of(what) if spoken.asks_query_of else arrival.asks_query
    arrival.shows = spoken.shows_of(what) if spoken.shows_of else arrival.shows


def refuse_unknown_to_any(arrival: Arrival, spoken: Spoken) -> None:
    """Of a request whose matter was not found: refuse what no matter at all would ask for."""
    if spoken.asks_query_of and arrival.query:
        raise InputRefused(detail={"query": "unknown_field"})
    asked = dict(parse_qsl(arrival.query, keep_blank_values=True))
    if spoken.asks_query and asked and spoken.takes is None and (faults := spoken.asks_query().validate(asked)):
        raise InputRefused(detail=name_faults({"query": faults}))
    if spoken.asks and arrival.body and (faults := spoken.asks().validate(arrival.read_object())):
        raise InputRefused(detail=name_faults({"json": faults}))


def refuse_other_media(arrival: Arrival) -> None:
    """Raise ``InputRefused`` unless the body is JSON by its header and by its bytes, every key once."""
    if arrival.content_type.split(";")[0].strip().lower() != "application/json":
        raise InputRefused(detail={"body": "media_type"})
    try:
        locate_body("application/json", arrival.body)
    except ExposureUndeclared:
        raise InputRefused(detail={"body": "json"}) from None
    if not arrival.body.lstrip()[:1] == b"{":
        raise InputRefused(detail={"body": "object"})


def current_desk() -> Desk:
    """The dependencies of the app that answers."""
    desk: Desk = current_app.extensions["guitai"]
    return desk


def current_caller() -> Caller:
    """Who speaks; the blueprint's check made sure that somebody does."""
    caller = current_arrival().caller
    assert caller is not None  # noqa: S101 - the same
    return caller


def show(data: Mapping[str, Any], status: int = 200) -> Response:
    """A reply by the schema of the service at hand; the guard reads it again by the same."""
    shows = current_arrival().shows
    assert shows is not None  # noqa: S101 - its route says what it shows
    body = json.dumps(shows().dump(data), ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, status=status, content_type="application/json")


def in_room(room: str, purpose: str) -> Teller:
    """A teller for what belongs to a room of the desk and concerns the caller alone."""

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        return [Told(desk.catalogue.room(room), caller.app.agency_id, purpose, (caller.chain_id,))]

    return tell
