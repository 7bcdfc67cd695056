"""What services take, and what those of an agency take a company, for anybody at the web door."""

from __future__ import annotations

import csv
import io
from uuid import uuid4

import pytest

from services.month_record import ClosedMonth
from tests.case_samples import LICENSING
from tests.web_door import WebDoor


@pytest.fixture
def door() -> WebDoor:
    return WebDoor()


def close_month(door: WebDoor, month: str, **figures: int) -> None:
    """A closed month with these figures of the trial service."""
    root = door.directory.root_agency()
    agency = door.directory.agency_id("demo-office")
    closed = ClosedMonth(root, month, "0" * 64, uuid4(), {}, {}, door.counter.clock.now())
    with door.counter.house.begin([root, agency]) as tx:
        assert tx.months.close(closed, {(agency, LICENSING, None): figures})


def test_every_service_and_every_entry_of_it(door: WebDoor) -> None:
    """The list has each service with its figures; its page unfolds each entry with the reason for it."""
    browser = door.open_browser()
    listed = browser.get("/efforts")
    assert listed.status_code == 200
    for name, mapping in door.web.citizen.catalogue.services.items():
        assert f'href="/efforts/{name}"' in listed.text
        shown = browser.get(f"/efforts/{name}").text
        assert all(one.label["zh-CN"] in shown for one in mapping.inputs.values())  # type: ignore[index]
        assert mapping.legal_basis in shown
    assert "可以容缺后补" in browser.get(f"/efforts/{LICENSING}").text
    assert browser.get("/efforts/nobody").status_code == 404


def test_an_agency_and_its_days(door: WebDoor) -> None:
    """Without a closed month no days are told; of fewer than five cases neither days nor how many; of more their mean."""
    browser = door.open_browser()
    assert 'href="/business/demo-office"' in browser.get("/business").text
    assert "尚无已结账月份" in browser.get("/business/demo-office").text
    close_month(door, "2026-10", closed=4, working_days=30)
    assert "<small>未公布" in browser.get("/business/demo-office").text
    close_month(door, "2026-11", closed=6, working_days=45, late=6)
    shown = browser.get("/business/demo-office").text
    assert "7.5" in shown
    assert "逾期 6" in shown
    assert "2026-10 至 2026-11" in shown
    assert browser.get("/business/demo-gas-office").status_code == 404
    assert browser.get("/business/nobody/table").status_code == 404


def test_the_table_of_an_agency(door: WebDoor) -> None:
    """CSV with a row for each service for companies; days of too few cases are left out with their number, and stay out of later sums."""
    browser = door.open_browser()
    close_month(door, "2026-10", closed=4, working_days=30)
    (row,) = read_table(browser.get("/business/demo-office/table").data)
    assert (row["service"], row["closed_cases"], row["mean_working_days"]) == (LICENSING, "", "")
    assert (row["promised_days"], row["statutory_days"], row["trips"]) == ("15", "20", "0")
    assert row["materials_to_bring"] == "场所证明; 平面图"
    close_month(door, "2026-11", closed=5, working_days=35)
    reply = browser.get("/business/demo-office/table")
    (row,) = read_table(reply.data)
    assert (row["closed_cases"], row["mean_working_days"], row["months"]) == ("5", "7.0", "2026-11")
    assert reply.headers["Content-Disposition"] == 'attachment; filename="business-demo-office.csv"'


def read_table(content: bytes) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
