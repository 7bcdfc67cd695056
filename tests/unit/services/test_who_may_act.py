"""Of all mandates one alone decides who may see and act: any mandates, any case, any hour, against the same rule in the simplest words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.case_record import Mandate, MandateKind, Organisation
from services.errors import Refusal
from services.mandate_rules import choose_mandate, concerns
from services.mandates import revoke_mandate
from tests.case_samples import make_case
from tests.fake_families import LI, MORNING, OLD_WANG, OTHER, QINGYUN, SHUNDA, WANG, Town

COMPANIES = {SHUNDA: UUID(int=1), QINGYUN: UUID(int=2)}
TERMS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(list(MandateKind)),
        "whose": st.sampled_from([WANG, OLD_WANG, SHUNDA, QINGYUN]),
        "services": st.lists(st.sampled_from(["trial-licence", OTHER]), unique=True),
        "begins": st.integers(-48, 24),
        "hours": st.none() | st.integers(1, 72),
        "revoked": st.booleans(),
    }
)
"""Any mandate that Li may hold: of one of two persons or one of two companies, for any services and term, ended or not."""


def keep(town: Town, base: Mandate, told: dict[str, Any]) -> Mandate:
    organisation = COMPANIES.get(told["whose"])
    key = "identity_number" if organisation is None else "credit_code"
    begins = MORNING + timedelta(hours=told["begins"])
    made = replace(
        base,
        mandate_id=town.desk.new_id(),
        kind=told["kind"],
        principal={"kind": "person" if organisation is None else "organisation", "name": "甲", key: told["whose"]},
        organisation_id=organisation,
        services=tuple(told["services"]),
        valid_from=begins,
        valid_until=None if told["hours"] is None else begins + timedelta(hours=told["hours"]),
        revoked_at=MORNING if told["revoked"] else None,
    )
    with town.house.begin((town.root,)) as tx:
        tx.mandates.add(made)
    return made


def is_alive(told: dict[str, Any], hour: int, service: str) -> bool:
    """Once more, in the simplest words: begun, not over, not revoked, and for this service."""
    begun = told["begins"] <= hour
    over = told["hours"] is not None and told["begins"] + told["hours"] <= hour
    return begun and not over and not told["revoked"] and (not told["services"] or service in told["services"])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(TERMS, max_size=5),
    st.sampled_from([WANG, OLD_WANG, SHUNDA, QINGYUN]),
    st.sampled_from(["trial-licence", OTHER]),
    st.integers(-24, 48),
)
def test_who_may_see_and_act(told: list[dict[str, Any]], whose: str, service: str, hour: int) -> None:
    """Of all mandates one alone decides: for this very principal, alive at this hour, for this service; else nothing is seen or done."""
    town = Town()
    li, base = town.open_account(LI), town.authorise(town.open_account(WANG), LI).mandate
    revoke_mandate(town.room, li, base.mandate_id)
    rows = [(keep(town, town.load(base.mandate_id), one), one) for one in told]
    town.clock.at = MORNING + timedelta(hours=hour)
    organisation = COMPANIES.get(whose)
    case = make_case(
        town.root, MORNING, service=service, organisation_id=organisation,
        applicant={"credit_code": whose} if organisation else {"identity_number": whose}, agent={"as": "agent"},
    )  # fmt: skip
    alive = [
        one
        for _, one in rows
        if one["whose"] == whose
        and is_alive(one, hour, service)
        and (organisation is not None or one["kind"] is not MandateKind.AGENT)
    ]
    assert town.stand(li).may_see(case) is bool(alive)
    if organisation is None:
        return
    with town.house.begin((town.root,)) as tx:
        named = Organisation(organisation, town.root, whose, "乙", uuid4(), MORNING)
        tx.mandates.record_organisation(named)
    draft = town.write_draft(li, organisation, service=service)
    fitting = [one for one in alive if one["kind"] in (MandateKind.AGENT, MandateKind.LEGAL_REPRESENTATIVE)]
    if len(alive) == len(fitting) and fitting:
        acting = town.resolve(li, draft)
        assert acting.mandate is not None
        assert acting.mandate.holds(town.clock.now(), service)
        assert acting.organisation == named
    elif not alive:
        with pytest.raises(Refusal):
            town.resolve(li, draft)


@given(st.permutations(range(4)))
def test_the_choice_among_mandates_does_not_depend_on_their_order(order: list[int]) -> None:
    """One in force before any that is not, a legal representative's before an agent's, the newer before the older."""
    town = Town()
    base = town.authorise(town.open_account(WANG), LI).mandate
    older = replace(base, mandate_id=UUID(int=1), recorded_at=MORNING - timedelta(days=1))
    head = replace(older, mandate_id=UUID(int=2), kind=MandateKind.LEGAL_REPRESENTATIVE)
    over = replace(head, mandate_id=UUID(int=3), revoked_at=MORNING)
    held = [base, older, head, over]
    chosen = choose_mandate([held[place] for place in order], town.mapping.id, MORNING)
    assert chosen == head
    assert choose_mandate([one for one in held if one != head], town.mapping.id, MORNING) == base
    assert choose_mandate([], town.mapping.id, MORNING) is None


def test_a_mandate_concerns_no_case_of_nobody() -> None:
    """A case without a number is nobody's whom a mandate could name."""
    town = Town()
    mandate = town.authorise(town.open_account(WANG), LI).mandate
    assert not concerns(mandate, make_case(town.root, MORNING, applicant={}))
