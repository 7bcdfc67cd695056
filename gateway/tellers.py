"""What a request is about and whom it concerns, found out before anything is done with it.

A teller may refuse (no such household, too many look-ups). What it told before counts; if it told nothing, the request is
recorded as one that reached no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import g

from gateway.arrival import Arrival, Told
from gateway.desk import Desk
from services.doors import belongs_here
from services.errors import InputRefused, NotFound, TooManyRequests
from services.exposure import merge_concerned
from services.identity import read_identity_number
from services.model import Caller, Household, Payment
from services.payment_opening import read_own
from services.till import business_day


def tell_look_up(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
    """A household number typed: its holder is concerned, registered with us or not. Spends the look-up.

    A refused look-up is recorded for the service all the same, for the caller alone: a chain id for every number that somebody
    tries would grow without bound.
    """
    asked = arrival.read_object()
    service, household_no = asked.get("service"), asked.get("household_no")
    if not isinstance(service, str) or not isinstance(household_no, str):
        return [desk.recorder.tell_of_nothing()]
    purpose = "look_up_household" if arrival.route.endswith("/lookup") else "manage_households"
    mapping = desk.households.find_service(caller, service)
    told = Told(mapping, desk.directory.agency_id(mapping.agency), purpose, (caller.chain_id,))
    arrival.tell([told])
    admission = g.admission = desk.households.admit(caller, service, household_no)
    return [replace(told, concerned=(caller.chain_id, admission.holder_chain_id))]


def tell_household(purpose: str) -> Any:
    """A teller for a bound household named in the path."""

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        g.household = desk.households.load_bound(caller, values["household_id"])
        return [about_household(desk, caller, g.household, purpose)]

    return tell


def tell_new_payment(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
    """A bill about to be paid: the household stands in the body."""
    household_id = _read_id(arrival.read_object().get("household_id"))
    if household_id is None:
        return [desk.recorder.tell_of_nothing()]
    return [about_household(desk, caller, desk.households.load_bound(caller, household_id), "pay_bill")]


def tell_payment(purpose: str) -> Any:
    """A teller for a payment of the caller's, named in the path; one made on another platform does not exist inside a platform's app.

    The view works on the file that was read here (``g.payment_file``), so that a request reads it once.
    """

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        g.payment_file = read_own(desk.till, caller, values["payment_id"])
        payment = g.payment_file.payment
        if not belongs_here(payment.platform, caller.app.platform):
            raise NotFound
        return [about_payment(desk, caller, payment, purpose)]

    return tell


def tell_real_name(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
    """An identity number typed: its holder is concerned beside the caller, known here or not. Spends the attempt.

    In this order: who has no attempt left is refused by the view, and neither answer nor time says whether the number is known.
    The platform saw it all the same, so the record names its holder also then. A number that cannot be is nobody's.
    """
    concerned: tuple[UUID, ...] = (caller.chain_id,)
    typed = arrival.read_object().get("identity_number")
    number = _read_number(desk, typed) if isinstance(typed, str) else None
    if number is not None:
        try:
            g.identity_number = desk.identity.admit_attempt(caller, number)
        except TooManyRequests as refused:
            g.attempt_refused = refused
        with desk.store.begin(caller.agencies) as tx:
            root, admitted = desk.directory.root_agency(), "identity_number" in g
            chain = tx.persons.find_chain(root, number, desk.clock.now(), account=admitted)
        concerned = merge_concerned(concerned, (chain,))
    return [Told(desk.catalogue.room("account"), caller.app.agency_id, "prove_identity", concerned)]


def _read_number(desk: Desk, typed: str) -> str | None:
    try:
        return read_identity_number(typed, business_day(desk.clock.now()))
    except InputRefused:
        return None


def about_household(desk: Desk, caller: Caller, household: Household, purpose: str) -> Told:
    """A household of a service: caller and holder are concerned."""
    mapping = desk.catalogue.service(household.service)
    return Told(
        mapping, household.agency_id, purpose, merge_concerned((caller.chain_id,), (household.holder_chain_id,))
    )


def about_payment(desk: Desk, caller: Caller, payment: Payment, purpose: str) -> Told:
    """A payment: caller, payer and holder are concerned; the payment is the subject."""
    concerned = merge_concerned((caller.chain_id, payment.payer_chain_id), (payment.holder_chain_id,))
    mapping = desk.catalogue.service_at(payment.service, payment.mapping_version)
    return Told(mapping, payment.agency_id, purpose, concerned, payment.payment_id)


def tell_households(desk: Desk, caller: Caller, households: Iterable[Household], purpose: str) -> list[Told]:
    """A list over several services: one record for each, with the holders of that service's households."""
    told: dict[str, Told] = {}
    for household in households:
        one = about_household(desk, caller, household, purpose)
        before = told.get(household.service)
        concerned = merge_concerned(before.concerned if before else (), one.concerned)
        told[household.service] = Told(one.what, one.agency_id, purpose, concerned)
    return list(told.values())


def tell_payments(desk: Desk, caller: Caller, payments: Iterable[Payment], purpose: str) -> list[Told]:
    """The same for payments."""
    told: dict[tuple[str, int], Told] = {}
    for payment in payments:
        one = about_payment(desk, caller, payment, purpose)
        before = told.get((payment.service, payment.mapping_version))
        concerned = merge_concerned(before.concerned if before else (), one.concerned)
        told[payment.service, payment.mapping_version] = Told(one.what, one.agency_id, purpose, concerned)
    return list(told.values())


def _read_id(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
