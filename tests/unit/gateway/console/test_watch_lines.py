"""What the supervision room says on top when alerts are not swept, or the calendar ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from services.errors import StoreUnavailable
from services.watch import Trouble, TroubleKind
from tests.unit.gateway.console.supervised import Watched, read


@pytest.fixture(scope="module")
def house() -> Watched:
    return Watched()


def look_in(house: Watched, watch: Callable[[], tuple[Trouble, ...]]) -> str:
    """The room as a supervisor sees it while the watchman would find this."""
    house.clock.advance(60)  # a one-time code is good once
    extensions = house.app.extensions
    extensions["guitai-console"] = replace(extensions["guitai-console"], watch=watch)
    return read(house.enter(house.city).get("/supervision"))


def test_nothing_wrong_is_no_line(house: Watched) -> None:
    """A banner that always stands there is read by nobody."""
    assert 'id="watch"' not in look_in(house, tuple)


def test_each_trouble_is_a_line_in_both_languages(house: Watched) -> None:
    """Before the inbox, so that an empty inbox is not mistaken for a quiet day."""
    ends = Trouble(TroubleKind.CALENDAR, "CN", ends_on=date(2026, 12, 31))
    page = look_in(house, lambda: (Trouble(TroubleKind.SWEEPER), ends))
    assert page.index("预警扫描从未运行") < page.index('id="counts"')
    assert "Alerts have never been swept" in page
    assert "工作日历（CN）截至 2026-12-31" in page


def test_a_store_that_cannot_be_asked_is_a_line_too(house: Watched) -> None:
    """The page stands; what cannot be seen is not called well."""

    def fail() -> tuple[Trouble, ...]:
        raise StoreUnavailable

    assert "政务库无法访问" in look_in(house, fail)
