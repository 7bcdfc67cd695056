"""Organisations and mandates in use, under the roles that use them: on each PostgreSQL, and on the fake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.case_errors import MandateEnded
from services.case_record import MandateKind
from services.case_stores import NO_CHAIN
from services.errors import NotPermitted
from services.mandate_deeds import draw_up, name_person, note_check
from services.mandate_rules import begin_day
from services.mandates import list_mandates, record_guardianship, revoke_mandate
from tests.contract.case_houses import Houses
from tests.fake_families import LI, NAMES, OLD_OUYANG, OLD_WANG, OUYANG, SHUNDA, WANG, YOUNG_WANG, Town
from tests.fakes import FakeDirectory


@pytest.fixture
def town(houses: Houses) -> Town:
    """The town in these stores; what earlier tests left there is ended by the register or of other people."""
    directory = FakeDirectory({"demo-city": houses.city, "demo-office": houses.gas, "demo-other": houses.water})
    return Town(house=houses.public, directory=directory)


def test_a_company_and_its_agent(town: Town, houses: Houses) -> None:
    """Recorded, authorised, bound to the account that comes later, used, revoked: the worker reads what the public role wrote."""
    wang = town.open_account(WANG)
    company = town.prove_company(wang).organisation
    assert town.prove_company(wang).organisation == company
    given = town.authorise(wang, LI, organisation_id=company.organisation_id).mandate
    li = town.open_account(LI)
    assert given.mandate_id in {one.mandate.mandate_id for one in list_mandates(town.room, li)}
    draft = town.write_draft(li, company.organisation_id)
    town.confirm(li, draft)
    acting = town.resolve(li, draft)
    assert (acting.applicant["credit_code"], acting.principal_chain_id) == (SHUNDA, company.chain_id)
    case = town.hand_in(li, draft)
    assert town.stand(wang).may_see(case)
    assert not town.stand(town.open_account(OUYANG)).may_see(case)
    with houses.worker.begin(houses.all) as tx:
        kept = tx.mandates.load(given.mandate_id)
    assert kept == replace(given, agent_person_id=li.person_id)
    revoke_mandate(town.room, wang, given.mandate_id)
    with pytest.raises(MandateEnded):
        town.resolve(li, draft)
    assert not town.stand(li).may_see(case)


def test_a_new_legal_representative(town: Town) -> None:
    """The register's word ends the former one's right in the store."""
    wang, ouyang = town.open_account(WANG), town.open_account(OUYANG)
    company = town.prove_company(wang).organisation
    draft = town.write_draft(wang, company.organisation_id)
    town.replace_head(SHUNDA, OUYANG)
    with pytest.raises(MandateEnded):
        town.confirm(wang, draft)
    with pytest.raises((NotPermitted, MandateEnded)):
        town.resolve(wang, draft)
    town.prove_company(ouyang)
    assert town.resolve(ouyang, town.write_draft(ouyang, company.organisation_id)).organisation == company


def test_a_family(town: Town) -> None:
    """A parent for a child who has no account, a child for an old parent: the chain is that of the number, account or not."""
    wang = town.open_account(WANG)
    guardian = record_guardianship(town.room, wang, NAMES[YOUNG_WANG], YOUNG_WANG).mandate
    acting = town.resolve(wang, town.write_draft(wang, None, guardian))
    assert acting.applicant["identity_number"] == YOUNG_WANG
    assert acting.principal_chain_id == guardian.principal_chain_id
    father = town.open_account(OLD_WANG)
    family = town.authorise(father, WANG, kind=MandateKind.FAMILY).mandate
    assert town.resolve(wang, town.write_draft(wang, None, family)).principal_chain_id == father.chain_id
    assert family.mandate_id in {one.mandate.mandate_id for one in list_mandates(town.room, father) if one.given}


def test_what_the_window_recorded_holds_at_every_door(town: Town, houses: Houses) -> None:
    """The console's role knows no chain; whoever acts under its mandate concerns the parent's own chain all the same."""
    mandate = draw_up(
        town.desk, MandateKind.FAMILY, name_person(NAMES[OLD_OUYANG], OLD_OUYANG, NO_CHAIN), (NAMES[OUYANG], OUYANG),
        recorded_by="staff:x", checks=[note_check(town.desk, "principal", "card")], ends_at=begin_day(date(2027, 1, 1)),
    )  # fmt: skip
    with houses.console.begin(houses.all) as tx:
        tx.mandates.add(mandate)
        assert [one.mandate_id for one in tx.mandates.list_of_principal_number(OLD_OUYANG)] == [mandate.mandate_id]
    ouyang = town.open_account(OUYANG)
    acting = town.resolve(ouyang, town.write_draft(ouyang, None, mandate))
    assert acting.agent is not None
    assert (acting.applicant["name"], acting.agent["as"]) == (NAMES[OLD_OUYANG], "family")
    parent = town.open_account(OLD_OUYANG)
    assert acting.principal_chain_id in town.list_chains(parent)
    assert [one.given for one in list_mandates(town.room, parent)] == [True]
    with houses.console.begin(houses.all) as tx:
        assert tx.mandates.revoke(mandate.mandate_id, "staff:x", town.clock.now())
    with pytest.raises(MandateEnded):
        town.resolve(ouyang, town.write_draft(ouyang, None, mandate))
