"""What a rating or complaint is about and whom it concerns, found out before anything is done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from gateway.arrival import Arrival, Told
from gateway.case_tellers import is_here
from gateway.desk import Desk
from services.errors import NotFound
from services.exposure import merge_concerned
from services.matters import load_own_matter
from services.model import Caller
from services.rating_rules import CASE

RATE, ROOM = "rate", "ratings"


def tell_said(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
    """A matter named in the body."""
    asked = arrival.read_object()
    about, subject = asked.get("about"), _read_id(asked.get("subject"))
    if not isinstance(about, str) or not about or subject is None:
        return [_tell_room(desk, caller)]
    return [_tell_matter(desk, caller, about, subject)]


def tell_voice(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
    """A matter named in the path, whatever it is."""
    return [_tell_matter(desk, caller, "", values["subject"])]


def _tell_matter(desk: Desk, caller: Caller, about: str, subject: UUID) -> Told:
    """Of a case: under the budget of its service. Of a payment or application: under the room's, with everybody whom it concerns."""
    with desk.store.begin(caller.agencies) as tx:
        matter = load_own_matter(desk.applicants, tx, caller, about, subject)
    concerned = merge_concerned((caller.chain_id,), matter.chains)
    if matter.about != CASE:
        return Told(desk.catalogue.room(ROOM), matter.agency_id, RATE, concerned, matter.subject)
    mapping = desk.catalogue.service_at(matter.service, matter.mapping_version)
    if matter.file is None or not is_here(caller, matter.file.case.channel, mapping):
        raise NotFound
    return Told(mapping, matter.agency_id, RATE, concerned, matter.subject)


def _tell_room(desk: Desk, caller: Caller) -> Told:
    return Told(desk.catalogue.room(ROOM), caller.app.agency_id, RATE, (caller.chain_id,))


def _read_id(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
