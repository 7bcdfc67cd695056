"""The public page of statistics in a real browser: for axe, on a telephone, for the eye."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe

from services.month_record import Account, ClosedMonth
from tests.case_samples import LICENSING
from tests.chromium import CHROMIUM, list_complaints, open_chromium, serve
from tests.web_door import WebDoor

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
SERIOUS = {"serious", "critical"}
PICTURES = Path(__file__).resolve().parents[4] / "var" / "statistics"
WIDTHS = (1200, 420)


@pytest.fixture
def url() -> Iterator[str]:
    """A door with nine closed months of some services, large and small."""
    door = WebDoor()
    door.limiter.spend = lambda *_: None  # type: ignore[method-assign]  # the limits have tests of their own
    root, office = door.directory.root_agency(), door.directory.agency_id("demo-office")
    sizes = {(office, LICENSING): 34, (office, "gas-bill"): 9, (office, "water-bill"): 3, (root, "job-openings"): 120}
    with door.counter.house.begin([root, office]) as tx:
        for number in range(1, 10):
            figures: dict[Account, dict[str, int]] = {}
            for (agency, service), size in sizes.items():
                closed = size - number % 3
                late = closed // 5 if size > 30 else 0
                figures[agency, service, None] = {
                    "received": size + number,
                    "closed": closed,
                    "late": late,
                    "working_days": closed * 8 + number,
                }
            moment = datetime(2026, number + 1, 1, 2, tzinfo=UTC)
            month = ClosedMonth(root, f"2026-{number:02d}", f"{number:02d}" * 32, uuid4(), {}, {}, moment)
            assert tx.months.close(month, figures)
    with serve(door.app) as address:
        yield address


def test_the_page_for_everybody(url: str) -> None:
    """No serious finding of axe and nothing wider than a telephone; a picture of each width is kept."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    said: list[str] = []
    with open_chromium() as chromium:
        for width in WIDTHS:
            page = chromium.new_page(viewport={"width": width, "height": 1000}, locale="zh-CN")
            page.on("console", lambda message: said.append(message.text))
            for name, path in {"public-month": "/statistics", "public-quarter": "/statistics/2026-Q3"}.items():
                page.goto(url + path)
                found = [one["id"] for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
                assert found == []
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                page.screenshot(path=str(PICTURES / f"{name}-{width}.png"), full_page=True)
    assert list_complaints(said) == []
