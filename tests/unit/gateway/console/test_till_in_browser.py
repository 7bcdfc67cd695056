"""The till in a real browser: a payment by the keyboard alone; and every page of it accessible."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from services.staffing import Role
from tests.chromium import CHROMIUM, list_complaints, open_chromium, serve
from tests.fake_city import GAS_NO
from tests.unit.gateway.console.office import LEFT, Office
from tests.unit.gateway.console.test_in_browser import Scene, find_faults
from tests.unit.gateway.console.test_till import work

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """One browser for this module."""
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def scene(chromium: Chromium) -> Iterator[Scene]:
    """A console with its books in memory."""
    office = Office()
    with serve(office.app) as url:
        made = Scene(office, url, chromium)
        yield made
        assert list_complaints(made.said) == []


def press(page: Page, *keys: str) -> None:
    """Keys into the field that the page puts the focus on, the last of which sends a form."""
    page.wait_for_function("document.activeElement !== document.body")
    for key in keys[:-1]:
        page.keyboard.press(key) if key in ("Tab", "Enter") else page.keyboard.type(key)
    with page.expect_navigation():
        page.keyboard.press(keys[-1])


def look(page: Page, name: str) -> list[str]:
    """What axe finds on the page as it is and a picture of it where somebody wants one."""
    folder = os.environ.get("GUITAI_TEST_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
    return [f"{name}: {one}" for one in find_faults_here(page)]


def find_faults_here(page: Page) -> list[str]:
    """``find_faults`` for a page that is the answer to a form and has no address of its own."""

    class Here:
        """The same page, which is not left."""

        def __getattr__(self, name: str) -> object:
            return (lambda _address: None) if name == "goto" else getattr(page, name)

    return find_faults(Here(), page.url)  # type: ignore[arg-type] # stands in for the page


@pytest.mark.parametrize("width", [1200, 420])
def test_a_payment_with_the_keyboard_alone(scene: Scene, width: int) -> None:
    """Open the till, look up, hold, take, print, count short, explain: every page reached and sent by keys, none with a serious finding."""
    clerk, head = scene.office.hire(LEFT, Role.CLERK), scene.office.hire(LEFT, Role.HEAD)
    page = scene.page(width=width)
    found: list[str] = []
    scene.enter(page, clerk)
    page.goto(f"{scene.url}/till")
    found += look(page, "open")
    press(page, "2", "Enter")
    found += look(page, "own")
    press(page, "Enter")
    press(page, GAS_NO, "Enter")
    found += look(page, "found")
    press(page, "Enter")
    found += look(page, "held")
    press(page, "100", "Enter")
    payment_id = page.url.rsplit("/", 1)[1]
    assert "¥13.60" in page.inner_text("main")
    found += look(page, "taken")
    press(page, "Enter")
    found += look(page, "provisional")
    work(scene.office, UUID(payment_id))
    page.goto(f"{scene.url}/till/payment/{payment_id}")
    press(page, "Enter")
    assert "缴费收据" in page.inner_text("main")
    found += look(page, "receipt")
    page.goto(f"{scene.url}/till/returns")
    found += look(page, "returns")
    page.goto(f"{scene.url}/till")
    till_id = page.get_attribute("a[href$='/count']", "href")
    page.goto(f"{scene.url}{till_id}")
    found += look(page, "count")
    press(page, "2", "Enter")
    assert "-¥86.40" in page.inner_text("main")
    found += look(page, "difference")
    other = scene.page(width=width)
    scene.office.clock.advance(60)
    scene.enter(other, head)
    for path in ("/till", "/till/all", str(till_id).removesuffix("/count")):
        other.goto(scene.url + path)
        found += look(other, f"head{path.replace('/', '-')[:9]}")
    assert found == []
