"""Consents on the government's own pages: both platforms, yes and no alike, one click."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from services.consents import list_offers
from services.mapping import ServiceMapping
from services.model import PlatformName
from tests.fakes import load_catalogue
from tests.web_door import LI, OTHER_PHONE, Browser, WebDoor

CATALOGUE = load_catalogue()
OFFERS = list_offers(CATALOGUE)
MATTER = next(one for one in OFFERS if one.platform == PlatformName.WECHAT)
PLACE = f"/consents/{MATTER.service}/{MATTER.purpose}/wechat"


@pytest.fixture
def door(tmp_path: Path) -> WebDoor:
    """A door of a city in which one service asks for consent."""
    made = WebDoor(tmp_path)
    made.limiter.spend = lambda *_: None  # type: ignore[method-assign]  # the limits have tests of their own
    services: dict[str, ServiceMapping] = made.web.citizen.catalogue.services  # type: ignore[assignment] # a dict
    services[MATTER.service] = CATALOGUE.services[MATTER.service]
    return made


@pytest.fixture
def browser(door: WebDoor) -> Browser:
    """The citizen's."""
    return door.enter()


def agree(browser: Browser, after: Any, **changes: Any) -> int:
    """The button of the page."""
    form = {"version": OFFERS[MATTER].version, "after": str(after)} | changes
    return browser.post(f"{PLACE}/agree", "/consents", **form).status_code


def sections(page: str) -> list[str]:
    """One for each purpose and platform."""
    return re.findall(r"<section[^>]*aria-labelledby=.*?</section>", page, re.DOTALL)


def test_yes_and_no_are_alike(browser: Browser) -> None:
    """The whole text in both languages, two buttons of one look, nothing ticked; both platforms, each by itself."""
    page = browser.get("/consents").text
    shown = sections(page)
    assert len(shown) == 2
    for part in shown:
        assert re.findall(r"<button type=\"submit\"([^>]*)>(\S+)", part) == [("", "同意"), ("", "不同意")]
        assert "尚未表示" in part
    assert "checkbox" not in page
    assert all(word in page for word in ("95017", "95188", "第二十三条", "text message", "短信"))


def test_given_and_withdrawn_with_one_click_each(door: WebDoor, browser: Browser) -> None:
    """In force at once for this platform alone; the history says when and through which door."""
    assert agree(browser, 0) == 303
    page = browser.get("/consents").text
    assert ["已同意" in one for one in sections(page)].count(True) == 1
    assert browser.post(f"{PLACE}/withdraw", "/consents").status_code == 303
    page = browser.get("/consents").text
    assert "已同意" not in page
    (part,) = [one for one in sections(page) if "未同意" in one]
    assert (
        re.findall(r"<li>.*? · (\S+) <small.*? · (\S+) <small", part) == [("同意", "网页"), ("撤回同意", "网页")]
        or "撤回同意" in part
    )
    assert [str(one.name) for one in door.counter.house.tables.consents.events] == ["given", "withdrawn"]


def test_old_and_forged_forms(door: WebDoor, browser: Browser) -> None:
    """A page of yesterday is told so; a form from elsewhere, another text, no number: nothing is agreed to."""
    assert agree(browser, 0) == 303
    assert browser.post(f"{PLACE}/withdraw", "/consents").status_code == 303
    assert agree(browser, 0) == 409
    assert agree(browser, 2, version="0" * 64) == 409
    assert agree(browser, "x") == 422
    assert (
        browser.client.post(f"{PLACE}/agree", data={"version": OFFERS[MATTER].version, "after": "2"}).status_code == 403
    )
    assert browser.post("/consents/gas-bill/pay_bill/wechat/withdraw", "/consents").status_code == 404
    assert browser.post(f"/consents/{MATTER.service}/{MATTER.purpose}/web/withdraw", "/consents").status_code == 404
    assert len(door.counter.house.tables.consents.events) == 2


def test_everybody_has_their_own(door: WebDoor, browser: Browser) -> None:
    """What somebody else agreed to is not on the page."""
    assert agree(browser, 0) == 303
    assert "已同意" not in door.enter(LI, OTHER_PHONE).get("/consents").text
    assert door.open_browser().get("/consents").status_code in (303, 401)
