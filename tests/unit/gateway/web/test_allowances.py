"""The pages spend the same allowance of a person as the citizen API: nobody does by forms what the API refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.errors import TooManyRequests
from tests.web_door import Browser, WebDoor, find_token


@pytest.fixture
def door(tmp_path: Path) -> WebDoor:
    """A door of its own."""
    return WebDoor(tmp_path)


@pytest.fixture
def browser(door: WebDoor) -> Browser:
    """The applicant's, signed in before anything is used up."""
    return door.enter()


def use_up(door: WebDoor, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """From now on nothing is left of this allowance; of the others there is enough."""

    def spend(what: str, *_: object) -> None:
        if what == name:
            raise TooManyRequests(detail={"retry_after_seconds": 30})

    monkeypatch.setattr(door.limiter, "spend", spend)


def test_a_draft_is_handed_in_within_the_allowance(
    door: WebDoor, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond it no case is opened, and the repeat of what was answered costs nothing."""
    done, kept = door.counter.draft(), door.counter.draft()
    forms = {one: {"token": find_token(browser.get(f"/drafts/{one}").text), "version": "1"} for one in (done, kept)}
    assert browser.client.post(f"/drafts/{done}/submit", data=forms[done]).status_code == 303
    use_up(door, monkeypatch, "cases")
    assert browser.client.post(f"/drafts/{done}/submit", data=forms[done]).status_code == 303
    assert browser.client.post(f"/drafts/{kept}/submit", data=forms[kept]).status_code == 429


def test_a_slip_is_signed_within_the_allowance(
    door: WebDoor, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each opening of the page signs anew; beyond the allowance none is signed."""
    case_id = door.counter.open()
    use_up(door, monkeypatch, "case-slips")
    assert browser.get(f"/cases/{case_id}/receipt").status_code == 429


def test_an_act_on_a_case_within_the_allowance(
    door: WebDoor, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond it the case stays as it is."""
    case_id = door.counter.open()
    token, before = find_token(browser.get(f"/cases/{case_id}/withdraw").text), door.counter.names(case_id)
    use_up(door, monkeypatch, "case-acts")
    for act in ("withdraw", "answer"):
        form = {"token": token, "version": "1", "sure": "yes"}
        assert browser.client.post(f"/cases/{case_id}/{act}", data=form).status_code == 429
    assert door.counter.names(case_id) == before


@pytest.mark.parametrize("said", [("rate", {"level": "5"}), ("complain", {"complaint": "等了两个小时没有人接待"})])
def test_what_is_said_within_the_allowance(
    door: WebDoor, browser: Browser, monkeypatch: pytest.MonkeyPatch, said: tuple[str, dict[str, str]]
) -> None:
    """Ratings and complaints together: beyond it nothing is written down."""
    case_id, (act, form) = door.counter.open(), said
    token, before = find_token(browser.get(f"/voice/case/{case_id}").text), door.counter.names(case_id)
    use_up(door, monkeypatch, "voices")
    sent = browser.client.post(f"/voice/case/{case_id}/{act}", data={"token": token, **form})
    assert sent.status_code == 429
    assert door.counter.names(case_id) == before
