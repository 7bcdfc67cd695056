"""Looking up, binding and letting go of a household."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from services.errors import (
    AssuranceTooLow,
    BackEndGarbled,
    HouseholdNotFound,
    InputRefused,
    NotFound,
    ServiceOff,
    ServiceUnknown,
    TooManyRequests,
)
from services.households import LOOK_UPS_AN_HOUR, LOOK_UPS_OF_ONE_AN_HOUR, HouseholdInView
from services.model import Assurance, Caller, Language, PlatformName
from services.references import refer_to_bill, refer_to_household
from tests.unit.gateway.fakes_edge import City, build_city


@pytest.fixture
def city() -> City:
    city = build_city()
    city.back_ends["gas-bill"].households["10086001"] = ("王小明", "北京市朝阳区建国路88号502室")
    return city


def sign_in(city: City, user: str = "wang") -> Caller:
    desk = city.desk.sessions
    app = desk.find_app(PlatformName.WECHAT, "wx1")
    caller = desk.sign_in(app, f"code-{user}", Language.ZH_CN, str(uuid4())).caller
    return replace(caller, assurance=Assurance.REAL_NAME)


def look_up(city: City, caller: Caller, number: str = "10086001", service: str = "gas-bill") -> HouseholdInView:
    desk = city.desk.households
    return desk.look_up(caller, desk.admit(caller, service, number))


def bind(city: City, caller: Caller) -> HouseholdInView:
    desk = city.desk.households
    return desk.bind(caller, desk.admit(caller, "gas-bill", "10086001"))


def test_a_look_up_shows_masked_values_only(city: City) -> None:
    """Nothing personal comes out whole, and nothing is bound by looking."""
    caller = sign_in(city)
    seen = look_up(city, caller)
    assert seen == HouseholdInView(None, "gas-bill", "****6001", "**明", "北京市朝阳区****")
    assert city.desk.households.list_bound(caller) == []


def test_the_holder_is_concerned_from_the_first_search(city: City) -> None:
    """Two people who search for one household concern one and the same holder."""
    one = city.desk.households.admit(sign_in(city), "gas-bill", "10086001")
    two = city.desk.households.admit(sign_in(city, "li"), "gas-bill", " 10086001 ")
    assert one.holder_chain_id == two.holder_chain_id


def test_what_a_service_does_not_offer_is_unknown(city: City) -> None:
    """A service that does not exist is refused before the company is asked."""
    with pytest.raises(ServiceUnknown):
        look_up(city, sign_in(city), service="tax")
    assert city.back_ends["gas-bill"].calls == []


def test_assurance_is_checked_before_anything_is_spent(city: City) -> None:
    """Too low a level costs no look-up and asks nobody."""
    caller = replace(sign_in(city), assurance=Assurance.ANONYMOUS)
    with pytest.raises(AssuranceTooLow):
        look_up(city, caller)
    assert not [key for key in city.limiter.spent if key[0].startswith("look-up")]


@pytest.mark.parametrize("number", ["", " ", "1" * 36, "1008 6001", "10086001'", "一〇〇八六"])
def test_a_number_of_another_form_is_refused(city: City, number: str) -> None:
    """The mapping's own pattern decides, before the company is asked."""
    with pytest.raises(InputRefused):
        look_up(city, sign_in(city), number)
    assert city.back_ends["gas-bill"].calls == []


def test_nobody_walks_through_the_customers(city: City) -> None:
    """Looking up and binding count together; the limiter never sees a household number."""
    caller = sign_in(city)
    for index in range(LOOK_UPS_AN_HOUR):
        city.desk.households.admit(caller, "gas-bill", f"2008{index:04d}")
    with pytest.raises(TooManyRequests):
        bind(city, caller)
    assert "20080001" not in repr(city.limiter.spent)


def test_one_number_is_looked_up_a_limited_number_of_times_whoever_asks(city: City) -> None:
    """Several people together learn no more of one household in an hour than one of them alone."""
    one, two = sign_in(city), sign_in(city, "li")
    for turn in range(LOOK_UPS_OF_ONE_AN_HOUR):
        look_up(city, one if turn % 2 else two)
    with pytest.raises(TooManyRequests):
        look_up(city, two)


def test_refusals_of_the_company_are_told_in_our_words(city: City) -> None:
    """No such household, and the batch window, are things that a citizen understands."""
    caller = sign_in(city)
    with pytest.raises(HouseholdNotFound):
        look_up(city, caller, "99999999")
    city.back_ends["gas-bill"].script.plan("find_household", "batch_window")
    with pytest.raises(ServiceOff):
        look_up(city, caller)


def test_an_answer_without_a_name_is_not_believed(city: City) -> None:
    """Half an answer is no answer."""
    city.back_ends["gas-bill"].households["10086001"] = (None, "x")  # type: ignore[assignment]
    with pytest.raises(BackEndGarbled):
        look_up(city, sign_in(city))


def test_binding_is_seen_and_undone(city: City) -> None:
    """Bound once, listed once, bound again the same, let go."""
    caller = sign_in(city)
    first, again = bind(city, caller), bind(city, caller)
    assert first.household_id is not None
    assert first.household_id == again.household_id
    (household,) = city.desk.households.list_bound(caller)
    assert city.desk.households.load_bound(caller, first.household_id) == household
    city.desk.households.unbind(caller, household)
    assert city.desk.households.list_bound(caller) == []
    with pytest.raises(NotFound):
        city.desk.households.unbind(caller, household)


def test_another_citizens_household_does_not_exist(city: City) -> None:
    """Who has not bound a household can neither see nor unbind it."""
    mine, other = sign_in(city), sign_in(city, "li")
    household_id = bind(city, mine).household_id
    assert household_id is not None
    with pytest.raises(NotFound):
        city.desk.households.load_bound(other, household_id)
    with pytest.raises(NotFound):
        city.desk.households.unbind(other, city.desk.households.load_bound(mine, household_id))


def test_two_platforms_cannot_be_compared_by_a_household(city: City) -> None:
    """Another payer, and the same person on another platform, know the household and its bills by other names."""
    keyed = city.desk.households.keyed_hash
    household = city.desk.households.list_bound(caller := _bound(city))[0]
    app = replace(caller.app, platform=PlatformName.ALIPAY)
    callers = [caller, replace(caller, person_id=uuid4()), replace(caller, app=app)]
    names = [refer_to_household(keyed, one, household) for one in callers]
    assert len({*names, household.household_id}) == 4
    assert len({refer_to_bill(keyed, name, "G-1") for name in names}) == 3


def _bound(city: City) -> Caller:
    caller = sign_in(city)
    bind(city, caller)
    return caller
