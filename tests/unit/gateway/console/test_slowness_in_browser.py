"""Both pages of patterns in a real browser, with a full pattern on them: by the keyboard, for axe, for the eye."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium

from tests.chromium import CHROMIUM, list_complaints, serve
from tests.unit.gateway.console.patterned import ANSWER, Patterned
from tests.unit.gateway.console.test_in_browser import Scene, chromium, find_faults

__all__ = ["chromium"]
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
PICTURES = Path(__file__).resolve().parents[4] / "var" / "slowness"


@pytest.fixture
def shown(chromium: Chromium) -> Iterator[tuple[Scene, Patterned]]:
    """The office with its pattern, at an address."""
    office = Patterned()
    with serve(office.app) as url:
        scene = Scene(office, url, chromium)
        yield scene, office
        assert not list_complaints(scene.said)


@pytest.mark.parametrize("width", [1200, 420])
def test_the_person_answers_and_supervision_reads(shown: tuple[Scene, Patterned], width: int) -> None:
    """From the line on the first page to the answer, and to the end of it; no serious finding of axe on any page."""
    scene, office = shown
    PICTURES.mkdir(parents=True, exist_ok=True)
    page = scene.page(width=width)
    scene.enter(page, office.clerk)
    page.click("#shown-of-me a")
    page.wait_for_selector("#form-answer")
    page.screenshot(path=str(PICTURES / f"own-{width}.png"), full_page=True)
    page.fill("#f-answer", ANSWER)
    page.click("#form-answer button")
    page.wait_for_selector(f"text={ANSWER}")
    found = [
        one
        for path in ("/own/patterns", f"/own/patterns/{office.pattern}")
        for one in find_faults(page, scene.url + path)
    ]
    page.goto(f"{scene.url}/own/patterns")
    page.screenshot(path=str(PICTURES / f"own-list-{width}.png"), full_page=True)
    other = scene.page(width=width)
    scene.enter(other, office.left)
    other.goto(f"{scene.url}/supervision/patterns")
    other.screenshot(path=str(PICTURES / f"list-{width}.png"), full_page=True)
    other.click("a.case")
    other.wait_for_selector("#form-close")
    other.screenshot(path=str(PICTURES / f"pattern-{width}.png"), full_page=True)
    found += [
        one
        for path in ("/supervision/patterns", f"/supervision/patterns/{office.pattern}")
        for one in find_faults(other, scene.url + path)
    ]
    other.goto(f"{scene.url}/supervision/patterns/{office.pattern}")
    other.select_option("#f-outcome", "explained")
    other.fill("#f-close", "已核对三件的现场核查记录，属实")
    other.click("#form-close button")
    other.wait_for_selector("text=已办结")
    assert found == []
