"""The pages of statistics in a real browser, with two years of months: for axe, for the eye, by the keyboard, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from tests.chromium import CHROMIUM, list_complaints, serve
from tests.unit.gateway.console.measured import LAST, Measured
from tests.unit.gateway.console.office import ROOT
from tests.unit.gateway.console.test_in_browser import Scene, chromium, find_faults

__all__ = ["chromium"]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
PICTURES = Path(__file__).resolve().parents[4] / "var" / "statistics"
PAGES = {"months": "/statistics", "people": "/statistics/people?span=6", "honours": "/statistics/honours"}


@pytest.fixture
def shown(chromium: Chromium) -> Iterator[tuple[Scene, Measured]]:
    """The office with its months, at an address."""
    office = Measured()
    with serve(office.app) as url:
        scene = Scene(office, url, chromium)
        yield scene, office
        assert not list_complaints(scene.said)


def look(scene: Scene, page: Page, who: str, width: int) -> list[str]:
    """What is wrong on each page; a picture of each."""
    found = []
    for name, path in PAGES.items():
        found += [f"{path}: {one}" for one in find_faults(page, scene.url + path)]
        page.screenshot(path=str(PICTURES / f"{name}-{who}-{width}.png"), full_page=True)
    return found


@pytest.mark.parametrize("width", [1200, 420])
def test_no_page_has_a_serious_fault(shown: tuple[Scene, Measured], width: int) -> None:
    """Head and clerk, wide and narrow: nothing for axe, nothing wider than the window, nothing smaller than 16 pixels."""
    scene, office = shown
    PICTURES.mkdir(parents=True, exist_ok=True)
    office.append_leaf(LAST.preceding, ROOT, "f" * 64)
    found = []
    for who, member in (("head", office.head), ("clerk", office.ben)):
        page = scene.page(width=width)
        scene.enter(page, member)
        found += look(scene, page, who, width)
    assert found == []


def test_a_month_is_chosen_and_taken_out_by_the_keyboard(shown: tuple[Scene, Measured]) -> None:
    """From the choice to the month before, and to its file, without a mouse."""
    scene, office = shown
    page = scene.page()
    scene.enter(page, office.head)
    page.goto(f"{scene.url}/statistics")
    page.focus("#f-month")
    page.keyboard.press("ArrowDown")
    for _ in ("agency", "only", "span", "button"):
        page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert f"month={LAST.preceding}" in page.url
    page.focus("#files button")
    with page.expect_download() as taken:
        page.keyboard.press("Enter")
    assert taken.value.suggested_filename == f"月度统计-{LAST.preceding}-左局.xlsx"


def test_it_is_printed(shown: tuple[Scene, Measured]) -> None:
    """On paper there is neither navigation nor a form, and no chart is cut off."""
    scene, office = shown
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = scene.page()
    scene.enter(page, office.head)
    page.goto(f"{scene.url}/statistics")
    page.emulate_media(media="print")
    assert not page.is_visible("nav.places")
    assert not page.is_visible("#choose")
    assert not page.is_visible("#files")
    assert page.is_visible("#sentence")
    page.pdf(path=str(PICTURES / "months.pdf"), format="A4")
