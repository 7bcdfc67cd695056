"""Whom a request about organisations and mandates concerns: whoever asks, who is named in it, and both sides of what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from gateway.arrival import Arrival, Told
from gateway.desk import Desk
from gateway.service_tellers import NUMBERS_AN_HOUR
from services.case_record import Mandate, Organisation
from services.errors import InputRefused
from services.exposure import merge_concerned
from services.identity import read_identity_number
from services.mandate_rules import read_credit_code
from services.model import Caller, JsonValue
from services.till import business_day

ROOM, PURPOSE = "mandates", "manage_mandates"
NAMED = ("agent", "child")
"""The members of a body that name a person."""


def tell_mandates(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
    """The room of mandates, and whoever the body names: a person by number, known here or not, an organisation that is recorded.

    Beyond a limit it is refused, and recorded for the caller alone: a chain for every number that somebody tries would grow without bound.
    """
    told, body = about_mandates(desk, caller), arrival.read_object()
    code = _read_code(body)
    if code:
        with desk.store.begin(caller.agencies) as tx:
            known = tx.mandates.find_organisation(code)
        told = replace(told, concerned=merge_concerned(told.concerned, (known.chain_id,) if known else ()))
    numbers = _list_numbers(desk, body)
    if not numbers:
        return [told]
    arrival.tell([told])
    desk.limiter.spend("typed-numbers", str(caller.person_id), NUMBERS_AN_HOUR, 3600)
    return [_with_numbers(desk, caller, told, numbers)]


def about_mandates(desk: Desk, caller: Caller) -> Told:
    """The room, for the caller alone."""
    return Told(desk.catalogue.room(ROOM), caller.app.agency_id, PURPOSE, (caller.chain_id,))


def tell_of_mandates(desk: Desk, caller: Caller, mandates: Iterable[Mandate]) -> list[Told]:
    """Mandates that are shown: principals and agents are concerned."""
    listed = list(mandates)
    told = about_mandates(desk, caller)
    told = replace(told, concerned=merge_concerned(told.concerned, [one.principal_chain_id for one in listed]))
    return [_with_numbers(desk, caller, told, [str(one.agent["identity_number"]) for one in listed])]


def tell_of_organisations(desk: Desk, caller: Caller, organisations: Iterable[Organisation]) -> list[Told]:
    """Organisations that are shown."""
    told = about_mandates(desk, caller)
    return [replace(told, concerned=merge_concerned(told.concerned, [one.chain_id for one in organisations]))]


def _with_numbers(desk: Desk, caller: Caller, told: Told, numbers: Sequence[str]) -> Told:
    root, now = desk.directory.root_agency(), desk.clock.now()
    with desk.store.begin(caller.agencies) as tx:
        chains = [tx.persons.find_chain(root, number, now) for number in dict.fromkeys(numbers)]
    return replace(told, concerned=merge_concerned(told.concerned, chains))


def _read_code(body: Mapping[str, JsonValue]) -> str:
    typed = body.get("credit_code")
    with suppress(InputRefused):
        return read_credit_code(typed) if isinstance(typed, str) else ""
    return ""


def _list_numbers(desk: Desk, body: Mapping[str, JsonValue]) -> list[str]:
    found: list[str] = []
    for name in NAMED:
        named = body.get(name)
        typed = named.get("identity_number") if isinstance(named, Mapping) else None
        if isinstance(typed, str):
            with suppress(InputRefused):
                found.append(read_identity_number(typed, business_day(desk.clock.now())))
    return found
