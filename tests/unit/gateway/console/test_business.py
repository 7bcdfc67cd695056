"""The room of the business environment, and the effort label on the pages of the catalogue."""

from __future__ import annotations

from uuid import uuid4

import pytest

from services.month_record import ClosedMonth
from services.staffing import Role
from tests.unit.gateway.console.office import LEFT, RIGHT, ROOT, Browser, Office


@pytest.fixture
def office() -> Office:
    return Office()


def enter(office: Office, role: Role, agency: object = LEFT) -> Browser:
    """Somebody with this role."""
    assert agency in (LEFT, RIGHT, ROOT)
    return office.enter(office.hire(agency, role))  # type: ignore[arg-type]  # one of the three


def close_month(office: Office, **figures: int) -> None:
    """A closed month of the licence's agency."""
    closed = ClosedMonth(ROOT, "2026-10", "0" * 64, uuid4(), {}, {}, office.clock.now())
    with office.store.begin((ROOT, LEFT)) as tx:
        assert tx.months.close(closed, {(LEFT, office.licence.id, None): figures})


@pytest.mark.parametrize("role", [Role.HEAD, Role.SUPERVISOR, Role.AUDITOR, Role.IT])
def test_ones_agencies_with_services_for_companies(office: Office, role: Role) -> None:
    """Days come from closed months, the rest from the mapping; the licence is listed and the gas bill, which is a person's, is not."""
    close_month(office, closed=60, working_days=510, late=10)
    page = enter(office, role).get("/business").text
    assert (f'href="/catalogue/{office.licence.id}"' in page) == (role is not Role.SUPERVISOR)  # who may not read it
    assert "经营许可" in page
    assert "左局" in page
    assert "8.5" in page
    assert "逾期 10" in page
    assert "gas-bill" not in page


def test_another_agency_is_not_seen(office: Office) -> None:
    """A head of the sibling sees nothing of it, and finds no table of it; a root sees it."""
    browser = enter(office, Role.HEAD, RIGHT)
    assert office.licence.id not in browser.get("/business").text
    assert browser.get("/business/left-office/table").status_code == 404
    office.clock.advance(31)
    reply = enter(office, Role.HEAD, ROOT).get("/business/left-office/table")
    assert reply.status_code == 200
    assert reply.data.decode("utf-8-sig").splitlines()[1].startswith(office.licence.id)


def test_a_clerk_has_no_such_room(office: Office) -> None:
    """Comparing agencies is not a clerk's work."""
    assert enter(office, Role.CLERK).get("/business").status_code == 403


def test_the_page_of_a_service_unfolds_what_it_takes(office: Office) -> None:
    """Figures of each door, every entry with its reason, and the promise beside them."""
    office.keep_mapping(LEFT, "left-gas")
    page = enter(office, Role.IT).get("/catalogue/left-gas").text
    assert "<strong>4</strong> 点击" in page
    assert "防止缴错户" in page
    assert "最多承诺" in page
    assert "多于同类事项" not in page


def test_a_service_that_takes_more_than_its_kind_stands_out(office: Office) -> None:
    """Five numbers to type where others of the kind ask for one."""
    inputs = "\n".join(f"  field_{name}: {{type: text, label: {{zh-CN: 项, en: item}}}}" for name in "abcde")
    words = "\n".join(f"  field_{name}: {{zh-CN: 项, en: item}}" for name in "abcde")
    changed = {
        "\ninputs:\n": f"\nwords:\n{words}\ninputs:\n{inputs}\n",
        "entered_in_client: [household_no,": "entered_in_client: [field_a, field_b, field_c, field_d, field_e, household_no,",
        'household_no: "10086001"': 'household_no: "10086001", field_a: x, field_b: x, field_c: x, field_d: x, field_e: x',
        'household_no: "10086002"': 'household_no: "10086002", field_a: x, field_b: x, field_c: x, field_d: x, field_e: x',
    }  # fmt: skip
    office.keep_mapping(LEFT, "left-gas", changed=changed)
    page = enter(office, Role.IT).get("/catalogue/left-gas").text
    assert "多于同类事项：10 次点击与填写" in page
