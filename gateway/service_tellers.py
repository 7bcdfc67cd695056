"""What a request about a service, its form, an application or information is about: the service in its version, and the caller alone.

The view works on what was read here (``g.service``, ``g.application_file``), so that a request reads it once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from flask import g

from gateway.arrival import Arrival, Told
from gateway.desk import Desk
from gateway.exposing import Teller
from services.application_record import Application
from services.applications import read_own
from services.doors import belongs_here
from services.errors import InputRefused, NotFound
from services.exposure import merge_concerned
from services.forms import find_service
from services.identity import read_identity_number
from services.mapping import ServiceMapping
from services.model import Caller
from services.till import business_day

NUMBER = re.compile(r"([a-z0-9_]+_)?identity_number")
NUMBERS_AN_HOUR = 30
"""Forms with somebody's identity number, per person."""


def tell_service(purpose: str, *kinds: str) -> Teller:
    """A teller for a service named in the path, of one of these kinds, that is offered on the caller's platform."""

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        g.service = mapping = find_service(desk.till, caller, values["service"], *kinds)
        return [Told(mapping, desk.directory.agency_id(mapping.agency), purpose, (caller.chain_id,))]

    return tell


def tell_form(purpose: str, kind: str) -> Teller:
    """The same for a filled-in form. Whoever's identity number somebody typed (a spouse's) is concerned too, known here or not.

    Beyond a limit the form is refused, and recorded for the caller alone: a chain id for every number that somebody tries would grow
    without bound.
    """
    about_service = tell_service(purpose, kind)

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        (told,) = about_service(desk, caller, arrival, values)
        numbers = list_numbers(g.service, arrival, business_day(desk.clock.now()))
        if not numbers:
            return [told]
        arrival.tell([told])
        desk.limiter.spend("typed-numbers", str(caller.person_id), NUMBERS_AN_HOUR, 3600)
        root, now = desk.directory.root_agency(), desk.clock.now()
        with desk.store.begin(caller.agencies) as tx:
            chains = [tx.persons.find_chain(root, number, now) for number in numbers]
        return [replace(told, concerned=merge_concerned(told.concerned, chains))]

    return tell


def list_numbers(mapping: ServiceMapping, arrival: Arrival, today: date) -> list[str]:
    """Identity numbers in the inputs that are called so: ``identity_number``, ``spouse_identity_number``. What cannot be one is nobody's."""
    inputs = arrival.read_object().get("inputs")
    found: list[str] = []
    for name, typed in inputs.items() if isinstance(inputs, dict) else ():
        if name in mapping.inputs and NUMBER.fullmatch(name) and isinstance(typed, str):
            with suppress(InputRefused):
                found.append(read_identity_number(typed, today))
    return found


def tell_application(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
    """An application of the caller's, named in the path; one made on another platform does not exist inside a platform's app."""
    g.application_file = read_own(desk.till, caller, values["application_id"])
    application = g.application_file.application
    if not belongs_here(application.platform, caller.app.platform):
        raise NotFound
    return [about_application(desk, caller, application)]


def about_application(desk: Desk, caller: Caller, application: Application) -> Told:
    """An application, under the version of the service with which it began: caller and applicant are concerned."""
    mapping = desk.catalogue.service_at(application.service, application.mapping_version)
    concerned = merge_concerned((caller.chain_id,), (application.chain_id,))
    return Told(mapping, application.agency_id, "follow_application", concerned, application.application_id)


def tell_applications(desk: Desk, caller: Caller, applications: Iterable[Application]) -> list[Told]:
    """A list over several services: one record for each service and version."""
    told: dict[tuple[str, int], Told] = {}
    for application in applications:
        one = about_application(desk, caller, application)
        before = told.get((application.service, application.mapping_version))
        concerned = merge_concerned(before.concerned if before else (), one.concerned)
        told[application.service, application.mapping_version] = Told(one.what, one.agency_id, one.purpose, concerned)
    return list(told.values())
