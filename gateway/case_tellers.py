"""What a request about a draft or a case is about: the service in its version, and everybody whom it concerns.

Of a case: whoever asks, whoever handed it in, and whose matter it is (an organisation, a parent). The view works on what was read here
(``g.case_file``, ``g.draft``, ``g.service``); the use case that acts reads again, in its own transaction, and decides by that.

Inside a platform's app there are the matters begun in that app and at the government's own doors; the other platform is another channel.
At an own door there are all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import g

from gateway.arrival import Arrival, Told
from gateway.desk import Desk
from gateway.exposing import Teller
from gateway.service_tellers import NUMBERS_AN_HOUR, list_numbers, tell_service
from services.case_access import find_standing, load_own_case, load_own_draft
from services.case_clocks import terms_of
from services.case_record import Case, Draft
from services.doors import is_own
from services.errors import NotFound
from services.exposure import merge_concerned
from services.file_rules import COPIES
from services.forms import find_service
from services.mapping import ServiceMapping
from services.model import Caller, JsonValue, PlatformName
from services.ports import Transaction
from services.till import business_day

KIND = "case"


def is_here(caller: Caller, channel: PlatformName, mapping: ServiceMapping) -> bool:
    """Whether a matter that began there exists where the caller is."""
    here = caller.app.platform
    return is_own(here) or ((channel is here or is_own(channel)) and mapping.is_on(here))


def tell_case(purpose: str) -> Teller:
    """A teller for a case of the caller's, or of whom they act for, named in the path."""

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        with desk.store.begin(caller.agencies) as tx:
            file = load_own_case(desk.applicants.desk, tx, caller, values["case_id"])
        if not is_here(caller, file.case.channel, mapping_of_case(desk, file.case)):
            raise NotFound
        g.case_file = file
        return [about_case(desk, caller, file.case, purpose)]

    return tell


def tell_case_file(purpose: str) -> Teller:
    """The same where a file comes with the request: recorded also where the service takes none."""
    about = tell_case(purpose)

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        return [_take_leniently(told) for told in about(desk, caller, arrival, values)]

    return tell


def mapping_of_case(desk: Desk, case: Case) -> ServiceMapping:
    """The version of the service with which the case began."""
    return desk.catalogue.service_at(case.service, case.mapping_version)


def about_case(desk: Desk, caller: Caller, case: Case, purpose: str) -> Told:
    """A case under its version: who asks, who handed it in and whose matter it is are concerned."""
    concerned = merge_concerned((caller.chain_id,), (case.chain_id, case.principal_chain_id))
    return Told(mapping_of_case(desk, case), case.agency_id, purpose, concerned, case.case_id)


def tell_cases(desk: Desk, caller: Caller, cases: Iterable[Case]) -> list[Told]:
    """A list over several services: one record for each service and version."""
    return _merge(about_case(desk, caller, case, "follow_case") for case in cases)


def _merge(each: Iterable[Told]) -> list[Told]:
    told: dict[tuple[str, int], Told] = {}
    for one in each:
        before = told.get((one.what.id, one.what.version))
        concerned = merge_concerned(before.concerned if before else (), one.concerned)
        told[one.what.id, one.what.version] = Told(one.what, one.agency_id, one.purpose, concerned)
    return list(told.values())


def tell_new_draft() -> Teller:
    """A teller for a draft that is begun: of a service of kind case on the caller's platform."""
    about_service = tell_service("save_draft", KIND)

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        (told,) = about_service(desk, caller, arrival, values)
        with desk.store.begin(caller.agencies) as tx:
            principals = find_principals(desk, tx, caller, arrival.read_object())
        return [
            _with_typed(desk, caller, arrival, replace(told, concerned=merge_concerned(told.concerned, principals)))
        ]

    return tell


def tell_draft(purpose: str, *, in_force: bool = False) -> Teller:
    """A teller for a draft that the caller may edit, named in the path. ``in_force``: what comes is held against the service as it is now."""

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        with desk.store.begin(caller.agencies) as tx:
            draft = load_own_draft(desk.applicants.desk, tx, caller, values["draft_id"])
            typed = find_principals(desk, tx, caller, arrival.read_object()) if in_force else ()
            principals = merge_concerned(find_principals(desk, tx, caller, draft.content), typed)
        mapping = desk.catalogue.service_at(draft.service, draft.mapping_version)
        if not is_here(caller, draft.channel, mapping):
            raise NotFound
        g.draft = draft
        g.service = find_service(desk.till, caller, draft.service, KIND) if in_force else mapping
        concerned = merge_concerned((caller.chain_id,), principals)
        told = Told(g.service, draft.agency_id, purpose, concerned, draft.draft_id)
        return [_with_typed(desk, caller, arrival, told) if in_force else told]

    return tell


def tell_draft_file(purpose: str) -> Teller:
    """The same where a file comes with the request: recorded also where the service takes none."""
    about = tell_draft(purpose)

    def tell(desk: Desk, caller: Caller, arrival: Arrival, values: Mapping[str, Any]) -> Sequence[Told]:
        return [_take_leniently(told) for told in about(desk, caller, arrival, values)]

    return tell


def tell_drafts(desk: Desk, caller: Caller, drafts: Iterable[Draft]) -> list[Told]:
    """A list over several services: one record for each service and version."""
    with desk.store.begin(caller.agencies) as tx:
        found = [(draft, find_principals(desk, tx, caller, draft.content)) for draft in drafts]
    return _merge(
        Told(
            desk.catalogue.service_at(draft.service, draft.mapping_version), draft.agency_id, "save_draft",
            merge_concerned((caller.chain_id,), principals),
        )
        for draft, principals in found
    )  # fmt: skip


def _take_leniently(told: Told) -> Told:
    """Whether a file may come is the mapping's word: what comes where none is asked for was seen all the same."""
    mapping = told.what
    taken = isinstance(mapping, ServiceMapping) and any(
        one.level in COPIES for one in terms_of(mapping).materials.values()
    )
    return told if taken else replace(told, lenient=True)


def find_principals(desk: Desk, tx: Transaction, caller: Caller, content: Mapping[str, JsonValue]) -> tuple[UUID, ...]:
    """The chains of whom a draft is for, as far as the caller acts for them; a number that somebody made up concerns nobody."""
    applicant = content.get("applicant")
    named = applicant.get("organisation_id") if isinstance(applicant, Mapping) else None
    if named is None and content.get("mandate_id") is None:
        return ()
    held = find_standing(desk.applicants.desk, tx, caller).mandates
    return tuple(
        mandate.principal_chain_id
        for mandate in held
        if str(mandate.mandate_id) == content.get("mandate_id")
        or (mandate.organisation_id is not None and str(mandate.organisation_id) == named)
    )


def _with_typed(desk: Desk, caller: Caller, arrival: Arrival, told: Told) -> Told:
    """Whoever's identity number somebody typed is concerned too; beyond a limit the form is refused, and recorded without them."""
    numbers = list_numbers(g.service, arrival, business_day(desk.clock.now()))
    if not numbers:
        return told
    arrival.tell([told])
    desk.limiter.spend("typed-numbers", str(caller.person_id), NUMBERS_AN_HOUR, 3600)
    root, now = desk.directory.root_agency(), desk.clock.now()
    with desk.store.begin(caller.agencies) as tx:
        chains = [tx.persons.find_chain(root, number, now) for number in numbers]
    return replace(told, concerned=merge_concerned(told.concerned, chains))
