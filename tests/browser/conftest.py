"""A whole city with its console, and one browser, for stories in which people click."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.counter import Counter
from tests.chromium import open_chromium
from tests.databases import DEBIAN, DEFAULT_KIND
from tests.journeys.city import City, open_city
from tests.plugin_packages import CHROMIUM_MARK, find_debian_postgres


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs a browser."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(getattr(pytest.mark, CHROMIUM_MARK))


@pytest.fixture(scope="session")
def clicked_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city of its own: its mappings change under other stories' feet."""
    binaries = find_debian_postgres() if DEFAULT_KIND == DEBIAN else None
    with open_city(tmp_path_factory.mktemp("clicked"), binaries=binaries) as city:
        yield city


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file: only one may run in a process, and files elsewhere have theirs."""
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def counter(clicked_city: City, chromium: Browser) -> Iterator[Counter]:
    """The console and the citizens' side; a page that complains in the browser's console fails the test."""
    made = Counter(clicked_city, chromium)
    yield made
    made.close()
    assert made.complaints == []
