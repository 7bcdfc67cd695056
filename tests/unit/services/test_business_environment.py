"""What a service takes a company: which services are such, at which door, how many days, and a table that a spreadsheet takes for text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.business_environment import (
    FEWEST_CASES,
    HEADS,
    DaysLived,
    describe_agency,
    find_best_door,
    list_agencies,
    read_last_year,
    serves_companies,
    sum_lived,
    write_table,
)
from services.model import Language
from services.month_record import ClosedMonth, Figures
from tests.case_samples import LICENSING, make_case_mapping, say
from tests.fake_cases import FakeCaseHouse
from tests.fakes import load_catalogue

SHIPPED = load_catalogue().services
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def test_whose_business_a_service_is() -> None:
    """A case says it by its applicants, any other service by its audience; what says nothing is no company's."""
    assert serves_companies(make_case_mapping(applicants=("organisation",)))
    assert serves_companies(make_case_mapping(applicants=("person", "organisation")))
    assert not serves_companies(make_case_mapping(applicants=("person",)))
    found = {name for name, one in SHIPPED.items() if serves_companies(one)}
    assert found
    for name, mapping in SHIPPED.items():
        told = mapping.counter.applicants if mapping.counter else mapping.raw.get("audience", ())
        assert (name in found) == ("organisation" in told)
    assert set(list_agencies(SHIPPED.values())) == {SHIPPED[name].agency for name in found}


def test_a_line_has_materials_fees_and_limits_of_its_mapping() -> None:
    """What is brought, vouched for and fetched are three lists; an optional paper is in none."""
    for mapping in SHIPPED.values():
        if not serves_companies(mapping):
            continue
        (line,) = (one for one in describe_agency(SHIPPED.values(), mapping.agency, {}) if one.mapping.id == mapping.id)
        materials = list(mapping.counter.materials.values()) if mapping.counter else []
        assert len(line.bring) + len(line.vouch) + len(line.fetched) == len(
            [one for one in materials if not one.optional]
        )
        assert [fee.amount_fen for fee in line.fees] == [fee.get("amount_fen") for fee in mapping.fees]
        assert line.promised_days == mapping.limits.get("promised_days")
        assert line.lived is None
        assert line.effort.trips == mapping.effort["trips"]


def test_the_best_door_is_the_one_with_the_fewest_trips() -> None:
    """At the window nobody types, and still it is a way that the phone spares."""
    mapping = replace(make_case_mapping(), channels=("window", "wechat"))
    assert find_best_door(mapping).door == "wechat"
    assert find_best_door(replace(mapping, channels=("window",))).door == "window"


def close_month(house: FakeCaseHouse, month: str, agencies: Sequence[UUID], figures: Figures) -> None:
    """A closed month of all agencies."""
    with house.begin(agencies) as tx:
        assert tx.months.close(ClosedMonth(agencies[0], month, "0" * 64, uuid4(), {}, {}, NOW), figures)


def read_both(house: FakeCaseHouse, root: UUID, agency: UUID) -> dict[str, DaysLived]:
    """What is told of the agency's two services."""
    places = {root: (str(root),), agency: (str(root), str(agency))}
    with house.begin([root, agency]) as tx:
        return sum_lived(read_last_year(tx.months, places), places[agency], [LICENSING, "trial-other"])


def test_days_are_those_of_the_running_year_before_one_is_over() -> None:
    """Only of months that are told; another agency's are not in it, and of a service with few cases nothing is."""
    house, root, agency = FakeCaseHouse(), uuid4(), uuid4()
    assert read_both(house, root, agency) == {}
    for month, closed in (("2026-08", 20), ("2026-09", 2), ("2026-10", 30)):
        figures = {
            (agency, LICENSING, uuid4()): {"closed": closed, "working_days": closed * 4, "late": closed // 2},
            (agency, LICENSING, None): {"closed": 1, "working_days": 9},
            (agency, "trial-other", None): {"received": 3},
            (root, LICENSING, None): {"closed": 100, "working_days": 100},
        }
        close_month(house, month, [root, agency], figures)
    months, told = ("2026-08", "2026-09", "2026-10"), ("2026-08", "2026-10")
    assert read_both(house, root, agency) == {
        LICENSING: DaysLived(months, told, 52, 50 * 4 + 18, 25),
        "trial-other": DaysLived(months, (), 0, 0, None),
    }


def test_a_year_that_is_over_stands_till_the_next_one_is() -> None:
    """So that no two sums are told that differ by a month: the months of the year after it add nothing to it."""
    house, root, agency = FakeCaseHouse(), uuid4(), uuid4()
    for month, closed in (("2026-10", 3), ("2026-11", 4), ("2026-12", 3)):
        close_month(
            house, month, [root, agency], {(agency, LICENSING, None): {"closed": closed, "working_days": closed * 6}}
        )
    before = read_both(house, root, agency)
    assert before[LICENSING] == DaysLived(("2026-10", "2026-11", "2026-12"), ("2026-Q4",), 10, 60, None)
    close_month(house, "2027-01", [root, agency], {(agency, LICENSING, None): {"closed": 50, "working_days": 50}})
    assert read_both(house, root, agency) == before


@given(st.integers(1, 10_000), st.integers(0, 10**6))
def test_a_mean_is_rounded_to_the_nearest_tenth(closed: int, days: int) -> None:
    """Never more than half a tenth away, in whole numbers."""
    lived = DaysLived(("2026-10",), ("2026-10",), closed, days, 0)
    assert abs(lived.mean_tenths * closed - 10 * days) * 2 <= closed
    assert lived.is_enough == (closed >= FEWEST_CASES)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    """A title that a spreadsheet would compute is a text in the file, whole."""
    mapping = replace(make_case_mapping(), title=say(f"{start}SUM(A1)"))
    lines = describe_agency([mapping], mapping.agency, {})
    head, row = csv.reader(io.StringIO(write_table(lines).decode("utf-8-sig"), newline=""))
    assert tuple(head) == HEADS
    assert row[1] == f"'{start}SUM(A1)"


def test_the_table_in_english_has_the_same_numbers() -> None:
    """Only names differ."""
    for agency in list_agencies(SHIPPED.values()):
        lines = describe_agency(SHIPPED.values(), agency, {})
        chinese, english = (
            list(csv.DictReader(io.StringIO(write_table(lines, language).decode("utf-8-sig"), newline="")))
            for language in (Language.ZH_CN, Language.EN)
        )
        for name in ("service", "version", "trips", "clicks", "fields", "promised_days", "statutory_days"):
            assert [one[name] for one in chinese] == [one[name] for one in english]
