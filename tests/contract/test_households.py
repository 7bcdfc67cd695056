"""The contract of ``HouseholdStore``."""

from __future__ import annotations

from uuid import uuid4

from tests.contract.samples import GAS, NOW, Bench, make_person


def test_household_has_one_row(bench: Bench) -> None:
    """However many bind a household, it has one id and one chain id, which is also that of a mere search."""
    number = str(uuid4())
    first, _ = make_person(bench)
    second, _ = make_person(bench)
    with bench.store.begin(bench.all) as tx:
        searched = tx.households.find_chain(bench.gas, GAS, number, NOW)
        one = tx.households.bind(bench.gas, GAS, number, "王小明", "幸福路1号", first, NOW)
    with bench.store.begin(bench.all) as tx:
        two = tx.households.bind(bench.gas, GAS, number, "王小明", "幸福路1号", second, NOW)
        assert tx.households.find_chain(bench.gas, GAS, number, NOW) == searched
        assert tx.households.find_chain(bench.water, GAS, number, NOW) != searched
        assert tx.households.find_chain(bench.gas, "other", number, NOW) != searched
    assert one == two
    assert one.holder_chain_id == searched


def test_bound_household_is_the_binders(bench: Bench) -> None:
    """A household is listed for who has bound it, not by another person, and not after it was let go."""
    person_id, _ = make_person(bench)
    stranger, _ = make_person(bench)
    with bench.store.begin(bench.all) as tx:
        household = tx.households.bind(bench.gas, GAS, str(uuid4()), "王小明", "幸福路1号", person_id, NOW)
    with bench.store.begin(bench.all) as tx:
        assert tx.households.list_bound(person_id) == [household]
        assert tx.households.list_bound(stranger) == []
        assert not tx.households.unbind(household.household_id, stranger, NOW)
        assert tx.households.unbind(household.household_id, person_id, NOW)
        assert not tx.households.unbind(household.household_id, person_id, NOW)
        assert tx.households.list_bound(person_id) == []
        again = tx.households.bind(bench.gas, GAS, household.household_no, "王小明", "幸福路1号", person_id, NOW)
        assert again == household
        assert tx.households.list_bound(person_id) == [household]


def test_company_corrects_name_and_address(bench: Bench) -> None:
    """What the company says now replaces what it said before, for everybody who has bound the household."""
    first, _ = make_person(bench)
    second, _ = make_person(bench)
    number = str(uuid4())
    with bench.store.begin(bench.all) as tx:
        tx.households.bind(bench.gas, GAS, number, "王小明", "幸福路1号", first, NOW)
        tx.households.bind(bench.gas, GAS, number, "李秀英", "幸福路2号", second, NOW)
        assert [(one.holder_name, one.address) for one in tx.households.list_bound(first)] == [("李秀英", "幸福路2号")]
