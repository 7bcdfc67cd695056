"""Lock 4 of the door: what a person enters and what they are shown inside a platform's app, derived from the bytes, recorded first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from gateway.arrival import Arrival, Told
from gateway.errors import ReplyRefused, make_error_table
from gateway.metrics import count_exposure
from gateway.promising import HEADER, Promiser, Written
from gateway.publication import Publication
from gateway.schemas.tables import list_places, table_of
from services.catalogue import Catalogue
from services.consent_record import ConsentGate, NobodyAgreed
from services.errors import ExposureOverBudget, ExposureUndeclared
from services.exposure import (
    Direction,
    Exposure,
    Located,
    WireTable,
    fields_of_json,
    locate_body,
    locate_by,
    locate_json,
    locate_request,
    request_content,
    require_declared,
)
from services.model import JsonValue
from services.ports import ExposureLog

UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete reply: status, headers that may leave, bytes."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Recorder:
    """Writes the two directions of the edge into the ledger. ``root_agency`` answers for the desk's own rooms.

    ``consents`` says whether what rests on consent may be shown; without it nothing of it is. ``promiser``: signs for what was written of whoever the session is of; without one nothing is promised.
    """

    log: ExposureLog
    catalogue: Catalogue
    publication: Publication
    root_agency: UUID
    promiser: Promiser | None = None
    consents: ConsentGate = field(default_factory=NobodyAgreed)

    def tell_of_nothing(self, purpose: str = "manage_account") -> Told:
        """What is told of a request that reached no service: the account room."""
        return Told(self.catalogue.room("account"), self.root_agency, purpose, lenient=True)

    def tell_of_published(self) -> Told:
        """What is told of a published body that a person with a session reads: the catalogue's room."""
        return Told(self.catalogue.room("catalogue"), self.root_agency, "browse_services", lenient=True)

    def record_entered(self, arrival: Arrival) -> None:
        """Record what the person sent, before anything is done with it; nothing sent, nothing recorded.

        It was seen the moment it was typed, so it is recorded whatever it is; what is outside the budget is refused afterwards.
        Raises ``ExposureUnavailable``, ``ExposureOverBudget``.
        """
        if not arrival.entered_anything():
            return
        names = derive_entered(arrival)
        content = request_content(arrival.method, arrival.target, arrival.body)
        exposures = [
            Exposure(Direction.ENTERED_IN_CLIENT, told.declaring(names), content, operation=arrival.route)
            for _, told in arrival.disclosures()
        ]
        self.log.append(exposures)
        count_exposure(exposures)
        for told, disclosure in arrival.disclosures():
            over = names - disclosure.budget.get(Direction.ENTERED_IN_CLIENT, frozenset()) - {UNLISTED}
            if over and not told.lenient:
                raise ExposureOverBudget(f"{arrival.route}: {sorted(over)} entered outside the budget")

    def require_consents(self, arrival: Arrival) -> None:
        """Raise ``ConsentMissing`` if a purpose of this request rests on a consent that is not there. What was entered is recorded by then."""
        for _, disclosure in arrival.disclosures():
            self.consents.require(disclosure)

    def record_shown(self, arrival: Arrival, reply: Reply) -> None:
        """Record a reply before its bytes leave. Raises ``ReplyRefused``, ``ExposureError``, ``ExposureUnavailable``.

        Consent is asked for before the record, and again once it is committed: a withdrawal that was committed earlier wins.
        """
        if not arrival.told:
            raise ReplyRefused(f"{arrival.route}: says nothing of its reply")
        names = self.derive_shown(arrival, reply)
        headers = tuple(name.lower() for name, _ in (*reply.headers, *self._list_added(arrival)))
        exposures = []
        for _, disclosure in arrival.disclosures():
            declared = disclosure.declaring(names)
            require_declared(arrival.route, declared, Direction.SHOWN_IN_CLIENT, names)
            exposures.append(
                Exposure(
                    Direction.SHOWN_IN_CLIENT, declared, reply.body, reply.status, headers, operation=arrival.route
                )
            )
        self.require_consents(arrival)
        self.log.append(exposures)
        count_exposure(exposures)
        self.require_consents(arrival)

    def promise(self, arrival: Arrival, written: Sequence[Written]) -> str | None:
        """What the guard adds to the reply: the promise for what this request has written of whoever the session is of. Raises nothing."""
        if self.promiser is None or arrival.caller is None or not written:
            return None
        return self.promiser.promise(written, arrival.caller.chain_id)

    def _list_added(self, arrival: Arrival) -> list[tuple[str, str]]:
        """The header that comes after the record: its name may stand in it, its value cannot."""
        return [(HEADER, "")] if self.promiser is not None and arrival.caller is not None else []

    def derive_shown(self, arrival: Arrival, reply: Reply) -> frozenset[str]:
        """The names of what a reply shows, held against what its route says. Raises ``ReplyRefused``, ``ExposureUndeclared``."""
        if not reply.body:
            return frozenset()
        if reply.status >= 400:
            return derive_shown(make_error_table(self._list_off()), reply.body)
        if arrival.published and self.publication.holds(reply.body):
            return frozenset({"service_info"})
        if arrival.shows is None:
            raise ReplyRefused(f"{arrival.route}: has a body without a schema")
        return derive_shown(table_of(arrival.shows), reply.body)

    def _list_off(self) -> frozenset[str]:
        """The sentences to citizens that are in force for services switched off: an error may hold these and no others."""
        return frozenset(text for texts in list(self.catalogue.switched_off.values()) for text in texts.values())


def derive_shown(table: WireTable, body: bytes) -> frozenset[str]:
    """The field names in a reply. Every place is held against the table; a null shows nothing and names nothing."""
    fields_of_json(table, body)
    present = drop_nulls(json.loads(body))
    return table.read_leniently(locate_by(table, "body:", present)) - {UNLISTED} if present else frozenset()


def drop_nulls(value: JsonValue) -> JsonValue:
    """The same value without members that are null."""
    if isinstance(value, dict):
        return {key: drop_nulls(item) for key, item in value.items() if item is not None}
    return [drop_nulls(item) for item in value] if isinstance(value, list) else value


def derive_entered(arrival: Arrival) -> frozenset[str]:
    """The field names in what a person sent; what no schema names, or has another form than it says, is ``unlisted``."""
    places = list(list_places(arrival.asks, "body:")) if arrival.asks else []
    places += list(list_places(arrival.asks_query, "query:")) if arrival.asks_query else []
    table = WireTable(arrival.route, places)
    names: set[str] = set()
    if arrival.body and arrival.takes is not None:
        names |= {arrival.takes} if is_file(arrival.content_type) else {arrival.takes, UNLISTED}
    for found in _locate_entered(arrival):
        try:
            names |= table.read([found])
        except ExposureUndeclared:
            names |= table.read_leniently([replace(found)]) | {UNLISTED}
    return frozenset(names)


FILE_TYPES = frozenset({"application/octet-stream", "application/pdf", "image/jpeg", "image/png"})
"""As what a file may be sent: its bytes and nothing around them. What it really is, the judge of files says."""


def is_file(content_type: str) -> bool:
    """Whether a body of this type is one file; a form with a file in it is not."""
    return content_type.split(";", maxsplit=1)[0].strip().lower() in FILE_TYPES


def _locate_entered(arrival: Arrival) -> Iterable[Located]:
    found: list[Located] = []
    if arrival.query:
        try:
            found += [item for item in locate_request(f"/?{arrival.query}", {}, b"") if item.path != "path"]
        except ExposureUndeclared:
            found.append(Located("query:", ""))
    if arrival.body and arrival.takes is None:
        try:
            locate_body("application/json", arrival.body)
            found += locate_members(json.loads(arrival.body))
        except (ExposureUndeclared, ValueError):  # ValueError: digits beyond Python's own limit
            found.append(Located("body:", ""))
    return found


def locate_members(body: JsonValue) -> Iterable[Located]:
    """The values of a body. A text that is itself JSON (what ``my.getPhoneNumber`` gives) stays one value of its field."""
    if not isinstance(body, dict):
        yield from locate_json("body:", body)
        return
    for key, value in body.items():
        if isinstance(value, str):
            yield Located(f"body:{key}", value)
        else:
            yield from locate_json("body:", {key: value})
