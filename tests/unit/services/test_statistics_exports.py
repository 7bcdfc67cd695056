"""What was taken out of closed months is in the book of acts before anybody has it."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.errors import NotPermitted, StoreUnavailable
from services.staffing import Role
from services.statistics_exports import EXPORT_PEOPLE, StatisticsExports
from tests.fake_case_console import FakeCaseConsole
from tests.fakes import FakeClock
from tests.unit.services.test_month_comparison import ANN, BEN
from tests.unit.services.test_statistics_room import LEFT, RIGHT, TREE, make_actor


@pytest.fixture
def house() -> FakeCaseConsole:
    return FakeCaseConsole(TREE, FakeClock())


def make_exports(house: FakeCaseConsole) -> StatisticsExports:
    """The use case on this house."""
    return StatisticsExports(house, FakeClock(), lambda: UUID(int=77))


def test_an_export_of_people_names_everybody_in_it(house: FakeCaseConsole) -> None:
    """Who, of which agency and month, in which form; whose figures, by id."""
    make_exports(house).note(make_actor(ANN, Role.HEAD), EXPORT_PEOPLE, LEFT, "2026-10", {"format": "csv"}, {BEN, ANN})
    (act,) = house.books.acts
    assert (act.act, act.agency_id, act.staff_id) == (EXPORT_PEOPLE, LEFT, ANN)
    assert (act.subject_kind, act.subject_id) == ("statistics", "2026-10")
    assert act.detail == {"format": "csv", "people": [str(ANN), str(BEN)]}


def test_nothing_is_noted_of_an_agency_out_of_reach(house: FakeCaseConsole) -> None:
    """Who does not reach it, or reads no statistics at all, is refused."""
    for role, agency in ((Role.HEAD, RIGHT), (Role.FINANCE, LEFT), (None, LEFT)):
        with pytest.raises(NotPermitted):
            make_exports(house).note(make_actor(ANN, role), EXPORT_PEOPLE, agency, "2026-10", {})
    assert house.books.acts == []


def test_without_the_act_there_is_nothing(house: FakeCaseConsole) -> None:
    """If it cannot be written, the use case raises, and whoever asked has no file."""
    house.acts_down = True
    with pytest.raises(StoreUnavailable):
        make_exports(house).note(make_actor(ANN, Role.HEAD), EXPORT_PEOPLE, LEFT, "2026-10", {})
