"""Organisations and mandates are kept as they were given; on PostgreSQL and on the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from adapters.ids import make_id
from services.case_stores import NO_CHAIN
from services.errors import VersionTaken
from tests.case_samples import MORNING
from tests.contract.case_book_samples import (
    make_mandate,
    make_organisation,
)
from tests.contract.case_houses import Houses


def test_there_is_one_organisation_for_a_credit_code(houses: Houses) -> None:
    """Recorded again, at whatever agency, it is the same one under the name that the register gives now."""
    first = make_organisation(houses.city)
    again = make_organisation(houses.gas, credit_code=first.credit_code, name="秀英餐饮有限公司")
    with houses.public.begin([houses.city]) as tx:
        assert tx.mandates.record_organisation(first) == first
    with houses.console.begin([houses.gas]) as tx:
        renamed = tx.mandates.record_organisation(again)
        assert renamed == replace(first, name=again.name, chain_id=renamed.chain_id)
    with houses.public.begin([houses.water]) as tx:
        found = tx.mandates.find_organisation(first.credit_code)
        assert found == replace(first, name=again.name) == tx.mandates.load_organisation(first.organisation_id)
        assert tx.mandates.find_organisation("none") is None
        assert tx.mandates.load_organisation(again.organisation_id) is None


@pytest.mark.parametrize("role", ["public", "worker"])
def test_a_mandate_reads_as_it_was_written(houses: Houses, role: str) -> None:
    """With all that was checked, and with the chain, for those who may read it."""
    mandate = make_mandate(houses.city)
    with houses.public.begin([houses.city]) as tx:
        tx.mandates.add(mandate)
    with houses.role(role).begin([houses.city]) as tx:
        assert tx.mandates.load(mandate.mandate_id) == mandate
        assert tx.mandates.load(uuid4()) is None
    with houses.console.begin([houses.city]) as tx:
        found = tx.mandates.load(mandate.mandate_id)
    hidden = mandate if houses.reads_chains else replace(mandate, principal_chain_id=NO_CHAIN)
    assert found == hidden


def test_a_mandate_is_revoked_once(houses: Houses) -> None:
    """Who revoked it first, and when, stays; a revoked one binds no agent any more."""
    mandate = make_mandate(houses.city)
    with houses.public.begin([houses.city]) as tx:
        tx.mandates.add(mandate)
        assert tx.mandates.revoke(mandate.mandate_id, "person:x", MORNING)
    with houses.console.begin([houses.city]) as tx:
        assert not tx.mandates.revoke(mandate.mandate_id, "staff:y", MORNING + timedelta(days=1))
        tx.mandates.bind_agent(mandate.mandate_id, uuid4())
    with houses.public.begin([houses.city]) as tx:
        assert not tx.mandates.revoke(uuid4(), "person:x", MORNING)
        assert tx.mandates.load(mandate.mandate_id) == replace(mandate, revoked_at=MORNING, revoked_by="person:x")


def test_an_agent_is_bound_once(houses: Houses) -> None:
    """Till the agent has an account the mandate is found by their number; then by their account, and nobody else takes it over."""
    mandate, agent = make_mandate(houses.city), uuid4()
    number = mandate.agent["identity_number"]
    with houses.public.begin([houses.city]) as tx:
        tx.mandates.add(mandate)
        assert tx.mandates.list_of_number(number) == [mandate]
        tx.mandates.bind_agent(mandate.mandate_id, agent)
        tx.mandates.bind_agent(mandate.mandate_id, uuid4())
        bound = replace(mandate, agent_person_id=agent)
        assert tx.mandates.list_of_number(number) == []
        assert tx.mandates.list_of_agent([agent]) == [bound]
        assert tx.mandates.list_of_agent([]) == []


def test_mandates_are_found_from_the_principals_side(houses: Houses) -> None:
    """By the person's account, by the organisation, and by the number, newest first."""
    body = make_organisation(houses.city)
    first = make_mandate(houses.city)
    number = first.principal["identity_number"]
    second = make_mandate(
        houses.city,
        mandate_id=make_id(MORNING + timedelta(seconds=1)),
        principal=first.principal,
        principal_person_id=None,
    )
    third = make_mandate(houses.city, organisation_id=body.organisation_id, principal_person_id=None, services=())
    with houses.public.begin([houses.city]) as tx:
        tx.mandates.record_organisation(body)
        for mandate in (first, second, third):
            tx.mandates.add(mandate)
        assert first.principal_person_id is not None
        assert tx.mandates.list_of_principal([first.principal_person_id], []) == [first]
        assert tx.mandates.list_of_principal([], [body.organisation_id]) == [third]
        assert tx.mandates.list_of_principal_number(number) == [second, first]
        assert tx.mandates.list_of_principal([], []) == []
    with pytest.raises(VersionTaken), houses.public.begin([houses.city]) as tx:
        tx.mandates.add(first)


def test_a_principal_sees_what_was_opened_for_them(houses: Houses) -> None:
    """A case opened under a mandate is listed for whoever gave it, beside those that they handed in themselves."""
    mandate = make_mandate(houses.city)
    with houses.public.begin([houses.city]) as tx:
        tx.mandates.add(mandate)
    case, _ = houses.open_case(mandate_id=mandate.mandate_id)
    with houses.public.begin(houses.all) as tx:
        assert mandate.principal_person_id is not None
        found = tx.cases.list_of_persons([mandate.principal_person_id], [], 5, None)
    assert [row[0].case_id for row in found] == [case.case_id]
